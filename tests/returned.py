"""Messages that came back, each with the answer expected of it, and the newsletter whose letters they were.

The files in tests/data/returns are ours, in the shapes that mail servers and programs write. They carry the marks that
KEY makes for READERS, by the numbers of their lines here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.dispatch import keys
from digest.dispatch.mailbox import Message
from digest.dispatch.returns import Report, ingest
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, send

FOLDER = Path(__file__).parent / "data" / "returns"
KEY = b"k" * 32
READERS = (
    "sam.reed@reader.example",
    "ana.ruiz@harbour.example",
    "jo@mail.example",
    "k.weiss@post.example",
    "li.chen@office.example",
    "marie.dubois@courrier.example",
    "luca.ferri@posta.example",
    "h.sato@denki.example",
    "pilar@correo.example",
    "o'neil+news@isle.example",
    "jörg@xn--kln-sna.example",
    "vera@company.example",
)
RETURNS = '[bounces]\naddress = "bounces@news.example"\n'


def answers() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / "answers.jsonl").read_text("utf-8").splitlines()]


def message(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def make_returns(folder: Path, readers: Sequence[str] = READERS) -> None:
    """The newsletter, its issue accepted for all *readers*, with KEY."""
    (folder / "keys").mkdir(parents=True, mode=0o700)
    (folder / "keys" / "message.key").write_bytes(KEY)
    make_newsletter(folder, readers)
    with (folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write(RETURNS)
    send(folder, Maildir(folder / "var" / "outbox" / SLUG))


@dataclass(frozen=True)
class Listed:
    """Messages in memory as a mailbox."""

    data: Sequence[bytes]
    name: str = "listed"

    def messages(self, after: str = "") -> Iterator[Message]:
        yield from (Message(str(number), data) for number, data in enumerate(self.data))

    def position(self, last: Message) -> str:
        return ""

    def done(self, read: Sequence[Message]) -> None:
        pass


def take_in(folder: Path, *data: bytes, at: datetime = NOW) -> Report:
    with open_store(folder) as store:
        return ingest(folder, store, Listed(data), now=at)


def blocks(folder: Path) -> dict[str, str]:
    """Address -> its block, or "left"; who gets mail is missing."""
    with open_store(folder) as store:
        people = store.subscribers.all()
    found = {str(p.address): "left" if p.membership == "unsubscribed" else p.block for p in people}
    return {address: what for address, what in found.items() if what != "none"}


def returned(reader: int, status: str, words: str, *, slug: str = SLUG, action: str = "failed", to: str = "") -> bytes:
    """A delivery report of the letter to reader number *reader* (from 1); *to*: where it is sent, with its mark."""
    to = to or f"bounces+{keys.bounce_token(slug, reader, KEY)}@news.example"
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.receiver.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.receiver.example

Final-Recipient: rfc822; somebody@elsewhere.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b--
""".encode()
