"""What readers asked for on the site, on disk before they are told so: var/inbox/*.jsonl, only ever appended to.

The site writes it without the database, which a running send may hold; the sender merges it. Holds leaving tokens,
never an address.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

Kind = Literal["leave", "rejoin"]
How = Literal["one-click", "page"]

_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class InboxEvent:
    at: datetime
    kind: Kind
    token: str
    how: How


def append(folder: Path, event: InboxEvent | Mapping[str, str]) -> None:
    """Writes one event; it is on disk when this returns.

    Raises ValueError for what is no event, OSError when it cannot be written: then nobody may be told it was.
    """
    known = event if isinstance(event, InboxEvent) else _event(event)
    at = known.at.astimezone(UTC)
    line = json.dumps({"at": at.isoformat(), "kind": known.kind, "token": known.token, "how": known.how})
    inbox = folder / "var" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = inbox / f"{at:%Y-%m}.jsonl"
    fresh = not file.exists()
    fd = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        end = os.lseek(fd, 0, os.SEEK_END)
        torn = end > 0 and os.pread(fd, 1, end - 1) != b"\n"  # a power cut in the middle of a line
        data = f"{chr(10) if torn else ''}{line}\n".encode()
        if os.write(fd, data) != len(data):
            raise OSError(f"{file}: written only in part")
        os.fsync(fd)
    finally:
        os.close(fd)
    if fresh:
        _sync_folder(inbox)


def read(folder: Path) -> list[InboxEvent]:
    """Every event, by file and then in the order written. Lines torn by a power cut were promised to nobody and
    are left out; `damaged` lists them."""
    return [event for file in files(folder) for event in read_from(file, 0)[0]]


def read_from(file: Path, offset: int) -> tuple[list[InboxEvent], int]:
    """The events of one file after byte *offset*, and the offset to go on from: after the last whole line."""
    with file.open("rb") as stream:
        stream.seek(offset)
        data = stream.read()
    end = data.rfind(b"\n") + 1
    events = [event for line in data[:end].splitlines() if (event := _parse(line)) is not None]
    return events, offset + end


def damaged(folder: Path) -> list[str]:
    """``file:line`` of every line that holds no event."""
    return list(_damaged(folder))


def _damaged(folder: Path) -> Iterator[str]:
    for file in files(folder):
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            if line and _parse(line) is None:
                yield f"{file}:{number}"


def files(folder: Path) -> list[Path]:
    """The inbox's files by name, which is by month."""
    return sorted((folder / "var" / "inbox").glob("*.jsonl"))


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each of the inbox's files, by name."""
    try:
        with os.scandir(f"{folder}/var/inbox") as entries:  # no Path is made: a sender looks a thousand times a second
            return {entry.name: entry.stat().st_size for entry in entries}
    except FileNotFoundError:
        return {}


def _parse(line: bytes) -> InboxEvent | None:
    try:
        return _event(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None


def _event(raw: Mapping[str, str]) -> InboxEvent:
    at = datetime.fromisoformat(raw["at"])
    kind, token, how = raw["kind"], raw["token"], raw["how"]
    if at.tzinfo is None or kind not in get_args(Kind) or how not in get_args(How) or not _TOKEN.fullmatch(token):
        raise ValueError(f"no event: {dict(raw)!r}")
    return InboxEvent(at.astimezone(UTC), kind, token, how)  # type: ignore[arg-type]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
