"""Where each printed sentence and quote stands in its source, and what of the source was cut away, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from digest.model import NOSNIPPET, Article, Item, Span

WITHHELD = "[reserved by its publisher]"


@dataclass(frozen=True)
class Cut:
    """One excerpt beside what its article says at that place."""

    number: int  # within its item, from 1
    kind: str  # "sentence" | "quote"
    text: str
    span: Span
    verbatim: bool
    found: str  # the article's characters inside the span
    said_by: str = ""  # of a quote: speaker and role as printed; '' where nobody is named


@dataclass(frozen=True)
class Piece:
    """A stretch of an article."""

    text: str
    kinds: str  # what was cut from it: "sentence", "quote", "speaker", "role", blank between; '' for nothing
    begins: int  # the number of the cut that begins here; 0 for none
    numbers: tuple[int, ...]  # of the cuts it belongs to
    why: str  # why it is not part of the report; '' where it is
    sentence: int = 0  # the number of the sentence it belongs to among those that may be chosen; 0 for none


@dataclass(frozen=True)
class Paragraph:
    pieces: tuple[Piece, ...]
    why: str  # why none of it is part of the report; '' where some of it is

    @property
    def runs(self) -> list[tuple[int, list[Piece]]]:
        """The pieces, those of one sentence together, with its number."""
        return [(number, list(pieces)) for number, pieces in groupby(self.pieces, lambda piece: piece.sentence)]


@dataclass(frozen=True)
class Evidence:
    """An article with everything an item prints of it marked."""

    article: Article
    cuts: tuple[Cut, ...]
    paragraphs: tuple[Paragraph, ...]
    removed: tuple[tuple[int, str, str], ...]  # line (0: none known), text, why: cut away before it was stored
    words: int  # of the report
    printed: int  # words of it that are printed

    @property
    def share(self) -> float:
        return self.printed / self.words if self.words else 0.0


def cuts_of(item: Item) -> tuple[Cut, ...]:
    """What *item* prints of its article: the sentences, then the quotes."""
    wanted = [("sentence", e.text, e.span, "") for e in item.summary.sentences]
    for quote in item.summary.quotes:
        said = {"speaker": quote.speaker, "role": quote.role}
        said_by = ", ".join(f"[{w}]" if part in quote.by_editor else w for part, w in said.items() if w)
        wanted += [("quote", text, span, said_by) for text, span in zip(quote.texts, quote.spans, strict=True)]
    text = item.article.text
    return tuple(
        Cut(number, kind, printed, span, found == printed, found, said_by)
        for number, (kind, printed, span, said_by) in enumerate(wanted, 1)
        for found in [text[span.start : span.end]]
    )


def evidence_of(item: Item, sentences: Sequence[Span] = ()) -> Evidence:
    """The whole article behind *item*; *sentences*: those that may be chosen, in order."""
    article, cuts = item.article, cuts_of(item)
    marks = [(cut.kind, cut.span, cut.number) for cut in cuts]
    for quote in item.summary.quotes:
        marks += [("speaker", quote.speaker_span, 0)] if quote.speaker and quote.speaker_span else []
        marks += [("role", quote.role_span, 0)] if quote.role and quote.role_span else []
    report = " ".join(span.of(article.text) for span in article.body())
    removed = tuple((r.line, WITHHELD if r.reason == NOSNIPPET else r.text, r.reason) for r in article.removed)
    printed = sum(len(text.split()) for text in _once(article.text, [cut.span for cut in cuts]))
    return Evidence(article, cuts, _paragraphs(article, marks, sentences), removed, len(report.split()), printed)


def _once(text: str, spans: Sequence[Span]) -> list[str]:
    """The stretches of *text* under *spans*, what several of them cover once."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return [span.of(text) for span in found]


def _paragraphs(
    article: Article, marks: Sequence[tuple[str, Span, int]], sentences: Sequence[Span]
) -> tuple[Paragraph, ...]:
    """The article's text in paragraphs, cut wherever a mark or a region begins or ends; what its publisher reserves
    is left out."""
    text = article.text
    breaks = {0, len(text)}
    for span in [*(span for _, span, _ in marks), *(region.span for region in article.regions), *sentences]:
        breaks |= {min(span.start, len(text)), min(span.end, len(text))}
    for gap in re.finditer(r"\n\s*\n", text):
        breaks |= {gap.start(), gap.end()}
    paragraphs: list[list[Piece]] = [[]]
    begun: set[int] = set()
    for start, end in pairwise(sorted(breaks)):
        stretch = text[start:end]
        if not stretch.strip() and stretch.count("\n") > 1:
            paragraphs.append([])
            continue
        mine = [(kind, number) for kind, span, number in marks if span.start <= start and end <= span.end]
        kinds = " ".join(sorted({kind for kind, _ in mine}))
        numbers = tuple(sorted({number for _, number in mine if number}))
        begins = next((n for n in numbers if n not in begun), 0)
        begun |= set(numbers)
        why = "" if any(span.start <= start and end <= span.end for span in article.body()) else _why(article, start)
        shown = WITHHELD if why == NOSNIPPET and not kinds else stretch
        sentence = next((n for n, s in enumerate(sentences, 1) if s.start <= start and end <= s.end), 0)
        paragraphs[-1].append(Piece(shown, kinds, begins, numbers, why, sentence))
    return tuple(
        Paragraph(tuple(pieces), pieces[0].why if len({piece.why for piece in pieces}) == 1 else "")
        for pieces in paragraphs
        if pieces
    )


def _why(article: Article, at: int) -> str:
    region = next((r for r in article.regions if r.span.start <= at < r.span.end), None)
    if region is None:
        return "no part of the report"
    return region.reason or {"opinion": "the writer’s own view"}.get(region.kind, "no part of the report")
