"""One letter outside the ledger: a test, an alert."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from digest.model import Letter, Outcome, Unknown
from digest.send.transports.seam import Transport


def carry_one(letter: Letter, transport: Transport, *, timeout_s: float | None = None) -> Outcome:
    """What the receiver answered; Unknown when it did not, also after *timeout_s*. Raises SendError."""
    book = _Book()

    async def carry() -> None:
        async with asyncio.timeout(timeout_s):
            await transport.carry(_only(letter), book)

    try:
        asyncio.run(carry())
    except TimeoutError:
        return book.answer or Unknown(f"no answer within {timeout_s:g} seconds")
    return book.answer or Unknown("no answer")


async def _only(letter: Letter) -> AsyncIterator[Letter]:
    yield letter


class _Book:
    answer: Outcome | None = None

    async def may_finish(self, ordinal: int) -> bool:
        return True

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        self.answer = outcome
