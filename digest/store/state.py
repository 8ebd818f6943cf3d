"""Small things remembered between runs: keys and values, and what each source answered last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store


@dataclass(frozen=True, slots=True)
class SourceState:
    etag: str | None  # None: the server gave none
    last_modified: str | None  # None: the server gave none
    last_error: str | None  # None: the last read went well
    last_ok: datetime | None  # None: never read
    last_new: datetime | None  # None: nothing new came yet
    imported_at: datetime | None  # the first good read; None: never


class State:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def get(self, key: str) -> Any:
        """None: never set."""
        row = self._conn.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def set(self, key: str, value: Any) -> None:
        """*value*: anything JSON holds."""
        with self._store.transaction():
            self._conn.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, json.dumps(value)))

    # -------------------------------------------------------------------------------------------- sources

    def source(self, name: str) -> SourceState | None:
        """None: never read well, so whatever it brings is its first import."""
        row = self._conn.execute(
            """SELECT etag, last_modified, last_error, last_ok, last_new, imported_at
               FROM source_state WHERE name = ? AND imported_at IS NOT NULL""",
            (name,),
        ).fetchone()
        if row is None:
            return None
        times = (datetime.fromisoformat(t) if t else None for t in row[3:])
        return SourceState(*row[:3], *times)

    def note_source(self, name: str, *, at: datetime, error: str = "", new: int = 0) -> None:
        """One reading of the source: it went well ('' as error), bringing *new* articles, or it failed."""
        with self._store.transaction():
            self._touch(name)
            if error:
                self._conn.execute("UPDATE source_state SET last_error = ? WHERE name = ?", (error, name))
                return
            self._conn.execute(
                """UPDATE source_state SET last_error = NULL, last_ok = :at, imported_at = coalesce(imported_at, :at),
                          last_new = iif(:new > 0, :at, last_new) WHERE name = :name""",
                {"at": instant(at), "new": new, "name": name},
            )

    def note_fetch(self, name: str, *, etag: str | None, last_modified: str | None) -> None:
        """What to ask the server with next time."""
        with self._store.transaction():
            self._touch(name)
            self._conn.execute(
                "UPDATE source_state SET etag = ?, last_modified = ? WHERE name = ?", (etag, last_modified, name)
            )

    def _touch(self, name: str) -> None:
        self._conn.execute("INSERT OR IGNORE INTO source_state (name) VALUES (?)", (name,))
