"""Where returned mail lies: a Maildir or folder of files, an mbox file, a mailbox over IMAP. Looks; what is read stays
as it is, unless an IMAP mailbox is asked to mark or move it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from digest.dispatch.imap import PASSWORD_VARIABLE, open_mailbox, said
from digest.dispatch.imap import quoted as imap_quoted
from digest.errors import SendError

MOST_BYTES = 1 << 20  # of a message: a report stands at its beginning
LOCAL = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Message:
    place: str  # where it lies, in words a person finds it by
    data: bytes
    uid: int = 0  # over IMAP


class Source(Protocol):
    @property
    def name(self) -> str:
        """The same for the same mailbox every time."""
        ...

    def messages(self, after: str) -> Iterator[Message]:
        """All messages, or only those that came *after* what `position` said. Raises SendError where the place cannot
        be read."""
        ...

    def position(self, last: Message) -> str:
        """How far it was read, to be given back as *after*; '' where nothing is known of that."""
        ...

    def done(self, read: Sequence[Message]) -> None:
        """These were taken in, and it is on disk."""
        ...


def source_of(where: str, *, mark_seen: bool = False, move_to: str = "") -> Source:
    """The mailbox at a path or ``imap://USER@HOST[:PORT][/MAILBOX]``. Raises SendError where there is none."""
    if where.lower().startswith(("imap://", "imaps://")):
        return _imap(where, mark_seen, move_to)
    if mark_seen or move_to:
        raise SendError("files are left as they are", hint="marking and moving is for imap:// only")
    path = Path(where).expanduser()
    if path.is_dir():
        return Folder(path)
    if path.is_file():
        return Mbox(path)
    raise SendError(f"there is no mailbox {where}", hint="a Maildir, an mbox file, or imap://user@host/INBOX")


# ------------------------------------------------------------------------------------------------ files


@dataclass(frozen=True)
class Folder:
    """A Maildir's new and cur, or the files of any other folder."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def messages(self, after: str = "") -> Iterator[Message]:
        boxes = [self.path / box for box in ("new", "cur") if (self.path / box).is_dir()] or [self.path]
        try:
            for box in boxes:  # never tmp: what lies there is not delivered yet
                for file in sorted(box.iterdir()):
                    if not file.name.startswith(".") and file.is_file():
                        with file.open("rb") as stream:
                            yield Message(file.name, stream.read(MOST_BYTES))
        except FileNotFoundError:  # another program moved it from new to cur: the next run finds it there
            return
        except OSError as error:
            raise SendError(f"{self.path} cannot be read: {error.strerror}", hint="see whose it is") from error

    def position(self, last: Message) -> str:
        return ""

    def done(self, read: Sequence[Message]) -> None:
        pass


@dataclass(frozen=True)
class Mbox:
    """An mbox file (RFC 4155), or one message in a file of its own."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def messages(self, after: str = "") -> Iterator[Message]:
        try:
            with self.path.open("rb") as stream:
                for number, data in enumerate(_split(stream), 1):
                    yield Message(f"{self.path.name}, message {number}", data)
        except OSError as error:
            raise SendError(f"{self.path} cannot be read: {error.strerror}", hint="see whose it is") from error

    def position(self, last: Message) -> str:
        return ""

    def done(self, read: Sequence[Message]) -> None:
        pass


def _split(stream: IO[bytes]) -> Iterator[bytes]:
    """The messages of an mbox without their From lines; a file that begins with none is one message."""
    lines: list[bytes] = []
    size, blank = 0, True
    for line in stream:
        if blank and line.startswith(b"From "):
            if size:
                yield b"".join(lines)
            lines, size, blank = [], 0, False
            continue
        blank = not line.strip(b"\r\n")
        if size < MOST_BYTES:
            lines.append(line[1:] if line.startswith(b">From ") else line)
            size += len(line)
    if size:
        yield b"".join(lines)


# ------------------------------------------------------------------------------------------------ IMAP


@dataclass(frozen=True)
class Imap:
    """A mailbox over IMAP: messages are read by number from where the last run ended, and stay unread and in place
    unless *mark_seen* or *move_to* say otherwise."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    mailbox: str = "INBOX"
    tls: bool = True
    mark_seen: bool = False
    move_to: str = ""
    _validity: list[str] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        return f"imap://{self.user}@{self.host}:{self.port}/{self.mailbox}"

    def messages(self, after: str = "") -> Iterator[Message]:
        with open_mailbox(
            self.host, self.port, self.user, self.password, self.mailbox, tls=self.tls, readonly=True
        ) as server:
            told = server.response("UIDVALIDITY")[1]
            validity = said(told) if told and told[0] else "0"
            self._validity[:] = [validity]
            before, _, last = after.partition(" ")
            first = int(last) + 1 if before == validity and last.isdigit() else 1
            found = server.uid("SEARCH", f"UID {first}:*")[1]
            for uid in sorted(int(number) for number in (found[0] or b"").split()):
                if uid < first:  # `n:*` names the last one even where it is older
                    continue
                parts = server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")[1]
                data = next((part[1] for part in parts if isinstance(part, tuple)), b"")
                if data:
                    yield Message(f"{self.mailbox}, message {uid}", data, uid)

    def position(self, last: Message) -> str:
        return f"{self._validity[0]} {last.uid}" if self._validity and last.uid else ""

    def done(self, read: Sequence[Message]) -> None:
        if not read or not (self.mark_seen or self.move_to):
            return
        uids = ",".join(str(message.uid) for message in read)
        with open_mailbox(
            self.host, self.port, self.user, self.password, self.mailbox, tls=self.tls, readonly=False
        ) as server:
            if self.mark_seen:
                server.uid("STORE", uids, "+FLAGS.SILENT", r"(\Seen)")
            if self.move_to:
                if "MOVE" not in said(server.capability()[1]).upper().split():  # more than before the login
                    raise SendError(f"{self.host} cannot move messages (RFC 6851)", hint="leave out --move-to")
                answer, told = server.uid("MOVE", uids, imap_quoted(self.move_to))
                if answer != "OK":
                    raise SendError(
                        f"{self.host} did not move what was read to {self.move_to}: {said(told)}",
                        hint="it was taken in; make that folder for the next time",
                    )


def _imap(where: str, mark_seen: bool, move_to: str) -> Imap:
    try:
        parts = urlsplit(where)
        host, port, user = parts.hostname or "", parts.port, unquote(parts.username or "")
    except ValueError as error:
        raise SendError(f"{where} is no address of a mailbox: {error}", hint="imap://user@host/INBOX") from error
    if parts.password:
        raise SendError("a password does not belong on a command line", hint=f"export {PASSWORD_VARIABLE}=…")
    if not host or not user:
        raise SendError(f"{where} names no {'user' if host else 'host'}", hint="imap://user@host/INBOX")
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise SendError(
            f"the mailbox’s password is not set ({PASSWORD_VARIABLE})", hint=f"export {PASSWORD_VARIABLE}=…"
        )
    tls = parts.scheme.lower() == "imaps" or host not in LOCAL
    mailbox = unquote(parts.path.strip("/")) or "INBOX"
    return Imap(host, port or (993 if tls else 143), user, password, mailbox, tls, mark_seen, move_to)
