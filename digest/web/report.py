"""One issue's delivery as a page to keep: who has it, since when, and what was said by those who refused.

One HTML file with its charts drawn inside: no script, no picture from elsewhere, no reader's address. Counts and words
come from the ledger; this room only lays them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.config import Config
from digest.dispatch.standing import Standing
from digest.model import DeliveryState
from digest.store import Store
from digest.store.issues import IssueEvent
from digest.web.sheets import sheets

if TYPE_CHECKING:
    pass

MOST_BARS = 48
MOST_DOMAINS = 12
MOST_TICKS = 6
SLIVER = 0.6  # percent: a part smaller than that is still seen

STEPS = [timedelta(seconds=s) for s in (1, 2, 5, 10, 15, 30)]
STEPS += [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30)]
STEPS += [timedelta(hours=h) for h in (1, 2, 3, 6, 12, 24, 48, 168)]


@dataclass(frozen=True, slots=True)
class Kind:
    """What became of a letter, as the page tells it."""

    name: str  # of its color
    words: str
    states: tuple[DeliveryState, ...]


KINDS = (
    Kind("accepted", "accepted by your relay", ("accepted",)),
    Kind("again", "will be tried again", ("deferred",)),
    Kind("waiting", "waiting", ("waiting", "leased", "sending")),
    Kind("refused", "refused", ("rejected",)),
    Kind("doubt", "we cannot know", ("uncertain",)),
    Kind("left", "left out since", ("suppressed",)),
    Kind("stopped", "cancelled", ("cancelled",)),
)
WRITTEN = Kind("accepted", "written to var/outbox", ())
_KIND_OF = {state: kind for kind in KINDS for state in kind.states}


@dataclass(frozen=True, slots=True)
class Part:
    """One colored stretch of a bar."""

    kind: Kind
    number: int
    start: float  # percent of the bar's length
    width: float


@dataclass(frozen=True, slots=True)
class Domain:
    name: str
    readers: int
    parts: tuple[Part, ...]

    @property
    def accepted(self) -> int:
        return sum(part.number for part in self.parts if part.kind.name == "accepted")

    @property
    def others(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.kind.name != "accepted")


@dataclass(frozen=True, slots=True)
class Bar:
    at: datetime  # where its step begins
    number: int
    height: float  # percent of the chart's


@dataclass(frozen=True, slots=True)
class Pace:
    """When letters were accepted."""

    step: timedelta
    bars: tuple[Bar, ...]  # without a gap; () when all fell into one step or two
    pauses: tuple[tuple[float, float], ...]  # where along the chart the issue was paused: start and width, in percent
    top: int  # the number at the chart's upper edge
    first: datetime
    last: datetime
    half: datetime  # the end of the step by which half had it

    @property
    def step_words(self) -> str:
        seconds = int(self.step.total_seconds())
        for size, one in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
            if seconds % size == 0:
                many = seconds // size
                return one if many == 1 else f"{many} {one}s"
        raise AssertionError(seconds)


def report_page(store: Store, config: Config, standing: Standing, *, now: datetime) -> str:
    """The whole page, as HTML."""
    events = store.issues.events(standing.slug)
    pace = pace_of(store, standing.slug, standing.number("accepted"), events)
    return (
        sheets("report")
        .get_template("report.html")
        .render(
            newsletter=config.newsletter,
            theme=config.theme,
            zone=config.zone,
            standing=standing,
            parts=parts(standing.by_state, standing.written),
            domains=domains(store.accounts.by_domain(standing.slug)),
            pace=pace,
            ticks=ticks(pace, config.zone) if pace else (),
            events=events,
            kind_of=_KIND_OF,
            send=config.send,
            now=now,
        )
    )


def parts(by_state: Mapping[DeliveryState, int], written: int = 0) -> tuple[Part, ...]:
    """A bar of all rows, cut by what became of them; the smallest part is still to be seen. *written*: so many of the
    accepted are files."""
    numbers = [(kind, sum(by_state.get(state, 0) for state in kind.states)) for kind in KINDS]
    numbers[1:1] = [(WRITTEN, written)]
    numbers[0] = (KINDS[0], numbers[0][1] - written)
    numbers = [(kind, number) for kind, number in numbers if number]
    total = sum(number for _, number in numbers)
    widths = [max(100 * number / total, SLIVER) for _, number in numbers]
    scale, start, found = 100 / sum(widths, 0.0) if widths else 1, 0.0, []
    for (kind, number), width in zip(numbers, widths, strict=True):
        found.append(Part(kind, number, round(start, 3), round(width * scale, 3)))
        start += width * scale
    return tuple(found)


def domains(table: Mapping[str, Mapping[DeliveryState, int]]) -> tuple[Domain, ...]:
    """The domains with the most readers, and all the others as one."""
    ranked = sorted(table.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    shown, rest = ranked[:MOST_DOMAINS], ranked[MOST_DOMAINS:]
    found = [Domain(name or "erased readers", sum(n.values()), parts(n)) for name, n in shown]
    if rest:
        together: dict[DeliveryState, int] = {}
        for _, numbers in rest:
            for state, number in numbers.items():
                together[state] = together.get(state, 0) + number
        found.append(Domain(f"{len(rest)} other domains", sum(together.values()), parts(together)))
    return tuple(found)


def pace_of(store: Store, slug: str, accepted: int, events: Sequence[IssueEvent]) -> Pace | None:
    """None: nothing was accepted yet."""
    between = store.accounts.accepted_between(slug)
    if between is None:
        return None
    first, last = between
    step = next((s for s in STEPS if (last - first) / s < MOST_BARS), STEPS[-1])
    counted = dict(store.accounts.accepted_over_time(slug, step))
    begin, steps = min(counted), int((max(counted) - min(counted)) / step) + 1
    numbers = [(begin + n * step, counted.get(begin + n * step, 0)) for n in range(steps)]
    top = _round_up(max(number for _, number in numbers))
    bars = tuple(Bar(at, number, 100 * number / top) for at, number in numbers) if steps > 2 else ()
    pauses = _pauses(events, begin, step * steps) if bars else ()
    return Pace(step, bars, pauses, top, first, last, _half(numbers, accepted, step, last))


def _pauses(events: Sequence[IssueEvent], begin: datetime, span: timedelta) -> tuple[tuple[float, float], ...]:
    found = []
    for event, after in pairwise(events):
        if event.became == "paused":
            start = min(max(100 * ((event.at - begin) / span), 0), 100)
            end = min(max(100 * ((after.at - begin) / span), 0), 100)
            if end > start:
                found.append((round(start, 3), round(end - start, 3)))
    return tuple(found)


def _half(numbers: Sequence[tuple[datetime, int]], accepted: int, step: timedelta, last: datetime) -> datetime:
    so_far = 0
    for at, number in numbers:
        so_far += number
        if 2 * so_far >= accepted:
            return min(at + step, last)
    return last


def _round_up(number: int) -> int:
    """The next number that reads well at the end of an axis, and whose half does."""
    size = 1
    while True:
        for first in (2, 4, 6, 8, 10):
            if first * size >= number:
                return first * size
        size *= 10


def ticks(pace: Pace, zone: ZoneInfo) -> tuple[tuple[float, datetime], ...]:
    """Where along the chart (in percent) which time is written: times that read well by the newsletter's clock."""
    if not pace.bars:
        return ()
    begin, end = pace.bars[0].at, pace.bars[-1].at + pace.step
    apart = next((s for s in STEPS if (end - begin) / s <= MOST_TICKS), STEPS[-1])
    local = begin.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + apart * -(-(local - midnight) // apart)
    found = []
    while at <= end:
        found.append((round(100 * ((at - begin) / (end - begin)), 2), at))
        at += apart
    return tuple(found)
