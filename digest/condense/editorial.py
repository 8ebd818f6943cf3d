"""The editor's eye: which sentences, and which of their words, a reader who reads nothing else should be told.

Two small linear models. The first rates each sentence by where it stands and how much of the text it holds. The second
asks of each word, and each pair of words side by side, how likely it is to stand in an editor's own highlights; a
summary is worth what its words are, each counted once (Gillick and Favre 2009, "A scalable global model for
summarization"; the chances in place of counts as in Hong and Nenkova 2014). Pure standard library.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from digest.text.words import stem, stop_words, tokens

# Fitted by logistic regression (`bench/fit_summary.py` prints these tables anew, and what they score on articles not
# fitted on) on 700 news articles with their editors' highlights. Features run from 0 to about 1; '' is the constant.
SENTENCE_WEIGHTS: dict[str, float] = {
    "": -1.04,
    "place": -2.45,  # log of the sentence's number: reports begin with what matters
    "first": -0.51,
    "centroid": 2.93,  # how much it shares with the whole text
    "opening": 0.71,  # how much it shares with the first three sentences
    "numbers": 0.65,
    "length": -0.61,  # long sentences win every comparison above; this gives it back
    "quote_first": -0.87,  # opens with a quotation mark
    "first_person": -0.61,
    "text_length": -2.23,  # one of many is less likely to be chosen
}
# A sentence counts where the best possible choice takes it, a word or pair where the highlights hold it.
WORD_WEIGHTS: dict[str, float] = {
    "": -0.98,
    "times": 1.01,  # log of how often the text says it
    "first": -1.25,  # log of the number of the sentence that says it first
    "early": -0.20,  # one for the first sentence, a half for the second, a third … for each that says it
    "best": 2.04,  # the rating of the best sentence that says it
    "held": 1.02,  # the chances of all sentences that say it, together
    "name": 0.56,  # how often it has a capital
    "text_length": -0.93,
}
PAIR_WEIGHTS: dict[str, float] = {
    "": -1.04,
    "times": 1.41,
    "first": -1.85,
    "early": -0.64,
    "best": 2.31,
    "held": 0.68,
    "name": 0.90,
    "text_length": -0.97,
}

# The rows fitted on have no titles; set by the 24 Wikinews articles, which have (Edmundson 1969: "title method").
TITLE_WEIGHT = 1.0  # of a word or pair that stands in the title too

Unit = str | tuple[str, str]  # a stem, or two stems side by side
Row = dict[str, float]

LITTLE = 0.02  # a chance below this is none; most pairs of a text are said once, far down

_FIRST_PERSON = re.compile(r"\b(?:I|my|me|we|our|us|ich|wir|je|nous|yo|nosotros|io|noi|eu|nós|ik|wij)\b")
_QUOTED = re.compile(r"[“\"„«][^”\"“»]*[”\"“»]")
_NUMBER = re.compile(r"\d[\d.,]*")
_CAPITAL = re.compile(r"(?<=[^\W_.!?:] )[A-ZÀ-ÞА-ЯΑ-Ω][\w’'-]*|(?<=[,;] )[A-ZÀ-ÞА-ЯΑ-Ω][\w’'-]*")


class Passage:
    """The sentences of one text and their stems, read once.

    ``empty`` are the stems of words without a subject; ``title`` those of the title's other words.
    """

    def __init__(self, sentences: Sequence[str], language: str = "en", *, title: str = "") -> None:
        words = [tokens(sentence) for sentence in sentences]
        self.language = language
        self.sentences = sentences
        self.stems = [[stem(word, language) for word in said] for said in words]
        self.empty = {stem(word, language) for word in _empty_words(words, language)}
        self.title = {stem(word, language) for word in tokens(title)} - self.empty


def rate(passage: Passage) -> list[float]:
    """How good a sentence for a summary each is, in order, as log odds: -2 is one in eight."""
    return [_dot(SENTENCE_WEIGHTS, row) for row in sentence_features(passage)]


def worth(passage: Passage) -> list[dict[Unit, float]]:
    """For each sentence the words and pairs it holds, each with its chance to stand in an editor's highlights."""
    ratings = rate(passage)
    held: list[dict[Unit, float]] = [{} for _ in ratings]
    for units, weights in zip(find_units(passage), (WORD_WEIGHTS, PAIR_WEIGHTS), strict=True):
        odds: dict[Said, float] = {}  # most units of a text are said once, in one of its few sentences
        for unit, said in units.items():
            if said not in odds:
                odds[said] = _dot(weights, unit_features(said, ratings))
            in_title = passage.title.issuperset((unit,) if isinstance(unit, str) else unit)
            chance = _sigmoid(odds[said] + TITLE_WEIGHT * in_title)
            if chance >= LITTLE:
                for number in said.numbers:
                    held[number][unit] = chance
    return held


def sentence_features(passage: Passage) -> list[Row]:
    """The named features of each sentence."""
    vectors = _tf_idf([Counter(w for w in said if w not in passage.empty) for said in passage.stems])
    near = _cosines(vectors, _sum(vectors))
    nearest = max(near, default=0.0) or 1.0
    opening = _sum(vectors[:3])
    like_opening = _cosines(vectors, opening)
    for nth, vector in enumerate(vectors[:3]):  # an opening sentence is like the other two
        like_opening[nth] = _cosines([vector], _minus(opening, vector))[0]
    length = math.log(1 + len(vectors))
    return [
        {
            "place": math.log(1 + nth) / (length or 1.0),
            "first": float(nth == 0),
            "centroid": near[nth] / nearest,
            "opening": like_opening[nth],
            "numbers": min(1.0, len(_NUMBER.findall(sentence)) / 3),
            "length": min(1.5, len(passage.stems[nth]) / 40),
            "quote_first": float(sentence[:1] in "\"'“‘„«"),
            "first_person": float(bool(_FIRST_PERSON.search(_QUOTED.sub(" ", sentence)))),
            "text_length": length / 5,
        }
        for nth, sentence in enumerate(passage.sentences)
    ]


class Said(NamedTuple):
    """Where a text says a word or a pair."""

    numbers: tuple[int, ...]  # of the sentences that hold it, rising
    times: int
    capitals: int  # how often with a capital inside a sentence


def find_units(passage: Passage) -> tuple[dict[Unit, Said], dict[Unit, Said]]:
    """The words that carry meaning, and the pairs with at least one of them, of one text."""
    words: defaultdict[Unit, list[int]] = defaultdict(list)
    pairs: defaultdict[Unit, list[int]] = defaultdict(list)
    capitals: Counter[str] = Counter()
    for number, (sentence, stems) in enumerate(zip(passage.sentences, passage.stems, strict=True)):
        for word in stems:
            if word not in passage.empty and len(word) > 1:
                words[word].append(number)
        for pair in pairwise(stems):
            if pair[0] not in passage.empty or pair[1] not in passage.empty:
                pairs[pair].append(number)
        capitals.update(stem(w, passage.language) for w in tokens(" ".join(_CAPITAL.findall(sentence))))

    def said(unit: Unit, numbers: Sequence[int]) -> Said:
        with_capital = capitals[unit] if isinstance(unit, str) else min(capitals[unit[0]], capitals[unit[1]])
        where = tuple(dict.fromkeys(numbers)) if len(numbers) > 1 else (numbers[0],)
        return Said(where, len(numbers), with_capital)

    return {u: said(u, n) for u, n in words.items()}, {u: said(u, n) for u, n in pairs.items()}


def unit_features(said: Said, ratings: Sequence[float]) -> Row:
    """The named features of a word or pair; *ratings* are those of the text's sentences."""
    return {
        "times": math.log(said.times),
        "first": math.log(1 + said.numbers[0]) / 5,
        "early": sum(1 / (1 + number) for number in said.numbers),
        "best": max(ratings[number] for number in said.numbers) / 5,
        "held": sum(_sigmoid(ratings[number]) for number in said.numbers),
        "name": said.capitals / (1 + said.times),
        "text_length": math.log(1 + len(ratings)) / 5,
    }


def _empty_words(sentences: Sequence[Sequence[str]], language: str) -> frozenset[str]:
    """The language's stop words; where there is no list, the short words that stand in every fourth sentence."""
    known = stop_words(language)
    if known or len(sentences) < 8:
        return known
    held = Counter(word for sentence in sentences for word in set(sentence))
    return frozenset(word for word, n in held.items() if len(word) <= 4 and n >= len(sentences) / 4)


def _dot(weights: Mapping[str, float], row: Row) -> float:
    return weights[""] + sum(weights[name] * value for name, value in row.items())


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


Vector = dict[str, float]


def _tf_idf(bags: Sequence[Counter[str]]) -> list[Vector]:
    """Unit vectors; idf is log(1 + N/n), never negative."""
    held = Counter(word for bag in bags for word in bag)
    vectors = []
    for bag in bags:
        vector = {word: n * math.log(1 + len(bags) / held[word]) for word, n in bag.items()}
        norm = math.sqrt(sum(x * x for x in vector.values())) or 1.0
        vectors.append({word: x / norm for word, x in vector.items()})
    return vectors


def _sum(vectors: Sequence[Vector]) -> Vector:
    total: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        for word, x in vector.items():
            total[word] += x
    return dict(total)


def _minus(total: Vector, part: Vector) -> Vector:
    return {word: x - part.get(word, 0.0) for word, x in total.items() if x - part.get(word, 0.0) > 1e-9}


def _cosines(unit_vectors: Sequence[Vector], other: Vector) -> list[float]:
    norm = math.sqrt(sum(x * x for x in other.values())) or 1.0
    return [sum(x * other.get(word, 0.0) for word, x in vector.items()) / norm for vector in unit_vectors]
