"""Deliveries with workers elsewhere: a shard is an owner like any other, whose rows are `sending` from the moment it is
handed out, for from then on their last dot may leave at any time.

What never comes back is therefore in doubt for whoever looks at the file, a local sender too, without knowing of any
cluster.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.address import Address
from digest.model import DeliveryState
from digest.store.codec import micros
from digest.store.ledger import LeasedRow, Settlement
from digest.store.migrations.ledger import STATES
from digest.store.migrations.shards import SHARD
from digest.store.subscribers import BARRED

if TYPE_CHECKING:
    from digest.store import Store


_LATE: Mapping[DeliveryState, DeliveryState] = {
    "accepted": "accepted",
    "rejected": "rejected",
    "deferred": "waiting",
}
"""What a row in doubt becomes by a late word of it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A row with a worker elsewhere."""

    shard: str
    ordinal: int
    address: Address
    attempts: int  # tries that ended before this one
    round: int


class Shards:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def hand_out(
        self, slug: str, shard: str, limit: int, now: datetime, without: Collection[str] = ()
    ) -> tuple[Sequence[LeasedRow], Mapping[int, int]]:
        """Up to *limit* rows, leased to *shard* and begun in one transaction, as `Ledger.lease` gives them; and the
        round of those that are not in their first: how often they were tried, whatever became of it."""
        with self._store.transaction():
            rows = self._store.ledger.lease(slug, shard, limit, now, without=without)
            if not rows:
                return rows, {}
            begun = self._store.ledger.commit(slug, shard, [row.ordinal for row in rows], (), now)
            rows = [row for row in rows if row.ordinal in begun]
            return rows, self._rounds(slug, [row.ordinal for row in rows])

    def _rounds(self, slug: str, ordinals: Sequence[int]) -> dict[int, int]:
        # Not the row's attempts: who was refused for our sake starts afresh there, and the claims are still set.
        return dict(
            self._conn.execute(
                """SELECT p.ordinal, count(*) FROM delivery_past AS p
                   WHERE p.issue = (SELECT id FROM issue WHERE slug = ?) AND p.came IN (1, 2)
                         AND p.became IN (3, 4, 5, 8) AND p.ordinal IN (SELECT value FROM json_each(?))
                   GROUP BY p.ordinal""",
                (slug, json.dumps(list(ordinals))),
            ).fetchall()
        )

    def held(self, slug: str) -> list[Held]:
        """All rows of *slug* that are with workers elsewhere."""
        rows = self._conn.execute(
            f"""SELECT w.name, d.ordinal, coalesce(s.local, ''), coalesce(s.domain, ''),
                       (SELECT v.attempts FROM delivery AS v WHERE v.issue = d.issue AND v.ordinal = d.ordinal)
                FROM delivery_row AS d INDEXED BY delivery_held
                JOIN worker AS w ON w.id = d.owner JOIN subscriber AS s ON s.id = d.subscriber
                WHERE d.owner IS NOT NULL AND d.issue = (SELECT id FROM issue WHERE slug = ?)
                      AND w.name LIKE '{SHARD}%' ORDER BY w.id, d.ordinal""",
            (slug,),
        ).fetchall()
        rounds = self._rounds(slug, [ordinal for _, ordinal, *_ in rows])
        return [
            Held(shard, ordinal, Address(local, domain), attempts, rounds.get(ordinal, 0))
            for shard, ordinal, local, domain, attempts in rows
        ]

    def barred(self, slug: str, now: datetime) -> list[int]:
        """Rows with workers elsewhere whose readers may get no mail any more."""
        with self._store.transaction():
            self._store.requests.merge()
            return [
                ordinal
                for (ordinal,) in self._conn.execute(
                    f"""SELECT d.ordinal FROM delivery_row AS d INDEXED BY delivery_held
                        JOIN subscriber AS s ON s.id = d.subscriber
                        WHERE d.owner IS NOT NULL AND d.issue = (SELECT id FROM issue WHERE slug = :slug)
                              AND {BARRED} IS NOT NULL""",
                    {"slug": slug, "now": micros(now)},
                )
            ]

    def give_back(self, slug: str, shard: str, ordinals: Iterable[int], now: datetime) -> int:
        """Rows of *shard* that were never begun wait again; gives their number. Of an issue that was stopped they are
        cancelled."""
        with self._store.transaction():
            issue, _ = self._store.ledger._issue(slug)
            back = self._conn.executemany(
                """UPDATE delivery_row SET state = 0, owner = NULL, waited = NULL, at = ?
                   WHERE issue = ? AND ordinal = ? AND state = 2 AND owner = (SELECT id FROM worker WHERE name = ?)""",
                [(micros(now), issue, ordinal, shard) for ordinal in ordinals],
            ).rowcount
            self._store.ledger.commit(slug, shard, (), (), now)
            return back

    def doubt(self, slug: str, shard: str, ordinals: Iterable[int], why: str, now: datetime) -> None:
        """Rows of *shard* become uncertain; their words name it, so that what it says later can be told from what
        another one says."""
        said = f"{why} ({shard})"
        outcomes: list[Settlement] = [(ordinal, "uncertain", said, None) for ordinal in ordinals]
        self._store.ledger.commit(slug, shard, (), outcomes, now)

    def late(self, slug: str, shard: str, settlements: Iterable[Settlement], now: datetime) -> None:
        """What *shard* says of rows that it holds no longer: who has the letter has it, whatever was thought since; who
        has not waits again or is refused, if it was this shard that left them in doubt. The rest is no news."""
        with self._store.transaction():
            issue, _ = self._store.ledger._issue(slug)
            for ordinal, state, reply, _due in settlements:
                row = self._conn.execute(
                    "SELECT state, coalesce(reply, '') FROM delivery_row WHERE issue = ? AND ordinal = ?",
                    (issue, ordinal),
                ).fetchone()
                if row is None:
                    continue
                was, said = STATES[row[0]], str(row[1])
                if state == "accepted" and was in ("waiting", "deferred"):
                    self._accept_late(issue, shard, ordinal, reply, now)
                elif was == "uncertain" and state in _LATE and (state == "accepted" or said.endswith(f"({shard})")):
                    self._conn.execute(
                        "UPDATE delivery_row SET state = ?, reply = ?, at = ? WHERE issue = ? AND ordinal = ?",
                        (STATES.index(_LATE[state]), reply, micros(now), issue, ordinal),
                    )

    def _accept_late(self, issue: int, shard: str, ordinal: int, reply: str, now: datetime) -> None:
        worker = self._store.ledger._worker(shard)
        for state in (1, 2):
            self._conn.execute(
                """UPDATE delivery_row SET state = ?, owner = ?, due = NULL, waited = iif(? = 2, 0, NULL), at = ?
                   WHERE issue = ? AND ordinal = ?""",
                (state, worker, state, micros(now), issue, ordinal),
            )
        self._store.ledger._accept(issue, worker, [(ordinal, reply)], micros(now))
