"""Whether a letter in doubt arrived, asked of whatever would know: the outbox, a relay's log, a mailbox.

Each looks for the letter's own Message-ID, which the same delivery always has, or for X-Digest-Id, which holds it where
a relay replaces that one. Found is proof; not found is one only where a person says that the place holds every letter.
"""

from __future__ import annotations

import email.policy
import gzip
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Protocol

from digest.config import Config
from digest.dispatch import keys
from digest.errors import SendError
from digest.model import DeliveryState
from digest.send.relays import OWN_ID
from digest.send.replies import cut_addresses
from digest.store.accounts import MISSING, ReaderRow


@dataclass(frozen=True, slots=True)
class Doubt:
    """One letter nobody knows of."""

    ordinal: int
    message_id: str  # with its angle brackets


class Evidence(Protocol):
    @property
    def place(self) -> str:
        """What is looked into, in words."""
        ...

    def find(self, doubts: Sequence[Doubt]) -> Mapping[int, str]:
        """ordinal -> what was found there, in words, for each letter that did arrive. Raises SendError where the
        place cannot be looked into."""
        ...


def doubts_of(folder: Path, config: Config, slug: str, rows: Iterable[ReaderRow]) -> list[Doubt]:
    """The Message-IDs under which the rows' letters went, if they did."""
    key, domain = keys.load(folder).message, config.newsletter.sender.address.domain
    return [Doubt(row.ordinal, keys.message_id(slug, row.subscriber, key, domain)) for row in rows]


def judge(
    evidence: Evidence, doubts: Sequence[Doubt], *, complete: bool, who: str
) -> dict[int, tuple[DeliveryState, str]]:
    """What each doubt is settled as, and why. *complete*: who is not in there does not have it, on *who*'s word."""
    found = evidence.find(doubts)
    verdicts: dict[int, tuple[DeliveryState, str]] = {}
    for doubt in doubts:
        if doubt.ordinal in found:
            verdicts[doubt.ordinal] = "accepted", f"proved: {found[doubt.ordinal]} (looked up by {who})"
        elif complete:
            verdicts[doubt.ordinal] = "rejected", f"{MISSING}: not in {evidence.place}, which holds all, says {who}"
    return verdicts


# ------------------------------------------------------------------------------------------------ files

_LAID = re.compile(r"(\d{6,})\.[0-9a-f]{12}\.eml(?::.*)?")  # as the outbox names its letters, by ordinal


@dataclass(frozen=True)
class Files:
    """A folder of letters as the outbox lays them: a Maildir, or .eml files in a folder."""

    folder: Path

    @property
    def place(self) -> str:
        return f"the folder {self.folder.name}"

    def find(self, doubts: Sequence[Doubt]) -> Mapping[int, str]:
        wanted = {doubt.message_id: doubt.ordinal for doubt in doubts}
        found: dict[int, str] = {}
        try:
            ordinals = {doubt.ordinal for doubt in doubts}
            for file in self._files():
                laid = _LAID.fullmatch(file.name)
                if laid and int(laid[1]) not in ordinals:
                    continue  # a hundred thousand letters are not opened for three
                with file.open("rb") as stream:
                    head = BytesHeaderParser(policy=email.policy.default).parse(stream)
                identity = head[OWN_ID] or head["Message-ID"]
                if identity is not None and str(identity).strip() in wanted:
                    found[wanted[str(identity).strip()]] = f"the file {file.name}"
        except OSError as error:
            raise SendError(
                f"{self.folder} cannot be read: {error.strerror}", hint="name a folder of letters"
            ) from error
        return found

    def _files(self) -> Iterator[Path]:
        boxes = [self.folder / name for name in ("new", "cur") if (self.folder / name).is_dir()] or [self.folder]
        for box in boxes:  # never tmp: what lies there was not delivered
            yield from (file for file in sorted(box.iterdir()) if file.is_file())


# ------------------------------------------------------------------------------------------------ a relay's log

# Postfix names a letter by its queue id from the moment it reads the header, which is before the final dot: only a
# later line of the queue manager, or one with a status, says that it was taken. (postfix: cleanup_message.c, qmgr)
_POSTFIX_NAMES = re.compile(r"postfix/(?:\w+/)*cleanup\[\d+\]: ([0-9A-Za-z]+): message-id=(<[^>]*>)")
_POSTFIX_TOOK = re.compile(
    r"postfix/(?:\w+/)*(?:qmgr\[\d+\]: ([0-9A-Za-z]+): from=<|\w+\[\d+\]: ([0-9A-Za-z]+): to=<.*status=)"
)
_STATUS = re.compile(r"status=\w+ \(.*\)")


@dataclass(frozen=True)
class Log:
    """A relay's log, plain or .gz: Postfix's, or any that writes a line with the Message-ID for each letter it takes
    (Exim, OpenSMTPD, Haraka and most services' exports do)."""

    file: Path

    @property
    def place(self) -> str:
        return f"the log {self.file.name}"

    def find(self, doubts: Sequence[Doubt]) -> Mapping[int, str]:
        wanted = {doubt.message_id.strip("<>"): doubt.ordinal for doubt in doubts}
        names: dict[str, int] = {}  # Postfix's queue id -> ordinal
        found: dict[int, str] = {}
        for line in self._lines():
            if named := _POSTFIX_NAMES.search(line):
                if (ordinal := wanted.get(named[2].strip("<>"))) is not None:
                    names[named[1]] = ordinal
            elif took := _POSTFIX_TOOK.search(line):
                queue = took[1] or took[2]
                if queue in names:
                    status = _STATUS.search(line)
                    words = f" {cut_addresses(status[0])}" if status else ""
                    found[names[queue]] = f"{self.place}, queue id {queue}{words}"
            else:
                for identity in _identities(line):
                    if identity in wanted:
                        found.setdefault(wanted[identity], self.place)
        return found

    def _lines(self) -> Iterator[str]:
        opener = gzip.open if self.file.suffix == ".gz" else open
        try:
            with opener(self.file, "rt", encoding="utf-8", errors="replace") as stream:
                yield from stream
        except (OSError, EOFError) as error:
            raise SendError(f"{self.file} cannot be read: {error}", hint="name the relay’s log") from error


_IDENTITY = re.compile(r"[\w.\-]+\.[0-9a-f]{32}@[\w.\-]+")  # as `keys.message_id` makes them


def _identities(line: str) -> list[str]:
    return [found.rstrip(".") for found in _IDENTITY.findall(line)]


# ------------------------------------------------------------------------------------------------ a mailbox


@dataclass(frozen=True)
class Imap:
    """A mailbox asked over IMAP with TLS (in the clear on this machine only): a reader's own, or one that gets a copy
    of everything."""

    host: str
    user: str
    password: str = field(repr=False)
    mailbox: str = "INBOX"
    port: int = 993
    tls: bool = True
    header: str = "Message-ID"  # that holds ours

    @property
    def place(self) -> str:
        return f"the mailbox {self.mailbox} on {self.host}"

    def find(self, doubts: Sequence[Doubt]) -> Mapping[int, str]:
        from digest.dispatch.imap import open_mailbox, quoted, said

        found: dict[int, str] = {}
        with open_mailbox(
            self.host, self.port, self.user, self.password, self.mailbox, tls=self.tls, readonly=True
        ) as server:
            for doubt in doubts:
                answer, told = server.uid("SEARCH", "HEADER", self.header, quoted(doubt.message_id))
                if answer != "OK":
                    raise SendError(f"{self.host} does not search: {said(told)}", hint="try another mailbox")
                if told and told[0]:
                    found[doubt.ordinal] = self.place
        return found
