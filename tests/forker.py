"""`python -m MODULE` as a process of its own, without the second its imports take.

One process imports everything once and then forks for each call. What it forks is a process like any other: its own
environment, folder, standard streams, signals and exit code; only the seed of its hashes is the others'.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
MOST = 1 << 17  # bytes of one request
IMPORTED = """
digest.cli.common digest.cli.deliveries digest.cli.editing digest.cli.excerpts digest.cli.keeping digest.cli.sending
digest.cli.setup digest.cli.sources digest.cli.subscribers digest.cli.telling digest.cli.watching digest.cli.weekly
digest.cli.working digest.dispatch.cluster.coordinator digest.dispatch.cluster.worker digest.collect.feeds
digest.collect.http digest.collect.pages digest.condense.summarize digest.dispatch.backup digest.dispatch.evidence
digest.dispatch.local digest.render.check digest.render.email digest.send.transports.maildir
digest.send.transports.smtp digest.week digest.web.report asyncio celery celery.concurrency.prefork celery.worker
dateparser email.policy premailer py3langid readability redis.asyncio rich.table sqlite_utils sumy.parsers.plaintext
trafilatura tests.smtp_sink tests.dispatch_newsletter
""".split()


class Child:
    """A process that was forked; speaks of its end as `subprocess.Popen` does."""

    def __init__(self, news: socket.socket) -> None:
        self._news = news
        self.pid = int(news.recv(64))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float = 120) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def _look(self, timeout_s: float) -> int | None:
        if self.returncode is None and select.select([self._news], [], [], timeout_s)[0]:
            self.returncode = int(self._news.recv(64))
            self._news.close()
        return self.returncode


def start(
    module: str,
    args: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stdin: int | IO[str] = subprocess.DEVNULL,
    stdout: int | IO[str] = subprocess.DEVNULL,
    stderr: int | IO[str] | None = None,
    new_session: bool = False,
) -> Child:
    """Begins `python -m MODULE ARGS`."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = {
        "module": module,
        "args": list(args),
        "env": dict(os.environ if env is None else env),
        "cwd": str(cwd),
        "session": new_session,
    }
    with its, Path(os.devnull).open("r+b") as nothing:
        streams = [
            sys.__stderr__ if stream is None else nothing if stream == subprocess.DEVNULL else stream
            for stream in (stdin, stdout, stderr)
        ]
        numbers = [stream if isinstance(stream, int) else stream.fileno() for stream in streams if stream is not None]
        socket.send_fds(_server(os.getpid()), [json.dumps(request).encode()], [*numbers, its.fileno()])
    return Child(mine)


@cache
def _server(_owner: int) -> socket.socket:
    """The line to the process that forks for us. It ends when this one does."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forker", str(its.fileno())],
            cwd=ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process with threads is not to be forked
        )

    def end() -> None:
        mine.close()
        process.wait()

    atexit.register(end)
    return mine


# ------------------------------------------------------------------------------------------------ the other side


def _serve(line: socket.socket) -> str:
    """Forks for each request until *line* ends. Returns in the forked process, with the module to run."""
    for module in IMPORTED:
        import_module(module)
    gc.freeze()
    wake, waker = os.pipe2(os.O_NONBLOCK)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, and those close the line
    news: dict[int, socket.socket] = {}
    while True:
        ready = select.select([line, wake], [], [])[0]
        if wake in ready:
            os.read(wake, 4096)
            _bury(news)
        if line not in ready:
            continue
        data, numbers, *_ = socket.recv_fds(line, MOST, 4)
        if not data:
            sys.exit()
        child = os.fork()
        if not child:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.close(wake)
            os.close(waker)
            for other in (line, *news.values()):
                other.close()
            return _become(json.loads(data), numbers)
        for number in numbers[:3]:
            os.close(number)
        news[child] = socket.socket(fileno=numbers[3])
        news[child].send(str(child).encode())


def _bury(news: dict[int, socket.socket]) -> None:
    """Tells of every child that ended."""
    with suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            with news.pop(child) as told, suppress(OSError):
                told.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: Mapping[str, object], numbers: Sequence[int]) -> str:
    if request["session"]:
        os.setsid()
    for stream, number in enumerate(numbers[:3]):
        os.dup2(number, stream)
    for number in numbers:
        os.close(number)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = ["", *request["args"]]  # type: ignore[misc]
    return str(request["module"])


if __name__ == "__main__":
    runpy.run_module(_serve(socket.socket(fileno=int(sys.argv[1]))), run_name="__main__", alter_sys=True)
