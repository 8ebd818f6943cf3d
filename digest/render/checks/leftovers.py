"""Words that were never meant for a reader: placeholders, values that were not there, markup shown, broken signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.config import Config
from digest.model import Issue
from digest.render.checks.mail import Mail, at_line, place_of, strings_of, text_of
from digest.render.checks.rules import Finding, Place, found

_MERGE = re.compile(
    r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}|%%\w{1,60}%%|%[A-Z][A-Z0-9_]{2,60}%|\[\[\w{1,60}\]\]|\*\|[\w:]{1,60}\|\*"
    r"|<%.{0,200}?%>|\$\{\w{1,60}\}|__D[0-9a-f]{8}_\w{1,60}?__"
)
_IN_LINK = re.compile(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}|\[\[\w{1,60}\]\]|\*\|[\w:]{1,60}\|\*|\$\{\w{1,60}\}")
_TEMPLATE = re.compile(r"\{\{.*\}\}|\{%.*%\}|\$\{\w+\}")  # also what a technical newsletter writes about
_MARK = re.compile(r"\b(?:TODO|FIXME|TBD|XXX+)\b|\blorem ipsum\b|\[(?:first ?name|name|date|link|insert[^\]]*)\]", re.I)
_SURE = re.compile(r"TODO|FIXME|TBD|lorem ipsum|LOREM IPSUM|Lorem ipsum")
_NO_VALUE = re.compile(r"None|undefined|NaN|null|\[object Object\]")
_SHOWN_MARKUP = re.compile(
    r"&(?:amp|nbsp|quot|lt|gt|#\d+);|</?(?:p|a|b|i|em|strong|br|div|span|td|tr|table)\b[^<>]*>", re.I
)
_MOJIBAKE = re.compile(r"Ã[\x80-\xbf¡-¿]|â€[™œ\x9d“”¦˜]|Â[\u00a0«»°£§]|ï»¿|\ufffd")


def judge(issue: Issue, config: Config) -> Iterator[Finding]:
    """Placeholders and broken signs in the editors' own words and in what is printed of the articles."""
    all_of_it = config.newsletter.language[:2] in ("es", "pt", "gl")  # where TODO is a word
    titles = "\n".join(item.article.title for item in issue.items)
    for place, words in _own_words(issue, config):
        for mark in dict.fromkeys(_placeholders(words)):
            if mark in titles:
                continue  # the subject quotes one
            sure = _MERGE.fullmatch(mark) or (_SURE.fullmatch(mark) and not (all_of_it and mark == "TODO"))
            sure = sure and not _TEMPLATE.fullmatch(mark)
            rule = "placeholder-left" if sure else "placeholder-maybe"
            what = f"{mark} is left in your own words" if sure else f"{mark} looks like a placeholder in your own words"
            yield found(rule, place, what, "write what should stand there")
    for item in issue.items:
        printed = " ".join([item.article.title, *(e.text for e in item.summary.sentences)])
        printed += " ".join(text for quote in item.summary.quotes for text in quote.texts)
        for mark in dict.fromkeys(_MERGE.findall(printed)):
            what = f"{mark} looks like a placeholder, and is the article’s own"
            yield found("placeholder-maybe", place_of(item), what, "it will be printed as it is")
        if broken := _MOJIBAKE.search(printed):
            around = printed[max(0, broken.start() - 12) : broken.end() + 12]
            yield found("mojibake", place_of(item), f"“{around}” is read in the wrong character set", "")


def judge_mail(mail: Mail, config: Config) -> Iterator[Finding]:
    """What the template left over, in HTML and text part."""
    said = "\n".join([mail.said, *strings_of(config.newsletter).values()])
    fields = set(said.split("\n"))
    tokens = set(mail.variant.tokens.values())
    whole = text_of(mail.root) if mail.root is not None else ""
    labels = " ".join(e.get(name) or "" for e in mail.elements for name in ("alt", "title", "aria-label"))
    links = " ".join(e.get("href") or e.get("src") or "" for e in mail.elements)
    text = re.sub(r"https?://\S+", " ", mail.variant.text)  # an address may hold %C3%A9TUDE% and /XXX/
    marks = dict.fromkeys([*_placeholders(f"{whole} {labels}"), *_placeholders(text), *_IN_LINK.findall(links)])
    for mark in marks:
        if mark not in tokens and mark not in said:
            line = _line_of(mark, mail.variant.html)
            place = at_line(line) if line else "text part"
            yield found("placeholder-left", place, f"the placeholder {mark} was left in", "mend the template")
    for element, text in mail.words:
        words = text.strip()
        if words in fields or (len(words) > 6 and words in said):
            continue
        if any(_NO_VALUE.fullmatch(part.strip()) for part in re.split(r"[·,|()]", words)):
            what = f"“{words}” is printed"
            yield found("value-empty", mail.place(element), what, "test in the template whether there is a value")
    if shown := next((m[0] for m in _SHOWN_MARKUP.finditer(whole) if m[0] not in said), ""):
        yield found("escaped-twice", "HTML", f"readers see {shown}", "escape once; see |safe in docs/templates.md")


def _own_words(issue: Issue, config: Config) -> Iterator[tuple[Place, str]]:
    for name, words in strings_of(issue).items():
        yield Place(name), words
    for name, words in strings_of(config.newsletter).items():
        yield Place(f"digest.toml, newsletter.{name}"), words
    for item in issue.items:
        yield Place(f"{place_of(item).words}, note", item.article.id), item.note


def _placeholders(text: str) -> list[str]:
    return [*_MERGE.findall(text), *(m[0] for m in _MARK.finditer(text) if m[0].isupper() or not m[0].isalpha())]


def _line_of(mark: str, html: str) -> int:
    at = html.find(mark)
    return html.count("\n", 0, at) + 1 if at >= 0 else 0
