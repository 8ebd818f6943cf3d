"""One run of `digest send --workers`: hands out shards, books what comes back, and opens no connection to a relay.

It may be ended, or sleep, at any moment: workers finish what they hold, their reports wait in the broker, and the next
run goes on where this one was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.config import Config, read_text
from digest.dispatch import keys, locks
from digest.dispatch.cluster.broker import Broker, claims_password, needs, needs_relay, needs_settings
from digest.dispatch.cluster.claims import ClaimStore, Limits
from digest.dispatch.cluster.ledger import ClusterLedger, HandedOut
from digest.dispatch.cluster.shards import (
    NOBODYS,
    Briefing,
    Report,
    Seal,
    Shard,
    make_key,
    open_report,
    open_shard,
    passengers_of,
    read_key,
    seal_briefing,
    seal_shard,
)
from digest.dispatch.journal import GroupJournal, Pause
from digest.dispatch.ledger import Ledger
from digest.dispatch.local import JUDGE_S
from digest.dispatch.run import LOOK_S, Clock, Run
from digest.dispatch.run import Report as RunReport
from digest.dispatch.signing import pem_of
from digest.dispatch.standing import WORKERS
from digest.dispatch.standing import Workers as Fares
from digest.dispatch.way import Way
from digest.dispatch.welcome import too_much_returned
from digest.errors import SendError
from digest.model import Rejected
from digest.send.pace import pace_from_json
from digest.send.states import settle
from digest.send.transports.seam import LoginRefused
from digest.store import Store
from digest.store.codec import to_json

SHARD_ROWS = 400  # readers a worker takes at once, at most
SHARD_S = 60.0  # after which it begins no new letter of them
PATIENCE_S = 300.0  # a broker or claim store that is away so long ends the run
DRAIN_S = 0.05


def send_by_workers(
    folder: Path,
    config: Config,
    slug: str,
    *,
    now: Clock,
    progress: Callable[[int, int], None] | None = None,
    intended: datetime | None = None,
    relay: str = "",
    way: Way | None = None,
    tell: Callable[[str], None] = lambda words: None,
) -> RunReport:
    """As `local.send_issue`, by workers elsewhere. *tell* is told what is waited for. Raises SendError, too, when
    broker or claim store are not there."""
    needs()
    needs_settings(config)
    needs_relay(config)
    make_key(folder)
    with locks.sending(folder, slug):
        broker = Broker(config)
        claims = ClaimStore(config.cluster.claims, claims_password(), f"digest:{config.list_id}:{slug}")
        gate = Workers(broker, claims, tell, is_local=config.smtp.host in {"127.0.0.1", "::1", "localhost"})
        try:
            run = _FromElsewhere(folder, config, slug, gate, now, progress, None, intended, relay, way)
            return asyncio.run(run.run())
        finally:
            broker.close()
            claims.close()


class Workers:
    """The gate of a run by workers: broker, claim store, and somebody who takes shards."""

    def __init__(self, broker: Broker, claims: ClaimStore, tell: Callable[[str], None], *, is_local: bool) -> None:
        self.broker = broker
        self.claims = claims
        self.is_local = is_local
        self.halted = False
        self._tell = tell
        self._told = ""

    async def reach(self) -> None:
        """Returns once a worker is there."""
        while not self.broker.workers():
            self.tell("no worker is there yet: start `digest worker` where letters are to leave from")
            await asyncio.sleep(LOOK_S)

    def halt(self) -> None:
        self.halted = True

    def tell(self, words: str) -> None:
        """Once, until something else is said."""
        if words != self._told:
            self._told = words
            if words:
                self._tell(words)


@dataclass
class _FromElsewhere(Run[Workers]):
    _troubles: int = field(init=False, default=0)  # shards in a row that came back with nothing carried
    _fault: SendError | None = field(init=False, default=None)
    _away_since: float | None = field(init=False, default=None)  # broker or claim store; None: both answer
    _number: int = field(init=False, default=0)  # of workers
    _limits: Limits | None = field(init=False, default=None)  # as the claim store has them; None: it has none
    _is_shut: bool = field(init=False, default=False)
    _briefed: str = field(init=False, default="")  # the epoch in which the claim store has the issue

    def _books(self, store: Store) -> Ledger:
        self.gate.claims.check()
        self._shards = ClusterLedger(
            store, self.slug, self.gate.claims, seconds=SHARD_S, uncertain=self.config.send.uncertain
        )
        self._seal = Seal(read_key(make_key(self.folder)))
        return self._shards

    def _begin(self) -> bool:
        if super()._begin():
            return True
        self._catch_up()
        return False

    def _catch_up(self) -> None:
        """Words that came when the issue was through: nobody holds anything of it any more, so all are late."""
        self._ledger = self._shards = ClusterLedger(self._store, self.slug, self.gate.claims, seconds=SHARD_S)
        self._seal = Seal(read_key(make_key(self.folder)))
        journal = GroupJournal(self._merge, self.now, pace_from_json(None, 0.0, {}), time.time)
        while self._book(journal):
            pass

    def _release(self, now: datetime) -> int:
        return 0  # each shard's were given back when it ended

    async def _carry(self) -> None:
        journal = GroupJournal(self._merge, self.now, self._pace, time.time)
        for row in self._shards.held():
            journal.take_in_hand(row)
        try:
            await self._coordinate(journal)
        finally:
            self._store.state.set(f"{WORKERS}{self.slug}", None)
            self._finish(journal.paused)
        self._clean_up()
        if self._fault is not None:
            raise self._fault

    # -------------------------------------------------------------------------------------------- the loop

    async def _coordinate(self, journal: GroupJournal) -> None:
        looked_at = judged_at = float("-inf")
        ending = empty = False
        while True:
            await asyncio.sleep(0)  # Ctrl-C is heard here
            at = time.monotonic()
            try:
                if at - looked_at > LOOK_S or (self._number == 0 and at - looked_at > DRAIN_S):
                    looked_at = at
                    self._look()
                    empty = False
                    if at - judged_at > JUDGE_S:
                        judged_at = at
                        ending = ending or bool(too_much_returned(self._store, self.slug))
                ending = ending or self._is_to_end(journal)
                if ending and not self._is_shut:
                    self._shut()
                while not ending and not empty and self._wants_more():
                    empty = not self._hand_out(journal)
                self._book(journal)
                if back := self._shards.tidy(self.now()):
                    self._trial.take(-back)
                    empty = False
                self._away_since = None
            except SendError as error:  # of broker or claim store: what is out goes on, or waits
                await self._wait(error)
                ending = ending or self._is_to_end(journal)
            if not self._shards.open and (ending or empty):
                return

    def _is_to_end(self, journal: GroupJournal) -> bool:
        return (
            self._stopping
            or self.gate.halted
            or journal.paused is not None
            or self._fault is not None
            or self._is_called_off()
        )

    async def _wait(self, error: SendError) -> None:
        """Raises *error* when it has lasted too long."""
        self._away_since = self._away_since or time.monotonic()
        if time.monotonic() - self._away_since > PATIENCE_S or self._stopping:
            raise error
        self.gate.tell(f"{error}; it is waited for")
        with suppress(SendError):  # the broker itself
            self._take_unread()
        await asyncio.sleep(LOOK_S)

    # -------------------------------------------------------------------------------------------- its parts

    def _look(self) -> None:
        """What changed meanwhile: the claim store's epoch, readers who left, limits, workers."""
        self._renew_epoch()
        claims, epoch = self.gate.claims, self._shards.epoch
        claims.bar(epoch, self._store.shards.barred(self.slug, self.now()))
        self._say_limits()
        self._number = self.gate.broker.workers()
        if self._number:
            self.gate.tell("")
        elif not self._is_shut:
            self.gate.tell("no worker is there: start `digest worker` where letters are to leave from")
        self._note()

    def _renew_epoch(self) -> None:
        """Where the claim store was lost, it is told anew; and whatever no worker has ever read comes back unsent."""
        self._shards.renew_epoch()
        if self._briefed == self._shards.epoch:
            return
        if any(shard.epoch != self._shards.epoch for shard in self._shards.open.values()):
            self._take_unread()
        self._brief()

    def _take_unread(self) -> None:
        for epoch, sealed in self.gate.broker.never_read():
            self._trial.take(-self._shards.give_back(open_shard(self._seal, epoch, sealed).name, self.now()))

    def _brief(self) -> None:
        """The issue, to the claim store; nothing is stopped any more."""
        self._limits = None
        briefing = Briefing(
            read_text(self.folder),
            to_json(self._store.issues.rendered(self.slug)),
            keys.load(self.folder).message,
            pem_of(self.folder, self.config),
        )
        epoch = self._shards.epoch
        self._briefing, sealed = seal_briefing(self._seal, epoch, briefing)
        self.gate.claims.brief(epoch, self._briefing, sealed)
        self._say_limits()
        self.gate.claims.stop(epoch, stopped=self._is_shut)
        self._briefed = epoch

    def _say_limits(self) -> None:
        at = time.time()
        limits = Limits(self._pace.total.rate(at), dict(self._pace.limits), frozenset(self._pace.resting(at)))
        if limits != self._limits:
            self.gate.claims.limit(self._shards.epoch, limits)
            self._limits = limits

    def _shut(self) -> None:
        """Nothing new leaves."""
        self.gate.claims.stop(self._shards.epoch, stopped=True)
        self._shards.end_all()
        self._is_shut = True

    def _wants_more(self) -> bool:
        """One shard for each worker, and a few for those that are done first."""
        number = self._number
        waiting = sum(1 for shard in self._shards.open.values() if shard.close_at == float("inf"))
        return bool(number) and waiting < number + 1 + number // 4

    def _hand_out(self, journal: GroupJournal) -> bool:
        """False: nothing is left for now."""
        self._renew_epoch()
        rate = self._pace.total.rate(time.time())
        most = SHARD_ROWS if not rate else max(1, min(SHARD_ROWS, int(rate * SHARD_S / 2 / self._number)))
        with self._store.transaction():
            rows = self._lease(most, self._pace.resting(time.time()))
            if rows:
                self._remember_way()
        if not isinstance(rows, HandedOut) or not rows:
            return False
        for row in rows:
            journal.take_in_hand(row)
        shard = Shard(
            name=rows.shard,
            issue=self.slug,
            epoch=self._shards.epoch,
            prefix=f"digest:{self.config.list_id}:{self.slug}",
            briefing=self._briefing,
            seconds=SHARD_S,
            passengers=passengers_of(rows, rows.rounds),
        )
        try:
            self.gate.broker.publish(shard.epoch, seal_shard(self._seal, shard))
        except SendError:
            self._shards.ended(shard.name)  # nobody may have it
            raise
        return True

    def _book(self, journal: GroupJournal) -> bool:
        """Reports into the ledger, and only then off the broker. False: there were none."""
        messages = self.gate.broker.reports(DRAIN_S)
        if not messages:
            return False
        reports = [report for report in map(self._opened, messages) if report is not None]
        with self._store.transaction():
            for report in reports:
                self._take(report, journal)
            journal.book()
        for report in reports:
            if report.is_last:
                self._shards.ended(report.shard)
        self.gate.broker.done(messages)
        return True

    def _opened(self, message: Any) -> Report | None:
        try:
            return open_report(self._seal, message.payload["epoch"], message.payload["sealed"])
        except SendError as error:
            self.gate.tell(f"{error}")
            return None

    def _take(self, report: Report, journal: GroupJournal) -> None:
        if self._store.issues.get(report.issue) is None:
            return  # of an issue that this file never had: an older copy was put back
        late = []
        for ordinal, outcome in report.outcomes:
            if report.issue != self.slug or not self._shards.take_report(report.shard, ordinal):
                late.append((ordinal, settle(1, outcome, self.now())))
            elif isinstance(outcome, Rejected) and outcome.reply.code == NOBODYS:
                journal.unwritten(ordinal, outcome.reply.words)
            else:
                journal.outcome(ordinal, outcome)
        if late:
            self._shards.late(report.issue, report.shard, late, self.now())
        if report.outcomes:
            self._troubles = 0
        if report.trouble:
            self._weigh_trouble(report, journal)

    def _weigh_trouble(self, report: Report, journal: GroupJournal) -> None:
        """A worker's relay that is not there is that worker's trouble; when it is all of them, the run ends."""
        self._troubles += 1
        self.gate.tell(f"a worker could carry nothing: {report.trouble}")
        if self._troubles < 2 * self._number + 1:
            return
        if report.login_refused and journal.begun:
            journal.pause(Pause(f"{report.trouble} – {report.hint}, then `digest resume`"))
        self._fault = (LoginRefused if report.login_refused else SendError)(report.trouble, hint=report.hint)

    def _note(self) -> None:
        """What `digest status` says of it."""
        self._store.state.set(
            f"{WORKERS}{self.slug}",
            asdict(
                Fares(
                    self._number,
                    self._shards.in_hand,
                    self._shards.doubtful,
                    self._pace.total.rate(time.time()),
                    tuple(sorted(self._pace.resting(time.time()))),
                )
            ),
        )

    def _clean_up(self) -> None:
        """The cluster is as it was before, but for an issue that goes on later: its claims stay."""
        if self._shards.open:
            return
        known = self._store.issues.get(self.slug)
        try:
            self.gate.broker.purge()
            if known is not None and known.state in ("sent", "cancelled"):
                self._shards.end_epoch()
        except SendError as error:  # what is left there is refused by whoever reads it
            self.gate.tell(str(error))
