"""Leased rows waiting for their turn: most may leave at once, those of a limited or resting mail domain may not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from digest.dispatch.ledger import Row
from digest.send.pace import Pace

HELD = 200  # rows of one domain kept waiting; more of them stay in the ledger


class RowQueue:
    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._free: deque[Row] = deque()
        self._held: dict[str, deque[Row]] = {}

    def __len__(self) -> int:
        return len(self._free) + sum(map(len, self._held.values()))

    def add(self, rows: Iterable[Row]) -> None:
        self._free.extend(rows)

    def take(self, now: float) -> Row | None:
        """The next row that may leave by its domain's limit; None: none may now."""
        resting = self._pace.resting(now)
        if not (resting or self._held or self._pace.limits):  # nearly always
            return self._free.popleft() if self._free else None
        for domain, rows in self._held.items():
            if domain not in resting and not self._pace.wait_s(domain, now):
                row = rows.popleft()
                if not rows:
                    del self._held[domain]
                return row
        while self._free:
            row = self._free.popleft()
            domain = row.address.domain
            if domain not in resting and domain not in self._held and not self._pace.wait_s(domain, now):
                return row
            self._held.setdefault(domain, deque()).append(row)
        return None

    def crowded(self, now: float) -> set[str]:
        """Domains of which no more rows should be leased now."""
        return {*self._pace.resting(now), *(domain for domain, rows in self._held.items() if len(rows) >= HELD)}

    def wait_s(self, now: float) -> float:
        """Seconds until one of the held rows may leave."""
        resting = self._pace.resting(now)
        return min(
            (max(resting.get(domain, now) - now, self._pace.wait_s(domain, now)) for domain in self._held), default=0.0
        )
