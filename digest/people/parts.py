"""The lists in what was given: one file, or those in an archive that are exports of people.

Nothing is ever unpacked to disk, so no name in an archive leads anywhere; what an archive swells to is counted.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from digest.errors import DigestError
from digest.people.tables import Opened

MOST_MEMBERS = 1000
MOST_SWELLING = 200  # times what it is packed; lists shrink some three to ten times
SMALL = 2**20  # bytes that need no such proof
ENDINGS = (".csv", ".tsv", ".txt")


class BrokenArchive(DigestError):
    """It cannot be unpacked, or not without harm: none of it is taken, for who left may be in the part that is lost."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str  # '' for the file itself
    opened: Opened


def parts_of(opened: Opened, name: str) -> tuple[list[Part], list[str]]:
    """The lists inside, and what is said of the rest. Raises DigestError for an archive that cannot be read."""
    stream = opened()
    try:
        if stream.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            return [Part("", opened)], []
        with _told(name), zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
    finally:
        stream.close()
    if len(infos) > MOST_MEMBERS:
        raise DigestError(f"{name} holds {len(infos)} files", hint="unpack it and import the list of people alone")
    if any(info.filename == "[Content_Types].xml" for info in infos):
        raise DigestError(f"{name} is a workbook", hint="save its sheet as CSV (UTF-8)")
    wanted = [info for info in infos if _is_list(info)]
    if not wanted:
        raise DigestError(
            f"{name} holds no list of people (a .csv)", hint=f"it holds {_some([i.filename for i in infos])}"
        )
    locked = [info.filename for info in wanted if info.flag_bits & 1]
    if locked:
        raise DigestError(
            f"{name}: {_some(locked)} is locked with a password",
            hint="unpack it, import what is in it",
        )
    nested = [info.filename for info in infos if info.filename.lower().endswith((".zip", ".gz", ".tar", ".7z"))]
    said = [f"{_some(nested)}: an archive inside the archive, not looked into"] if nested else []
    return [Part(info.filename, _member(opened, name, info.filename, info.compress_size)) for info in wanted], said


def _is_list(info: zipfile.ZipInfo) -> bool:
    *folders, last = info.filename.replace("\\", "/").split("/")
    return last.lower().endswith(ENDINGS) and not last.startswith(".") and "__MACOSX" not in folders


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5]) or "nothing"
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _member(opened: Opened, name: str, member: str, packed: int) -> Opened:
    def open_member() -> BinaryIO:
        stream = opened()
        try:
            with _told(name):
                archive = zipfile.ZipFile(stream)
                return io.BufferedReader(_Counted(archive, archive.open(member), name, member, packed))
        except BaseException:
            stream.close()
            raise

    return open_member


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What can be wrong with an archive, as DigestError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
        raise BrokenArchive(
            f"{name} cannot be unpacked: {error}", hint="download it again, or unpack it and import its .csv"
        ) from error


class _Counted(io.RawIOBase):
    """A member's bytes, as long as they are no more than what so many packed bytes can honestly hold."""

    def __init__(self, archive: zipfile.ZipFile, source: IO[bytes], name: str, member: str, packed: int) -> None:
        self._archive, self._source, self._name, self._member = archive, source, name, member
        self._left = SMALL + MOST_SWELLING * packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        with _told(self._name):
            data = self._source.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise BrokenArchive(
                f"{self._name}: {self._member} swells to more than {MOST_SWELLING} times its size",
                hint="this is no list of people; where is it from?",
            )
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            stream = self._archive.fp
            self._source.close()
            self._archive.close()
            if stream is not None:
                stream.close()
        super().close()
