"""What one reader gets, byte for byte: the letter as it would leave, and its parts as they come out of it.

Written by the same room that writes every letter. Without a reader it is the letter to one who does not exist, with
links that take nobody off the list.
"""

from __future__ import annotations

import html as html_escape
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from digest.address import Address
from digest.dispatch import keys
from digest.dispatch.letters import Mailroom, reader_fields
from digest.dispatch.trial import TOKEN
from digest.errors import IssueError
from digest.model import LOCKED_STATES, Subscriber
from digest.store import open_store
from digest.web.preview.draft import Draft

NOBODY = Address("reader", "example.org")
LINKS = {"LEAVE": "leave", "PREFS": "preferences"}
"""The values that are links of the reader's own, and the stand-in page each leads to in the preview."""


@dataclass(frozen=True)
class Reader:
    """A subscriber, and what the issue means for them."""

    subscriber: Subscriber
    variant: str  # the key of the variant they get
    ordinal: int | None  # their row in the issue's ledger; None: they have none
    left_out: str  # why they would get nothing; '' where they would
    how: str  # their consent came in


@dataclass(frozen=True)
class SeenLetter:
    """A letter and what is inside it."""

    raw: bytes
    headers: tuple[tuple[str, str], ...]  # as they stand, long ones over several lines
    text: str  # as all texts here, with the line breaks of this machine
    html: str
    fields: Mapping[str, str]  # what stands for each token
    view: str  # where it can be seen on the web; '' for nowhere


def find_reader(folder: Path, draft: Draft, number: str, now: datetime) -> Reader | None:
    """The subscriber with that number; None for none. Raises StoreError."""
    if not number:
        return None
    with open_store(folder) as store:
        person = store.subscribers.by_id(int(number))
        if person is None:
            return None
        rows = [d for d in store.ledger.of_subscriber(person.address) if d.issue == draft.issue.slug]
        barred, how = store.subscribers.barred(person.id, now), store.consent.how(person.id)
    first, *_ = variants = draft.rendered.variants
    frozen = draft.state in LOCKED_STATES
    served = person.wish.served_by(draft.issue, first.language, {v.key for v in variants}, first.key)
    left_out = barred or ("nothing in their topics" if served is None else "")
    if frozen and not left_out:
        left_out = "" if rows else "they came after it was approved"
        served = rows[0].variant if rows else served
    return Reader(person, served or first.key, rows[0].ordinal if rows else None, left_out, how)


def write_letter(folder: Path, draft: Draft, variant: str, reader: Reader | None, now: datetime) -> SeenLetter:
    """The letter to *reader* as it would leave at *now*. Raises SendError where no letter can be written, IssueError
    for a variant there is not."""
    chosen = next((v for v in draft.rendered.variants if v.key == variant), None)
    if chosen is None:
        raise IssueError(f"there is no variant {variant!r}", hint="choose another one")
    config = draft.config
    who = reader.subscriber if reader else None
    address, token = (who.address, who.token) if who else (NOBODY, TOKEN)
    letter = Mailroom(config, draft.rendered, keys.load(folder).message).letter(
        ordinal=reader.ordinal or 0 if reader else 0,
        subscriber=who.id if who else 0,
        address=address,
        name=who.name if who else "",
        token=token,
        variant=variant,
        how=reader.how if reader else "signed_up",
        date=now.astimezone(config.zone).replace(microsecond=0),
    )
    fields = reader_fields(
        config,
        address,
        token,
        name=who.name if who else "",
        how=reader.how if reader else "signed_up",
        language=chosen.language,
    )
    return read_letter(b"".join(letter.chunks), fields, chosen.view)


def read_letter(raw: bytes, fields: Mapping[str, str], view: str = "") -> SeenLetter:
    """*raw* taken apart as a mail program does."""
    message = message_from_bytes(raw)
    parts = {part.get_content_type(): _decoded(part) for part in message.walk() if not part.is_multipart()}
    head = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in _unfolded(head)))
    return SeenLetter(raw, headers, parts.get("text/plain", ""), parts.get("text/html", ""), fields, view)


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset() or "utf-8", "replace").replace("\r\n", "\n")


def _unfolded(head: str) -> list[str]:
    """One entry a header, its continuation lines kept (RFC 5322, 2.2.3)."""
    fields: list[str] = []
    for line in head.split("\n"):
        if line[:1] in (" ", "\t") and fields:
            fields[-1] += f"\n{line}"
        else:
            fields.append(line)
    return fields


def harmless(letter: SeenLetter, base: str) -> str:
    """The letter's HTML, the reader's own links and the one to the newsletter's site leading to pages of ours that do
    nothing."""
    page = letter.html
    for link, where in [
        *((letter.fields.get(name, ""), where) for name, where in LINKS.items()),
        (letter.view, "view"),
    ]:
        if link:
            page = page.replace(f'"{html_escape.escape(link)}"', f'"{base}stand-in/{where}"')
    return page


def own_values(letter: SeenLetter) -> list[tuple[str, str]]:
    """(name, value as it stands in the HTML) of what differs from reader to reader, longest first."""
    found = [(name, html_escape.escape(value)) for name, value in letter.fields.items() if value]
    return sorted(found, key=lambda pair: -len(pair[1]))
