"""Copies of pictures, by the hash of their bytes, and where each was found. A copy is never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import PictureCopy
from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store


class Pictures:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def keep(self, copy: PictureCopy) -> None:
        with self._store.transaction():
            self._conn.execute(
                "INSERT OR IGNORE INTO picture VALUES (?, ?, ?, ?, ?)",
                (copy.hash, copy.media_type, copy.width_px, copy.height_px, copy.data),
            )

    def found(self, origin: str, copy: PictureCopy, at: datetime) -> None:
        """*copy* is what was at *origin*."""
        with self._store.transaction():
            self.keep(copy)
            self._remember(origin, copy.hash, None, at)

    def failed(self, origin: str, trouble: str, at: datetime) -> None:
        """Why there is no copy of *origin*; one that was made before stays."""
        with self._store.transaction():
            if not self.known([origin]).get(origin, "!").startswith("!"):
                return
            self._remember(origin, None, trouble, at)

    def known(self, origins: Iterable[str]) -> dict[str, str]:
        """By origin the hash of its copy, or `!` and why there is none; nothing of what was never asked for."""
        rows = self._conn.execute(
            """SELECT origin, coalesce(copy, '!' || trouble) FROM picture_origin
               WHERE origin IN (SELECT value FROM json_each(?))""",
            (json.dumps(list(origins)),),
        )
        return dict(rows.fetchall())

    def get(self, hash: str) -> PictureCopy | None:
        """None: there is no such copy."""
        return self.copies([hash]).get(hash)

    def copies(self, hashes: Iterable[str]) -> Mapping[str, PictureCopy]:
        """Those of *hashes* that there are."""
        rows = self._conn.execute(
            """SELECT hash, media_type, width, height, data FROM picture
               WHERE hash IN (SELECT value FROM json_each(?))""",
            (json.dumps(list(hashes)),),
        )
        return {row[0]: PictureCopy(*row) for row in rows}

    def _remember(self, origin: str, copy: str | None, trouble: str | None, at: datetime) -> None:
        self._conn.execute(
            "INSERT OR REPLACE INTO picture_origin VALUES (?, ?, ?, ?)", (origin, copy, trouble, instant(at))
        )
