"""Is every excerpt verbatim, credited, linked, allowed and short enough? Looks at the issue, and at what is printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser

from digest.config import Config
from digest.errors import VerbatimError
from digest.model import PAYWALLED, Article, Brief, Conflict, Issue, Item, Quote, Rendered, Span
from digest.render.checks.mail import place_of
from digest.render.checks.rules import Finding, Place, found
from digest.render.excerpts import printed_quotes
from digest.render.printable import headline
from digest.text.limits import allowance
from digest.text.words import count_words

_BLANK = re.compile(r"[ \t\r\n\f\x0b]+")  # not U+00A0: that one is a character of the text
FILL = "`digest articles fill ARTICLE {}`, or --own for your own text"


def judge(issue: Issue, rendered: Rendered, config: Config, newest: Mapping[str, Article | None]) -> Iterator[Finding]:
    """The findings about the issue's sources; *newest* are its articles as they are stored now, by id."""
    yield from _verbatim(issue, rendered)
    seen: dict[str, str] = {}
    quotes, brief = printed_quotes(issue), config.brief_for_picking()
    for item in issue.items:
        yield from _credit(item)
        yield from _twice(item, seen)
        yield from _rights(item, brief, newest.get(item.article.id))
        yield from _outdated(item, newest.get(item.article.id))
        yield from quoting(item, quotes.get(item.article.id, ()), config)


# ------------------------------------------------------------------------------------------------ verbatim


def verify_verbatim(issue: Issue, rendered: Rendered) -> None:
    """Raises VerbatimError unless every excerpt is its article's own text, and stands so in HTML and text part.

    Blanks and line breaks count as one blank; nothing else is forgiven. A variant that leaves a story out altogether
    need not hold its excerpts; the one everybody gets holds all.
    """
    quotes = printed_quotes(issue)
    pieces = {
        item.article.id: list(_own_pieces(item, quotes.get(item.article.id, ())))
        for item in issue.items
        if item.form != "link"
    }
    for variant in rendered.variants:
        shown = {"HTML": _normal(visible_text(variant.html)), "text": _normal(_without_indent(variant.text))}
        for item in issue.items:
            article = item.article
            if variant.key and not any(
                piece in text
                for piece in (_normal(headline(article.title)), *map(_normal, pieces.get(article.id, ())))
                for text in (shown["HTML"].replace("\u00a0", " "), shown["text"])
            ):
                continue
            for piece in pieces.get(article.id, ()):
                for part, text in shown.items():
                    if _normal(piece) not in text:
                        raise VerbatimError(
                            f"{article.title}: the {part} part does not hold {short(piece)}",
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
            raise VerbatimError(f"{article.title}: {short(text)} was cut from another article ({source})")
        if article.text[span.start : span.end] != text or span.end > len(article.text):
            raise VerbatimError(
                f"{article.title}: {short(text)} is not what stands at {span.start}..{span.end}",
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


def short(text: str) -> str:
    """*text* in quotation marks, cut to 60 characters."""
    return f"“{text if len(text) <= 60 else text[:57] + '…'}”"


def _verbatim(issue: Issue, rendered: Rendered) -> Iterator[Finding]:
    # a text part that is missing altogether is another rule's finding
    variants = tuple(v if v.text.strip() else replace(v, text=visible_text(v.html)) for v in rendered.variants)
    try:
        verify_verbatim(issue, replace(rendered, variants=variants))
    except VerbatimError as error:
        title = str(error).partition(": ")[0]
        article = next((i.article.id for i in issue.items if i.article.title == title), "")
        yield found("verbatim", Place("verbatim", article), str(error), error.hint)


# ------------------------------------------------------------------------------------------------ credit and rights


def _credit(item: Item) -> Iterator[Finding]:
    article, place = item.article, place_of(item)
    if not headline(article.title):
        yield found("headline-missing", place, "the article has no headline", "drop it, or add it with a title")
    if article.own or article.right_held():
        return
    if not article.outlet:
        yield found("outlet-missing", place, "nobody is credited", FILL.format("--outlet NAME"))
    if not article.url:
        yield found("url-missing", place, "there is no address to link to", FILL.format("--url URL"))
    elif not article.url.lower().startswith(("https://", "http://")):
        yield found("url-not-web", place, f"{article.url} is no web address", "it must start with https://")
    elif article.url.lower().startswith("http://"):
        remedy = "use https:// if the outlet offers it"
        yield found("url-not-https", place, f"{article.url} is not encrypted", remedy)


def _twice(item: Item, seen: dict[str, str]) -> Iterator[Finding]:
    article = item.article
    address = article.canonical or article.url
    if address and address in seen:
        what = f"{article.url} is linked by “{seen[address]}” too"
        yield found("story-twice", place_of(item), what, "`digest drop` one of them")
    elif address:
        seen[address] = place_of(item).words


def _rights(item: Item, brief: Brief, now: Article | None) -> Iterator[Finding]:
    """What the publisher asked for, in the text cited and as the article is *now*, and what this newsletter decided."""
    article, place = item.article, place_of(item)
    again = "`digest build` cuts it again"
    if_you_may = f"{again}; `digest articles fill ARTICLE --right WHY` if you may excerpt it"
    taken = sum(len(text) for text in _printed(item))
    for known in (article, now or article):
        allowed = known.excerpt_chars()
        if allowed is not None and known.limit and taken > allowed:
            what = f"{taken} characters are excerpted, {known.limit.reason}"
            yield found("publisher-limit", place, what, if_you_may)
            break
    for text, reason in _withdrawn(item, now or article):
        remedy = if_you_may if reason == PAYWALLED else again
        yield found("excerpt-withdrawn", place, f"{short(text)} may no longer be cut: {reason}", remedy)
    for printed in item.pick.story.articles():
        if blocked := brief.blocking(printed):
            yield found("publisher-blocked", place, f"blocked: {blocked}", f"build again; {blocked.lift}")


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


def _outdated(item: Item, now: Article | None) -> Iterator[Finding]:
    article = item.article
    if now is not None and now.version > article.version:
        what = f"its source has changed since: version {now.version}, this issue cites version {article.version}"
        remedy = "`digest build` cuts it again from the new text"
        yield found("source-changed", place_of(item), what, remedy)


def judge_edits(issue: Issue, unfit: Iterable[Conflict]) -> Iterator[Finding]:
    """A finding for each edit that no longer fits its article."""
    items = {item.article.id: item for item in issue.items}
    for conflict in unfit:
        edit, item = conflict.edit, items.get(conflict.edit.target)
        why = "its article is not in the issue" if conflict.why == "gone" else "its article has another text now"
        can = f"`digest edits keep {edit.id}` holds on to it, " if conflict.value else ""
        remedy = f"{can}`digest edits drop {edit.id}` takes it back"
        place = place_of(item) if item else "edits"
        yield found("edit-unfit", place, f"what {edit.who} changed ({edit.kind}) does not count: {why}", remedy)


# ------------------------------------------------------------------------------------------------ quoting


def quoting(item: Item, quotes: tuple[Quote, ...], config: Config) -> Iterator[Finding]:
    if item.form == "link":
        return
    place, allowed = place_of(item), allowance(item.article, item.form, config.quoting)
    taken = sum(count_words(e.text) for e in item.summary.sentences)
    taken += sum(count_words(text) for quote in quotes for text in quote.texts)
    shorter = "`digest build` cuts it to [quoting]; of sentences chosen by hand, choose fewer"
    if allowed.words is not None and taken > allowed.words:
        yield found("quote-words", place, f"{taken} words are quoted, {allowed.words} are allowed", shorter)
    elif allowed.share is not None and taken > allowed.share:
        share = config.quoting.lead_max_share if item.form == "lead" else config.quoting.max_share
        what = f"{taken} of the article’s {allowed.report} words are quoted, {allowed.share} ({share:.0%}) are allowed"
        yield found("quote-share", place, what, shorter)
    if len(quotes) > config.quoting.quotes:
        what = f"{len(quotes)} key quotes are printed, {config.quoting.quotes} allowed"
        yield found("quote-count", place, what, shorter)
