"""Which sentences together make the summary: worth the most for their words, and whole to read.

A set is worth what its words and pairs are, each counted once, for the words it takes: (sum of chances) / (words +
ROOM x budget), the F-measure against highlights somewhat longer than the budget. Each jump over sentences that could
be printed takes a little off it: what stands together was written to be read together. What needs a sentence before
it comes only with it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from digest.condense.candidates import QUESTION, Candidate
from digest.condense.leaning import Needs
from digest.text.words import stems, tokens

POOL = 12  # sentences weighed against each other, besides what they need
BEAM = 16  # sets kept from each step to the next
ROOM = 0.85  # more of it asks for longer summaries
SHORT = 0.5  # of the budget: a summary shorter than that is no better for it
JUMP = 0.1  # of its worth a set loses by each jump over JUMPED sentences or more, and less by a shorter one
JUMPED = 5
LAST_RESORT = ("too short", "no end")  # doubts that print a sentence where nothing else is left
SHARED = 0.55  # of the fewer words in common: the same thing in other words
SHARED_RUN = 5  # words in a row in common: the same thing in the same words

Worth = Sequence[Mapping[Any, float]]  # for each candidate, its words and pairs, or itself, and what each is worth


@dataclass(frozen=True, slots=True)
class _Set:
    numbers: tuple[int, ...]
    covered: frozenset[Hashable]
    total: float
    words: int
    value: float


def choose(
    candidates: Sequence[Candidate],
    worth: Worth,
    *,
    limit: int,
    max_words: int,
    language: str,
    asked: int | None = None,
) -> list[Candidate]:
    """At most *limit* of *candidates* and *max_words* words, in text order; *worth* is by the candidate's number.

    asked: the words asked for, where some are spent already and *max_words* are left; None: all are left.
    Where nothing clean fits, the best sentence that reads on its own; empty where none does.
    """
    if limit <= 0:
        return []
    fit = {c.number: c for c in candidates if not c.flaw and c.words <= max_words}
    clean = {n: c for n, c in fit.items() if not c.doubt}
    printable = [c.number for c in candidates if not c.flaw and not c.doubt]
    alike = _Likeness(fit, language)
    asked = max_words if asked is None else asked

    def search(printable: Sequence[int]) -> tuple[int, ...]:
        places = {number: place for place, number in enumerate(printable)}
        return _best_set(clean, worth, places, alike, limit=limit, max_words=max_words, asked=asked)

    best = search(printable)
    first = fit.get(0)
    if not best and first is not None and not first.needs.names and first.doubt in ("", QUESTION):
        # "He may be hurt, but the golfer Arnold Palmer …", "What has Alan Gross been up to?": a text's opening leans
        # forward, on nothing before it
        clean[0] = replace(first, needs=Needs((), ()), doubt="")
        best = search(sorted({0, *printable}))
    if best:
        return [fit[number] for number in best]
    # Nothing clean: one sentence that reads on its own is better than none.
    last = [c for c in fit.values() if not c.needs and c.doubt in LAST_RESORT]
    last.sort(key=lambda c: (-sum(worth[c.number].values()), c.number))
    return last[:1]


def _best_set(
    clean: Mapping[int, Candidate],
    worth: Worth,
    places: Mapping[int, int],
    alike: _Likeness,
    *,
    limit: int,
    max_words: int,
    asked: int,
) -> tuple[int, ...]:
    """The numbers of the set worth most, found by a beam search; empty where no set is whole."""
    pool = _pool(clean, worth, max_words)
    best: _Set | None = None
    beam = [_Set((), frozenset(), 0.0, 0, 0.0)]
    for _ in range(min(limit, len(pool))):
        reached: dict[tuple[int, ...], _Set] = {}
        for kept in beam:
            for number in pool:
                if number in kept.numbers or kept.words + clean[number].words > max_words:
                    continue
                numbers = tuple(sorted((*kept.numbers, number)))
                if numbers in reached or any(alike(number, other) for other in kept.numbers):
                    continue
                total = kept.total + sum(chance for unit, chance in worth[number].items() if unit not in kept.covered)
                words = kept.words + clean[number].words
                value = total / (max(words, SHORT * asked) + ROOM * asked) * (1 - JUMP * _jumps(numbers, places))
                reached[numbers] = _Set(numbers, kept.covered | worth[number].keys(), total, words, value)
        ranked = sorted(reached.values(), key=lambda s: (-s.value, s.numbers))
        for found in ranked:
            if best is not None and found.value <= best.value:
                break
            if _whole(found.numbers, clean):
                best = found
                break
        beam = ranked[:BEAM]
    return best.numbers if best is not None else ()


def verdict(c: Candidate, chosen: Sequence[Candidate], *, limit: int, max_words: int, language: str) -> str:
    """The rule that let *c* into the *chosen* or kept it out; sentences are counted from 1."""
    if c in chosen:
        return "the best there is" if c.doubt else "worth the most for its words, together with the others"
    if c.flaw or c.doubt:
        return c.flaw or c.doubt
    if c.words > max_words:
        return f"longer than {max_words} words"
    if not c.needs.met([other.number for other in chosen if other.number < c.number]):
        return c.needs.said()
    alike = _Likeness({other.number: other for other in (*chosen, c)}, language)
    for other in chosen:
        if alike(c.number, other.number):
            return f"says what sentence {other.number + 1} says"
    if len(chosen) < limit and sum(other.words for other in chosen) + c.words > max_words:
        return f"would make more than {max_words} words"
    return "the others say more in their words"


def _jumps(numbers: Sequence[int], places: Mapping[int, int]) -> float:
    """How much of the text a reader of these sentences jumps over, from its first sentence on; 1 for a whole jump."""
    after, jumped = 0, 0
    for number in numbers:
        jumped += min(places[number] - after, JUMPED)
        after = places[number] + 1
    return jumped / JUMPED


def _pool(clean: Mapping[int, Candidate], worth: Worth, max_words: int) -> list[int]:
    """The numbers of the sentences worth most for their words, and of what they need."""
    alone = {n: sum(worth[n].values()) / (c.words + max_words / 3) for n, c in clean.items()}
    pool = sorted(clean, key=lambda n: (-alone[n], n))[:POOL]
    for number in pool:  # grows while it is read: what is needed may need something itself
        needs = clean[number].needs
        for need in (*needs.names, *needs.others):
            useful = sorted((n for n in need if n in clean), key=lambda n: (-alone[n], n))[:2]
            pool += [n for n in useful if n not in pool]
    return sorted(pool)


def _whole(numbers: Sequence[int], clean: Mapping[int, Candidate]) -> bool:
    return all(clean[n].needs.met([m for m in numbers if m < n]) for n in numbers)


class _Likeness:
    """Whether one of two candidates repeats the other."""

    def __init__(self, candidates: Mapping[int, Candidate], language: str) -> None:
        self._candidates, self._language = candidates, language
        self._shapes: dict[int, tuple[set[tuple[str, ...]], set[str]]] = {}

    def __call__(self, first: int, second: int) -> bool:
        runs, words = self._shape(first)
        runs2, words2 = self._shape(second)
        if not runs.isdisjoint(runs2):
            return True
        fewer = min(len(words), len(words2))
        return fewer > 0 and len(words & words2) >= SHARED * fewer

    def _shape(self, number: int) -> tuple[set[tuple[str, ...]], set[str]]:
        if number not in self._shapes:
            text = self._candidates[number].text
            words = tokens(text)
            runs = {tuple(words[n : n + SHARED_RUN]) for n in range(len(words) - SHARED_RUN + 1)}
            self._shapes[number] = (runs, set(stems(text, self._language)))
        return self._shapes[number]
