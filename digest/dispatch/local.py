"""Sends an issue from one host: one process, one database, one writer.

The wire runs in the event loop, the ledger in one thread beside it. What the loop asks of the ledger while a
commit is under way goes into the next one, so commits are as few as the disk is slow.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from digest.address import Address
from digest.config import Config
from digest.dispatch import keys, locks
from digest.dispatch.ledger import Row
from digest.dispatch.letters import Mailroom
from digest.errors import IssueError, SendError
from digest.model import Deferred, Issue, Letter, Outcome, Rejected, Rendered, Reply
from digest.render.check import verify_verbatim
from digest.render.email import fingerprint
from digest.send.replies import cut_addresses, pauses_issue
from digest.send.states import Settled, settle
from digest.send.transports.seam import Transport
from digest.store import Store, open_store

BATCH = 200  # rows leased at once
BREATH_S = 0.0005  # between two commits: without it a second process waits most of a second for its turn
WHO = "digest send"

T = TypeVar("T")
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Report:
    """Where all of the issue's deliveries stand after the run."""

    accepted: int
    deferred: int
    rejected: int
    suppressed: int
    cancelled: int
    uncertain: int
    waiting: int
    seconds: float  # of this run
    paused_reason: str  # '' unless the issue is paused now


def send_issue(
    folder: Path,
    config: Config,
    slug: str,
    transport: Transport,
    *,
    now: Clock,
    progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
) -> Report:
    """Carries what is due of the approved issue *slug*, at most *limit* letters. Doing it again goes on where it
    ended, however it ended; nobody gets the issue twice.

    *progress* is told (done, all). Ctrl-C lets the letters in hand finish, a second one does not.
    Raises IssueError when the issue may not be sent, VerbatimError, and SendError when mail cannot leave.
    """
    # A dead owner's name says whether its letters may simply be carried again: see `LocalLedger.reconcile`.
    kind = "file" if getattr(transport, "repeats_safely", False) else "wire"
    with locks.sending(folder), locks.owner(folder, kind) as owner:
        return asyncio.run(_Sending(folder, config, slug, transport, owner, now, progress, limit).run())


# ------------------------------------------------------------------------------------------------ the books


class LocalLedger:
    """The ledger in subscribers.db. Lives in one thread, as its connection does."""

    def __init__(self, store: Store, slug: str, owner: str, *, uncertain: Literal["hold", "resend"] = "hold") -> None:
        self._store = store
        self._slug = slug
        self._owner = owner
        self._uncertain = uncertain
        self._rested_at = time.monotonic()

    def freeze(self, now: datetime) -> int:
        return self._store.ledger.freeze(self._slug, "", now).planned

    def hand_out(self, limit: int, now: datetime) -> Sequence[Row]:
        with self._breathing():
            return self._store.ledger.lease(self._slug, self._owner, limit, now)

    def merge(self, outcomes: Sequence[tuple[int, Settled]], intents: Sequence[int], now: datetime) -> Set[int]:
        with self._breathing():
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

    def pause(self, reason: str, now: datetime) -> None:
        known = self._store.issues.get(self._slug)
        if known is not None and known.state == "sending":
            self._store.issues.set_state(self._slug, "paused", who=WHO, at=now, reason=reason)

    @contextmanager
    def _breathing(self) -> Iterator[None]:
        pause_s = self._rested_at + BREATH_S - time.monotonic()
        if pause_s > 0:
            time.sleep(pause_s)
        try:
            yield
        finally:
            self._rested_at = time.monotonic()


# ------------------------------------------------------------------------------------------------ group commits


@dataclass
class _Journal:
    """The transport's journal: intents and outcomes gathered while a commit is under way, booked by the next."""

    merge: Callable[[Sequence[tuple[int, Settled]], Sequence[int], str | None], Awaitable[Set[int]]]
    now: Clock
    attempts: dict[int, int] = field(default_factory=dict)  # tries before this one, of the rows in hand
    pause_reason: str | None = None
    _outcomes: list[tuple[int, Settled]] = field(default_factory=list)
    _intents: list[tuple[int, asyncio.Future[bool]]] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: bool = False
    _broken: BaseException | None = None

    async def may_finish(self, ordinal: int) -> bool:
        if self._broken is not None:
            raise self._broken
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._intents.append((ordinal, answer))
        self._wake.set()
        granted = await answer
        if not granted:
            self.attempts.pop(ordinal, None)
        return granted

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        self._outcomes.append((ordinal, settle(self.attempts.pop(ordinal) + 1, outcome, self.now())))
        if self.pause_reason is None and isinstance(outcome, Deferred | Rejected):
            self.pause_reason = pauses_issue(outcome.reply)
        self._wake.set()

    async def keep(self) -> None:
        """Commits until `close`. An error of the ledger is raised here and by every `may_finish`."""
        while not self._closing or self._outcomes or self._intents:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(0)  # whoever became ready in the same turn of the loop belongs to this commit
            outcomes, self._outcomes = self._outcomes, []
            intents, self._intents = self._intents, []
            if not outcomes and not intents:
                continue
            try:
                granted = await self.merge(outcomes, [ordinal for ordinal, _ in intents], self.pause_reason)
            except BaseException as error:
                self._broken = error
                for _, answer in (*intents, *self._intents):
                    if not answer.done():
                        answer.set_exception(error)
                raise
            for ordinal, answer in intents:
                if not answer.done():  # its waiter may have been cancelled
                    answer.set_result(ordinal in granted)

    def close(self) -> None:
        self._closing = True
        self._wake.set()


# ------------------------------------------------------------------------------------------------ one run


@dataclass
class _Sending:
    folder: Path
    config: Config
    slug: str
    transport: Transport
    owner: str
    now: Clock
    progress: Callable[[int, int], None] | None
    limit: int | None

    async def run(self) -> Report:
        started = time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._stopping = False
        try:
            await self._ask(self._open)
            try:
                if self._is_over:
                    return await self._ask(self._report, started)
                with self._signals():
                    await self._carry()
                return await self._ask(self._report, started)
            finally:
                await self._ask(self._store.close)
        finally:
            self._thread.shutdown()

    def _ask(self, call: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """*call* in the ledger's thread."""
        return asyncio.get_running_loop().run_in_executor(self._thread, call, *args)

    # -------------------------------------------------------------------------------------------- in the thread

    def _open(self) -> None:
        self._store = open_store(self.folder, durability=self.config.send.durability)
        try:
            self._begin()
        except BaseException:
            self._store.close()
            raise

    def _begin(self) -> None:
        store, now = self._store, self.now()
        known = store.issues.get(self.slug)
        if known is None:
            raise IssueError(f"there is no issue {self.slug}", hint="`digest issues list` shows all")
        counts = store.ledger.counts(self.slug)
        again = (
            ("waiting", "deferred", "uncertain") if self.config.send.uncertain == "resend" else ("waiting", "deferred")
        )
        # A sent issue goes on when rows in doubt are to be sent again: by a person's word, or by the policy.
        self._is_over = known.state == "sent" and not again
        if self._is_over:
            return
        if known.state not in ("approved", "scheduled", "sending", "sent"):
            hint = {"draft": "`digest approve` first", "paused": "`digest resume` lets it go on"}
            raise IssueError(
                f"{self.slug} is {known.state}{f': {known.paused_reason}' if known.paused_reason else ''}",
                hint=hint.get(known.state, "`digest issues new` makes another"),
            )
        issue, rendered = store.issues.issue(self.slug), store.issues.rendered(self.slug)
        refuse_unapproved(issue, rendered, known.fingerprint, self.config)
        self._mail = Mailroom(self.config, rendered, keys.load(self.folder).message)
        self._try_one(rendered, now)
        self._ledger = LocalLedger(store, self.slug, self.owner, uncertain=self.config.send.uncertain)
        if known.state != "sent":
            self._ledger.freeze(now)
        if known.state != "sending":
            store.issues.set_state(self.slug, "sending", who=WHO, at=now)
        self._ledger.reconcile(now)
        counts = store.ledger.counts(self.slug)
        self._total = sum(counts.values())
        self._done = self._total - counts.get("waiting", 0) - counts.get("deferred", 0)

    def _try_one(self, rendered: Rendered, now: datetime) -> None:
        """Raises SendError when no letter at all can be written: that is no reader's fault."""
        address = self.config.newsletter.sender.address
        for variant in rendered.variants:
            self._mail.letter(
                ordinal=0,
                subscriber=0,
                address=Address("reader", address.domain),
                name="",
                token="0" * 32,
                variant=variant.key,
                date=now,
            )

    def _merge(
        self, outcomes: Sequence[tuple[int, Settled]], intents: Sequence[int], pause_reason: str | None
    ) -> Set[int]:
        now = self.now()
        if pause_reason is not None:
            self._ledger.pause(pause_reason, now)
        return self._ledger.merge(outcomes, intents, now)

    def _finish(self) -> None:
        """What nobody carried waits again; an issue with nothing left to carry is sent."""
        now = self.now()
        self._store.ledger.release(self.owner, now)
        counts = self._store.ledger.counts(self.slug)
        known = self._store.issues.get(self.slug)
        left = sum(counts.get(state, 0) for state in ("waiting", "leased", "sending", "deferred"))
        if known is not None and known.state == "sending" and not left:
            self._store.issues.set_state(self.slug, "sent", who=WHO, at=now)

    def _report(self, started: float) -> Report:
        counts = self._store.ledger.counts(self.slug)
        known = self._store.issues.get(self.slug)
        return Report(
            accepted=counts.get("accepted", 0),
            deferred=counts.get("deferred", 0),
            rejected=counts.get("rejected", 0),
            suppressed=counts.get("suppressed", 0),
            cancelled=counts.get("cancelled", 0),
            uncertain=counts.get("uncertain", 0),
            waiting=counts.get("waiting", 0),
            seconds=time.monotonic() - started,
            paused_reason=(known.paused_reason or "") if known is not None else "",
        )

    # -------------------------------------------------------------------------------------------- in the loop

    async def _carry(self) -> None:
        journal = _Journal(self._merge_and_tell, self.now)
        keeper = asyncio.create_task(journal.keep())
        letters = self._letters(journal)
        try:
            await self.transport.carry(letters, journal)
        finally:
            await letters.aclose()
            journal.close()
            try:
                await keeper  # every answer that came is on disk before anything else
            finally:
                await self._ask(self._finish)

    async def _merge_and_tell(
        self, outcomes: Sequence[tuple[int, Settled]], intents: Sequence[int], pause_reason: str | None
    ) -> Set[int]:
        granted = await self._ask(self._merge, outcomes, intents, pause_reason)
        self._done += len(outcomes)
        if self.progress is not None and outcomes:
            self.progress(min(self._done, self._total), self._total)
        return granted

    async def _letters(self, journal: _Journal) -> AsyncGenerator[Letter, None]:
        """Letters as the transport asks for them, leased in batches."""
        left = self.limit
        while left is None or left > 0:
            rows = await self._ask(self._ledger.hand_out, min(BATCH, left or BATCH), self.now())
            if not rows:
                return
            left = None if left is None else left - len(rows)
            for row in rows:
                if self._stopping or journal.pause_reason is not None:
                    return
                journal.attempts[row.ordinal] = row.attempts
                letter = self._written(row, journal)
                if letter is not None:
                    yield letter

    def _written(self, row: Row, journal: _Journal) -> Letter | None:
        """The row's letter; None, with the row rejected, for values that cannot stand in one."""
        try:
            return self._mail.letter(
                ordinal=row.ordinal,
                subscriber=row.subscriber,
                address=row.address,
                name=row.name,
                token=row.token,
                variant=row.variant,
                how=row.how,
                date=self.now().astimezone(self.config.zone).replace(microsecond=0),
            )
        except SendError as error:
            journal.outcome(row.ordinal, Rejected(Reply(554, "5.6.0", cut_addresses(str(error)))))
            return None

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM: the first ends the run once the letters in hand are done, the second at once."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def heed() -> None:
            if self._stopping:
                task.cancel()
            self._stopping = True

        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, heed)
        except (ValueError, RuntimeError):  # not the main thread: signals are somebody else's there
            yield
            return
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def refuse_unapproved(issue: Issue, rendered: Rendered, approved: str | None, config: Config) -> None:
    """Raises IssueError unless what would leave is, to the letter, what was approved; VerbatimError unless every
    excerpt is still its article's own text."""
    made = fingerprint(rendered.variants, config, issue.audience)
    if not approved or not (made == rendered.fingerprint == approved):
        raise IssueError(
            f"{issue.slug} is no longer what was approved: its text, its headers or digest.toml changed since",
            hint="put digest.toml back as it was, or `digest issues new` makes another issue",
        )
    verify_verbatim(issue, rendered)
