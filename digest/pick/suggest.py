"""Which words tell what editors pick from what they pass over? Candidates for the brief, each with its evidence.

A word is counted by stories, not by reports: ten reports of one event are one piece of evidence, and the reports
beside a picked one are not passed over. Log-odds with Jeffreys' prior (half a story), over their standard error.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from digest.model import Article
from digest.pick.stories import group_stories
from digest.pick.vectors import opening_of
from digest.text.words import light_stem, stop_words

LEAST_PICKED = 2  # a word of one story only is a name of that story
LEAST_SURE = 1.64  # standard errors from even odds: one in twenty such words is chance
MOSTLY = 0.8  # a word that stands in a phrase so often is left to the phrase

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")

Key = tuple[str, ...]  # the stems of a word or of a phrase


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word or two-word phrase for the brief, and in how many stories of each kind it stands."""

    word: str
    weight: float  # 0..1: 0 stands as often in what was passed over, 1 only in what was picked
    picked: int
    picked_of: int
    passed: int
    passed_of: int


def suggest_keywords(
    picked: Sequence[Article], passed_over: Sequence[Article], *, known: Iterable[str] = (), limit: int = 20
) -> list[Suggestion]:
    """Words and two-word phrases that stand in *picked* and seldom in *passed_over*, the surest first.

    *picked*: what editors put into past issues; *passed_over*: what was collected in the same weeks and not picked.
    No stop words, no names of outlets, nothing *known* already (by stem). With what editors dropped as *picked* and
    what they kept as *passed_over*, the same words are candidates for [brief] blocked.
    """
    chosen = {a.id for a in picked}
    everything = {a.id: a for a in (*passed_over, *picked)}
    outlets = _names({a.outlet for a in everything.values() if a.outlet})
    languages = {a.language for a in picked}
    skip = {tuple(light_stem(w, tag) for w in _words(word)) for word in known for tag in languages}
    held: tuple[Counter[Key], Counter[Key]] = (Counter(), Counter())
    stories = [0, 0]
    printed: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for story in group_stories(list(everything.values())):
        ours = [a for a in story.articles() if a.id in chosen]
        side = 0 if ours else 1
        stories[side] += 1
        keys: set[Key] = set()
        for article in ours or story.articles():
            for key, word in _candidates(article, outlets):
                keys.add(key)
                printed[key][word] += 1
        held[side].update(keys)
    sure: dict[Key, float] = {}
    for key, count in held[0].items():
        certainty = _certainty(count, stories[0], held[1][key], stories[1])
        if count >= LEAST_PICKED and certainty >= LEAST_SURE and key not in skip:
            sure[key] = certainty
    for key in [k for k in sure if len(k) == 2]:
        for part in key:
            if (part,) in sure and held[0][key] >= MOSTLY * held[0][(part,)]:
                del sure[(part,)]
    best = sorted(sure, key=lambda k: (-sure[k], -len(k), k))[:limit]
    return [
        Suggestion(
            min(printed[key], key=lambda w: (-printed[key][w], w)),
            _weight(held[0][key], stories[0], held[1][key], stories[1]),
            held[0][key],
            stories[0],
            held[1][key],
            stories[1],
        )
        for key in best
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _names(outlets: Iterable[str]) -> frozenset[Key]:
    return frozenset(tuple(_words(name)) for name in outlets)


def _candidates(article: Article, outlets: frozenset[Key]) -> Iterator[tuple[Key, str]]:
    """Each word and each pair of neighbors that could be a keyword, as stems and as printed, small letters."""
    stops = stop_words(article.language)
    longest = max(map(len, outlets), default=0)
    for text in (article.title, " ".join(opening_of(article))):
        words = _words(text)
        named: set[int] = set()  # places of an outlet's name
        for place in range(len(words)):
            for size in range(1, longest + 1):
                if tuple(words[place : place + size]) in outlets:
                    named.update(range(place, place + size))
        before: str | None = None
        for place, word in enumerate(words):
            if place in named or word in stops or len(word) < 3 or word.isdigit():
                before = None
                continue
            root = light_stem(word, article.language)
            yield (root,), word
            if before is not None:
                yield (light_stem(before, article.language), root), f"{before} {word}"
            before = word


def _certainty(picked: int, picked_of: int, passed: int, passed_of: int) -> float:
    """By how many standard errors the odds to be picked are better with the word than without."""
    cells = (picked + 0.5, picked_of - picked + 0.5, passed + 0.5, passed_of - passed + 0.5)
    odds = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
    return odds / math.sqrt(math.fsum(1 / cell for cell in cells))


def _weight(picked: int, picked_of: int, passed: int, passed_of: int) -> float:
    """How far the word's shares lean to what was picked, 0..1."""
    ours, theirs = (picked + 0.5) / (picked_of + 1), (passed + 0.5) / (passed_of + 1)
    return round(2 * ours / (ours + theirs) - 1, 2)
