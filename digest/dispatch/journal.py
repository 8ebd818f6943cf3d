"""Group commits: what a transport learns and what it is about to do, on disk together.

Everything that came up while the last commit was under way, or in the breath after it, goes into the next one: at
every commit at most one letter a connection is `sending`. Where a commit takes long, the next one waits about as long
for letters that are nearly there: one more in it is one less in the commit after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest.dispatch.ledger import InHand
from digest.model import Accepted, Deferred, Outcome, Rejected, Reply
from digest.send.pace import Pace
from digest.send.refusals import Refusals
from digest.send.replies import asks_for_less, is_about_the_provider, pauses_issue
from digest.send.states import UNWRITTEN, Settled, settle

BREATH_S = 0.0005  # between two commits: without it a second process waits most of a second for its turn
SLOW_S = 0.001  # a commit that took longer was a slow disk's: the next one is to hold all it can
SLOWEST_S = 0.02  # and yet nobody waits longer than that for others

Booked = Sequence[tuple[int, Settled]]


@dataclass(frozen=True, slots=True)
class Pause:
    """Why the issue must wait for a person."""

    reason: str
    taken_back: tuple[int, ...] = ()  # rows whose refusal was about us, too


@dataclass
class GroupJournal:
    """The transport's journal. *merge* books outcomes, then intents, durably, and gives the intents granted."""

    merge: Callable[[Booked, Sequence[int], Pause | None], Set[int]]
    now: Callable[[], datetime]
    pace: Pace
    seconds: Callable[[], float]  # since 1970, for the pace
    paused: Pause | None = None  # by an answer
    begun: bool = False  # a letter was accepted in this run
    # Ordinal -> tries before this one, mail domain, refusals before it was taken in hand.
    _hands: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    _outcomes: list[tuple[int, Settled]] = field(default_factory=list)
    _intents: list[tuple[int, asyncio.Future[bool]]] = field(default_factory=list)
    _under_way: set[int] = field(default_factory=set)  # past their dot, and not answered
    _at_work: int = 0  # letters that were waiting for their dot, or past it, at the last commit
    _refusals: Refusals = field(default_factory=Refusals)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: bool = False
    _broken: BaseException | None = None

    def take_in_hand(self, row: InHand) -> None:
        """*row*'s letter goes to the transport."""
        self._hands[row.ordinal] = (row.attempts, row.address.domain, self._refusals.count)

    async def may_finish(self, ordinal: int) -> bool:
        if self._broken is not None:
            raise self._broken
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._intents.append((ordinal, answer))
        self._wake.set()
        granted = await answer
        if not granted:
            self._hands.pop(ordinal, None)
        return granted

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        attempts, domain, begun = self._hands.pop(ordinal)
        self._under_way.discard(ordinal)
        self._outcomes.append((ordinal, settle(attempts + 1, outcome, self.now())))
        if isinstance(outcome, Accepted):
            self.begun = True
            self.pace.accepted(domain)
            self._refusals.accepted(begun)
        elif isinstance(outcome, Deferred | Rejected):
            self._weigh(ordinal, domain, outcome)
        self._wake.set()

    def unwritten(self, ordinal: int, why: str) -> None:
        """The row's letter could not be written: nobody refused it, so nothing follows for its domain or its reader."""
        self._hands.pop(ordinal)
        self._outcomes.append((ordinal, Settled("rejected", None, f"{UNWRITTEN}: {why}")))
        self._wake.set()

    def _weigh(self, ordinal: int, domain: str, outcome: Deferred | Rejected) -> None:
        """What a refusal means for everybody else's letter."""
        reply = outcome.reply
        if (why := pauses_issue(reply)) is not None:
            self.pause(Pause(f"{_said(reply)} – {why}, then `digest resume`"))
        elif asks_for_less(reply):
            self.pace.total.slow_down(self.seconds())
        elif isinstance(outcome, Rejected):
            if alike := self._refusals.rejected(ordinal, domain, reply):
                why = "that is about the sender or this issue, not about them: ask your relay, then `digest resume`"
                said = f"{len(alike)} readers at different providers are refused alike: {_said(reply)} – {why}"
                self.pause(Pause(said))
                assert self.paused is not None
                # Answers to letters that were under way come after the pause, and wait again like those before it.
                self.paused = replace(self.paused, taken_back=(*self.paused.taken_back, *alike))
        elif is_about_the_provider(reply):
            self.pace.put_off(domain, self.seconds())

    def pause(self, pause: Pause) -> None:
        """The issue is paused with the next commit; no dot leaves any more."""
        self.paused = self.paused or pause

    def book(self) -> None:
        """Commits at once what came up: for who has nobody waiting for a dot."""
        outcomes, self._outcomes = self._outcomes, []
        self._commit(outcomes, ())

    async def keep(self) -> None:
        """Commits until `close`. An error of the ledger is raised here and by every `may_finish`."""
        while await self._has_something():
            outcomes, self._outcomes = self._outcomes, []
            intents, self._intents = self._intents, []
            self._at_work = len(intents) + len(self._under_way)
            began_at = time.monotonic()
            self._commit(outcomes, intents)
            ended_at = time.monotonic()
            await asyncio.sleep(BREATH_S)
            if ended_at - began_at > SLOW_S:
                await self._gather(ended_at + min(ended_at - began_at, SLOWEST_S))

    async def _has_something(self) -> bool:
        """Returns once there is something to commit; False: there is nothing, and nothing will come."""
        if not (self._outcomes or self._intents or self._closing):
            self._wake.clear()
            await self._wake.wait()
            await asyncio.sleep(0)  # whoever became ready in the same turn of the loop belongs to this commit
        return bool(self._outcomes or self._intents)

    async def _gather(self, until: float) -> None:
        """Returns once as many letters wait for their dot as lately were at work, at the latest at *until*."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while len(self._intents) < self._at_work and not self._closing:
                    await self._wake.wait()
                    self._wake.clear()

    def _commit(self, outcomes: Booked, intents: Sequence[tuple[int, asyncio.Future[bool]]]) -> None:
        try:
            granted = self.merge(outcomes, [ordinal for ordinal, _ in intents], self.paused)
        except BaseException as error:
            self._broken = error
            for _, answer in (*intents, *self._intents):
                if not answer.done():
                    answer.set_exception(error)
            raise
        self._under_way |= granted
        for ordinal, answer in intents:
            if not answer.done():  # its waiter may have been cancelled
                answer.set_result(ordinal in granted)

    def close(self) -> None:
        self._closing = True
        self._wake.set()


def _said(reply: Reply) -> str:
    return f"“{str(reply)[:120]}”"
