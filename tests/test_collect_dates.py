"""Dates as outside texts write them: nothing written there may raise, or take long."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from digest.collect.dates import as_utc, read_date


@pytest.mark.parametrize(
    "raw",
    [
        "0001-01-01T00:00:00+02:00", "9999-12-31T23:00:00-11:00", "0000-00-00T00:00:00Z",
        "31 Dec 9999 23:00 -1200", "31 February 2026", "Mon, 99999999999999999999 Jan 2026", "2026-03-17T25:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_no_date(raw: str) -> None:
    assert read_date(raw) is None


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-03-17T08:00:00+02:00", datetime(2026, 3, 17, 6, tzinfo=UTC)),
        ("Tue, 17 Mar 2026 08:00:00 -0500", datetime(2026, 3, 17, 13, tzinfo=UTC)),
        ("2026-03-17T08:00:00+23:99", datetime(2026, 3, 16, 8, 1, tzinfo=UTC)),
        ("17. März 2026", datetime(2026, 3, 17, tzinfo=UTC)),
        ("1912-04-15", datetime(1912, 4, 15, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(raw: str, moment: datetime) -> None:
    found = read_date(raw)
    assert found
    assert as_utc(found[0]) == moment


@pytest.mark.parametrize("seed", ["a", "1 ", "1 de ", "Mar 1, ", "2026-", "2026年"])
def test_a_date_without_end_is_given_up_at_once(seed: str) -> None:
    started = time.process_time()
    read_date(seed * 20_000)
    assert time.process_time() - started < 0.1
