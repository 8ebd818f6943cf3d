"""What people said of a draft before they approved it: warnings they let stand, tests they mailed."""

from __future__ import annotations

from typing import Any


def words_before_approval(db: Any) -> None:
    """A row for each warning let stand or judged again, and for each test mailed; never changed."""
    for statement in _APPROVALS:
        db.conn.execute(statement)


_APPROVALS = (
    """
    CREATE TABLE waiver (                       -- of a warning of `digest check`
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        issue   TEXT NOT NULL REFERENCES issue (slug),
        rule    TEXT NOT NULL,                  -- which warning: its rule, place, words and article
        place   TEXT NOT NULL,
        what    TEXT NOT NULL,
        article TEXT NOT NULL,
        words   TEXT NOT NULL,                  -- why it may stand; '': it may not any more
        who     TEXT NOT NULL,
        at      TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX waiver_issue ON waiver (issue)",
    """
    CREATE TRIGGER waiver_stays BEFORE UPDATE ON waiver
    BEGIN SELECT raise(ABORT, 'a waiver is never changed'); END
    """,
    """
    CREATE TRIGGER waiver_is_kept BEFORE DELETE ON waiver
    BEGIN SELECT raise(ABORT, 'a waiver is never deleted'); END
    """,
    """
    CREATE TABLE test_mail (                    -- accepted by whoever carried it; to whom is nobody's business later
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        issue       TEXT NOT NULL REFERENCES issue (slug),
        fingerprint TEXT NOT NULL,              -- of what was mailed
        who         TEXT NOT NULL,
        at          TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX test_mail_issue ON test_mail (issue)",
)
