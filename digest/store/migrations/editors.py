"""Who else works at the desk, each by a personal link."""

from __future__ import annotations

from typing import Any


def editors_by_link(db: Any) -> None:
    """A row for each editor who was given a link; it stays when they are removed, for their name is in the edits."""
    db.conn.execute(_EDITOR)


_EDITOR = """
    CREATE TABLE editor (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        name       TEXT NOT NULL,               -- what edits and approvals carry
        rights     TEXT NOT NULL,               -- 'edit approve people', those they have
        key_hash   TEXT,                        -- SHA-256, hex, of the key in their link; null exactly when removed
        added_at   TEXT NOT NULL,
        added_by   TEXT NOT NULL,
        seen_at    TEXT,                        -- null: never came
        removed_at TEXT,                        -- null: may enter
        removed_by TEXT,                        -- null exactly when removed_at is
        CHECK ((key_hash IS NULL) = (removed_at IS NOT NULL)),
        CHECK ((removed_at IS NULL) = (removed_by IS NULL))
    ) STRICT
"""
