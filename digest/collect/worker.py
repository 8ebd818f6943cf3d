"""Strangers' bytes are read in a process of their own, which may be killed.

A feed or page made to hang or swell a parser costs its deadline and nothing else: the others go on. Requests and
answers are pickles between two halves of this program; nothing from outside is unpickled.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from digest.errors import DigestError, ReadError

P = ParamSpec("P")
R = TypeVar("R")

DEADLINE_S = 20.0
MEMORY_BYTES = 2 << 30
_LENGTH = struct.Struct("!Q")


class Workers:
    """A few reading processes, started when first needed; an asynchronous context manager."""

    def __init__(self, count: int | None = None, *, deadline_s: float = DEADLINE_S) -> None:
        self._free = asyncio.Semaphore(count or min(2, os.cpu_count() or 1))
        self._idle: list[asyncio.subprocess.Process] = []
        self._deadline_s = deadline_s

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._idle:
            await _end(process)
        self._idle.clear()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """``function(*args, **kwargs)`` as the other process answers it; a DigestError raised there is raised here.

        *function* stands at the top of a module. Raises ReadError when the deadline passes, the process dies, or
        the function fails in a way nobody expected.
        """
        request = pickle.dumps((function, args, kwargs))
        async with self._free:
            process = self._idle.pop() if self._idle else await _start()
            try:
                async with asyncio.timeout(self._deadline_s):
                    ok, value = pickle.loads(await _ask(process, request))
            except TimeoutError as error:
                await _end(process)
                raise ReadError(f"it could not be read within {self._deadline_s:g} seconds") from error
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                await _end(process)
                raise ReadError("it is too much to read: the reading process died of it") from error
            except BaseException:
                await _end(process)
                raise
            self._idle.append(process)
        if not ok and isinstance(value, DigestError):
            raise value
        if not ok:
            raise ReadError(
                f"reading it failed ({type(value).__name__}: {value})", hint="a bug of this program: please report it"
            ) from value
        return value  # type: ignore[no-any-return]


async def _start() -> asyncio.subprocess.Process:
    here = str(Path(__file__).resolve().parent.parent.parent)
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a file email.py in the newsletter's folder is nothing to us
        "-m",
        "digest.collect.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


async def _ask(process: asyncio.subprocess.Process, request: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_LENGTH.pack(len(request)) + request)
    await process.stdin.drain()
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return await process.stdout.readexactly(length)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()  # closes the pipes and waits


# ------------------------------------------------------------------------------------------- the other side


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    _limit_memory()
    while head := sys.stdin.buffer.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        function, args, kwargs = pickle.loads(sys.stdin.buffer.read(length))
        try:
            answer = pickle.dumps((True, function(*args, **kwargs)))
        except Exception as error:  # raised again, with its type, where it was asked
            answer = pickle.dumps((False, error))
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


if __name__ == "__main__":
    _serve()
