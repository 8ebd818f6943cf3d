"""Which articles tell one event? Average link over their likeness, then a second look at each large group.

The second look tells look-alikes apart (two quakes, two sackings of one coach): weighed by what is rare *inside* the
group, two events fall into two halves with little in common, while the reports of one event do not.
Texts more than four days apart are no evidence for one story. `python -m bench.stories` measures it.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import timedelta

from digest.model import Article, Story
from digest.pick.duplicates import find_copies
from digest.pick.vectors import Terms, cosines, likenesses, terms_of, vectors

SAME_EVENT = 0.15  # mean likeness from which two groups are one story
TIME_WINDOW = timedelta(days=4)
SMALLEST_HALF = 3  # and a fifth of the group: a lone report with its own angle is no second event
ENOUGH_TERMS = 14  # on average in a group; headlines say too little to be told apart
SUMMARY_CHARS = 400  # a lead has at least three sentences to choose from
MANY_REPORTS = 4  # among fewer none is typical: the longest leads
TWO_EVENTS = 0.4  # halves less alike than this share of what holds each together are two events

Links = list[dict[int, float]]


def group_stories(articles: Sequence[Article]) -> list[Story]:
    """The stories of *articles*, in order of first appearance.

    A story's lead is open and may be excerpted, the most typical report of many or the longest of a few; the others
    follow by time.
    """
    ordered = in_order(articles)
    copies = {ordered[copy].id: ordered[source].id for copy, source in find_copies(ordered).items()}
    return tell_stories(ordered, copies, {a.id: terms_of(a) for a in ordered})


def in_order(articles: Iterable[Article]) -> list[Article]:
    """By when they were first seen, the longest first: the order in which the first of two copies is the original."""
    return sorted(articles, key=lambda a: (a.seen, -len(a.text), a.id))


def tell_stories(ordered: Sequence[Article], copies: Mapping[str, str], terms: Mapping[str, Terms]) -> list[Story]:
    """`group_stories` for articles as `in_order`, where the *copies* (id of a copy -> id of its original) and the
    *terms* of each by its id are known."""
    originals = [a for a in ordered if a.id not in copies]
    links = _links(originals, [terms[a.id] for a in originals])
    groups = _groups(links, [terms[a.id] for a in originals])
    typical = {
        originals[n].id: math.fsum(links[n].get(other, 0.0) for other in group)
        for group in groups
        if len(group) >= MANY_REPORTS
        for n in group
    }
    home = {originals[n].id: number for number, group in enumerate(groups) for n in group}
    members: list[list[Article]] = [[originals[n] for n in group] for group in groups]
    for article in ordered:
        if article.id in copies:
            members[home[copies[article.id]]].append(article)
    return [led(group, copies, typical) for group in members]


def led(group: Sequence[Article], copies: Container[str], typical: Mapping[str, float]) -> Story:
    """*group* as a story with the lead that serves a reader best: open, free to excerpt, long enough to summarize,
    the most typical (by *typical*: id -> how much it has in common with the others, where that is known), long."""

    def worth(article: Article) -> tuple[object, ...]:
        return (
            is_closed(article),
            article.excerpt_chars() == 0,
            article.id in copies,
            len(article.text) < SUMMARY_CHARS,
            -typical.get(article.id, 0.0),
            -min(len(article.text), 4000) // 400,
            article.seen,
            article.id,
        )

    lead, *rest = sorted(group, key=worth)
    return Story(lead, tuple(sorted(rest, key=lambda a: (a.seen, a.id))))


def is_closed(article: Article) -> bool:
    """Is *article* behind a paywall to readers, with no right to show more of it?"""
    return article.paywall == "closed" and not article.right_held() and not article.own


def _links(articles: Sequence[Article], terms: Sequence[Terms]) -> Links:
    """How like each article is to the others that were first seen within the time window."""
    return [
        {o: like for o, like in row.items() if abs(articles[n].seen - articles[o].seen) <= TIME_WINDOW}
        for n, row in enumerate(likenesses(terms))
    ]


def _groups(links: Links, terms: Sequence[Terms]) -> list[list[int]]:
    """Indices by story, each in order, the story that was told first in front."""
    return sorted(half for group in _average_link(links, SAME_EVENT) for half in _second_look(group, terms))


def _second_look(group: list[int], terms: Sequence[Terms]) -> list[list[int]]:
    """*group*, or the groups it falls into when it holds look-alikes."""
    smallest = max(SMALLEST_HALF, len(group) / 5)
    if len(group) < 2 * smallest or sum(len(terms[n]) for n in group) < ENOUGH_TERMS * len(group):
        return [group]
    links = cosines(vectors([terms[n] for n in group], inside=True))
    halves = _average_link(links, 0.0, leave=2)
    if len(halves) != 2 or min(map(len, halves)) < smallest:
        return [group]
    inside = [links[a].get(b, 0.0) for half in halves for a in half for b in half if b < a]
    between = [links[a].get(b, 0.0) for a in halves[0] for b in halves[1]]
    if sum(between) / len(between) >= TWO_EVENTS * sum(inside) / len(inside):
        return [group]
    return [part for half in halves for part in _second_look([group[n] for n in half], terms)]


def _average_link(links: Links, threshold: float, *, leave: int = 1) -> list[list[int]]:
    """Groups of indices, each in order: merge the closest pair while its mean link reaches *threshold* and more than
    *leave* groups are left. *links* is symmetric; what is missing counts 0."""
    links = [dict(row) for row in links]
    groups: dict[int, list[int]] = {n: [n] for n in range(len(links))}
    heap = [(-score, a, b) for a, row in enumerate(links) for b, score in row.items() if a < b]
    heapq.heapify(heap)
    while heap and len(groups) > leave:
        negative, a, b = heapq.heappop(heap)
        if -negative < threshold:
            break
        if a not in groups or b not in groups or links[a].get(b) != -negative:
            continue
        own, gone = len(groups[a]), len(groups[b])
        merged: defaultdict[int, float] = defaultdict(float)
        for size, row in ((own, links[a]), (gone, links[b])):
            for other, score in row.items():
                merged[other] += size * score / (own + gone)
        for other in sorted(merged.keys() - {a, b}):
            links[other].pop(b, None)
            links[a][other] = links[other][a] = merged[other]
            heapq.heappush(heap, (-merged[other], min(a, other), max(a, other)))
        del links[a][b]
        groups[a] += groups.pop(b)
    return [sorted(group) for group in groups.values()]
