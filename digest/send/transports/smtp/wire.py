"""Reply lines in, bytes out. Knows no command."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from typing import cast

from digest.send.replies import is_last_line

MAX_REPLY = 64 * 1024  # bytes of one reply; a server that says more is broken
SEND_BUFFER = 256 * 1024  # bytes the system takes at once, so that a letter is one write
AT_ONCE = 1024  # pieces in one write: IOV_MAX of Linux and macOS
_USUAL = frozenset({b"250 ", b"354 "})  # nearly every line, and the last of its reply


class ConnectionLost(Exception):
    """The connection is gone, or the server speaks no SMTP. ``str()`` says which."""


class Wire(asyncio.BufferedProtocol):
    """One connection. Whoever awaits it is the only one who does."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.lost: str | None = None  # why there is no connection any more; None: there is one
        self._loop = asyncio.get_running_loop()
        self._socket = -1  # to be written to directly; -1: only through the transport, which encrypts
        self._received = memoryview(bytearray(16 * 1024))  # a buffer of its own: asyncio's costs 256 KB a read
        self._rest = b""  # of a line that has not ended
        self._lines: list[bytes] = []  # of a reply that has not ended
        self._replies: deque[list[bytes]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.is_full = False  # the system takes no more bytes for now
        self._deadline = 0.0
        self._alarm: asyncio.TimerHandle | None = None

    # -------------------------------------------------------------------------------------------- asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        self._socket = -1 if sock is None or transport.get_extra_info("sslcontext") else sock.fileno()
        if sock is not None:
            # Without it the short segment with the dot waits 40 ms for the server's delayed ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def encrypted(self, transport: asyncio.Transport) -> None:
        """From now on everything goes through *transport*."""
        self.transport = transport
        self._socket = -1

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        lines = (self._rest + self._received[:nbytes]).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = lines.pop()
        try:
            for line in lines:
                self._lines.append(line)
                if line[:4] in _USUAL or is_last_line(line):
                    self._replies.append(self._lines)
                    self._lines = []
        except ValueError as error:
            self._fail(str(error))
            return
        if (self._rest or self._lines) and len(self._rest) + sum(map(len, self._lines)) > MAX_REPLY:
            self._fail("the server's reply does not end")
        elif self._replies:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or (f"the connection was lost: {exc}" if exc else "the server closed the connection")
        if self._alarm is not None:
            self._alarm.cancel()
        self._wake()

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False
        self._wake()

    # -------------------------------------------------------------------------------------------- the dialogue's calls

    def write(self, *parts: bytes) -> None:
        """All of *parts*; many of them are not made one where the system does that by itself."""
        if self.transport is None or self.lost or self.transport.is_closing():
            raise ConnectionLost(self.lost or "the connection is closed")
        sent = 0  # bytes
        if self._socket >= 0 and len(parts) <= AT_ONCE and not self.transport.get_write_buffer_size():
            try:
                sent = os.writev(self._socket, parts)
            except OSError:
                sent = 0  # it is full, or gone: the transport finds out, and deals with it
        if sent < sum(map(len, parts)):
            self.transport.write(b"".join(parts)[sent:])

    async def drain(self, timeout_s: float) -> None:
        """Returns once the system has taken the better part of what was written."""
        while self.is_full and not self.lost:
            await self._wait(timeout_s)
        if self.lost:
            raise ConnectionLost(self.lost)

    async def reply(self, timeout_s: float) -> list[bytes]:
        """The next whole reply, as lines. Raises ConnectionLost."""
        while not self._replies:
            if self.lost:
                raise ConnectionLost(self.lost)
            await self._wait(timeout_s)
        return self._replies.popleft()

    @property
    def has_unread(self) -> bool:
        return bool(self._rest or self._lines or self._replies)

    def abort(self) -> None:
        self._fail("the connection is closed")

    # -------------------------------------------------------------------------------------------- waiting

    async def _wait(self, timeout_s: float) -> None:
        self._deadline = self._loop.time() + timeout_s
        # One alarm serves many waits: a timer for each would cost more than the wait.
        if self._alarm is None or self._alarm.when() > self._deadline:
            self._ring_at(self._deadline)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _ring_at(self, when: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline - 0.001:
            self._ring_at(self._deadline)
        elif self.is_full:
            self._fail("the server takes no more bytes in the time it has")
        else:
            self._fail("the server does not answer in the time it has")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, why: str) -> None:
        self.lost = self.lost or why
        if self.transport is not None:
            self.transport.abort()
        self._wake()
