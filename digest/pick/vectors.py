"""What is an article about, in numbers? TF-IDF over title (twice) and opening; names and numbers weigh threefold.

Two headlines of one event share far fewer words than two openings do: a pair's likeness is measured against what its
shorter text can share, so that a headline alone can join a story too.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import islice

from digest.model import Article
from digest.text.words import light_stem, stop_words

OPENING_WORDS = 90
NAME_WEIGHT = 3  # names and numbers tell look-alike events apart
FULL_TERMS = 28  # a text of as many different terms shares as much as a longer one
LEAST_TERMS = 8  # what the shortest headline is measured as
SMALL_WEEK = 20  # among fewer texts a word that two share is still a rare one
LEAST_LIKENESS = 0.02  # a cosine below is chance; leaving it out keeps the links few

Terms = Counter[str]
Vector = dict[str, float]

_WORD = re.compile(r"\w+(?:[-’']\w+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]{2,}")


def terms_of(article: Article) -> Terms:
    """Weighted stems of the title and the opening, stop words left out; pairs of characters where words have no
    blanks between them."""
    stops = stop_words(article.language)
    counts: Terms = Counter()
    for word in _WORD.findall(article.title) * 2 + opening_of(article):
        low = word.casefold()
        if low in stops or (len(low) < 2 and not low.isdigit()):
            continue
        if _UNSPACED.match(low):
            counts.update(low[n : n + 2] for n in range(min(len(low) - 1, OPENING_WORDS)))
        else:
            counts[light_stem(low, article.language)] += NAME_WEIGHT if is_name(word) else 1
    return counts


def opening_of(article: Article) -> list[str]:
    """The first words of the text, as printed."""
    return [found[0] for found in islice(_WORD.finditer(article.text), OPENING_WORDS)]


def is_name(word: str) -> bool:
    """Does *word* begin like a name or a number? All capitals say nothing."""
    return word[0].isdigit() or (word[0].isupper() and not word.isupper())


def vectors(terms: Sequence[Terms], *, inside: bool = False) -> list[Vector]:
    """Unit vectors, inverse document frequency taken from *terms* themselves. *inside* a group: by what sets its
    members apart, without what one of them alone holds."""
    held_by: Counter[str] = Counter()
    for counts in terms:
        held_by.update(counts.keys())
    rarity = {t: _rarity(n, len(terms), inside=inside) for t, n in held_by.items() if n > inside}
    out: list[Vector] = []
    for counts in terms:
        raw = {t: (1 + math.log(n)) * rarity[t] for t, n in counts.items() if t in rarity}
        norm = math.sqrt(math.fsum(v * v for v in raw.values())) or 1.0
        out.append({t: v / norm for t, v in raw.items()})
    return out


def _rarity(holders: int, texts: int, *, inside: bool) -> float:
    """Inverse document frequency. Few texts are measured as if they were more, or what two of them share would hardly
    count; but for what most of them share: that is how they are written, not what they tell."""
    formula = texts >= 4 and holders > texts / 2
    total = texts if inside or formula else max(texts, SMALL_WEEK)
    return math.log((1 + total) / (0.5 + holders))


def cosine(first: Vector, second: Vector) -> float:
    """The cosine of two unit vectors."""
    if len(first) > len(second):
        first, second = second, first
    return math.fsum(value * second[term] for term, value in first.items() if term in second)


def cosines(vectors: Sequence[Vector]) -> list[dict[int, float]]:
    """For each unit vector its cosine with the others it has terms in common with, by their index; symmetric."""
    index: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    links: list[dict[int, float]] = [{} for _ in vectors]
    for number, vector in enumerate(vectors):
        scores = links[number]
        for term, value in vector.items():
            holders = index[term]
            for other, weight in holders:
                scores[other] = scores.get(other, 0.0) + value * weight
            holders.append((number, value))
        for other, score in scores.items():
            links[other][number] = score
    return links


def likenesses(terms: Sequence[Terms]) -> list[dict[int, float]]:
    """For each text its likeness to the others, by their index; symmetric. What is left out is chance."""
    return [
        {o: score / can_share(terms[n], terms[o]) for o, score in row.items() if score > LEAST_LIKENESS}
        for n, row in enumerate(cosines(vectors(terms)))
    ]


def can_share(first: Terms, second: Terms) -> float:
    """What share of a full text's likeness two texts can have at all, by the shorter one: 8/28..1."""
    return max(LEAST_TERMS, min(len(first), len(second), FULL_TERMS)) / FULL_TERMS
