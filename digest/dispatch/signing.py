"""Who signs, and where: the newsletter's own key, and the threads in which letters are signed while others leave.

A signature costs as much as all else a letter needs. Only RSA itself, which runs outside Python's lock, is done in
threads, one for each core: what they did besides would be waited for by the loop that sends.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from digest.config import Config
from digest.dispatch.keys import load_dkim_key
from digest.model import Letter
from digest.send.dkim import Prepared, Signer
from digest.send.relays import OWN_ID, profile_of

THREADS = os.cpu_count() or 1
AHEAD = 4 * THREADS  # letters being signed, or signed and waiting


def signer_of(folder: Path, config: Config) -> Signer | None:
    """What signs the newsletter's letters; None where the relay does. Raises StoreError when the key is missing, and
    SendError when it is none."""
    pem = pem_of(folder, config)
    return None if pem is None else signer_for(pem, config)


def pem_of(folder: Path, config: Config) -> bytes | None:
    """The key that the newsletter's letters are signed with; None where the relay signs. Raises StoreError."""
    return load_dkim_key(folder, config.dkim.selector) if config.dkim.sign == "own" else None


def signer_for(pem: bytes, config: Config) -> Signer:
    """What signs with the key *pem*. Raises SendError when it is none."""
    profile = profile_of(config.smtp)
    return Signer(
        pem,
        config.signing_domain,
        config.dkim.selector,
        unsigned=profile.writes,
        more=() if profile.keeps_message_id else (OWN_ID,),
    )


def signed_one(folder: Path, config: Config, letter: Letter) -> Letter:
    """One *letter* as it leaves, signed where the newsletter signs. Raises as `signer_of` does."""
    signer = signer_of(folder, config)
    return letter if signer is None else signer.sign(letter)


async def signed(letters: AsyncGenerator[Letter, None], signer: Signer) -> AsyncGenerator[Letter, None]:
    """*letters* in their order, signed. A few are drawn ahead, so that no thread is idle; none waits for the next."""
    ahead: deque[_Job] = deque()
    changed, room = asyncio.Event(), asyncio.Event()
    with _Threads(signer, changed.set) as threads:

        async def draw() -> None:
            try:
                async for letter in letters:
                    ahead.append(threads.take(letter))
                    changed.set()
                    while len(ahead) >= AHEAD:
                        room.clear()
                        await room.wait()
            finally:
                changed.set()

        drawing = asyncio.create_task(draw())
        try:
            while ahead or not drawing.done():
                changed.clear()
                if ahead and threads.is_done(ahead[0]):
                    room.set()
                    yield ahead.popleft().result()
                else:
                    await changed.wait()
            await drawing  # what it raised
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)
            await letters.aclose()


@dataclass(slots=True)
class _Job:
    prepared: Prepared
    signed: Letter | None = None
    error: Exception | None = None

    def result(self) -> Letter:
        if self.error is not None:
            raise self.error
        assert self.signed is not None
        return self.signed


class _Threads:
    """They wake the loop only while it waits for a letter: a future for each would cost as much again as its
    signature."""

    def __init__(self, signer: Signer, wake: Callable[[], object]) -> None:
        self._signer = signer
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._awaited: _Job | None = None
        self._closing = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]

    def __enter__(self) -> _Threads:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        for _thread in self._threads:
            self._jobs.put(None)
        for thread in self._threads:  # in a fraction of a millisecond: nobody may wake a loop that is gone
            thread.join()

    def take(self, letter: Letter) -> _Job:
        job = _Job(self._signer.prepare(letter))
        self._jobs.put(job)
        return job

    def is_done(self, job: _Job) -> bool:
        """False: `wake` will be called once it is."""
        self._awaited = job  # before the look: a thread that is done in between wakes us for nothing, at worst
        return job.signed is not None or job.error is not None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closing:
            try:
                job.signed = self._signer.finish(job.prepared)
            except Exception as error:  # raised again where the letter is taken
                job.error = error
            if self._awaited is job:
                self._loop.call_soon_threadsafe(self._wake)
