"""How fast letters may leave."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from digest.send.pace import (
    LONGEST_REST_S,
    RECOVERY_S,
    TRIES,
    Pace,
    Tap,
    pace_from_json,
    parse_hours,
    quiet_between,
    quiet_until,
)

LONDON = ZoneInfo("Europe/London")


def letters_in(tap: Tap, start: float, seconds: float) -> int:
    """How many leave when each goes as soon as it may."""
    now, number = start, 0
    while now < start + seconds:
        tap.take(now)
        number += 1
        now += max(tap.wait_s(now), 0.001)
    return number


def test_fourteen_a_second_are_fourteen_a_second() -> None:
    assert 139 <= letters_in(Tap(14.0, next_at=1000), 1000, 10) <= 141


def test_without_a_limit_nothing_waits() -> None:
    tap = Tap(0.0)
    tap.take(5)
    assert tap.wait_s(5) == 0


def test_a_complaint_halves_the_rate_and_time_brings_it_back() -> None:
    tap = Tap(16.0)
    tap.slow_down(1000)
    tap.slow_down(1000.5)  # another letter's answer to the same moment
    assert tap.rate(1000) == pytest.approx(8)
    tap.slow_down(1010)
    assert tap.rate(1010) == pytest.approx(4, rel=0.02)
    assert tap.rate(1010 + RECOVERY_S) == pytest.approx(8, rel=0.02)
    assert tap.rate(1010 + 3 * RECOVERY_S) == 16


def test_a_tap_without_a_limit_slows_down_too_and_opens_again() -> None:
    tap = Tap(0.0)
    tap.slow_down(1000)
    assert 0 < tap.rate(1000) <= 14
    assert tap.rate(1000 + 20 * RECOVERY_S) == 0


def test_a_domain_that_puts_everything_off_rests_longer_and_longer_and_recovers() -> None:
    pace = Pace(Tap(0.0))
    now, rests = 1000.0, []
    for _ in range(8):
        while "busy.example" not in pace.resting(now):
            pace.put_off("busy.example", now)
        until = pace.resting(now)["busy.example"]
        rests.append(until - now)
        now = until
    assert rests[:4] == [60, 120, 240, 480]
    assert max(rests) == LONGEST_REST_S
    pace.accepted("busy.example")
    for _ in range(TRIES - 1):
        pace.put_off("busy.example", now)
    assert pace.resting(now) == {}, "it starts afresh"


def test_a_few_letters_put_off_among_others_are_no_reason_to_rest() -> None:
    pace = Pace(Tap(0.0))
    for _ in range(20):
        pace.put_off("fine.example", 1000)
        pace.accepted("fine.example")
    assert pace.resting(1000) == {}


def test_what_was_learned_outlives_the_run() -> None:
    pace = Pace(Tap(14.0), {"slow.example": 1.0})
    pace.total.slow_down(1000)
    pace.take("slow.example", 1000)
    for _ in range(TRIES):
        pace.put_off("busy.example", 1000)
    again = pace_from_json(pace.as_json(1001), 14.0, {"slow.example": 1.0})
    assert again.total.rate(1001) == pace.total.rate(1001) < 14
    assert again.wait_s("slow.example", 1000.5) == pytest.approx(0.45)
    assert again.resting(1001) == {"busy.example": 1060}


def test_nothing_learned_yet_is_no_trouble() -> None:
    assert pace_from_json(None, 14.0, {}).total.wait_s(1000) == 0


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2015-09-24 23:30", "2015-09-25 07:00"),
        ("22:00-07:00", "2015-09-25 06:59", "2015-09-25 07:00"),
        ("22:00-07:00", "2015-09-25 07:00", None),
        ("12:00-13:30", "2015-09-25 12:00", "2015-09-25 13:30"),
        ("12:00-13:30", "2015-09-25 11:59", None),
        ("22:00-07:00", "2015-10-24 23:30", "2015-10-25 07:00"),  # the clocks go back that night
        ("", "2015-09-24 23:30", None),
    ],
)
def test_quiet_hours_end_when_they_say(hours: str, now: str, until: str | None) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=LONDON)
    wanted = None if until is None else datetime.fromisoformat(until).replace(tzinfo=LONDON)
    assert quiet_until(hours, at) == wanted


@pytest.mark.parametrize("hours", ["07:00", "7-8", "22:00-22:00", "25:00-07:00"])
def test_hours_that_are_none_are_refused(hours: str) -> None:
    with pytest.raises(ValueError):
        parse_hours(hours)


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    """What was written down by a clock years ahead is not waited for."""
    pace = Pace(Tap(14.0))
    pace.take("a.example", 9_000_000)
    pace.total.slow_down(9_000_000)
    for _ in range(TRIES):
        pace.put_off("busy.example", 9_000_000)
    again = pace_from_json(pace.as_json(9_000_000), 14.0, {})
    assert again.total.wait_s(1000) <= 1 / 7 and again.total.rate(1000) == 7
    assert again.resting(1000) == {}


@pytest.mark.parametrize(
    ("now", "is_quiet"),
    [
        ("2026-03-29T00:59+00:00", True),  # 00:59, and then clocks go from 01:00 to 02:00
        ("2026-03-29T01:00+00:00", True),  # 02:00
        ("2026-03-29T01:31+00:00", False),  # 02:31
        ("2026-10-25T00:29+00:00", True),  # 01:29, the first time
        ("2026-10-25T01:29+00:00", True),  # 01:29, the second time
        ("2026-10-25T02:30+00:00", False),  # 02:30
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall_when_it_is_changed(now: str, is_quiet: bool) -> None:
    until = quiet_until("22:00-02:30", datetime.fromisoformat(now).astimezone(LONDON))
    assert (until is not None) == is_quiet


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2015-09-24 21:00", "2015-09-25 08:00", 9),
        ("2015-09-24 23:00", "2015-09-25 05:00", 6),
        ("2015-09-24 08:00", "2015-09-24 20:00", 0),
        ("2015-09-21 12:00", "2015-09-24 12:00", 27),
        ("2015-10-24 21:00", "2015-10-25 08:00", 10),  # clocks go back in that night
    ],
)
def test_quiet_time_is_told_from_time_lost(start: str, end: str, hours: int) -> None:
    a, b = (datetime.fromisoformat(text).replace(tzinfo=LONDON) for text in (start, end))
    assert quiet_between("22:00-07:00", a, b).total_seconds() == hours * 3600
