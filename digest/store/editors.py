"""Editors who enter the desk by a personal link. Only the hash of its key is kept: no link can be read out of here."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.model import RIGHTS, Editor, Right
from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store

KEY_BYTES = 24  # 192 bits


@dataclass(frozen=True, slots=True)
class KnownEditor:
    """An editor who may enter."""

    id: int
    editor: Editor
    key_hash: str  # of the link they have now
    added_at: datetime
    seen_at: datetime | None  # None: never came


class Editors:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def add(self, name: str, rights: Collection[Right], *, who: str, at: datetime) -> str:
        """Lets *name* enter; gives the key of their link, which cannot be had again. Raises DigestError where
        somebody is called so already."""
        key = secrets.token_urlsafe(KEY_BYTES)
        with self._store.transaction():
            if known := self._find(name):
                raise DigestError(
                    f"{known.editor.name} is an editor already",
                    hint="`digest editors link` makes a new link, `digest editors remove` ends the old one",
                )
            self._conn.execute(
                "INSERT INTO editor (name, rights, key_hash, added_at, added_by) VALUES (?, ?, ?, ?, ?)",
                (name, " ".join(right for right in RIGHTS if right in rights), _hash(key), instant(at), who),
            )
        return key

    def renew(self, name: str) -> str:
        """The key of a new link; the old one opens nothing any more. Raises DigestError for who is no editor."""
        key = secrets.token_urlsafe(KEY_BYTES)
        with self._store.transaction():
            known = self._named(name)
            self._conn.execute("UPDATE editor SET key_hash = ? WHERE id = ?", (_hash(key), known.id))
        return key

    def remove(self, name: str, *, who: str, at: datetime) -> Editor:
        """Shuts *name* out and gives who that was. Raises DigestError for who is no editor."""
        with self._store.transaction():
            known = self._named(name)
            self._conn.execute(
                "UPDATE editor SET key_hash = NULL, removed_at = ?, removed_by = ? WHERE id = ?",
                (instant(at), who, known.id),
            )
        return known.editor

    def all(self) -> list[KnownEditor]:
        """Those who may enter, by name."""
        rows = self._conn.execute(
            "SELECT id, name, rights, key_hash, added_at, seen_at FROM editor WHERE removed_at IS NULL"
        )
        found = [
            KnownEditor(
                id,
                Editor(name, frozenset(right for right in RIGHTS if right in rights.split())),
                key_hash,
                datetime.fromisoformat(added),
                datetime.fromisoformat(seen) if seen else None,
            )
            for id, name, rights, key_hash, added, seen in rows
        ]
        return sorted(found, key=lambda known: known.editor.name.casefold())

    def get(self, id: int) -> KnownEditor | None:
        """None: removed."""
        return next((known for known in self.all() if known.id == id), None)

    def with_key(self, key: str) -> KnownEditor | None:
        """Whose link has that *key*; None: nobody's. Takes as long for a wrong key as for a right one."""
        given, found = _hash(key), None
        for known in self.all():
            if hmac.compare_digest(known.key_hash, given):
                found = known
        return found

    def saw(self, id: int, at: datetime) -> None:
        """Somebody was at the desk at *at*."""
        with self._store.transaction():
            self._conn.execute("UPDATE editor SET seen_at = ? WHERE id = ?", (instant(at), id))

    def _find(self, name: str) -> KnownEditor | None:
        return next((known for known in self.all() if known.editor.name.casefold() == name.casefold()), None)

    def _named(self, name: str) -> KnownEditor:
        known = self._find(name)
        if known is None:
            raise DigestError(f"no editor is called {name!r}", hint="`digest editors list` names them")
        return known


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
