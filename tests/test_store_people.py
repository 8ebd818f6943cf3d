"""Subscribers: who may get mail, imports, consent, erasure."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest

from digest.address import Address, parse_address
from digest.errors import AddressError, StoreError
from digest.model import Subscriber
from digest.store import Store, open_store
from digest.store.imports import ImportReport, ImportRow
from digest.store.traces import Person, holds

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


def add(store: Store, name: str) -> Subscriber:
    return store.subscribers.add(
        Address(name, "example.org"), name.title(), how="editor", wording="yes", who="eve", at=AT
    )


def bring(store: Store, *addresses: str, dry_run: bool = False) -> ImportReport:
    rows = [ImportRow(n, a) for n, a in enumerate(addresses, 2)]
    return store.imports.add(rows, how="import", basis="asked", who="eve", at=AT, dry_run=dry_run)


# ------------------------------------------------------------------------------------------------ one person


def test_a_subscriber_is_found_by_address_in_any_case_and_by_token(store: Store) -> None:
    ann = add(store, "ann")
    assert store.subscribers.get(Address("ANN", "example.org")) == ann
    assert store.subscribers.by_token(ann.token) == ann
    assert store.subscribers.get(Address("bob", "example.org")) is None


@pytest.mark.parametrize("name", ["A\r\nBcc: v@example.com", "A\0", "A\u2028B", "\udcff", "x" * 101])
def test_no_name_comes_in_that_cannot_stand_in_a_letter(store: Store, name: str) -> None:
    with pytest.raises(AddressError, match="name"):
        store.subscribers.add(Address("ann", "example.org"), name, how="editor", wording="yes", who="eve", at=AT)
    with pytest.raises(AddressError, match="name"):
        store.subscribers.rename(add(store, "bo").id, name)
    rows = [ImportRow(2, "cy@example.org", name), ImportRow(3, "di@example.org", "x" * 100)]
    report = store.imports.add(rows, how="import", basis="asked", who="eve", at=AT)
    assert (report.added, report.rejected) == (1, 1)
    assert "name" in report.shown[0][1]


def test_every_token_is_128_bits_of_its_own(store: Store) -> None:
    tokens = {add(store, f"r{n}").token for n in range(50)}
    assert len(tokens) == 50
    assert all(len(bytes.fromhex(t)) == 16 for t in tokens)


def test_adding_a_subscriber_again_changes_nothing(store: Store) -> None:
    first = add(store, "ann")
    assert add(store, "ann") == first
    assert len(store.consent.of(first.address)) == 1


def test_the_editor_may_add_by_hand_who_left_and_the_new_ground_is_kept(store: Store) -> None:
    ann = add(store, "ann")
    store.subscribers.remove(ann.address, who="eve", at=AT)
    again = store.subscribers.add(
        ann.address, "", how="editor", wording="wrote to us on Monday", who="eve", at=AT + timedelta(1)
    )
    assert (again.membership, again.id, again.token) == ("subscribed", ann.id, ann.token)
    events = store.consent.of(ann.address)
    assert [e.kind for e in events] == ["subscribed", "unsubscribed", "subscribed"]
    assert events[-1].payload is not None
    assert events[-1].payload["wording"] == "wrote to us on Monday"


@pytest.mark.parametrize("block", ["bounced", "complained"])
def test_a_blocked_address_cannot_be_added(store: Store, block: str) -> None:
    ann = add(store, "ann")
    store.subscribers.set_block(ann.id, block, how="report", who="relay", at=AT)  # type: ignore[arg-type]
    with pytest.raises(AddressError, match=block):
        add(store, "ann")


def test_removing_keeps_the_row_and_says_whether_anybody_was_there(store: Store) -> None:
    add(store, "ann")
    assert store.subscribers.remove(Address("ann", "example.org"), who="eve", at=AT)
    assert not store.subscribers.remove(Address("bob", "example.org"), who="eve", at=AT)
    assert [s.membership for s in store.subscribers.all()] == ["unsubscribed"]


def test_a_number_is_not_used_again_after_erasure(store: Store) -> None:
    ann = add(store, "ann")
    store.erasure.erase(ann.address, who="eve", at=AT)
    assert add(store, "bob").id > ann.id


# ------------------------------------------------------------------------------------------------ imports


def test_an_import_takes_the_good_lines_and_names_the_bad_ones(store: Store) -> None:
    add(store, "known")
    report = bring(
        store,
        "ann@example.org",
        "no address",
        " Bob@Example.ORG ",
        "bob@example.org",
        "known@example.org",
        "x@y\r\nBcc: z@example.org",
        "",
    )
    assert (report.added, report.known, report.duplicates, report.left_alone) == (2, 1, 1, 0)
    assert [(row.line, row.address) for row, _ in report.shown] == [
        (3, "no address"),
        (7, "x@y\r\nBcc: z@example.org"),
        (8, ""),
    ]
    assert report.rejected == 3 and all(reason for _, reason in report.shown)
    assert [str(s.address) for s in store.subscribers.all()] == [
        "known@example.org",
        "ann@example.org",
        "Bob@example.org",
    ]


def test_an_import_brings_nobody_back(store: Store) -> None:
    people = {name: add(store, name) for name in ("left", "angry", "gone", "forgotten")}
    store.subscribers.remove(people["left"].address, who="eve", at=AT)
    store.subscribers.set_block(people["angry"].id, "complained", how="report", who="relay", at=AT)
    store.subscribers.set_block(people["gone"].id, "bounced", how="return", who="relay", at=AT)
    store.erasure.erase(people["forgotten"].address, who="eve", at=AT)
    before = store.subscribers.all()
    report = bring(store, *(f"{name.upper()}@example.org" for name in people))
    assert (report.added, report.left_alone) == (0, 4)
    assert store.subscribers.all() == before


def test_a_dry_run_gives_the_same_report_and_changes_nothing(store: Store) -> None:
    addresses = ("ann@example.org", "bad", "ann@example.org", "bob@example.org")
    plan = bring(store, *addresses, dry_run=True)
    assert store.subscribers.count() == 0
    assert bring(store, *addresses) == plan
    assert store.subscribers.count() == 2


def test_an_error_of_the_database_undoes_the_whole_import(store: Store) -> None:
    store.conn.execute(
        """CREATE TRIGGER disk BEFORE INSERT ON subscriber WHEN new.local = 'third'
           BEGIN SELECT raise(ABORT, 'no room'); END"""
    )
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        bring(store, "first@example.org", "second@example.org", "third@example.org")
    assert store.subscribers.count() == 0
    assert store.consent.verify() == []


def test_an_export_can_be_imported_into_a_new_newsletter(store: Store, tmp_path: Path) -> None:
    bring(store, "ann@example.org", "jürgen@example.org", "bob@bücher.example")
    file = tmp_path / "out.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([str(s.address), s.name] for s in store.subscribers.export())
    with open_store(tmp_path / "new", create=True) as other, file.open(newline="", encoding="utf-8") as lines:
        rows = [ImportRow(n, a, name) for n, (a, name) in enumerate(csv.reader(lines), 1)]
        report = other.imports.add(rows, how="import", basis="moved", who="eve", at=AT)
        assert (report.added, report.rejected) == (3, 0)
        assert [s.address for s in other.subscribers.all()] == [s.address for s in store.subscribers.all()]


# ------------------------------------------------------------------------------------------------ consent


def test_consent_says_who_when_how_and_in_which_words(store: Store) -> None:
    (event,) = store.consent.of(add(store, "ann").address)
    assert (event.kind, event.at) == ("subscribed", AT)
    assert event.payload == {
        "address": "ann@example.org",
        "name": "Ann",
        "how": "editor",
        "wording": "yes",
        "who": "eve",
    }


def test_the_chain_holds_after_one_persons_words_are_deleted(store: Store) -> None:
    people = [add(store, f"r{n}") for n in range(5)]
    store.erasure.erase(people[1].address, who="eve", at=AT)
    assert store.conn.execute("SELECT 1 FROM consent_payload WHERE seq = 2").fetchone() is None
    assert store.consent.verify() == []
    assert store.consent.of(people[2].address)[0].payload is not None


def test_words_that_went_missing_without_an_erasure_are_noticed(store: Store) -> None:
    add(store, "ann")
    store.conn.execute("DELETE FROM consent_payload")
    assert store.consent.verify() == ["the words of event 1 are missing, and its person was not erased"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE consent_payload SET payload = replace(payload, 'yes', 'YES') WHERE seq = 2",
        "UPDATE consent_payload SET salt = '00' WHERE seq = 2",
        "UPDATE consent_event SET kind = 'confirmed' WHERE seq = 2",
        "UPDATE consent_event SET at = '2014-01-01T00:00:00.000000+00:00' WHERE seq = 2",
        "UPDATE consent_event SET subscriber = 3 WHERE seq = 2",
        "UPDATE consent_event SET hash = previous WHERE seq = 2",
        "DELETE FROM consent_event WHERE seq = 2",
        "DELETE FROM consent_event WHERE seq = 4",
    ],
)
def test_the_chain_shows_any_change_made_behind_its_back(store: Store, tampering: str) -> None:
    for n in range(4):
        add(store, f"r{n}")
    store.conn.execute("PRAGMA foreign_keys = OFF")
    store.conn.execute("DROP TRIGGER consent_event_stays")
    store.conn.execute("DROP TRIGGER consent_event_is_kept")
    store.conn.execute("DROP TRIGGER consent_payload_stays")
    assert store.consent.verify() == []
    assert store.conn.execute(tampering).rowcount == 1
    assert store.consent.verify() != []


@pytest.mark.parametrize("change", ["UPDATE consent_event SET kind = 'left'", "DELETE FROM consent_event"])
def test_consent_events_can_only_be_added(store: Store, change: str) -> None:
    add(store, "ann")
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        store.conn.execute(change)


# ------------------------------------------------------------------------------------------------ erasure


def test_an_erased_address_is_in_no_file_of_the_folder(store: Store, tmp_path: Path) -> None:
    ann = store.subscribers.add(
        Address("anneliese.unmistakable", "example.org"), "Anneliese", how="page", wording="yes", who="-", at=AT
    )
    add(store, "bob")
    backups = tmp_path / "var" / "backups"
    backups.mkdir(parents=True)
    store.conn.execute("VACUUM INTO ?", (str(backups / "before-version-2-x.db"),))
    assert store.erasure.erase(ann.address, who="eve", at=AT)
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert b"unmistakable" not in content, file
        assert b"Anneliese" not in content, file
        assert ann.token.encode() not in content, file
    assert store.subscribers.get(ann.address) is None
    assert [str(s.address) for s in store.subscribers.all()] == ["bob@example.org"]
    assert store.consent.verify() == []


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_an_address_is_found_in_files_however_it_is_written(
    tmp_path: Path, case: Callable[[str], str], form: Literal["NFC", "NFD"], encoding: str
) -> None:
    person = Person(parse_address("Zoë@bücher.example"), "0" * 32, ())
    file = tmp_path / "list.csv"
    text = normalize(form, case("Zoë@Bücher.example"))
    file.write_bytes(f"a,b\n{text},c\n".encode(encoding, "replace"))
    assert holds(file, person.needles()) or (form, encoding) == ("NFD", "cp1252")  # which has no marks on their own
    file.write_bytes("ä@bücher.example,Zoë".encode(encoding))
    assert not holds(file, person.needles())


def test_an_erased_person_cannot_be_added_by_others(store: Store) -> None:
    ann = add(store, "ann")
    store.erasure.erase(ann.address, who="eve", at=AT)
    with pytest.raises(AddressError, match="erased"):
        add(store, "ANN")


def test_without_the_key_nobody_is_added_past_the_erased(store: Store, tmp_path: Path) -> None:
    store.erasure.erase(add(store, "ann").address, who="eve", at=AT)
    (tmp_path / "keys" / "erased.key").unlink()
    with pytest.raises(StoreError, match="who was erased"):
        add(store, "bob")


def test_erasing_a_stranger_does_nothing(store: Store) -> None:
    assert not store.erasure.erase(Address("nobody", "example.org"), who="eve", at=AT)
