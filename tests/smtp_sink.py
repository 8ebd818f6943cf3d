"""A recording SMTP server for delivery tests and benches: loopback only, standard library only.

It writes one JSON line for each message at the moment it accepts it (the final dot is seen), before the reply goes
out; so a sender killed between dot and reply is known to have delivered, which is the only doubt SMTP leaves.

    python tests/smtp_sink.py --log accepted.jsonl [--port 2527] [--fault tempfail:0.02] [--fault drop-in-data:0.01]
        [--fault drop-after-accept:0.01] [--reply-delay MS] [--max-per-connection N] [--seed N] [--no-pipelining]
        [--tls CERT KEY] [--auth USER:PASSWORD] [--refuse REGEX REPLY] [--refuse-dot REGEX REPLY]
        [--hold REGEX N] [--check] [--opened FILE]

Prints the port once it listens; SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import re
import signal
import ssl
import time
from pathlib import Path

MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^>]*>)", re.IGNORECASE | re.MULTILINE)


class Sink:
    def __init__(self, options: argparse.Namespace) -> None:
        self.faults = {name: float(share) for name, share in (fault.split(":") for fault in options.fault)}
        self.reply_delay_s = options.reply_delay / 1000
        self.max_per_connection = options.max_per_connection
        self.check = options.check
        self.refusals = [(re.compile(pattern.encode()), reply.encode()) for pattern, reply in options.refuse]
        self.dot_refusals = [(re.compile(pattern.encode()), reply.encode()) for pattern, reply in options.refuse_dot]
        self.opened = Path(options.opened).open("ab", buffering=0) if options.opened else None  # noqa: SIM115 - as above
        self.held = [(re.compile(pattern.encode()), int(letters)) for pattern, letters in options.hold]
        self.accepted = 0
        self.news = asyncio.Event()
        self.login = base64.b64encode(b"\0" + b"\0".join(options.auth.encode().split(b":", 1))) if options.auth else b""
        self.tls: ssl.SSLContext | None = None
        if options.tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*options.tls)
        self.offers = [b"8BITMIME", b"SIZE 52428800", b"DSN", b"ENHANCEDSTATUSCODES"]
        if not options.no_pipelining:
            self.offers.insert(0, b"PIPELINING")
        self._random = random.Random(options.seed)
        self._log = Path(options.log).open("ab", buffering=0)  # noqa: SIM115 - open as long as the sink lives

    def strikes(self, fault: str) -> bool:
        return bool(self.faults) and self._random.random() < self.faults.get(fault, 0)

    def accept(self, recipient: bytes, message: bytes) -> None:
        found = MESSAGE_ID.search(message, 0, message.find(b"\r\n\r\n") + 2)
        line: dict[str, object] = {
            "at": time.time(),
            "recipient": recipient.decode("utf-8", "replace"),
            "message_id": found[1].decode() if found else None,
            "bytes": len(message),
        }
        if self.check:
            line["bare_lf"] = message.count(b"\n") - message.count(b"\r\n")
            line["longest_line"] = max(map(len, message.split(b"\r\n")))
        self._log.write(json.dumps(line).encode() + b"\n")
        self.accepted += 1
        if self.held:
            self.news.set()
            self.news = asyncio.Event()

    def held_until(self, recipient: bytes) -> int:
        """How many letters must be in before this one's is answered."""
        return max((letters for pattern, letters in self.held if pattern.search(recipient)), default=0)


class Dialogue(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.buffer = bytearray()
        self.searched = 0
        self.in_data = self.dead = self.encrypted = self.waits = self.is_in = False
        self.recipient = b""
        self.accepted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.sink.opened and not self.encrypted:
            self.sink.opened.write(b"one\n")
        if not self.encrypted:
            self.say(b"220 sink ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:
        self.dead = True

    def say(self, line: bytes) -> None:
        if not self.dead:
            self.transport.write(line + b"\r\n")

    def hang_up(self) -> None:
        self.dead = True
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while not self.dead and not self.waits:
            if self.in_data and self.buffer.startswith(b".\r\n"):
                end, after = 0, 3
            elif self.in_data:
                end = self.buffer.find(b"\r\n.\r\n", self.searched)
                after = end + 5
            else:
                end = self.buffer.find(b"\r\n")
                after = end + 2
            if end < 0:
                self.searched = max(0, len(self.buffer) - 4) if self.in_data else 0
                return
            taken = bytes(self.buffer[:end])
            del self.buffer[:after]
            self.searched = 0
            if self.in_data:
                self.in_data = False
                self.message(taken + b"\r\n")
            else:
                self.command(taken)

    def message(self, message: bytes) -> None:
        sink = self.sink
        if sink.strikes("drop-in-data"):
            self.hang_up()  # never accepted
        elif sink.strikes("tempfail"):
            self.say(b"451 4.3.0 try later")
        elif refusal := next((reply for pattern, reply in sink.dot_refusals if pattern.search(self.recipient)), None):
            self.say(refusal)
        else:
            sink.accept(self.recipient, message)
            self.accepted += 1
            if sink.strikes("drop-after-accept"):
                self.hang_up()  # accepted, and the sender never hears of it
            elif sink.held_until(self.recipient) > sink.accepted:
                self.waits = True
                self.holding = asyncio.get_running_loop().create_task(self.hold(sink.held_until(self.recipient)))
            elif sink.reply_delay_s:
                self.waits = True
                asyncio.get_running_loop().call_later(sink.reply_delay_s, self.go_on)
            else:
                self.say(b"250 2.0.0 Ok")

    async def hold(self, letters: int) -> None:
        while self.sink.accepted < letters:
            await self.sink.news.wait()
        self.go_on()

    def go_on(self) -> None:
        self.waits = False
        self.say(b"250 2.0.0 Ok")
        self.data_received(b"")

    def command(self, line: bytes) -> None:
        verb, sink = line[:4].upper(), self.sink
        if verb == b"MAIL":
            if sink.max_per_connection and self.accepted >= sink.max_per_connection:
                self.say(b"421 4.7.0 enough on this connection")
                self.transport.close()
                self.dead = True
                return
            self.recipient = b""
            self.say(b"530 5.7.0 log in first" if sink.login and not self.is_in else b"250 2.1.0 Ok")
        elif verb == b"RCPT":
            recipient = line[8:].split(b">")[0].lstrip(b"<")
            for pattern, reply in sink.refusals:
                if pattern.search(recipient):
                    self.say(reply)
                    return
            self.recipient = recipient
            self.say(b"250 2.1.5 Ok")
        elif verb == b"DATA":
            self.in_data = bool(self.recipient)
            self.say(b"354 go on" if self.in_data else b"554 5.5.1 no valid recipients")
        elif verb == b"EHLO":
            offers = [*sink.offers]
            if sink.tls and not self.encrypted:
                offers.append(b"STARTTLS")
            elif sink.login:
                offers.append(b"AUTH PLAIN")
            self.say(b"".join(b"250-%s\r\n" % offer for offer in [b"sink", *offers[:-1]]) + b"250 " + offers[-1])
        elif verb == b"STAR" and sink.tls:
            self.say(b"220 2.0.0 go ahead")
            self.waits = self.encrypted = True
            self.upgrade = asyncio.get_running_loop().create_task(self.encrypt(sink.tls))
        elif verb == b"AUTH":
            self.is_in = line.split(b" ")[-1] == sink.login
            self.say(b"235 2.7.0 welcome" if self.is_in else b"535 5.7.8 no")
        elif verb == b"QUIT":
            self.say(b"221 2.0.0 Bye")
            self.transport.close()
            self.dead = True
        elif verb in (b"RSET", b"NOOP", b"HELO"):
            self.recipient = b""
            self.say(b"250 2.0.0 Ok")
        else:
            self.say(b"502 5.5.2 not implemented")

    async def encrypt(self, context: ssl.SSLContext) -> None:
        try:
            upgraded = await asyncio.get_running_loop().start_tls(self.transport, self, context, server_side=True)
        except OSError:
            self.dead = True
            return
        assert upgraded is not None
        self.transport = upgraded
        self.waits = False
        self.data_received(b"")


async def serve(options: argparse.Namespace) -> None:
    sink = Sink(options)
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Dialogue(sink), "127.0.0.1", options.port, backlog=512)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await done.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", required=True)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--reply-delay", type=float, default=0, help="milliseconds")
    parser.add_argument("--max-per-connection", type=int, default=0)
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="offer STARTTLS")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="a login is wanted (PLAIN)")
    parser.add_argument("--refuse", nargs=2, action="append", default=[], metavar=("REGEX", "REPLY"), help="at RCPT")
    parser.add_argument(
        "--refuse-dot", nargs=2, action="append", default=[], metavar=("REGEX", "REPLY"), help="after the final dot"
    )
    parser.add_argument(
        "--hold",
        nargs=2,
        action="append",
        default=[],
        metavar=("REGEX", "N"),
        help="that recipient's letter is taken and answered only when N letters are in",
    )
    parser.add_argument("--opened", metavar="FILE", help="gets a line for each connection")
    parser.add_argument("--check", action="store_true", help="look for bare LFs and the longest line, too")
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
