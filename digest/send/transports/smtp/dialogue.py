"""One connection's letters, one after another.

Where the server offers PIPELINING (RFC 2920) a letter costs one round trip: the final dot of one and the whole
envelope of the next leave in one write, and nothing but `may_finish` stands between body and dot. Where it does not,
each command waits for its answer.
"""

from __future__ import annotations

import re
from typing import Protocol

from digest.model import Deferred, Letter, Outcome, Rejected, Reply, Unknown
from digest.send.replies import outcome_of, read_reply
from digest.send.transports.seam import Journal
from digest.send.transports.smtp.opening import Extensions, Refused
from digest.send.transports.smtp.settings import Timeouts
from digest.send.transports.smtp.stuffing import Body, Stuffing, refuse_smuggling
from digest.send.transports.smtp.wire import ConnectionLost, Wire

Refusal = Deferred | Rejected


class Withdrawn(ConnectionLost):
    """We hung up ourselves: the letter was stopped before its dot."""


class Letters(Protocol):
    """Where a connection gets its letters."""

    async def next(self) -> Letter | None:
        """None: there will be no more."""
        ...

    def take(self) -> Letter | None:
        """The next one if it is there already."""
        ...

    def give_back(self, letter: Letter) -> None:
        """It was not this server's business yet: it deserves a fresh connection."""
        ...


class Dialogue:
    def __init__(
        self, wire: Wire, extensions: Extensions, timeouts: Timeouts, stuffing: Stuffing, *, most: int = 0
    ) -> None:
        """*most*: letters this connection may carry; 0: as many as the server likes."""
        self._wire = wire
        self._timeouts = timeouts
        self._stuffing = stuffing
        self._most = most
        self._pipelining = "PIPELINING" in extensions
        self._utf8 = "SMTPUTF8" in extensions
        self._eight_bit = "8BITMIME" in extensions
        self._dsn = "DSN" in extensions
        self._size = "SIZE" in extensions
        limit = extensions.get("SIZE", "").split(" ")[0]
        self._limit = int(limit) if limit.isdigit() else 0  # bytes; 0: the server names none
        self._must_reset = False  # the server remembers an envelope that came to nothing
        self._body = Body((), 0, True)  # of the letter whose envelope is under way
        self.judged = 0  # letters that the server has answered for on this connection

    async def carry(self, first: Letter, letters: Letters, journal: Journal) -> None:
        """Carries *first* and what follows, and reports every outcome. Returns when there is no more, or when the
        connection has carried its fill. Raises ConnectionLost when it is over before that; whatever letter was in
        hand then has its outcome, or was given back."""
        letter: Letter | None = first
        announced = False
        while letter is not None:
            if not announced and (refusal := self._ours(letter)) is not None:
                journal.outcome(letter.ordinal, refusal)
            elif (refusal := await self._opened(letter, letters, journal, announced=announced)) is not None:
                journal.outcome(letter.ordinal, refusal)
                self._must_reset = True
                self.judged += 1
            else:
                letter, announced = await self._finished(letter, letters, journal)
                if letter is not None or self.is_full:
                    continue
            announced = False
            letter = None if self.is_full else await letters.next()

    @property
    def is_full(self) -> bool:
        return bool(self._most) and self.judged >= self._most

    async def quit(self) -> None:
        try:
            self._wire.write(b"QUIT\r\n")
            await self._wire.reply(self._timeouts.quit)
        except ConnectionLost:
            pass  # it was to be closed anyway
        self._wire.abort()

    def abort(self) -> None:
        self._wire.abort()

    # -------------------------------------------------------------------------------------------- before the dot

    def _ours(self, letter: Letter) -> Refusal | None:
        """Why this letter cannot go to this server, known without asking it. Otherwise its bytes are made ready."""
        envelope = letter.envelope
        refuse_smuggling(envelope)
        if envelope.smtputf8 and not self._utf8:
            return Rejected(Reply(550, "5.6.7", "the mail server takes no addresses outside ASCII (no SMTPUTF8)"))
        body = self._stuffing.of(letter.chunks)
        if self._limit and body.size > self._limit:
            return Rejected(Reply(552, "5.3.4", f"a letter of {body.size} bytes; the mail server takes {self._limit}"))
        self._body = body
        return None

    async def _opened(self, letter: Letter, letters: Letters, journal: Journal, *, announced: bool) -> Refusal | None:
        """Envelope and body are out (None), or the server refuses the envelope. Raises ConnectionLost."""
        try:
            if self._pipelining:
                if not announced:
                    self._wire.write(self._envelope(letter))
                refusal = await self._envelope_answers(letter)
            else:
                refusal = await self._lockstep(letter)
            if refusal is None:
                self._wire.write(*self._body.parts)
                if self._wire.is_full or self._wire.lost:
                    await self._wire.drain(self._timeouts.block)
            return refusal
        except (ConnectionLost, Refused) as error:
            self._abandon(letter, letters, journal, error)
            raise ConnectionLost(str(error)) from error

    def _abandon(self, letter: Letter, letters: Letters, journal: Journal, error: ConnectionLost | Refused) -> None:
        """A connection that ends before the dot has delivered nothing. One that has carried others may just be at
        its end; on a fresh one it is about this letter, or this moment."""
        self.abort()
        if self.judged:
            letters.give_back(letter)
        else:
            reply = error.reply if isinstance(error, Refused) else Reply(421, "4.4.2", str(error))
            journal.outcome(letter.ordinal, Deferred(reply))

    def _commands(self, letter: Letter) -> tuple[bytes, bytes]:
        """MAIL and RCPT, with their line ends."""
        envelope, body = letter.envelope, self._body
        mail = f"MAIL FROM:<{envelope.sender}>"
        rcpt = f"RCPT TO:<{envelope.recipient}>"
        if self._size:
            mail += f" SIZE={body.size}"
        if self._eight_bit and not body.is_ascii:
            mail += " BODY=8BITMIME"
        if envelope.smtputf8:
            mail += " SMTPUTF8"
        if self._dsn:
            # RFC 3461: what comes back names the letter and the reader as we know them, and quotes no body.
            mail += f" RET=HDRS ENVID={_xtext(letter.message_id.strip('<>'))}"
            rcpt += " NOTIFY=FAILURE"
            if envelope.recipient.isascii():
                rcpt += f" ORCPT=rfc822;{_xtext(envelope.recipient)}"
        return mail.encode() + b"\r\n", rcpt.encode() + b"\r\n"

    def _envelope(self, letter: Letter) -> bytes:
        mail, rcpt = self._commands(letter)
        return (b"RSET\r\n" if self._must_reset else b"") + mail + rcpt + b"DATA\r\n"

    async def _envelope_answers(self, letter: Letter) -> Refusal | None:
        """To what `_envelope` wrote."""
        command, reply = self._timeouts.command, self._wire.reply
        if self._must_reset:
            self._judge(await reply(command), letter)
            self._must_reset = False
        mail = self._judge(await reply(command), letter)
        rcpt = self._judge(await reply(command), letter)
        data = self._judge(await reply(self._timeouts.data), letter)
        for said in (mail, rcpt):
            if said is not None and said.code // 100 != 2:
                if data is None:
                    # DATA went through although nobody is left to get it: a lone dot ends it (RFC 2920 section 3.1).
                    self._wire.write(b".\r\n")
                    self._judge(await reply(self._timeouts.dot), letter)
                return _refusal(said)
        return None if data is None else _refusal(data)

    async def _lockstep(self, letter: Letter) -> Refusal | None:
        mail, rcpt = self._commands(letter)
        commands = [(mail, 2), (rcpt, 2), (b"DATA\r\n", 3)]
        if self._must_reset:
            commands.insert(0, (b"RSET\r\n", 2))
            self._must_reset = False
        for command, wanted in commands:
            self._wire.write(command)
            timeout_s = self._timeouts.data if wanted == 3 else self._timeouts.command
            reply = self._judge(await self._wire.reply(timeout_s), letter)
            if (3 if reply is None else reply.code // 100) != wanted:
                return Deferred(Reply(421, "4.5.0", "an answer out of order")) if reply is None else _refusal(reply)
        return None

    def _judge(self, lines: list[bytes], letter: Letter) -> Reply | None:
        """None: go on with the body (354). Raises Refused for a server that hangs up, ConnectionLost for nonsense."""
        code = lines[-1][:3]
        if code == b"354":
            return None
        if code == b"250":
            return _OK
        reply = _read(lines, letter)
        if reply.code == 421:  # may come at any time; the server hangs up after it (RFC 5321 section 3.8)
            raise Refused(reply)
        return reply

    # -------------------------------------------------------------------------------------------- the dot

    async def _finished(self, letter: Letter, letters: Letters, journal: Journal) -> tuple[Letter | None, bool]:
        """The dot of *letter*, and its outcome. Gives the letter whose envelope left with the dot, and True."""
        follower = self._follower(letters, journal)
        if not await journal.may_finish(letter.ordinal):
            self.abort()  # no dot: the server throws away what it has
            self._drop(follower, letters)
            raise Withdrawn("the letter was stopped before its end")
        try:
            self._wire.write(b".\r\n" if follower is None else b".\r\n" + self._envelope(follower))
        except ConnectionLost as error:
            # The dot never left this machine: the letter was not delivered.
            journal.outcome(letter.ordinal, Deferred(Reply(421, "4.4.2", str(error))))
            self._drop(follower, letters)
            raise
        try:
            outcome, is_last = await self._verdict(letter)
        except ConnectionLost as error:
            self.abort()
            journal.outcome(letter.ordinal, Unknown(f"no answer to the end of the letter: {error}"))
            self._drop(follower, letters)
            raise
        except BaseException:
            journal.outcome(letter.ordinal, Unknown("interrupted before the answer to the end of the letter"))
            raise
        journal.outcome(letter.ordinal, outcome)
        self.judged += 1
        if is_last:
            self.abort()
            self._drop(follower, letters)
            raise ConnectionLost("the server ended the connection")
        return follower, follower is not None

    def _follower(self, letters: Letters, journal: Journal) -> Letter | None:
        """The letter whose envelope leaves along with this one's dot."""
        if not self._pipelining or (self._most and self.judged + 1 >= self._most):
            return None
        while (letter := letters.take()) is not None:
            refusal = self._ours(letter)
            if refusal is None:
                return letter
            journal.outcome(letter.ordinal, refusal)
        return None

    async def _verdict(self, letter: Letter) -> tuple[Outcome, bool]:
        """The answer to the dot, and whether it is the last thing the server says."""
        reply = _read(await self._wire.reply(self._timeouts.dot), letter)
        outcome = outcome_of(reply)
        if outcome is None:
            return Unknown(f"the end of the letter was answered with {reply}"), True
        return outcome, reply.code == 421

    def _drop(self, follower: Letter | None, letters: Letters) -> None:
        if follower is not None:
            letters.give_back(follower)


_OK = Reply(250)
_NO_XTEXT = re.compile(r"[^!-*,-<>-~]")


def _read(lines: list[bytes], letter: Letter) -> Reply:
    try:
        return read_reply(lines, letter.envelope.recipient)
    except ValueError as error:
        raise ConnectionLost(str(error)) from error


def _refusal(reply: Reply) -> Refusal:
    outcome = outcome_of(reply)
    if isinstance(outcome, Deferred | Rejected):
        return outcome
    return Deferred(reply)  # 2xx or 3xx where it makes no sense: nothing was delivered


def _xtext(text: str) -> str:
    """RFC 3461 section 4."""
    return _NO_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)
