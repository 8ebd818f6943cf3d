"""When each source is asked again and why not; which article each feed entry brought; pictures with facts."""

from __future__ import annotations

import json
from typing import Any


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
