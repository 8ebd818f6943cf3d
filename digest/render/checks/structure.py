"""What a screen reader, a narrow screen and Outlook need of the HTML: language, headings, tables, the document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from digest.render.checks.css import declarations, faults_of
from digest.render.checks.mail import Mail, at_line, squeeze, text_of
from digest.render.checks.rules import Finding, found
from digest.render.printable import headline
from digest.render.words import is_spoken

STYLE_MOST = 16 * 1024  # bytes of <style> that Gmail reads
_CONDITION = re.compile(r"<!--\[if[^\]]*\]>(.*?)<!\[endif\]-->", re.S | re.I)
_ACTIVE = frozenset(
    "script form input button select textarea iframe frame object embed applet video audio canvas marquee".split()
)


def judge_mail(mail: Mail) -> Iterator[Finding]:
    """The findings about *mail*'s structure."""
    if mail.root is None:
        yield found("document", "HTML", "there is no HTML part", "mend the template")
        return
    yield from _document(mail)
    yield from _languages(mail)
    yield from _headings(mail)
    yield from _tables(mail)
    yield from _outlook(mail)
    yield from _styles(mail)
    yield from _active(mail)


def _document(mail: Mail) -> Iterator[Finding]:
    html = mail.variant.html
    metas = {(e.get("name") or "").lower(): e.get("content") or "" for e in mail.elements if e.tag == "meta"}
    view = metas.get("viewport", "")
    if not re.match(r"\ufeff?\s*<!doctype html>", html, re.I):
        yield found("document", at_line(1), "<!DOCTYPE html> is not the first thing", "begin with it")
    if not re.search(r"<meta[^>]+charset\s*=\s*[\"']?utf-8", html[:1024], re.I):
        yield found(
            "document", "HTML", "no utf-8 charset in the first 1,024 characters", '<meta charset="utf-8"> first'
        )
    if "width=device-width" not in view.replace(" ", "") or re.search(
        r"user-scalable\s*=\s*(no|0)|maximum-scale\s*=\s*1", view
    ):
        what = f"the viewport is {view or 'not set'}"
        yield found("document", "HTML", what, "width=device-width,initial-scale=1, and nothing against zooming")
    title = next((e for e in mail.elements if e.tag == "title"), None)
    if title is None or not squeeze(title.text or ""):
        yield found("title-missing", "HTML", "<title> is empty", "print page.subject and page.name")


# ------------------------------------------------------------------------------------------------ language


def _languages(mail: Mail) -> Iterator[Finding]:
    html = next((e for e in mail.elements if e.tag == "html"), None)
    if html is None or not (html.get("lang") or "").strip():
        yield found("language-missing", "HTML", "<html> has no lang", f'lang="{mail.variant.language}"')
    if html is None or (html.get("dir") or "").lower() not in ("ltr", "rtl", "auto"):
        yield found("direction-missing", "HTML", "<html> has no dir", 'dir="{{ page.dir }}"')
    shown = [e for e in mail.body if e not in mail.hidden and isinstance(e.tag, str)] if mail.body is not None else []
    if shown and not any(e.get("lang") for e in shown):
        yield found("language-missing", "HTML", "the wrapper inside <body> has no lang", "repeat lang and dir on it")
    heads: dict[str, Any] = {}
    for element in mail.elements:
        if re.fullmatch(r"h[1-6]|a|p|strong", str(element.tag)):
            heads.setdefault(squeeze(text_of(element)), element)
    for item in mail.items:
        title, language = squeeze(headline(item.article.title)), item.article.language
        head = heads.get(title)
        if head is None or not is_spoken(language):
            continue
        inner = next((e for e in head.iter("a", "span", "bdi") if squeeze(text_of(e)) == title), head)
        said = _nearest(inner, "lang") or ""
        if _primary(said) != _primary(language) and _primary(language) != _primary(mail.variant.language):
            what = f"the headline is in {language}, the HTML says {said or 'nothing'}"
            yield found("item-language", mail.place(head), what, f'lang="{language}" on it')
        elif (runs := _direction(title)) and (_nearest(inner, "dir") or "ltr").lower() not in (runs, "auto"):
            way = "from right to left" if runs == "rtl" else "from left to right"
            what = f"the headline runs {way} and does not say so"
            yield found("item-language", mail.place(head), what, f'dir="{runs}" on it')


def _nearest(element: Any, attribute: str) -> str | None:
    return next((v for e in (element, *element.iterancestors()) if (v := e.get(attribute))), None)


def _primary(tag: str) -> str:
    return tag.split("-")[0].lower()


def _direction(text: str) -> str:
    """'rtl' or 'ltr' by the first letter that runs one way (UAX 9, P2); '' for none."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return ""


# ------------------------------------------------------------------------------------------------ headings, tables


def _headings(mail: Mail) -> Iterator[Finding]:
    heads = [e for e in mail.elements if re.fullmatch(r"h[1-6]", str(e.tag)) and e not in mail.hidden]
    levels = [int(e.tag[1]) for e in heads]
    if levels.count(1) != 1 or levels[:1] != [1]:
        what = f"there are {levels.count(1)} <h1>" if levels.count(1) != 1 else f"<h{levels[0]}> comes before <h1>"
        yield found("heading-first", "HTML", what, "one <h1>, the newsletter’s name, before all others")
    for element, before, level in zip(heads[1:], levels, levels[1:], strict=False):
        if level > before + 1:
            what = f"“{squeeze(text_of(element))[:40]}” is <h{level}> after <h{before}>"
            yield found("heading-skip", mail.place(element), what, f"<h{before + 1}> fits")
            return


def _tables(mail: Mail) -> Iterator[Finding]:
    bare = [
        e
        for e in mail.elements
        if e.tag == "table"
        and e.get("role") not in ("presentation", "none", "table")
        and next(e.iter("th"), None) is None
    ]
    if bare:
        what = f"{len(bare)} layout table{'s' if len(bare) > 1 else ''} without a role"
        yield found("table-role", mail.place(bare[0]), what, 'role="presentation"')
    for comment in _CONDITION.finditer(mail.variant.html):
        if re.search(r"<table(?![^>]*\brole=)", comment[1], re.I):
            line = mail.variant.html.count("\n", 0, comment.start()) + 1
            what = "a table for Outlook has no role"
            yield found("table-role", at_line(line), what, 'role="presentation"')
            return


# ------------------------------------------------------------------------------------------------ Outlook, styles


def _outlook(mail: Mail) -> Iterator[Finding]:
    html = mail.variant.html
    opened, closed = len(re.findall(r"<!--\[if", html, re.I)), len(re.findall(r"<!\[endif\]", html, re.I))
    if opened != closed:
        what = f"{opened} [if] against {closed} [endif]"
        yield found("outlook-conditions", "HTML", what, "close each <!--[if mso]> with <![endif]-->")
        return
    boxes = [
        e
        for e in mail.elements
        if any(
            d.name == "max-width" and re.fullmatch(r"[\d.]+(px|em)", d.value)
            for d in declarations(e.get("style") or "")
        )
        and e not in mail.hidden
        and e.tag != "img"
    ]
    fixed = any(
        re.search(r"<table[^>]*(\swidth\s*=\s*[\"']?\d{3}|width\s*:\s*[\d.]+(px|pt))", comment[1], re.I)
        for comment in _CONDITION.finditer(html)
    )
    if boxes and not fixed:
        remedy = '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]--> around it'
        yield found("outlook-width", mail.place(boxes[0]), "max-width without a table for Outlook", remedy)


def _styles(mail: Mail) -> Iterator[Finding]:
    size = sum(len((e.text or "").encode("utf-8", "replace")) for e, _ in mail.sheets)
    if size > STYLE_MOST:
        what = f"<style> holds {size:,} bytes; Gmail reads {STYLE_MOST:,}"
        yield found("style-size", "HTML", what, "keep in it only what widens, darkens and prints")
    for element, sheet in mail.sheets:
        start = element.sourceline or 1
        if sheet.faults:
            fault, line = sheet.faults[0]
            yield found("style-broken", at_line(start + line - 1), f"in <style>: {fault}", "mend it")
        if any(above.tag == "body" for above in element.iterancestors()):
            yield found("style-in-body", at_line(start), "a <style> stands in the body", "move it to <head>")
    broken = next((e for e in mail.elements if faults_of(e.get("style") or "")), None)
    if broken is not None:
        what = f"in a style attribute: {faults_of(broken.get('style'))[0]}"
        yield found("style-broken", mail.place(broken), what, "mend it")
    forced = [e for e in mail.elements if any(d.important for d in declarations(e.get("style") or ""))]
    if forced:
        what = f"{len(forced)} style attribute{'s say' if len(forced) > 1 else ' says'} !important"
        yield found("style-important", mail.place(forced[0]), what, "take it out")


def _active(mail: Mail) -> Iterator[Finding]:
    for element in mail.elements:
        handler = next((name for name in element.attrib if name.lower().startswith("on")), "")
        if element.tag in _ACTIVE or handler:
            what = f"<{element.tag}{f' {handler}=' if handler else ''}> is active content"
            yield found("active-content", mail.place(element), what, "take it out")
