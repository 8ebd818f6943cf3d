"""What readers ask by name on the site, and the one mail that answers each: confirm, you are on it already, this is
what we hold, shall it be erased.

An address gets no second mail of a kind within a day, and one that is not confirmed no second mail of any kind:
whoever types other people's addresses into the form does them no harm. A row goes seven days after its mail.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from digest.address import Address, fault_of_name, parse_address
from digest.model import Subscriber
from digest.store.codec import from_micros, instant, micros
from digest.store.inbox import Choice, SealedKind

if TYPE_CHECKING:
    from digest.store import Store

NoticeKind = Literal["confirm", "already", "held", "erase"]
NoticeState = Literal["waiting", "sending", "sent", "failed", "granted", "used"]

HOLDS = timedelta(days=7)  # so long a link in a mail works
REST = timedelta(days=1)  # between two mails to one address
TRIES = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked by name."""

    address: Address
    name: str = ""
    choice: Choice = field(default_factory=Choice)
    wording: str = ""  # what they agreed to, to the letter; '' where there was nothing to agree to
    page: str = ""  # the language of the page they asked on; '' for the newsletter's
    ip: str = ""  # '' unless [consent] keep_ip


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    kind: NoticeKind
    subscriber: int | None  # None: erased once, and asking again
    asked: Asked
    token: str  # of the link in the mail
    asked_at: datetime
    state: NoticeState
    tries: int
    due: datetime  # while it waits, when to try; afterwards when it left

    def holds(self, at: datetime) -> bool:
        """Whether its link may still be used at *at*. A mail in doubt may have arrived."""
        return self.state in ("waiting", "sending", "sent") and at <= self.due + HOLDS


@dataclass(frozen=True, slots=True)
class SealedRequest:
    token: str
    at: datetime
    kind: SealedKind
    sealed: str


class Notices:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    # -------------------------------------------------------------------------------------------- requests

    def keep(self, request: SealedRequest) -> None:
        """Kept until somebody with the key opens it."""
        self._conn.execute(
            "INSERT OR IGNORE INTO sealed_request VALUES (?, ?, ?, ?)",
            (request.token, instant(request.at), request.kind, request.sealed),
        )

    def sealed(self) -> list[SealedRequest]:
        """Oldest first."""
        rows = self._conn.execute("SELECT token, at, kind, sealed FROM sealed_request ORDER BY at, token")
        return [SealedRequest(token, datetime.fromisoformat(at), kind, text) for token, at, kind, text in rows]

    def drop(self, request: SealedRequest) -> None:
        """Nothing can be made of it."""
        with self._store.transaction():
            self._conn.execute("DELETE FROM sealed_request WHERE token = ?", (request.token,))

    def answer(self, request: SealedRequest, asked: Asked, *, now: datetime) -> None:
        """The opened *request* becomes the mail that answers it, or nothing."""
        with self._store.transaction():
            self.drop(request)
            known = self._store.subscribers.get(asked.address)
            kind = _answer(request.kind, known)
            if kind is None or self._told_lately(asked.address, kind, known, now):
                return
            if kind == "confirm":
                known = self._ask_to_confirm(known, asked, request.at)
            self._conn.execute(
                """INSERT INTO notice (kind, subscriber, address_key, request, token, asked_at, state, due)
                   VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)""",
                (
                    kind,
                    known.id if known else None,
                    asked.address.key,
                    asked_as_json(asked),
                    secrets.token_hex(16),
                    instant(request.at),
                    micros(now),
                ),
            )

    def _told_lately(self, address: Address, kind: NoticeKind, known: Subscriber | None, now: datetime) -> bool:
        confirmed = known is not None and known.membership != "unconfirmed"
        return (
            self._conn.execute(
                "SELECT 1 FROM notice WHERE address_key = ? AND due > ? AND state <> 'failed' AND (kind = ? OR NOT ?)",
                (address.key, micros(now - REST), kind, confirmed),
            ).fetchone()
            is not None
        )

    def _ask_to_confirm(self, known: Subscriber | None, asked: Asked, at: datetime) -> Subscriber | None:
        """Somebody new is kept as unconfirmed; of somebody who was erased nothing is, until they confirm."""
        if known is None and self._store.erasure.holds(asked.address):
            return None
        if known is None:
            known = self._store.subscribers.add(
                asked.address,
                asked.name,
                how="page",
                wording=asked.wording,
                who="the reader",
                at=at,
                membership="unconfirmed",
                language=asked.choice.language,
                topics=asked.choice.topics,
                length=asked.choice.length,
            )
        self._store.consent.write(known.id, "asked", at, evidence(asked))
        return known

    # -------------------------------------------------------------------------------------------- the mails

    def by_token(self, token: str) -> Notice | None:
        row = self._conn.execute(f"{_NOTICE} WHERE token = ?", (token,)).fetchone()
        return _notice(row) if row else None

    def waiting(self, now: datetime) -> list[Notice]:
        """What may be mailed now, oldest first."""
        rows = self._conn.execute(
            f"{_NOTICE} WHERE state = 'waiting' AND due <= ? ORDER BY due, id LIMIT 100", (micros(now),)
        )
        return [_notice(row) for row in rows]

    def next_due(self) -> datetime | None:
        """When the next mail may be tried; None: none waits."""
        (due,) = self._conn.execute("SELECT min(due) FROM notice WHERE state = 'waiting'").fetchone()
        return from_micros(due) if due is not None else None

    def claim(self, notice: Notice, now: datetime) -> bool:
        """True for the one who mails it, once this is on disk: a kill from here on costs the mail, never a second."""
        with self._store.transaction():
            return (
                self._conn.execute(
                    """UPDATE notice SET state = 'sending', tries = tries + 1, due = ?
                       WHERE id = ? AND state = 'waiting'""",
                    (micros(now), notice.id),
                ).rowcount
                == 1
            )

    def settle(self, notice: Notice, state: Literal["waiting", "sent", "failed"], due: datetime, reply: str) -> None:
        """What became of a claimed one: it left at *due*, or is to be tried again then."""
        with self._store.transaction():
            self._conn.execute(
                "UPDATE notice SET state = ?, due = ?, reply = ? WHERE id = ? AND state = 'sending'",
                (state, micros(due), reply, notice.id),
            )

    def mark(self, notice: Notice, state: Literal["granted", "used"]) -> None:
        self._conn.execute("UPDATE notice SET state = ? WHERE id = ?", (state, notice.id))

    def granted(self) -> list[Notice]:
        """Erasures that were confirmed and are still to be done."""
        return [_notice(row) for row in self._conn.execute(f"{_NOTICE} WHERE state = 'granted' ORDER BY id")]

    def letters_to(self, subscriber: int) -> list[str]:
        """The issues the relay took for that person, oldest first."""
        rows = self._conn.execute(
            """SELECT i.slug FROM issue AS i JOIN delivery AS d ON d.issue = i.id
               WHERE d.subscriber = ? AND d.state = 'accepted' ORDER BY i.until""",
            (subscriber,),
        )
        return [slug for (slug,) in rows]

    def tidy(self, now: datetime) -> None:
        """Rows whose link works no longer go, and with them the addresses in them."""
        if self._conn.execute("SELECT 1 FROM notice WHERE due < ? LIMIT 1", (micros(now - HOLDS),)).fetchone():
            with self._store.transaction():
                self._conn.execute("DELETE FROM notice WHERE due < ? AND state <> 'granted'", (micros(now - HOLDS),))


def _answer(kind: SealedKind, known: Subscriber | None) -> NoticeKind | None:
    """Which mail answers a request; None: none."""
    if kind == "join":
        if known is None or (known.membership != "subscribed" and known.block == "none"):
            return "confirm"
        return "already" if known.block == "none" else None  # who complained or bounced gets nothing from a form
    if known is None:
        return None
    return "held" if kind == "hold" else "erase"


_NOTICE = "SELECT id, kind, subscriber, request, token, asked_at, state, tries, due FROM notice"


def _notice(row: tuple[Any, ...]) -> Notice:
    id, kind, subscriber, request, token, asked_at, state, tries, due = row
    return Notice(
        id,
        kind,
        subscriber,
        read_asked(request),
        token,
        datetime.fromisoformat(asked_at),
        state,
        tries,
        from_micros(due),
    )


# ------------------------------------------------------------------------------------------------ what was asked


def evidence(asked: Asked) -> dict[str, str]:
    """What the consent chain keeps of it."""
    kept = {"address": str(asked.address), "name": asked.name, "how": "page", "wording": asked.wording}
    return {**kept, "who": "the reader", **({"ip": asked.ip} if asked.ip else {})}


def asked_as_json(asked: Asked) -> str:
    choice = asked.choice
    return json.dumps(
        {
            "address": str(asked.address),
            "name": asked.name,
            "language": choice.language,
            "topics": list(choice.topics),
            "length": choice.length,
            "until": choice.until.isoformat() if choice.until else "",
            "wording": asked.wording,
            "page": asked.page,
            "ip": asked.ip,
        },
        ensure_ascii=False,
    )


def read_asked(text: str) -> Asked:
    """Raises ValueError or AddressError for what nobody can have asked."""
    raw: Mapping[str, Any] = json.loads(text)
    words = [raw["name"], raw["language"], raw["wording"], raw["page"], raw["ip"], *raw["topics"]]
    if not all(isinstance(word, str) and len(word) <= 2000 for word in words) or raw["length"] not in ("full", "lead"):
        raise ValueError("no request")
    if fault_of_name(raw["name"]):
        raise ValueError("no name")
    until = date.fromisoformat(raw["until"]) if raw["until"] else None
    choice = Choice(raw["language"], tuple(raw["topics"]), raw["length"], until)
    return Asked(parse_address(raw["address"]), raw["name"], choice, raw["wording"], raw["page"], raw["ip"])
