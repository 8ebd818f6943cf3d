"""What readers ask by name on the site: the sealed requests, and the mails that answer them."""

from __future__ import annotations

from typing import Any


def notices_to_readers(db: Any) -> None:
    """What readers ask by name on the site: the sealed requests, and the mails that answer them."""
    for statement in _NOTICES:
        db.conn.execute(statement)


_NOTICES = (
    """
    CREATE TABLE sealed_request (               -- not opened yet; a row goes once it is
        token  TEXT PRIMARY KEY,
        at     TEXT NOT NULL,
        kind   TEXT NOT NULL CHECK (kind IN ('join','hold','forget')),
        sealed TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE notice (                       -- one mail that answers a request; goes a while after it was sent
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        kind        TEXT NOT NULL CHECK (kind IN ('confirm','already','held','erase')),
        subscriber  INTEGER REFERENCES subscriber (id),     -- null: erased once, and asking again
        address_key TEXT NOT NULL,
        request     TEXT NOT NULL,              -- JSON: what was asked, with the address
        token       TEXT NOT NULL UNIQUE,       -- of the link in it
        asked_at    TEXT NOT NULL,
        state       TEXT NOT NULL CHECK (state IN ('waiting','sending','sent','failed','granted','used')),
        tries       INTEGER NOT NULL DEFAULT 0,
        due         INTEGER NOT NULL,           -- microseconds: not to be tried before
        reply       TEXT NOT NULL DEFAULT ''    -- what the relay said last
    ) STRICT
    """,
    "CREATE INDEX notice_address ON notice (address_key)",
    "CREATE INDEX notice_due ON notice (due) WHERE state IN ('waiting','granted')",
    """
    CREATE TRIGGER notice_goes_with_the_person AFTER UPDATE OF address_key ON subscriber
    WHEN new.address_key IS NULL AND old.address_key IS NOT NULL
    BEGIN DELETE FROM notice WHERE subscriber = new.id OR address_key = old.address_key; END
    """,
)
