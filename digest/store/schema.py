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
from digest.model import DeliveryState

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


def compact_ledger(db: Any) -> None:
    """A delivery in half the bytes: states and owners as numbers, and a history that is written down only where it
    does not follow from the row. The views `delivery` and `delivery_event` say everything in words."""
    for statement in _COMPACT:
        db.conn.execute(statement)


MIGRATIONS: tuple[Callable[[Any], None], ...] = (first_tables, health_of_sources, compact_ledger)
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

STATES: tuple[DeliveryState, ...] = (
    "waiting",
    "leased",
    "sending",
    "accepted",
    "deferred",
    "rejected",
    "suppressed",
    "cancelled",
    "uncertain",
)
"""A delivery's state by its number in the table: written out, for what is stored may not follow the model's order."""


def _word(number: str) -> str:
    return f"CASE {number} {' '.join(f'WHEN {n} THEN {word!r}' for n, word in enumerate(STATES))} END"


def _number(word: str) -> str:
    return f"CASE {word} {' '.join(f'WHEN {state!r} THEN {n}' for n, state in enumerate(STATES))} END"


_COMPACT = (
    """
    CREATE TABLE worker (                       -- who may hold deliveries: see dispatch/locks.py
        id   INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    """
    CREATE TABLE delivery_row (
        issue      INTEGER NOT NULL REFERENCES issue (id),
        ordinal    INTEGER NOT NULL,            -- 0 … n-1
        subscriber INTEGER NOT NULL,            -- of a table no row ever leaves, so no key is checked a million times
        variant    TEXT NOT NULL,
        state      INTEGER NOT NULL DEFAULT 0,  -- see STATES
        due        INTEGER,                     -- null unless deferred
        owner      INTEGER,                     -- a worker; null unless leased or sending
        reply      TEXT,                        -- null: nothing said about it yet
        at         INTEGER,                     -- of the last move; null: none yet
        waited     INTEGER,                     -- microseconds from lease to intent; null: no intent in this attempt
        answered   INTEGER,                     -- microseconds from intent to acceptance; null: not accepted so
        PRIMARY KEY (issue, ordinal),
        CHECK ((state IN (1, 2)) = (owner IS NOT NULL)),
        CHECK ((state = 4) = (due IS NOT NULL)),
        CHECK (answered IS NULL OR state = 3),
        CHECK (at IS NOT NULL OR state = 0)     -- a delivery begins as waiting; a trigger would cost an eighth
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE delivery_past (                -- moves that no longer follow from the row
        seq      INTEGER PRIMARY KEY,
        issue    INTEGER NOT NULL,
        ordinal  INTEGER NOT NULL,
        at       INTEGER NOT NULL,
        came     INTEGER NOT NULL,
        became   INTEGER NOT NULL,
        reply    TEXT                           -- null: nothing was said
    ) STRICT
    """,
    "CREATE INDEX delivery_past_row ON delivery_past (issue, ordinal)",
    # what came before, brought over
    "INSERT INTO worker (name) SELECT DISTINCT owner FROM delivery WHERE owner IS NOT NULL",
    f"""
    INSERT INTO delivery_row (issue, ordinal, subscriber, variant, state, due, owner, reply, at)
    SELECT d.issue, d.ordinal, d.subscriber, d.variant, {_number("d.state")}, d.due, w.id, d.reply, d.at
    FROM delivery AS d LEFT JOIN worker AS w ON w.name = d.owner
    """,
    f"""
    INSERT INTO delivery_past SELECT seq, issue, ordinal, at, {_number("came")}, {_number("became")}, reply
    FROM delivery_event ORDER BY seq
    """,
    # of a row still in somebody's hands, the lease and the intent follow from the row
    """
    UPDATE delivery_row SET waited = at - (
        SELECT max(p.at) FROM delivery_past AS p
        WHERE p.issue = delivery_row.issue AND p.ordinal = delivery_row.ordinal AND p.became = 1)
    WHERE state = 2
    """,
    """
    DELETE FROM delivery_past WHERE seq IN (
        SELECT p.seq FROM delivery_row AS d JOIN delivery_past AS p ON p.issue = d.issue AND p.ordinal = d.ordinal
        WHERE d.state IN (1, 2) AND p.seq > coalesce(
            (SELECT max(q.seq) FROM delivery_past AS q
             WHERE q.issue = d.issue AND q.ordinal = d.ordinal AND q.became NOT IN (1, 2)), 0))
    """,
    "DROP TABLE delivery_event",
    "DROP TABLE delivery",
    "DROP TABLE legal_move",
    "CREATE UNIQUE INDEX delivery_once ON delivery_row (issue, subscriber)",
    "CREATE INDEX delivery_waiting ON delivery_row (issue, ordinal) WHERE state = 0",
    "CREATE INDEX delivery_held ON delivery_row (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX delivery_other ON delivery_row (issue, state, due) WHERE state > 3",
    """
    CREATE TABLE legal_move (
        came   INTEGER NOT NULL,
        became INTEGER NOT NULL,
        PRIMARY KEY (came, became)
    ) STRICT, WITHOUT ROWID
    """,
    # model.LEGAL_MOVES as it stood then, with rejected -> waiting for refusals that were about the sender
    """
    INSERT INTO legal_move VALUES (0,1), (0,6), (0,7), (0,8), (1,0), (1,2), (1,4), (1,5), (1,6), (1,7), (1,8),
        (2,3), (2,4), (2,5), (2,8), (4,1), (4,6), (4,7), (4,8), (5,0), (8,3), (8,5), (8,0)
    """,
    """
    CREATE TRIGGER delivery_moves BEFORE UPDATE OF state ON delivery_row
    WHEN NOT EXISTS (SELECT 1 FROM legal_move WHERE came = old.state AND became = new.state)
    BEGIN SELECT raise(ABORT, 'an illegal move of a delivery'); END
    """,
    """
    CREATE TRIGGER delivery_moved AFTER UPDATE OF state ON delivery_row
    -- a lease, an intent, and an acceptance after both follow from the row
    WHEN new.state NOT IN (1, 2) AND NOT (old.state = 2 AND new.state = 3 AND new.answered IS NOT NULL)
    BEGIN
        INSERT INTO delivery_past (issue, ordinal, at, came, became)
        SELECT new.issue, new.ordinal, old.at - coalesce(old.waited, 0),
               coalesce((SELECT p.became FROM delivery_past AS p
                         WHERE p.issue = new.issue AND p.ordinal = new.ordinal ORDER BY p.seq DESC LIMIT 1), 0), 1
        WHERE old.state IN (1, 2);
        INSERT INTO delivery_past (issue, ordinal, at, came, became)
        SELECT new.issue, new.ordinal, old.at, 1, 2 WHERE old.state = 2;
        INSERT INTO delivery_past (issue, ordinal, at, came, became, reply)
        VALUES (new.issue, new.ordinal, new.at, old.state, new.state,
                -- giving back says nothing: the row still carries what was said before
                iif(old.state = 1 AND new.state = 0, NULL, new.reply));
    END
    """,
    """
    CREATE TRIGGER delivery_stays BEFORE DELETE ON delivery_row WHEN old.at IS NOT NULL
    BEGIN SELECT raise(ABORT, 'a delivery with a history stays'); END
    """,
    """
    CREATE TRIGGER delivery_past_stays BEFORE UPDATE ON delivery_past
    BEGIN SELECT raise(ABORT, 'history is never changed'); END
    """,
    """
    CREATE TRIGGER delivery_past_is_kept BEFORE DELETE ON delivery_past
    BEGIN SELECT raise(ABORT, 'history is never deleted'); END
    """,
    f"""
    CREATE VIEW delivery AS
    SELECT d.issue, d.ordinal, d.subscriber, d.variant, {_word("d.state")} AS state,
           -- tries that ended, counted and not kept as a number; who was refused for our sake starts afresh
           (SELECT count(*) FROM delivery_past AS p WHERE p.issue = d.issue AND p.ordinal = d.ordinal
            AND p.came IN (1, 2) AND p.became IN (3, 4, 5, 8)
            AND p.seq > coalesce((SELECT max(q.seq) FROM delivery_past AS q WHERE q.issue = d.issue
                                  AND q.ordinal = d.ordinal AND q.came = 5 AND q.became = 0), 0))
           + (d.answered IS NOT NULL) AS attempts,
           d.due, (SELECT w.name FROM worker AS w WHERE w.id = d.owner) AS owner, d.reply, d.at
    FROM delivery_row AS d
    """,
    f"""
    CREATE VIEW delivery_event AS               -- every move of every row; `step` orders a row's
    SELECT p.issue, p.ordinal, p.seq AS step, p.at, {_word("p.came")} AS came, {_word("p.became")} AS became, p.reply
    FROM delivery_past AS p
    UNION ALL
    SELECT d.issue, d.ordinal, 1 << 60, d.at - coalesce(d.waited, 0) - coalesce(d.answered, 0),
           coalesce((SELECT {_word("p.became")} FROM delivery_past AS p
                     WHERE p.issue = d.issue AND p.ordinal = d.ordinal ORDER BY p.seq DESC LIMIT 1), 'waiting'),
           'leased', NULL
    FROM delivery_row AS d WHERE d.state IN (1, 2) OR d.answered IS NOT NULL
    UNION ALL
    SELECT d.issue, d.ordinal, (1 << 60) + 1, d.at - coalesce(d.answered, 0), 'leased', 'sending', NULL
    FROM delivery_row AS d WHERE d.state = 2 OR d.answered IS NOT NULL
    UNION ALL
    SELECT d.issue, d.ordinal, (1 << 60) + 2, d.at, 'sending', 'accepted', d.reply
    FROM delivery_row AS d WHERE d.answered IS NOT NULL
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
