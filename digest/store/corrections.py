"""Corrections of issues readers have. The mail that left stays as it was: its page and the next issue say what was
wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import LOCKED_STATES, Correction
from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store

_LOCKED = ", ".join(f"'{state}'" for state in sorted(LOCKED_STATES))


class Corrections:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def add(self, correction: Correction) -> Correction:
        """Keeps it; gives it with its number."""
        c = correction
        with self._store.transaction():
            cursor = self._conn.execute(
                "INSERT INTO correction (issue, article, kind, words, who, at) VALUES (?, ?, ?, ?, ?, ?)",
                (c.issue, c.article, c.kind, c.words, c.who, instant(c.at)),
            )
        assert cursor.lastrowid is not None
        return replace(c, id=cursor.lastrowid)

    def of(self, slug: str) -> list[Correction]:
        """Those of one issue, oldest first."""
        return self._read("issue = ?", slug)

    def unprinted(self, slug: str) -> list[Correction]:
        """Those of other issues that no issue approved since could print: what *slug*, a draft, has to."""
        return self._read(
            f"""kind = 'correction' AND issue <> ? AND NOT EXISTS (
                SELECT 1 FROM issue AS i WHERE i.state IN ({_LOCKED}) AND i.slug <> correction.issue
                AND i.corrects IS NULL AND i.approved_at > correction.at)""",
            slug,
        )

    def _read(self, where: str, value: str) -> list[Correction]:
        rows = self._conn.execute(
            f"SELECT id, issue, article, kind, words, who, at FROM correction WHERE {where} ORDER BY id", (value,)
        )
        return [
            Correction(id, issue, article, kind, words, who, datetime.fromisoformat(at))
            for id, issue, article, kind, words, who, at in rows
        ]
