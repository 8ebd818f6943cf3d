"""The file itself: new, older, newer, somebody else's, damaged, locked."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.address import Address
from digest.errors import StoreError
from digest.model import LEGAL_MOVES, Image
from digest.store import Store, open_store, schema
from digest.store.codec import to_json
from digest.store.migrations.ledger import STATES
from tests.make import article

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)


def add(store: Store, name: str) -> None:
    store.subscribers.add(Address(name, "example.org"), "", how="editor", wording="yes", who="eve", at=AT)


def test_a_missing_file_is_made_only_when_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no") as caught:
        open_store(tmp_path)
    assert "init" in caught.value.hint
    assert not (tmp_path / schema.FILE).exists()
    with open_store(tmp_path, create=True) as store:
        assert store.subscribers.count() == 0


def test_only_the_owner_may_read_a_new_file(tmp_path: Path) -> None:
    open_store(tmp_path, create=True).close()
    assert (tmp_path / schema.FILE).stat().st_mode & 0o777 == 0o600


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    with open_store(tmp_path, create=True) as store:
        add(store, "ann")
    with open_store(tmp_path) as store:
        assert [str(s.address) for s in store.subscribers.all()] == ["ann@example.org"]


@pytest.mark.parametrize(("durability", "level"), [("full", 2), ("normal", 1)])
def test_the_file_is_set_up_to_last(tmp_path: Path, durability: str, level: int) -> None:
    with open_store(tmp_path, create=True, durability=durability) as store:  # type: ignore[arg-type]
        asked = {
            name: store.conn.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": level, "secure_delete": 1, "foreign_keys": 1}


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / schema.FILE) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    before = (tmp_path / schema.FILE).read_bytes()
    with pytest.raises(StoreError, match="another program"):
        open_store(tmp_path, create=True)
    assert (tmp_path / schema.FILE).read_bytes() == before


def test_a_file_from_a_newer_program_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with open_store(tmp_path, create=True) as store:
        store.conn.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer digest") as caught:
        open_store(tmp_path)
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("content", [b"dear diary " * 500, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / schema.FILE).write_bytes(content)
    with pytest.raises(StoreError, match="not a database") as caught:
        open_store(tmp_path, create=True)
    assert "restore" in caught.value.hint


def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path, create=True) as store:
        add(store, "ann")

    def second_tables(db: object) -> None:
        db.conn.execute("CREATE TABLE second (n INTEGER) STRICT")  # type: ignore[attr-defined]

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, second_tables))
    with open_store(tmp_path) as store:
        assert store.conn.execute("SELECT count(*) FROM second").fetchone() == (0,)
        assert store.subscribers.count() == 1
    (copy,) = (tmp_path / "var" / "backups").glob("*.db")
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as old:
        assert old.execute("SELECT local FROM subscriber").fetchall() == [("ann",)]
        assert old.execute("SELECT count(*) FROM sqlite_master WHERE name = 'second'").fetchone() == (0,)
    old.close()
    open_store(tmp_path).close()
    assert len(list((tmp_path / "var" / "backups").glob("*.db"))) == 1  # nothing pending, no copy


def test_a_picture_of_a_first_file_becomes_one_with_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", known[:1])
    made = replace(article("Port"), image=Image("https://a.example/p.png"))
    with open_store(tmp_path, create=True) as store:
        store.articles.add(made)
        first = json.dumps(json.loads(to_json(made)) | {"image": made.image.url}, separators=(",", ":"))
        store.conn.execute("UPDATE article SET data = ?", (first,))
        store.conn.execute(
            "INSERT INTO issue (slug, state, since, until, made_at, picks) VALUES ('w', 'draft', '', '', '', ?)",
            (f'[{{"story":{{"lead":{first},"also":[]}}}}]',),
        )
    monkeypatch.setattr(schema, "MIGRATIONS", known)
    with open_store(tmp_path) as store:
        assert store.articles.get(made.id) == made
        found = "SELECT json_extract(picks, '$[0].story.lead.image.url') FROM issue"
        assert store.conn.execute(found).fetchone()[0] == "https://a.example/p.png"


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path, create=True) as store:
        add(store, "ann")

    def good(db: object) -> None:
        db.conn.execute("CREATE TABLE good (n INTEGER) STRICT")  # type: ignore[attr-defined]

    def broken(db: object) -> None:
        raise RuntimeError("half way")

    known = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", (*known, good, broken))
    with pytest.raises(RuntimeError, match="half way"):
        open_store(tmp_path)
    monkeypatch.setattr(schema, "MIGRATIONS", known)
    with open_store(tmp_path) as store:
        assert store.subscribers.count() == 1
        assert not store.conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'good'").fetchone()


def test_a_locked_file_is_named_with_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_MS", 100)
    with open_store(tmp_path, create=True) as store:
        holder = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); print('held', flush=True); input()",
                str(tmp_path / schema.FILE),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            store.conn.execute("PRAGMA busy_timeout = 100")
            with pytest.raises(StoreError, match=f"locked.*process {holder.pid}") as caught:
                add(store, "ann")
            assert "this step changed nothing" in caught.value.hint
        finally:
            holder.communicate("\n")
        add(store, "ann")
        assert store.subscribers.count() == 1


def test_an_error_inside_a_transaction_undoes_all_of_it(tmp_path: Path) -> None:
    with open_store(tmp_path, create=True) as store:
        with pytest.raises(ZeroDivisionError), store.transaction():
            add(store, "ann")
            raise ZeroDivisionError
        assert store.subscribers.count() == 0
        assert not store.conn.in_transaction


def test_the_database_knows_the_same_legal_moves_as_the_model(tmp_path: Path) -> None:
    with open_store(tmp_path, create=True) as store:
        stored = {(STATES[came], STATES[became]) for came, became in store.conn.execute("SELECT * FROM legal_move")}
    assert stored == {(came, became) for came, targets in LEGAL_MOVES.items() for became in targets}


def test_opening_a_newest_file_loads_no_sqlite_utils(tmp_path: Path) -> None:
    """It takes a fifth of a second, on every command."""
    open_store(tmp_path, create=True).close()
    code = (
        "import sys, pathlib; from digest.store import open_store; open_store(pathlib.Path(sys.argv[1])).close();"
        "sys.exit('sqlite_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0


def test_sqlite_utils_looks_into_the_open_file(tmp_path: Path) -> None:
    with open_store(tmp_path, create=True) as store:
        add(store, "ann")
        assert [row["local"] for row in store.db["subscriber"].rows] == ["ann"]
