"""How we know that people wanted mail: events in a chain of hashes, the words beside it.

The chain hashes a salted commitment; who and in which words is another row, which goes with the person while the chain
still holds. The database itself refuses to change or delete an event.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from digest.address import Address
from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store

HOW = """coalesce((SELECT json_extract(p.payload, '$.how') FROM consent_event AS e
                    JOIN consent_payload AS p ON p.seq = e.seq
                    WHERE e.subscriber = s.id AND e.kind IN ('subscribed', 'rejoined')
                    ORDER BY e.seq DESC LIMIT 1), '')"""
"""How the newest consent of subscriber `s` came in: "editor", "import", "page" …; '' where it is not known."""

MOST_PROBLEMS = 20  # told one by one; a chain broken early breaks everywhere

_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One thing a person agreed to or took back. The payload says "how" (form, import, editor, confirmation …), "who"
    wrote it down, the "wording" shown or the "basis" stated, and perhaps "ip", "confirmed" and what a file said."""

    seq: int
    subscriber: int
    kind: str
    at: datetime
    payload: Mapping[str, str] | None  # None: the person was erased

    @property
    def wording(self) -> str:
        """What they read, or the ground that was stated; '' for none."""
        payload = self.payload or {}
        return payload.get("wording") or payload.get("basis") or ""

    @property
    def version(self) -> str:
        """Of the wording; '' for none."""
        return version_of(self.wording) if self.wording else ""


def version_of(wording: str) -> str:
    """The short name of a wording: 12 hex digits of its SHA-256. Another word, another version."""
    return hashlib.sha256(wording.encode()).hexdigest()[:12]


class Consent:
    def __init__(self, store: Store) -> None:
        self._conn = store.conn

    def write(self, subscriber: int, kind: str, at: datetime, payload: Mapping[str, str]) -> None:
        """One more event of the chain; *payload* is who, how and in which words."""
        self.write_all([(subscriber, kind, payload)], at)
        self._conn.execute("UPDATE subscriber SET consent_at = ? WHERE id = ?", (instant(at), subscriber))

    def write_all(self, events: Sequence[tuple[int, str, Mapping[str, str]]], at: datetime) -> None:
        """Many events of one moment: subscriber, kind, payload. Sets nobody's consent_at."""
        last = self._conn.execute("SELECT seq, hash FROM consent_event ORDER BY seq DESC LIMIT 1").fetchone()
        seq, previous = last or (0, "")
        when = instant(at)
        links, words = [], []
        salts = os.urandom(16 * len(events)).hex()
        for place, (subscriber, kind, payload) in enumerate(events):
            seq += 1
            salt, text = salts[32 * place : 32 * place + 32], _canonical(payload)
            commitment = _commit(salt, text)
            own = _link(seq, subscriber, kind, when, commitment, previous)
            links.append((seq, subscriber, kind, when, commitment, previous, own))
            words.append((seq, salt, text))
            previous = own
        self._conn.executemany("INSERT INTO consent_event VALUES (?, ?, ?, ?, ?, ?, ?)", links)
        self._conn.executemany("INSERT INTO consent_payload VALUES (?, ?, ?)", words)

    def of(self, address: Address) -> list[ConsentEvent]:
        """How we know that this person wanted mail, and when they did no longer; oldest first."""
        rows = self._conn.execute(
            """SELECT e.seq, e.subscriber, e.kind, e.at, p.payload
               FROM consent_event AS e JOIN subscriber AS s ON s.id = e.subscriber
               LEFT JOIN consent_payload AS p ON p.seq = e.seq WHERE s.address_key = ? ORDER BY e.seq""",
            (address.key,),
        )
        return [event_of(row) for row in rows]

    def verify(self) -> list[str]:
        """What does not fit in the consent events, in words; [] when all of them are as they were written.

        Reads them one by one: a million take seconds and no memory. The first faults are told, and that there are more.
        """
        problems: list[str] = []
        for problem in self._problems():
            if len(problems) == MOST_PROBLEMS:
                return [*problems, "and more"]
            problems.append(problem)
        return problems

    def _problems(self) -> Iterator[str]:
        previous, expected = "", 1
        rows = self._conn.execute(
            """SELECT e.seq, e.subscriber, e.kind, e.at, e.commitment, e.previous, e.hash, p.salt, p.payload
               FROM consent_event AS e LEFT JOIN consent_payload AS p ON p.seq = e.seq ORDER BY e.seq"""
        )
        for seq, person, kind, at, commitment, before, own, salt, payload in rows:
            if seq != expected:
                yield f"event {expected} is missing"
            if before != previous:
                yield f"event {seq} does not follow the one before it"
            if own != _link(seq, person, kind, at, commitment, before):
                yield f"event {seq} was changed"
            if payload is not None and commitment != _commit(salt, payload):
                yield f"the words of event {seq} were changed"
            previous, expected = own, seq + 1
        newest = self._conn.execute(
            """SELECT s.id FROM subscriber AS s WHERE s.consent_at IS NOT NULL AND s.consent_at IS NOT
               (SELECT e.at FROM consent_event AS e WHERE e.subscriber = s.id ORDER BY e.seq DESC LIMIT 1)"""
        )
        for (person,) in newest:
            yield f"the newest event of subscriber {person} is missing"
        bare = self._conn.execute(
            """SELECT e.seq FROM consent_event AS e JOIN subscriber AS s ON s.id = e.subscriber
               LEFT JOIN consent_payload AS p ON p.seq = e.seq WHERE s.address_key IS NOT NULL AND p.seq IS NULL"""
        )
        for (seq,) in bare:
            yield f"the words of event {seq} are missing, and its person was not erased"

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


def event_of(row: tuple[Any, ...]) -> ConsentEvent:
    """seq, subscriber, kind, at and payload as they are stored."""
    seq, person, kind, at, text = row
    return ConsentEvent(seq, person, kind, datetime.fromisoformat(at), json.loads(text) if text else None)


def _commit(salt: str, payload: str) -> str:
    return hashlib.sha256(f"{salt}{payload}".encode()).hexdigest()


def _link(seq: int, subscriber: int, kind: str, at: str, commitment: str, previous: str) -> str:
    """SHA-256 of the six as a JSON list without blanks."""
    words = ",".join(map(_quoted, (kind, at, commitment, previous)))
    return hashlib.sha256(f"[{seq},{subscriber},{words}]".encode()).hexdigest()
