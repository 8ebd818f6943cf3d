"""What readers asked for on the site, on disk before they are told so: var/inbox/*.jsonl, only ever appended to.

The site writes it without the database, which a running send may hold; whoever asks next merges it, see `requests.py`.
A line holds a token, never an address in the clear: what names a person is sealed, and lies in files of its own
(join-….jsonl), which go as soon as they are merged.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from digest.folders import make_private
from digest.model import Wish

TokenKind = Literal["leave", "rejoin", "choose", "confirm", "erase"]
SealedKind = Literal["join", "hold", "forget"]
Kind = Literal[TokenKind, SealedKind]
How = Literal["one-click", "page"]

SEALED: frozenset[str] = frozenset(get_args(SealedKind))
PIECE = 4 * 1024 * 1024  # bytes of a receiver's file in one answer
LINE_LIMIT = 16 * 1024  # bytes of one line
JOIN = "join-"

_TOKEN = re.compile(r"[0-9a-f]{32}")
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)?")
_SEALED = re.compile(r"[A-Za-z0-9_-]{40,12000}")
_FILE = re.compile(r"[a-z0-9][a-zA-Z0-9-]{0,80}\.jsonl")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]")


class InboxFull(OSError):
    """The inbox has reached its bound: nothing more is taken before somebody fetches what is there."""


class InboxUnwritable(OSError):
    """The disk took nothing: no right to write, no room, a file where the folder should be."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants to get from now on."""

    language: str = ""  # '' for the newsletter's own
    topics: tuple[str, ...] = ()  # () for everything
    length: Literal["full", "lead"] = "full"
    until: date | None = None  # the first day on which mail may come again; None: no pause

    @property
    def wish(self) -> Wish:
        return Wish(self.language, self.topics, self.length == "lead")


@dataclass(frozen=True, slots=True)
class InboxEvent:
    at: datetime
    kind: Kind
    token: str  # the reader's; of a confirmation or an erasure the request's; of a sealed request its own
    how: How
    choice: Choice | None = None  # with "choose", and no other
    sealed: str = ""  # with a sealed kind, and no other


# ------------------------------------------------------------------------------------------------ writing


@dataclass(slots=True)
class _Ticket:
    """One thread's line on its way to the disk."""

    event: InboxEvent
    line: bytes
    done: bool = False
    error: OSError | None = None


@dataclass
class Inbox:
    """The inbox in folder *place*, for any number of threads and processes.

    What several threads bring while the disk is busy goes to it together, with one fsync.
    """

    place: Path
    limit: int = 0  # bytes in all its files; 0: no bound
    sealed_limit: int = 0  # the most there may be when a sealed request comes; 0: half of *limit*
    own_files: bool = False  # never writes into a file of another run, so that one fetched elsewhere can go
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[_Ticket] = field(default_factory=list)
    _busy: bool = False
    _names: dict[bool, str] = field(default_factory=dict)  # sealed? -> the file this run writes

    def append(self, event: InboxEvent) -> None:
        """Writes one event; it is on disk when this returns.

        Raises InboxFull or InboxUnwritable: then nobody may be told it was.
        """
        ticket = _Ticket(event, _line(event))
        with self._changed:
            self._waiting.append(ticket)
            while self._busy and not ticket.done:
                self._changed.wait()
            batch: list[_Ticket] = []
            if not ticket.done:  # this thread carries what has gathered
                self._busy, batch, self._waiting = True, self._waiting, []
        if batch:
            self._carry(batch)
        if ticket.error is not None:
            if isinstance(ticket.error, InboxFull):
                raise ticket.error
            why = ticket.error.strerror or str(ticket.error)
            raise InboxUnwritable(ticket.error.errno, why, str(self.place)) from ticket.error

    def _carry(self, batch: Sequence[_Ticket]) -> None:
        try:
            for sealed in (False, True):
                part = [ticket for ticket in batch if (ticket.event.kind in SEALED) == sealed]
                try:
                    self._write(part, sealed)
                except OSError as error:
                    for ticket in part:
                        ticket.error = error
        finally:
            with self._changed:
                self._busy = False
                for ticket in batch:
                    ticket.done = True
                self._changed.notify_all()

    def _write(self, part: Sequence[_Ticket], sealed: bool) -> None:
        if not part:
            return
        make_private(self.place)
        most = (self.sealed_limit or self.limit // 2) if sealed else self.limit
        if most:
            only = JOIN if sealed and not self.limit else ""  # where wishes have no bound, they take no room either
            held = sum(size for name, size in _sizes(self.place) if name.startswith(only))
            if held + sum(len(t.line) for t in part) > most:
                raise InboxFull(f"{self.place} holds {held} bytes: fetch them")
        if sealed or self.own_files:
            self._write_own(b"".join(t.line for t in part), sealed)
            return
        months: dict[str, list[bytes]] = {}
        for ticket in part:
            months.setdefault(f"{ticket.event.at.astimezone(UTC):%Y-%m}.jsonl", []).append(ticket.line)
        for name, lines in months.items():
            while not _append(self.place / name, b"".join(lines), make=True):
                pass  # pragma: no cover: nobody removes these

    def _write_own(self, data: bytes, sealed: bool) -> None:
        """To this run's own file; to a new one where somebody took the old one away."""
        while True:
            known = self._names.get(sealed)
            if known is not None and _append(self.place / known, data, make=False):
                return
            prefix = JOIN if sealed else "wish-"
            self._names[sealed] = f"{prefix}{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}.jsonl"
            if _append(self.place / self._names[sealed], data, make=True):
                return


def append(folder: Path, event: InboxEvent | Mapping[str, Any]) -> None:
    """One event to the inbox of the newsletter in *folder*, see `Inbox.append`. ValueError for what is no event."""
    Inbox(folder_of(folder)).append(event if isinstance(event, InboxEvent) else _event(event))


@lru_cache(maxsize=8)
def folder_of(folder: Path) -> Path:
    return folder / "var" / "inbox"


def _append(file: Path, data: bytes, *, make: bool) -> bool:
    """*data* at the end of *file*, on disk; False when it is not there (any more)."""
    fresh = make and not file.exists()
    try:
        fd = os.open(file, os.O_RDWR | os.O_APPEND | (os.O_CREAT if make else 0), 0o600)
    except FileNotFoundError:
        if make:
            raise
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # against another process that writes here, or removes what was fetched
        if not os.fstat(fd).st_nlink:
            return False
        end = os.lseek(fd, 0, os.SEEK_END)
        if end and os.pread(fd, 1, end - 1) != b"\n":  # a power cut in the middle of a line
            data = b"\n" + data
        if os.write(fd, data) != len(data):
            os.ftruncate(fd, end)
            raise OSError(f"{file}: written only in part")
        os.fsync(fd)
    finally:
        os.close(fd)
    if fresh:
        _sync_folder(file.parent)
    return True


def remove(file: Path, size: int) -> bool:
    """Removes *file* if it has exactly *size* bytes: whoever fetched or merged that many leaves nothing behind."""
    try:
        fd = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_size != size:
            return False
        file.unlink(missing_ok=True)
    finally:
        os.close(fd)
    return True


def extend(file: Path, offset: int, data: bytes) -> None:
    """*data* of another inbox's file put where it was there, from byte *offset* on; on disk when this returns."""
    if not _FILE.fullmatch(file.name):
        raise ValueError(f"{file.name!r} is no file of an inbox")
    make_private(file.parent)
    fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        os.ftruncate(fd, offset)
        if os.pwrite(fd, data, offset) != len(data):
            os.ftruncate(fd, offset)
            raise OSError(f"{file}: written only in part")
        os.fsync(fd)
    finally:
        os.close(fd)
    _sync_folder(file.parent)


# ------------------------------------------------------------------------------------------------ reading


def read(folder: Path) -> list[InboxEvent]:
    """Every event, by file and then in the order written. Lines torn by a power cut were promised to nobody and
    are left out; `damaged` lists them."""
    return [event for file in files(folder) for event in read_from(file, 0)[0]]


def read_from(file: Path, offset: int) -> tuple[list[InboxEvent], int]:
    """The events of one file after byte *offset*, and the offset to go on from: after the last whole line."""
    try:
        with file.open("rb") as stream:
            stream.seek(offset)
            data = stream.read()
    except FileNotFoundError:  # merged and removed by another process meanwhile
        return [], offset
    end = data.rfind(b"\n") + 1
    return events_in(data[:end]), offset + end


def events_in(data: bytes) -> list[InboxEvent]:
    """The events among the lines of *data*."""
    return [event for line in data.splitlines() if (event := _parse(line)) is not None]


def whole_lines(file: Path, offset: int) -> bytes:
    """The bytes of *file* from *offset* to the end of its last whole line."""
    with file.open("rb") as stream:
        stream.seek(offset)
        data = stream.read()
    return data[: data.rfind(b"\n") + 1]


def damaged(folder: Path) -> list[str]:
    """``file:line`` of every line that holds no event."""
    return list(_damaged(folder))


def _damaged(folder: Path) -> Iterator[str]:
    for file in files(folder):
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            if line and _parse(line) is None:
                yield f"{file}:{number}"


def files(folder: Path) -> list[Path]:
    """The files of the newsletter's inbox by name."""
    return sorted(folder_of(folder).glob("*.jsonl"))


def files_in(place: Path) -> dict[str, int]:
    """Bytes of each of the files of the inbox *place*, by name; of no others."""
    return {name: size for name, size in _sizes(place) if _FILE.fullmatch(name)}


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each of the newsletter's inbox's files, by name."""
    return dict(_sizes(folder_of(folder)))


def _sizes(place: Path) -> list[tuple[str, int]]:
    found = []
    with suppress(FileNotFoundError), os.scandir(place) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # merged and removed meanwhile
                found.append((entry.name, entry.stat().st_size))
    return found


def _line(event: InboxEvent) -> bytes:
    raw: dict[str, object] = {
        "at": event.at.astimezone(UTC).isoformat(),
        "kind": event.kind,
        "token": event.token,
        "how": event.how,
    }
    if event.choice is not None:
        choice = event.choice
        raw |= {"language": choice.language, "topics": list(choice.topics), "length": choice.length}
        raw["until"] = choice.until.isoformat() if choice.until else ""
    if event.sealed:
        raw["sealed"] = event.sealed
    line = json.dumps(raw, ensure_ascii=False).encode() + b"\n"
    if _parse(line) is None:
        raise ValueError(f"no event: {raw!r}")
    return line


def _parse(line: bytes) -> InboxEvent | None:
    if len(line) > LINE_LIMIT:
        return None
    try:
        return _event(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _event(raw: Mapping[str, Any]) -> InboxEvent:
    at = datetime.fromisoformat(raw["at"])
    kind, token, how = raw["kind"], raw["token"], raw["how"]
    known = kind in get_args(TokenKind) or kind in SEALED
    if at.tzinfo is None or not known or how not in get_args(How) or not _TOKEN.fullmatch(token):
        raise ValueError(f"no event: {dict(raw)!r}")
    sealed = raw.get("sealed", "")
    if (kind in SEALED) != bool(sealed) or (sealed and not _SEALED.fullmatch(sealed)):
        raise ValueError(f"no event: {dict(raw)!r}")
    return InboxEvent(at.astimezone(UTC), kind, token, how, _choice(raw) if kind == "choose" else None, sealed)


def _choice(raw: Mapping[str, Any]) -> Choice:
    language, topics, length, until = raw["language"], raw["topics"], raw["length"], raw["until"]
    if not _LANGUAGE.fullmatch(language) or length not in ("full", "lead") or not isinstance(topics, list):
        raise ValueError(f"no choice: {dict(raw)!r}")
    if len(topics) > 50 or any(len(topic) > 200 or _UNFIT.search(topic) for topic in topics):
        raise ValueError(f"no choice: {dict(raw)!r}")
    return Choice(language, tuple(topics), length, date.fromisoformat(until) if until else None)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
