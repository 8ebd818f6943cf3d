"""Sends an issue from one host: one process, one database, one writer.

Wire and ledger share one thread: a commit waits for the disk, and so do all connections, which have nothing to do
before it is through. What comes up meanwhile goes into the next one (see `journal`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from digest.config import Config
from digest.dispatch import locks
from digest.dispatch.journal import Booked, GroupJournal, Pause
from digest.dispatch.ledger import Ledger, Row
from digest.dispatch.rows import RowQueue
from digest.dispatch.run import LOOK_S, Clock, Report, Run
from digest.dispatch.signing import signed
from digest.dispatch.way import Way
from digest.dispatch.welcome import too_much_returned
from digest.errors import SendError
from digest.model import Letter
from digest.send.replies import cut_addresses
from digest.send.transports.seam import LoginRefused, Transport
from digest.store import Store

BATCH = 200  # rows leased at once
JUDGE_S = 20.0  # so often it is looked how many came back
PATIENCE_S = 30.0  # a domain that rests longer is the next run's business


def send_issue(
    folder: Path,
    config: Config,
    slug: str,
    transport: Transport,
    *,
    now: Clock,
    progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    intended: datetime | None = None,
    relay: str = "",
    way: Way | None = None,
) -> Report:
    """Carries what is due of the approved issue *slug*, at most *limit* letters. Doing it again goes on where it
    ended, however it ended; nobody gets the issue twice.

    *progress* is told (done, all). *intended*: when it was to leave, if that was said ([send] not_later_than).
    *relay*: through which, as `welcome.relay_of` names it; '' for one that never is on trial. *way*: remembered once
    the first letter is about to leave. Ctrl-C lets the letters in hand finish, a second one does not.
    Raises IssueError when the issue may not be sent, VerbatimError, and SendError when mail cannot leave.
    """
    # A dead owner's name says whether its letters may simply be carried again: see `LocalLedger.reconcile`.
    kind = "file" if getattr(transport, "repeats_safely", False) else "wire"
    with locks.sending(folder, slug), locks.owner(folder, kind) as owner:
        return asyncio.run(
            _FromHere(folder, config, slug, transport, now, progress, limit, intended, relay, way, owner).run()
        )


# ------------------------------------------------------------------------------------------------ the books


class LocalLedger:
    """The ledger in subscribers.db. Lives in one thread, as its connection does."""

    def __init__(self, store: Store, slug: str, owner: str, *, uncertain: Literal["hold", "resend"] = "hold") -> None:
        self._store = store
        self._slug = slug
        self._owner = owner
        self._uncertain = uncertain

    def freeze(self, now: datetime) -> int:
        return self._store.ledger.freeze(self._slug, "", now).planned

    def hand_out(self, limit: int, now: datetime, without: Collection[str] = ()) -> Sequence[Row]:
        return self._store.ledger.lease(self._slug, self._owner, limit, now, without=without)

    def merge(self, outcomes: Booked, intents: Sequence[int], now: datetime) -> Set[int]:
        return self._store.ledger.commit(
            self._slug,
            self._owner,
            intents,
            [(ordinal, after.state, after.reply, after.due) for ordinal, after in outcomes],
            now,
        )

    def reconcile(self, now: datetime) -> None:
        """Also settles doubt where that is safe: what only ever went to files is carried again, for a file that
        is there already is found by its name; anything else only under the policy "resend"."""
        ledger = self._store.ledger
        known = {d.ordinal for d in ledger.uncertain(self._slug)}
        dead: list[str] = []

        def is_alive(name: str) -> bool:
            alive = name == self._owner or locks.is_alive(self._store.folder, name)
            if not alive:
                dead.append(name)
            return alive

        ledger.reconcile(self._slug, is_alive, now)
        only_files = all(name.startswith("file-") for name in dead) and self._owner.startswith("file-")
        for delivery in ledger.uncertain(self._slug):
            if self._uncertain == "resend" or (only_files and delivery.ordinal not in known):
                who = 'policy "resend"' if self._uncertain == "resend" else "looking into the outbox"
                ledger.settle_uncertain(self._slug, delivery.ordinal, "waiting", who, now)


# ------------------------------------------------------------------------------------------------ one run


@dataclass
class _FromHere(Run[Transport]):
    owner: str
    _second: datetime = field(init=False, default=datetime.min.replace(tzinfo=UTC))
    _dated: datetime = field(init=False, default=datetime.min.replace(tzinfo=UTC))

    def _books(self, store: Store) -> Ledger:
        return LocalLedger(store, self.slug, self.owner, uncertain=self.config.send.uncertain)

    def _release(self, now: datetime) -> int:
        return self._store.ledger.release(self.owner, now)

    async def _carry(self) -> None:
        journal = GroupJournal(self._merge, self.now, self._pace, time.time)
        keeper = asyncio.create_task(journal.keep())
        watcher = asyncio.create_task(self._watch(journal))
        written = self._letters(journal)
        letters = written if self._signer is None else signed(written, self._signer)
        try:
            await self.gate.carry(letters, journal)
        except LoginRefused as error:
            if journal.begun:  # the relay took letters and now does not let us in: that is for a person to see
                journal.pause(Pause(f"{error} – {error.hint}, then `digest resume`"))
            raise
        finally:
            watcher.cancel()
            await letters.aclose()
            journal.close()
            try:
                await keeper  # every answer that came is on disk before anything else
            finally:
                self._finish(journal.paused)

    async def _letters(self, journal: GroupJournal) -> AsyncGenerator[Letter, None]:
        """Letters as the transport asks for them and the pace allows, leased in batches."""
        queue = RowQueue(self._pace)
        left = self.limit
        looked_at, judged_at = time.monotonic(), float("-inf")
        while left is None or left > 0:
            if self._stopping or journal.paused is not None:
                return
            if time.monotonic() - judged_at > JUDGE_S:
                judged_at = time.monotonic()
                if too_much_returned(self._store, self.slug):
                    return
            now_s = time.time()
            row = queue.take(now_s)
            if row is None:
                wanted = BATCH if left is None else min(BATCH, left - len(queue))
                rows = self._lease(wanted, queue.crowded(now_s)) if wanted > 0 else ()
                queue.add(rows)
                if rows:
                    continue
                if not queue or queue.wait_s(now_s) > PATIENCE_S:
                    return
            wait_s = self._pace.total.wait_s(now_s) if row is not None else queue.wait_s(now_s)
            while wait_s > 0:
                # A person's pause or stop is seen within a second, however slow the pace.
                await asyncio.sleep(min(wait_s, LOOK_S))
                if self._stopping or journal.paused is not None or self._is_called_off():
                    return
                wait_s = self._pace.total.wait_s(time.time()) if row is not None else queue.wait_s(time.time())
            if row is None:
                continue
            if time.monotonic() - looked_at > LOOK_S:  # every letter may be another hour's
                looked_at = time.monotonic()
                if self._is_called_off():
                    return
            left = None if left is None else left - 1
            self._pace.take(row.address.domain, time.time())
            journal.take_in_hand(row)
            letter = self._written(row, journal)
            if letter is not None:
                yield letter

    def _written(self, row: Row, journal: GroupJournal) -> Letter | None:
        """The row's letter; None, with the row rejected, for values that cannot stand in one."""
        try:
            return self._mail.letter_to(row, self._date())
        except SendError as error:
            journal.unwritten(row.ordinal, cut_addresses(str(error)))
            return None

    def _date(self) -> datetime:
        """What a letter written now is dated: this second, by the newsletter's clock."""
        second = self.now().replace(microsecond=0)
        if second != self._second:
            self._second, self._dated = second, second.astimezone(self.config.zone)
        return self._dated
