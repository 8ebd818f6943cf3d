"""Which of the ranked stories get the room there is? The best first, spread over outlets and sections.

What the editor pinned or dropped comes before any score. Every story that was not chosen says why, and what would
have to change: the remedies hold, they are tested by doing what they say.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from digest.model import Brief, Pick, Story
from digest.pick.fit import reports_of
from digest.pick.sections import OTHER
from digest.pick.wishes import Wishes
from digest.text.wording import counted

NEAR_MISSES = 10  # so many of the stories that had a score are told why they lost
MOST_OUTLETS = 9  # more is no advice
MOST_WEIGHT = 3.0
VARIETY = 0.95  # a story's factor for each pick its section has already

COVERAGE, FIT, WEIGHT, RECENCY, SPREAD = "coverage", "fit to the brief", "source weight", "recency", "variety"


@dataclass(frozen=True, slots=True)
class Contest:
    """The stories that want to be printed, and the rules they are picked by."""

    ranked: Sequence[Pick]  # `by_score`
    wishes: Wishes
    brief: Brief
    limit: int  # how much room there is
    copies: Container[str]  # ids of articles that add no report

    def admits(self, pick: Pick) -> bool:
        return any(c.story is pick.story for c in _fill(self).chosen)


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of every story of a week."""

    chosen: tuple[Pick, ...]  # in print order
    waiting: tuple[Pick, ...]  # had a score and were not chosen, the dropped among them, the best first
    out: tuple[Pick, ...]  # could not be picked at all: each says why
    _contest: Contest
    _room: _Room

    def picks(self, near_misses: int | None) -> list[Pick]:
        """The chosen, then so many of the waiting (None: all), each with why it lost and what would change it, then
        those that could not be picked."""
        return [*self.chosen, *map(self.explained, self.waiting[:near_misses]), *self.out]

    def lost(self, pick: Pick) -> Pick:
        """*pick*, one of the waiting, with why it lost."""
        return self._missed(pick)[0]

    def explained(self, pick: Pick) -> Pick:
        """The same with what would change it, which takes a while to find out."""
        missed, remedy = self._missed(pick)
        return replace(missed, remedy=remedy())

    def _missed(self, pick: Pick) -> tuple[Pick, Callable[[], str]]:
        who = self._contest.wishes.dropped(pick.story)
        if who is not None:
            return replace(pick, lost=f"dropped by {who}"), lambda: "`digest drop --undo` takes the drop back"
        return _missed(pick, self._contest, self._room)


def choose(contest: Contest, out: Sequence[Pick]) -> Choice:
    """Who gets the room; *out*: the misses that are not in the contest."""
    wishes = contest.wishes
    dropped = [p for p in contest.ranked if wishes.dropped(p.story) is not None] if wishes.drops else []
    gone = {id(p) for p in dropped}
    contest = replace(contest, ranked=[p for p in contest.ranked if id(p) not in gone])
    room = _fill(contest)
    chosen = _lead_first(sorted(room.chosen, key=by_score), wishes)
    return Choice(tuple(chosen), tuple(sorted([*dropped, *room.waiting], key=by_score)), tuple(out), contest, room)


def weight_of(story: Story, brief: Brief, copies: Container[str]) -> float:
    """The mean weight of the sources of a story's reports, 0 or more."""
    weights = [max(0.0, brief.source_weights.get(a.source, 1.0)) for a in reports_of(story, copies)]
    return round(math.fsum(weights) / len(weights), 4)


@dataclass(frozen=True, slots=True)
class _Room:
    """How the room was given away."""

    chosen: list[Pick]
    waiting: list[Pick]  # not chosen, by score
    last: Pick | None  # the last one chosen for its score; None: only pins were


def _fill(contest: Contest) -> _Room:
    """The pinned, then the best that its outlet has room for, one by one."""
    pinned = [contest.wishes.pinned(p.story) is not None for p in contest.ranked]
    chosen = [
        replace(p, reasons=(*p.reasons, "pinned by the editor"))
        for p, pin in zip(contest.ranked, pinned, strict=True)
        if pin
    ]
    queues: dict[str, deque[Pick]] = defaultdict(deque)  # of each section: its stories share one factor
    for pick, pin in zip(contest.ranked, pinned, strict=True):
        if not pin:
            queues[pick.section].append(pick)
    last: Pick | None = None
    taken = {id(p.story) for p in chosen}
    while len(chosen) < contest.limit:
        for queue in queues.values():
            while queue and not _has_room(queue[0], chosen, contest.brief):  # an outlet's room only shrinks
                queue.popleft()
        best = [queue[0] for queue in queues.values() if queue]
        if not best:
            break
        last = min((_varied(p, chosen) for p in best), key=by_score)
        queues[last.section].popleft()
        chosen.append(last)
        taken.add(id(last.story))
    waiting = [p for p in contest.ranked if id(p.story) not in taken]
    return _Room(chosen, waiting, last)


def by_score(pick: Pick) -> tuple[object, ...]:
    """The order of picks: the best first, then the one told first."""
    return (-pick.score, pick.story.lead.seen, pick.story.lead.id)


def _has_room(pick: Pick, chosen: Sequence[Pick], brief: Brief) -> bool:
    outlet = pick.story.lead.outlet  # texts that name no outlet share none
    return not outlet or sum(c.story.lead.outlet == outlet for c in chosen) < brief.source_limit


def _varied(pick: Pick, chosen: Sequence[Pick]) -> Pick:
    """*pick* with the factor for what its section has already."""
    same = Counter(c.section for c in chosen)[pick.section] if pick.section != OTHER else 0
    if not same:
        return pick
    terms = {**pick.terms, SPREAD: round(VARIETY**same, 4)}
    why = f"variety: {counted(same, 'pick')} of {pick.section} before it"
    return replace(pick, terms=terms, score=math.prod(terms.values()), reasons=(*pick.reasons, why))


def _lead_first(chosen: list[Pick], wishes: Wishes) -> list[Pick]:
    lead = next((p for p in chosen if wishes.lead in {a.id for a in p.story.articles()}), None)
    if lead is None:
        return chosen
    first = replace(lead, reasons=(*lead.reasons, "lead by the editor"))
    return [first, *(p for p in chosen if p is not lead)]


def _missed(pick: Pick, contest: Contest, room: _Room) -> tuple[Pick, Callable[[], str]]:
    """*pick* with why it lost (its outlet had its share although its score would have done, else its score), and what
    finds out what would change that."""
    last = room.last
    mine = _varied(pick, [c for c in room.chosen if last is None or c.story is not last.story])
    full = not _has_room(pick, room.chosen, contest.brief)
    outlet = pick.story.lead.outlet
    if full and (len(room.chosen) < contest.limit or (last is not None and by_score(mine) < by_score(last))):
        share = counted(sum(c.story.lead.outlet == outlet for c in room.chosen), "pick")
        lost = f"{outlet} has {share} already ([brief] source_limit)"
        return replace(pick, lost=lost), lambda: _ways_past_its_outlet(pick, contest, room)
    if last is None:
        lost = f"the editor’s pins fill the issue ({len(room.chosen)} of {contest.limit})"
        return replace(pick, lost=lost), lambda: "take a pin back with `digest pin --undo`, or `digest pin` this too"
    lost = f"score {mine.score:.2f}, the last pick has {last.score:.2f}"
    need = f"needs {max(0.01, last.score - mine.score):.2f} more"

    def remedy() -> str:
        if full:
            return f"{need}, and room for {outlet} ([brief] source_limit); or `digest pin`"
        ways = _ways_up(mine, last.score, contest) if mine.score else []
        return f"{need}: {', or '.join(ways)}; or `digest pin`" if ways else f"{need}; or `digest pin`"

    return replace(mine, lost=lost), remedy


def _ways_past_its_outlet(pick: Pick, contest: Contest, room: _Room) -> str:
    """What would bring *pick* in although its outlet has its share. A way is named only where trying it does."""
    outlet = pick.story.lead.outlet
    others = [c for c in room.chosen if c.story.lead.outlet == outlet]
    ahead = sum(w.story.lead.outlet == outlet for w in room.waiting[: room.waiting.index(pick)])
    share = len(others) + 1 + ahead
    ways: list[str] = []
    if replace(contest, brief=replace(contest.brief, source_limit=share)).admits(pick):
        ways.append(f"raise [brief] source_limit to {share}")
    if all(replace(contest, ranked=[p for p in contest.ranked if p.story is not o.story]).admits(pick) for o in others):
        ways.append(f"drop one of: {', '.join(f'“{o.story.lead.title}”' for o in others)}")
    return ", or ".join([*ways, "`digest pin`"])


def _ways_up(pick: Pick, last: float, contest: Contest) -> list[str]:
    """What would lift *pick* above *last*: each way by itself."""
    factor = last / pick.score
    ways: list[str] = []
    if (outlets := _above(pick.terms[COVERAGE] * (factor - 1))) <= MOST_OUTLETS:
        ways.append(counted(round(outlets), "more outlet"))
    if (fit := _above(pick.terms[FIT] * factor, 0.01)) <= 1:
        ways.append(f"a fit of {fit:.2f} instead of {pick.terms[FIT]:.2f}")
    weight = _above(pick.terms[WEIGHT] * factor, 0.01)
    if weight <= MOST_WEIGHT and _reweighed(contest, pick.story, weight).admits(pick):
        ways.append(f"a source weight of {weight:.2f} instead of {pick.terms[WEIGHT]:.2f}")
    return ways


def _reweighed(contest: Contest, story: Story, weight: float) -> Contest:
    """The contest with *weight* for the sources of *story*, which lifts or lowers what else they brought."""
    sources = {a.source for a in reports_of(story, contest.copies)}
    weights = {**contest.brief.source_weights, **dict.fromkeys(sources, weight)}
    brief = replace(contest.brief, source_weights=weights)

    def weighed(pick: Pick) -> Pick:
        if sources.isdisjoint(a.source for a in pick.story.articles()):
            return pick
        terms = {**pick.terms, WEIGHT: weight_of(pick.story, brief, contest.copies)}
        return replace(pick, terms=terms, score=math.prod(terms.values()))

    return replace(contest, brief=brief, ranked=sorted(map(weighed, contest.ranked), key=by_score))


def _above(value: float, step: float = 1.0) -> float:
    """The first multiple of *step* that is more than *value*."""
    return (math.floor(value / step + 1e-9) + 1) * step
