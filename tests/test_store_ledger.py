"""The ledger: nobody gets an issue twice, nobody is lost silently, whatever ends when."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from digest.address import Address
from digest.errors import IssueError, StoreError
from digest.model import LEGAL_MOVES, Issue, Rendered
from digest.store import Store, inbox, open_store
from digest.store.codec import micros
from digest.store.imports import ImportRow
from digest.store.inbox import InboxEvent
from digest.store.migrations.ledger import STATES

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEEK = "2015-W39"
OK = "250 2.0.0 queued"


def person(n: int) -> Address:
    return Address(f"r{n}", "example.org")


def add(store: Store, *numbers: int) -> None:
    for n in numbers:
        store.subscribers.add(person(n), f"Reader {n}", how="editor", wording="yes", who="eve", at=AT)


def draft(store: Store, slug: str = WEEK) -> None:
    store.issues.save_draft(
        Issue(slug, 1, AT - timedelta(7), AT, "", "", "", "", (), (), (), "everyone"), Rendered(slug, "f", ()), at=AT
    )


def begin(store: Store) -> None:
    store.ledger.freeze(WEEK, "", AT)
    for state in ("approved", "sending"):
        store.issues.set_state(WEEK, state, who="eve", at=AT)  # type: ignore[arg-type]


def lease(store: Store, limit: int = 100, owner: str = "one", at: datetime = AT) -> list[int]:
    return [row.ordinal for row in store.ledger.lease(WEEK, owner, limit, at)]


def states(store: Store, slug: str = WEEK) -> list[str]:
    return [d.state for d in store.ledger.deliveries(slug)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        draft(opened)
        yield opened


def test_a_leased_row_says_how_its_reader_s_newest_consent_came_in(store: Store) -> None:
    add(store, 1)
    store.imports.add([ImportRow(1, "r2@example.org")], how="import", basis="-", who="eve", at=AT)
    add(store, 3)
    third = store.subscribers.get(person(3))
    assert third is not None
    inbox.append(store.folder, InboxEvent(AT + MINUTE, "leave", third.token, "page"))
    inbox.append(store.folder, InboxEvent(AT + 2 * MINUTE, "rejoin", third.token, "page"))
    store.requests.merge()
    begin(store)
    assert [row.how for row in store.ledger.lease(WEEK, "one", 9, AT)] == ["editor", "import", "page"]


# ------------------------------------------------------------------------------------------------ the audience


def test_everybody_is_planned_or_left_out_with_a_reason(store: Store) -> None:
    add(store, *range(8))
    people = store.subscribers
    ids = [s.id for s in people.all()]
    people.set_membership(ids[1], "unsubscribed", how="page", who="-", at=AT)
    people.set_membership(ids[2], "unconfirmed", how="page", who="-", at=AT)
    people.set_block(ids[3], "bounced", how="return", who="relay", at=AT)
    people.set_block(ids[4], "complained", how="report", who="relay", at=AT)
    people.pause(ids[5], AT + MINUTE, how="page", who="-", at=AT)
    people.pause(ids[6], AT, how="page", who="-", at=AT)  # over by then
    store.erasure.erase(person(7), who="eve", at=AT)
    account = store.ledger.freeze(WEEK, "", AT)
    assert (account.candidates, account.planned) == (8, 2)
    assert account.excluded == {
        "unsubscribed": 1,
        "unconfirmed": 1,
        "bounced": 1,
        "complained": 1,
        "paused": 1,
        "erased": 1,
    }
    assert [d.subscriber for d in store.ledger.deliveries(WEEK)] == [ids[0], ids[6]]


def test_recipients_are_numbered_from_nought_without_a_gap(store: Store) -> None:
    add(store, *range(5))
    store.subscribers.remove(person(2), who="eve", at=AT)
    store.ledger.freeze(WEEK, "", AT)
    assert [d.ordinal for d in store.ledger.deliveries(WEEK)] == [0, 1, 2, 3]


def test_a_provisional_queue_is_laid_anew_and_a_frozen_one_stays(store: Store) -> None:
    add(store, 1)
    assert store.ledger.lay_provisional(WEEK, "", AT).planned == 1
    add(store, 2)
    store.subscribers.remove(person(1), who="eve", at=AT)
    account = store.ledger.lay_provisional(WEEK, "", AT)
    assert (account.planned, account.excluded) == (1, {"unsubscribed": 1})
    add(store, 3)
    assert store.ledger.freeze(WEEK, "", AT).planned == 2  # topped up once more
    add(store, 4)
    assert store.ledger.freeze(WEEK, "", AT).planned == 2
    store.issues.set_state(WEEK, "approved", who="eve", at=AT)
    with pytest.raises(IssueError, match="frozen"):
        store.ledger.lay_provisional(WEEK, "", AT)


def test_an_account_that_does_not_add_up_is_said(store: Store) -> None:
    add(store, 1, 2)
    store.ledger.freeze(WEEK, "", AT)
    store.conn.execute("DELETE FROM delivery_row WHERE ordinal = 1")
    with pytest.raises(StoreError, match="does not add up"):
        store.ledger.account(WEEK)


def test_two_rows_for_one_reader_cannot_be(store: Store) -> None:
    add(store, 1)
    store.ledger.freeze(WEEK, "", AT)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        store.conn.execute(
            "INSERT INTO delivery_row (issue, ordinal, subscriber, variant) "
            "SELECT issue, 9, subscriber, '' FROM delivery_row"
        )


# ------------------------------------------------------------------------------------------------ carrying out


def test_nothing_is_handed_out_before_approval(store: Store) -> None:
    add(store, 1)
    store.ledger.freeze(WEEK, "", AT)
    with pytest.raises(IssueError, match="draft"):
        lease(store)


def test_a_leased_row_has_all_a_letter_needs(store: Store) -> None:
    add(store, 1)
    begin(store)
    (row,) = store.ledger.lease(WEEK, "one", 10, AT)
    ann = store.subscribers.get(person(1))
    assert ann is not None
    assert (row.subscriber, row.address, row.name, row.token) == (ann.id, ann.address, "Reader 1", ann.token)
    assert (row.ordinal, row.variant, row.attempts) == (0, "", 0)


def test_two_owners_never_hold_the_same_row(store: Store) -> None:
    add(store, *range(5))
    begin(store)
    assert lease(store, 3, "one") == [0, 1, 2]
    assert lease(store, 3, "two") == [3, 4]
    assert lease(store, 3, "one") == []


def test_the_way_of_an_accepted_letter_is_written_down_step_by_step(store: Store) -> None:
    add(store, 1)
    begin(store)
    lease(store)
    assert store.ledger.commit(WEEK, "one", [0], [], AT + MINUTE) == {0}
    store.ledger.commit(WEEK, "one", [], [(0, "accepted", OK, None)], AT + 2 * MINUTE)
    assert [(m.at, m.came, m.became, m.reply) for m in store.ledger.history(WEEK, 0)] == [
        (AT, "waiting", "leased", ""),
        (AT + MINUTE, "leased", "sending", ""),
        (AT + 2 * MINUTE, "sending", "accepted", OK),
    ]
    (delivery,) = store.ledger.of_subscriber(person(1))
    assert (delivery.issue, delivery.state, delivery.attempts, delivery.reply) == (WEEK, "accepted", 1, OK)


def test_a_deferred_letter_is_handed_out_again_when_it_is_due(store: Store) -> None:
    add(store, 1, 2)
    begin(store)
    lease(store)
    due = AT + 30 * MINUTE
    store.ledger.commit(WEEK, "one", [], [(0, "deferred", "451 4.7.1 later", due)], AT)
    assert store.ledger.next_due(WEEK) == due
    assert lease(store, at=due - MINUTE) == []
    (row,) = store.ledger.lease(WEEK, "one", 10, due)
    assert (row.ordinal, row.attempts) == (0, 1)


def test_who_leaves_on_the_site_before_the_lease_gets_nothing(store: Store) -> None:
    add(store, 1, 2)
    begin(store)
    ann = store.subscribers.get(person(1))
    assert ann is not None
    inbox.append(store.folder, InboxEvent(AT + MINUTE, "leave", ann.token, "one-click"))
    assert lease(store) == [1]
    assert states(store) == ["suppressed", "leased"]
    assert store.ledger.deliveries(WEEK, "suppressed")[0].reply == "unsubscribed"


def test_who_leaves_while_the_letter_is_on_the_wire_gets_nothing(store: Store) -> None:
    add(store, 1, 2)
    begin(store)
    lease(store)
    ann = store.subscribers.get(person(1))
    assert ann is not None
    inbox.append(store.folder, InboxEvent(AT + MINUTE, "leave", ann.token, "one-click"))
    assert store.ledger.commit(WEEK, "one", [0, 1], [], AT + MINUTE) == {1}
    assert states(store) == ["suppressed", "sending"]


def test_an_erased_reader_gets_nothing_though_planned(store: Store) -> None:
    add(store, 1, 2)
    begin(store)
    lease(store, 1)
    for n in (1, 2):
        store.erasure.erase(person(n), who="eve", at=AT)
    assert store.ledger.commit(WEEK, "one", [0], [], AT) == set()
    assert lease(store) == []
    assert states(store) == ["suppressed", "suppressed"]


def test_only_the_owner_of_a_row_may_finish_it(store: Store) -> None:
    add(store, 1)
    begin(store)
    lease(store, owner="one")
    assert store.ledger.commit(WEEK, "two", [0], [], AT) == set()
    assert store.ledger.commit(WEEK, "one", [0], [], AT) == {0}


def test_a_pause_lets_no_dot_leave_and_loses_nobody(store: Store) -> None:
    add(store, 1, 2)
    begin(store)
    lease(store)
    store.ledger.commit(WEEK, "one", [0], [], AT)
    store.issues.set_state(WEEK, "paused", who="eve", at=AT, reason="wait")
    assert store.ledger.commit(WEEK, "one", [1], [(0, "accepted", OK, None)], AT) == set()
    assert lease(store) == []
    store.issues.set_state(WEEK, "sending", who="eve", at=AT)
    assert lease(store) == [1]


def test_a_stop_is_final_for_all_but_those_past_their_dot(store: Store) -> None:
    add(store, *range(4))
    begin(store)
    lease(store, 3)
    store.ledger.commit(WEEK, "one", [0], [(1, "deferred", "451", AT + MINUTE)], AT)
    assert store.ledger.stop(WEEK, who="eve", at=AT) == 3
    assert states(store) == ["sending", "cancelled", "cancelled", "cancelled"]
    assert store.ledger.commit(WEEK, "one", [2], [], AT) == set()
    store.ledger.commit(WEEK, "one", [], [(0, "deferred", "451", AT + MINUTE)], AT)
    assert states(store) == ["cancelled"] * 4  # a retry would be a new letter
    assert lease(store, at=AT + 9 * MINUTE) == []
    stopped = store.issues.get(WEEK)
    assert stopped is not None
    assert stopped.state == "cancelled"


def test_a_letter_left_without_its_dot_after_a_stop_is_no_news(store: Store) -> None:
    add(store, 1)
    begin(store)
    lease(store)
    store.ledger.stop(WEEK)
    store.ledger.commit(WEEK, "one", [], [(0, "deferred", "451", AT + MINUTE)], AT)
    assert states(store) == ["cancelled"]


def test_an_acceptance_nobody_may_report_is_an_error_and_not_dropped(store: Store) -> None:
    add(store, 1)
    begin(store)
    lease(store, owner="one")
    with pytest.raises(StoreError, match="does not hold"):
        store.ledger.commit(WEEK, "two", [], [(0, "accepted", OK, None)], AT)


def test_a_letter_cannot_be_accepted_before_its_intent_was_written(store: Store) -> None:
    add(store, 1)
    begin(store)
    lease(store)
    with pytest.raises(sqlite3.IntegrityError, match="illegal move"):
        store.ledger.commit(WEEK, "one", [], [(0, "accepted", OK, None)], AT)
    assert states(store) == ["leased"]


# ------------------------------------------------------------------------------------------------ ends and doubts


def test_a_dead_owners_rows_wait_again_or_are_in_doubt(store: Store) -> None:
    add(store, *range(3))
    begin(store)
    lease(store, 2, "dead")
    lease(store, 1, "alive")
    store.ledger.commit(WEEK, "dead", [0], [], AT)
    assert store.ledger.reconcile(WEEK, lambda owner: owner == "alive", AT) == (1, 1)
    assert states(store) == ["uncertain", "waiting", "leased"]
    assert store.ledger.reconcile(WEEK, lambda owner: owner == "alive", AT) == (0, 0)
    assert [d.ordinal for d in store.ledger.uncertain(WEEK)] == [0]
    assert lease(store, owner="new") == [1]  # a row in doubt is never handed out


def test_an_owner_who_ends_in_good_order_gives_its_rows_back(store: Store) -> None:
    add(store, *range(3))
    begin(store)
    lease(store, 3)
    store.ledger.commit(WEEK, "one", [0], [], AT)
    assert store.ledger.release("one") == 2
    assert states(store) == ["sending", "waiting", "waiting"]


@pytest.mark.parametrize("verdict", ["accepted", "rejected", "waiting"])
def test_a_person_settles_a_doubt_and_is_named(store: Store, verdict: str) -> None:
    add(store, 1)
    begin(store)
    lease(store)
    store.ledger.commit(WEEK, "one", [0], [], AT)
    store.ledger.reconcile(WEEK, lambda owner: False, AT)
    store.ledger.settle_uncertain(WEEK, 0, verdict, "eve", AT)  # type: ignore[arg-type]
    assert states(store) == [verdict]
    assert "eve" in store.ledger.history(WEEK, 0)[-1].reply
    with pytest.raises(IssueError, match="not in doubt"):
        store.ledger.settle_uncertain(WEEK, 0, "accepted", "eve", AT)


def test_after_an_older_copy_was_put_back_all_open_rows_are_in_doubt(store: Store) -> None:
    add(store, *range(3))
    begin(store)
    lease(store, 2)
    store.ledger.commit(WEEK, "one", [0, 1], [], AT)
    store.ledger.commit(WEEK, "one", [], [(0, "accepted", OK, None)], AT)
    assert store.ledger.doubt_open(WEEK, "restored", AT) == 2
    assert states(store) == ["accepted", "uncertain", "uncertain"]


@pytest.mark.parametrize(
    "change",
    ["UPDATE delivery_past SET became = 2", "DELETE FROM delivery_past", "DELETE FROM delivery_row"],
)
def test_history_cannot_be_rewritten(store: Store, change: str) -> None:
    add(store, 1)
    begin(store)
    lease(store)
    store.ledger.release("one", AT)
    with pytest.raises(sqlite3.IntegrityError, match=r"never|stays"):
        store.conn.execute(change)


@pytest.mark.parametrize("came", LEGAL_MOVES)
def test_the_database_takes_legal_moves_and_no_others(store: Store, came: str) -> None:
    add(store, 1)
    begin(store)
    store.conn.execute("INSERT INTO worker VALUES (1, 'shard-of a worker elsewhere')")  # whose rows may come back
    path = {
        "waiting": [],
        "leased": ["leased"],
        "sending": ["leased", "sending"],
        "deferred": ["leased", "deferred"],
        "uncertain": ["uncertain"],
        "accepted": ["uncertain", "accepted"],
        "rejected": ["uncertain", "rejected"],
        "suppressed": ["suppressed"],
        "cancelled": ["cancelled"],
    }[came]

    def move(state: str) -> None:
        store.conn.execute(
            "UPDATE delivery_row SET state = ?, at = 1, due = ?, owner = ?",
            (STATES.index(state), 1 if state == "deferred" else None, 1 if state in ("leased", "sending") else None),  # type: ignore[arg-type]
        )

    for state in path:
        move(state)
    taken = set()
    for became in LEGAL_MOVES:
        store.conn.execute("SAVEPOINT try")
        try:
            move(became)
            taken.add(became)
        except sqlite3.IntegrityError:
            pass
        store.conn.execute("ROLLBACK TO try")
    assert taken == LEGAL_MOVES[came]  # type: ignore[index]


# ------------------------------------------------------------------------------------------------ the law


class Sending(RuleBasedStateMachine):
    """Owners lease, write, get answers, die; readers leave and return; the editor pauses, stops and settles.

    The receiver's own book is kept beside: whom it accepted a letter for, and how often.
    """

    @initialize(readers=st.integers(1, 6), unconfirmed=st.integers(0, 2))
    def open(self, readers: int, unconfirmed: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(Path(self.folder.name), create=True, durability="normal")
        self.now = AT
        self.received: dict[int, int] = {}
        self.held: dict[str, set[int]] = {"one": set(), "two": set()}
        self.past: dict[str, set[int]] = {"one": set(), "two": set()}  # may_finish was True, no outcome yet
        self.left: set[int] = set()
        add(self.store, *range(readers))
        for n in range(unconfirmed):
            self.store.subscribers.add(
                Address(f"u{n}", "example.org"), "", how="x", wording="", who="-", at=AT, membership="unconfirmed"
            )
        self.readers = readers
        draft(self.store)
        begin(self.store)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    def _state(self) -> str:
        known = self.store.issues.get(WEEK)
        assert known is not None
        return known.state

    owners = st.sampled_from(["one", "two"])
    answers = st.sampled_from(["accepted", "accepted", "deferred", "rejected", "lost", "lost but received", "none yet"])
    some = st.sets(st.integers(0, 5))  # ordinals; reader n has ordinal n

    @rule(
        owner=owners,
        limit=st.integers(1, 6),
        minutes=st.integers(0, 9),
        leaving=st.none() | st.tuples(st.integers(0, 5), st.sampled_from(["site", "editor", "erased"])),
        refused=some,
        not_yet=some,
        said=st.lists(answers, min_size=6, max_size=6),
    )
    def worker_takes_a_turn(
        self,
        owner: str,
        limit: int,
        minutes: int,
        leaving: tuple[int, str] | None,
        refused: set[int],
        not_yet: set[int],
        said: list[str],
    ) -> None:
        """Leases; then the answers to its last dots come in, some letters are refused before theirs, a reader
        leaves; and it asks which of the others may have their dot."""
        self.now += minutes * MINUTE
        held, past = self.held[owner], self.past[owner]
        rows = self.store.ledger.lease(WEEK, owner, limit, self.now)
        for row in rows:
            assert not any(row.ordinal in other for other in (*self.held.values(), *self.past.values()))
            assert row.subscriber not in self.left
        held |= {row.ordinal for row in rows}
        if leaving is not None:
            self.reader_leaves(*leaving)

        outcomes = []
        for ordinal in sorted(past):
            answer = said[ordinal]
            if answer == "none yet":
                continue
            past.discard(ordinal)
            if answer in ("accepted", "lost but received"):
                self.received[ordinal] = self.received.get(ordinal, 0) + 1
            state = "uncertain" if answer.startswith("lost") else answer
            outcomes.append((ordinal, state, "said", self.now + MINUTE if state == "deferred" else None))
        outcomes += [(n, "deferred", "451 at RCPT", self.now + MINUTE) for n in sorted(held & refused)]
        held -= refused
        intents = held - not_yet
        granted = self.store.ledger.commit(WEEK, owner, sorted(intents), outcomes, self.now)  # type: ignore[arg-type]
        assert granted <= intents
        assert not granted or self._state() == "sending"
        readers = {d.ordinal: d.subscriber for d in self.store.ledger.deliveries(WEEK)}
        assert not {readers[n] for n in granted} & self.left
        held -= intents
        past |= granted

    @rule(owner=owners, received=some)
    def worker_is_killed(self, owner: str, received: set[int]) -> None:
        for ordinal in self.past[owner] & received:  # the receiver has them, and nobody here knows
            self.received[ordinal] = self.received.get(ordinal, 0) + 1
        doubts = len(self.past[owner])
        self.held[owner], self.past[owner] = set(), set()
        _, uncertain = self.store.ledger.reconcile(WEEK, lambda other: other != owner, self.now)
        assert uncertain == doubts

    @rule(owner=owners)
    def worker_gives_its_rows_back(self, owner: str) -> None:
        self.store.ledger.release(owner, self.now)
        self.held[owner] = set()

    @rule(n=st.integers(0, 5), how=st.sampled_from(["site", "editor", "erased"]))
    def reader_leaves(self, n: int, how: str) -> None:
        reader = self.store.subscribers.get(person(n))
        if reader is None:
            return
        self.now += MINUTE
        if how == "site":
            inbox.append(self.store.folder, InboxEvent(self.now, "leave", reader.token, "one-click"))
        elif how == "editor":
            self.store.subscribers.remove(reader.address, who="eve", at=self.now)
        else:
            self.store.erasure.erase(reader.address, who="eve", at=self.now)
        self.left.add(reader.id)

    @rule(n=st.integers(0, 5))
    def reader_returns(self, n: int) -> None:
        reader = self.store.subscribers.get(person(n))
        if reader is not None:
            self.now += MINUTE
            inbox.append(self.store.folder, InboxEvent(self.now, "rejoin", reader.token, "page"))
            self.left.discard(reader.id)

    @rule(stop=st.integers(0, 9).map(lambda n: n == 7))
    def editor_pauses_resumes_or_stops(self, stop: bool) -> None:
        state = self._state()
        if state == "cancelled":
            return
        if stop:
            self.store.ledger.stop(WEEK, who="eve", at=self.now)
        else:
            self.store.issues.set_state(
                WEEK, "paused" if state == "sending" else "sending", who="eve", at=self.now, reason="wait"
            )

    @rule()
    def editor_settles_doubts_by_the_receivers_book(self) -> None:
        for doubt in self.store.ledger.uncertain(WEEK):
            verdict = "accepted" if doubt.ordinal in self.received else "waiting"
            if verdict == "accepted" or self._state() != "cancelled":
                self.store.ledger.settle_uncertain(WEEK, doubt.ordinal, verdict, "eve", self.now)  # type: ignore[arg-type]

    @rule()
    def program_is_started_again(self) -> None:
        self.store.close()
        self.store = open_store(Path(self.folder.name), durability="normal")
        if self._state() != "cancelled":
            self.store.ledger.freeze(WEEK, "", self.now)

    @invariant()
    def nobody_has_it_twice(self) -> None:
        if hasattr(self, "store"):
            assert all(times == 1 for times in self.received.values())

    @invariant()
    def accepted_is_what_the_receiver_counted_but_for_the_doubts(self) -> None:
        if not hasattr(self, "store"):
            return
        rows = self.store.ledger.deliveries(WEEK)
        accepted = {d.ordinal for d in rows if d.state == "accepted"}
        open_to_doubt = {d.ordinal for d in rows if d.state == "uncertain"}
        assert accepted <= set(self.received) <= accepted | open_to_doubt

    @invariant()
    def everybody_is_accounted_for(self) -> None:
        if hasattr(self, "store"):
            account = self.store.ledger.account(WEEK)
            assert account.planned == self.readers
            assert sum(account.by_state.values()) == account.planned

    @invariant()
    def every_history_is_a_legal_path(self) -> None:
        if not hasattr(self, "store"):
            return
        for delivery in self.store.ledger.deliveries(WEEK):
            state = "waiting"
            ends = 0
            for move in self.store.ledger.history(WEEK, delivery.ordinal):
                assert move.came == state
                assert move.became in LEGAL_MOVES[move.came]
                state = move.became
                ends += state == "accepted"
            assert state == delivery.state
            assert ends <= 1


TestSending = Sending.TestCase
TestSending.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


# ------------------------------------------------------------------------------------------------ older files


def test_a_ledger_of_before_is_brought_over_with_its_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state it could be left in, with the moves that led there; and a killed sender's rows find their way."""
    from digest.store import schema

    paths = {
        0: "waiting",
        1: "waiting leased",
        2: "waiting leased sending",
        3: "waiting leased sending accepted",
        4: "waiting leased sending deferred leased sending",
        5: "waiting leased rejected",
        6: "waiting leased sending uncertain",
        7: "waiting suppressed",
    }
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
    with open_store(tmp_path, create=True) as old:
        old.conn.execute(
            """INSERT INTO issue (slug, number, state, since, until, made_at, fingerprint)
               VALUES (?, 1, 'draft', ?, ?, ?, 'f')""",
            (WEEK, *[AT.isoformat()] * 3),
        )
        for ordinal in paths:
            who = person(ordinal)
            old.conn.execute(
                """INSERT INTO subscriber (address_key, local, domain, name, membership, block, language, topics, length,
                                           token, member_at)
                   VALUES (?, ?, ?, '', 'subscribed', 'none', '', '[]', 'full', ?, '')""",
                (who.key, who.local, who.domain, f"{ordinal:032x}"),
            )
        old.conn.execute(
            "INSERT INTO delivery (issue, ordinal, subscriber, variant) SELECT 1, id - 1, id, '' FROM subscriber"
        )
        old.conn.execute("INSERT INTO audience VALUES (1, 8, 1, 1)")
        for ordinal, path in paths.items():
            for minute, state in enumerate(path.split()[1:], 1):
                at = micros(AT + minute * MINUTE)
                held = "dead" if state in ("leased", "sending") else None
                due = at if state == "deferred" else None
                ends = state in ("accepted", "deferred", "rejected", "uncertain")
                old.conn.execute(
                    """UPDATE delivery SET state = ?, owner = ?, due = ?, at = ?, reply = ?, attempts = attempts + ?
                       WHERE ordinal = ?""",
                    (state, held, due, at, state if ends else None, ends, ordinal),
                )
        for state in ("approved", "sending"):
            old.conn.execute(
                "UPDATE issue SET state = ?, approved_by = 'e', approved_at = 'x', approved_text = 'f'", (state,)
            )
    monkeypatch.undo()
    with open_store(tmp_path) as store:
        for ordinal, path in paths.items():
            moves = store.ledger.history(WEEK, ordinal)
            assert " ".join(["waiting", *(m.became for m in moves)]) == path
            assert [m.at for m in moves] == [AT + n * MINUTE for n in range(1, len(moves) + 1)]
        rows = store.ledger.deliveries(WEEK)
        assert [d.state for d in rows] == [path.split()[-1] for path in paths.values()]
        assert [d.attempts for d in rows] == [0, 0, 0, 1, 1, 1, 1, 0]
        assert store.ledger.reconcile(WEEK, lambda owner: False, AT) == (1, 2)
        assert [m.became for m in store.ledger.history(WEEK, 4)][-3:] == ["leased", "sending", "uncertain"]
        assert store.ledger.account(WEEK).planned == 8


def test_an_accepted_letter_adds_little_to_its_row(store: Store) -> None:
    """What follows from the row is not written a second time; the rest is."""
    add(store, *range(3))
    begin(store)
    lease(store)
    store.ledger.commit(WEEK, "one", [0, 1, 2], [], AT)
    outcomes = [(0, "accepted", OK, None), (1, "accepted", OK, None), (2, "deferred", "451", AT + MINUTE)]
    store.ledger.commit(WEEK, "one", [], outcomes, AT)  # type: ignore[arg-type]
    assert store.conn.execute("SELECT DISTINCT ordinal FROM delivery_past").fetchall() == [(2,)]


def test_refusals_taken_back_wait_again(store: Store) -> None:
    add(store, 1, 2)
    begin(store)
    lease(store)
    store.ledger.commit(WEEK, "one", [], [(0, "rejected", "550", None), (1, "rejected", "550", None)], AT)
    assert store.ledger.take_back_refusals(WEEK, [0], "digest send", AT) == 1
    assert states(store) == ["waiting", "rejected"]
    (row,) = store.ledger.lease(WEEK, "one", 5, AT)
    assert (row.ordinal, row.attempts) == (0, 0), "as if never tried"


def test_rows_of_some_mail_domains_can_be_left_where_they_are(store: Store) -> None:
    for n, domain in enumerate(("a.example", "b.example", "a.example", "c.example")):
        store.subscribers.add(Address(f"r{n}", domain), "", how="x", wording="", who="-", at=AT)
    begin(store)
    rows = store.ledger.lease(WEEK, "one", 10, AT, without={"a.example", "z.example"})
    assert [row.ordinal for row in rows] == [1, 3]
    assert lease(store) == [0, 2]
