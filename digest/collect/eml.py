"""A saved mail (.eml) -> `Reading`: subject as title, its date, the sender as outlet, the text part or the HTML.

Of a mail that forwards another, the other is read: inline (`forwards`) or attached as message/rfc822. What a newsletter
leaves around its text, and whatever tells who received it, goes (`mailings`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from digest.address import ascii_domain, web_address
from digest.collect.dates import read_date
from digest.collect.forwards import find_forward
from digest.collect.mailings import mailing_lines, masked, personal_lines, web_page, without_targets
from digest.collect.paragraphs import html_paragraphs
from digest.collect.plain import read_lines, read_stamp, with_known
from digest.collect.reading import Reading, one_line
from digest.collect.wishes import limit_from_page
from digest.errors import ReadError
from digest.model import NOSNIPPET, Precision, Removed
from digest.text.leftovers import DATED

_SHORT = 200
"""A text part of fewer characters is only "open this in your browser"."""

_DEEP = 3
"""A mail forwarded more often than that is read from there on."""

_SIGNED = re.compile(r"(?:> ?)*-- $")
"""Below it stands the signature (RFC 3676, 4.3): of who forwards a mail above it, of who wrote the text below."""

_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv|enc|i|doorst|vs|vb|sv)\s*:\s*)+", re.IGNORECASE)
_READER_FIELDS = (
    "to",
    "cc",
    "bcc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-forwarded-to",
    "x-forwarded-for",
)


@dataclass(slots=True)
class _Mail:
    """What is known of the mail being read; a forwarded one replaces it."""

    subject: str
    sender: str
    date: str
    readers: set[str]


def read_eml(data: bytes) -> Reading:
    """Raises ReadError where the mail's own header cannot be taken apart."""
    try:
        return _read_mail(data)
    except RecursionError as error:  # the standard parser calls itself for each "(" inside another
        raise ReadError("the mail's header nests too deep", hint="save its words as a text file") from error


def _read_mail(data: bytes) -> Reading:
    message = message_from_bytes(data, policy=policy.default)
    removed: list[Removed] = []
    readers = _readers(message)
    for _ in range(_DEEP):
        inner = _attached(message)
        if inner is None:
            break
        words = _lines(message)[0]
        removed += [Removed(0, one_line(line), "the forwarder's words") for line in words if line.strip()]
        readers |= _readers(inner) | _addresses([_header(message, "from")])
        message = inner
    mail = _Mail(_header(message, "subject"), _header(message, "from"), _header(message, "date"), readers)
    lines, numbered = _lines(message)
    reading = _read(lines, mail)
    found = [r if numbered else replace(r, line=0) for r in reading.removed]
    moment = _moment(mail.date)
    tree = _tree(message)
    return with_known(
        replace(
            reading,
            limit=limit_from_page(tree, "the mail") if tree is not None else None,
            removed=tuple(masked(r) for r in (*removed, *found)),
            sender=ascii_domain(_parsed(mail.sender)[1].rpartition("@")[2]),
        ),
        outlet=reading.outlet or _name(mail.sender),
        url=_archived_at(message) or reading.url or web_page(_links(message)),
        published=moment[0] if moment else None,
        precision=moment[1] if moment else None,
    )


def _read(lines: list[str], mail: _Mail) -> Reading:
    """The text in *lines*; *mail* becomes the one they forward, if they do."""
    removed: dict[int, str] = {}
    for _ in range(_DEEP):
        begin = max(removed, default=-1) + 1
        forward = find_forward(lines[begin:])
        if forward is None:
            break
        start, end = begin + forward.start, begin + forward.end
        removed |= dict.fromkeys(range(begin, start), "the forwarder's words")
        removed |= dict.fromkeys(range(start, end), "header line")
        mail.readers |= _addresses([mail.sender, *(forward.fields.get(name, "") for name in ("to", "cc"))])
        mail.subject = forward.fields.get("subject", "")
        mail.sender, mail.date = forward.fields["from"], forward.fields.get("date", "")
    mail.readers -= _addresses([mail.sender])
    begin = max(removed, default=-1) + 1
    signed = next((n for n in range(begin, len(lines)) if _SIGNED.match(lines[n])), len(lines))
    removed |= dict.fromkeys(range(signed, len(lines)), "signature")
    text = ["" if number in removed else _unquoted(line) for number, line in enumerate(lines)]
    for why in (mailing_lines(text), personal_lines([without_targets(line) for line in text], mail.readers)):
        removed |= {number: reason for number, reason in why.items() if number not in removed}
    body = ["" if number in removed else without_targets(line) for number, line in enumerate(text)]
    title = _PREFIX.sub("", one_line(mail.subject))
    for address in mail.readers:
        title = re.sub(re.escape(address), "…", title, flags=re.IGNORECASE)
    reading = read_lines(body, title=title)
    gone = [Removed(n + 1, one_line(lines[n]), reason) for n, reason in removed.items() if lines[n].strip()]
    return replace(reading, removed=tuple(sorted((*gone, *reading.removed), key=lambda r: r.line)))


# ------------------------------------------------------------------------------------------- the parts


def _attached(message: EmailMessage) -> EmailMessage | None:
    """The mail that *message* carries whole (RFC 2046, 5.2.1)."""
    for part in message.iter_attachments() if message.is_multipart() else (message,):
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            inner = part.get_payload(0)
            return inner if isinstance(inner, EmailMessage) else None
    return None


def _lines(message: EmailMessage) -> tuple[list[str], bool]:
    """The lines of the text part, and whether they are the mail's own: those of HTML are not."""
    text, markup = _part(message, "plain"), _part(message, "html")
    if not markup or (len(text.strip()) >= _SHORT and NOSNIPPET not in markup):
        return re.split(r"\r\n|\r|\n", text), True
    return [line for paragraph in html_paragraphs(markup) for line in (paragraph, "")], False


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, UnicodeError):  # a charset nobody knows
        raw = part.get_payload(decode=True)
        content = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return content if isinstance(content, str) else ""


def _unquoted(line: str) -> str:
    return re.sub(r"^(?:> ?)+", "", line)


# ------------------------------------------------------------------------------------------- the header


def _header(message: EmailMessage, name: str) -> str:
    return next(iter(_fields(message, name)), "")


def _fields(message: EmailMessage, name: str) -> list[str]:
    """The values of every header field of that name."""
    try:
        return [one_line(str(value)) for value in message.get_all(name, [])]
    except (IndexError, ValueError, AttributeError, OverflowError, RecursionError):
        # the standard parser trips over some broken addresses and dates
        return [one_line(str(value)) for key, value in message.raw_items() if key.lower() == name]


def _readers(message: EmailMessage) -> set[str]:
    return _addresses(value for name in _READER_FIELDS for value in _fields(message, name))


def _addresses(texts: Iterable[str]) -> set[str]:
    found = {address for text in texts for address in re.findall(r"(?<![\w.+%=-])[\w.+%=-]+@[\w.-]+\w", text)}
    return {address.lower() for address in found}


def _parsed(sender: str) -> tuple[str, str]:
    """Name and address in a From field."""
    try:
        return parseaddr(sender)
    except RecursionError:  # a bracket in a bracket in …
        return "", max(_addresses([sender]), default="")


def _name(sender: str) -> str:
    """The name in a From field; a bare address names nobody."""
    name = _parsed(sender)[0] or re.split(r"\s*[<\[(]", sender)[0]
    return "" if "@" in name else one_line(name).strip(" \"'*")


def _moment(date: str) -> tuple[datetime, Precision] | None:
    """A header's own date, or one as a client prints it: `Tue, Mar 17, 2026 at 8:00 AM`."""
    date = date[:200]
    return (read_stamp(date, "und") if DATED.search(date) else None) or read_date(date)


def _archived_at(message: EmailMessage) -> str | None:
    """Where the list keeps this very mail (RFC 5064)."""
    return web_address(_header(message, "archived-at").strip("<> "))


def _tree(message: EmailMessage) -> Any:
    """The HTML part; None where there is none that can be read."""
    import lxml.etree
    import lxml.html

    markup = _part(message, "html")
    try:
        return lxml.html.document_fromstring(markup.encode("utf-8", "replace"), lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.LxmlError, ValueError):
        return None


def _links(message: EmailMessage) -> Iterator[tuple[str, str]]:
    """Words and address of the mail's links; in a text part the line with or above an address are its words."""
    tree = _tree(message)
    if tree is not None:
        for link in tree.iter("a"):
            yield one_line("".join(link.itertext())), link.get("href") or ""
        return
    above = ""
    for line in _part(message, "plain").splitlines():
        for address in re.findall(r"https?://[^\s<>()\[\]]+", line):
            yield f"{above} {line}", address
        above = line if line.strip() else above
