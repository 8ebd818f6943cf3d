"""How many returns it takes until a reader gets no more mail. Pure.

Mailman's rule, told for a newsletter: of one day's letters at most one counts, five points are the end, and points are
forgotten once a letter has stayed where it was sent for seven days. Counting days alone would forget a weekly
newsletter's returns before the next one could come. All times are the letters', not those of reading what came back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.send.bounces.grades import AT_ONCE
from digest.send.bounces.nouns import Grade

THRESHOLD = 5.0
STALE_DAYS = 7
_POINTS: dict[Grade, float] = {"hard": 1.0, "soft": 0.5, "unknown": 0.5, "policy": 0.0}


@dataclass(frozen=True, slots=True)
class Past:
    """One letter that came back."""

    at: datetime  # when it was accepted, or refused
    grade: Grade
    status: str


def points(grade: Grade, status: str) -> float:
    """What one return counts; a temporary failure (4.x) never counts, and neither does one that is about us."""
    return 0.0 if status.startswith("4.") else _POINTS[grade]


def is_at_once(grade: Grade, status: str) -> bool:
    """Whether one such return is enough: the receiver knows of no such mailbox."""
    return grade == "hard" and status in AT_ONCE


def score(returns: Iterable[Past], stayed: Sequence[datetime]) -> float:
    """The points at the time of the last of *returns*. *stayed*: when letters were accepted that did not come back."""
    total, last, day = 0.0, None, 0.0
    for one in sorted(returns, key=lambda past: past.at):
        if last is not None and any(last < at and _days(at, one.at) >= STALE_DAYS for at in stayed):
            total, last = 0.0, None
        if last is None or _days(last, one.at):
            day = 0.0
        counts = points(one.grade, one.status)
        total += max(0.0, counts - day)
        day = max(day, counts)
        last = one.at
    return total


def has_stayed_since(last: datetime, stayed: Sequence[datetime], now: datetime) -> bool:
    """Whether a letter after the one at *last* was accepted and has stayed for seven days: they are there again."""
    return any(last < at and _days(at, now) >= STALE_DAYS for at in stayed)


def _days(first: datetime, last: datetime) -> int:
    """Calendar days between: a weekly letter is now and then some minutes early."""
    return (last.astimezone(UTC).date() - first.astimezone(UTC).date()).days
