"""How well does each story answer the brief? Its own words, and the company it keeps among the week's stories.

A word of the brief counts the more, the fewer of the week's stories hold it: one that names the whole field
("business") tells little. A story that is much like others which answer the brief ("quake" beside "earthquake")
shares in their fit. Both measured on the made weeks: `python -m bench.weeks`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from digest.model import Article, Brief, Story
from digest.pick.matching import Matcher
from digest.pick.vectors import Terms, cosines, vectors
from digest.text.words import light_stem, stop_words

ENOUGH = 4  # a word held so often counts in full
FULL_FIT = 0.6  # the weighed words of a story that answers the brief
COMMON = 0.2  # the least a word of the brief counts, however common it is this week
COMPANY = 0.5  # how much of its company's fit a story can have
NEIGHBORS = 5
WORTH_SAYING = 0.05  # a smaller share of the fit is no reason to name
CLOSE = 0.4  # the summed likeness of neighbors that speak for a story in full

_WORD = re.compile(r"\w+(?:[-’']\w+)*")


@dataclass(frozen=True, slots=True)
class Fit:
    """How a story answers the brief, 0..1, and what says so."""

    value: float
    words: tuple[str, ...] = ()  # of the brief, the strongest first
    company: int | None = None  # the index of the story whose fit it shares most, where that is worth saying


def keywords_from(line: str, language: str = "en") -> dict[str, float]:
    """The words of a brief's line that carry meaning, each with its weight: 1 for each, once by stem."""
    stops = stop_words(language)
    words: dict[str, str] = {}
    for word in _WORD.findall(line):
        low = word.casefold()
        if low not in stops and (len(low) > 2 or not low.isascii() or word.isupper()):
            words.setdefault(light_stem(low, language), low)
    return dict.fromkeys(words.values(), 1.0)


def fits(
    stories: Sequence[Story], brief: Brief, copies: Container[str], near: Sequence[Mapping[int, float]]
) -> list[Fit]:
    """Each story's fit to the brief's keywords, or else to its line; 1 for all where the brief asks for nothing.

    *copies* (ids) say nothing of their own; *near* is each story's cosine with the others, by index.
    """
    weights = dict(brief.keywords) or keywords_from(brief.line, brief.languages[0] if brief.languages else "en")
    if not weights:
        return [Fit(1.0)] * len(stories)
    matcher = Matcher(weights)
    held = [_held(reports_of(story, copies), matcher) for story in stories]
    told_by = Counter(word for words in held for word in words)
    rarity = {w: _rarity(n, len(stories)) for w, n in told_by.items()}
    points = [{w: weights[w] * rarity[w] * share for w, share in words.items()} for words in held]
    own = [max(0.0, min(1.0, math.fsum(p.values()) / FULL_FIT)) for p in points]
    found: list[Fit] = []
    for number, row in enumerate(near):
        words = sorted(points[number], key=lambda w: (-points[number][w], w))
        shared, friend = _company(row, own)
        value = 1 - (1 - own[number]) * (1 - COMPANY * shared)
        found.append(Fit(value, tuple(words[:4]), None if value - own[number] < WORTH_SAYING else friend))
    return found


def reports_of(story: Story, copies: Container[str]) -> list[Article]:
    """The articles of *story* that are no copies, by time, whichever leads it; its lead where all are copies."""
    return sorted((a for a in story.articles() if a.id not in copies), key=lambda a: (a.seen, a.id)) or [story.lead]


def closeness(stories: Sequence[Story], copies: Container[str], terms: Mapping[str, Terms]) -> list[dict[int, float]]:
    """For each story its cosine with the others, by index, over the terms of its reports."""
    together: list[Terms] = []
    for story in stories:
        counts: Terms = Counter()
        for article in reports_of(story, copies):
            counts.update(terms[article.id])
        together.append(counts)
    return cosines(vectors(together))


def _rarity(holders: int, stories: int) -> float:
    return max(COMMON, math.log((1 + stories) / (0.5 + holders)) / math.log(1 + stories))


def _held(group: Sequence[Article], matcher: Matcher) -> dict[str, float]:
    """How much the reports hold of each word, 0..1 on average."""
    held: dict[str, float] = {}
    for article in group:
        for word, times in matcher.count(article).items():
            held[word] = held.get(word, 0.0) + min(times, ENOUGH) / ENOUGH / len(group)
    return held


def _company(near: Mapping[int, float], own: Sequence[float]) -> tuple[float, int | None]:
    """The mean fit of the stories one is most like, and which of them gives most of it."""
    closest = sorted(near.items(), key=lambda pair: (-pair[1], pair[0]))[:NEIGHBORS]
    if not closest:
        return 0.0, None
    given = [score * own[other] for other, score in closest]
    total = max(CLOSE, math.fsum(score for _, score in closest))
    return math.fsum(given) / total, closest[given.index(max(given))][0]
