"""What the law asks about people's data, each article a test: consent, access, erasure, portability, objection."""

from __future__ import annotations

import csv
import gzip
import io
import json
import quopri
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.address import Address, parse_address
from digest.config import load_config
from digest.errors import AddressError
from digest.people import ImportRow, read_export
from digest.send.transports.maildir import Maildir
from digest.store import Store, inbox, open_store
from digest.store.codec import micros
from digest.store.inbox import InboxEvent
from digest.web.person import person_page
from tests.command_line import run_in
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, send

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORDING = "Yes, send me The Weekly Ledger on Thursdays. I can leave at any time."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


def join(store: Store, address: str = "ann@example.org", name: str = "Ann Ek", when: datetime = AT) -> Address:
    parsed = parse_address(address)
    store.subscribers.add(parsed, name, how="form", wording=WORDING, who="the reader", at=when)
    return parsed


# ------------------------------------------------------------------------------------------------ consent


def test_gdpr_7_1_consent_is_demonstrated_with_who_when_how_and_the_exact_wording(store: Store) -> None:
    ann = join(store)
    (event,) = store.consent.of(ann)
    assert event.payload is not None
    assert (event.kind, event.at) == ("subscribed", AT)
    assert (event.payload["who"], event.payload["how"], event.wording) == ("the reader", "form", WORDING)
    join(store, "bob@example.org")
    other = store.subscribers.add(
        parse_address("cy@example.org"), "", how="form", wording=WORDING + " ", who="the reader", at=AT
    )
    versions = [e.version for a in ("bob@example.org", str(other.address)) for e in store.consent.of(parse_address(a))]
    assert versions[0] == event.version and versions[1] != event.version  # one blank more is another wording
    assert store.consent.verify() == []


def test_gdpr_7_1_a_double_opt_in_shows_both_moments(store: Store) -> None:
    ann = parse_address("ann@example.org")
    known = store.subscribers.add(
        ann, "", how="form", wording=WORDING, who="the reader", at=AT, membership="unconfirmed"
    )
    assert store.subscribers.barred(known.id, AT) == "unconfirmed"
    store.subscribers.set_membership(
        known.id, "subscribed", how="confirmation", who="the reader", at=AT + DAY, wording=WORDING
    )
    assert [(e.kind, e.at) for e in store.consent.of(ann)] == [("unconfirmed", AT), ("subscribed", AT + DAY)]


def test_gdpr_7_3_leaving_is_one_event_with_no_condition_and_stays_provable(store: Store) -> None:
    ann = join(store)
    known = store.subscribers.get(ann)
    assert known is not None
    store.requests.merge([InboxEvent(AT + DAY, "leave", known.token, "one-click")])
    assert store.subscribers.barred(known.id, AT + DAY) == "unsubscribed"
    last = store.consent.of(ann)[-1]
    assert (last.kind, (last.payload or {})["how"]) == ("left", "one-click")


# ------------------------------------------------------------------------------------------------ who may get mail


@pytest.fixture(scope="module")
def issue_in_sending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("pecr")
    make_newsletter(folder, 1)
    with open_store(folder, durability="normal") as store:
        store.issues.set_state(SLUG, "sending", who="Mara", at=NOW)
        yield store


WHEN = st.sampled_from([None, NOW - DAY, NOW, NOW + timedelta(microseconds=1), NOW + DAY])
STANDING = st.tuples(
    st.sampled_from(["unconfirmed", "subscribed", "unsubscribed"]),
    st.sampled_from(["none", "bounced", "complained"]),
    WHEN,
)


@given(before=STANDING, between=STANDING)
@settings(max_examples=150, deadline=None)
def test_pecr_22_nobody_barred_is_ever_handed_out_or_passes_the_last_dot(
    issue_in_sending: Store, before: tuple[str, str, datetime | None], between: tuple[str, str, datetime | None]
) -> None:
    """Every membership, block and pause, before the lease and again between lease and dot."""
    store = issue_in_sending
    (reader,) = store.subscribers.all()

    def put(standing: tuple[str, str, datetime | None]) -> bool:
        membership, block, paused = standing
        store.conn.execute(
            "UPDATE subscriber SET membership = ?, block = ?, paused_until = ? WHERE id = ?",
            (membership, block, micros(paused) if paused else None, reader.id),
        )
        return membership == "subscribed" and block == "none" and (paused is None or paused <= NOW)

    store.conn.execute("BEGIN")
    try:
        may = put(before)
        leased = store.ledger.lease(SLUG, "one", 10, NOW)
        assert [row.subscriber for row in leased] == ([reader.id] if may else [])
        assert (store.subscribers.barred(reader.id, NOW) == "") is may
        if leased:
            may = put(between)
            assert store.ledger.commit(SLUG, "one", [leased[0].ordinal], [], NOW) == ({0} if may else set())
        assert (store.ledger.counts(SLUG) == {"sending": 1}) is (may and bool(leased))
        assert may or store.ledger.counts(SLUG) == {"suppressed": 1}
    finally:
        store.conn.execute("ROLLBACK")
        store.ledger.forget()


def test_can_spam_a_leaving_key_works_as_long_as_the_person_is_known(store: Store) -> None:
    ann = join(store)
    known = store.subscribers.get(ann)
    assert known is not None
    store.subscribers.remove(ann, who="eve", at=AT + DAY)
    assert store.subscribers.by_token(known.token) is not None
    store.requests.merge([InboxEvent(AT + 3650 * DAY, "leave", known.token, "one-click")])
    assert store.subscribers.by_token(known.token) is not None


# ------------------------------------------------------------------------------------------------ access


def lived(folder: Path, readers: int = 3) -> Address:
    """A newsletter whose second reader got an issue, asked for something, and is told of in an edit."""
    make_newsletter(folder, readers)
    with open_store(folder) as store:
        reader = store.subscribers.all()[1]
    send(folder, Maildir(folder / "var" / "outbox" / SLUG))
    inbox.append(folder, InboxEvent(NOW + DAY, "leave", reader.token, "page"))
    with open_store(folder) as store:
        store.requests.merge()
    return reader.address


def test_gdpr_15_the_person_gets_everything_held_readable_and_as_data(tmp_path: Path) -> None:
    address = lived(tmp_path)
    with open_store(tmp_path) as store:
        held = store.holdings.of(address)
        assert held is not None
        page = person_page(load_config(tmp_path), held, now=NOW)
        token = held.person.token
    assert [d.state for d in held.deliveries] == ["accepted"]
    assert [m.became for m in held.deliveries[0].moves] == ["leased", "sending", "accepted"]
    assert [line["kind"] for line in held.asked] == ["leave"]
    for words in (
        str(address),
        "You have left",
        "What you asked for on the site",
        held.deliveries[0].subject,
        "stored in the outbox",
    ):
        assert words.replace("&", "&amp;") in page
    assert token not in page and "<script" not in page and 'lang="en"' in page
    told = json.loads(run_in(tmp_path)("subscribers", "show", str(address), "--json").stdout)
    assert told["person"]["address"] == str(address) and "token" not in told["person"]
    assert [event["what"] for event in told["consent"]] == ["subscribed", "left"]
    assert told["deliveries"][0]["state"] == "accepted"


def test_gdpr_15_a_table_nobody_thought_of_is_told_of_too(store: Store) -> None:
    ann = join(store)
    known = store.subscribers.get(ann)
    assert known is not None
    store.conn.execute("CREATE TABLE survey (subscriber INTEGER, answer TEXT)")
    store.conn.execute("INSERT INTO survey VALUES (?, 'blue'), (99, 'red')", (known.id,))
    held = store.holdings.of(ann)
    assert held is not None and held.others["survey"] == ({"subscriber": known.id, "answer": "blue"},)


# ------------------------------------------------------------------------------------------------ erasure

NEEDLE = "quillfeather"  # in no other word of the newsletter


def traces(folder: Path, address: str, name: str, token: str) -> list[str]:
    """Files of *folder* with the person in them: plain, UTF-16, quoted-printable, JSON, packed."""
    words = [word for word in (address, address.split("@")[0], NEEDLE, name, token) if word]
    needles = [f(word.casefold()) for word in words for f in (
        lambda w: w.encode(), lambda w: w.encode("utf-16-le"), lambda w: w.encode("utf-16-be"),
        lambda w: quopri.encodestring(w.encode()), lambda w: json.dumps(w)[1:-1].encode(),
    )]  # fmt: skip
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            packed = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else b""
            if any(needle in (data + packed).lower() for needle in needles):
                found.append(path.relative_to(folder).as_posix())
    return found


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"{NEEDLE}.anna@example.org", "Anna Wollstonecraft-Quillfeather"),
        (f"Jürgen.{NEEDLE}@bücher.example", "Jürgen"),
        (f"{NEEDLE}=+tag@example.org", ""),
    ],
)
def test_gdpr_17_after_erasure_no_byte_of_the_newsletters_folder_names_them(
    tmp_path: Path, address: str, name: str
) -> None:
    folder = tmp_path / "newsletter"
    make_newsletter(folder, 12)
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "draft", who="Mara", at=NOW)
        row = ImportRow(7, address, name, language="de", evidence={"ip": "192.0.2.99"})
        others = [ImportRow(n, f"reader.{n * 7919 % 2000}@m{n % 50}.example", f"Reader {n}") for n in range(8, 1500)]
        store.imports.add([row, *others[:20]], how="import", basis="asked", who="Mara", at=NOW)
        reader = store.subscribers.get(parse_address(address))
        assert reader is not None
        store.ledger.freeze(SLUG, "", NOW)
        issue = store.issues.get(SLUG)
        assert issue is not None
        store.issues.approve(SLUG, fingerprint=issue.fingerprint, who="Mara", at=NOW)
        store.issues.set_state(SLUG, "sending", who="Mara", at=NOW)
        for leased in store.ledger.lease(SLUG, "one", 50, NOW):  # a server that names them without their address
            if leased.subscriber == reader.id:
                said = f"450 4.2.1 mailbox {reader.address.local} is over quota"
                store.ledger.commit(SLUG, "one", [], [(leased.ordinal, "deferred", said, NOW + DAY)], NOW)
                store.ledger.lease(SLUG, "two", 50, NOW + 2 * DAY)
                store.ledger.commit(SLUG, "two", [], [(leased.ordinal, "rejected", said, None)], NOW + 2 * DAY)
                new = folder / "var" / "outbox" / SLUG / "new"
                new.mkdir(parents=True)
                for ordinal, to in ((leased.ordinal, reader.address), (leased.ordinal + 1, "other@example.org")):
                    (new / f"{ordinal:06d}.abc.eml").write_text(f"To: {to}\r\n\r\nHello\r\n")
        store.imports.add(others[20:], how="import", basis="asked", who="Mara", at=NOW)  # pages split around them
        inbox.append(folder, InboxEvent(NOW, "leave", reader.token, "page"))
        inbox.append(folder, InboxEvent(NOW, "leave", "ab" * 16, "page"))
        backups = folder / "var" / "backups"
        backups.mkdir(parents=True, exist_ok=True)
        store.conn.execute("VACUUM INTO ?", (str(backups / "before-version-2-x.db"),))
        assert len(traces(folder, str(reader.address), reader.name, reader.token)) >= 4  # the search does find them
        before = store.subscribers.count()
        done = store.erasure.erase(reader.address, who="Mara", at=NOW + 3 * DAY)
        assert done is not None
        assert (done.letters, done.lines, done.copies, done.still) == (1, 1, 1, ())
        assert traces(folder, str(reader.address), reader.name, reader.token) == []  # -wal and -shm among them
        assert store.subscribers.count() == before - 1
        assert store.consent.verify() == [] and store.check() == ""
        assert inbox.damaged(folder) == [] and [e.token for e in inbox.read(folder)] == ["ab" * 16]
        store.ledger.account(SLUG)
        again = store.imports.add([row], how="import", basis="asked", who="Mara", at=NOW + 4 * DAY)
        assert (again.added, again.left_alone) == (0, 1)
        assert traces(folder, str(reader.address), reader.name, reader.token) == []
    assert traces(folder, str(reader.address), reader.name, reader.token) == []


def test_gdpr_17_files_written_elsewhere_are_named(tmp_path: Path) -> None:
    """On the command line: import with a bad line, backup, export; then erase says where the person still is."""
    folder, away = tmp_path / "newsletter", tmp_path / "away"
    away.mkdir()
    make_newsletter(folder, 2)
    run = run_in(folder)
    people = away / "people.csv"
    people.write_text(f"email,name\n{NEEDLE}@example.org,Quill\n{NEEDLE}@@example.org,Twice\n", "utf-8")
    run("subscribers", "import", str(people), "--yes")
    run("backup", str(away / "copy.tar.gz"))
    run("subscribers", "export", str(away / "all.csv"))
    (away / "others.csv").write_text("address\nsomebody@example.org\n")
    with open_store(folder) as store:
        for name in ("gone.csv", "others.csv"):
            store.written.remember(away / name, "an export", NOW)
    told = json.loads(run("subscribers", "erase", f"{NEEDLE}@example.org", "--yes", "--json").stdout)
    says = {Path(file["path"]).name: file["says"] for file in told["elsewhere"]}
    assert says == {
        "people.csv": "names them",
        "copy.tar.gz": "may name them",
        "all.csv": "names them",
        "gone.csv": "is not there now",
    }
    assert traces(folder, f"{NEEDLE}@example.org", "Quill", "no token") == []
    with tarfile.open(away / "copy.tar.gz") as archive:
        assert "subscribers.db" in archive.getnames()


def test_gdpr_17_what_another_program_deleted_carelessly_is_wiped_too(store: Store, tmp_path: Path) -> None:
    ann = join(store, f"{NEEDLE}@example.org")
    store.conn.execute("PRAGMA secure_delete = OFF")
    store.conn.execute("CREATE TABLE copied AS SELECT * FROM subscriber")
    store.conn.execute("DROP TABLE copied")
    store.conn.execute("PRAGMA secure_delete = ON")
    assert store.erasure.erase(ann, who="eve", at=AT) is not None
    assert traces(tmp_path, str(ann), "Ann Ek", "no token") == []


def test_gdpr_17_what_still_names_them_in_the_folder_is_said(store: Store, tmp_path: Path) -> None:
    ann = join(store)
    (tmp_path / "notes.txt").write_text("call ANN@example.org")
    store.state.set("note", "ann@example.org")
    done = store.erasure.erase(ann, who="eve", at=AT)
    assert done is not None and done.still == ("notes.txt", "subscribers.db, state (value)")


# ------------------------------------------------------------------------------------------------ taking it along


def test_gdpr_20_an_export_with_consent_is_read_back_as_it_was(store: Store, tmp_path: Path) -> None:
    from digest.cli.segments import _as_row, _write

    join(store, "ann@example.org", "=HYPERLINK(1)")
    join(store, "=cmd+x@example.org", "'=Bo")
    join(store, "jürgen@bücher.example", "Jürgen\u2019s")
    cy = store.subscribers.add(
        parse_address("cy@example.org"), "Cy", how="form", wording=WORDING, who="the reader", at=AT,
        language="de", topics=("Ports", "Trains"), length="lead",
    )  # fmt: skip
    store.subscribers.pause(cy.id, AT + 30 * DAY, how="page", who="the reader", at=AT + DAY)
    gone = join(store, "gone@example.org")
    store.subscribers.remove(gone, who="eve", at=AT + DAY)
    out = io.StringIO()
    _write(out, map(_as_row, store.subscribers.export_with_consent()), False)
    for cells in csv.reader(io.StringIO(out.getvalue())):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)  # nothing a spreadsheet runs
    export = read_export(lambda: io.BytesIO(out.getvalue().encode()), "all.csv")
    assert export.tool == "digest"
    with open_store(tmp_path / "other", create=True) as other:
        done = other.imports.add(export.rows(), how="import", basis="moved", who="eve", at=AT + 2 * DAY)
        assert (done.added, done.kept_out, done.rejected) == (4, 1, 0)

        def seen(where: Store) -> list[object]:
            people = sorted(where.subscribers.export(), key=lambda s: s.address.key)
            return [
                (s.address, s.name, s.language, s.topics, s.length, s.paused_until)
                for s in people if s.membership == "subscribed"
            ]  # fmt: skip

        assert seen(other) == seen(store)
        (event,) = other.consent.of(parse_address("cy@example.org"))
        assert event.payload is not None
        assert event.payload["earlier_wording"] == WORDING and event.payload["earlier_how"] == "form"
        assert datetime.fromisoformat(event.payload["earlier_at"]) == AT


def test_gdpr_21_3_no_list_overrides_who_left_complained_or_was_erased(store: Store) -> None:
    for name in ("left", "angry", "dead", "gone"):
        join(store, f"{name}@example.org")
    store.subscribers.remove(parse_address("left@example.org"), who="eve", at=AT)
    for name, block in (("angry", "complained"), ("dead", "bounced")):
        known = store.subscribers.get(parse_address(f"{name}@example.org"))
        assert known is not None
        store.subscribers.set_block(known.id, block, how="report", who="relay", at=AT)  # type: ignore[arg-type]
    store.erasure.erase(parse_address("gone@example.org"), who="eve", at=AT)
    rows = [ImportRow(n, f"{name}@EXAMPLE.org") for n, name in enumerate(("LEFT", "Angry", "dead", "gone"))]
    done = store.imports.add(rows, how="import", basis="bought", who="eve", at=AT + DAY)
    assert (done.added, done.left_alone) == (0, 4)
    assert store.subscribers.wishes(AT + DAY) == []  # nobody may get mail
    with pytest.raises(AddressError, match="erased"):
        join(store, "gone@example.org")
