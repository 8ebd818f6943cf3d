"""Small things remembered between runs: keys and values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digest.store import Store


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
