"""How fast letters may leave: in all, and to one mail domain. Pure: seconds since 1970 in, seconds out.

What was learned (a relay that asked for less, a domain that takes nothing for now) outlives the run: see `as_json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

USUAL_RATE = 14.0
"""Letters a second to a relay elsewhere: what Amazon SES gives a new account, and few others give less."""

SLOWEST = 0.1  # letters a second: however often a relay complains, it goes on
RECOVERY_S = 600.0  # after so long without a complaint the rate has doubled
CREDIT_S = 0.05  # what was not used may be caught up with: clocks and loops are not that fine
TRIES = 5  # a domain that puts off so many letters in a row has a rest
FIRST_REST_S, LONGEST_REST_S = 60.0, 3600.0


@dataclass
class Tap:
    """Letters a second, at most; slower after a complaint, and then faster again."""

    limit: float  # letters a second; 0: none
    next_at: float = 0.0  # when the next letter may leave
    slowed_to: float = 0.0  # letters a second, at slowed_at; 0: nobody complained
    slowed_at: float = 0.0

    def rate(self, now: float) -> float:
        """Letters a second now; 0: as many as there are."""
        if not self.slowed_to:
            return self.limit
        since_s = max(0.0, now - self.slowed_at)  # a clock that was set back makes nobody slower
        rate: float = self.slowed_to * 2 ** min(since_s / RECOVERY_S, 40)
        if rate >= (self.limit or 100 * USUAL_RATE):
            self.slowed_to = 0.0
            return self.limit
        return rate

    def wait_s(self, now: float) -> float:
        """Seconds until the next letter may leave; 0: now."""
        rate = self.rate(now)
        if not rate:
            return 0.0
        if self.next_at > now + 1 / rate + 1:  # no letter asks for so long: the clock was set back
            self.next_at = now + 1 / rate
        return max(0.0, self.next_at - now)

    def take(self, now: float) -> None:
        """A letter leaves."""
        rate = self.rate(now)
        if rate:
            self.next_at = max(self.next_at, now - CREDIT_S) + 1 / rate

    def slow_down(self, now: float) -> None:
        """The other side asked for less: half as much. Twice within a second is one complaint."""
        if self.slowed_to and now - self.slowed_at < 1:
            return
        self.slowed_to = max(SLOWEST, (self.rate(now) or 2 * USUAL_RATE) / 2)
        self.slowed_at = now
        self.next_at = max(self.next_at, now + 1 / self.slowed_to)


@dataclass
class Domain:
    tap: Tap
    put_off: int = 0  # letters in a row
    rests: int = 0  # in a row
    until: float = 0.0  # when its rest ends

    def rests_at(self, now: float) -> bool:
        """A rest longer than any can be was begun by a clock since set back, and is over."""
        return now < self.until <= now + LONGEST_REST_S


@dataclass
class Pace:
    """All limits of one newsletter's sending."""

    total: Tap
    limits: Mapping[str, float] = field(default_factory=dict)  # mail domain -> letters a second
    _domains: dict[str, Domain] = field(default_factory=dict)

    def _domain(self, name: str) -> Domain:
        if name not in self._domains:
            self._domains[name] = Domain(Tap(self.limits.get(name, 0.0)))
        return self._domains[name]

    def is_limited(self, domain: str) -> bool:
        return bool(self.limits) and domain in self.limits

    def wait_s(self, domain: str, now: float) -> float:
        """Seconds until a letter to *domain* may leave, by that domain's own limit."""
        return self._domain(domain).tap.wait_s(now) if self.is_limited(domain) else 0.0

    def take(self, domain: str, now: float) -> None:
        self.total.take(now)
        if self.is_limited(domain):
            self._domain(domain).tap.take(now)

    def accepted(self, domain: str) -> None:
        if domain in self._domains:
            known = self._domains[domain]
            known.put_off = known.rests = 0
            known.until = 0.0

    def put_off(self, domain: str, now: float) -> None:
        """*domain* answered "later". After TRIES in a row it rests: a minute, then twice as long, at most an hour."""
        known = self._domain(domain)
        if known.rests_at(now):
            return  # letters that were under way when it began to rest
        known.put_off += 1
        if known.put_off >= TRIES or known.rests:
            known.until = now + min(FIRST_REST_S * 2.0**known.rests, LONGEST_REST_S)
            known.rests = min(known.rests + 1, 10)
            known.put_off = 0

    def end_rest(self, domain: str) -> None:
        """*domain* is well again, says a person."""
        self._domains.pop(domain, None)

    def resting(self, now: float) -> dict[str, float]:
        """Domains that get nothing now -> when their rest ends."""
        return {name: known.until for name, known in self._domains.items() if known.rests_at(now)}

    def as_json(self, now: float) -> dict[str, Any]:
        """What the next run should know."""
        return {
            "total": _tap_json(self.total),
            "domains": {
                name: {**_tap_json(known.tap), "rests": known.rests, "until": known.until}
                for name, known in self._domains.items()
                if known.rests_at(now) or known.rests or self.is_limited(name)
            },
        }


def pace_from_json(data: Any, rate: float, limits: Mapping[str, float]) -> Pace:
    """The pace that goes on from *data* (None: nothing was learned yet) under today's limits."""
    known: Mapping[str, Any] = data if isinstance(data, dict) else {}
    pace = Pace(_tap(known.get("total", {}), rate), limits)
    for name, of in known.get("domains", {}).items():
        pace._domains[name] = Domain(_tap(of, limits.get(name, 0.0)), 0, of.get("rests", 0), of.get("until", 0.0))
    return pace


def _tap_json(tap: Tap) -> dict[str, float]:
    return {"next_at": tap.next_at, "slowed_to": tap.slowed_to, "slowed_at": tap.slowed_at}


def _tap(data: Mapping[str, float], limit: float) -> Tap:
    return Tap(limit, data.get("next_at", 0.0), data.get("slowed_to", 0.0), data.get("slowed_at", 0.0))


# ------------------------------------------------------------------------------------------------ quiet hours


def parse_hours(text: str) -> tuple[time, time]:
    """``22:00-07:00``. Raises ValueError."""
    first, _, last = text.partition("-")
    start, end = time.fromisoformat(first.strip()), time.fromisoformat(last.strip())
    if start == end:
        raise ValueError("these hours are none")
    return start, end


def quiet_until(hours: str, now: datetime) -> datetime | None:
    """When the quiet *hours* that *now* (in the newsletter's zone) lies in end; None: it lies in none."""
    if not hours:
        return None
    start, end = parse_hours(hours)
    clock = now.time().replace(tzinfo=None)
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = now.date() + timedelta(days=1) if clock >= end else now.date()
    return datetime.combine(day, end, now.tzinfo)


def quiet_between(hours: str, start: datetime, end: datetime) -> timedelta:
    """How much of the time from *start* to *end* (both in the newsletter's zone) lies in the quiet *hours*."""
    quiet = timedelta()
    if not hours or end - start > timedelta(days=400):
        return quiet
    first, last = parse_hours(hours)
    day = start.date() - timedelta(days=1)
    while day <= end.date():
        until = day if first < last else day + timedelta(days=1)
        begins = max(datetime.combine(day, first, start.tzinfo).astimezone(UTC), start.astimezone(UTC))
        ends = min(datetime.combine(until, last, start.tzinfo).astimezone(UTC), end.astimezone(UTC))
        quiet += max(ends - begins, timedelta())
        day += timedelta(days=1)
    return quiet
