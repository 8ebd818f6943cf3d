"""Rows with workers elsewhere: what the database itself allows, and what a late word changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.model import DeliveryState
from digest.store import Store, open_store
from tests.test_store_ledger import AT, MINUTE, OK, WEEK, add, begin, draft, lease, states

ONE, OTHER = "shard-e1-aa", "shard-e2-bb"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        draft(opened)
        add(opened, 1, 2, 3, 4)
        begin(opened)
        yield opened


def test_what_is_handed_out_may_have_left_from_then_on(store: Store) -> None:
    rows, rounds = store.shards.hand_out(WEEK, ONE, 3, AT)
    assert ([row.ordinal for row in rows], rounds) == ([0, 1, 2], {})
    assert states(store) == ["sending", "sending", "sending", "waiting"]
    # A local sender knows no shard: to it, its owner is dead, and what it held in doubt.
    store.ledger.reconcile(WEEK, lambda name: False, AT)
    assert states(store) == ["uncertain", "uncertain", "uncertain", "waiting"]


def test_what_was_never_begun_waits_again_and_of_a_stopped_issue_never_leaves(store: Store) -> None:
    store.shards.hand_out(WEEK, ONE, 4, AT)
    assert store.shards.give_back(WEEK, ONE, [0, 1], AT) == 2
    assert store.shards.give_back(WEEK, OTHER, [2], AT) == 0, "it is another one's"
    store.ledger.stop(WEEK, at=AT)
    assert states(store) == ["cancelled", "cancelled", "sending", "sending"], "what workers have may be out"
    store.shards.give_back(WEEK, ONE, [2, 3], AT)
    assert states(store) == ["cancelled"] * 4


def test_a_row_past_its_intent_here_never_waits_again(store: Store) -> None:
    lease(store, 1)
    store.ledger.commit(WEEK, "one", [0], [], AT)
    with pytest.raises(sqlite3.IntegrityError, match="is in doubt"):
        store.conn.execute("UPDATE delivery_row SET state = 0, owner = NULL, waited = NULL WHERE ordinal = 0")


def test_a_row_given_back_is_in_the_same_round_and_one_tried_again_in_the_next(store: Store) -> None:
    store.shards.hand_out(WEEK, ONE, 4, AT)
    store.shards.give_back(WEEK, ONE, [0], AT)
    store.ledger.commit(WEEK, ONE, [], [(1, "deferred", "451", AT), (2, "rejected", "550", None)], AT)
    store.shards.doubt(WEEK, ONE, [3], "no word", AT)
    store.ledger.take_back_refusals(WEEK, [2], "test", AT)  # its attempts begin anew, and its claim is still set
    store.ledger.settle_uncertain(WEEK, 3, "waiting", "test", AT)
    rows, rounds = store.shards.hand_out(WEEK, OTHER, 4, AT + MINUTE)
    assert [(row.ordinal, rounds.get(row.ordinal, 0)) for row in rows] == [(1, 1), (0, 0), (2, 1), (3, 1)]


@pytest.mark.parametrize(
    ("before", "shard", "said", "after"),
    [
        ("in doubt", ONE, "accepted", "accepted"),
        ("in doubt", OTHER, "accepted", "accepted"),
        ("in doubt", ONE, "rejected", "rejected"),
        ("in doubt", ONE, "deferred", "waiting"),
        ("in doubt", OTHER, "deferred", "uncertain"),
        ("in doubt", OTHER, "rejected", "uncertain"),
        ("waiting", ONE, "accepted", "accepted"),
        ("waiting", ONE, "rejected", "waiting"),
        ("accepted", ONE, "deferred", "accepted"),
        ("accepted", ONE, "uncertain", "accepted"),
        ("handed out again", ONE, "rejected", "sending"),
    ],
)
def test_a_late_word(store: Store, before: str, shard: str, said: DeliveryState, after: str) -> None:
    """Who has the letter has it; that somebody has it not, only the shard can say that left them in doubt."""
    store.shards.hand_out(WEEK, ONE, 1, AT)
    if before == "accepted":
        store.ledger.commit(WEEK, ONE, [], [(0, "accepted", OK, None)], AT)
    else:
        store.shards.doubt(WEEK, ONE, [0], "no word", AT)
    if before in ("waiting", "handed out again"):
        store.ledger.settle_uncertain(WEEK, 0, "waiting", "Mara", AT)
    if before == "handed out again":
        store.shards.hand_out(WEEK, OTHER, 1, AT)
    for _ in range(2):  # a message may come twice
        store.shards.late(WEEK, shard, [(0, said, "what it said", None)], AT + MINUTE)
    assert states(store)[0] == after
    assert [move.became for move in store.ledger.history(WEEK, 0)][-1] == after


def test_whoever_left_is_found_among_what_workers_have(store: Store) -> None:
    rows, _ = store.shards.hand_out(WEEK, ONE, 3, AT)
    store.subscribers.change(rows[1].subscriber, "unsubscribed", AT)
    assert store.shards.barred(WEEK, AT) == [1]
    assert [(row.shard, row.ordinal, str(row.address)) for row in store.shards.held(WEEK)][1] == (
        ONE,
        1,
        "r2@example.org",
    )
