"""Copies of pictures, and where each was found."""

from __future__ import annotations

from typing import Any


def copies_of_pictures(db: Any) -> None:
    """Copies of pictures, and where each was found."""
    for statement in _PICTURES:
        db.conn.execute(statement)


_PICTURES = (
    """
    CREATE TABLE picture (
        hash       TEXT PRIMARY KEY,            -- SHA-256 of data, hex
        media_type TEXT NOT NULL,
        width      INTEGER NOT NULL,            -- pixels
        height     INTEGER NOT NULL,
        data       BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE picture_origin (
        origin  TEXT PRIMARY KEY,               -- a web address, or file: and a path in the newsletter's folder
        copy    TEXT REFERENCES picture (hash), -- null: it could not be had
        trouble TEXT,                           -- why not; null exactly when copy is not
        at      TEXT NOT NULL
    ) STRICT
    """,
)
