"""Reading in a process that may be killed: the deadline holds, the others go on, faults keep their words."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from digest.collect import parse_feed
from digest.collect.worker import Workers
from digest.errors import ReadError, SourceError


def sleep_long() -> None:
    time.sleep(60)


def die() -> None:
    os._exit(9)


def stumble() -> None:
    raise KeyError("href")


def chatter(text: str) -> str:
    print("a library says hello")
    return text.upper()


def swell() -> int:
    return len(bytearray(8 << 30))


async def ask(function, *args, count: int = 1, deadline_s: float = 10.0):
    async with Workers(count, deadline_s=deadline_s) as workers:
        return await workers.run(function, *args)


def test_the_answer_comes_back_whatever_a_library_prints():
    assert asyncio.run(ask(chatter, "feed")) == "FEED"


def test_what_hangs_is_ended_at_the_deadline_and_the_next_is_read():
    async def both():
        async with Workers(1, deadline_s=1.5) as workers:
            began = time.perf_counter()
            with pytest.raises(ReadError, match=r"within 1\.5 seconds"):
                await workers.run(sleep_long)
            return time.perf_counter() - began, await workers.run(chatter, "next")

    took, answer = asyncio.run(both())
    assert took < 10
    assert answer == "NEXT"


def test_a_process_that_dies_is_an_error_of_that_reading_only():
    async def both():
        async with Workers(1) as workers:
            with pytest.raises(ReadError, match="died of it"):
                await workers.run(die)
            return await workers.run(chatter, "next")

    assert asyncio.run(both()) == "NEXT"


def test_a_fault_of_ours_names_itself():
    with pytest.raises(ReadError, match=r"KeyError.*href"):
        asyncio.run(ask(stumble))


def test_more_memory_than_a_page_may_take_is_refused():
    with pytest.raises(ReadError, match="MemoryError"):
        asyncio.run(ask(swell))


def test_a_known_fault_keeps_its_type_and_hint():
    with pytest.raises(SourceError, match="is empty") as caught:
        asyncio.run(ask(parse_feed, b""))
    assert "open the address" in caught.value.hint


def test_two_are_read_at_the_same_time():
    async def both():
        async with Workers(2) as workers:
            await asyncio.gather(workers.run(chatter, "a"), workers.run(chatter, "b"))
            return len(workers._idle)

    assert asyncio.run(both()) == 2
