"""Everything that is held about one person, from every table and the inbox: what they may ask for (GDPR article 15).

Tables that came later and name a subscriber are found by that column: nothing is left out because nobody thought of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from digest.address import Address
from digest.model import DeliveryState, Subscriber
from digest.store import inbox
from digest.store.codec import from_micros
from digest.store.consent import ConsentEvent
from digest.store.imports import Import
from digest.store.ledger import Move

if TYPE_CHECKING:
    from digest.store import Store

KNOWN = {"subscriber", "consent_event", "delivery_row", "excluded", "inbox_merged"}


@dataclass(frozen=True, slots=True)
class HeldDelivery:
    """One issue that was planned for them, and every step of its way."""

    issue: str
    subject: str
    state: DeliveryState
    moves: tuple[Move, ...]  # oldest first; none: it waits


@dataclass(frozen=True, slots=True)
class Holding:
    person: Subscriber
    joined: datetime | None  # None: not known
    brought_by: Import | None  # None: no import did
    consent: tuple[ConsentEvent, ...]
    deliveries: tuple[HeldDelivery, ...]  # the newest first
    left_out: tuple[tuple[str, str], ...]  # issue, and why they did not get it
    asked: tuple[Mapping[str, Any], ...]  # what they asked for on the site, line by line, as it lies in the inbox
    edits: tuple[tuple[str, str], ...]  # issue and words of edits that hold their address
    others: Mapping[str, tuple[Mapping[str, Any], ...]]  # rows of other tables


class Holdings:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def of(self, address: Address) -> Holding | None:
        """None: nothing is held about them but, if they were erased, a keyed mark."""
        person = self._store.subscribers.get(address)
        if person is None:
            return None
        joined, brought_by = self._conn.execute(
            "SELECT joined_at, import FROM subscriber WHERE id = ?", (person.id,)
        ).fetchone()
        left_out = self._conn.execute(
            """SELECT i.slug, e.reason FROM excluded AS e JOIN issue AS i ON i.id = e.issue
               WHERE e.subscriber = ? ORDER BY i.until DESC""",
            (person.id,),
        ).fetchall()
        edits = self._conn.execute(
            "SELECT issue, value FROM edit WHERE instr(lower(value), lower(?)) ORDER BY id", (str(address),)
        ).fetchall()
        return Holding(
            person,
            datetime.fromisoformat(joined) if joined else None,
            next((found for found in self._store.imports.all() if found.id == brought_by), None),
            tuple(self._store.consent.of(address)),
            self._deliveries(address),
            tuple(left_out),
            tuple(self._asked(person)),
            tuple(edits),
            self._others(person),
        )

    def _deliveries(self, address: Address) -> tuple[HeldDelivery, ...]:
        ledger, issues = self._store.ledger, self._store.issues
        return tuple(
            HeldDelivery(d.issue, issues.issue(d.issue).subject, d.state, tuple(ledger.history(d.issue, d.ordinal)))
            for d in ledger.of_subscriber(address)
        )

    def _asked(self, person: Subscriber) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        names = {person.token, str(person.address).casefold(), person.address.key}
        for file in inbox.files(self._store.folder):
            for line in file.read_bytes().splitlines():
                try:
                    told = json.loads(line)
                except ValueError:
                    continue
                if isinstance(told, dict) and names & {str(value).casefold() for value in told.values()}:
                    found.append({key: value for key, value in told.items() if value != person.token})
        return found

    def _others(self, person: Subscriber) -> dict[str, tuple[Mapping[str, Any], ...]]:
        found: dict[str, tuple[Mapping[str, Any], ...]] = {}
        tables = self._conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            columns = [row[1] for row in self._conn.execute(f'PRAGMA table_info("{table}")')]
            if table in KNOWN or "subscriber" not in columns:
                continue
            rows = self._conn.execute(f'SELECT * FROM "{table}" WHERE subscriber = ?', (person.id,)).fetchall()
            if rows:
                found[table] = tuple({c: _readable(c, v) for c, v in zip(columns, row, strict=True)} for row in rows)
        return found


def _readable(column: str, value: Any) -> Any:
    """A time in microseconds as one that people can read."""
    is_time = (column == "at" or column.endswith("_at")) and isinstance(value, int)
    return from_micros(value).isoformat() if is_time else value
