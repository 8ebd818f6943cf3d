"""Many people at once: a list of addresses, taken in all or none, and taken back as long as nobody got mail by it.

Nobody who left, bounced, complained or was erased comes back by a list. Who left where the list comes from is kept out
here: their address only, so that a later list cannot bring them in. Reads its rows in batches: a million take no more
memory than a thousand.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from digest.address import Address, parse_address
from digest.errors import AddressError, StoreError
from digest.people.rows import ImportRow
from digest.store.codec import instant, micros
from digest.store.subscribers import refuse_name

if TYPE_CHECKING:
    from digest.store import Store

__all__ = ["Import", "ImportReport", "ImportRow", "Imports"]

BATCH = 5_000  # rows
CACHE_KIB = 48 * 2**10  # of the database's pages while rows go in: with the usual 2 MB every row would fetch its own
SHOWN = 5  # bad rows a report shows

Rejected = Callable[[ImportRow, str], None]
"""Is told each row that cannot be taken, and why."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import does to whom; each row of the list is counted once."""

    added: int = 0
    known: int = 0  # subscribed or unconfirmed already; not touched
    duplicates: int = 0  # a second time in the same file
    left_alone: int = 0  # they left, bounced, complained or were erased here; not touched
    kept_out: int = 0  # they left where the list comes from, and are new here: kept as unsubscribed, address only
    leaving: int = 0  # they left where the list comes from, and are unsubscribed here now
    rejected: int = 0  # cannot be taken
    shown: tuple[tuple[ImportRow, str], ...] = ()  # the first of those, and why

    @property
    def rows(self) -> int:
        taken = self.added + self.kept_out + self.leaving
        return taken + self.known + self.duplicates + self.left_alone + self.rejected


@dataclass(frozen=True, slots=True)
class Import:
    """One import that was made."""

    id: int
    at: datetime
    who: str
    file: str
    tool: str
    basis: str
    added: int
    kept_out: int
    leaving: int
    undone_at: datetime | None  # None: it stands
    undone_by: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What all people of one import have in common."""

    number: int
    how: str
    basis: str
    who: str
    at: datetime
    tool: str


@dataclass(slots=True)
class _Sorted:
    """A batch, by what becomes of each."""

    added: list[tuple[Address, ImportRow]]
    kept_out: list[tuple[Address, ImportRow]]
    leaving: list[tuple[int, ImportRow]]  # their number here
    report: ImportReport


class Imports:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    # -------------------------------------------------------------------------------------------- taking in

    def add(
        self,
        rows: Iterable[ImportRow],
        *,
        how: str,
        basis: str,
        who: str,
        at: datetime,
        file: str = "",
        tool: str = "",
        dry_run: bool = False,
        rejected: Rejected | None = None,
        expected: ImportReport | None = None,
    ) -> ImportReport:
        """Adds the good rows, all or none, and reports. *basis* is the stated ground for mailing them.

        expected: what a dry run said; StoreError, and nothing is changed, when it comes out otherwise.
        """
        report = ImportReport()
        with self._store.transaction(), self._room():
            self._store.requests.merge()
            number = 0 if dry_run else self._begin(file, tool, basis, who, at)
            shared = _Evidence(number, how, basis, who, at, tool)
            marks = self._store.erasure.marks()
            source = iter(rows)
            while batch := list(islice(source, BATCH)):
                done = self._sort(batch, marks, rejected)
                if not dry_run:
                    self._write(done, shared)
                report = _sum(report, done.report)
            if expected is not None and report != expected:
                raise StoreError(
                    f"{file} is not what was shown: it changed, or the newsletter’s readers did",
                    hint="run the import again; nothing was changed",
                )
            if not dry_run:
                self._conn.execute(
                    "UPDATE import SET added = ?, kept_out = ?, leaving = ? WHERE id = ?",
                    (report.added, report.kept_out, report.leaving, number),
                )
                if not report.added + report.kept_out + report.leaving:
                    self._conn.execute("DELETE FROM import WHERE id = ?", (number,))
        return report

    def _begin(self, file: str, tool: str, basis: str, who: str, at: datetime) -> int:
        row = self._conn.execute(
            """INSERT INTO import (at, who, file, tool, basis, added, kept_out, leaving)
               VALUES (?, ?, ?, ?, ?, 0, 0, 0) RETURNING id""",
            (instant(at), who, file, tool, basis),
        ).fetchone()
        return int(row[0])

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Memory for the indexes that a million addresses fall into at random, and for those seen. Rows make no cycles:
        looking for some would take a fifth of the time."""
        collecting = gc.isenabled()
        gc.disable()
        (before,) = self._conn.execute("PRAGMA cache_size").fetchone()
        self._conn.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._conn.execute("CREATE TEMP TABLE seen (hash INTEGER PRIMARY KEY) STRICT")
        try:
            yield
        finally:
            if self._conn.in_transaction:
                self._conn.execute("DROP TABLE IF EXISTS temp.seen")
            self._conn.execute(f"PRAGMA cache_size = {before}")
            if collecting:
                gc.enable()

    def _sort(self, batch: list[ImportRow], marks: set[str], rejected: Rejected | None) -> _Sorted:
        """What becomes of each row of the batch; changes nothing but which addresses were seen."""
        good: dict[str, tuple[Address, ImportRow]] = {}
        bad: list[tuple[ImportRow, str]] = []
        twice = 0
        for row in batch:
            try:
                if row.fault:
                    raise AddressError(row.fault)
                address = parse_address(row.address)
                if row.name and not row.left:  # of who left, no name is kept
                    refuse_name(row.name)
            except AddressError as error:
                bad.append((row, str(error)))
                continue
            if address.key in good:
                twice += 1
            else:
                good[address.key] = (address, row)
        fresh = self._first_seen(good)
        known = self._known(good)
        done = _Sorted([], [], [], ImportReport())
        subscribed = gone = 0
        holds = self._store.erasure.holder(marks)
        for key, (address, row) in good.items():
            if key not in fresh:
                twice += 1
            elif here := known.get(key):
                number, is_gone, since = here
                if row.left and not is_gone and not (row.left_at and since and instant(row.left_at) < since):
                    done.leaving.append((number, row))
                else:
                    subscribed += not is_gone
                    gone += is_gone
            elif holds(address):
                gone += 1
            elif row.left:
                done.kept_out.append((address, row))
            else:
                done.added.append((address, row))
        if rejected is not None:
            for row, why in bad:
                rejected(row, why)
        done.report = ImportReport(
            len(done.added),
            subscribed,
            twice,
            gone,
            len(done.kept_out),
            len(done.leaving),
            len(bad),
            tuple(bad[:SHOWN]),
        )
        return done

    def _first_seen(self, good: Mapping[str, object]) -> set[str]:
        """Which of the keys did not come in an earlier batch."""
        hashes = {_short(key): key for key in good}
        rows = self._conn.execute(
            "INSERT OR IGNORE INTO temp.seen SELECT value FROM json_each(?) RETURNING hash", (json.dumps([*hashes]),)
        )
        return {hashes[found] for (found,) in rows}

    def _known(self, good: Mapping[str, object]) -> dict[str, tuple[int, bool, str]]:
        """key -> number, whether they are gone, and since when their consent is known, for those known here."""
        rows = self._conn.execute(
            """SELECT s.address_key, s.id, s.block <> 'none' OR s.membership = 'unsubscribed',
                      coalesce(s.consent_at, '')
               FROM json_each(?) AS k CROSS JOIN subscriber AS s ON s.address_key = k.value""",
            (json.dumps([*good], ensure_ascii=False),),
        )
        return {key: (number, bool(gone), since) for key, number, gone, since in rows}

    def _write(self, done: _Sorted, shared: _Evidence) -> None:
        (next_id,) = self._conn.execute(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'), 0) + 1"
        ).fetchone()
        people, events = [], []
        when = instant(shared.at)
        tokens = os.urandom(16 * (len(done.added) + len(done.kept_out))).hex()
        for place, (address, row) in enumerate([*done.added, *done.kept_out]):
            number, token = next_id + place, tokens[32 * place : 32 * place + 32]
            people.append(_as_row(number, address, row, token, when, shared.number))
            events.append((number, "kept out" if row.left else "subscribed", _payload(address, row, shared)))
        self._conn.executemany(_INSERT, people)
        for number, row in done.leaving:
            self._store.subscribers.change(number, "unsubscribed", shared.at)
            events.append((number, "unsubscribed", _payload(None, row, shared)))
        self._store.consent.write_all(events, shared.at)
        self._conn.executemany(
            "UPDATE subscriber SET consent_at = ? WHERE id = ?", [(when, number) for number, _ in done.leaving]
        )

    # -------------------------------------------------------------------------------------------- looking

    def all(self) -> list[Import]:
        """Every import made, the newest last."""
        rows = self._conn.execute(
            """SELECT id, at, who, file, tool, basis, added, kept_out, leaving, undone_at, coalesce(undone_by, '')
               FROM import ORDER BY id"""
        )
        return [
            Import(
                n,
                datetime.fromisoformat(at),
                *(who, file, tool, basis),
                *(added, kept_out, leaving),
                datetime.fromisoformat(undone) if undone else None,
                by,
            )
            for n, at, who, file, tool, basis, added, kept_out, leaving, undone, by in rows
        ]

    # -------------------------------------------------------------------------------------------- taking back

    def undo(self, number: int, *, who: str, at: datetime) -> tuple[int, int]:
        """The people that import brought are unknown here again, as if it had never been; who did something of their
        own since stays. Gives both numbers. Who left by it stays away.

        Raises StoreError when there is no such import, when it was undone, and when mail has gone to its people.
        """
        with self._store.transaction():
            self._store.requests.merge()
            row = self._conn.execute("SELECT undone_at FROM import WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise StoreError(f"there is no import {number}", hint="`digest subscribers imports` lists them")
            if row[0] is not None:
                raise StoreError(f"import {number} was undone already", hint="`digest subscribers imports`")
            self._refuse_mailed(number)
            # Their only event is the import's own: whoever has a second one did something since.
            own = """SELECT s.id FROM subscriber AS s WHERE s.import = :number AND NOT EXISTS
                     (SELECT 1 FROM consent_event AS e WHERE e.subscriber = s.id LIMIT 1 OFFSET 1)"""
            values = {"number": number}
            self._conn.execute("CREATE TEMP TABLE undone (id INTEGER PRIMARY KEY) STRICT")
            gone = self._conn.execute(f"INSERT INTO temp.undone {own}", values).rowcount
            for statement in (
                "DELETE FROM delivery_row WHERE subscriber IN (SELECT id FROM temp.undone)",
                "DELETE FROM excluded WHERE subscriber IN (SELECT id FROM temp.undone)",
                """DELETE FROM consent_payload WHERE seq IN
                   (SELECT seq FROM consent_event WHERE subscriber IN (SELECT id FROM temp.undone))""",
                """DELETE FROM inbox_merged WHERE token IN
                   (SELECT token FROM subscriber WHERE id IN (SELECT id FROM temp.undone))""",
                "DELETE FROM subscriber WHERE id IN (SELECT id FROM temp.undone)",
                "DROP TABLE temp.undone",
            ):
                self._conn.execute(statement)
            (stayed,) = self._conn.execute("SELECT count(*) FROM subscriber WHERE import = :number", values).fetchone()
            self._conn.execute(
                "UPDATE import SET undone_at = ?, undone_by = ? WHERE id = ?", (instant(at), who, number)
            )
            self._lay_drafts(at)
        return gone, stayed

    def _refuse_mailed(self, number: int) -> None:
        """Raises StoreError when people of that import are in the frozen audience of an issue."""
        row = self._conn.execute(
            """SELECT i.slug, i.state FROM issue AS i JOIN audience AS a ON a.issue = i.id
               WHERE i.state <> 'draft' AND a.locked_at IS NOT NULL
               AND (EXISTS (SELECT 1 FROM subscriber AS s JOIN delivery_row AS d ON d.issue = i.id
                            AND d.subscriber = s.id WHERE s.import = :number)
                    OR EXISTS (SELECT 1 FROM subscriber AS s JOIN excluded AS e ON e.issue = i.id
                               AND e.subscriber = s.id WHERE s.import = :number)) ORDER BY i.id DESC LIMIT 1""",
            {"number": number},
        ).fetchone()
        if row is None:
            return
        slug, state = row
        approved = state in ("approved", "scheduled")
        raise StoreError(
            f"import {number} cannot be undone any more: its people are in the audience of {slug}, which is {state}",
            hint=f"an edit of {slug} takes the approval back; then undo"
            if approved
            else "`digest subscribers remove` or `erase` takes one person out",
        )

    def _lay_drafts(self, at: datetime) -> None:
        """The queues that nobody froze, without those who are gone."""
        self._conn.execute(
            """UPDATE audience SET candidates = (SELECT count(*) FROM delivery_row AS d WHERE d.issue = audience.issue)
                                              + (SELECT count(*) FROM excluded AS e WHERE e.issue = audience.issue)
               WHERE locked_at IS NULL"""
        )
        drafts = self._conn.execute(
            "SELECT i.slug FROM issue AS i JOIN audience AS a ON a.issue = i.id WHERE i.state = 'draft'"
        ).fetchall()
        for (slug,) in drafts:
            self._store.ledger.lay_provisional(slug, "", at)


_INSERT = """INSERT INTO subscriber (id, address_key, local, domain, name, membership, block, language, topics, length,
                                     paused_until, token, consent_at, member_at, joined_at, import)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)"""


def _as_row(number: int, address: Address, row: ImportRow, token: str, when: str, by: int) -> tuple[object, ...]:
    """Of who left, the address and that they did, and nothing else."""
    joined = instant(row.joined) if row.joined is not None else when
    who = (number, address.key, address.local, address.domain)
    if row.left:
        block = "none" if row.left == "unsubscribed" else row.left
        return (*who, "", "unsubscribed", block, "", "[]", "full", None, token, when, joined, by)
    topics = json.dumps(row.topics, ensure_ascii=False) if row.topics else "[]"
    paused = micros(row.paused_until) if row.paused_until is not None else None
    wishes = (row.language, topics, row.length, paused)
    return (*who, row.name, "subscribed", "none", *wishes, token, when, min(joined, when), by)


def _payload(address: Address | None, row: ImportRow, shared: _Evidence) -> dict[str, str]:
    payload = {"how": shared.how, "basis": shared.basis, "who": shared.who, "line": str(row.line)}
    if row.part:
        payload["part"] = row.part
    if shared.tool:
        payload["tool"] = shared.tool
    if address is not None:
        payload["address"] = str(address)
    if row.left:
        payload["there"] = row.left
        if when := row.evidence.get("left"):
            payload["left"] = when
        return payload
    if row.name:
        payload["name"] = row.name
    payload.update(row.evidence)
    return payload


def _short(key: str) -> int:
    """63 bits of the address's hash: enough to tell a million apart."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") >> 1


def _sum(one: ImportReport, two: ImportReport) -> ImportReport:
    return replace(
        one,
        added=one.added + two.added,
        known=one.known + two.known,
        duplicates=one.duplicates + two.duplicates,
        left_alone=one.left_alone + two.left_alone,
        kept_out=one.kept_out + two.kept_out,
        leaving=one.leaving + two.leaving,
        rejected=one.rejected + two.rejected,
        shown=(*one.shown, *two.shown)[:SHOWN],
    )
