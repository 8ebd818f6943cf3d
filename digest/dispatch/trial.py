"""A test letter: the issue as it would arrive, to one address, outside the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from digest.address import Address
from digest.config import Config
from digest.dispatch import keys
from digest.dispatch.letters import Mailroom
from digest.errors import SendError
from digest.model import Accepted, Letter, Outcome, Rendered, Unknown
from digest.send.transports.seam import Transport

MARK = "[Test] "
TOKEN = "0" * 32  # nobody's: the links in a test take no one off the list


def send_test(
    folder: Path, config: Config, rendered: Rendered, address: Address, transport: Transport, *, now: datetime
) -> None:
    """Mails the first variant of *rendered*, its subject marked, to *address*. Raises SendError unless accepted."""
    first = rendered.variants[0]
    marked = replace(rendered, variants=(replace(first, subject=MARK + first.subject),))
    letter = Mailroom(config, marked, keys.load(folder).message).letter(
        ordinal=0,
        subscriber=0,
        address=address,
        name="",
        token=TOKEN,
        variant=first.key,
        date=now,
        thread=f"{rendered.issue}.test.{now:%Y%m%dt%H%M%S%f}",  # two tests are two letters
    )
    book = _Book()
    asyncio.run(transport.carry(_only(letter), book))
    if isinstance(book.answer, Accepted):
        return
    if book.answer is None or isinstance(book.answer, Unknown):
        why = book.answer.why if book.answer else "no answer"
        raise SendError(f"nobody can know whether the test to {address} arrived: {why}", hint="look into that inbox")
    raise SendError(
        f"the test to {address} was not taken: {book.answer.reply}",
        hint="mend that, or send the test to another address",
    )


async def _only(letter: Letter) -> AsyncIterator[Letter]:
    yield letter


class _Book:
    answer: Outcome | None = None

    async def may_finish(self, ordinal: int) -> bool:
        return True

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        self.answer = outcome
