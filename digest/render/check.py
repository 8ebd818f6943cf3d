"""The last look before mail may leave: is every excerpt verbatim, credited and linked, and can a reader leave?

Pure. What stops a send is an error; what an editor should look at is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from digest.config import Config
from digest.errors import VerbatimError
from digest.model import PAYWALLED, Article, Issue, Item, Quote, Rendered, Span, Variant
from digest.render.view import one_line, printed_quotes

CLIP = 102 * 1024  # bytes of HTML after which Gmail cuts the mail
_BLANK = re.compile(r"[ \t\r\n\f\x0b]+")  # not U+00A0: that one is a character of the text
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|%%\w+%%|\[\[\w+\]\]|\*\|\w+\|\*|__D[0-9a-f]{8}_\w+?__")


@dataclass(frozen=True, slots=True)
class Finding:
    level: Literal["error", "warning"]
    where: str  # "subject", "mail", or an article's title
    what: str
    hint: str = ""


def check_issue(
    issue: Issue, rendered: Rendered, config: Config, *, newest: Mapping[str, Article | None] | None = None
) -> list[Finding]:
    """All findings, errors first; [] when there is nothing to say.

    newest: the articles as they are stored now, by id; None: nobody looked.
    """
    found = [
        *_verbatim(issue, rendered),
        *_inbox_line(issue),
        *(finding for item in issue.items for finding in _item(item)),
        *(finding for item in issue.items for finding in _rights(item, config, (newest or {}).get(item.article.id))),
        *_outdated(issue, newest or {}),
        *_quoting(issue, config),
        *_newsletter(config),
        *(finding for variant in rendered.variants for finding in _variant(issue, variant)),
    ]
    return sorted(found, key=lambda finding: finding.level != "error")


def verify_verbatim(issue: Issue, rendered: Rendered) -> None:
    """Raises VerbatimError unless every excerpt is its article's own text, and stands so in HTML and text part.

    Blanks and line breaks count as one blank; nothing else is forgiven.
    """
    quotes = printed_quotes(issue)
    pieces: list[tuple[Item, str]] = []
    for item in issue.items:
        if item.form == "link":
            continue
        pieces += [(item, text) for text in _own_pieces(item, quotes.get(item.article.id, ()))]
    for variant in rendered.variants:
        shown = {"HTML": _normal(visible_text(variant.html)), "text": _normal(_without_indent(variant.text))}
        for item, piece in pieces:
            if variant.key and one_line(item.article.title) not in shown["text"]:
                continue  # left out of this variant
            for part, text in shown.items():
                if _normal(piece) not in text:
                    raise VerbatimError(
                        f"{item.article.title}: the {part} part does not hold {_short(piece)}",
                        hint="a template or filter changed it; print excerpts as they are",
                    )


def _own_pieces(item: Item, quotes: tuple[Quote, ...]) -> Iterator[str]:
    """The excerpts of *item* after comparing each with the article."""
    article = item.article
    cut = [(e.article, e.span, e.text) for e in item.summary.sentences]
    for quote in item.summary.quotes:
        if len(quote.spans) != len(quote.texts):
            raise VerbatimError(f"{article.title}: a quote has {len(quote.spans)} spans, {len(quote.texts)} texts")
        cut += [(quote.article, span, text) for span, text in zip(quote.spans, quote.texts, strict=True)]
    for source, span, text in cut:
        if source != article.id:
            raise VerbatimError(f"{article.title}: {_short(text)} was cut from another article ({source})")
        if article.text[span.start : span.end] != text or span.end > len(article.text):
            raise VerbatimError(
                f"{article.title}: {_short(text)} is not what stands at {span.start}..{span.end}",
                hint="build the issue again",
            )
    yield from (e.text for e in item.summary.sentences)
    yield from (text for quote in quotes for text in quote.texts)


class _Visible(HTMLParser):
    """Collects what a reader sees; a tag boundary is a blank only where the tag begins a block."""

    INLINE = frozenset({"a", "strong", "em", "b", "i", "span", "small", "sup", "sub"})
    HIDDEN = frozenset({"style", "script", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in self.HIDDEN
        if tag not in self.INLINE:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN
        if tag not in self.INLINE:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def visible_text(html: str) -> str:
    """The text of *html* without tags, comments and style sheets."""
    parser = _Visible()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def _normal(text: str) -> str:
    return _BLANK.sub(" ", text).strip(" ")


def _without_indent(text: str) -> str:
    return "\n".join(line.strip(" ") for line in text.split("\n"))


def _short(text: str) -> str:
    return f"“{text if len(text) <= 60 else text[:57] + '…'}”"


def _verbatim(issue: Issue, rendered: Rendered) -> Iterator[Finding]:
    try:
        verify_verbatim(issue, rendered)
    except VerbatimError as error:
        yield Finding("error", "verbatim", str(error), error.hint)


def _inbox_line(issue: Issue) -> Iterator[Finding]:
    subject, preheader = one_line(issue.subject), one_line(issue.preheader)
    if not subject:
        yield Finding("error", "subject", "the subject is empty", "digest edit subject")
    elif not 15 <= len(subject) <= 70:
        yield Finding("warning", "subject", f"the subject has {len(subject)} characters", "15 to 70 read well")
    if not 40 <= len(preheader) <= 140:
        yield Finding("warning", "preheader", f"the preheader has {len(preheader)} characters", "40 to 140 read well")


def _item(item: Item) -> Iterator[Finding]:
    article, where = item.article, one_line(item.article.title) or item.article.id
    if article.own:
        return
    if not article.outlet:
        yield Finding(
            "error",
            where,
            "nobody is credited",
            "`digest articles fill ARTICLE --outlet NAME`, or --own for your own text",
        )
    if not article.url:
        yield Finding(
            "error",
            where,
            "there is no address to link to",
            "`digest articles fill ARTICLE --url URL`, or --own for your own text",
        )
    elif not article.url.lower().startswith(("https://", "http://")):
        yield Finding("error", where, f"{article.url} is no web address", "it must start with https://")
    elif article.url.lower().startswith("http://"):
        yield Finding("warning", where, f"{article.url} is not encrypted", "use https:// if the outlet offers it")


def _rights(item: Item, config: Config, now: Article | None) -> Iterator[Finding]:
    """What the publisher asked for, in the text cited and as the article is *now*, and what this newsletter decided."""
    article, where, brief = item.article, one_line(item.article.title), config.brief_for_picking()
    again = "`digest build` cuts it again"
    if_you_may = f"{again}; `digest articles fill ARTICLE --right WHY` if you may excerpt it"
    taken = sum(len(text) for text in _printed(item))
    for known in (article, now or article):
        allowed = known.excerpt_chars()
        if allowed is not None and known.limit and taken > allowed:
            yield Finding("error", where, f"{taken} characters are excerpted, {known.limit.reason}", if_you_may)
            break
    for text, reason in _withdrawn(item, now or article):
        yield Finding(
            "error",
            where,
            f"{_short(text)} may no longer be cut: {reason}",
            if_you_may if reason == PAYWALLED else again,
        )
    for printed in item.pick.story.articles():
        if blocked := brief.blocking(printed):
            yield Finding("error", where, f"blocked: {blocked}", "build again")


def _withdrawn(item: Item, now: Article) -> Iterator[tuple[str, str]]:
    """The printed pieces that were cut from the report and in *now* stand outside it, with the reason."""
    for text in _printed(item):
        if text in now.text and _reports(item.article, text) and not _reports(now, text):
            at = Span(now.text.index(text), now.text.index(text) + len(text))
            yield text, next((r.reason for r in now.regions if r.kind != "body" and r.span.overlaps(at)), "left out")


def _reports(article: Article, text: str) -> bool:
    return any(text in span.of(article.text) for span in article.body())


def _printed(item: Item) -> Iterator[str]:
    yield from (e.text for e in item.summary.sentences)
    yield from (text for quote in item.summary.quotes for text in quote.texts)


def _outdated(issue: Issue, newest: Mapping[str, Article | None]) -> Iterator[Finding]:
    for item in issue.items:
        article, now = item.article, newest.get(item.article.id)
        if now is not None and now.version > article.version:
            what = f"its source has changed since: version {now.version}, this issue cites version {article.version}"
            yield Finding("warning", one_line(article.title), what, "`digest build` cuts it again from the new text")


def _quoting(issue: Issue, config: Config) -> Iterator[Finding]:
    quotes = printed_quotes(issue)
    for item in issue.items:
        article = item.article
        limit = config.quoting.outlets.get(article.outlet or "", config.quoting.max_words)
        if article.own or item.form == "link" or not limit:
            continue
        taken = [e.text for e in item.summary.sentences]
        taken += [text for quote in quotes.get(article.id, ()) for text in quote.texts]
        words = sum(len(text.split()) for text in taken)
        if words > limit:
            yield Finding(
                "error",
                one_line(article.title),
                f"{words} words are quoted, {limit} are allowed",
                "see [quoting]",
            )


def _newsletter(config: Config) -> Iterator[Finding]:
    if not config.newsletter.postal_address.strip():
        yield Finding(
            "error" if config.send.transport == "smtp" else "warning",
            "newsletter",
            "there is no postal address",
            "set newsletter.postal_address: 16 CFR 316 asks for one in every mail",
        )


def _variant(issue: Issue, variant: Variant) -> Iterator[Finding]:
    where = "mail" if not variant.key else f"mail, variant {variant.key}"
    for part, body in (("HTML", variant.html), ("text", variant.text)):
        if variant.tokens.get("LEAVE", "") not in body or "LEAVE" not in variant.tokens:
            yield Finding("error", where, f"the {part} part shows no way to leave", "print {{ tokens.LEAVE }}")
    size = len(variant.html.encode())
    if size > CLIP:
        yield Finding("error", where, f"the HTML is {size:,} bytes; Gmail cuts at {CLIP:,}", "print fewer stories")
    elif size > 0.85 * CLIP:
        yield Finding("warning", where, f"the HTML is {size:,} bytes; Gmail cuts at {CLIP:,}")
    said = repr(issue)
    left = set(_PLACEHOLDER.findall(visible_text(variant.html) + variant.text)) - set(variant.tokens.values())
    for placeholder in sorted(left):
        if placeholder in said:  # an article's words, or the editor's
            what = f"{placeholder} looks like a placeholder, and stands in an article or in your own words"
            yield Finding("warning", where, what, "it will be printed as it is")
        else:
            yield Finding("error", where, f"the placeholder {placeholder} was left in", "mend the template")
