"""A recording SMTP server for delivery tests: loopback only, standard library only.

It writes one JSON line for each message at the moment it accepts it (the final dot is seen), before the reply goes
out; so a sender killed between dot and reply is known to have delivered, which is the only doubt SMTP leaves.

    python tests/smtp_sink.py --log accepted.jsonl [--port 2527] [--fault tempfail:0.02] [--fault drop-in-data:0.01]
        [--fault drop-after-accept:0.01] [--reply-delay MS] [--max-per-connection N] [--seed N]

Prints the port once it listens; SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
from pathlib import Path

MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^>]*>)", re.IGNORECASE | re.MULTILINE)


class Sink:
    def __init__(self, options: argparse.Namespace) -> None:
        self.faults = {name: float(share) for name, share in (fault.split(":") for fault in options.fault)}
        self.reply_delay_s = options.reply_delay / 1000
        self.max_per_connection = options.max_per_connection
        self._random = random.Random(options.seed)
        self._log = Path(options.log).open("ab", buffering=0)  # noqa: SIM115 - open as long as the sink lives

    def strikes(self, fault: str) -> bool:
        return self._random.random() < self.faults.get(fault, 0)

    def accept(self, recipient: bytes, message: bytes) -> None:
        found = MESSAGE_ID.search(message[: message.find(b"\r\n\r\n") + 2])
        line = {
            "recipient": recipient.decode("utf-8", "replace"),
            "message_id": found[1].decode() if found else None,
            "bytes": len(message),
            "bare_lf": message.count(b"\n") - message.count(b"\r\n"),
            "longest_line": max(map(len, message.split(b"\r\n"))),
        }
        self._log.write(json.dumps(line).encode() + b"\n")


class Dialogue(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.buffer = bytearray()
        self.in_data = self.dead = False
        self.recipient = b""
        self.accepted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
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
        while not self.dead:
            end = self.buffer.find(b"\r\n.\r\n") if self.in_data else self.buffer.find(b"\r\n")
            if end < 0:
                return
            taken = bytes(self.buffer[:end])
            del self.buffer[: end + (5 if self.in_data else 2)]
            if self.in_data:
                self.in_data = False
                self.message(taken.replace(b"\r\n..", b"\r\n.") + b"\r\n")
            else:
                self.command(taken)

    def message(self, message: bytes) -> None:
        sink = self.sink
        if sink.strikes("drop-in-data"):
            self.hang_up()  # never accepted
        elif sink.strikes("tempfail"):
            self.say(b"451 4.3.0 try later")
        else:
            sink.accept(self.recipient, message)
            self.accepted += 1
            if sink.strikes("drop-after-accept"):
                self.hang_up()  # accepted, and the sender never hears of it
            elif sink.reply_delay_s:
                asyncio.get_running_loop().call_later(sink.reply_delay_s, self.say, b"250 2.0.0 Ok")
            else:
                self.say(b"250 2.0.0 Ok")

    def command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.say(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 52428800")
        elif verb == b"MAIL" and self.sink.max_per_connection and self.accepted >= self.sink.max_per_connection:
            self.say(b"421 4.7.0 enough on this connection")
            self.transport.close()
            self.dead = True
        elif verb == b"RCPT":
            self.recipient = line[8:].split(b">")[0].lstrip(b"<")
            self.say(b"250 2.1.5 Ok")
        elif verb == b"DATA":
            self.in_data = True
            self.say(b"354 go on")
        elif verb == b"QUIT":
            self.say(b"221 2.0.0 Bye")
            self.transport.close()
            self.dead = True
        elif verb in (b"MAIL", b"RSET", b"NOOP", b"HELO"):
            self.say(b"250 2.0.0 Ok")
        else:
            self.say(b"502 5.5.2 not implemented")


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
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
