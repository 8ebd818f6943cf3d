"""Erasing a person: what goes, and the keyed mark by which no import can bring them back; who never confirmed goes by
itself, without a mark."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from digest.address import Address
from digest.errors import StoreError
from digest.model import Subscriber
from digest.store import traces
from digest.store.codec import instant
from digest.store.traces import Person

if TYPE_CHECKING:
    from digest.store import Store

UNCONFIRMED = timedelta(days=30)  # so long somebody who never confirmed is kept; their link works for seven days
_LOOKED = "unconfirmed"  # the day they were last looked for
PACKED = (".gz", ".tgz", ".zip", ".age", ".gpg", ".7z", ".bz2", ".xz", ".enc")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A file that was written with people in it, outside what erasing may touch."""

    path: Path
    what: str
    at: datetime
    says: str  # "names them", "may name them" (packed, so nobody can look), "is not there now"


@dataclass(frozen=True, slots=True)
class Erased:
    letters: int  # files of var/outbox deleted
    lines: int  # of the inbox, blanked
    copies: int  # of the database, deleted
    elsewhere: tuple[Elsewhere, ...]
    still: tuple[str, ...]  # what in the newsletter's folder still names them, and where


class Erasure:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def erase(self, address: Address, *, who: str, at: datetime) -> Erased | None:
        """Everything that says who this was is gone from the database, its copies and var/; None: not known here.

        What stays: a number, the fact and time of each event, and a keyed mark so that no import brings them back.
        """
        self._store.requests.merge()  # a sign-up still in the inbox is theirs, too
        known = self._store.subscribers.get(address)
        if known is None:
            return None
        letters = self._conn.execute(
            """SELECT i.slug, d.ordinal FROM delivery_row AS d JOIN issue AS i ON i.id = d.issue
               WHERE d.subscriber = ?""",
            (known.id,),
        ).fetchall()
        person = Person(known.address, known.token, tuple(letters))
        with self._store.transaction():
            self._conn.execute("INSERT OR IGNORE INTO erased VALUES (?)", (self._mark(address, create=True),))
            self._take_out(known, "erased", who, at)
        folder = self._store.folder
        gone = traces.remove(traces.letters_of(folder, person))
        lines = traces.blank_inbox(folder, person)
        copies = traces.remove(traces.copies_of(folder))
        self._sweep(person)
        return Erased(gone, lines, copies, self._elsewhere(person), tuple(self._still(person)))

    def lapse(self, now: datetime) -> int:
        """Who signed up, never confirmed and asked for nothing else within UNCONFIRMED is taken out, so that nobody
        typed in by a stranger is kept; they may sign up again. Looks once a day; gives how many there were."""
        today = f"{now.date()}"
        if self._store.state.get(_LOOKED) == today:
            return 0
        never = """SELECT id FROM subscriber AS s WHERE membership = 'unconfirmed' AND block = 'none' AND consent_at < ?
                   AND NOT EXISTS (SELECT 1 FROM consent_event AS e WHERE e.subscriber = s.id
                                   AND e.kind NOT IN ('unconfirmed', 'asked'))"""
        with self._store.transaction():
            self._store.state.set(_LOOKED, today)
            found = [id for (id,) in self._conn.execute(never, (instant(now - UNCONFIRMED),)).fetchall()]
            for id in found:
                known = self._store.subscribers.by_id(id)
                assert known is not None
                self._take_out(known, "lapsed", "digest", now)
        return len(found)

    def _take_out(self, known: Subscriber, why: str, who: str, at: datetime) -> None:
        """Of that person a number stays, and the fact and time of each event."""
        self._store.consent.write(known.id, why, at, {"who": who})
        self._hush(known.id, known.address, known.name)
        self._conn.execute(
            """UPDATE subscriber SET address_key = NULL, local = NULL, domain = NULL, name = '', block = 'erased',
                      membership = 'unsubscribed', language = '', topics = '[]', length = 'full',
                      paused_until = NULL, token = NULL, consent_at = NULL, joined_at = NULL, import = NULL
               WHERE id = ?""",
            (known.id,),
        )
        self._store.consent.forget(known.id)
        self._store.returns.forget(known.id)
        self._conn.execute("DELETE FROM inbox_merged WHERE token = ?", (known.token,))

    def _hush(self, number: int, address: Address, name: str) -> None:
        """What servers said of their deliveries, where it names them: addresses are cut out of it, names are not."""
        words = {address.local.casefold(), *([name.casefold()] if name else [])}
        rows = self._conn.execute(
            "SELECT issue, ordinal, reply FROM delivery_row WHERE subscriber = ? AND reply IS NOT NULL", (number,)
        ).fetchall()
        for issue, ordinal, reply in rows:
            if any(word in reply.casefold() for word in words):
                code = " ".join(part for part in reply.split()[:2] if part.replace(".", "").isdigit())
                self._conn.execute(
                    "UPDATE delivery_row SET reply = ? WHERE issue = ? AND ordinal = ?", (code, issue, ordinal)
                )
        past = self._conn.execute(
            """SELECT p.seq, p.reply FROM delivery_row AS d JOIN delivery_past AS p USING (issue, ordinal)
               WHERE d.subscriber = ? AND p.reply IS NOT NULL""",
            (number,),
        ).fetchall()
        named = [(seq,) for seq, reply in past if any(word in reply.casefold() for word in words)]
        self._conn.executemany("UPDATE delivery_past SET reply = NULL WHERE seq = ?", named)

    def _sweep(self, person: Person) -> None:
        """The old rows out of the log and of freed pages. Raises StoreError while another program reads them."""
        self._checkpoint(person.address)
        if traces.holds(self._store.path, person.in_database()):
            # Rows are wiped where they stood; what SQLite left when it moved rows between pages is not.
            try:
                self._conn.execute("VACUUM")
            except sqlite3.DatabaseError as error:
                raise self._still_read(person.address) from error
            self._checkpoint(person.address)

    def _checkpoint(self, address: Address) -> None:
        if self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise self._still_read(address)

    def _still_read(self, address: Address) -> StoreError:
        return StoreError(
            f"{address} is erased, but another program still reads the old rows in {self._store.path}-wal",
            hint="let it end, then run any command: the rest goes by itself",
        )

    def _elsewhere(self, person: Person) -> tuple[Elsewhere, ...]:
        found: list[Elsewhere] = []
        for file in self._store.written.all():
            if not file.path.exists():
                says = "is not there now"
            elif traces.holds(file.path, person.needles()):
                says = "names them"
            elif file.path.suffix.lower() in PACKED:
                says = "may name them"
            else:
                continue
            found.append(Elsewhere(file.path, file.what, file.at, says))
        return tuple(found)

    def _still(self, person: Person) -> list[str]:
        """Where in the newsletter's folder they are still named: by an article, an edit, a file nobody told us of."""
        known = {file.path for file in self._store.written.all()}
        found: list[str] = []
        for path in sorted(traces.files_of(self._store.folder)):
            if path.name.startswith(self._store.path.name):
                if traces.holds(path, person.in_database()):
                    found += self._columns_naming(person) or [path.name]
            elif path.resolve() not in known and traces.holds(path, person.needles()):
                found.append(path.relative_to(self._store.folder).as_posix())
        return list(dict.fromkeys(found))

    def _columns_naming(self, person: Person) -> list[str]:
        found: list[str] = []
        tables = self._conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (table,) in tables.fetchall():
            for _, column, kind, *_ in self._conn.execute(f'PRAGMA table_info("{table}")').fetchall():
                if kind.upper() != "TEXT":
                    continue
                for word in person.words:
                    query = f'SELECT 1 FROM "{table}" WHERE instr(lower("{column}"), lower(?)) LIMIT 1'
                    if self._conn.execute(query, (word,)).fetchone():
                        found.append(f"{self._store.path.name}, {table} ({column})")
        return found

    def marks(self) -> set[str]:
        """What is kept of erased people: marks made with keys/erased.key."""
        return {mark for (mark,) in self._conn.execute("SELECT mark FROM erased")}

    def erase_marked(self, marks: set[str], *, who: str, at: datetime) -> int:
        """Erases whoever has one of *marks*, and keeps all of them. Gives the number of people erased."""
        with self._store.transaction():
            self._conn.executemany("INSERT OR IGNORE INTO erased VALUES (?)", [(mark,) for mark in marks])
        was_erased = self.holder(marks)
        found = [p.address for p in self._store.subscribers.export() if was_erased(p.address)] if marks else []
        return sum(self.erase(address, who=who, at=at) is not None for address in found)

    def holds(self, address: Address) -> bool:
        """Whether that address was erased here."""
        if not self._conn.execute("SELECT 1 FROM erased LIMIT 1").fetchone():
            return False
        mark = self._mark(address, create=False)
        return self._conn.execute("SELECT 1 FROM erased WHERE mark = ?", (mark,)).fetchone() is not None

    def holder(self, marks: set[str]) -> Callable[[Address], bool]:
        """`holds` for many addresses, against *marks* read once. Raises StoreError without the key, if it is needed."""
        if not marks:
            return lambda address: False
        key = self._key(create=False)
        return lambda address: _mark_of(address, key) in marks

    def forgive(self, address: Address) -> None:
        """The mark of that address goes: the person asked for mail again and has confirmed it."""
        self._conn.execute("DELETE FROM erased WHERE mark = ?", (self._mark(address, create=True),))

    def _mark(self, address: Address, *, create: bool) -> str:
        """HMAC-SHA-256 under keys/erased.key: an address cannot be guessed from it without the key."""
        return _mark_of(address, self._key(create=create))

    def _key(self, *, create: bool) -> bytes:
        file = self._store.folder / "keys" / "erased.key"
        if create and not file.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "wb") as out:
                out.write(secrets.token_bytes(32))
                out.flush()
                os.fsync(out.fileno())
        try:
            return file.read_bytes()
        except OSError as error:
            raise StoreError(
                f"{file} cannot be read: without it nobody can tell who was erased",
                hint="put keys/ back from a backup",
            ) from error


def _mark_of(address: Address, key: bytes) -> str:
    return hmac.digest(key, address.key.encode(), hashlib.sha256).hex()
