"""An article's summary and key quotes, within its words. Any method says what sentences are worth; the rules decide.

A sentence is printed whole (but for a dateline cut off its front), as it stands in the text, in the text's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.condense import editorial
from digest.condense.candidates import FEWEST_WORDS, Candidate, find_candidates
from digest.condense.choosing import Worth, choose, verdict
from digest.condense.key_quotes import key_quotes
from digest.condense.reading import Reading, read
from digest.errors import DigestError
from digest.model import SUMMARY_METHODS, Article, Excerpt, Quote, Span, Summary
from digest.text.words import count_words

QUOTE_SHARE = 0.4  # of max_words, kept for key quotes where they are asked for


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why one sentence of the body is in a summary, or is not."""

    span: Span
    text: str
    words: int
    worth: float  # of its words and pairs together; of the sentence, where the method rates sentences
    features: Mapping[str, float]  # what `editorial` weighs; empty for another method
    printed: bool
    verdict: str  # the rule, in words


def summarize(
    article_or_text: Article | str,
    *,
    title: str | None = None,
    sentences: int = 3,
    max_words: int = 70,
    method: str = "editorial",
    language: str | None = None,
    quotes: int = 0,
) -> Summary:
    """At most *sentences* sentences and *quotes* key quotes, *max_words* words together, verbatim, in text order.

    Shorter where little may stand in print or the article's publisher allows fewer characters; empty if no sentence
    fits, or none may be excerpted. Where quotes are asked for, at least 60 % of the words are for sentences. Reads
    the first READ_SENTENCES sentences. Raises DigestError for a method not in SUMMARY_METHODS.
    """
    return _work(article_or_text, title, sentences, max_words, method, language, quotes).summary


def explain_summary(
    article_or_text: Article | str, *, sentences: int = 3, max_words: int = 70, method: str = "editorial"
) -> tuple[Summary, list[Judgement]]:
    """What `summarize` answers without quotes, and a judgement of each sentence it read, in text order."""
    work = _work(article_or_text, None, sentences, max_words, method, None, 0)
    texts = [c.text for c in work.candidates]
    rows = (
        editorial.sentence_features(editorial.Passage(texts, work.language))
        if method == "editorial"
        else [{} for _ in texts]
    )
    printed = {excerpt.span for excerpt in work.summary.sentences}
    chosen = [c for c in work.candidates if c.span in printed]
    judged = [
        Judgement(
            c.span,
            c.text,
            c.words,
            round(sum(work.worth[c.number].values()), 4),
            {name: round(value, 4) for name, value in row.items()},
            c.span in printed,
            verdict(c, chosen, limit=sentences, max_words=work.max_words, language=work.language),
        )
        for c, row in zip(work.candidates, rows, strict=True)
    ]
    return work.summary, judged


@dataclass(frozen=True, slots=True)
class _Work:
    summary: Summary
    candidates: Sequence[Candidate]
    worth: Worth
    max_words: int
    language: str


def _work(
    source: Article | str,
    title: str | None,
    sentences: int,
    max_words: int,
    method: str,
    language: str | None,
    quotes: int,
) -> _Work:
    if method not in SUMMARY_METHODS:
        raise DigestError(f"there is no summary method {method!r}", hint=f"one of: {', '.join(SUMMARY_METHODS)}")
    chars = source.excerpt_chars() if isinstance(source, Article) else None
    if chars == 0:
        return _Work(Summary(method, (), ()), [], [], 0, language or "")
    reading = read(source, title=title, language=language)
    candidates = find_candidates(reading)
    worth = _weigh(method, candidates, reading)
    while True:
        spoken, chosen = _compose(source, reading, candidates, worth, sentences, max_words, quotes)
        taken = sum(len(c.text) for c in chosen) + sum(len(text) for quote in spoken for text in quote.texts)
        if chars is None or taken <= chars or max_words <= FEWEST_WORDS:
            break
        max_words = max(FEWEST_WORDS, min(max_words - 1, int(max_words * chars / taken)))
    if chars is not None and taken > chars:
        spoken, chosen = (), []
    excerpts = tuple(Excerpt(reading.article, c.span, c.text) for c in chosen)
    return _Work(Summary(method, excerpts, spoken), candidates, worth, max_words, reading.language)


def _compose(
    source: Article | str,
    reading: Reading,
    candidates: Sequence[Candidate],
    worth: Worth,
    sentences: int,
    max_words: int,
    quotes: int,
) -> tuple[tuple[Quote, ...], list[Candidate]]:
    """The quotes and the sentences that share *max_words*."""
    share = int(max_words * QUOTE_SHARE)
    spoken = tuple(key_quotes(source, limit=quotes, max_words=share, language=reading.language)) if quotes else ()
    taken = [span for quote in spoken for span in quote.outer]
    budget = max_words - sum(count_words(text) for quote in spoken for text in quote.texts)
    usable = [c for c in candidates if not any(c.span.overlaps(span) for span in taken)]
    chosen = choose(usable, worth, limit=sentences, max_words=budget, language=reading.language, asked=max_words)
    if spoken and (not chosen or chosen[0].needs):
        alone = choose(candidates, worth, limit=sentences, max_words=max_words, language=reading.language)
        if alone and not alone[0].needs:
            chosen, spoken = alone, ()  # a sentence that stands alone before a quote that leaves no room for one
    return spoken, chosen


def _weigh(method: str, candidates: Sequence[Candidate], reading: Reading) -> Worth:
    if not candidates:
        return []
    texts = [c.text for c in candidates]
    if method == "editorial":
        return editorial.worth(editorial.Passage(texts, reading.language, title=reading.title))
    from digest.condense.engines import weigh  # sumy, NLTK and numpy: only where one of its methods is asked for

    return weigh(method, texts, reading.language, reading.title)
