"""What an editor may choose from one article: its sentences and its quotes, and which of them are printed."""

from __future__ import annotations

from dataclasses import dataclass

from digest.compose import as_value
from digest.condense import explain_key_quotes, printable_quotes
from digest.editing import sentences_of
from digest.model import Item, Span


@dataclass(frozen=True)
class QuoteChoice:
    number: int  # in the text's order, from 1
    value: str  # of the edit that has it printed
    start: int  # where its words begin
    texts: tuple[str, ...]
    speaker: str
    role: str
    corrected: bool  # speaker or role are an editor's words
    is_printed: bool
    judgement: str  # why the rules pull it, or do not


@dataclass(frozen=True)
class Choices:
    sentences: tuple[Span, ...]  # in the text's order
    printed: tuple[bool, ...]  # of each sentence, whether it is
    quotes: tuple[QuoteChoice, ...]


def choices_of(item: Item) -> Choices:
    """Of the article behind *item*."""
    sentences = tuple(sentences_of(item.article))
    shown = {excerpt.span for excerpt in item.summary.sentences}
    return Choices(sentences, tuple(any(s.overlaps(span) for span in shown) for s in sentences), _quotes(item))


def _quotes(item: Item) -> tuple[QuoteChoice, ...]:
    printed = {quote.spans: quote for quote in item.summary.quotes}
    judged: dict[int, str] = {}
    for weighed in explain_key_quotes(item.article):
        judged.setdefault(weighed.number, weighed.rule or f"worth {weighed.worth:g}")
    found = []
    for number, quote in enumerate(printable_quotes(item.article), 1):
        shown = printed.get(quote.spans, quote)
        found.append(
            QuoteChoice(
                number,
                as_value(quote.spans),
                quote.spans[0].start,
                quote.texts,
                shown.speaker or "",
                shown.role or "",
                bool(shown.by_editor),
                any(span.overlaps(s) for q in printed for span in q for s in quote.spans),
                judged.get(number, ""),
            )
        )
    return tuple(found)
