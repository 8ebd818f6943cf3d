"""Who is at work in this newsletter: files under ``var/lock/``, held by flock.

The kernel frees a lock the instant its process dies, so a dead owner is known at once, with no time-out and no
process number to mistake for another's.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from digest.errors import SendError
from digest.folders import make_private

FOLDER = Path("var") / "lock"
SENDING = "send.lock"
TIMER = "timer.lock"


class AtWork(SendError):
    """Another process sends from this newsletter."""


def _open(path: Path) -> int:
    # Not inherited by children (PEP 446): a child would keep a dead owner's lock.
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def sending(folder: Path, slug: str = "") -> Iterator[None]:
    """Held while this process sends the issue *slug* from *folder*, or ('') has nobody send. Raises AtWork when another
    one does."""
    directory = folder / FOLDER
    make_private(directory)
    descriptor = _open(directory / SENDING)
    try:
        try:
            _take(descriptor)
        except BlockingIOError as error:
            process, _ = _written(descriptor)
            raise AtWork(
                f"another `digest send` is at work in this newsletter{f' (process {process})' if process else ''}",
                hint="wait for it, or look with `digest status`; `digest pause` makes it stop",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {slug}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def only_timer(folder: Path, now: datetime) -> Iterator[bool]:
    """Whether no other `send --due` is under way in *folder*; none begins before the block ends. That one looked at
    *now* is remembered."""
    directory = folder / FOLDER
    make_private(directory)
    descriptor = _open(directory / TIMER)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            os.utime(descriptor, (now.timestamp(), now.timestamp()))
            yield True
    finally:
        os.close(descriptor)


def timer_looked(folder: Path) -> datetime | None:
    """When a `send --due` last looked what is due in *folder*; None: none ever did."""
    try:
        return datetime.fromtimestamp((folder / FOLDER / TIMER).stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _take(descriptor: int) -> None:
    """Raises BlockingIOError when another process holds it, and does not only look, as `at_work` does."""
    for patience in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if patience == 4:
                raise
            time.sleep(0.005)


def at_work(folder: Path, slug: str = "") -> int | None:
    """The process that sends mail from *folder* now, of the issue *slug* where one is named; None: none does."""
    found = _holder(folder)
    return None if found is None or slug not in ("", found[1]) else found[0]


def issue_at_work(folder: Path) -> str:
    """The issue that is sent from *folder* now; '' for none."""
    found = _holder(folder)
    return "" if found is None else found[1]


def _holder(folder: Path) -> tuple[int, str] | None:
    """The process that holds the lock, and the issue it sends."""
    try:
        descriptor = os.open(folder / FOLDER / SENDING, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _written(descriptor)
    finally:
        os.close(descriptor)


def _written(descriptor: int) -> tuple[int, str]:
    """The process and the issue that stand in the lock; 0 and '' for none: its owner has only just taken it."""
    process, _, slug = os.pread(descriptor, 256, 0).decode("utf-8", "replace").strip().partition(" ")
    return int(process or 0), slug


@contextmanager
def owner(folder: Path, kind: str) -> Iterator[str]:
    """A new name, beginning with *kind*, under which to lease deliveries; alive until the block ends or the
    process dies."""
    directory = folder / FOLDER
    make_private(directory)
    name = f"{kind}-{os.getpid()}-{secrets.token_hex(4)}"
    descriptor = _open(directory / name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield name
        (directory / name).unlink()
    finally:
        os.close(descriptor)


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process that took *name* still holds it. Throws a dead owner's file away."""
    path = folder / FOLDER / name
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
