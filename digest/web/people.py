"""The people counted, as a page to keep: growth, leavers by issue, languages and topics; nobody is named.

One HTML file with its charts drawn inside, in the look of the issue's report: no script, no picture from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from digest.config import Config
from digest.store.statistics import PeopleCounted, WeekOfPeople
from digest.web.sheets import sheets

if TYPE_CHECKING:
    pass

MOST_BARS = 60  # beyond, a bar is several weeks
MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the chart: some weeks."""

    monday: date
    joined: int
    left: int
    members: int  # at its end


def people_page(config: Config, counted: PeopleCounted, *, of: str, now: datetime) -> str:
    """The whole page. *of*: the segment in words; '' for everybody."""
    steps, weeks = steps_of(counted.weeks)
    most = max((step.members for step in steps), default=0)
    return (
        sheets("people")
        .get_template("people.html")
        .render(
            newsletter=config.newsletter,
            theme=config.theme,
            zone=config.zone,
            counted=counted,
            of=of,
            steps=steps,
            weeks=weeks,
            line=points(steps, most),
            most=most,
            up=max((step.joined for step in steps), default=0),
            down=max((step.left for step in steps), default=0),
            ticks=ticks(steps),
            now=now,
        )
    )


def steps_of(weeks: Sequence[WeekOfPeople]) -> tuple[tuple[Step, ...], int]:
    """The bars, and how many weeks each is."""
    size = max(1, -(-len(weeks) // MOST_BARS))
    found = []
    for begin in range(0, len(weeks), size):
        some = weeks[begin : begin + size]
        joined, left = sum(w.joined for w in some), sum(w.left for w in some)
        found.append(Step(some[0].monday, joined, left, some[-1].members))
    return tuple(found), size


def points(steps: Sequence[Step], most: int) -> str:
    """How many there were, as the points of an SVG line in a square of 100: over each bar's middle."""
    if not steps or not most:
        return ""
    wide = 100 / len(steps)
    return " ".join(f"{(n + 0.5) * wide:.2f},{100 - 100 * step.members / most:.2f}" for n, step in enumerate(steps))


def ticks(steps: Sequence[Step]) -> tuple[tuple[float, date], ...]:
    """Where along the chart (in percent) which day is written."""
    every = max(1, -(-len(steps) // MOST_TICKS))
    return tuple((100 * (n + 0.5) / len(steps), steps[n].monday) for n in range(0, len(steps), every))
