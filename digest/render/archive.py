"""An issue's page on the web after the fact: what was wrong, dated, above it; what was taken down, gone from it.

The mail that left is never touched: this makes another text out of its HTML.
"""

from __future__ import annotations

import html as html_escape
from collections.abc import Sequence

from digest.config import Config
from digest.model import Correction, Issue, Variant
from digest.render.checks.mail import read, squeeze, text_of
from digest.render.printable import headline
from digest.render.words import direction, long_date, words_for

_KEPT = frozenset({"head", "style", "title", "meta"})
_ROWS = ("tr", "li", "p")  # what one line of a list of contents is


def archived(variant: Variant, issue: Issue, corrections: Sequence[Correction], config: Config) -> str:
    """*variant*'s HTML with the corrections of *issue* above its first line, and without what was taken down."""
    html = variant.html
    gone = [c.article for c in corrections if c.kind == "takedown"]
    if gone:
        html = _without(variant, issue, gone)
    if corrections:
        at = html.index(">", html.index("<body")) + 1
        html = html[:at] + _box(issue, corrections, config, variant.language) + html[at:]
    return html


def _without(variant: Variant, issue: Issue, articles: Sequence[str]) -> str:
    from lxml import etree

    mail = read(issue, variant)
    for article in articles:
        home = mail.home(article)
        if home is not None:
            home.getparent().remove(home)
        title = next((_said(headline(i.article.title)) for i in issue.items if i.article.id == article), "")
        for row in [e for e in mail.elements if title and e.tag in _ROWS and title in _said(text_of(e))]:
            inner = any(title in _said(text_of(e)) for e in row.iterdescendants(*_ROWS))
            if not inner and row.getparent() is not None:
                row.getparent().remove(row)
    for element in mail.hidden:  # the line for the inbox names stories, too
        if element.getparent() is not None and element.tag not in _KEPT:
            element.getparent().remove(element)
    for title in mail.root.iter("title"):
        title.text = issue.title
    return str(etree.tostring(mail.root, encoding="unicode", method="html", doctype="<!DOCTYPE html>"))


def _said(text: str) -> str:
    """*text* to compare with; a list of contents puts an ellipsis into a headline for phones."""
    return squeeze(text.replace("…", ""))


def _box(issue: Issue, corrections: Sequence[Correction], config: Config, language: str) -> str:
    titles = {item.article.id: headline(item.article.title) for item in issue.items}
    lines = "".join(_line(c, titles.get(c.article, ""), config, language) for c in corrections)
    return (
        f'<div role="note" lang="{language}" dir="{direction(language)}" style="max-width:560px;margin:16px auto;'
        "padding:8px 20px;border:2px solid #7a4b00;background-color:#fff8e6;color:#1c1c1c;"
        f'font:16px/24px Georgia,serif">{lines}</div>'
    )


def _line(correction: Correction, title: str, config: Config, language: str) -> str:
    words, on = words_for(language), long_date(correction.at.astimezone(config.zone).date(), language)
    if correction.kind == "takedown":
        said = f"{words.taken_down.format(date=on)} {correction.words}"
    else:
        said = f"{words.correction} {correction.words} ({title}, {on})"
    return f'<p style="margin:8px 0">{html_escape.escape(said.strip())}</p>'
