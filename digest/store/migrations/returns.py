"""What came back: each return, complaint and request to leave with its evidence, and which messages were read."""

from __future__ import annotations

from typing import Any


def returned_mail(db: Any) -> None:
    """What came back: each return, complaint and request to leave with its evidence, and which messages were read."""
    for statement in _RETURNED:
        db.conn.execute(statement)


_RETURNED = (
    """
    CREATE TABLE returned (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,   -- what `bounces undo` is told; never reused
        issue      INTEGER REFERENCES issue (id),       -- null: asked to leave by mail, of no one issue
        ordinal    INTEGER,                             -- null exactly when issue is
        subscriber INTEGER NOT NULL REFERENCES subscriber (id),
        kind       TEXT NOT NULL CHECK (kind IN ('returned', 'refused', 'complaint', 'leave')),
        grade      TEXT CHECK (grade IN ('hard', 'soft', 'policy', 'unknown')),  -- null: complaint or leave
        status     TEXT NOT NULL,                       -- RFC 3463's x.y.z; '' where none was said
        words      TEXT NOT NULL,                       -- what was said, every address cut out
        evidence   TEXT NOT NULL,                       -- the message, every address cut out; '' once erased
        at         INTEGER NOT NULL,                    -- when it was read, or refused; microseconds
        weighed    INTEGER NOT NULL DEFAULT 0,          -- 1: what follows from it was decided
        effect     TEXT NOT NULL DEFAULT '',            -- what did: 'bounced', 'complained', 'left'; '' nothing
        undone_at  INTEGER,                             -- null: it stands
        undone_by  TEXT,                                -- null exactly when undone_at is
        CHECK ((issue IS NULL) = (ordinal IS NULL)),
        CHECK ((grade IS NULL) = (kind IN ('complaint', 'leave'))),
        CHECK ((undone_at IS NULL) = (undone_by IS NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX returned_once ON returned (issue, ordinal, kind) WHERE issue IS NOT NULL",
    "CREATE INDEX returned_subscriber ON returned (subscriber)",
    "CREATE INDEX returned_unweighed ON returned (subscriber) WHERE weighed = 0",
    """
    CREATE TABLE message_read (
        hash BLOB PRIMARY KEY                           -- of a message read before, which changes nothing again
    ) STRICT, WITHOUT ROWID
    """,
)
