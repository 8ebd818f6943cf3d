"""What each source answered last, when it may be asked again, and which article each of its entries became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from digest.model import Article
from digest.store.codec import from_json, instant, to_json

if TYPE_CHECKING:
    from digest.store import Store


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source's health. All times are aware."""

    etag: str | None = None  # None: the server gave none
    last_modified: str | None = None  # None: the server gave none
    last_error: str | None = None  # None: the last read went well
    last_ok: datetime | None = None  # None: never read well
    last_new: datetime | None = None  # None: nothing new came yet
    imported_at: datetime | None = None  # the first good read; None: never, so what it brings is its first import
    due: datetime | None = None  # not before; None: whenever asked
    due_reason: str | None = None  # whose wish that is; None exactly when due is
    moved_to: str | None = None  # a permanent redirect seen once; None: none
    unreadable: int = 0  # answers in a row that held no feed
    stopped: str | None = None  # why it is not read until somebody asks; None: it is read


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What an entry of a feed became when it was last seen."""

    article: str
    hash: str  # of its title, link and words
    changes: int = 0  # how often the hash was another one
    waits: bool = False  # the page behind it could not be had yet


_COLUMNS = (
    "etag, last_modified, last_error, last_ok, last_new, imported_at, due, due_reason, moved_to, unreadable, stopped"
)
_RESTING = "resting_hosts"
_TIMES = ("last_ok", "last_new", "imported_at", "due")


class Sources:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def state(self, name: str) -> SourceState:
        """The state of a source never heard of is an empty one."""
        row = self._conn.execute(f"SELECT {_COLUMNS} FROM source_state WHERE name = ?", (name,)).fetchone()
        if row is None:
            return SourceState()
        values: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
        times = {k: datetime.fromisoformat(values[k]) if values[k] else None for k in _TIMES}
        return SourceState(**{**values, **times})

    def keep(self, name: str, state: SourceState) -> None:
        values = [getattr(state, column) for column in _COLUMNS.split(", ")]
        with self._store.transaction():
            self._conn.execute(
                f"INSERT OR REPLACE INTO source_state (name, {_COLUMNS}) VALUES ({', '.join('?' * 12)})",
                (name, *(instant(v) if isinstance(v, datetime) else v for v in values)),
            )

    def rename(self, old: str, new: str) -> None:
        """The source has moved and is called *new* from now on, in its state, its entries and its articles."""
        with self._store.transaction():
            self._conn.execute("DELETE FROM source_state WHERE name = ?", (new,))
            self._conn.execute("UPDATE source_state SET name = ?, moved_to = NULL WHERE name = ?", (new, old))
            self._conn.execute("UPDATE OR REPLACE entry SET source = ? WHERE source = ?", (new, old))
            for id, version, data in self._conn.execute(
                "SELECT id, version, data FROM article WHERE source = ?", (old,)
            ).fetchall():
                article = replace(from_json(Article, data), source=new)
                self._conn.execute(
                    "UPDATE article SET source = ?, data = ? WHERE id = ? AND version = ?",
                    (new, to_json(article), id, version),
                )

    def moved_to(self, name: str) -> str | None:
        """The source that was seen to move to *name*, of which nothing is known yet; None where there is none."""
        row = self._conn.execute(
            """SELECT name FROM source_state WHERE moved_to = ?1
               AND NOT EXISTS (SELECT 1 FROM source_state WHERE name = ?1)""",
            (name,),
        ).fetchone()
        return str(row[0]) if row else None

    def resting_hosts(self) -> dict[str, datetime]:
        """The hosts of pages that asked to be left alone, and until when."""
        return {host: datetime.fromisoformat(until) for host, until in (self._store.state.get(_RESTING) or {}).items()}

    def keep_resting_hosts(self, hosts: Mapping[str, datetime]) -> None:
        self._store.state.set(_RESTING, {host: instant(until) for host, until in hosts.items()})

    # -------------------------------------------------------------------------------------------- entries

    def entries(self, name: str) -> Mapping[str, KnownEntry]:
        """By key, all that the source ever brought."""
        return self._entries("source = ?", name)

    def waiting(self, name: str) -> Mapping[str, KnownEntry]:
        """Those whose page could not be had yet."""
        return self._entries("source = ? AND waits", name)

    def _entries(self, which: str, name: str) -> Mapping[str, KnownEntry]:
        rows = self._conn.execute(f"SELECT key, article, hash, changes, waits FROM entry WHERE {which}", (name,))
        return {
            key: KnownEntry(article, hash, changes, waits=bool(waits)) for key, article, hash, changes, waits in rows
        }

    def keep_entry(self, name: str, key: str, entry: KnownEntry) -> None:
        with self._store.transaction():
            self._conn.execute(
                "INSERT OR REPLACE INTO entry (source, key, article, hash, changes, waits) VALUES (?, ?, ?, ?, ?, ?)",
                (name, key, entry.article, entry.hash, entry.changes, entry.waits),
            )
