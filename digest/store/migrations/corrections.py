"""What was wrong in an issue readers have, and what was taken down from its page."""

from __future__ import annotations

from typing import Any


def corrections(db: Any) -> None:
    """A row for each correction and each story taken down; never changed."""
    for statement in _CORRECTIONS:
        db.conn.execute(statement)


_CORRECTIONS = (
    """
    CREATE TABLE correction (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        issue   TEXT NOT NULL REFERENCES issue (slug),
        article TEXT NOT NULL,                  -- whose item it concerns
        kind    TEXT NOT NULL CHECK (kind IN ('correction', 'takedown')),
        words   TEXT NOT NULL,                  -- the editors'; '' only where nothing is said about a takedown
        who     TEXT NOT NULL,
        at      TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX correction_issue ON correction (issue)",
    """
    CREATE TRIGGER correction_stays BEFORE UPDATE ON correction
    BEGIN SELECT raise(ABORT, 'a correction is never changed'); END
    """,
    """
    CREATE TRIGGER correction_is_kept BEFORE DELETE ON correction
    BEGIN SELECT raise(ABORT, 'a correction is never deleted'); END
    """,
)
