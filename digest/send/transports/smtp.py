"""Letters over SMTP: a pool of connections to one server (RFC 5321), one letter at a time on each.

The order that makes delivery accountable: envelope and body go out, which is still safe to abandon; then
`journal.may_finish`; only then the final dot. What is lost before the dot was not delivered. What is lost
after it is Unknown, and said so.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from digest.errors import SendError
from digest.model import Deferred, Envelope, Letter, Rejected, Reply, Unknown
from digest.send.replies import is_last_line, outcome_of, parse_reply
from digest.send.transports.seam import Journal

PASSWORD_VARIABLE = "DIGEST_SMTP_PASSWORD"  # where the command line takes the password from

MAX_REPLY = 64 * 1024  # bytes of one reply; a server that says more is broken


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. RFC 5321 section 4.5.3.2, except connect (its own 5 minutes are for MX hosts) and quit."""

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 2


class ConnectionLost(Exception):
    """The connection is gone, or the server speaks no SMTP. ``str()`` says which."""


class Withdrawn(ConnectionLost):
    """We hung up ourselves: the letter was stopped before its dot."""


class Refused(Exception):
    """The server is there and does not want us now (421, or no welcome): the reply says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


# ------------------------------------------------------------------------------------------------ bytes


class _Wire(asyncio.Protocol):
    """Reply lines in, bytes out. Knows no command."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self.lost: str | None = None  # why there is no connection any more; None: there is one

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            # Without it the short segment with the dot waits 40 ms for the server's delayed ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or (f"the connection was lost: {exc}" if exc else "the server closed the connection")
        self._arrived.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def write(self, data: bytes) -> None:
        if self.transport is None or self.lost or self.transport.is_closing():
            raise ConnectionLost(self.lost or "the connection is closed")
        self.transport.write(data)

    async def drain(self, timeout_s: float) -> None:
        """Returns once the system has taken the better part of what was written."""
        await self._in_time(self._writable, timeout_s, "the server takes no more bytes")
        if self.lost:
            raise ConnectionLost(self.lost)

    async def reply(self, timeout_s: float) -> list[bytes]:
        """The next whole reply, as lines. Raises ConnectionLost."""
        lines: list[bytes] = []
        size = 0
        while True:
            end = self._received.find(b"\n")
            if end >= 0:
                line = bytes(self._received[:end]).rstrip(b"\r")
                del self._received[: end + 1]
                lines.append(line)
                size += len(line)
                try:
                    if is_last_line(line):
                        return lines
                except ValueError as error:
                    raise ConnectionLost(str(error)) from error
            elif self.lost:
                raise ConnectionLost(self.lost)
            else:
                self._arrived.clear()
                await self._in_time(self._arrived, timeout_s, "the server does not answer")
            if size + len(self._received) > MAX_REPLY:
                raise ConnectionLost("the server's reply does not end")

    async def _in_time(self, event: asyncio.Event, timeout_s: float, fault: str) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError as error:
            raise ConnectionLost(f"{fault} ({timeout_s:g} s)") from error

    @property
    def has_unread(self) -> bool:
        return bool(self._received)

    def abort(self) -> None:
        self.lost = self.lost or "the connection is closed"
        if self.transport is not None:
            self.transport.abort()


# ------------------------------------------------------------------------------------------------ one connect


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where the letters go, and how to get in. ``verify=False`` and ``security="none"`` are for this
    machine only."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = ""
    verify: bool = True
    connections: int = 4
    cafile: str | None = None  # certificates to trust instead of the system's; None: the system's

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def tls_context(self) -> ssl.SSLContext:
        return _tls_context(self.verify, self.cafile)


@cache  # 20 ms each: reads every certificate the system trusts
def _tls_context(verify: bool, cafile: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cafile)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Connection:
    """One SMTP dialogue: opened, greeted, encrypted, logged in, then letters."""

    def __init__(self, wire: _Wire, server: SmtpSettings, timeouts: Timeouts) -> None:
        self._wire = wire
        self._server = server
        self._timeouts = timeouts
        self.extensions: dict[str, str] = {}  # EHLO keyword -> its parameters
        self.delivered = 0  # letters this connection has carried

    @classmethod
    async def open(cls, server: SmtpSettings, timeouts: Timeouts) -> _Connection:
        """Raises SendError (no server, bad certificate, refused login) or Refused (not now)."""
        loop = asyncio.get_running_loop()
        context = server.tls_context() if server.security == "tls" else None
        try:
            async with asyncio.timeout(timeouts.connect):
                _, wire = await loop.create_connection(
                    _Wire,
                    server.host,
                    server.port,
                    ssl=context,
                    server_hostname=server.host if context else None,
                )
        except ssl.SSLError as error:
            raise _tls_error(server, error) from error
        except (OSError, TimeoutError) as error:
            raise SendError(
                f"there is no mail server at {server}: {_reason(error)}",
                hint="check [smtp] host and port, and that this machine may connect to it",
            ) from error
        connection = cls(wire, server, timeouts)
        try:
            await connection._enter()
        except ConnectionLost as error:
            connection.abort()
            raise SendError(
                f"{server} broke off before the first letter: {error}",
                hint="port 587 goes with security = 'starttls', port 465 with 'tls'",
            ) from error
        except BaseException:
            connection.abort()
            raise
        return connection

    async def _enter(self) -> None:
        greeting = await self._read(self._timeouts.greeting)
        if greeting.code != 220:
            raise Refused(greeting)
        await self._ehlo()
        if self._server.security == "starttls":
            await self._start_tls()
        if self._server.username:
            await self._log_in()

    async def _ehlo(self) -> None:
        self._wire.write(f"EHLO {_own_name()}\r\n".encode("ascii"))
        lines = await self._wire.reply(self._timeouts.command)
        reply = parse_reply(lines)
        if reply.code == 421:
            raise Refused(reply)
        if reply.code != 250:
            raise SendError(f"{self._server} answers EHLO with {reply}", hint="is this an SMTP server?")
        self.extensions = {}
        for line in lines[1:]:
            keyword, _, parameters = line[4:].decode("ascii", "replace").replace("=", " ", 1).partition(" ")
            self.extensions[keyword.upper()] = parameters

    async def _start_tls(self) -> None:
        if "STARTTLS" not in self.extensions:
            raise SendError(
                f"{self._server} offers no STARTTLS, and mail must not travel in the clear",
                hint="use security = 'tls' with port 465, or ask your provider",
            )
        reply = await self._command("STARTTLS")
        if reply.code != 220:
            raise SendError(f"{self._server} refuses STARTTLS: {reply}", hint="try again later")
        if self._wire.has_unread:
            # Plain text sent along with the 220 would be read as if it had come encrypted (RFC 3207
            # section 6).
            raise ConnectionLost("the server sent plain text after agreeing to encrypt")
        assert self._wire.transport is not None
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._wire.transport,
                self._wire,
                self._server.tls_context(),
                server_hostname=self._server.host,
            )
        except ssl.SSLError as error:
            raise _tls_error(self._server, error) from error
        except OSError as error:
            raise ConnectionLost(f"encryption failed: {_reason(error)}") from error
        self._wire.transport = cast(asyncio.Transport, transport)
        await self._ehlo()  # what was said in the clear does not count

    async def _log_in(self) -> None:
        server = self._server
        offered = self.extensions.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            reply = await self._command("AUTH PLAIN " + _b64(f"\0{server.username}\0{server.password}"))
        elif "LOGIN" in offered:
            reply = await self._command("AUTH LOGIN")
            for secret in (server.username, server.password):
                if reply.code == 334:
                    reply = await self._command(_b64(secret))
        else:
            raise SendError(
                f"{server} offers no login that digest knows (PLAIN, LOGIN); it offers {' '.join(offered) or 'none'}",
                hint="leave [smtp] username empty if the server wants no login",
            )
        if reply.code == 421:
            raise Refused(reply)
        if reply.code != 235:
            raise SendError(
                f"{server} refuses the login of {server.username}: {reply}",
                hint=f"check [smtp] username and the password in {PASSWORD_VARIABLE}",
            )

    # -------------------------------------------------------------------------------------------- letters

    async def deliver(self, letter: Letter, journal: Journal) -> bool:
        """Carries *letter* and reports its outcome.

        False, with nothing reported: the connection ended before the letter was this server's business at
        all, and had carried others: the letter deserves a fresh connection. Raises ConnectionLost after
        reporting.
        """
        try:
            refusal = await self._offer(letter)
        except (ConnectionLost, Refused) as error:
            self.abort()
            if self.delivered:
                return False
            reply = error.reply if isinstance(error, Refused) else Reply(421, "4.4.2", str(error))
            journal.outcome(letter.ordinal, Deferred(reply))
            raise ConnectionLost(str(error)) from error
        if refusal is not None:
            journal.outcome(letter.ordinal, refusal)
            with suppress(ConnectionLost):  # found at the next letter, which then gets a fresh connection
                self._wire.write(b"RSET\r\n")
                await self._read(self._timeouts.command)
            self.delivered += 1
            return True
        if not await journal.may_finish(letter.ordinal):
            self.abort()  # no dot: the server throws away what it has
            raise Withdrawn("the letter was stopped before its end")
        await self._finish(letter, journal)
        self.delivered += 1
        return True

    async def _offer(self, letter: Letter) -> Deferred | Rejected | None:
        """Everything before the dot. The server's (or our own) refusal, or None: the body is out."""
        envelope, body = letter.envelope, b"".join(letter.chunks)
        _refuse_broken(envelope, body)
        if envelope.smtputf8 and "SMTPUTF8" not in self.extensions:
            return Rejected(Reply(550, "5.6.7", "the mail server takes no addresses outside ASCII (no SMTPUTF8)"))
        hide = (envelope.recipient, envelope.recipient.rpartition("@")[0])
        mail = f"MAIL FROM:<{envelope.sender}>"
        if "SIZE" in self.extensions:
            mail += f" SIZE={len(body)}"
        if "8BITMIME" in self.extensions and not body.isascii():
            mail += " BODY=8BITMIME"
        if envelope.smtputf8:
            mail += " SMTPUTF8"
        for command in (mail, f"RCPT TO:<{envelope.recipient}>"):
            reply = await self._command(command, hide=hide)
            if reply.code // 100 != 2:
                return _refusal(reply)
        reply = await self._command("DATA", hide=hide, timeout_s=self._timeouts.data)
        if reply.code != 354:
            return _refusal(reply)
        if body.startswith(b"."):
            body = b"." + body
        self._wire.write(body.replace(b"\r\n.", b"\r\n.."))  # RFC 5321 section 4.5.2
        if not body.endswith(b"\r\n"):
            self._wire.write(b"\r\n")
        await self._wire.drain(self._timeouts.block)
        return None

    async def _finish(self, letter: Letter, journal: Journal) -> None:
        recipient = letter.envelope.recipient
        try:
            self._wire.write(b".\r\n")
        except ConnectionLost as error:  # seen before the dot was written: certainly not delivered
            journal.outcome(letter.ordinal, Deferred(Reply(421, "4.4.2", str(error))))
            raise
        try:
            reply = parse_reply(
                await self._wire.reply(self._timeouts.dot), hide=(recipient, recipient.rpartition("@")[0])
            )
        except (ConnectionLost, ValueError) as error:
            self.abort()
            journal.outcome(letter.ordinal, Unknown(f"no answer to the end of the letter: {error}"))
            raise ConnectionLost(str(error)) from error
        except BaseException:
            journal.outcome(letter.ordinal, Unknown("interrupted before the answer to the end of the letter"))
            raise
        outcome = outcome_of(reply)
        journal.outcome(letter.ordinal, outcome or Unknown(f"the end of the letter was answered with {reply}"))
        if outcome is None or reply.code == 421:
            self.abort()
            raise ConnectionLost(str(reply))

    async def quit(self) -> None:
        with suppress(ConnectionLost):
            self._wire.write(b"QUIT\r\n")
            await self._wire.reply(self._timeouts.quit)
        self.abort()

    def abort(self) -> None:
        self._wire.abort()

    async def _command(self, line: str, *, hide: tuple[str, ...] = (), timeout_s: float | None = None) -> Reply:
        self._wire.write(line.encode() + b"\r\n")
        reply = await self._read(timeout_s or self._timeouts.command, hide)
        if reply.code == 421:  # may come at any time; the server hangs up after it (RFC 5321 section 3.8)
            raise Refused(reply)
        return reply

    async def _read(self, timeout_s: float, hide: tuple[str, ...] = ()) -> Reply:
        try:
            return parse_reply(await self._wire.reply(timeout_s), hide=hide)
        except ValueError as error:
            raise ConnectionLost(str(error)) from error


def _refusal(reply: Reply) -> Deferred | Rejected:
    outcome = outcome_of(reply)
    if isinstance(outcome, Deferred | Rejected):
        return outcome
    return Deferred(reply)  # 2xx or 3xx where it makes no sense: nothing was delivered


def _refuse_broken(envelope: Envelope, body: bytes) -> None:
    """Raises ValueError, a bug of ours, for what could smuggle a second letter or command."""
    for address in (envelope.sender, envelope.recipient):
        if any(ord(c) < 33 or c in "<>\x7f" for c in address):
            raise ValueError(f"no address for an envelope: {address!r}")
    if not body.count(b"\r\n") == body.count(b"\n") == body.count(b"\r"):  # a regex takes 20 times as long
        raise ValueError("the letter holds a bare CR or LF")


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _own_name() -> str:
    """What we call ourselves in EHLO: the host's full name, else its address literal (RFC 5321 section
    4.1.4)."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer"
    return str(getattr(error, "strerror", None) or error)


def _tls_error(server: SmtpSettings, error: ssl.SSLError) -> SendError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendError(
            f"the certificate of {server} cannot be trusted: {error.verify_message}",
            hint="use the server's name as its certificate has it",
        )
    return SendError(
        f"{server} and this machine agree on no encryption: {error.reason or error}",
        hint="port 587 goes with security = 'starttls', port 465 with 'tls'",
    )


# ------------------------------------------------------------------------------------------------ the pool


class Smtp:
    """Carries letters to one *server* over up to *server.connections* connections, opened as letters come."""

    repeats_safely = False  # a letter carried twice arrives twice

    def __init__(
        self,
        server: SmtpSettings,
        *,
        timeouts: Timeouts | None = None,
        patience_s: tuple[float, ...] = (0.5, 2, 5),
    ) -> None:
        """*patience_s*: the pauses before each new try to reach a server that was there and went away.

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
        self._connections = max(1, server.connections)
        self._timeouts = timeouts or Timeouts()
        self._patience_s = patience_s

    async def carry(self, letters: AsyncIterator[Letter], journal: Journal) -> None:
        """Raises SendError when no server is there, the login is refused, or the server goes away for good;
        letters without an outcome were not delivered."""
        run = _Run(letters)
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
            if not run.has_returned:  # else a letter came back when the others had just gone home
                return

    async def _work(self, run: _Run, journal: Journal) -> None:
        """One connection after another, until no letter is left or the run is stopped."""
        connection: _Connection | None = None
        try:
            while (letter := await run.next()) is not None:
                if connection is None:
                    connection = await self._connect(run)
                    if connection is None:  # others carry on; this letter goes to one of them
                        run.give_back(letter)
                        return
                try:
                    done = await connection.deliver(letter, journal)
                except ConnectionLost as error:
                    run.open -= 1
                    self._judge_loss(run, connection, error)
                    connection = None
                else:
                    if done:
                        run.barren = 0
                    else:
                        run.open -= 1
                        run.give_back(letter)
                        connection = None
            if connection is not None:
                run.open -= 1
                await connection.quit()
                connection = None
        except SendError as error:
            run.fail(error)
        except BaseException:
            run.stop()  # a bug, or Ctrl-C: the other workers finish what they hold
            raise
        finally:
            if connection is not None:
                connection.abort()

    def _judge_loss(self, run: _Run, connection: _Connection, error: ConnectionLost) -> None:
        """Raises SendError when the server hangs up again and again: the next thousand would fare no
        better."""
        if connection.delivered or isinstance(error, Withdrawn):
            return
        run.barren += 1
        if run.barren > 2 * self._connections + 2:
            raise SendError(
                f"{self._server} hangs up on every letter: {error}",
                hint="what was not delivered is kept; ask your provider, then send again",
            )

    async def _connect(self, run: _Run) -> _Connection | None:
        """A connection; None when the server wants no more of them than are open. Raises SendError."""
        for pause_s in (*self._patience_s, None):
            run.connecting += 1
            try:
                connection = await _Connection.open(self._server, self._timeouts)
            except (SendError, Refused) as error:
                run.connecting -= 1
                if run.open or run.connecting:
                    return None
                if pause_s is None or not run.ever_open or run.stopped:
                    raise self._as_send_error(error) from error
                await asyncio.sleep(pause_s)
            else:
                run.connecting -= 1
                run.open += 1
                run.ever_open = True
                return connection
        raise AssertionError("unreachable")

    def _as_send_error(self, error: SendError | Refused) -> SendError:
        if isinstance(error, SendError):
            return error
        return SendError(f"{self._server} takes no mail now: {error.reply}", hint="try again later")


class _Run:
    """What the workers of one `carry` share."""

    def __init__(self, letters: AsyncIterator[Letter]) -> None:
        self._letters = letters
        self._returned: deque[Letter] = deque()
        self._turn = asyncio.Lock()  # an async generator takes one caller at a time
        self.open = 0  # connections
        self.connecting = 0
        self.barren = 0  # connections in a row that were lost before carrying one letter
        self.ever_open = False
        self.stopped = False
        self.fault: SendError | None = None

    async def next(self) -> Letter | None:
        async with self._turn:
            if self.stopped:
                return None
            if self._returned:
                return self._returned.popleft()
            return await anext(self._letters, None)

    @property
    def has_returned(self) -> bool:
        return bool(self._returned)

    def give_back(self, letter: Letter) -> None:
        self._returned.append(letter)

    def fail(self, error: SendError) -> None:
        self.fault = self.fault or error
        self.stop()

    def stop(self) -> None:
        self.stopped = True
