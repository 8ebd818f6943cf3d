"""Backups: whole, secret, checked, and never a reason to send anything twice."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from digest.address import parse_address
from digest.dispatch.backup import BLOCK, MANIFEST, backup, read
from digest.dispatch.restored import DOUBT, UNDER_WAY, Held, answer, close, not_sent, restore
from digest.errors import IssueError, StoreError
from digest.send.transports.maildir import Maildir
from digest.store import inbox, open_store
from digest.store.inbox import InboxEvent
from tests.dispatch_newsletter import NOW, SLUG, accepted, make_newsletter, send, sink, to_sink

LATER = NOW + timedelta(days=1)


def reader(folder: Path, number: int) -> str:
    """The reader's membership, or block, in *folder*; 'erased' for who is not there."""
    with open_store(folder) as store:
        found = store.subscribers.get(parse_address(f"reader{number}@example.net"))
    if found is None:
        return "erased"
    return found.membership if found.block == "none" else found.block


def state_of(folder: Path) -> str:
    with open_store(folder) as store:
        known = store.issues.get(SLUG)
        assert known is not None
        return known.state


def counts(folder: Path) -> Mapping[str, int]:
    with open_store(folder) as store:
        return {**store.ledger.counts(SLUG)}


# ------------------------------------------------------------------------------------------------ whole and secret


def test_newsletter_comes_back_whole(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 4)
    (tmp_path / "n" / "templates" / "email").mkdir(parents=True)
    (tmp_path / "n" / "templates" / "email" / "inline.css").write_text("p { margin: 0 }")
    (tmp_path / "n" / "var" / "issues" / SLUG).mkdir(parents=True)
    (tmp_path / "n" / "var" / "issues" / SLUG / "issue.html").write_text("<p>The week.</p>")
    send(tmp_path / "n", Maildir(tmp_path / "out"))
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")

    def files(folder: Path) -> dict[str, bytes]:
        return {
            str(f.relative_to(folder)): f.read_bytes()
            for f in folder.rglob("*")
            if f.is_file() and not f.name.startswith("subscribers.db") and "lock" not in f.parts
        }

    assert files(tmp_path / "again") == files(tmp_path / "n")
    assert counts(tmp_path / "again") == {"accepted": 4}
    assert state_of(tmp_path / "again") == "sent"


def test_what_readers_asked_for_until_then_is_in_the_copy(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 2)
    leave(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert reader(tmp_path / "again", 1) == "unsubscribed"


def test_secrets_stay_secret_on_the_way(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0
    for folder in ("keys", "var"):
        assert (tmp_path / "again" / folder).stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in (tmp_path / "again" / "keys").iterdir()} == {0o600}
    assert (tmp_path / "again" / "subscribers.db").stat().st_mode & 0o077 == 0


def test_backup_inside_the_newsletter_is_refused(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    with pytest.raises(StoreError, match="lies inside the newsletter"):
        backup(tmp_path, tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("*.tar.gz"))


def test_failed_backup_leaves_the_older_one_and_nothing_else(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 300)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    before = (tmp_path / "b.tar.gz").read_bytes()
    path = tmp_path / "n" / "subscribers.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'delivery'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size + 100 : page * size] = b"\xff" * (size - 100)
    path.write_bytes(data)
    with pytest.raises(StoreError):
        backup(tmp_path / "n", tmp_path / "b.tar.gz")
    assert (tmp_path / "b.tar.gz").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert list((tmp_path / "n" / "var" / "backups").iterdir()) == []


# ------------------------------------------------------------------------------------------------ the passphrase


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A sealed backup of several blocks."""
    make_newsletter(tmp_path / "n", 2)
    (tmp_path / "n" / "var" / "issues").mkdir(parents=True)
    noise = hashlib.shake_256(b"seed").digest(2 * BLOCK + 17)
    (tmp_path / "n" / "var" / "issues" / "noise").write_bytes(noise)
    backup(tmp_path / "n", tmp_path / "b", passphrase="correct horse")
    return tmp_path / "b"


def test_sealed_backup_opens_with_its_passphrase_only(sealed: Path, tmp_path: Path) -> None:
    assert b"example.net" not in sealed.read_bytes()
    restore(sealed, tmp_path / "again", passphrase="correct horse")
    assert counts(tmp_path / "again") == {"uncertain": 2}
    for wrong, words in (("", "needs its passphrase"), ("incorrect horse", "passphrase does not open")):
        with pytest.raises(StoreError, match=words):
            restore(sealed, tmp_path / "other", passphrase=wrong)
    assert not (tmp_path / "other").exists()


def test_sealed_backup_changed_cut_or_reordered_is_refused(sealed: Path, tmp_path: Path) -> None:
    whole = sealed.read_bytes()
    block, head = 4 + BLOCK + 16, 32
    first, second = whole[head : head + block], whole[head + block : head + 2 * block]
    spoiled = {
        "changed": whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:],
        "cut": whole[: head + 2 * block],
        "reordered": whole[:head] + second + first + whole[head + 2 * block :],
        "doubled": whole[: head + block] + first + whole[head + block :],
    }
    for name, data in spoiled.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StoreError):
            restore(tmp_path / name, tmp_path / "again", passphrase="correct horse")
        assert not (tmp_path / "again").exists(), name


# ------------------------------------------------------------------------------------------------ hostile archives


def archive(file: Path, members: Mapping[str, bytes], *, extra: tarfile.TarInfo | None = None, **lies: object) -> None:
    """A backup of *members* that speaks of all of them; *extra* comes after; *lies* go into its first member."""
    files = {name: [len(data), hashlib.sha256(data).hexdigest()] for name, data in members.items()}
    told = {"version": 1, "made": NOW.isoformat(), "newsletter": "x", "files": files, **lies}
    with tarfile.open(file, "w:gz") as tar:
        for name, data in {MANIFEST: json.dumps(told).encode(), **members}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        if extra is not None:
            tar.addfile(extra)


GOOD = {"digest.toml": b"", "subscribers.db": b""}


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "var/issues/../../../evil", "var/evil", "var/lock/evil", "keys/../evil", "evil"]
)
def test_archive_that_reaches_out_is_refused(tmp_path: Path, name: str) -> None:
    archive(tmp_path / "b", {**GOOD, name: b"x"})
    with pytest.raises(StoreError, match="no backup"):
        restore(tmp_path / "b", tmp_path / "again")
    assert not list(tmp_path.rglob("evil")) and not (tmp_path / "again").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("keys/message.key")
    member.type, member.linkname = kind, "/etc/passwd"
    spoken = {name: [len(d), hashlib.sha256(d).hexdigest()] for name, d in {**GOOD, "keys/message.key": b""}.items()}
    archive(tmp_path / "b", GOOD, extra=member, files=spoken)
    with pytest.raises(StoreError, match="does not speak of"):
        restore(tmp_path / "b", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_member_that_is_not_spoken_of_or_changed_is_refused(tmp_path: Path) -> None:
    empty = [0, hashlib.sha256(b"").hexdigest()]
    for files, words in (
        ({"digest.toml": empty, "subscribers.db": empty}, "does not speak of"),
        ({"digest.toml": empty, "subscribers.db": empty, "keys/k": [1, "0" * 64]}, "damaged"),
        ({"digest.toml": empty, "subscribers.db": empty, "keys/k": [2, "0" * 64]}, "with 1 bytes, not 2"),
        (
            {
                "digest.toml": empty,
                "subscribers.db": empty,
                "keys/k": [1, hashlib.sha256(b"x").hexdigest()],
                "keys/l": empty,
            },
            "lacks",
        ),
    ):
        archive(tmp_path / "b", {**GOOD, "keys/k": b"x"}, files=files)
        with pytest.raises(StoreError, match=words):
            restore(tmp_path / "b", tmp_path / "again")
        assert not (tmp_path / "again").exists()


def test_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    archive(tmp_path / "b", {**GOOD, "var/issues/zeros": bytes(600 * BLOCK)})
    assert (tmp_path / "b").stat().st_size < BLOCK
    with pytest.raises(StoreError, match="would swell"):
        restore(tmp_path / "b", tmp_path / "again")


def test_bomb_in_a_header_is_refused(tmp_path: Path) -> None:
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 40 * BLOCK
    with tarfile.open(tmp_path / "b", "w:gz") as tar:
        tar.addfile(long, io.BytesIO(bytes(40 * BLOCK)))
    with pytest.raises(StoreError, match="an extended header of"):
        restore(tmp_path / "b", tmp_path / "again")


@pytest.mark.parametrize("data", [b"", b"no archive at all", b"\x1f\x8b\x08\x00 torn"])
def test_file_that_is_no_backup_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b").write_bytes(data)
    with pytest.raises(StoreError, match="no backup"):
        read(tmp_path / "b")


def test_torn_backup_is_named_and_leaves_no_folder(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    (tmp_path / "b").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="no backup"):
        restore(tmp_path / "b", tmp_path / "again")
    assert not (tmp_path / "again").exists()


# ------------------------------------------------------------------------------------------------ what a copy cannot know


def test_mondays_copy_put_back_after_tuesdays_send_sends_nothing(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 20)
    backup(tmp_path / "n", tmp_path / "monday")
    with sink(tmp_path / "log") as port:
        send(tmp_path / "n", to_sink(port), at=LATER)
    assert len(accepted(tmp_path / "log")) == 20
    done = restore(tmp_path / "monday", tmp_path / "again")
    assert done.doubtful == (Held(SLUG, 20),)
    assert state_of(tmp_path / "again") == "paused"
    with sink(tmp_path / "log2") as port:
        with pytest.raises(IssueError, match="did it go out after that"):
            send(tmp_path / "again", to_sink(port), at=LATER)
        with open_store(tmp_path / "again") as store:
            store.issues.set_state(SLUG, "sending", who="editor", at=LATER)  # as `digest resume` does
        send(tmp_path / "again", to_sink(port), at=LATER)
    assert accepted(tmp_path / "log2") == {}
    assert counts(tmp_path / "again") == {"uncertain": 20}


def test_letters_accepted_before_the_copy_stay_so(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 6)
    send(tmp_path / "n", Maildir(tmp_path / "out"), limit=2)
    backup(tmp_path / "n", tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again")
    assert counts(tmp_path / "again") == {"accepted": 2, "uncertain": 4}


@pytest.mark.parametrize(
    ("word", "after"), [("all", {"accepted": 3}), ("none", {"waiting": 3}), ("unknown", {"uncertain": 3})]
)
def test_a_person_says_whether_it_went_out(tmp_path: Path, word: str, after: Mapping[str, int]) -> None:
    make_newsletter(tmp_path / "n", 3)
    backup(tmp_path / "n", tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again")
    with open_store(tmp_path / "again") as store:
        answer(store, SLUG, word, who="Mara", at=LATER)  # type: ignore[arg-type]
        told = [move.reply for move in store.ledger.history(SLUG, 0)]
    assert counts(tmp_path / "again") == after
    assert told[0] == DOUBT and (word == "unknown" or "says Mara" in told[1])


# ------------------------------------------------------------------------------------------------ what the folder knows


def leave(folder: Path, number: int) -> None:
    with open_store(folder) as store:
        found = store.subscribers.get(parse_address(f"reader{number}@example.net"))
        assert found is not None
    inbox.append(folder, InboxEvent(LATER, "leave", found.token, "one-click"))


def test_who_left_or_was_erased_since_the_copy_stays_so(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, 6)
    backup(folder, tmp_path / "b")
    leave(folder, 0)  # by the site; not merged yet
    with open_store(folder) as store:
        people = {n: store.subscribers.get(parse_address(f"reader{n}@example.net")) for n in range(6)}
        store.subscribers.remove(people[1].address, who="Mara", at=LATER)  # type: ignore[union-attr]
        store.subscribers.set_block(people[2].id, "complained", how="report", who="Mara", at=LATER)  # type: ignore[union-attr]
        store.erasure.erase(people[3].address, who="Mara", at=LATER)  # type: ignore[union-attr]
    done = restore(tmp_path / "b", folder, replacing=True, now=LATER)
    assert (done.erased, done.left, done.unread) == (1, 3, "")
    states = [reader(folder, n) for n in range(6)]
    assert states == ["unsubscribed", "unsubscribed", "complained", "erased", "subscribed", "subscribed"]
    with open_store(folder) as store:
        assert store.consent.verify() == []
    assert b"reader3@" not in b"".join(f.read_bytes() for f in folder.rglob("*") if f.is_file())


def test_who_is_erased_later_is_not_in_what_was_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, 2)
    backup(folder, tmp_path / "b")
    restore(tmp_path / "b", folder, replacing=True, now=LATER)
    with open_store(folder) as store:
        store.erasure.erase(parse_address("reader1@example.net"), who="Mara", at=LATER)
    assert b"reader1@" not in b"".join(f.read_bytes() for f in folder.rglob("*") if f.is_file())


def test_leavings_after_the_restore_are_read_whatever_was_read_before_it(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 3)
    leave(tmp_path / "n", 0)
    backup(tmp_path / "n", tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again")
    for number in (1, 2):
        leave(tmp_path / "again", number)
    with open_store(tmp_path / "again") as store:
        store.requests.merge()
    assert [reader(tmp_path / "again", n) for n in range(3)] == ["unsubscribed"] * 3


def test_what_the_replaced_ledger_knows_holds_whatever_a_person_says(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, 7)
    backup(folder, tmp_path / "b")
    with sink(tmp_path / "log", "--refuse", "reader1@", "550 5.1.1 no such mailbox") as port:
        send(folder, to_sink(port, 1), at=LATER, limit=4)
        with open_store(folder) as store:
            (row,) = store.ledger.lease(SLUG, "wire-1", 1, LATER)
            store.ledger.commit(SLUG, "wire-1", [row.ordinal], [], LATER)  # before the dot; killed there
        before = counts(folder)
        done = restore(tmp_path / "b", folder, replacing=True, now=LATER)
        assert before == {"accepted": 3, "rejected": 1, "sending": 1, "waiting": 2}
        assert done.doubtful == (Held(SLUG, 2, booked=4, doubtful=1),)
        with open_store(folder) as store:
            assert answer(store, SLUG, "none", who="Mara", at=LATER) == 2
            assert not close(store, SLUG, who="Mara", at=LATER)
            assert [r.reply for r in store.accounts.rows(SLUG, ["uncertain"])] == [UNDER_WAY]
            store.issues.set_state(SLUG, "sending", who="editor", at=LATER)
        send(folder, to_sink(port, 1), at=LATER)
    assert counts(folder) == {"accepted": 5, "rejected": 1, "uncertain": 1}
    assert sorted(accepted(tmp_path / "log").values()) == [1] * 5


def test_a_draft_that_the_replaced_ledger_knows_to_be_out_is_not_approved_again(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, 2)
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "draft", who="x", at=NOW)
    backup(folder, tmp_path / "b")
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "approved", who="x", at=NOW)
        store.ledger.freeze(SLUG, "", NOW)
    send(folder, Maildir(tmp_path / "out"), at=LATER)
    restore(tmp_path / "b", folder, replacing=True, now=LATER)
    with open_store(folder) as store, pytest.raises(IssueError, match="has gone out"):
        not_sent(store, SLUG)


def test_restore_overwrites_nothing_unless_asked_to(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b")
    with pytest.raises(StoreError, match="is not empty"):
        restore(tmp_path / "b", tmp_path / "n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(StoreError, match="is not empty"):
        restore(tmp_path / "b", tmp_path / "other", replacing=True)
    assert [p.name for p in (tmp_path / "other").iterdir()] == ["letter.txt"]


def test_copy_of_another_newsletter_is_refused(tmp_path: Path) -> None:
    for name in ("n", "other"):
        make_newsletter(tmp_path / name, 1)
    backup(tmp_path / "n", tmp_path / "b")
    with pytest.raises(StoreError, match="another newsletter"):
        restore(tmp_path / "b", tmp_path / "other", replacing=True)
    assert counts(tmp_path / "other") == {"waiting": 1}


def test_damaged_database_is_replaced_and_said_to_be_unread(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, 2)
    backup(folder, tmp_path / "b")
    leave(folder, 1)
    for file in folder.glob("subscribers.db*"):
        file.write_bytes(b"SQLite format 3\0 no more")
    done = restore(tmp_path / "b", folder, replacing=True, now=LATER)
    assert "not a database" in done.unread
    assert [reader(folder, n) for n in range(2)] == ["subscribed", "unsubscribed"]
