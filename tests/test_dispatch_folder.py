"""Test letters and the doctor: what looks after a newsletter's folder."""

from __future__ import annotations

import email
import email.policy
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.address import parse_address
from digest.config import load_config
from digest.dispatch.doctor import Verdict, examine
from digest.dispatch.trial import send_test
from digest.errors import SendError
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, to_sink


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


# ------------------------------------------------------------------------------------------------ the doctor


def found(folder: Path) -> list[Verdict]:
    with open_store(folder) as store:
        return examine(folder, load_config(folder), store, now=datetime.now(UTC), offline=True)


def test_healthy_newsletter_has_nothing_to_mend(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    assert {v.level for v in found(tmp_path) if v.topic != "disk"} == {"good", "skipped"}


def test_key_others_may_read_is_an_error_with_its_cure(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    key = tmp_path / "keys" / "message.key"
    key.chmod(0o644)
    (verdict,) = [v for v in found(tmp_path) if v.level == "error"]
    assert verdict.todo == f"chmod 600 {key}"


def test_lost_key_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    (tmp_path / "keys" / "erased.key").unlink()
    assert any("erased.key is missing" in f.what for f in found(tmp_path) if f.level == "error")


def test_relay_that_is_not_named_is_an_error(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1, send='transport = "smtp"')
    assert "there is no mail server to send to" in {f.what for f in found(tmp_path) if f.level == "error"}


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
    assert any("damaged" in f.what for f in found(tmp_path) if f.level == "error")


def test_readers_in_doubt_are_brought_up(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    with open_store(tmp_path) as store:
        store.ledger.doubt_open(SLUG, "test", NOW)
    assert any("for 2 readers we cannot know" in f.what for f in found(tmp_path))
