"""One reader's own words in a letter: their address, why they get it, how they are greeted; or none of them, on a page
for everybody. Pure."""

from __future__ import annotations

import html as html_escape
import re
from dataclasses import replace

from digest.config import Config
from digest.model import Variant
from digest.render.printable import one_line
from digest.render.words import words_for


def own_words(config: Config, language: str, *, email: str, name: str = "", how: str = "signed_up") -> dict[str, str]:
    """What stands for EMAIL, WHY and GREETING. *how* the consent came in: "editor", "import", or by the person's own
    sign-up. Without a name the greeting is the one that needs none."""
    reasons, news = words_for(language).reasons, config.newsletter
    called = one_line(name)
    greeting = news.greeting if called or not news.greeting_without_name else news.greeting_without_name
    return {
        "EMAIL": email,
        "WHY": reasons.get(how, reasons["signed_up"]),
        "GREETING": greeting.replace("{name}", called),
    }


def for_everybody(variant: Variant, instead: str) -> Variant:
    """*variant* with *instead* for the sentences that tell a reader why they get it, and at which address."""
    words, html = words_for(variant.language), html_escape.escape(instead)
    page = re.sub(_phrase(words.why, variant), lambda _: html, variant.html)
    return replace(variant, html=re.sub(rf"\s*{_phrase(words.sent_to, variant)}", "", page))


def _phrase(phrase: str, variant: Variant) -> str:
    """What finds *phrase* in the variant's HTML: with its tokens, and whatever the newsletter was called then."""
    held = {"{reason}": "WHY", "{email}": "EMAIL", "{name}": ""}
    return "".join(
        (re.escape(variant.tokens.get(held[part], part)) if held[part] else "[^<>]*?")
        if part in held
        else re.escape(html_escape.escape(part, quote=False))
        for part in re.split(r"(\{[a-z]+\})", phrase)
    )
