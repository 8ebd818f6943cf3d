"""Erasing a person: what goes, and the keyed mark by which no import can bring them back."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from digest.address import Address
from digest.errors import StoreError

if TYPE_CHECKING:
    from digest.store import Store


class Erasure:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def erase(self, address: Address, *, who: str, at: datetime) -> bool:
        """Everything that says who this was is gone from the database and its copies; False: not known here.

        What stays: a number, the fact and time of each event, and a keyed mark so that no import brings them back.
        """
        known = self._store.subscribers.get(address)
        if known is None:
            return False
        with self._store.transaction():
            self._conn.execute("INSERT OR IGNORE INTO erased VALUES (?)", (self._mark(address, create=True),))
            self._store.consent.write(known.id, "erased", at, {"who": who})
            self._conn.execute(
                """UPDATE subscriber SET address_key = NULL, local = NULL, domain = NULL, name = '', block = 'erased',
                          membership = 'unsubscribed', language = '', topics = '[]', paused_until = NULL, token = NULL,
                          consent_at = NULL WHERE id = ?""",
                (known.id,),
            )
            self._store.consent.forget(known.id)
            self._store.returns.forget(known.id)
            self._conn.execute("DELETE FROM inbox_merged WHERE token = ?", (known.token,))
        for copy in (self._store.folder / "var" / "backups").glob("before-*.db*"):
            copy.unlink()
        if self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError(
                f"{address} is erased, but another program still reads the old rows in {self._store.path}-wal",
                hint="let it end, then run any command: the rest goes by itself",
            )
        return True

    def marks(self) -> set[str]:
        """What is kept of erased people: marks made with keys/erased.key."""
        return {mark for (mark,) in self._conn.execute("SELECT mark FROM erased")}

    def erase_marked(self, marks: set[str], *, who: str, at: datetime) -> int:
        """Erases whoever has one of *marks*, and keeps all of them. Gives the number of people erased."""
        with self._store.transaction():
            self._conn.executemany("INSERT OR IGNORE INTO erased VALUES (?)", [(mark,) for mark in marks])
        found = (
            [p.address for p in self._store.subscribers.all() if self._mark(p.address, create=False) in marks]
            if marks
            else []
        )
        return sum(self.erase(address, who=who, at=at) for address in found)

    def holds(self, address: Address) -> bool:
        """Whether that address was erased here."""
        if not self._conn.execute("SELECT 1 FROM erased LIMIT 1").fetchone():
            return False
        mark = self._mark(address, create=False)
        return self._conn.execute("SELECT 1 FROM erased WHERE mark = ?", (mark,)).fetchone() is not None

    def _mark(self, address: Address, *, create: bool) -> str:
        """HMAC-SHA-256 under keys/erased.key: an address cannot be guessed from it without the key."""
        file = self._store.folder / "keys" / "erased.key"
        if create and not file.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "wb") as out:
                out.write(secrets.token_bytes(32))
                out.flush()
                os.fsync(out.fileno())
        try:
            key = file.read_bytes()
        except OSError as error:
            raise StoreError(
                f"{file} cannot be read: without it nobody can tell who was erased",
                hint="put keys/ back from a backup",
            ) from error
        return hmac.new(key, address.key.encode(), hashlib.sha256).hexdigest()
