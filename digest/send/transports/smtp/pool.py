"""The pool: letters shared out over a few connections, opened as letters come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from digest.errors import SendError
from digest.model import Letter
from digest.send.transports.seam import Journal
from digest.send.transports.smtp.dialogue import Dialogue, Withdrawn
from digest.send.transports.smtp.opening import Extensions, Refused, open_wire
from digest.send.transports.smtp.settings import SmtpSettings, Timeouts
from digest.send.transports.smtp.stuffing import Stuffing
from digest.send.transports.smtp.wire import ConnectionLost, Wire


class Smtp:
    """Carries letters to one *server* over up to *server.connections* connections, opened as letters come."""

    repeats_safely = False  # a letter carried twice arrives twice

    def __init__(
        self,
        server: SmtpSettings,
        *,
        timeouts: Timeouts | None = None,
        patience_s: tuple[float, ...] = (0.5, 2, 5),
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        """*patience_s*: the pauses before each new try to reach a server that was there and went away. *tell* is told,
        once, of a server that does not greet.

        Raises SendError for settings that would send mail in the clear, or to a server nobody has verified.
        """
        if not server.host:
            raise SendError("there is no mail server to send to", hint="set [smtp] host in digest.toml")
        if not server.is_loopback and (server.security == "none" or not server.verify):
            raise SendError(
                f"mail to {server} would travel unprotected",
                hint="security = 'none' and verify = false are for this machine only",
            )
        self._server = server
        self.is_local = server.is_loopback  # this machine's own relay takes what it can; another one has its pace
        self._connections = max(1, server.connections)
        self._timeouts = timeouts or Timeouts()
        self._patience_s = patience_s
        self._tell: Callable[[str], None] | None = tell  # None: it was told
        self._reached: tuple[Wire, Extensions] | None = None  # a connection that has carried nothing yet
        self._run: _Run | None = None  # None: nothing is being carried

    async def reach(self) -> None:
        """Opens the connection that the first letter will take. Raises SendError."""
        try:
            self._reached = await open_wire(self._server, self._timeouts, self._tell_once)
        except Refused as error:
            raise self._as_send_error(error) from error

    def _tell_once(self, words: str) -> None:
        if self._tell is not None:
            self._tell(words)
        self._tell = None

    def halt(self) -> None:
        if self._run is not None:
            self._run.stop()
        elif self._reached is not None:
            self._reached[0].abort()
            self._reached = None

    async def carry(self, letters: AsyncIterator[Letter], journal: Journal) -> None:
        """Raises SendError when no server is there, the login is refused, or the server goes away for good;
        letters without an outcome were not delivered."""
        run = self._run = _Run(ahead=2 * self._connections)
        feeder = asyncio.create_task(run.feed(letters))
        try:
            while True:
                workers = [asyncio.create_task(self._work(run, journal)) for _ in range(self._connections)]
                try:
                    await asyncio.gather(*workers, return_exceptions=True)
                except asyncio.CancelledError:
                    for worker in workers:
                        worker.cancel()
                    await asyncio.gather(*workers, return_exceptions=True)
                    raise
                for worker in workers:
                    worker.result()
                if run.fault is not None:
                    raise run.fault
                if not run.has_more:  # else a letter came back when the others had just gone home
                    break
            await feeder
        finally:
            self._run = None
            self.halt()  # the connection reached, if no letter has taken it
            feeder.cancel()
            with suppress(asyncio.CancelledError):
                await feeder

    async def _work(self, run: _Run, journal: Journal) -> None:
        """One connection after another, until no letter is left or the run is stopped."""
        dialogue: Dialogue | None = None
        try:
            while (letter := await run.next()) is not None:
                dialogue = await self._connect(run)
                if dialogue is None:  # others carry on; this letter goes to one of them
                    run.give_back(letter)
                    return
                try:
                    await dialogue.carry(letter, run, journal)
                except ConnectionLost as error:
                    run.open -= 1
                    self._judge_loss(run, dialogue, error)
                else:
                    run.open -= 1
                    await dialogue.quit()
                dialogue = None
        except SendError as error:
            run.fail(error)
        except BaseException:
            run.stop()  # a bug, or Ctrl-C: the other workers finish what they hold
            raise
        finally:
            if dialogue is not None:
                dialogue.abort()

    def _judge_loss(self, run: _Run, dialogue: Dialogue, error: ConnectionLost) -> None:
        """Raises SendError when the server hangs up again and again: the next thousand would fare no better."""
        if dialogue.judged or isinstance(error, Withdrawn):
            run.barren = 0
            return
        run.barren += 1
        if run.barren > 2 * self._connections + 2:
            raise SendError(
                f"{self._server} hangs up on every letter: {error}",
                hint="what was not delivered is kept; ask your provider, then send again",
            )

    async def _connect(self, run: _Run) -> Dialogue | None:
        """A connection; None when the server wants no more of them than are open, or the run is stopped. Raises
        SendError."""
        for pause_s in (*self._patience_s, None):
            if run.stopped:
                return None
            run.connecting += 1
            try:
                wire, extensions = await self._opened(run)
            except (SendError, Refused) as error:
                run.connecting -= 1
                if run.open or run.connecting or run.stopped:
                    return None
                if pause_s is None or not run.ever_open:
                    raise self._as_send_error(error) from error
                await asyncio.sleep(pause_s)
            except BaseException:
                run.connecting -= 1
                raise
            else:
                run.connecting -= 1
                run.open += 1
                run.ever_open = True
                most = self._server.letters_per_connection
                return Dialogue(wire, extensions, self._timeouts, run.stuffing, most=most)
        raise AssertionError("unreachable")

    async def _opened(self, run: _Run) -> tuple[Wire, Extensions]:
        """The connection reached before, if it still stands, or a new one. Raises SendError, also when the run is
        stopped meanwhile."""
        reached, self._reached = self._reached, None
        if reached is not None and not reached[0].lost:
            return reached
        opening = asyncio.create_task(open_wire(self._server, self._timeouts, self._tell_once))
        run.openings.add(opening)
        try:
            return await opening
        except asyncio.CancelledError as error:
            worker = asyncio.current_task()
            if run.stopped and worker is not None and not worker.cancelling():
                raise SendError(f"{self._server} was waited for, and is no longer") from error
            raise
        finally:
            run.openings.discard(opening)

    def _as_send_error(self, error: SendError | Refused) -> SendError:
        if isinstance(error, SendError):
            return error
        if error.reply.code >= 500:
            what = f"{self._server} takes no mail from this machine: {error.reply}"
            return SendError(what, hint="ask whoever runs it what is wrong")
        return SendError(f"{self._server} takes no mail now: {error.reply}", hint="try again later")


class _Run:
    """What the workers of one `carry` share: the letters, and how the server fares."""

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead  # letters written before a connection asks for them
        self._ready: deque[Letter] = deque()
        self._idle: list[asyncio.Future[Letter | None]] = []  # workers with nothing to do, the last one first
        self._room = asyncio.Event()
        self._is_fed = False  # no letter will come any more but those that come back
        self.stuffing = Stuffing()
        self.openings: set[asyncio.Task[tuple[Wire, Extensions]]] = set()  # connections nobody has let in yet
        self.open = 0  # connections
        self.connecting = 0
        self.barren = 0  # connections in a row that were lost before carrying one letter
        self.ever_open = False
        self.stopped = False
        self.fault: SendError | None = None

    async def feed(self, letters: AsyncIterator[Letter]) -> None:
        try:
            async for letter in letters:
                self._add(letter)
                while len(self._ready) >= self._ahead and not self.stopped:
                    self._room.clear()
                    await self._room.wait()
                if self.stopped:
                    return
        except BaseException:
            self.stopped = True
            raise
        finally:
            self._is_fed = True
            self._send_home()

    def _add(self, letter: Letter) -> None:
        while self._idle:
            worker = self._idle.pop()  # a connection that was just at work: few stay open at a slow pace
            if not worker.done():
                worker.set_result(letter)
                return
        self._ready.append(letter)

    async def next(self) -> Letter | None:
        if self.stopped:
            return None
        letter = self.take()
        if letter is not None or self._is_fed:
            return letter
        mine: asyncio.Future[Letter | None] = asyncio.get_running_loop().create_future()
        self._idle.append(mine)
        return await mine

    def take(self) -> Letter | None:
        if self.stopped or not self._ready:
            return None
        letter = self._ready.popleft()
        if len(self._ready) < self._ahead // 2:
            self._room.set()
        return letter

    def give_back(self, letter: Letter) -> None:
        self._add(letter)

    @property
    def has_more(self) -> bool:
        return bool(self._ready) and not self.stopped

    def fail(self, error: SendError) -> None:
        self.fault = self.fault or error
        self.stop()

    def stop(self) -> None:
        self.stopped = True
        for opening in self.openings:
            opening.cancel()
        self._room.set()
        self._send_home()

    def _send_home(self) -> None:
        while self._idle:
            worker = self._idle.pop()
            if not worker.done():
                worker.set_result(None)
