"""Subscribers: who may get mail.

Two things decide, each on its own: membership (what the person asked for) and block (what befell the address). Every
change of either leaves an event, see `consent.py`; an erased person leaves a number, see `erasure.py`.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from digest.address import Address, fault_of_name
from digest.errors import AddressError, StoreError
from digest.model import Membership, Subscriber, Wish
from digest.store.codec import from_micros, instant, micros
from digest.store.consent import ConsentEvent, event_of
from digest.store.segments import EVERYBODY, Segment

if TYPE_CHECKING:
    from digest.store import Store

BARRED = """CASE WHEN s.block <> 'none' THEN s.block
                 WHEN s.membership <> 'subscribed' THEN s.membership
                 WHEN s.paused_until > :now THEN 'paused' END"""
"""The one rule on who may get mail: NULL for those who may, else the reason. `s` is subscriber, `:now` microseconds."""


_COLUMNS = """id, local, domain, name, membership, block, language, topics, length, paused_until, token, consent_at"""
_SUBSCRIBER = f"SELECT {_COLUMNS} FROM subscriber"

_SAID = """(SELECT max(e.seq) FROM consent_event AS e WHERE e.subscriber = s.id
             AND e.kind IN ('subscribed', 'rejoined', 'unconfirmed'))"""


@dataclass(frozen=True, slots=True)
class WithConsent:
    person: Subscriber
    joined: datetime | None  # None: not known
    consent: ConsentEvent | None  # None: they never agreed to anything here


class Subscribers:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    # -------------------------------------------------------------------------------------------- one person

    def add(
        self,
        address: Address,
        name: str,
        *,
        how: str,
        wording: str,
        who: str,
        at: datetime,
        membership: Membership = "subscribed",
        language: str = "",
        topics: tuple[str, ...] = (),
        length: Literal["full", "lead"] = "full",
    ) -> Subscriber:
        """The person, now with that membership; *wording* is what they agreed to. Known and so already: unchanged.

        Raises AddressError for an address that complained, bounced or was erased.
        """
        with self._store.transaction():
            if self._store.erasure.holds(address):
                raise AddressError(
                    f"{address} was erased", hint="only they can sign up again; it takes their own request"
                )
            evidence = {"address": str(address), "name": name, "how": how, "wording": wording, "who": who}
            known = self.get(address)
            if known is None:
                return self.insert(address, name, membership, language, topics, length, evidence, at)
            if known.block != "none":
                raise AddressError(
                    f"{address} is blocked: {known.block}",
                    hint="`digest bounces list` says why; `digest bounces undo` lifts it",
                )
            if known.membership != membership and known.membership != "subscribed":
                self.change(known.id, membership, at)
                self._store.consent.write(known.id, membership, at, evidence)
            found = self.get(address)
            assert found is not None
            return found

    def insert(
        self,
        address: Address,
        name: str,
        membership: Membership,
        language: str,
        topics: tuple[str, ...],
        length: Literal["full", "lead"],
        evidence: Mapping[str, str],
        at: datetime,
    ) -> Subscriber:
        refuse_name(name)
        token = secrets.token_hex(16)
        cursor = self._conn.execute(
            """INSERT INTO subscriber (address_key, local, domain, name, membership, block, language, topics, length,
                                       token, consent_at, member_at, joined_at)
               VALUES (?, ?, ?, ?, ?, 'none', ?, ?, ?, ?, ?, '', ?)""",
            (
                address.key,
                address.local,
                address.domain,
                name,
                membership,
                language,
                json.dumps(topics, ensure_ascii=False),
                length,
                token,
                instant(at),
                instant(at),
            ),
        )
        assert cursor.lastrowid is not None
        self._store.consent.write(cursor.lastrowid, membership, at, evidence)
        return Subscriber(
            cursor.lastrowid, address, name, membership, "none", language, topics, length, None, token, at
        )

    def get(self, address: Address) -> Subscriber | None:
        """None: not known here (or erased)."""
        return self._one("address_key = ?", address.key)

    def by_token(self, token: str) -> Subscriber | None:
        return self._one("token = ?", token)

    def has_token(self, token: str) -> bool:
        return self._conn.execute("SELECT 1 FROM subscriber WHERE token = ?", (token,)).fetchone() is not None

    def by_id(self, id: int) -> Subscriber | None:
        """None: no such number, or erased."""
        return self._one("address_key IS NOT NULL AND id = ?", id)

    def _one(self, where: str, value: str | int) -> Subscriber | None:
        row = self._conn.execute(f"{_SUBSCRIBER} WHERE {where}", (value,)).fetchone()
        return _subscriber(row) if row else None

    def wishes(self, now: datetime) -> list[Wish]:
        """What those who may get mail asked for, each kind once, in a fixed order."""
        rows = self._conn.execute(
            f"""SELECT DISTINCT language, topics, length FROM subscriber AS s
                WHERE {BARRED} IS NULL ORDER BY language, topics, length""",
            {"now": micros(now)},
        )
        return [wish_of(*row) for row in rows]

    def all(self) -> list[Subscriber]:
        """Everybody but the erased, in the order they came."""
        return list(self.export())

    def export(self, segment: Segment = EVERYBODY) -> Iterator[Subscriber]:
        """`all`, or those of *segment*, one at a time."""
        where, values = segment.where()
        for row in self._conn.execute(f"{_SUBSCRIBER} AS s WHERE {where} ORDER BY id", values):
            yield _subscriber(row)

    def export_with_consent(self, segment: Segment = EVERYBODY) -> Iterator[WithConsent]:
        """The same, each with since when they are there and the newest consent that is not about leaving."""
        where, values = segment.where()
        rows = self._conn.execute(
            f"SELECT {_COLUMNS}, joined_at, {_SAID} FROM subscriber AS s WHERE {where} ORDER BY id", values
        )
        for *row, joined, seq in rows:
            since = datetime.fromisoformat(joined) if joined else None
            yield WithConsent(_subscriber(tuple(row)), since, self._said(seq))

    def _said(self, seq: int | None) -> ConsentEvent | None:
        row = self._conn.execute(
            """SELECT e.seq, e.subscriber, e.kind, e.at, p.payload FROM consent_event AS e
               LEFT JOIN consent_payload AS p ON p.seq = e.seq WHERE e.seq = ?""",
            (seq,),
        ).fetchone()
        return event_of(row) if row else None

    def find(self, words: str, limit: int) -> list[Subscriber]:
        """Up to *limit* people whose address or name holds *words*, in the order they came; '' finds anybody."""
        found = self._conn.execute(
            f"""{_SUBSCRIBER} WHERE address_key IS NOT NULL
                AND (instr(lower(local || '@' || domain), lower(:words)) OR instr(lower(name), lower(:words)))
                ORDER BY id LIMIT :limit""",
            {"words": words, "limit": limit},
        )
        return [_subscriber(row) for row in found]

    def barred(self, id: int, at: datetime) -> str:
        """Why that person may get no mail at *at*; '' for those who may."""
        row = self._conn.execute(
            f"SELECT {BARRED} FROM subscriber AS s WHERE s.id = :id", {"id": id, "now": micros(at)}
        ).fetchone()
        return (row[0] or "") if row else "erased"

    def count(self) -> int:
        """Everybody but the erased."""
        return int(self._conn.execute("SELECT count(address_key) FROM subscriber").fetchone()[0])

    def by_domain(self, at: datetime) -> dict[str, int]:
        """Mail domain -> how many there may get mail at *at*."""
        return dict(
            self._conn.execute(
                f"SELECT domain, count(*) FROM subscriber AS s WHERE {BARRED} IS NULL GROUP BY domain",
                {"now": micros(at)},
            )
        )

    # -------------------------------------------------------------------------------------------- changes

    def set_membership(
        self, id: int, membership: Membership, *, how: str, who: str, at: datetime, wording: str = ""
    ) -> None:
        """What the person asked for, or the editor for them. The same as before: no event is written."""
        with self._store.transaction():
            self._store.requests.merge()  # what was asked on the site before comes before
            known = self._need(id)
            self.change(id, membership, at)
            if known.membership != membership:
                self._store.consent.write(id, membership, at, {"how": how, "wording": wording, "who": who})

    def remove(self, address: Address, *, who: str, at: datetime) -> bool:
        """Unsubscribed by the editor; the row stays, so that no import brings them back. False: not known here."""
        known = self.get(address)
        if known is not None:
            self.set_membership(known.id, "unsubscribed", how="editor", who=who, at=at)
        return known is not None

    def set_block(
        self, id: int, block: Literal["none", "bounced", "complained"], *, how: str, who: str, at: datetime
    ) -> None:
        """What befell the address, or none again. The same as before: nothing happens."""
        with self._store.transaction():
            if self._need(id).block != block:
                self._conn.execute("UPDATE subscriber SET block = ? WHERE id = ?", (block, id))
                self._store.consent.write(id, "unblocked" if block == "none" else block, at, {"how": how, "who": who})

    def pause(self, id: int, until: datetime | None, *, how: str, who: str, at: datetime) -> None:
        """No mail until then; None ends the pause."""
        with self._store.transaction():
            self._need(id)
            self._conn.execute(
                "UPDATE subscriber SET paused_until = ? WHERE id = ?", (micros(until) if until else None, id)
            )
            self._store.consent.write(id, "paused" if until else "unpaused", at, {"how": how, "who": who})

    def set_wish(self, id: int, wish: Wish, *, how: str, who: str, at: datetime) -> bool:
        """What that person wants of every issue. False: they wanted that already, and no event is written."""
        with self._store.transaction():
            if self._need(id).wish == wish:
                return False
            topics, length = json.dumps(wish.topics, ensure_ascii=False), "lead" if wish.lead_only else "full"
            self._conn.execute(
                "UPDATE subscriber SET language = ?, topics = ?, length = ? WHERE id = ?",
                (wish.language, topics, length, id),
            )
            said = {"language": wish.language, "topics": topics, "length": length}
            self._store.consent.write(id, "wish", at, {"how": how, "who": who, **said})
            return True

    def rename(self, id: int, name: str) -> None:
        """*name* is what they are called in letters; '' for nothing."""
        refuse_name(name)
        with self._store.transaction():
            self._need(id)
            self._conn.execute("UPDATE subscriber SET name = ? WHERE id = ?", (name, id))

    def _need(self, id: int) -> Subscriber:
        known = self.by_id(id)
        if known is None:
            raise StoreError(f"there is no subscriber number {id}", hint="`digest subscribers list`")
        return known

    def change(self, id: int, membership: Membership, at: datetime) -> None:
        self._conn.execute(
            "UPDATE subscriber SET membership = ?, member_at = ? WHERE id = ?", (membership, instant(at), id)
        )


def refuse_name(name: str) -> None:
    """Raises AddressError for a name that cannot stand in a letter's header, or is too long for one."""
    if fault := fault_of_name(name):
        raise AddressError(f"{name[:60]!a}: {fault}", hint="write it on one short line")


def wish_of(language: str, topics: str, length: str) -> Wish:
    """The three columns as a wish; *topics* is JSON."""
    return Wish(language, tuple(json.loads(topics)), length == "lead")


def _subscriber(row: tuple[Any, ...] | sqlite3.Row) -> Subscriber:
    id, local, domain, name, membership, block, language, topics, length, paused, token, consent = row
    return Subscriber(
        id,
        Address(local, domain),
        name,
        membership,
        block,
        language,
        tuple(json.loads(topics)),
        length,
        from_micros(paused) if paused is not None else None,
        token,
        datetime.fromisoformat(consent) if consent else None,
    )
