"""From an outcome to a delivery's next state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.model import Accepted, Deferred, Rejected, Reply, Unknown
from digest.send.states import RULES, Settled, settle

NOW = datetime(2015, 9, 24, 7, 0, tzinfo=UTC)
BUSY = Deferred(Reply(451, "4.3.0", "later"))
attempts = st.integers(min_value=1, max_value=10_000)
replies = st.builds(Reply, st.integers(200, 599), st.sampled_from(["", "4.2.0", "5.1.1", "5.7.26"]), st.text())
outcomes = st.one_of(
    st.builds(Accepted, replies),
    st.builds(Deferred, replies),
    st.builds(Rejected, replies),
    st.builds(Unknown, st.text()),
)


def test_accepted_is_final() -> None:
    assert settle(1, Accepted(Reply(250, "2.0.0", "Ok")), NOW) == Settled("accepted", None, "250 2.0.0 Ok")


def test_greylisted_reader_is_tried_again_in_half_an_hour() -> None:
    assert settle(1, BUSY, NOW) == Settled("deferred", NOW + timedelta(minutes=30), "451 4.3.0 later")


def test_pauses_grow_up_to_half_a_day() -> None:
    hours = [RULES.wait_after(n) / timedelta(hours=1) for n in range(1, 9)]
    assert hours == [0.5, 1, 2, 4, 8, 12, 12, 12]


def test_unknown_is_never_tried_again() -> None:
    assert settle(1, Unknown("the connection was lost"), NOW).state == "uncertain"


def test_answer_about_the_sender_uses_no_reader_up() -> None:
    refused = Rejected(Reply(550, "5.7.26", "unauthenticated"))
    assert settle(99, refused, NOW) == Settled("deferred", NOW, "550 5.7.26 unauthenticated")


def test_deferred_letter_is_given_up_after_five_days() -> None:
    """Replaying every pause, the last try lies at most five days after the first, and more than four."""
    at, tries = NOW, 1
    while (after := settle(tries, BUSY, at)).state == "deferred":
        assert after.due is not None and after.due > at
        at, tries = after.due, tries + 1
    assert after.state == "rejected"
    assert "gave up" in after.reply
    assert timedelta(days=4) < at - NOW <= timedelta(days=5)


@given(attempts, outcomes)
def test_every_outcome_settles_and_only_deferred_is_due(tries: int, outcome: Accepted) -> None:
    after = settle(tries, outcome, NOW)
    assert after.state in {"accepted", "deferred", "rejected", "uncertain"}
    assert (after.due is not None) is (after.state == "deferred")


@given(attempts, attempts)
def test_a_later_try_never_waits_less(one: int, other: int) -> None:
    assert RULES.wait_after(min(one, other)) <= RULES.wait_after(max(one, other))


def test_after_too_fast_a_letter_goes_again_soon() -> None:
    throttled = Deferred(Reply(454, "4.7.0", "Throttling failure: Maximum sending rate exceeded."))
    assert settle(1, throttled, NOW) == Settled("deferred", NOW + timedelta(minutes=1), str(throttled.reply))
