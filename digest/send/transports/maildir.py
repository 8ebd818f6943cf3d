"""Letters as files: the transport that needs no server.

``outbox/ISSUE/{tmp,new,cur}`` is a Maildir that any mail program opens. A letter's final name is derived
from its ordinal and Message-ID, so carrying the same letter again changes nothing: the name *is* the
proof of delivery. They hold an address, a name and what lets a reader leave: for the owner's eyes only.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import suppress
from pathlib import Path

from digest.errors import SendError
from digest.folders import make_private
from digest.model import Accepted, Letter
from digest.send.transports.seam import STORED, Journal

BATCH = 64  # letters written, synced and renamed together


class Maildir:
    """Writes each letter once below *folder*. One process at a time."""

    repeats_safely = True  # carrying a letter again delivers it no second time: doubt is settled by looking

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def reach(self) -> None:
        """Nobody has to be there: `carry` makes the folder."""

    def halt(self) -> None:
        """Files are quick: the letters end by themselves, and no dot is granted."""

    async def carry(self, letters: AsyncIterator[Letter], journal: Journal) -> None:
        """Raises SendError when the folder cannot be written to (a full disk, missing rights)."""
        try:
            stored = await asyncio.to_thread(self._open)
            async for batch in _batches(letters):
                fresh = [letter for letter in batch if _name(letter) not in stored]
                await asyncio.to_thread(self._write, fresh)
                granted = await asyncio.gather(*(journal.may_finish(letter.ordinal) for letter in batch))
                may = {letter.ordinal for letter, grant in zip(batch, granted, strict=True) if grant}
                await asyncio.to_thread(self._publish, fresh, may)
                for letter in batch:
                    if letter.ordinal in may:
                        journal.outcome(letter.ordinal, Accepted(STORED))
        except OSError as error:
            raise SendError(
                f"the outbox {self.folder} cannot be written: {error.strerror or error}",
                hint="free some space or mend the folder's rights, then send again: nothing is doubled",
            ) from error

    def _open(self) -> set[str]:
        """The names already delivered. Whatever a killed run left in tmp is thrown away."""
        make_private(self.folder)
        for place in (self.folder, *(self.folder / name for name in ("tmp", "new", "cur"))):
            place.mkdir(exist_ok=True, mode=0o700)
            if place.stat().st_mode & 0o077:  # made by an older version
                with suppress(PermissionError):  # not ours to change: `digest doctor` says so
                    place.chmod(0o700)
        for left in (self.folder / "tmp").iterdir():
            left.unlink()
        # A mail program moves what it has shown to cur, and adds ":2,S" to the name.
        return {e.name.split(":")[0] for box in ("new", "cur") for e in os.scandir(self.folder / box)}

    def _write(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            draft = os.open(self.folder / "tmp" / _name(letter), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(draft, "wb") as file:
                file.writelines(letter.chunks)
                file.flush()
                os.fsync(file.fileno())  # the bytes before the name: else a power cut leaves an empty letter

    def _publish(self, letters: Sequence[Letter], may: Set[int]) -> None:
        for letter in letters:
            written = self.folder / "tmp" / _name(letter)
            if letter.ordinal in may:
                written.rename(self.folder / "new" / written.name)
            else:
                written.unlink()
        directory = os.open(self.folder / "new", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _name(letter: Letter) -> str:
    return f"{letter.ordinal:06d}.{hashlib.sha256(letter.message_id.encode()).hexdigest()[:12]}.eml"


async def _batches(letters: AsyncIterator[Letter]) -> AsyncIterator[list[Letter]]:
    batch: list[Letter] = []
    async for letter in letters:
        batch.append(letter)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
