"""Imports of other tools' lists: nobody who left comes back, everybody's evidence is kept, and one can be taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.address import Address
from digest.errors import StoreError
from digest.people.rows import ImportRow, Left
from digest.store import Store, open_store, schema
from digest.store.imports import BATCH, ImportReport
from digest.store.segments import Segment
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


def at(name: str) -> Address:
    return Address(name, "example.org")


def add(store: Store, name: str, when: datetime = AT) -> None:
    store.subscribers.add(at(name), name.title(), how="page", wording="yes", who="-", at=when)


def row(name: str, left: Left = "", left_at: datetime | None = None, line: int = 2) -> ImportRow:
    return ImportRow(line, f"{name}@example.org", name.title(), topics=("Ports",), left=left, left_at=left_at)


def bring(store: Store, *rows: ImportRow, when: datetime = AT + DAY, **more: object) -> ImportReport:
    return store.imports.add(rows, how="import", basis="asked", who="eve", at=when, file="/l.csv", **more)  # type: ignore[arg-type]


def test_of_who_left_elsewhere_only_the_address_is_kept_and_no_later_list_brings_them_in(store: Store) -> None:
    report = bring(store, row("gone", "unsubscribed"), row("dead", "bounced"), row("angry", "complained"), row("ann"))
    assert (report.added, report.kept_out) == (1, 3)
    found = {s.address.local: (s.membership, s.block, s.name, s.topics) for s in store.subscribers.all()}
    assert found["gone"] == ("unsubscribed", "none", "", ())
    assert found["dead"] == ("unsubscribed", "bounced", "", ())
    assert found["angry"] == ("unsubscribed", "complained", "", ())
    again = bring(store, row("gone"), row("dead"), row("angry"), row("ann"), when=AT + 2 * DAY)
    assert (again.added, again.known, again.left_alone) == (0, 1, 3)
    assert {s.address.local: (s.membership, s.block, s.name, s.topics) for s in store.subscribers.all()} == found


def test_who_left_elsewhere_after_they_joined_here_leaves_here_too(store: Store) -> None:
    for name in ("before", "after", "unsaid"):
        add(store, name)
    report = bring(
        store,
        row("before", "unsubscribed", AT - DAY),
        row("after", "unsubscribed", AT + DAY / 2),
        row("unsaid", "unsubscribed"),
    )
    assert (report.leaving, report.known) == (2, 1)
    assert {s.address.local: s.membership for s in store.subscribers.all()} == {
        "before": "subscribed",
        "after": "unsubscribed",
        "unsaid": "unsubscribed",
    }
    event = store.consent.of(at("after"))[-1]
    assert event.kind == "unsubscribed" and (event.payload or {})["how"] == "import"
    assert store.consent.verify() == []


def test_what_the_file_says_of_consent_is_kept_word_for_word_beside_the_stated_ground(store: Store) -> None:
    told = {"joined": "2018-02-12 10:54:27", "confirmed": "2018-02-12 11:00:00"}
    since = datetime(2018, 2, 12, 10, 54, 27, tzinfo=UTC) - 4 * 365 * DAY
    bring(store, row("ann")._replace(evidence=told, joined=since, part="people.csv"), tool="Mailchimp")
    (event,) = store.consent.of(at("ann"))
    assert event.payload == {
        "how": "import",
        "basis": "asked",
        "who": "eve",
        "line": "2",
        "tool": "Mailchimp",
        "part": "people.csv",
        "address": "ann@example.org",
        "name": "Ann",
        **told,
    }
    assert event.wording == "asked" and len(event.version) == 12
    assert [s.address.local for s in store.subscribers.export(Segment(joined_before=since + DAY))] == ["ann"]


def test_a_list_longer_than_a_batch_is_counted_once_and_its_chain_holds(store: Store) -> None:
    names = [f"r{n}" for n in range(BATCH + 10)]
    rows = [row(name, line=n) for n, name in enumerate([*names, "r0", "r1"])]
    report = bring(store, *rows)
    assert (report.added, report.duplicates, report.rows) == (BATCH + 10, 2, BATCH + 12)
    tokens = {s.token for s in store.subscribers.export()}
    assert len(tokens) == BATCH + 10 and all(len(bytes.fromhex(t)) == 16 for t in tokens)
    assert store.consent.verify() == []


def test_a_list_that_changed_since_it_was_shown_is_not_taken(store: Store) -> None:
    plan = bring(store, row("ann"), dry_run=True)
    with pytest.raises(StoreError, match="not what was shown"):
        bring(store, row("ann"), row("bob"), expected=plan)
    assert store.subscribers.count() == 0 and store.imports.all() == []


def test_a_list_with_nobody_new_leaves_no_import(store: Store) -> None:
    add(store, "ann")
    bring(store, row("ann"))
    assert store.imports.all() == []


# ------------------------------------------------------------------------------------------------ taking back


def test_an_import_taken_back_is_as_if_it_had_never_been_and_the_chain_holds(store: Store) -> None:
    add(store, "old")
    before = store.subscribers.all()
    bring(store, row("ann"), row("gone", "unsubscribed"))
    assert store.imports.undo(1, who="mara", at=AT + 2 * DAY) == (2, 0)
    assert store.subscribers.all() == before
    assert store.consent.verify() == []
    (made,) = store.imports.all()
    assert (made.undone_by, made.undone_at, made.added) == ("mara", AT + 2 * DAY, 1)
    assert bring(store, row("ann"), row("gone"), when=AT + 3 * DAY).added == 2  # they may come again
    assert {s.id for s in store.subscribers.all()}.isdisjoint({2, 3})  # under other numbers


def test_who_did_something_of_their_own_since_stays(store: Store) -> None:
    bring(store, row("ann"), row("bob"))
    ann = store.subscribers.get(at("ann"))
    assert ann is not None
    store.subscribers.set_membership(ann.id, "unsubscribed", how="one-click", who="the reader", at=AT + 2 * DAY)
    assert store.imports.undo(1, who="mara", at=AT + 3 * DAY) == (1, 1)
    assert [(s.address.local, s.membership) for s in store.subscribers.all()] == [("ann", "unsubscribed")]


@pytest.mark.parametrize(("number", "words"), [(1, "was undone already"), (7, "no import 7")])
def test_what_cannot_be_taken_back_is_said(store: Store, number: int, words: str) -> None:
    bring(store, row("ann"))
    store.imports.undo(1, who="mara", at=AT + 2 * DAY)
    with pytest.raises(StoreError, match=words):
        store.imports.undo(number, who="mara", at=AT + 2 * DAY)


def test_a_drafts_queue_is_laid_without_them_and_an_approved_issue_forbids_it(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3)
    with open_store(tmp_path) as store:
        store.issues.set_state(SLUG, "draft", who="Mara", at=NOW)
        bring(store, row("ann"), row("gone", "unsubscribed"), when=NOW)
        account = store.ledger.lay_provisional(SLUG, "", NOW)
        assert (account.candidates, account.planned) == (5, 3)  # one asked for topics it lacks, one had left
        store.imports.undo(1, who="mara", at=NOW)
        account = store.ledger.account(SLUG)
        assert (account.candidates, account.planned, dict(account.excluded)) == (3, 3, {})
        bring(store, row("bob"), when=NOW)
        store.ledger.freeze(SLUG, "", NOW)
        known = store.issues.get(SLUG)
        assert known is not None
        store.issues.approve(SLUG, fingerprint=known.fingerprint, who="Mara", at=NOW)
        with pytest.raises(StoreError, match=f"audience of {SLUG}, which is approved") as caught:
            store.imports.undo(2, who="mara", at=NOW)
        assert "an edit" in caught.value.hint
        assert store.subscribers.get(at("bob")) is not None


def test_an_older_file_gets_its_dates_and_its_chain_still_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = schema.MIGRATIONS
    step = [s.__name__ for s in known].index("imports_and_files")
    monkeypatch.setattr(schema, "MIGRATIONS", known[:step])
    with open_store(tmp_path, create=True) as store:
        for n, token in ((1, "a" * 32), (2, "b" * 32)):
            store.conn.execute(
                """INSERT INTO subscriber (id, address_key, local, domain, name, membership, block, language, topics,
                                           length, token, consent_at, member_at)
                   VALUES (?, ?, ?, 'e.org', '', 'subscribed', 'none', '', '[]', 'full', ?, NULL, '')""",
                (n, f"r{n}@e.org", f"r{n}", token),
            )
            store.consent.write(n, "subscribed", AT + n * DAY, {"how": "editor"})
        hashes = store.conn.execute("SELECT hash FROM consent_event").fetchall()
    monkeypatch.setattr(schema, "MIGRATIONS", known)
    with open_store(tmp_path) as store:
        assert store.consent.verify() == []
        assert store.conn.execute("SELECT hash FROM consent_event").fetchall() == hashes
        assert [w.joined for w in store.subscribers.export_with_consent()] == [AT + DAY, AT + 2 * DAY]
        for change in ("UPDATE consent_event SET kind = 'x'", "UPDATE consent_payload SET payload = '{}'"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                store.conn.execute(change)


# ------------------------------------------------------------------------------------------------ segments, numbers


def test_a_segment_is_everybody_who_fits_all_that_is_given(store: Store) -> None:
    def join(name: str, language: str, topics: tuple[str, ...], day: int) -> None:
        store.subscribers.add(
            *(at(name), ""), how="page", wording="yes", who="-", at=AT + day * DAY, language=language, topics=topics
        )  # fmt: skip

    join("a", "", (), 0)
    join("b", "de-AT", ("Ports",), 1)
    join("c", "de", ("Trains", "Ports"), 2)
    join("d", "den", ("Trains",), 3)
    store.subscribers.remove(at("c"), who="eve", at=AT)
    known = store.subscribers.get(at("d"))
    assert known is not None
    store.subscribers.set_block(known.id, "bounced", how="return", who="relay", at=AT)

    def fits(**given: object) -> str:
        segment = Segment(usual="en-GB", **given)  # type: ignore[arg-type]
        return "".join(s.address.local for s in store.subscribers.export(segment))

    assert fits() == "abcd"
    assert fits(topic="ports") == "abc"
    assert (fits(language="de"), fits(language="de-at"), fits(language="en")) == ("bc", "b", "a")
    assert (fits(status="subscribed"), fits(status="unsubscribed"), fits(block="bounced")) == ("abd", "c", "d")
    assert (fits(joined_before=AT + DAY), fits(joined_after=AT + DAY)) == ("a", "bcd")
    assert fits(topic="trains", language="de", joined_after=AT) == "c"
    assert fits(topic="'; DROP TABLE subscriber; --") == "a"


def test_growth_adds_up_to_who_is_there(store: Store) -> None:
    for n, name in enumerate(("a", "b", "c", "d")):
        add(store, name, AT + 7 * n * DAY)
    store.subscribers.remove(at("a"), who="eve", at=AT + 21 * DAY)
    store.erasure.erase(at("b"), who="eve", at=AT + 22 * DAY)
    bring(store, row("e"), row("gone", "unsubscribed"), when=AT + 23 * DAY)
    bring(store, row("f"), when=AT + 24 * DAY)
    store.imports.undo(2, who="eve", at=AT + 25 * DAY)
    counted = store.statistics.count()
    assert [(w.joined, w.left, w.members) for w in counted.weeks] == [
        (1, 0, 1),
        (1, 0, 2),
        (1, 0, 3),
        (1, 1, 3),
        (1, 1, 3),
    ]
    assert counted.weeks[-1].members == counted.subscribed == 3
    assert counted.by_status == {"subscribed": 3, "unsubscribed": 2}
    assert store.statistics.count(Segment(status="unsubscribed")).weeks[-1].members == 0


def test_a_week_begins_by_the_newsletters_clock(store: Store) -> None:
    add(store, "a", datetime(2026, 1, 4, 18, 20, tzinfo=UTC))  # a Sunday; in Kathmandu it is five past midnight
    add(store, "b", datetime(2026, 1, 4, 18, 10, tzinfo=UTC))
    (week,) = store.statistics.count().weeks
    assert week.joined == 2
    before, after = store.statistics.count(zone=ZoneInfo("Asia/Kathmandu")).weeks
    assert (before.joined, after.joined, after.monday) == (1, 1, date(2026, 1, 5))


def test_who_leaves_is_counted_with_the_last_issue_they_got(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 4)
    with open_store(tmp_path) as store:
        store.issues.set_state(SLUG, "sending", who="Mara", at=NOW)
        for leased in store.ledger.lease(SLUG, "one", 4, NOW):
            store.ledger.commit(SLUG, "one", [leased.ordinal], [], NOW)
            store.ledger.commit(SLUG, "one", [], [(leased.ordinal, "accepted", "250 Ok", None)], NOW)
        first, second, *_ = store.subscribers.all()
        store.subscribers.set_membership(first.id, "unsubscribed", how="page", who="-", at=NOW + DAY)
        store.subscribers.set_block(second.id, "complained", how="report", who="-", at=NOW + DAY)
        (issue,) = store.statistics.count().issues
    assert (issue.slug, issue.accepted, issue.left) == (SLUG, 4, 2)
