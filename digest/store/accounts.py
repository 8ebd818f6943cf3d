"""The ledger looked at: who is where, by domain, by what was said, over time; and what a person decides about rows.

Reads each row as it stands. Every decision is a legal move, written into the row's history by the database itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from digest.address import Address
from digest.errors import IssueError
from digest.model import LEGAL_MOVES, DeliveryState
from digest.store.codec import from_micros, micros
from digest.store.migrations.ledger import STATES

if TYPE_CHECKING:
    from digest.store import Store

MISSING = "proved missing"
"""How the reply of a row begins whose reader was in doubt and is known not to have the letter."""


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One delivery with its reader."""

    ordinal: int
    subscriber: int
    address: Address | None  # None: erased
    state: DeliveryState
    attempts: int
    due: datetime | None  # None unless deferred
    reply: str
    at: datetime | None  # of the last move; None: it never moved


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, word for word, and for how many readers it stands."""

    state: DeliveryState
    reply: str
    readers: int
    domains: tuple[str, ...]  # all of them, sorted


@dataclass(frozen=True, slots=True)
class Lately:
    """What was accepted since some moment."""

    letters: int
    first: datetime | None  # None: nothing was


@dataclass(frozen=True, slots=True)
class Returned:
    """Of an issue's accepted letters, those that came back."""

    accepted: int = 0
    bounced: int = 0
    complained: int = 0


class Accounts:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    # -------------------------------------------------------------------------------------------- looking

    def rows(
        self,
        slug: str,
        states: Collection[DeliveryState] = (),
        *,
        domain: str = "",
        readers: Collection[Address] = (),
        limit: int | None = None,
    ) -> Iterator[ReaderRow]:
        """The issue's rows by ordinal, one at a time; perhaps only those in *states*, at *domain*, of *readers*."""
        where, values = _only(states, domain, readers)
        found = self._conn.execute(
            f"""SELECT d.ordinal, d.subscriber, s.local, s.domain, d.state, d.due, coalesce(d.reply, ''), d.at,
                       (SELECT attempts FROM delivery AS v WHERE v.issue = d.issue AND v.ordinal = d.ordinal)
                FROM delivery_row AS d JOIN subscriber AS s ON s.id = d.subscriber
                WHERE d.issue = ? {where} ORDER BY d.ordinal LIMIT ?""",
            (self._issue(slug), *values, -1 if limit is None else limit),
        )
        for ordinal, person, local, host, state, due, reply, at, attempts in found:
            yield ReaderRow(
                ordinal,
                person,
                Address(local, host) if local is not None else None,
                STATES[state],
                attempts,
                from_micros(due) if due is not None else None,
                reply,
                from_micros(at) if at is not None else None,
            )

    def left_out(self, slug: str, limit: int | None = None) -> Iterator[tuple[Address | None, str]]:
        """Who was not planned, and why. No address: erased."""
        found = self._conn.execute(
            """SELECT s.local, s.domain, e.reason FROM excluded AS e JOIN subscriber AS s ON s.id = e.subscriber
               WHERE e.issue = ? ORDER BY e.subscriber LIMIT ?""",
            (self._issue(slug), -1 if limit is None else limit),
        )
        for local, domain, reason in found:
            yield Address(local, domain) if local is not None else None, reason

    def begun(self, slug: str) -> dict[str, tuple[DeliveryState, str]]:
        """Rows whose letter has left, or may have: the reader's token -> state and last answer. Without the erased."""
        found = self._conn.execute(
            """SELECT s.token, d.state, coalesce(d.reply, '') FROM delivery_row AS d
               JOIN subscriber AS s ON s.id = d.subscriber
               WHERE d.issue = ? AND d.state IN (2, 3, 5, 8) AND s.token IS NOT NULL""",
            (self._issue(slug),),
        )
        return {token: (STATES[state], reply) for token, state, reply in found}

    def in_doubt(self, slug: str, why: str) -> dict[str, int]:
        """Rows in doubt for the reason *why*: the reader's token, or its number if erased -> ordinal."""
        found = self._conn.execute(
            """SELECT coalesce(s.token, s.id), d.ordinal FROM delivery_row AS d
               JOIN subscriber AS s ON s.id = d.subscriber WHERE d.issue = ? AND d.state = 8 AND d.reply = ?""",
            (self._issue(slug), why),
        )
        return {str(token): ordinal for token, ordinal in found}

    def said(self, slug: str, states: Collection[DeliveryState]) -> list[Said]:
        """Every answer on rows in *states*, with whom it concerns, most readers first."""
        found = self._conn.execute(
            f"""SELECT d.state, coalesce(d.reply, ''), count(*), group_concat(DISTINCT s.domain)
                FROM delivery_row AS d JOIN subscriber AS s ON s.id = d.subscriber
                WHERE d.issue = ? AND d.state IN ({_marks(states)})
                GROUP BY d.state, d.reply ORDER BY count(*) DESC, d.state, d.reply""",
            (self._issue(slug), *(STATES.index(state) for state in states)),
        )
        return [
            Said(STATES[state], reply, readers, tuple(sorted(domains.split(","))) if domains else ())
            for state, reply, readers, domains in found
        ]

    def by_domain(self, slug: str) -> dict[str, dict[DeliveryState, int]]:
        """domain -> rows by state; '' stands for readers who were erased."""
        table: dict[str, dict[DeliveryState, int]] = {}
        found = self._conn.execute(
            """SELECT coalesce(s.domain, ''), d.state, count(*) FROM delivery_row AS d
               JOIN subscriber AS s ON s.id = d.subscriber WHERE d.issue = ? GROUP BY 1, 2""",
            (self._issue(slug),),
        )
        for domain, state, number in found:
            table.setdefault(domain, {})[STATES[state]] = number
        return table

    def accepted_over_time(self, slug: str, step: timedelta) -> list[tuple[datetime, int]]:
        """How many letters were accepted in each *step* (its beginning, the number), by time; steps with none are
        missing."""
        width = int(step / timedelta(microseconds=1))
        found = self._conn.execute(
            """SELECT at / ? * ?, count(*) FROM delivery_row WHERE issue = ? AND state = 3 AND at IS NOT NULL
               GROUP BY 1 ORDER BY 1""",
            (width, width, self._issue(slug)),
        )
        return [(from_micros(at), number) for at, number in found]

    def accepted_between(self, slug: str) -> tuple[datetime, datetime] | None:
        """When the first letter was accepted, and the last; None: none was."""
        first, last = self._conn.execute(
            "SELECT min(at), max(at) FROM delivery_row WHERE issue = ? AND state = 3", (self._issue(slug),)
        ).fetchone()
        return None if first is None else (from_micros(first), from_micros(last))

    def accepted_since(self, slug: str, moment: datetime) -> Lately:
        letters, first = self._conn.execute(
            "SELECT count(*), min(at) FROM delivery_row WHERE issue = ? AND state = 3 AND at > ?",
            (self._issue(slug), micros(moment)),
        ).fetchone()
        return Lately(letters, None if first is None else from_micros(first))

    def accepted_with(self, slug: str, reply: str) -> int:
        """How many letters were accepted with exactly these words."""
        return int(
            self._conn.execute(
                "SELECT count(*) FROM delivery_row WHERE issue = ? AND state = 3 AND reply = ?",
                (self._issue(slug), reply),
            ).fetchone()[0]
        )

    def returned(self, slug: str) -> Returned:
        """How many of the issue's readers bounced or complained since it was approved. Zeros where none did: asked
        often, and a million rows are counted only where there is something to compare them with."""
        row = self._conn.execute("SELECT id, approved_at FROM issue WHERE slug = ?", (slug,)).fetchone()
        if row is None or row[1] is None:
            return Returned()
        issue, approved_at = row
        kinds: dict[int, str] = {}
        # Newest first, for they are in the order of time and few are newer than an issue.
        for person, kind, at in self._conn.execute("SELECT subscriber, kind, at FROM consent_event ORDER BY seq DESC"):
            if at < approved_at:
                break
            kinds.setdefault(person, kind)  # the newest counts: whoever was unblocked has not bounced
        back = {person: kind for person, kind in kinds.items() if kind in ("bounced", "complained")}
        if not back:
            return Returned()
        found = self._conn.execute(
            """SELECT d.subscriber FROM json_each(?) AS b CROSS JOIN delivery_row AS d
               WHERE d.issue = ? AND d.subscriber = b.value AND d.state = 3""",
            (json.dumps(list(back)), issue),
        )
        counts = Counter(back[person] for (person,) in found)
        (accepted,) = self._conn.execute(
            "SELECT count(*) FROM delivery_row WHERE issue = ? AND state = 3", (issue,)
        ).fetchone()
        return Returned(accepted, counts["bounced"], counts["complained"])

    def illegal_moves(self) -> list[tuple[str, str, int]]:
        """(state before, state after, how often) of moves that no delivery may make."""
        found = self._conn.execute("SELECT came, became, count(*) FROM delivery_event GROUP BY came, became")
        return [(came, became, times) for came, became, times in found if became not in LEGAL_MOVES[came]]

    # -------------------------------------------------------------------------------------------- deciding

    def retry_now(self, slug: str, now: datetime, *, domain: str = "", readers: Collection[Address] = ()) -> int:
        """Deferred rows are due at *now*. Gives their number."""
        where, values = _only((), domain, readers)
        with self._store.transaction():
            return self._conn.execute(
                f"""UPDATE delivery_row SET due = min(due, ?) WHERE (issue, ordinal) IN (
                        SELECT d.issue, d.ordinal FROM delivery_row AS d JOIN subscriber AS s ON s.id = d.subscriber
                        WHERE d.issue = ? AND d.state = 4 {where})""",
                (micros(now), self._issue(slug), *values),
            ).rowcount

    def resolve(self, slug: str, verdicts: Mapping[int, tuple[DeliveryState, str]], at: datetime) -> int:
        """What is known now of rows in doubt: ordinal -> the state after (accepted, rejected or waiting) and whence it
        is known. Rows no longer in doubt are left alone. Gives how many were settled."""
        with self._store.transaction():
            issue = self._issue(slug)
            return self._conn.executemany(
                """UPDATE delivery_row SET state = ?, reply = ?, at = ?
                   WHERE issue = ? AND ordinal = ? AND state = 8""",
                [
                    (STATES.index(state), words, micros(at), issue, ordinal)
                    for ordinal, (state, words) in verdicts.items()
                ],
            ).rowcount

    def doubt_for(self, slug: str, reasons: Mapping[int, str]) -> None:
        """Rows in doubt are so for another reason: by ordinal."""
        with self._store.transaction():
            issue = self._issue(slug)
            self._conn.executemany(
                "UPDATE delivery_row SET reply = ? WHERE issue = ? AND ordinal = ? AND state = 8",
                [(why, issue, ordinal) for ordinal, why in reasons.items()],
            )

    def send_again(self, slug: str, ordinals: Sequence[int], words: str, at: datetime) -> int:
        """Rejected rows wait again. Gives their number."""
        with self._store.transaction():
            issue = self._issue(slug)
            return self._conn.executemany(
                """UPDATE delivery_row SET state = 0, reply = ?, at = ?
                   WHERE issue = ? AND ordinal = ? AND state = 5""",
                [(words, micros(at), issue, ordinal) for ordinal in ordinals],
            ).rowcount

    def _issue(self, slug: str) -> int:
        row = self._conn.execute("SELECT id FROM issue WHERE slug = ?", (slug,)).fetchone()
        if row is None:
            raise IssueError(f"there is no issue {slug}", hint="`digest issues list`")
        return int(row[0])


def _only(states: Collection[DeliveryState], domain: str, readers: Collection[Address]) -> tuple[str, list[Any]]:
    """A condition on delivery `d` and subscriber `s`, and its values."""
    where, values = "", list[Any]()
    if states:
        where, values = f"AND d.state IN ({_marks(states)})", [STATES.index(state) for state in states]
    if domain:
        where, values = f"{where} AND s.domain = ?", [*values, domain]
    if readers:
        where, values = f"{where} AND s.address_key IN ({_marks(readers)})", [*values, *(r.key for r in readers)]
    return where, values


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
