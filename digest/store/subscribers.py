"""Subscribers: who may get mail, and how we know that they wanted it.

Two things decide, each on its own: membership (what the person asked for) and block (what befell the address). Every
change of either leaves a consent event in a chain of hashes; who and in which words stands beside it in a table that
can be emptied for one person while the chain still holds. An erased person leaves a number, and a mark by which no
import can bring them back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from digest.address import Address, parse_address
from digest.errors import AddressError, StoreError
from digest.model import Membership, Subscriber, Wish
from digest.store import inbox as inbox_files
from digest.store.codec import from_micros, instant, micros
from digest.store.inbox import InboxEvent

if TYPE_CHECKING:
    from digest.store import Store

BARRED = """CASE WHEN s.block <> 'none' THEN s.block
                 WHEN s.membership <> 'subscribed' THEN s.membership
                 WHEN s.paused_until > :now THEN 'paused' END"""
"""The one rule on who may get mail: NULL for those who may, else the reason. `s` is subscriber, `:now` microseconds."""

HOW = """coalesce((SELECT json_extract(p.payload, '$.how') FROM consent_event AS e
                    JOIN consent_payload AS p ON p.seq = e.seq
                    WHERE e.subscriber = s.id AND e.kind IN ('subscribed', 'rejoined')
                    ORDER BY e.seq DESC LIMIT 1), '')"""
"""How the newest consent of subscriber `s` came in: "editor", "import", "page" …; '' where it is not known."""

_SUBSCRIBER = """SELECT id, local, domain, name, membership, block, language, topics, length, paused_until, token,
                        consent_at FROM subscriber"""


class ImportRow(NamedTuple):
    line: int
    address: str  # as it stands in the file
    name: str = ""
    language: str = ""
    topics: tuple[str, ...] = ()
    left: bool = False  # the file itself says that they unsubscribed, bounced or complained


@dataclass(frozen=True, slots=True)
class ImportReport:
    added: int
    known: int  # subscribed or unconfirmed already; not touched
    duplicates: int  # a second time in the same file
    left_alone: int  # they left, bounced, complained or were erased; not touched
    rejected: tuple[tuple[int, str, str], ...]  # line, what stood there, why


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    seq: int
    subscriber: int
    kind: str
    at: datetime
    payload: Mapping[str, str] | None  # None: the person was erased


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
            if self._is_erased(address):
                raise AddressError(
                    f"{address} was erased", hint="only they can sign up again; it takes their own request"
                )
            evidence = {"address": str(address), "name": name, "how": how, "wording": wording, "who": who}
            known = self.get(address)
            if known is None:
                return self._insert(address, name, membership, language, topics, length, evidence, at)
            if known.block != "none":
                raise AddressError(f"{address} is blocked: {known.block}", hint="`digest bounces`")
            if known.membership != membership and known.membership != "subscribed":
                self._change(known.id, membership, at)
                self._consent(known.id, membership, at, evidence)
            found = self.get(address)
            assert found is not None
            return found

    def _insert(
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
        token = secrets.token_hex(16)
        cursor = self._conn.execute(
            """INSERT INTO subscriber (address_key, local, domain, name, membership, block, language, topics, length,
                                       token, consent_at, member_at)
               VALUES (?, ?, ?, ?, ?, 'none', ?, ?, ?, ?, ?, '')""",
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
            ),
        )
        assert cursor.lastrowid is not None
        self._consent(cursor.lastrowid, membership, at, evidence)
        return Subscriber(
            cursor.lastrowid, address, name, membership, "none", language, topics, length, None, token, at
        )

    def get(self, address: Address) -> Subscriber | None:
        """None: not known here (or erased)."""
        return self._one("address_key = ?", address.key)

    def by_token(self, token: str) -> Subscriber | None:
        return self._one("token = ?", token)

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

    def export(self) -> Iterator[Subscriber]:
        """`all`, one at a time."""
        for row in self._conn.execute(f"{_SUBSCRIBER} WHERE address_key IS NOT NULL ORDER BY id"):
            yield _subscriber(row)

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

    def how(self, id: int) -> str:
        """How that person's newest consent came in: "editor", "import", "page" …; '' where it is not known."""
        row = self._conn.execute(f"SELECT {HOW} FROM subscriber AS s WHERE s.id = ?", (id,)).fetchone()
        return str(row[0]) if row else ""

    def count(self) -> int:
        """Everybody but the erased."""
        return int(self._conn.execute("SELECT count(address_key) FROM subscriber").fetchone()[0])

    # -------------------------------------------------------------------------------------------- changes

    def set_membership(
        self, id: int, membership: Membership, *, how: str, who: str, at: datetime, wording: str = ""
    ) -> None:
        """What the person asked for, or the editor for them. The same as before: no event is written."""
        with self._store.transaction():
            self.merge_inbox()  # what was asked on the site before comes before
            known = self._need(id)
            self._change(id, membership, at)
            if known.membership != membership:
                self._consent(id, membership, at, {"how": how, "wording": wording, "who": who})

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
                self._consent(id, "unblocked" if block == "none" else block, at, {"how": how, "who": who})

    def pause(self, id: int, until: datetime | None, *, how: str, who: str, at: datetime) -> None:
        """No mail until then; None ends the pause."""
        with self._store.transaction():
            self._need(id)
            self._conn.execute(
                "UPDATE subscriber SET paused_until = ? WHERE id = ?", (micros(until) if until else None, id)
            )
            self._consent(id, "paused" if until else "unpaused", at, {"how": how, "who": who})

    def _need(self, id: int) -> Subscriber:
        known = self.by_id(id)
        if known is None:
            raise StoreError(f"there is no subscriber number {id}", hint="`digest subscribers list`")
        return known

    def _change(self, id: int, membership: Membership, at: datetime) -> None:
        self._conn.execute(
            "UPDATE subscriber SET membership = ?, member_at = ? WHERE id = ?", (membership, instant(at), id)
        )

    # -------------------------------------------------------------------------------------------- many people

    def import_rows(
        self,
        rows: Iterable[ImportRow],
        *,
        how: str,
        basis: str,
        who: str,
        at: datetime,
        dry_run: bool = False,
    ) -> ImportReport:
        """Adds the good rows, all or none, and reports the bad ones. *basis* is the stated ground for mailing them.

        Nobody known is changed: who left, bounced, complained or was erased stays so.
        """
        added = known = duplicates = left_alone = 0
        rejected: list[tuple[int, str, str]] = []
        seen: set[str] = set()
        with self._store.transaction():
            for row in rows:
                try:
                    address = parse_address(row.address)
                except AddressError as error:
                    rejected.append((row.line, row.address, str(error)))
                    continue
                if address.key in seen:
                    duplicates += 1
                    continue
                seen.add(address.key)
                found = self._conn.execute(
                    "SELECT block, membership FROM subscriber WHERE address_key = ?", (address.key,)
                ).fetchone()
                if found is not None:
                    left = found[0] != "none" or found[1] == "unsubscribed"
                    left_alone += left
                    known += not left
                elif row.left or self._is_erased(address):
                    left_alone += 1
                else:
                    added += 1
                    if not dry_run:
                        evidence = {"address": str(address), "name": row.name, "how": how, "basis": basis, "who": who}
                        evidence["line"] = str(row.line)
                        self._insert(address, row.name, "subscribed", row.language, row.topics, "full", evidence, at)
        return ImportReport(added, known, duplicates, left_alone, tuple(rejected))

    # -------------------------------------------------------------------------------------------- the inbox

    def merge_inbox(self, events: Iterable[InboxEvent] | None = None) -> int:
        """What readers asked for on the site, taken over; gives how many wishes were new.

        Without *events* the newsletter's inbox is read from where the last merge ended. Merging again changes
        nothing, and an older wish never undoes a newer one.
        """
        with self._store.transaction():
            return sum(self._merge(event) for event in (self._unread() if events is None else events))

    def _unread(self) -> list[InboxEvent]:
        found: list[InboxEvent] = []
        offsets: dict[str, int] = self._store.state.get("inbox") or {}
        moved = False
        for file in inbox_files.files(self._store.folder):
            offset, size = offsets.get(file.name, 0), file.stat().st_size
            if size == offset:
                continue
            events, offsets[file.name] = inbox_files.read_from(file, offset if size > offset else 0)
            found += events
            moved = True
        if moved:
            self._store.state.set("inbox", offsets)
        return sorted(found, key=lambda e: e.at)

    def _merge(self, event: InboxEvent) -> bool:
        new = self._conn.execute(
            "INSERT OR IGNORE INTO inbox_merged VALUES (?, ?, ?)", (event.token, instant(event.at), event.kind)
        ).rowcount
        row = self._conn.execute(
            "SELECT id, membership, block, member_at FROM subscriber WHERE token = ?", (event.token,)
        ).fetchone()
        if not new or row is None:
            return False
        id, membership, block, member_at = row
        # member_at is '' until the first change: whoever has the token has been a subscriber, whatever clocks say.
        if instant(event.at) < member_at:
            return True
        if event.kind == "rejoin" and (membership == "unconfirmed" or block != "none"):
            return True
        wanted: Membership = "unsubscribed" if event.kind == "leave" else "subscribed"
        self._change(id, wanted, event.at)  # the same as before too: an older wish that comes later must not win
        if membership != wanted:
            kind = "left" if event.kind == "leave" else "rejoined"
            self._consent(id, kind, event.at, {"how": event.how, "who": "the reader"})
        return True

    # -------------------------------------------------------------------------------------------- consent

    def _consent(self, subscriber: int, kind: str, at: datetime, payload: Mapping[str, str]) -> None:
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

    def consent(self, address: Address) -> list[ConsentEvent]:
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

    def verify_chain(self) -> list[str]:
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

    # -------------------------------------------------------------------------------------------- erasure

    def erase(self, address: Address, *, who: str, at: datetime) -> bool:
        """Everything that says who this was is gone from the database and its copies; False: not known here.

        What stays: a number, the fact and time of each event, and a keyed mark so that no import brings them back.
        """
        known = self.get(address)
        if known is None:
            return False
        with self._store.transaction():
            self._conn.execute("INSERT OR IGNORE INTO erased VALUES (?)", (self._mark(address, create=True),))
            self._consent(known.id, "erased", at, {"who": who})
            self._conn.execute(
                """UPDATE subscriber SET address_key = NULL, local = NULL, domain = NULL, name = '', block = 'erased',
                          membership = 'unsubscribed', language = '', topics = '[]', paused_until = NULL, token = NULL,
                          consent_at = NULL WHERE id = ?""",
                (known.id,),
            )
            self._conn.execute(
                "DELETE FROM consent_payload WHERE seq IN (SELECT seq FROM consent_event WHERE subscriber = ?)",
                (known.id,),
            )
            self._conn.execute("DELETE FROM inbox_merged WHERE token = ?", (known.token,))
        for copy in (self._store.folder / "var" / "backups").glob("before-version-*.db"):
            copy.unlink()
        if self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError(
                f"{address} is erased, but another program still reads the old rows in {self._store.path}-wal",
                hint="let it end, then run any command: the rest goes by itself",
            )
        return True

    def _is_erased(self, address: Address) -> bool:
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


def _canonical(payload: Mapping[str, str]) -> str:
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _commit(salt: str, payload: str) -> str:
    return hashlib.sha256(f"{salt}{payload}".encode()).hexdigest()


def _link(seq: int, subscriber: int, kind: str, at: str, commitment: str, previous: str) -> str:
    text = json.dumps([seq, subscriber, kind, at, commitment, previous], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


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
