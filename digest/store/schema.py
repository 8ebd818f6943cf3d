"""The tables of subscribers.db, how the file is opened, and how an older file becomes a newer one.

A migration is never edited once released; a change is a new function at the end. Instants are ISO 8601 text in UTC
with six decimals, which sorts as time does; in the ledger's tables they are microseconds since 1970, to keep a
queue of a million rows small. Texts of articles and issues are JSON, see `codec.py`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.errors import StoreError

FILE = "subscribers.db"
APPLICATION_ID = 0x44494745  # "DIGE"
BUSY_MS = 5000


def first_tables(db: Any) -> None:
    """Articles, issues, people, consent, deliveries."""
    for statement in _FIRST:
        db.conn.execute(statement)


def health_of_sources(db: Any) -> None:
    """When each source is asked again and why not; which article each feed entry brought; pictures with facts."""
    for statement in _HEALTH:
        db.conn.execute(statement)
    for table, column, key in (
        ("article", "data", "id || ' ' || version"),
        ("issue", "data", "id"),
        ("issue", "picks", "id"),
    ):
        found = f'SELECT {key}, {column} FROM {table} WHERE {column} LIKE \'%"image":"%\''
        for row, text in db.conn.execute(found).fetchall():
            changed = json.dumps(_with_images(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
            db.conn.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (changed, row))


def _with_images(value: Any) -> Any:
    """*value* with every article's image, an address until now, as the object it became."""
    if isinstance(value, list):
        return [_with_images(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _with_images(item) for key, item in value.items()}
    if "text_hash" in changed and isinstance(changed.get("image"), str):
        changed["image"] = {"url": changed["image"]}
    return changed


def refused_may_wait_again(db: Any) -> None:
    """Who was refused for a fault since mended, or is proved to be without the letter, may be sent it."""
    db.conn.execute("INSERT OR IGNORE INTO legal_move VALUES ('rejected', 'waiting')")


MIGRATIONS: tuple[Callable[[Any], None], ...] = (first_tables, health_of_sources, refused_may_wait_again)
"""In order; the file's user_version counts how many it has."""

_FIRST = (
    # ------------------------------------------------------------------------------------ articles
    """
    CREATE TABLE article (
        id         TEXT NOT NULL,
        version    INTEGER NOT NULL CHECK (version >= 1),
        text_hash  TEXT NOT NULL,
        canonical  TEXT,                        -- null: the editor gave no URL
        title      TEXT NOT NULL,
        source     TEXT NOT NULL,
        seen       TEXT NOT NULL,               -- of the first version, in all of them
        data       TEXT NOT NULL,               -- the whole Article as JSON
        PRIMARY KEY (id, version)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX article_seen ON article (seen)",
    # ------------------------------------------------------------------------------------ issues
    """
    CREATE TABLE issue (
        id            INTEGER PRIMARY KEY,
        slug          TEXT NOT NULL UNIQUE,
        number        INTEGER,                  -- null: a skipped week has none
        state         TEXT NOT NULL CHECK (state IN
                      ('draft','approved','scheduled','sending','paused','sent','cancelled','skipped')),
        since         TEXT NOT NULL,
        until         TEXT NOT NULL,
        made_at       TEXT NOT NULL,
        fingerprint   TEXT,                     -- null: a skipped week has no text
        approved_by   TEXT,                     -- null: not approved
        approved_at   TEXT,                     -- null exactly when approved_by is
        approved_text TEXT,                     -- the fingerprint approved; null exactly when approved_by is
        paused_reason TEXT,                     -- null unless paused
        data          TEXT,                     -- the Issue as JSON; null: a skipped week
        rendered      TEXT,                     -- the Rendered as JSON; null: a skipped week
        picks         TEXT,                     -- every Pick, near misses too; null: none were kept
        CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
        CHECK ((approved_by IS NULL) = (approved_text IS NULL)),
        CHECK (state = 'paused' OR paused_reason IS NULL)
    ) STRICT
    """,
    """
    CREATE TABLE issue_event (
        seq    INTEGER PRIMARY KEY,
        issue  INTEGER NOT NULL REFERENCES issue (id),
        at     TEXT NOT NULL,
        who    TEXT NOT NULL,
        became TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE edit (
        id     INTEGER PRIMARY KEY AUTOINCREMENT,
        issue  TEXT NOT NULL,                   -- a slug: an edit may come before its issue
        kind   TEXT NOT NULL,
        target TEXT NOT NULL,
        value  TEXT NOT NULL,
        who    TEXT NOT NULL,
        at     TEXT NOT NULL,
        saw    TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX edit_issue ON edit (issue)",
    # ------------------------------------------------------------------------------------ people
    """
    CREATE TABLE subscriber (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,     -- never reused
        address_key  TEXT UNIQUE,               -- null: erased
        local        TEXT,                      -- null: erased
        domain       TEXT,                      -- null: erased
        name         TEXT NOT NULL,
        membership   TEXT NOT NULL CHECK (membership IN ('unconfirmed','subscribed','unsubscribed')),
        block        TEXT NOT NULL CHECK (block IN ('none','bounced','complained','erased')),
        language     TEXT NOT NULL,
        topics       TEXT NOT NULL,             -- JSON list
        length       TEXT NOT NULL CHECK (length IN ('full','lead')),
        paused_until INTEGER,                   -- microseconds, read by the ledger; null: not paused
        token        TEXT UNIQUE,               -- null: erased
        consent_at   TEXT,                      -- newest consent event; null: erased
        member_at    TEXT NOT NULL,             -- of the newest wish about membership; '' for the first
        CHECK ((block = 'erased') = (address_key IS NULL)),
        CHECK ((address_key IS NULL) = (local IS NULL) AND (local IS NULL) = (domain IS NULL)
               AND (domain IS NULL) = (token IS NULL))
    ) STRICT
    """,
    """
    CREATE TABLE erased (
        mark TEXT PRIMARY KEY                   -- HMAC of the address under keys/erased.key
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE consent_event (
        seq        INTEGER PRIMARY KEY,         -- 1, 2, 3 … without a gap
        subscriber INTEGER NOT NULL REFERENCES subscriber (id),
        kind       TEXT NOT NULL,
        at         TEXT NOT NULL,
        commitment TEXT NOT NULL,               -- SHA-256 of salt and payload
        previous   TEXT NOT NULL,               -- hash of the event before; '' for the first
        hash       TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX consent_event_subscriber ON consent_event (subscriber)",
    """
    CREATE TRIGGER consent_event_stays BEFORE UPDATE ON consent_event
    BEGIN SELECT raise(ABORT, 'a consent event is never changed'); END
    """,
    """
    CREATE TRIGGER consent_event_is_kept BEFORE DELETE ON consent_event
    BEGIN SELECT raise(ABORT, 'a consent event is never deleted'); END
    """,
    """
    CREATE TABLE consent_payload (              -- who and in which words; deleted on erasure
        seq     INTEGER PRIMARY KEY REFERENCES consent_event (seq),
        salt    TEXT NOT NULL,
        payload TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE inbox_merged (
        token TEXT NOT NULL,
        at    TEXT NOT NULL,
        kind  TEXT NOT NULL,
        PRIMARY KEY (token, at, kind)
    ) STRICT, WITHOUT ROWID
    """,
    # ------------------------------------------------------------------------------------ the ledger
    """
    CREATE TABLE audience (
        issue      INTEGER PRIMARY KEY REFERENCES issue (id),
        candidates INTEGER NOT NULL,            -- all subscribers known when it was laid, counted on their own
        laid_at    INTEGER NOT NULL,
        locked_at  INTEGER                      -- null: provisional, laid anew at will
    ) STRICT
    """,
    """
    CREATE TABLE delivery (
        issue      INTEGER NOT NULL REFERENCES issue (id),
        ordinal    INTEGER NOT NULL,            -- 0 … n-1
        subscriber INTEGER NOT NULL REFERENCES subscriber (id),
        variant    TEXT NOT NULL,
        state      TEXT NOT NULL DEFAULT 'waiting',
        attempts   INTEGER NOT NULL DEFAULT 0,
        due        INTEGER,                     -- null unless deferred
        owner      TEXT,                        -- null unless leased or sending
        reply      TEXT,                        -- null: nothing said about it yet
        at         INTEGER,                     -- of the last move; null: none yet
        PRIMARY KEY (issue, ordinal),
        CHECK ((state IN ('leased', 'sending')) = (owner IS NOT NULL)),
        CHECK ((state = 'deferred') = (due IS NOT NULL))
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX delivery_once ON delivery (issue, subscriber)",
    "CREATE INDEX delivery_waiting ON delivery (issue, ordinal) WHERE state = 'waiting'",
    "CREATE INDEX delivery_due ON delivery (issue, due) WHERE state = 'deferred'",
    """
    CREATE TABLE excluded (
        issue      INTEGER NOT NULL REFERENCES issue (id),
        subscriber INTEGER NOT NULL REFERENCES subscriber (id),
        reason     TEXT NOT NULL,
        PRIMARY KEY (issue, subscriber)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE delivery_event (               -- every move of every row; the first state is always waiting
        seq      INTEGER PRIMARY KEY,
        issue    INTEGER NOT NULL,
        ordinal  INTEGER NOT NULL,
        at       INTEGER NOT NULL,
        came     TEXT NOT NULL,
        became   TEXT NOT NULL,
        reply    TEXT                           -- null: nothing was said
    ) STRICT
    """,
    "CREATE INDEX delivery_event_row ON delivery_event (issue, ordinal)",
    """
    CREATE TABLE legal_move (
        came   TEXT NOT NULL,
        became TEXT NOT NULL,
        PRIMARY KEY (came, became)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO legal_move VALUES
        ('waiting','leased'), ('waiting','suppressed'), ('waiting','cancelled'), ('waiting','uncertain'),
        ('leased','waiting'), ('leased','sending'), ('leased','deferred'), ('leased','rejected'),
        ('leased','suppressed'), ('leased','cancelled'), ('leased','uncertain'),
        ('sending','accepted'), ('sending','deferred'), ('sending','rejected'), ('sending','uncertain'),
        ('deferred','leased'), ('deferred','suppressed'), ('deferred','cancelled'), ('deferred','uncertain'),
        ('uncertain','accepted'), ('uncertain','rejected'), ('uncertain','waiting')
    """,
    """
    CREATE TRIGGER delivery_moves BEFORE UPDATE OF state ON delivery
    WHEN NOT EXISTS (SELECT 1 FROM legal_move WHERE came = old.state AND became = new.state)
    BEGIN SELECT raise(ABORT, 'an illegal move of a delivery'); END
    """,
    """
    CREATE TRIGGER delivery_moved AFTER UPDATE OF state ON delivery
    BEGIN
        INSERT INTO delivery_event (issue, ordinal, at, came, became, reply)
        VALUES (new.issue, new.ordinal, new.at, old.state, new.state,
                -- handing out and giving back say nothing: the row still carries what was said before
                iif(new.state IN ('leased', 'sending') OR (old.state = 'leased' AND new.state = 'waiting'),
                    NULL, new.reply));
    END
    """,
    """
    CREATE TRIGGER delivery_begins BEFORE INSERT ON delivery WHEN new.state <> 'waiting'
    BEGIN SELECT raise(ABORT, 'a delivery begins as waiting'); END
    """,
    """
    CREATE TRIGGER delivery_stays BEFORE DELETE ON delivery WHEN old.at IS NOT NULL
    BEGIN SELECT raise(ABORT, 'a delivery with a history stays'); END
    """,
    """
    CREATE TRIGGER delivery_event_stays BEFORE UPDATE ON delivery_event
    BEGIN SELECT raise(ABORT, 'history is never changed'); END
    """,
    """
    CREATE TRIGGER delivery_event_is_kept BEFORE DELETE ON delivery_event
    BEGIN SELECT raise(ABORT, 'history is never deleted'); END
    """,
    # ------------------------------------------------------------------------------------ what else is remembered
    """
    CREATE TABLE state (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL                     -- JSON
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE source_state (
        name          TEXT PRIMARY KEY,
        etag          TEXT,                     -- null: the server gave none
        last_modified TEXT,                     -- null: the server gave none
        last_error    TEXT,                     -- null: the last read went well
        last_ok       TEXT,                     -- null: never read
        last_new      TEXT,                     -- null: nothing new came yet
        imported_at   TEXT                      -- first good read; null: never
    ) STRICT, WITHOUT ROWID
    """,
)

_HEALTH = (
    "ALTER TABLE source_state ADD COLUMN due TEXT",  # null: whenever asked
    "ALTER TABLE source_state ADD COLUMN due_reason TEXT",  # whose wish due is; null exactly when due is
    "ALTER TABLE source_state ADD COLUMN moved_to TEXT",  # a permanent redirect seen once; null: none
    "ALTER TABLE source_state ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0",  # answers in a row that were no feed
    "ALTER TABLE source_state ADD COLUMN stopped TEXT",  # why it is not read until somebody asks; null: it is read
    """
    CREATE TABLE entry (                        -- what a feed's entry became
        source  TEXT NOT NULL,
        key     TEXT NOT NULL,                  -- its own id, else its link, else a hash of its words
        article TEXT NOT NULL,
        hash    TEXT NOT NULL,                  -- of its title, link and words, not of its dates
        changes INTEGER NOT NULL DEFAULT 0,     -- how often the hash was another one
        waits   INTEGER NOT NULL DEFAULT 0,     -- 1: the page behind it could not be had yet
        PRIMARY KEY (source, key)
    ) STRICT, WITHOUT ROWID
    """,
)


# ------------------------------------------------------------------------------------------------ opening


def connect(folder: Path, *, create: bool, durability: str) -> sqlite3.Connection:
    """An open connection in manual transaction mode to the newest tables in *folder*. Raises StoreError."""
    path = folder / FILE
    if not path.exists():
        if not create:
            raise StoreError(f"there is no {path}", hint="`digest init` or the first `digest weekly` makes it")
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # addresses: for the owner's eyes only
    try:
        conn = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path} cannot be opened: {error}", hint="see who may read it and its folder") from error
    try:
        _prepare(conn, path, durability)
    except sqlite3.DatabaseError as error:
        conn.close()
        raise explain(error, path) from error
    except BaseException:
        conn.close()
        raise
    return conn


def _prepare(conn: sqlite3.Connection, path: Path, durability: str) -> None:
    version = _check(conn, path)
    if conn.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        conn.execute("PRAGMA journal_mode = WAL")
    conn.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA temp_store = MEMORY")
    if version < len(MIGRATIONS):
        if version:
            _copy(conn, path, version)
        _migrate(conn, path)


def _check(conn: sqlite3.Connection, path: Path) -> int:
    """The file's version; StoreError for a stranger's file or a newer one."""
    owner = conn.execute("PRAGMA application_id").fetchone()[0]
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (tables or owner or version):
        raise StoreError(f"{path} is another program’s database", hint="move it away; `digest init` makes a new one")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer digest (its tables are at {version}, this one knows {len(MIGRATIONS)})",
            hint="upgrade: pip install -U newsletter-digest",
        )
    return version


def _migrate(conn: sqlite3.Connection, path: Path) -> None:
    """All pending migrations, or none, in one transaction; a second process waits and finds nothing to do."""
    from sqlite_utils import Database, Migrations  # 0.2 s: only when there is something to do

    migrations = Migrations("digest")
    for function in MIGRATIONS:
        migrations()(function)
    conn.execute("BEGIN IMMEDIATE")
    try:
        _check(conn, path)
        migrations.apply(Database(conn, recursive_triggers=False))
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _copy(conn: sqlite3.Connection, path: Path, version: int) -> None:
    """A copy of the file as it was, in var/backups/, before its first pending migration."""
    folder = path.parent / "var" / "backups"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    copy = folder / f"before-version-{version + 1}-{stamp}.db"
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # VACUUM INTO takes an empty file
    conn.execute("VACUUM INTO ?", (str(copy),))


# ------------------------------------------------------------------------------------------------ what went wrong


_TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
}


def is_the_files_trouble(error: sqlite3.DatabaseError) -> bool:
    """False for a broken rule or bad SQL: that is a bug, and keeps its traceback."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TROUBLE  # the low byte is the primary code


def explain(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    """SQLite's error in words the operator can act on."""
    text = str(error)
    if "locked" in text or "busy" in text:
        users = _users_of(path)
        who = f" ({', '.join(users)})" if users else ""
        return StoreError(
            f"{path} is locked: another program{who} has been writing for {BUSY_MS // 1000} s",
            hint="let it finish or end it, then run the command again; nothing was changed",
        )
    if "not a database" in text:
        return StoreError(f"{path} is not a database", hint="put a copy back: `digest restore FILE NEW_FOLDER`")
    if "malformed" in text:
        return StoreError(f"{path} is damaged: {text}", hint="put a copy back: `digest restore FILE NEW_FOLDER`")
    if "readonly" in text or "unable to open" in text:
        return StoreError(f"{path} cannot be written: {text}", hint="see who owns it and its folder")
    if "full" in text:
        return StoreError(f"{path}: the disk is full", hint="make room; nothing was changed")
    return StoreError(f"{path}: {text}", hint="`digest doctor`")


def _users_of(path: Path) -> list[str]:
    """Other processes holding the file open, as ``python3, process 4711``; [] where /proc does not say."""
    found: list[str] = []
    wanted = str(path.resolve())
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(str(fd.readlink()) == wanted for fd in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()}, process {process.name}")
        except OSError:  # gone meanwhile, or another user's
            continue
    return found
