"""Begins `digest send` as a process of its own, which goes on when whoever began it ends.

Knows the command by its name only. What it says goes to var/issues/ISSUE/send.log, for whoever looks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Lock, Thread

from digest.dispatch.locks import AtWork, at_work
from digest.folders import make_private

LOG = "send.log"
LOOKS_EVERY_S = 0.02
MOST_SAID = 2000  # characters of it that are shown


class Starter:
    """Begins sends of the newsletter in *folder*. Safe to ask from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._lock = Lock()
        self._starting: subprocess.Popen[bytes] | None = None

    @property
    def is_starting(self) -> bool:
        """Whether a send that was begun here neither is at work yet nor has ended."""
        return self._starting is not None

    def begin(self, slug: str, *, who: str) -> None:
        """`digest send SLUG`, in *who*'s name. Raises AtWork while another one is at work."""
        with self._lock:
            if self.is_starting or at_work(self._folder) is not None:
                raise AtWork("another `digest send` is at work in this newsletter", hint="wait for it, or pause it")
            log = self._log(slug)
            make_private(log.parent)
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                self._starting = subprocess.Popen(
                    [*_digest(), "--project", str(self._folder), "send", slug, "--yes"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=descriptor,
                    env={**os.environ, "DIGEST_EDITOR": who},
                    start_new_session=True,  # Ctrl-C and a closed terminal end the desk alone
                )
            finally:
                os.close(descriptor)
            Thread(target=self._watch, args=(self._starting,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None and at_work(self._folder) != process.pid:
            time.sleep(LOOKS_EVERY_S)
        self._starting = None
        process.wait()  # no dead process is left lying

    def said(self, slug: str) -> str:
        """What the last send begun for *slug* said of trouble, the end of it; '' for nothing."""
        try:
            return self._log(slug).read_text("utf-8", "replace").strip()[-MOST_SAID:]
        except FileNotFoundError:
            return ""

    def _log(self, slug: str) -> Path:
        return self._folder / "var" / "issues" / slug / LOG


def _digest() -> list[str]:
    """The command line of this very program. A module of the newsletter's folder is never taken for one of Python's."""
    here = Path(__file__).resolve().parent.parent.parent
    return [sys.executable, *([] if Path.cwd() == here else ["-P"]), "-m", "digest"]
