"""Files with people's addresses that were written outside the newsletter's own: where they went, for who erases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store


@dataclass(frozen=True, slots=True)
class WrittenFile:
    path: Path
    what: str
    at: datetime


class Written:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def remember(self, path: Path, what: str, at: datetime) -> None:
        """*path* names people from now on; *what* it is, in words."""
        with self._store.transaction():
            self._conn.execute(
                "INSERT OR REPLACE INTO written VALUES (?, ?, ?)", (str(path.resolve()), what, instant(at))
            )

    def all(self) -> list[WrittenFile]:
        """Those written, and those that lists were imported from, oldest first."""
        rows = self._conn.execute(
            """SELECT path, what, at FROM written
               UNION ALL SELECT file, 'a list people were imported from', max(at) FROM import
               WHERE file <> '' AND file NOT IN (SELECT path FROM written) GROUP BY file
               ORDER BY 3, 1"""
        )
        return [WrittenFile(Path(path), what, datetime.fromisoformat(at)) for path, what, at in rows]
