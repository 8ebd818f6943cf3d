"""An article's own words as they are printed: slices of its text, with nothing between two of them but a paragraph or
``[…]``, and a quote's marks around them. So a summary is verbatim by construction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from digest.model import Article, Excerpt, Issue, Quote
from digest.render.words import is_spoken, marks_for

_LETTER = re.compile(r"[^\W_]")


def printed_quotes(issue: Issue) -> Mapping[str, tuple[Quote, ...]]:
    """The key quotes that are printed, by article id: all that were composed; a plain link has none."""
    return {i.article.id: i.summary.quotes for i in issue.items if i.summary.quotes and i.form != "link"}


def summary_paragraphs(article: Article, sentences: Sequence[Excerpt]) -> tuple[str, ...]:
    """The excerpts as slices of the article: neighbors share a paragraph, any gap begins a new one."""
    slices: list[tuple[int, int]] = []
    for sentence in sentences:
        start, end = sentence.span.start, sentence.span.end
        between = article.text[slices[-1][1] : start] if slices else None
        if between is not None and not between.strip() and between.count("\n") < 2 and start >= slices[-1][1]:
            slices[-1] = (slices[-1][0], end)
        else:
            slices.append((start, end))
    return tuple(article.text[start:end] for start, end in slices)


def quote_paragraphs(article: Article, quote: Quote, language: str) -> tuple[str, ...]:
    """The pieces of *quote* in the marks of the article's language, of *language* where that is not known.

    The words stand as the article has them, marks within them too. ``[…]`` where something stands between two pieces;
    a quote over several paragraphs opens each of them and closes only the last.
    """
    tongue = article.language if is_spoken(article.language) else language
    opening, closing = _marks(quote.texts, tongue)
    result: list[str] = []
    last = len(quote.spans) - 1
    for number, span in enumerate(quote.spans):
        follows = number > 0 and _only_marks(article.text[quote.spans[number - 1].end : span.start])
        goes_on = number < last and _only_marks(article.text[span.end : quote.spans[number + 1].start])
        piece = f"{opening}{quote.texts[number]}{'' if goes_on else closing}"
        if number and not follows:
            result[-1] = f"{result[-1]} […] {piece}"
        else:
            result.append(piece)
    return tuple(result)


# Drawn round words that hold the usual marks themselves.
_SECOND_MARKS = {"“": ("‘", "’"), "„": ("‚", "‘"), "«": ("“", "”"), "”": ("’", "’"), "「": ("『", "』")}


def _marks(texts: Sequence[str], language: str) -> tuple[str, str]:
    """The marks of *language*; its second pair where the words hold one of the first: ‘He said “no” to us’."""
    usual = marks_for(language)
    if any(mark.strip() in text for text in texts for mark in usual):
        return _SECOND_MARKS.get(usual[0].strip(), usual)
    return usual


def _only_marks(between: str) -> bool:
    return _LETTER.search(between) is None
