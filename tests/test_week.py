"""Windows: where an issue begins and ends, over summer time, gaps and skipped weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import IssueError
from digest.week import LONGEST_WINDOW, week_end, window

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 3, 26, 18, 0, tzinfo=UTC)


def test_the_first_issue_covers_seven_days() -> None:
    assert window(NOW, LONDON, None).since == NOW - timedelta(days=7)


def test_a_later_one_begins_where_the_last_one_ended() -> None:
    last = NOW - timedelta(days=9)
    assert window(NOW, LONDON, last).since == last


def test_after_a_long_pause_it_reaches_back_21_days() -> None:
    assert window(NOW, LONDON, NOW - timedelta(days=90)).since == NOW - timedelta(days=21)


def test_the_week_is_named_in_the_newsletters_zone() -> None:
    sunday_night = datetime(2026, 3, 22, 23, 30, tzinfo=UTC)
    assert window(sunday_night, LONDON, None).slug == "2026-W12"
    assert window(sunday_night, ZoneInfo("Asia/Tokyo"), None).slug == "2026-W13"


def test_a_week_ends_on_sunday_night_also_when_the_clocks_change() -> None:
    assert week_end("2026-W13", LONDON).isoformat() == "2026-03-29T23:59:59+01:00"
    assert week_end("2026-W12", LONDON).isoformat() == "2026-03-22T23:59:59+00:00"


@pytest.mark.parametrize("words", ["2026", "2026-W60", "last week", "2026-W00"])
def test_what_is_no_week_is_said(words: str) -> None:
    with pytest.raises(IssueError, match="is no week"):
        week_end(words, LONDON)


@given(st.lists(st.integers(1, 40 * 24), min_size=1, max_size=8))
def test_windows_never_overlap_and_leave_no_gap_within_21_days(gaps_in_hours: list[int]) -> None:
    now, last = NOW, None
    for gap in gaps_in_hours:
        win = window(now, LONDON, last)
        assert win.until == now and win.since <= win.until
        if last is not None:
            assert win.since >= last
            assert win.since == last or now - last > LONGEST_WINDOW
        last, now = win.until, now + timedelta(hours=gap)
