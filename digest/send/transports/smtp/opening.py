"""Getting in: connected, greeted, encrypted, logged in."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Literal

from digest.errors import SendError
from digest.model import Reply
from digest.send.replies import parse_reply
from digest.send.transports.seam import LoginRefused
from digest.send.transports.smtp.settings import PASSWORD_VARIABLE, SmtpSettings, Timeouts
from digest.send.transports.smtp.wire import ConnectionLost, Wire

Extensions = Mapping[str, str]
"""EHLO keyword -> its parameters."""

Stage = Literal["before it greeted", "before the first letter", "at the login"]

SILENCE_S = 5.0  # a greeting that takes longer is worth a word


class Refused(Exception):
    """The server is there and does not want us now (421, or no welcome): the reply says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


async def open_wire(
    server: SmtpSettings, timeouts: Timeouts, tell: Callable[[str], None] = lambda words: None
) -> tuple[Wire, Extensions]:
    """A connection ready for letters, and what the server offers on it. *tell* is told of a greeting that takes long.

    Raises SendError (no server, bad certificate, refused login) or Refused (not now).
    """
    loop = asyncio.get_running_loop()
    context = server.tls_context() if server.security == "tls" else None
    try:
        async with asyncio.timeout(timeouts.connect):
            _, wire = await loop.create_connection(
                Wire, server.host, server.port, ssl=context, server_hostname=server.host if context else None
            )
    except ssl.SSLError as error:
        raise _tls_error(server, error) from error
    except (OSError, TimeoutError) as error:
        raise SendError(
            f"there is no mail server at {server}: {_reason(error)}",
            hint="check [smtp] host and port, and that this machine may connect to it",
        ) from error
    opening = _Opening(wire, server, timeouts)
    patience = loop.call_later(
        SILENCE_S,
        lambda: tell(f"{server} has not greeted yet; waiting up to {_minutes(timeouts.greeting)}; Ctrl-C ends it"),
    )
    try:
        await opening.greeted()
        patience.cancel()
        return wire, await opening.enter()
    except ConnectionLost as error:
        wire.abort()
        raise SendError(
            f"{server} broke off {opening.stage}: {error}", hint=_hint_of_loss(server, opening.stage)
        ) from error
    except BaseException:
        wire.abort()
        raise
    finally:
        patience.cancel()


class _Opening:
    def __init__(self, wire: Wire, server: SmtpSettings, timeouts: Timeouts) -> None:
        self._wire = wire
        self._server = server
        self._timeouts = timeouts
        self.stage: Stage = "before it greeted"

    async def greeted(self) -> None:
        greeting = await self._read(self._timeouts.greeting)
        if greeting.code != 220:
            raise Refused(greeting)

    async def enter(self) -> Extensions:
        self.stage = "before the first letter"
        offered = await self._ehlo()
        if self._server.security == "starttls":
            offered = await self._start_tls(offered)
        if self._server.username:
            self.stage = "at the login"
            await self._log_in(offered.get("AUTH", "").upper().split())
        return offered

    async def _ehlo(self) -> Extensions:
        self._wire.write(f"EHLO {_own_name()}\r\n".encode("ascii"))
        lines = await self._wire.reply(self._timeouts.command)
        reply = _parsed(lines)
        if reply.code == 421:
            raise Refused(reply)
        if reply.code != 250:
            raise SendError(f"{self._server} answers EHLO with {reply}", hint="is this an SMTP server?")
        offered: dict[str, str] = {}
        for line in lines[1:]:
            # "AUTH=PLAIN" is how servers of before RFC 2554 say it.
            keyword, _, parameters = line[4:].decode("ascii", "replace").replace("=", " ", 1).partition(" ")
            offered[keyword.upper()] = parameters
        return offered

    async def _start_tls(self, offered: Extensions) -> Extensions:
        if "STARTTLS" not in offered:
            raise SendError(
                f"{self._server} offers no STARTTLS, and mail must not travel in the clear",
                hint="use security = 'tls' with port 465, or ask your provider",
            )
        reply = await self._command("STARTTLS")
        if reply.code != 220:
            raise SendError(f"{self._server} refuses STARTTLS: {reply}", hint="try again later")
        if self._wire.has_unread:
            # Plain text sent along with the 220 would be read as if it had come encrypted (RFC 3207 section 6).
            raise ConnectionLost("the server sent plain text after agreeing to encrypt")
        assert self._wire.transport is not None
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._wire.transport, self._wire, self._server.tls_context(), server_hostname=self._server.host
            )
        except ssl.SSLError as error:
            raise _tls_error(self._server, error) from error
        except OSError as error:
            raise ConnectionLost(f"encryption failed: {_reason(error)}") from error
        if transport is None:
            raise ConnectionLost("the server closed the connection while it was being encrypted")
        self._wire.encrypted(transport)
        return await self._ehlo()  # what was said in the clear does not count

    async def _log_in(self, mechanisms: list[str]) -> None:
        server = self._server
        if "PLAIN" in mechanisms:
            reply = await self._command("AUTH PLAIN " + _b64(f"\0{server.username}\0{server.password}"))
        elif "LOGIN" in mechanisms:
            reply = await self._command("AUTH LOGIN")
            for secret in (server.username, server.password):
                if reply.code == 334:
                    reply = await self._command(_b64(secret))
        else:
            raise SendError(
                f"{server} offers no login that digest knows (PLAIN, LOGIN); "
                f"it offers {' '.join(mechanisms) or 'none'}",
                hint="leave [smtp] username empty if the server wants no login",
            )
        if reply.code == 235:
            return
        if 400 <= reply.code < 500:  # 454: the login itself cannot be judged now (RFC 4954 section 6)
            raise Refused(reply)
        raise LoginRefused(
            f"{server} refuses the login of {server.username}: {reply}",
            hint=f"check [smtp] username and the password in {PASSWORD_VARIABLE}",
        )

    async def _command(self, line: str) -> Reply:
        self._wire.write(line.encode() + b"\r\n")
        reply = await self._read(self._timeouts.command)
        if reply.code == 421:
            raise Refused(reply)
        return reply

    async def _read(self, timeout_s: float) -> Reply:
        return _parsed(await self._wire.reply(timeout_s))


def _parsed(lines: list[bytes]) -> Reply:
    try:
        return parse_reply(lines)
    except ValueError as error:
        raise ConnectionLost(str(error)) from error


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _own_name() -> str:
    """What we call ourselves in EHLO: the host's full name, else its address literal (RFC 5321 section 4.1.4)."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer"
    return str(getattr(error, "strerror", None) or error)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def _hint_of_loss(server: SmtpSettings, stage: Stage) -> str:
    if stage == "at the login":
        return f"try again; if it stays so, check [smtp] username and the password in {PASSWORD_VARIABLE}"
    if stage == "before it greeted" and (server.port == 465) != (server.security == "tls"):
        return _PORTS  # a server that waits for encryption says nothing
    there = "is a mail server there? " if stage == "before it greeted" else ""
    return f"{there}try again later; if it stays so, ask whoever runs it"


def _tls_error(server: SmtpSettings, error: ssl.SSLError) -> SendError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendError(
            f"the certificate of {server} cannot be trusted: {error.verify_message}",
            hint=_hint_of_certificate(server, error.verify_code),
        )
    return SendError(f"{server} and this machine agree on no encryption: {error.reason or error}", hint=_PORTS)


def _hint_of_certificate(server: SmtpSettings, code: int) -> str:
    """*code*: OpenSSL's X509_V_ERR_… (x509_vfy.h)."""
    if code in (62, 64):  # HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH
        return "name the server in [smtp] host as its certificate does"
    if code in (9, 10):  # CERT_NOT_YET_VALID, CERT_HAS_EXPIRED
        return "look at this machine's clock; if that is right, whoever runs the server must renew the certificate"
    own = "; or [smtp] verify = false, for a relay on this machine only" if server.is_loopback else ""
    return f"no authority this machine knows has signed it: add its authority to the machine's trusted ones{own}"


_PORTS = "port 587 goes with security = 'starttls', port 465 with 'tls'"
