"""Test letters, backups and the doctor: what looks after a newsletter's folder."""

from __future__ import annotations

import email
import email.policy
import io
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from digest.address import parse_address
from digest.config import load_config
from digest.dispatch.backup import backup, restore
from digest.dispatch.doctor import examine
from digest.dispatch.trial import send_test
from digest.errors import SendError, StoreError
from digest.render.check import Finding
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, send, to_sink


def mail_test(folder: Path, outbox: Path) -> None:
    config = load_config(folder)
    with open_store(folder) as store:
        rendered = store.issues.rendered(SLUG)
    send_test(folder, config, rendered, parse_address("editor@example.net"), Maildir(outbox), now=NOW)


def test_test_letter_is_marked_and_leaves_the_ledger_alone(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 3)
    mail_test(tmp_path / "n", tmp_path / "out")
    (file,) = (tmp_path / "out" / "new").iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["Subject"] == "[Test] The week’s numbers"
    assert message["To"] == "editor@example.net"
    with open_store(tmp_path / "n") as store:
        assert store.ledger.counts(SLUG) == {"waiting": 3}


def test_links_in_a_test_take_nobody_off_the_list(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 3)
    mail_test(tmp_path / "n", tmp_path / "out")
    (file,) = (tmp_path / "out" / "new").iterdir()
    with open_store(tmp_path / "n") as store:
        tokens = [reader.token for reader in store.subscribers.all()]
    assert not any(token.encode() in file.read_bytes() for token in tokens)


def test_test_that_cannot_leave_says_so(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    config = load_config(tmp_path)
    with open_store(tmp_path) as store:
        rendered = store.issues.rendered(SLUG)
    with pytest.raises(SendError, match="no mail server"):
        send_test(tmp_path, config, rendered, parse_address("editor@example.net"), to_sink(9), now=NOW)


# ------------------------------------------------------------------------------------------------ backup


def test_newsletter_comes_back_whole(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 4)
    send(tmp_path / "n", Maildir(tmp_path / "n" / "var" / "outbox" / SLUG))
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")

    def files(folder: Path) -> dict[str, bytes]:
        return {
            str(f.relative_to(folder)): f.read_bytes()
            for f in folder.rglob("*")
            if f.is_file() and not f.name.startswith("subscribers.db") and "lock" not in f.parts
        }

    assert files(tmp_path / "again") == files(tmp_path / "n")
    with open_store(tmp_path / "again") as store:
        assert store.ledger.counts(SLUG) == {"accepted": 4}
        assert store.subscribers.count() == 4


def test_secrets_stay_secret_on_the_way(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0
    assert (tmp_path / "again" / "keys").stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in (tmp_path / "again" / "keys").iterdir()} == {0o600}
    assert (tmp_path / "again" / "subscribers.db").stat().st_mode & 0o077 == 0


def test_letters_that_may_have_left_since_the_backup_are_held(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 6)
    send(tmp_path / "n", Maildir(tmp_path / "out"), limit=2)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    send(tmp_path / "n", Maildir(tmp_path / "out"))
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    with open_store(tmp_path / "again") as store:
        assert store.ledger.counts(SLUG) == {"accepted": 2, "uncertain": 4}


def test_backup_may_lie_in_the_newsletter_and_does_not_hold_itself(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    place = tmp_path / "var" / "backups" / "b.tar.gz"
    place.parent.mkdir(parents=True)
    backup(tmp_path, place)
    backup(tmp_path, place)
    with tarfile.open(place) as archive:
        assert not [name for name in archive.getnames() if "b.tar.gz" in name]


def test_restore_overwrites_nothing(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    with pytest.raises(StoreError, match="is not empty"):
        restore(tmp_path / "b.tar.gz", tmp_path / "n")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "var/../../evil", "other/file"])
def test_archive_that_reaches_out_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "b.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for member in ("digest.toml", "subscribers.db", name):
            archive.addfile(tarfile.TarInfo(member), io.BytesIO())
    with pytest.raises(StoreError):
        restore(file, tmp_path / "again")
    assert not list(tmp_path.rglob("evil"))


def test_torn_backup_is_named(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    backup(tmp_path / "n", tmp_path / "b.tar.gz")
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "b.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="no backup"):
        restore(tmp_path / "b.tar.gz", tmp_path / "again")


# ------------------------------------------------------------------------------------------------ the doctor


def found(folder: Path) -> list[Finding]:
    with open_store(folder) as store:
        return examine(folder, load_config(folder), store)


def test_healthy_newsletter_has_nothing_to_mend(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    assert [f for f in found(tmp_path) if f.place != str(tmp_path)] == []


def test_key_others_may_read_is_an_error_with_its_cure(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    key = tmp_path / "keys" / "message.key"
    key.chmod(0o644)
    (finding,) = [f for f in found(tmp_path) if f.severity == "error"]
    assert finding.remedy == f"chmod 600 {key}"


def test_lost_key_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    (tmp_path / "keys" / "erased.key").unlink()
    assert any("erased.key is missing" in f.what for f in found(tmp_path) if f.severity == "error")


def test_relay_that_is_not_named_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1, send='transport = "smtp"')
    assert "smtp.host" in {f.place for f in found(tmp_path) if f.severity == "error"}


def test_damaged_database_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 300)
    path = tmp_path / "subscribers.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'delivery_once'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size + 100 : page * size] = b"\xff" * (size - 100)
    path.write_bytes(data)
    assert any("damaged" in f.what for f in found(tmp_path) if f.severity == "error")


def test_readers_in_doubt_are_brought_up(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    with open_store(tmp_path) as store:
        store.ledger.doubt_open(SLUG, "test", NOW)
    assert any("for 2 readers we cannot know" in f.what for f in found(tmp_path))
