"""What shares a commit, and who waits for whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence, Set

import pytest

from digest.address import Address
from digest.dispatch import journal
from digest.dispatch.journal import Booked, GroupJournal, Pause
from digest.model import Accepted, Reply
from digest.send.pace import pace_from_json
from digest.store.ledger import LeasedRow
from tests.dispatch_newsletter import NOW

OK = Accepted(Reply(250))


class Disk:
    """Takes *seconds* for each commit, and remembers the intents in it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.commits: list[list[int]] = []

    def merge(self, outcomes: Booked, intents: Sequence[int], pause: Pause | None) -> Set[int]:
        time.sleep(self.seconds)
        self.commits.append(sorted(intents))
        return set(intents)


def kept_by(disk: Disk, letters: int) -> GroupJournal:
    book = GroupJournal(disk.merge, lambda: NOW, pace_from_json(None, 0.0, {}), time.time)
    for ordinal in range(letters):
        reader = Address(f"reader{ordinal}", "example.net")
        book.take_in_hand(LeasedRow(ordinal, ordinal, reader, "", "0" * 32, "", 0, "import"))
    return book


def test_a_slow_disk_writes_down_together_what_comes_up_within_a_commits_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SLOWEST_S", 10.0)
    disk = Disk(0.3)
    book = kept_by(disk, 4)

    async def connection(first: int, answer_s: float) -> None:
        for ordinal in (first, first + 2):
            assert await book.may_finish(ordinal)
            await asyncio.sleep(answer_s)
            book.outcome(ordinal, OK)

    async def run() -> None:
        keeper = asyncio.create_task(book.keep())
        await asyncio.gather(connection(0, 0.001), connection(1, 0.02))
        book.close()
        await keeper

    asyncio.run(run())
    assert [commit for commit in disk.commits if commit] == [[0, 1], [2, 3]]


def test_a_letter_that_gets_no_answer_holds_no_other_up() -> None:
    disk = Disk(0.002)
    book = kept_by(disk, 6)

    async def run() -> None:
        keeper = asyncio.create_task(book.keep())
        assert await book.may_finish(0)  # and its answer never comes
        for ordinal in range(1, 6):
            assert await book.may_finish(ordinal)
            book.outcome(ordinal, OK)
        book.close()
        await keeper

    asyncio.run(asyncio.wait_for(run(), 10))
    assert [commit for commit in disk.commits if commit] == [[n] for n in range(6)]
