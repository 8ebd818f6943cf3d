"""A site or a receiver as a process of its own, on a free port, and the loop that kills it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECRET = "a secret of more than sixteen"


@dataclass
class Served:
    """`digest serve` in *folder*."""

    folder: Path
    process: subprocess.Popen[str]
    url: str

    @classmethod
    def start(cls, folder: Path, *options: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "digest", "--project", str(folder), "serve", "--port", "0", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DIGEST_RECEIVER_SECRET": SECRET},
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert " on http://" in line, line
        return cls(folder, process, line.split(" on ")[1].split(" ")[0])

    def post(self, path: str, **fields: str) -> int:
        """The status; 0 when no answer came."""
        data = urllib.parse.urlencode(fields).encode()
        try:
            with urllib.request.urlopen(f"{self.url}{path}", data=data, timeout=20) as answer:
                status: int = answer.status
                answer.read()
                return status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


def leave_under_kills(
    folder: Path, tokens: Sequence[str], *options: str, kills: int, seed: int = 1, clients: int = 4
) -> set[str]:
    """The tokens whose leave was answered 200, while the server of *folder* is killed and started *kills* times."""
    chance, answered = random.Random(seed), set[str]()
    queue, lock = list(tokens), threading.Lock()
    current: list[Served] = [Served.start(folder, *options)]
    over = threading.Event()

    def client() -> None:
        while not over.is_set():
            with lock:
                if not queue:
                    return
                token = queue.pop()
            status = current[0].post(f"/leave/{token}", **{"List-Unsubscribe": "One-Click"})
            with lock:
                if status == 200:
                    answered.add(token)
                else:
                    queue.insert(0, token)
            if not status:
                time.sleep(0.02)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.4))
            current[0].kill()
            current[0] = Served.start(folder, *options)
        time.sleep(0.3)
    finally:
        over.set()
        for thread in threads:
            thread.join()
        current[0].kill()
    return answered
