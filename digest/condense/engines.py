"""sumy at work: its summarizers over our own sentences and words, so no NLTK data is ever needed; ours among them.

Imported late: sumy brings NLTK and numpy along. Every summarizer answers ratings; which sentences are printed is
decided in `choosing.py`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers._summarizer import AbstractSummarizer

from digest.condense.editorial import Passage, rate
from digest.text.sentences import split_sentences
from digest.text.words import stem, stop_words, tokens


class Words:
    """The tokenizer sumy asks for, made of our rules."""

    def __init__(self, language: str) -> None:
        self.language = language

    def to_sentences(self, paragraph: str) -> tuple[str, ...]:
        return tuple(span.of(paragraph) for span in split_sentences(paragraph, self.language))

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(tokens(sentence))


class EditorialSummarizer(AbstractSummarizer):  # type: ignore[misc]
    """The sentence score of `editorial.py` as a sumy summarizer, for programs that use sumy; no rules around it."""

    def __init__(self, language: str = "en") -> None:
        super().__init__(lambda word: stem(word, language))
        self._language = language

    def __call__(self, document: Any, sentences_count: Any) -> Any:
        ratings = iter(rate(Passage([str(s) for s in document.sentences], self._language)))
        return self._get_best_sentences(document.sentences, sentences_count, lambda _: next(ratings))


EARLY = 5  # sentences; sumy's methods know nothing of a report's order, and lose to its first three without it


def weigh(method: str, sentences: Sequence[str], language: str, title: str) -> Sequence[Mapping[Any, float]]:
    """What each sentence is worth to a summary as a whole, in order, by one of sumy's methods."""
    ratings = rate_sentences(method, sentences, language, title)
    least, most = min(ratings), max(ratings)
    scale = (most - least) or 1.0
    return [{n: (0.1 + (r - least) / scale) * math.exp(-n / EARLY)} for n, r in enumerate(ratings)]


def rate_sentences(method: str, sentences: Sequence[str], language: str, title: str) -> list[float]:
    """One rating for each sentence, the better the higher, by the sumy method of that name."""
    words = Words(language)
    heading = [Sentence(title, words, is_heading=True)] if title else []
    document = ObjectDocumentModel([Paragraph([*heading, *(Sentence(s, words) for s in sentences)])])
    ratings = [0.0] * len(sentences)

    def note(ranked: Sequence[Any]) -> Sequence[Any]:
        # sumy hands a callable count every sentence with its order and rating.
        for info in ranked:
            ratings[info.order] = float(info.rating)
        return ranked

    with warnings.catch_warnings():
        # Sentences that share no word leave LexRank's matrix empty, and numpy divides by zero: no rating, no noise.
        warnings.simplefilter("ignore", RuntimeWarning)
        _summarizer(method, language)(document, note)
    return [rating if math.isfinite(rating) else 0.0 for rating in ratings]


def _summarizer(method: str, language: str) -> Any:
    def stemmer(word: str) -> str:
        return stem(word, language)

    skip = stop_words(language)
    made = _SUMY[method]()(stemmer)
    if method == "edmundson":
        made.bonus_words = frozenset(_BONUS)
        made.stigma_words = frozenset(_STIGMA)
        made.null_words = skip or frozenset({"-"})
    else:
        made.stop_words = skip
    return made


def _luhn() -> Any:
    from sumy.summarizers.luhn import LuhnSummarizer

    return LuhnSummarizer


def _lsa() -> Any:
    from sumy.summarizers.lsa import LsaSummarizer

    return LsaSummarizer


def _lex_rank() -> Any:
    from sumy.summarizers.lex_rank import LexRankSummarizer

    return LexRankSummarizer


def _text_rank() -> Any:
    from sumy.summarizers.text_rank import TextRankSummarizer

    return TextRankSummarizer


def _sum_basic() -> Any:
    from sumy.summarizers.sum_basic import SumBasicSummarizer

    return SumBasicSummarizer


def _kl() -> Any:
    from sumy.summarizers.kl import KLSummarizer

    return KLSummarizer


def _reduction() -> Any:
    from sumy.summarizers.reduction import ReductionSummarizer

    return ReductionSummarizer


def _edmundson() -> Any:
    from sumy.summarizers.edmundson import EdmundsonSummarizer

    return EdmundsonSummarizer


_SUMY: dict[str, Callable[[], Any]] = {
    "luhn": _luhn,
    "lsa": _lsa,
    "lex-rank": _lex_rank,
    "text-rank": _text_rank,
    "sum-basic": _sum_basic,
    "kl": _kl,
    "reduction": _reduction,
    "edmundson": _edmundson,
}

_BONUS = (
    "announced announces first new plan plans decided decision agreed agreement launched million billion found".split()
)
_STIGMA = "perhaps maybe might could seems possibly argued imagine instance example hardly".split()
