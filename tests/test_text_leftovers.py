"""Which lines are no part of a report: every rule in time, whatever the line."""

from __future__ import annotations

import time

import pytest

from digest.text.leftovers import leftover_reason


@pytest.mark.parametrize("line", [f"Share {'tweet ' * 50}!", f"Like {'1234567890' * 30} of them"])
def test_a_line_made_of_a_rules_own_words_is_read_at_once(line: str) -> None:
    started = time.perf_counter()
    assert leftover_reason(line) == ""
    assert time.perf_counter() - started < 0.5
