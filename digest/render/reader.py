"""One reader's own words in a letter: their address, why they get it, how they are greeted. Pure."""

from __future__ import annotations

from digest.config import Config
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
