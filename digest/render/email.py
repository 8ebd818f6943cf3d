"""Issue → `Rendered`: the mail's HTML and text, values for each reader still open.

The only user of premailer, called once a variant, never once a reader (measured: 10 ms a call against
5 µs a letter; see message.py). Knows no subscriber, no clock, no file: templates come through a loader.
"""

from __future__ import annotations

import hashlib
import html as html_escape
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from digest.config import Config
from digest.model import Issue, Picture, PictureCopy, Rendered, Variant, Wish
from digest.render.lines import nbsp, no_widow, pad, wrap
from digest.render.message import TOKENS, standing_headers
from digest.render.pictures import PrintedPicture, carried, printed
from digest.render.templates import TemplateLoader, fill_issue, fill_template, find_templates
from digest.render.theme import look_of, palette
from digest.render.view import Page, correction_page, page_of
from digest.render.words import Words, spoken, words_for

MOST_SHEETS = 8  # that are remembered: a newsletter has one, while its template is worked on each try another
_BLANKS_AROUND_LINES = re.compile(r"[ \t]*\n[ \t\n]*")


def render_issue(
    issue: Issue,
    config: Config,
    *,
    templates: TemplateLoader | None = None,
    variants: Mapping[Wish, Issue] | None = None,
    copies: Mapping[str, PictureCopy] | None = None,
) -> Rendered:
    """*issue* as mail; the same issue gives the same bytes.

    variants: beside the one everybody gets, the issue as readers of a kind want it (see `compose.issue_for`).
    copies: of the pictures its items print, by hash; an item whose picture has none prints none.
    Raises TemplateError (file, line), ConfigError (a logo that cannot be carried).
    """
    loader = templates or find_templates()
    environment = loader.environment()
    logo = _logo(config, loader)
    environment.filters.update(nbsp=nbsp, no_widow=no_widow, wrap=wrap, pad=pad)
    tokens = tokens_for(issue, config)
    pictures = {hash: printed(copy, config) for hash, copy in (copies or {}).items()}
    made = []
    for wish, of in {Wish(): issue, **(variants or {})}.items():
        if wish.language and spoken(wish.language) != wish.language:
            continue
        language = wish.language or config.newsletter.language
        view = seen_at(config, issue.slug, wish.key)
        page = page_of(of, config, tokens, language=language, view=view, pictures=pictures)
        values = _values(page, words_for(language), config, tokens, logo)
        html, text = (fill_issue(environment, config.theme.template, kind, values) for kind in ("html", "txt"))
        made.append(_variant(wish.key, of, page, html, text, tokens, logo, pictures))
    return Rendered(issue.slug, fingerprint(made, config, issue.audience), tuple(made))


def render_correction(
    letters: Mapping[tuple[str, str], Issue], sent: Issue, config: Config, *, templates: TemplateLoader | None = None
) -> Rendered:
    """The letter about *sent*, as each variant of it asks for: (key, language) -> the letter. The first names it.

    Raises TemplateError (file, line), ConfigError (a logo that cannot be carried).
    """
    loader = templates or find_templates()
    environment = loader.environment()
    environment.filters.update(nbsp=nbsp, no_widow=no_widow, wrap=wrap, pad=pad)
    logo, whole = _logo(config, loader), next(iter(letters.values()))
    tokens = tokens_for(whole, config)
    made = []
    for (key, language), of in letters.items():
        page = correction_page(of, sent, config, tokens, language=language, view=seen_at(config, of.slug, key))
        page = replace(page, corrected_at=seen_at(config, sent.slug, key))
        words = words_for(language)
        values = _values(page, replace(words, provenance=words.own_words), config, tokens, logo)
        html, text = (fill_template(environment, f"correction.{kind}.j2", values) for kind in ("html", "txt"))
        made.append(_variant(key, of, page, html, text, tokens, logo, {}))
    return Rendered(whole.slug, fingerprint(made, config, whole.audience), tuple(made))


def _values(
    page: Page, words: Words, config: Config, tokens: Mapping[str, str], logo: Picture | None
) -> dict[str, object]:
    """What a template may ask for."""
    return {
        "page": page,
        "w": words,
        "theme": palette(config.theme),
        "look": look_of(config.theme, f"cid:{logo.cid}" if logo else config.theme.logo),
        "tokens": {name: tokens.get(name, "") for name in TOKENS},
    }


def _variant(
    key: str,
    issue: Issue,
    page: Page,
    filled: str,
    text: str,
    tokens: Mapping[str, str],
    logo: Picture | None,
    pictures: Mapping[str, PrintedPicture],
) -> Variant:
    html = inline(_clean(filled))
    wanted = dict.fromkeys(item.picture.copy for item in issue.items if item.picture)
    held = [pictures[copy].part for copy in wanted if copy in pictures]
    return Variant(
        key=key,
        language=page.language,
        sections=tuple(group.name for group in page.groups),
        subject=page.subject,
        html=html,
        text=_tidy(text),
        tokens=tokens,
        pictures=(*((logo,) if logo else ()), *(part for part in held if html_escape.escape(part.source) in html)),
        view=page.view,
    )


def seen_at(config: Config, slug: str, key: str) -> str:
    """Where everybody may see that variant on the web; '' where the newsletter has no site."""
    site = config.site.url.rstrip("/")
    return "/".join(part for part in (site, "issues", slug, key) if part) if site else ""


def _logo(config: Config, loader: TemplateLoader) -> Picture | None:
    """The logo where it is a file; None where there is none, or it has an address of its own."""
    name = config.theme.logo
    if not name or name.startswith("https://"):
        return None
    return carried(name, loader.picture(name), config.newsletter.sender.address.domain)


def fingerprint(variants: Sequence[Variant], config: Config, audience: str) -> str:
    """SHA-256, hex, over all that readers share: each variant's subject, HTML and text, the standing headers
    (From, Reply-To, List-*), and the rule saying who gets it."""
    told = {
        "variants": [[v.key, v.language, v.subject, v.html, v.text, sorted(v.tokens.items())] for v in variants],
        "pictures": [[p.cid or p.url, p.data] for v in variants for p in v.pictures],
        "headers": [[name, value] for name, value in standing_headers(config)],
        "leave": config.site.url or config.site.mailto or str(config.reply_to.address),
        "audience": audience,
    }
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, sort_keys=True).encode()).hexdigest()


def tokens_for(issue: Issue, config: Config) -> dict[str, str]:
    """Where each reader's values go: name -> a token that stands nowhere in the issue's or newsletter's words.

    PREFS only where the newsletter has a site, GREETING only where it greets. The nonce follows from slug and number,
    so the issue stays the same byte for byte; a feed that guesses it only makes us take the next one.
    """
    said = f"{issue!r}{config!r}"
    wanted = {"PREFS": bool(config.site.url), "GREETING": bool(config.newsletter.greeting)}
    names = [name for name in TOKENS if wanted.get(name, True)]
    attempt = 0
    while True:
        seed = f"{issue.slug}\n{issue.number}\n{attempt}".encode()
        nonce = "D" + hashlib.sha256(seed).hexdigest()[:8]
        if nonce not in said:
            return {name: f"__{nonce}_{name}__" for name in names}
        attempt += 1


def inline(html: str) -> str:
    """*html* with its style sheet written into style attributes; ``<style data-premailer="ignore">`` is kept."""
    done = _premailer()(
        html,
        allow_network=False,
        strip_important=False,
        disable_validation=True,
        align_floating_images=False,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    return str(done)


@cache
def _premailer() -> Any:
    """premailer, reading each style sheet once: it is the same in every draft, and took a third of the time."""
    from premailer import Premailer  # 150 ms: late

    class Remembering(Premailer):  # type: ignore[misc]
        def _parse_style_rules(self, css: str, number: int) -> tuple[list[object], list[object]]:
            if (css, number) not in sheets:
                if len(sheets) >= MOST_SHEETS:
                    sheets.clear()
                sheets[css, number] = super()._parse_style_rules(css, number)
            rules, leftover = sheets[css, number]
            return list(rules), list(leftover)

    sheets: dict[tuple[str, int], tuple[list[object], list[object]]] = {}
    return Remembering


def _clean(html: str) -> str:
    """One doctype at the very start (premailer drops it otherwise), lines without blanks at their ends."""
    return _BLANKS_AROUND_LINES.sub("\n", html.replace("\r\n", "\n").replace("\r", "\n")).strip() + "\n"


def _tidy(text: str) -> str:
    """Never more than two empty lines, no blanks at line ends, one line break at the end."""
    lines = "\n".join(line.rstrip(" \t") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", lines).strip("\n") + "\n"
