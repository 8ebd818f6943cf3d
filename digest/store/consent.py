"""How we know that people wanted mail: events in a chain of hashes, the words beside it.

The chain hashes a salted commitment; who and in which words is another row, which goes with the person while the chain
still holds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.address import Address
from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store

HOW = """coalesce((SELECT json_extract(p.payload, '$.how') FROM consent_event AS e
                    JOIN consent_payload AS p ON p.seq = e.seq
                    WHERE e.subscriber = s.id AND e.kind IN ('subscribed', 'rejoined')
                    ORDER BY e.seq DESC LIMIT 1), '')"""
"""How the newest consent of subscriber `s` came in: "editor", "import", "page" …; '' where it is not known."""


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    seq: int
    subscriber: int
    kind: str
    at: datetime
    payload: Mapping[str, str] | None  # None: the person was erased


class Consent:
    def __init__(self, store: Store) -> None:
        self._conn = store.conn

    def write(self, subscriber: int, kind: str, at: datetime, payload: Mapping[str, str]) -> None:
        """One more event of the chain; *payload* is who, how and in which words."""
        last = self._conn.execute("SELECT seq, hash FROM consent_event ORDER BY seq DESC LIMIT 1").fetchone()
        seq, previous = (last[0] + 1, last[1]) if last else (1, "")
        salt, text, when = secrets.token_hex(16), _canonical(payload), instant(at)
        commitment = _commit(salt, text)
        self._conn.execute(
            "INSERT INTO consent_event VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                subscriber,
                kind,
                when,
                commitment,
                previous,
                _link(seq, subscriber, kind, when, commitment, previous),
            ),
        )
        self._conn.execute("INSERT INTO consent_payload VALUES (?, ?, ?)", (seq, salt, text))
        self._conn.execute("UPDATE subscriber SET consent_at = ? WHERE id = ?", (when, subscriber))

    def of(self, address: Address) -> list[ConsentEvent]:
        """How we know that this person wanted mail, and when they did no longer; oldest first."""
        rows = self._conn.execute(
            """SELECT e.seq, e.subscriber, e.kind, e.at, p.payload
               FROM consent_event AS e JOIN subscriber AS s ON s.id = e.subscriber
               LEFT JOIN consent_payload AS p ON p.seq = e.seq WHERE s.address_key = ? ORDER BY e.seq""",
            (address.key,),
        )
        return [
            ConsentEvent(seq, person, kind, datetime.fromisoformat(at), json.loads(text) if text else None)
            for seq, person, kind, at, text in rows
        ]

    def verify(self) -> list[str]:
        """What does not fit in the consent events, in words; [] when all of them are as they were written."""
        problems: list[str] = []
        previous, expected = "", 1
        newest: dict[int, str] = {}
        rows = self._conn.execute(
            """SELECT e.seq, e.subscriber, e.kind, e.at, e.commitment, e.previous, e.hash, p.salt, p.payload
               FROM consent_event AS e LEFT JOIN consent_payload AS p ON p.seq = e.seq ORDER BY e.seq"""
        )
        for seq, person, kind, at, commitment, before, own, salt, payload in rows:
            if seq != expected:
                problems.append(f"event {expected} is missing")
            if before != previous:
                problems.append(f"event {seq} does not follow the one before it")
            if own != _link(seq, person, kind, at, commitment, before):
                problems.append(f"event {seq} was changed")
            if payload is not None and commitment != _commit(salt, payload):
                problems.append(f"the words of event {seq} were changed")
            previous, expected, newest[person] = own, seq + 1, at
        for person, at in self._conn.execute("SELECT id, consent_at FROM subscriber WHERE consent_at IS NOT NULL"):
            if newest.get(person) != at:
                problems.append(f"the newest event of subscriber {person} is missing")
        return problems

    def how(self, id: int) -> str:
        """How that person's newest consent came in: "editor", "import", "page" …; '' where it is not known."""
        row = self._conn.execute(f"SELECT {HOW} FROM subscriber AS s WHERE s.id = ?", (id,)).fetchone()
        return str(row[0]) if row else ""

    def forget(self, subscriber: int) -> None:
        """The words of that person's events are gone; that and when there were any stays."""
        self._conn.execute(
            "DELETE FROM consent_payload WHERE seq IN (SELECT seq FROM consent_event WHERE subscriber = ?)",
            (subscriber,),
        )


def _canonical(payload: Mapping[str, str]) -> str:
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _commit(salt: str, payload: str) -> str:
    return hashlib.sha256(f"{salt}{payload}".encode()).hexdigest()


def _link(seq: int, subscriber: int, kind: str, at: str, commitment: str, previous: str) -> str:
    text = json.dumps([seq, subscriber, kind, at, commitment, previous], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
