"""A worker's side of the seam to the wire: from a shard to letters, and no dot without a claim.

One loop in a thread of its own carries one shard after the other over the same connections; the process's main thread
waits for a shard's reports and posts them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue

from digest.config import Config, parse_config
from digest.dispatch.cluster.claims import (
    CLAIM,
    LOOK,
    TIMEOUTS,
    TURN,
    EpochGone,
    Limits,
    ShardClosed,
    claim_arguments,
    keys_of,
    read_claim,
    read_limits,
)
from digest.dispatch.cluster.shards import NOBODYS, Briefing, Passenger, Report, Seal, Shard, open_briefing
from digest.dispatch.letters import Mailroom
from digest.dispatch.signing import signed, signer_for
from digest.errors import SendError
from digest.model import Accepted, Letter, Outcome, Rejected, Rendered, Reply
from digest.send.dkim import Signer
from digest.send.pace import CREDIT_S
from digest.send.replies import cut_addresses
from digest.send.transports.seam import LoginRefused, Transport
from digest.store.codec import from_json

LINGER_S = 1.0  # so long connections wait for the next shard
LOOK_S = 0.5  # so often the limits are read, and whether anything may leave at all
GATHER_S = 0.1  # so long outcomes are gathered before they are posted
MOST = 200  # outcomes in a report
REST_S = 2.0  # after a relay or a claim store that was not there, before the next shard

MakeTransport = Callable[[Config], Transport]


@dataclass
class Line:
    """One issue as this process carries it."""

    epoch: str
    briefing: str
    config: Config
    mail: Mailroom
    signer: Signer | None


class Carrier:
    """Carries shards, one at a time."""

    def __init__(
        self, claims_url: str, password: str, seal: Seal, transport: MakeTransport, now: Callable[[], datetime]
    ) -> None:
        self._claims = (claims_url, password)
        self._seal = seal
        self._make_transport = transport
        self._now = now
        self._line: Line | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._store = asyncio.run_coroutine_threadsafe(self._connect(), self._loop).result()
        self._next: asyncio.Queue[_Job] = asyncio.Queue()
        self._run: asyncio.Task[None] | None = None

    def carry(self, shard: Shard) -> Iterator[Report]:
        """What becomes of *shard*, as it comes; the last report says that nothing more will."""
        said: SimpleQueue[tuple[int, Outcome] | Report] = SimpleQueue()
        carried = asyncio.run_coroutine_threadsafe(self._carry(shard, said), self._loop)
        gathered: list[tuple[int, Outcome]] = []
        until = 0.0
        while True:
            try:
                one = said.get(timeout=max(0.0, until - time.monotonic()) if gathered else None)
            except Empty:
                one = None
            if isinstance(one, tuple):
                if not gathered:
                    until = time.monotonic() + GATHER_S
                gathered.append(one)
                if len(gathered) < MOST:
                    continue
            if isinstance(one, Report):
                yield Report(shard.name, shard.issue, tuple(gathered), True, one.trouble, one.hint, one.login_refused)
                carried.result()  # a bug keeps its traceback
                return
            yield Report(shard.name, shard.issue, tuple(gathered))
            gathered = []

    # -------------------------------------------------------------------------------------------- in the loop

    async def _connect(self) -> ClaimLine:
        return ClaimLine(*self._claims)

    async def _carry(self, shard: Shard, said: SimpleQueue[tuple[int, Outcome] | Report]) -> None:
        end = Report(shard.name, shard.issue, is_last=True)
        try:
            job = _Job(shard, self._store, said.put)
            try:
                line = await self._brief(shard)
                job.line = line
                await job.begin()
            except EpochGone:  # nothing can be claimed: all of it goes back unsent
                await asyncio.sleep(REST_S)
                return
            except SendError as error:
                end = _troubled(shard, error)
                await asyncio.sleep(REST_S)
                return
            await self._through(job, line)
            if job.lost:  # what is still in the queue had better not be read: see `Broker.never_read`
                await asyncio.sleep(REST_S)
            if job.trouble is not None:
                end = _troubled(shard, job.trouble)
                await asyncio.sleep(REST_S)
        finally:
            said.put(end)

    async def _through(self, job: _Job, line: Line) -> None:
        """Returns once every letter of *job* has its outcome, or none will come."""
        keeping, over = asyncio.create_task(job.keep()), asyncio.create_task(job.done.wait())
        try:
            await self._next.put(job)
            while not over.done() and not keeping.done():
                if self._run is None or self._run.done():
                    self._run = asyncio.create_task(self._carry_all(line))
                await asyncio.wait({over, keeping, self._run}, return_when=asyncio.FIRST_COMPLETED)
                if self._run.done():
                    try:
                        await self._run
                    except SendError as error:
                        job.trouble = error
                    if job.trouble is not None or self._next.empty():
                        break  # else it ended for want of shards as this one came
        except BaseException:
            if self._run is not None:
                self._run.cancel()
            raise
        finally:
            over.cancel()
            job.close()
            await keeping

    async def _brief(self, shard: Shard) -> Line:
        """The issue's line; the connections of another one are given up first. Raises SendError, EpochGone."""
        line = self._line
        if line is not None and (line.epoch, line.briefing) == (shard.epoch, shard.briefing):
            return line
        if self._run is not None and not self._run.done():
            with suppress(SendError):
                await self._run
        sealed = await self._store.get(keys_of(shard.prefix, shard.epoch)["briefing"] + shard.briefing)
        if sealed is None:
            raise EpochGone
        self._line = _line_of(shard, open_briefing(self._seal, shard.epoch, sealed))
        return self._line

    async def _carry_all(self, line: Line) -> None:
        """Shard after shard, until none comes for a while."""
        journal = _Journal()
        written = self._letters(journal)
        letters = written if line.signer is None else signed(written, line.signer)
        transport = self._make_transport(line.config)
        try:
            await transport.carry(letters, journal)
        finally:
            await letters.aclose()
            await written.aclose()

    async def _letters(self, journal: _Journal) -> AsyncGenerator[Letter, None]:
        while True:
            try:
                job = await asyncio.wait_for(self._next.get(), LINGER_S)
            except TimeoutError:
                return
            journal.job = job
            async for letter in job.letters(self._now):
                yield letter


def _troubled(shard: Shard, error: SendError) -> Report:
    return Report(shard.name, shard.issue, (), True, str(error), error.hint, isinstance(error, LoginRefused))


def _line_of(shard: Shard, briefing: Briefing) -> Line:
    config = parse_config(briefing.config)
    rendered = from_json(Rendered, briefing.rendered)
    signer = None if briefing.dkim_key is None else signer_for(briefing.dkim_key, config)
    return Line(shard.epoch, shard.briefing, config, Mailroom(config, rendered, briefing.message_key), signer)


class _Journal:
    """The transport's journal, over one shard after the other."""

    job: _Job

    async def may_finish(self, ordinal: int) -> bool:
        return await self.job.may_finish(ordinal)

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        self.job.outcome(ordinal, outcome)


@dataclass
class _Job:
    """One shard while it is carried."""

    shard: Shard
    store: ClaimLine
    say: Callable[[tuple[int, Outcome]], None]
    line: Line = field(init=False)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: SendError | None = None
    lost: bool = False  # the claim store is, or its epoch
    _rounds: dict[int, int] = field(default_factory=dict)
    _in_hand: set[int] = field(default_factory=set)  # given to the transport, and no word since
    _ours: set[int] = field(default_factory=set)  # claimed by us
    _asking: list[tuple[int, asyncio.Future[bool]]] = field(default_factory=list)
    _accepted: list[tuple[int, int]] = field(default_factory=list)  # the claim store does not know yet
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: bool = False
    _shut: bool = False  # nothing can be claimed any more
    _drawn: bool = False  # every letter of it is out of our hands
    _limits: Limits = field(default_factory=Limits)

    async def begin(self) -> None:
        """Whom nobody has claimed yet is ours to try. Raises EpochGone, SendError."""
        self._rounds = {p.ordinal: p.round for p in self.shard.passengers}
        self._keys = keys_of(self.shard.prefix, self.shard.epoch)
        self._until = time.monotonic() + self.shard.seconds
        self._limits = read_limits(await self.store.get(self._keys["limits"]))
        self._looked_at = time.monotonic()
        asked = [(p.round, p.ordinal) for p in self.shard.passengers]
        free = await self.store.free(self._keys, self.shard.epoch, asked)
        self._waiting = deque(p for p in self.shard.passengers if p.ordinal in free)

    # -------------------------------------------------------------------------------------------- letters

    async def letters(self, now: Callable[[], datetime]) -> AsyncGenerator[Letter, None]:
        """As the pace of all workers together allows, for as long as a shard may take."""
        try:
            async for passenger in self._in_turn():
                letter = self._written(passenger, now)
                if letter is not None:
                    yield letter
        finally:
            self._drawn = True
            self._look_whether_done()

    async def _in_turn(self) -> AsyncGenerator[Passenger, None]:
        held: dict[str, deque[Passenger]] = {}  # of a domain with a limit of its own
        turns: dict[str, float] = {}  # when the first of them may leave; the turn is taken
        while (self._waiting or held) and not self._is_over():
            if time.monotonic() - self._looked_at > LOOK_S:
                await self._look()
            if held.keys() - turns.keys():
                await self._take_turns(held, turns)
            passenger = self._pick(held, turns)
            if passenger is None:
                if turns and not held.keys() - turns.keys():
                    pause_s = min(turns.values()) - time.monotonic()
                    await asyncio.sleep(min(max(pause_s, 0.001), LOOK_S))
                continue
            if self._limits.rate and not await self._waited():
                return
            self._in_hand.add(passenger.ordinal)
            yield passenger

    def _pick(self, held: dict[str, deque[Passenger]], turns: dict[str, float]) -> Passenger | None:
        """The next one that may leave now; None: first somebody's turn must come."""
        now = time.monotonic()
        for domain, at in turns.items():
            if at <= now:
                del turns[domain]
                passenger = held[domain].popleft()
                if not held[domain]:
                    del held[domain]
                return passenger
        limits = self._limits.domains or {}
        while self._waiting:
            passenger = self._waiting.popleft()
            domain = passenger.address.domain
            if domain in self._limits.resting:
                continue  # goes back unsent
            if domain not in limits:
                return passenger
            held.setdefault(domain, deque()).append(passenger)
            if domain not in turns:
                return None
        return None

    async def _take_turns(self, held: dict[str, deque[Passenger]], turns: dict[str, float]) -> None:
        """A turn for each domain that has none."""
        limits = self._limits.domains or {}
        for domain in [domain for domain in held if domain not in turns]:
            if domain in self._limits.resting or domain not in limits:
                rows = held.pop(domain)
                if domain not in self._limits.resting:
                    self._waiting.extendleft(reversed(rows))
                continue
            wait_s = await self._turn(f"d:{domain}", limits[domain])
            if wait_s is None:
                del held[domain]  # not within this shard's time
            else:
                turns[domain] = time.monotonic() + wait_s

    async def _waited(self) -> bool:
        """Until it is the next letter's turn; False: that is not within this shard's time."""
        wait_s = await self._turn("", self._limits.rate)
        if wait_s is None:
            return False
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, LOOK_S))
            if time.monotonic() - self._looked_at > LOOK_S:
                await self._look()
            if self._is_over():
                return False
        return True

    async def _turn(self, name: str, rate: float) -> float | None:
        try:
            return await self.store.turn(self._keys["turn:"] + name, rate, max(0.0, self._until - time.monotonic()))
        except SendError:
            self._shut = self.lost = True
            return None

    async def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            self._limits = read_limits(await self.store.get(self._keys["limits"]))
            if await self.store.is_stopped(self._keys, self.shard):
                self._shut = True
        except SendError:
            self._shut = self.lost = True

    def _is_over(self) -> bool:
        return self._shut or self._closing or time.monotonic() > self._until

    def _written(self, p: Passenger, now: Callable[[], datetime]) -> Letter | None:
        try:
            date = now().astimezone(self.line.config.zone).replace(microsecond=0)
            return self.line.mail.letter_to(p, date)
        except SendError as error:
            self.outcome(p.ordinal, Rejected(Reply(NOBODYS, "", cut_addresses(str(error)))))
            return None

    # -------------------------------------------------------------------------------------------- claims

    async def may_finish(self, ordinal: int) -> bool:
        granted = await self._claimed(ordinal)
        if not granted:
            self._let_go(ordinal)
        return granted

    def _claimed(self, ordinal: int) -> asyncio.Future[bool]:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self._shut:
            answer.set_result(False)
        else:
            self._asking.append((ordinal, answer))
            self._wake.set()
        return answer

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        if ordinal in self._ours:
            self._tell(ordinal, outcome)
            return
        # Refused before its dot: the claim comes first here, too, or another holder of this shard might try again what
        # is booked, and perhaps tried again elsewhere.
        self._claimed(ordinal).add_done_callback(
            lambda answer: self._tell(ordinal, outcome) if answer.result() else self._let_go(ordinal)
        )

    def _tell(self, ordinal: int, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            self._accepted.append((self._rounds[ordinal], ordinal))
            self._wake.set()
        self.say((ordinal, outcome))
        self._let_go(ordinal)

    def _let_go(self, ordinal: int) -> None:
        self._in_hand.discard(ordinal)
        self._look_whether_done()

    def _look_whether_done(self) -> None:
        if self._drawn and not self._in_hand:
            self.done.set()

    async def keep(self) -> None:
        """Claims what is asked for, all that came up during the last claim together, until `close`."""
        while not self._closing or self._asking:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(0)  # whoever became ready in the same turn of the loop is asked for together
            asking, self._asking = self._asking, []
            accepted, self._accepted = self._accepted, []
            if not asking and not accepted:
                continue
            wanted = [(self._rounds[ordinal], ordinal) for ordinal, _ in asking]
            asked_at = time.monotonic()
            try:
                granted = await self.store.claim(self._keys, self.shard, accepted, wanted)
            except ShardClosed:
                self._shut = True
                granted = set()
            except (EpochGone, SendError):
                self._shut = self.lost = True
                granted = set()
            if time.monotonic() - asked_at > self.shard.seconds:
                granted = set()  # whoever slept so long may be held in doubt already: no dot, and no word
            self._ours |= granted
            for ordinal, answer in asking:
                if not answer.done():
                    answer.set_result(ordinal in granted)

    def close(self) -> None:
        self._closing = True
        self._wake.set()


class ClaimLine:
    """One process's line to the claim store. Lives in one loop."""

    def __init__(self, url: str, password: str) -> None:
        import redis
        import redis.asyncio
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        # A claim is never asked for twice: the second answer would be that somebody has it, and that somebody is us.
        once, twice = (
            redis.asyncio.Redis.from_url(
                url, password=password or None, decode_responses=True, retry=Retry(NoBackoff(), retries), **TIMEOUTS
            )
            for retries in (0, 1)
        )
        self._redis = twice
        self._claim = once.register_script(CLAIM)
        self._look = self._redis.register_script(LOOK)
        self._turn = self._redis.register_script(TURN)
        self._trouble = (redis.RedisError, OSError, TimeoutError)

    async def get(self, key: str) -> str | None:
        """Raises SendError, as all of these, when the store does not answer."""
        try:
            found = await self._redis.get(key)
        except self._trouble as error:
            raise self._lost(error) from error
        return None if found is None else str(found)

    async def is_stopped(self, keys: dict[str, str], shard: Shard) -> bool:
        try:
            async with self._redis.pipeline(transaction=False) as line:
                line.get(keys["epoch"])
                line.exists(keys["stop"])
                line.sismember(keys["taken-back"], shard.name)
                epoch, stopped, taken = await line.execute()
        except self._trouble as error:
            raise self._lost(error) from error
        return epoch != shard.epoch or bool(stopped) or bool(taken)

    async def free(self, keys: dict[str, str], epoch: str, asked: list[tuple[int, int]]) -> set[int]:
        """Ordinals that nobody has claimed. Raises EpochGone."""
        try:
            said = await self._look(
                keys=[keys[name] for name in ("epoch", "taken-back", "claimed:", "accepted:")],
                args=[epoch, "", *(number for pair in asked for number in pair)],
            )
        except self._trouble as error:
            raise self._lost(error) from error
        if said == "gone":
            raise EpochGone
        return {ordinal for (_, ordinal), bit in zip(asked, said, strict=True) if bit == "0"}

    async def claim(
        self, keys: dict[str, str], shard: Shard, accepted: list[tuple[int, int]], wanted: list[tuple[int, int]]
    ) -> set[int]:
        """Which of *wanted* are ours now. Raises EpochGone, ShardClosed."""
        names = [keys[name] for name in ("epoch", "stop", "taken-back", "barred", "claimed:", "accepted:")]
        try:
            said = await self._claim(keys=names, args=claim_arguments(shard.epoch, shard.name, accepted, wanted))
        except self._trouble as error:
            raise self._lost(error) from error
        return read_claim(said, wanted)

    async def turn(self, key: str, rate: float, longest_s: float) -> float | None:
        """Seconds until it is our turn, which is taken; None: that is longer than *longest_s*."""
        try:
            said = await self._turn(keys=[key], args=[rate, CREDIT_S, longest_s])
        except self._trouble as error:
            raise self._lost(error) from error
        return float(said) if said else None

    def _lost(self, error: Exception) -> SendError:
        return SendError(f"the claim store does not answer: {error}")
