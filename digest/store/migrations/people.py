"""Since when people are there and which import brought them; imports that can be undone; files written elsewhere."""

from __future__ import annotations

from typing import Any


def imports_and_files(db: Any) -> None:
    """Since when people are there and which import brought them; imports that can be undone; files written elsewhere.

    The consent tables are laid anew without their references: the events of people whose import was undone stay in the
    chain, and no key is looked up a million times.
    """
    for statement in _PEOPLE:
        db.conn.execute(statement)


_PEOPLE = (
    "ALTER TABLE subscriber ADD COLUMN joined_at TEXT",  # here or where they came from; null: erased
    "ALTER TABLE subscriber ADD COLUMN import INTEGER",  # that brought them; null: none did, or erased
    "CREATE INDEX subscriber_import ON subscriber (import) WHERE import IS NOT NULL",
    """
    UPDATE subscriber SET joined_at = (SELECT min(e.at) FROM consent_event AS e WHERE e.subscriber = subscriber.id)
    WHERE address_key IS NOT NULL
    """,
    """
    CREATE TABLE import (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        at        TEXT NOT NULL,
        who       TEXT NOT NULL,
        file      TEXT NOT NULL,                -- its whole path
        tool      TEXT NOT NULL,                -- whose export it was
        basis     TEXT NOT NULL,                -- the ground stated
        added     INTEGER NOT NULL,             -- people brought, subscribed
        kept_out  INTEGER NOT NULL,             -- people brought who had left there
        leaving   INTEGER NOT NULL,             -- people known here who had left there, and left here by it
        undone_at TEXT,                         -- null: it stands
        undone_by TEXT,                         -- null exactly when undone_at is
        CHECK ((undone_at IS NULL) = (undone_by IS NULL))
    ) STRICT
    """,
    """
    CREATE TABLE written (                      -- files with people's addresses outside the newsletter's own
        path TEXT PRIMARY KEY,
        what TEXT NOT NULL,
        at   TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # ------------------------------------------------------------------------------------ consent, without references
    """
    CREATE TABLE payload_anew (
        seq     INTEGER PRIMARY KEY,            -- of the event
        salt    TEXT NOT NULL,
        payload TEXT NOT NULL
    ) STRICT
    """,
    "INSERT INTO payload_anew SELECT seq, salt, payload FROM consent_payload ORDER BY seq",
    "DROP TABLE consent_payload",
    "ALTER TABLE payload_anew RENAME TO consent_payload",
    """
    CREATE TABLE event_anew (
        seq        INTEGER PRIMARY KEY,         -- 1, 2, 3 … without a gap
        subscriber INTEGER NOT NULL,
        kind       TEXT NOT NULL,
        at         TEXT NOT NULL,
        commitment TEXT NOT NULL,               -- SHA-256 of salt and payload
        previous   TEXT NOT NULL,               -- hash of the event before; '' for the first
        hash       TEXT NOT NULL
    ) STRICT
    """,
    """
    INSERT INTO event_anew SELECT seq, subscriber, kind, at, commitment, previous, hash FROM consent_event ORDER BY seq
    """,
    "DROP TABLE consent_event",
    "ALTER TABLE event_anew RENAME TO consent_event",
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
    CREATE TRIGGER consent_payload_stays BEFORE UPDATE ON consent_payload
    BEGIN SELECT raise(ABORT, 'the words of a consent event are never changed, only erased'); END
    """,
    # ------------------------------------------------------------------------------------ a server's words on somebody
    "DROP TRIGGER delivery_past_stays",
    """
    CREATE TRIGGER delivery_past_stays BEFORE UPDATE ON delivery_past
    WHEN new.reply IS NOT NULL OR (new.seq, new.issue, new.ordinal, new.at, new.came, new.became)
                                  IS NOT (old.seq, old.issue, old.ordinal, old.at, old.came, old.became)
    BEGIN SELECT raise(ABORT, 'history is never changed'); END
    """,
)
