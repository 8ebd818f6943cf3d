"""The first tables: articles, issues, people, consent, deliveries."""

from __future__ import annotations

from typing import Any


def first_tables(db: Any) -> None:
    """Articles, issues, people, consent, deliveries."""
    for statement in _FIRST:
        db.conn.execute(statement)


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
