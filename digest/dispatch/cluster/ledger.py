"""The ledger in subscribers.db under many owners: each shard that workers hold is one.

What a shard's rows are waits for nobody's clock but ours: reported, they are booked; taken back, those that nobody has
claimed wait again; and the claimed ones of which no word comes within twice the time a shard may take are in doubt.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.dispatch import locks
from digest.dispatch.cluster.claims import ClaimStore, EpochGone
from digest.dispatch.journal import Booked
from digest.dispatch.ledger import Row
from digest.send.states import Settled
from digest.store import Store
from digest.store.ledger import Settlement
from digest.store.migrations.shards import SHARD
from digest.store.shards import Held

NO_WORD = "a worker began it and no answer was written down"
LOST = "the claim store was lost while a worker had it"


@dataclass
class Open:
    """A shard of which something is still to come."""

    name: str
    epoch: str
    rows: dict[int, int]  # ordinal -> round, of those not reported
    take_back_at: float  # unless it has ended by then
    close_at: float = float("inf")  # whatever is left then is in doubt


class HandedOut(list[Row]):
    """The rows of one new shard."""

    def __init__(self, shard: str, rows: Sequence[Row], rounds: Mapping[int, int]) -> None:
        super().__init__(rows)
        self.shard = shard
        self.rounds = rounds


class ClusterLedger:
    """Lives in one thread, as its connection does. Raises SendError when the claim store does not answer."""

    def __init__(
        self,
        store: Store,
        slug: str,
        claims: ClaimStore,
        *,
        seconds: float,
        uncertain: Literal["hold", "resend"] = "hold",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """*seconds*: a shard may take."""
        self._store = store
        self._slug = slug
        self._claims = claims
        self._patience_s = 2 * seconds
        self._uncertain = uncertain
        self._clock = clock
        self._holders: dict[int, str] = {}  # ordinal -> its shard
        self._reported: dict[int, str] = {}  # the same, of those whose outcome is booked with the next merge
        self.epoch = ""
        self.open: dict[str, Open] = {}

    def freeze(self, now: datetime) -> int:
        return self._store.ledger.freeze(self._slug, "", now).planned

    def hand_out(self, limit: int, now: datetime, without: Collection[str] = ()) -> HandedOut:
        """A new shard, which may be published once this is through."""
        name = f"{SHARD}{self.epoch}-{secrets.token_hex(5)}"
        rows, rounds = self._store.shards.hand_out(self._slug, name, limit, now, without)
        if rows:
            self._take_up(name, {row.ordinal: rounds.get(row.ordinal, 0) for row in rows})
        return HandedOut(name, rows, rounds)

    def _take_up(self, name: str, rows: dict[int, int]) -> None:
        self.open[name] = Open(name, _epoch_of(name), rows, self._clock() + self._patience_s)
        self._holders.update(dict.fromkeys(rows, name))

    def take_report(self, shard: str, ordinal: int) -> bool:
        """Whether *shard* is who has to say what became of *ordinal*: its outcome then belongs into the next merge."""
        if self._holders.get(ordinal) != shard:
            return False
        del self._holders[ordinal]
        self._reported[ordinal] = shard
        return True

    def merge(self, outcomes: Booked, intents: Sequence[int], now: datetime) -> Set[int]:
        """Books what `take_report` took. Nobody asks here whether a dot may leave: that is the claim store's word."""
        by_shard: dict[str, list[Settlement]] = defaultdict(list)
        for ordinal, after in outcomes:
            shard = self._reported[ordinal]
            by_shard[shard].append((ordinal, after.state, _words(after, shard), after.due))
        with self._store.transaction():
            for shard, settlements in by_shard.items():
                self._store.ledger.commit(self._slug, shard, (), settlements, now)
        for ordinal, _ in outcomes:
            self._let_go(self._reported.pop(ordinal), (ordinal,))
        return frozenset()

    def late(self, slug: str, shard: str, outcomes: Booked, now: datetime) -> None:
        """What a shard says of rows that it holds no longer."""
        self._store.shards.late(
            slug, shard, [(ordinal, after.state, _words(after, shard), after.due) for ordinal, after in outcomes], now
        )

    def reconcile(self, now: datetime) -> None:
        """Also opens the claim store's epoch, and takes up what an earlier coordinator handed out."""
        self._store.ledger.reconcile(
            self._slug, lambda name: name.startswith(SHARD) or locks.is_alive(self._store.folder, name), now
        )
        if self._uncertain == "resend":
            for delivery in self._store.ledger.uncertain(self._slug):
                self._store.ledger.settle_uncertain(self._slug, delivery.ordinal, "waiting", 'policy "resend"', now)
        for row in self.held():
            if row.shard not in self.open:
                self._take_up(row.shard, {})
            self.open[row.shard].rows[row.ordinal] = row.round
            self._holders[row.ordinal] = row.shard
        self.epoch = self._store.state.get(self._key) or ""
        self.renew_epoch()

    def held(self) -> list[Held]:
        return self._store.shards.held(self._slug)

    # -------------------------------------------------------------------------------------------- epochs

    @property
    def _key(self) -> str:
        return f"epoch:{self._slug}"

    def renew_epoch(self) -> bool:
        """True: the claim store had forgotten the epoch, and has a new one."""
        renewed = not self.epoch or self._claims.epoch() != self.epoch
        if renewed:
            self.epoch = secrets.token_hex(8)
            self._store.state.set(self._key, self.epoch)  # before the store has it: no two coordinators share one
            self._claims.open(self.epoch)
        for shard in self.open.values():
            if shard.epoch != self.epoch:  # nothing of it can be claimed any more, and nobody knows what was
                shard.take_back_at = float("inf")
                shard.close_at = min(shard.close_at, self._clock() + self._patience_s)
        return renewed

    def end_epoch(self) -> None:
        """The issue is done with: the claim store forgets it."""
        self._claims.forget()
        self._store.state.set(self._key, "")

    # -------------------------------------------------------------------------------------------- shards that end

    def ended(self, name: str) -> None:
        """The worker has let go of it: what it did not report is looked at now."""
        if name in self.open:
            self.open[name].take_back_at = min(self.open[name].take_back_at, self._clock())

    def give_back(self, name: str, now: datetime) -> int:
        """A shard that no worker was ever sent: all of it waits again. Gives its rows."""
        shard = self.open.get(name)
        if shard is None:
            return 0
        back = self._store.shards.give_back(self._slug, name, list(shard.rows), now)
        self._let_go(name, list(shard.rows))
        return back

    def end_all(self) -> None:
        """No worker is to begin anything any more."""
        for name in self.open:
            self.ended(name)

    def tidy(self, now: datetime) -> int:
        """Takes back and closes what is due; gives how many rows wait again."""
        back, at = 0, self._clock()
        for shard in [s for s in self.open.values() if s.take_back_at <= at or s.close_at <= at]:
            try:
                back += self._take_back(shard, now) if shard.close_at > at else 0
                if shard.close_at <= at:
                    self._close(shard, now)
            except EpochGone:
                self.renew_epoch()
        return back

    def _take_back(self, shard: Open, now: datetime) -> int:
        where = self._claims.look(shard.epoch, [(r, o) for o, r in shard.rows.items()], take_back=shard.name)
        free = [ordinal for ordinal, state in where.items() if state == "free"]
        self._store.shards.give_back(self._slug, shard.name, free, now)
        shard.take_back_at = float("inf")
        shard.close_at = self._clock() + self._patience_s
        self._let_go(shard.name, free)
        return len(free)

    def _close(self, shard: Open, now: datetime) -> None:
        known: Mapping[int, str] = {}
        if shard.epoch == self.epoch:
            known = self._claims.look(shard.epoch, [(r, o) for o, r in shard.rows.items()])
        accepted: list[Settlement] = [
            (ordinal, "accepted", f"accepted, in words lost with a worker ({shard.name})", None)
            for ordinal, state in known.items()
            if state == "accepted"
        ]
        doubtful = [ordinal for ordinal in shard.rows if known.get(ordinal) != "accepted"]
        with self._store.transaction():
            self._store.ledger.commit(self._slug, shard.name, (), accepted, now)
            self._store.shards.doubt(self._slug, shard.name, doubtful, NO_WORD if known else LOST, now)
        self._let_go(shard.name, list(shard.rows))

    def _let_go(self, name: str, ordinals: Collection[int]) -> None:
        shard = self.open.get(name)
        if shard is None:
            return
        for ordinal in ordinals:
            shard.rows.pop(ordinal, None)
            if self._holders.get(ordinal) == name:
                del self._holders[ordinal]
        if not shard.rows:
            del self.open[name]

    @property
    def in_hand(self) -> int:
        """Rows with workers."""
        return len(self._holders)

    @property
    def doubtful(self) -> int:
        """Rows of which a worker has let go without a word, or whose claims are lost."""
        return sum(len(shard.rows) for shard in self.open.values() if shard.close_at < float("inf"))


def _epoch_of(shard: str) -> str:
    return shard.removeprefix(SHARD).partition("-")[0]


def _words(after: Settled, shard: str) -> str:
    return f"{after.reply} ({shard})" if after.state == "uncertain" else after.reply
