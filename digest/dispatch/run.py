"""One run of `digest send`: whether the issue may leave, what stops it, and where it stands in the end.

What differs by who carries the letters is `local` (one process) and `cluster` (workers elsewhere).
"""

from __future__ import annotations

import asyncio
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from digest.address import Address
from digest.config import Config
from digest.dispatch import keys
from digest.dispatch.journal import Booked, GroupJournal, Pause
from digest.dispatch.ledger import Ledger, Row
from digest.dispatch.letters import Mailroom
from digest.dispatch.signing import signer_of
from digest.dispatch.standing import PACE
from digest.dispatch.way import Way, remember
from digest.dispatch.welcome import Trial, too_much_returned, trial_letters
from digest.errors import IssueError
from digest.model import Issue, Rendered
from digest.render.check import verify_verbatim
from digest.render.email import fingerprint
from digest.send.pace import pace_from_json, quiet_between, quiet_until
from digest.send.relays import profile_of
from digest.store import Store, open_store
from digest.text.wording import counted

LOOK_S = 0.5  # so often somebody's pause or stop is looked for, at least
WHO = "digest send"

Clock = Callable[[], datetime]


class Gate(Protocol):
    """What a run's letters must pass: a transport, or workers elsewhere."""

    async def reach(self) -> None:
        """Whatever can be found out before the first letter. Raises SendError."""
        ...

    def halt(self) -> None:
        """Begin no letter any more."""
        ...


G = TypeVar("G", bound=Gate)


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


@dataclass
class Run(ABC, Generic[G]):
    """One `digest send`, whoever carries the letters."""

    folder: Path
    config: Config
    slug: str
    gate: G
    now: Clock
    progress: Callable[[int, int], None] | None
    limit: int | None
    intended: datetime | None
    relay: str
    way: Way | None  # None: nobody asks for it later

    async def run(self) -> Report:
        started = time.monotonic()
        self._stopping = False
        with open_store(self.folder, durability=self.config.send.durability) as self._store:
            self._store.expect_small_commits()
            if self._begin():
                with self._signals():
                    if await self._entered():
                        await self._carry()
                from digest.dispatch.returns import weigh_refusals  # 0.1 s: not before the first letter

                weigh_refusals(self._store, self.now())
            return self._report(started)

    @abstractmethod
    def _books(self, store: Store) -> Ledger:
        """The ledger that this run keeps."""

    @abstractmethod
    async def _carry(self) -> None:
        """Carries what is due, and ends with `_finish`."""

    def _begin(self) -> bool:
        """False: there is nothing left to carry, or not now. Raises IssueError when the issue may not be sent."""
        store, now = self._store, self.now()
        known = store.issues.get(self.slug)
        if known is None:
            raise IssueError(f"there is no issue {self.slug}", hint="`digest issues list` shows all")
        counts = store.ledger.counts(self.slug)
        again = counts.get("waiting", 0) + counts.get("deferred", 0)
        if self.config.send.uncertain == "resend":
            again += counts.get("uncertain", 0)
        # A sent issue goes on when rows in doubt are to be sent again: by a person's word, or by the policy.
        if known.state == "sent" and not again:
            return False
        if known.state not in ("approved", "scheduled", "sending", "sent"):
            hint = {"draft": "`digest approve` first", "paused": "`digest resume` lets it go on"}
            raise IssueError(
                f"{self.slug} is {known.state}{f': {known.paused_reason}' if known.paused_reason else ''}",
                hint=hint.get(known.state, "`digest issues new` makes another"),
            )
        issue, rendered = store.issues.issue(self.slug), store.issues.rendered(self.slug)
        refuse_unapproved(issue, rendered, known.fingerprint, self.config)
        self._mail = Mailroom(self.config, rendered, keys.load(self.folder).message)
        self._signer = signer_of(self.folder, self.config)
        self._try_one(rendered, now)
        self._ledger = self._books(store)
        if known.state in ("approved", "scheduled"):
            self._ledger.freeze(now)
        self._refuse_late(known.state, counts.get("waiting", 0) + counts.get("leased", 0), now)
        self._found = known
        if known.state == "sent":
            store.issues.set_state(self.slug, "sending", who=WHO, at=now)
        self._ledger.reconcile(now)
        counts = store.ledger.counts(self.slug)
        self._total = sum(counts.values())
        self._done = self._total - counts.get("waiting", 0) - counts.get("deferred", 0)
        is_local = getattr(self.gate, "is_local", True)
        self._trial = Trial(store, self.relay, trial_letters(self.config, is_local=is_local))
        usual = 0.0 if is_local else profile_of(self.config.smtp).rate
        self._resting = set[str]()  # domains, as last written down
        self._pace = pace_from_json(store.state.get(PACE), self.config.send.rate or usual, self.config.send.domains)
        return True

    async def _entered(self) -> bool:
        """The issue is `sending`. An issue of which no letter has left becomes it only once the receiver has let us
        in: until then it stays what it was, to be edited or sent at another time. False: a person said otherwise
        meanwhile. Raises SendError when nobody lets us in, IssueError when the text changed meanwhile."""
        found = self._found
        if found.state not in ("approved", "scheduled"):
            return True
        try:
            if self._done < self._total and not self._is_quiet() and not await self._reached():
                return False
            with self._store.transaction():
                known = self._store.issues.get(self.slug)
                if known is None or (known.fingerprint, known.approved_at) != (found.fingerprint, found.approved_at):
                    raise IssueError(f"{self.slug} was changed while its relay was waited for", hint="`digest status`")
                if known.state != found.state:  # a person paused or stopped it as the relay let us in
                    self.gate.halt()
                    return False
                self._store.issues.set_state(self.slug, "sending", who=WHO, at=self.now())
        except BaseException:
            self.gate.halt()
            raise
        return True

    async def _reached(self) -> bool:
        """Whether the receiver lets us in before a person pauses, stops or edits the issue, or ends this run."""
        reaching = asyncio.create_task(self.gate.reach())
        try:
            while not (await asyncio.wait({reaching}, timeout=LOOK_S))[0]:
                known = self._store.issues.get(self.slug)
                if self._stopping or known is None or known.state != self._found.state:
                    return False
            await reaching
            return True
        finally:
            reaching.cancel()

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

    def _refuse_late(self, state: str, waiting: int, now: datetime) -> None:
        """Pauses the issue and raises IssueError when it would leave long after it was meant to: on Tuesday nobody
        wants to be wished a good Monday without somebody having thought about it."""
        lateness = self.config.send.lateness
        if lateness is None or not waiting:
            return
        meant = self._last_sign(now - lateness) if state == "sending" else self.intended
        if meant is None or now - meant <= lateness:
            return
        zone = self.config.zone
        if (
            now - meant - quiet_between(self.config.send.quiet, meant.astimezone(zone), now.astimezone(zone))
            <= lateness
        ):
            return  # it slept through the quiet hours, as it was to
        when = f"{meant.astimezone(self.config.zone):%Y-%m-%d %H:%M}"
        reason = f"{waiting} readers were to have it on {when}, {_about(now - meant)} ago: `digest resume` sends it now"
        if state == "approved":
            self._store.issues.set_state(self.slug, "sending", who=WHO, at=now)
        self._store.issues.set_state(self.slug, "paused", who=WHO, at=now, reason=reason)
        raise IssueError(f"{self.slug} waits: {reason}", hint='or `digest stop`; [send] not_later_than = "" never asks')

    def _last_sign(self, enough: datetime) -> datetime | None:
        """When this issue was last under way: its start, a person's resume, a letter's move; any after *enough* will
        do."""
        begun = max((e.at for e in self._store.issues.events(self.slug) if e.became == "sending"), default=None)
        if begun is None or begun >= enough:
            return begun
        return max(begun, self._store.ledger.last_move(self.slug) or begun)

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

    # -------------------------------------------------------------------------------------------- under way

    async def _watch(self, journal: GroupJournal) -> None:
        """Halts the transport once the run is to end: who waits for a connection asks for no letter, and would not
        see it."""
        while not (self._stopping or journal.paused is not None or self._is_called_off()):
            await asyncio.sleep(LOOK_S)
        self.gate.halt()

    def _merge(self, outcomes: Booked, intents: Sequence[int], pause: Pause | None) -> Set[int]:
        now = self.now()
        with self._store.transaction():
            granted = self._ledger.merge(outcomes, intents if pause is None else (), now)
            if granted:
                self._remember_way()
        if pause is not None or (len(granted) < len(intents) and self._is_called_off()):
            self.gate.halt()  # before anybody whose letter was stopped opens a connection for the next one
            if pause is not None:
                self._pause(pause, now)
        if outcomes:
            self._done += len(outcomes)
            if self.progress is not None:
                self.progress(min(self._done, self._total), self._total)
        return granted

    def _remember_way(self) -> None:
        """The first letter is about to leave."""
        if self.way is not None:
            remember(self._store, self.slug, self.way)
            self.way = None

    def _pause(self, pause: Pause, now: datetime) -> None:
        """The issue waits for a person; who was refused for our sake waits with it."""
        known = self._store.issues.get(self.slug)
        if known is not None and known.state == "sending":
            self._store.issues.set_state(self.slug, "paused", who=WHO, at=now, reason=pause.reason)
        if known is not None and known.state in ("sending", "paused"):
            self._store.ledger.take_back_refusals(self.slug, pause.taken_back, WHO, now)

    def _finish(self, pause: Pause | None) -> None:
        """What nobody carried waits again; an issue with nothing left to carry is sent."""
        now = self.now()
        with self._store.transaction():
            if pause is not None:
                self._pause(pause, now)
            self._trial.take(-self._release(now))
            self._store.state.set(PACE, self._pace.as_json(time.time()))
            counts = self._store.ledger.counts(self.slug)
            known = self._store.issues.get(self.slug)
            left = sum(counts.get(state, 0) for state in ("waiting", "leased", "sending", "deferred"))
            if known is not None and known.state == "sending" and not left:
                self._store.issues.set_state(self.slug, "sent", who=WHO, at=now)
            elif known is not None and known.state == "sending" and (why := self._wants_a_look()):
                self._store.issues.set_state(self.slug, "paused", who=WHO, at=now, reason=why)

    def _wants_a_look(self) -> str:
        """Why a person must look before more leaves; '' when nobody must."""
        return self._trial.ends(self.slug) or too_much_returned(self._store, self.slug)

    @abstractmethod
    def _release(self, now: datetime) -> int:
        """What was taken from the ledger and not carried waits again; gives its number."""

    def _lease(self, limit: int, without: Collection[str]) -> Sequence[Row]:
        now = self.now()
        if quiet_until(self.config.send.quiet, now.astimezone(self.config.zone)) is not None:
            return ()
        with self._store.transaction():
            self._end_rests()
            self._store.state.set(PACE, self._pace.as_json(time.time()))
            if (trial := self._trial.left()) is not None:
                limit = min(limit, trial)
            rows = self._ledger.hand_out(limit, now, without) if limit else ()
            self._trial.take(len(rows))
            return rows

    def _end_rests(self) -> None:
        """Domains whose rest a person has ended since it was written down rest no longer (`deliveries retry`)."""
        written = (self._store.state.get(PACE) or {"domains": {}})["domains"]
        for domain in self._resting - set(written):
            self._pace.end_rest(domain)
        self._resting = set(self._pace.resting(time.time()))

    def _is_called_off(self) -> bool:
        """Paused, stopped, or in quiet hours."""
        known = self._store.issues.get(self.slug)
        return known is None or known.state != "sending" or self._is_quiet()

    def _is_quiet(self) -> bool:
        return quiet_until(self.config.send.quiet, self.now().astimezone(self.config.zone)) is not None

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


def _about(span: timedelta) -> str:
    """In the unit a person would say it in."""
    minutes, hours = round(span / timedelta(minutes=1)), round(span / timedelta(hours=1))
    if minutes < 90:
        return counted(max(minutes, 1), "minute")
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


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
