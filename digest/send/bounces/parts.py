"""A message as it really comes: headers and texts of its parts, whatever is broken about it.

Nothing here raises for a damaged message; what cannot be read is ''.
"""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from itertools import islice
from typing import TYPE_CHECKING

MOST_BYTES = 1 << 20  # of a message that are looked at: a report stands at its beginning
MOST_TEXT = 60_000  # characters of one part
MOST_PARTS = 60
DEEPEST = 8
MOST_NESTED = 60  # parts that hold parts; the parser goes one deeper for each, and Python only so deep

if TYPE_CHECKING:
    Mail = Message[str, str]
else:
    Mail = Message  # which takes no parameters before Python 3.13
_HOLDS_PARTS = re.compile(rb"(?:\A|[\r\n])content-type[ \t]*:[\s\x1c-\x1f]*(?:multipart|message)/", re.I)
_LOCAL = r"""(?:[^\s<>()\[\],;:"'=@\\|]|(?<=[A-Za-z])'(?=[A-Za-z])){1,64}"""
ADDRESS = re.compile(rf"""{_LOCAL}@[^\s<>()\[\],;:"'@\\|]{{0,254}}[^\s<>()\[\],;:"'@\\|.?!*]""")
"""Lengths are bounded (RFC 5321, 4.5.3.1), so that no text is slow to look through."""


def parse(data: bytes) -> Mail:
    """The message as far as it is looked at: MOST_BYTES of it, and before the part that would be one too many."""
    data = data[:MOST_BYTES]
    if (one_too_many := next(islice(_HOLDS_PARTS.finditer(data), MOST_NESTED, None), None)) is not None:
        data = data[: one_too_many.start()]
    if data.startswith(b"From "):  # a line of the mailbox it lay in
        data = data.partition(b"\n")[2]
    return message_from_bytes(data)


def header(message: Mail, name: str) -> str:
    """The first header *name*, decoded, on one line; '' where there is none."""
    return next(iter(headers(message, name)), "")


def headers(message: Mail, *names: str) -> list[str]:
    return [_decoded(str(value)) for name in names for value in message.get_all(name, [])]


def address_in(message: Mail, name: str) -> tuple[str, str]:
    """The display name and the address of a header; '' for what it has not."""
    try:
        return parseaddr(header(message, name))
    except (ValueError, IndexError):
        return "", ""


def _decoded(raw: str) -> str:
    raw = clean(raw)
    if "=?" in raw:
        with suppress(ValueError, LookupError, HeaderParseError):
            raw = str(make_header(decode_header(raw)))
    return " ".join(clean(raw).split())


def clean(text: str) -> str:
    """*text* without halves of surrogate pairs: bytes that were no ASCII are read as UTF-8."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape" if _escapes(text) else "replace").decode("utf-8", "replace")


def _escapes(text: str) -> bool:
    return all(not 0xD800 <= ord(c) <= 0xDFFF or 0xDC80 <= ord(c) <= 0xDCFF for c in text)


def kind_of(part: Mail) -> str:
    """Its media type, in lower case."""
    return str(part.get_content_type())


def parameter(part: Mail, name: str) -> str:
    try:
        found = part.get_param(name, "")
    except (ValueError, LookupError):
        return ""
    return clean(str(found[2] if isinstance(found, tuple) else found)).strip().lower()


def parts(message: Mail, depth: int = 0) -> Iterator[Mail]:
    """The parts that are no multipart, in order; a message inside is one part and not looked into."""
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < DEEPEST:
        for part in payload[:MOST_PARTS]:
            if isinstance(part, Message):
                yield from parts(part, depth + 1)
    else:
        yield message


def text_of(part: Mail) -> str:
    """The text of one part; HTML as plain lines."""
    if part.is_multipart():
        return ""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    if not isinstance(data, bytes):
        return ""
    text = _as_text(data[: 4 * MOST_TEXT], parameter(part, "charset"))[:MOST_TEXT]
    return plain(text) if kind_of(part) == "text/html" else text.replace("\r\n", "\n")


def _as_text(data: bytes, charset: str) -> str:
    try:
        text = data.decode("utf-8" if charset in ("", "us-ascii") else charset, "replace")
    except (LookupError, ValueError, AttributeError):
        text = data.decode("utf-8", "replace")
    return clean(text)


def plain(markup: str) -> str:
    """HTML as plain lines, without what it quotes."""
    markup = _without_hidden(markup)
    markup = re.sub(r"(?is)<(?:blockquote|div[^>]{0,80}(?:quote|divRplyFwdMsg))\b.*", " ", markup)
    markup = re.sub(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d|hr)\b[^>]{0,300}>", "\n", markup)
    return html.unescape(re.sub(r"<[^<>]{0,2000}>", "", markup))


def _without_hidden(markup: str) -> str:
    """*markup* without what is no text; from the beginning of one that never ends, nothing is left."""
    kept, at = "", 0
    low = markup.lower()
    for begins in re.finditer(r"<(style|script|head)\b", low):
        if begins.start() < at:
            continue
        ends = low.find(f"</{begins[1]}", begins.end())
        kept += markup[at : begins.start()] + " "
        at = len(markup) if ends < 0 else ends
        if ends < 0:
            break
    return kept + markup[at:]


def raw_of(part: Mail) -> str:
    """The lines of a part that the parser took for a message of its own, as they were sent."""
    text = _lines(part.get_payload())
    encoding = header(part, "Content-Transfer-Encoding").lower()
    try:
        if encoding == "base64":
            text = _as_text(base64.b64decode("".join(text.split())), "")
        elif encoding == "quoted-printable":
            text = _as_text(quopri.decodestring(text.encode("utf-8", "replace")), "")
    except (binascii.Error, ValueError):
        pass
    return clean(text)[:MOST_TEXT]


def _lines(payload: object, depth: int = 0) -> str:
    if isinstance(payload, list) and depth < DEEPEST:
        return "\n\n".join(_lines(item, depth + 1) for item in payload[:MOST_PARTS])
    if isinstance(payload, Message):
        head = "\n".join(f"{name}: {value}" for name, value in payload.items())
        rest = _lines(payload.get_payload(), depth + 1)
        return f"{head}\n\n{rest}" if head else rest
    return clean(payload).replace("\r\n", "\n") if isinstance(payload, str) else ""


def blocks(text: str) -> list[dict[str, str]]:
    """Groups of fields with blank lines between them (RFC 3464 section 2.1): lower-case name -> value, the first of
    its name, unfolded."""
    found: list[dict[str, str]] = []
    for group in re.split(r"\n[ \t]*\n", text.replace("\r", "")):
        fields: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]+", " ", group).split("\n"):
            name, colon, value = line.partition(":")
            if colon and re.fullmatch(r"[!-9;-~]+[ \t]*", name):
                fields.setdefault(name.strip().lower(), " ".join(value.split()))
        if fields:
            found.append(fields)
    return found


LETTER = {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers", "message/rfc822-headers"}


def letter_of(message: Mail) -> dict[str, str]:
    """The first headers of the letter that came back with *message*; {} where none did."""
    for part in parts(message):
        if kind_of(part) in LETTER and part is not message:
            text = text_of(part) or raw_of(part)
            return next(iter(blocks(text)), {})
    return {}


def words_of(message: Mail) -> str:
    """What the message itself says: its plain text, else its HTML, up to the letter it returns."""
    plain_texts: list[str] = []
    marked: list[str] = []
    for part in parts(message):
        kind = kind_of(part)
        if kind in LETTER:
            break
        if kind == "text/plain" or part.get_content_maintype() not in ("text", "message", "image", "application"):
            plain_texts.append(text_of(part))
        elif kind == "text/html":
            marked.append(text_of(part))
    return "\n".join(filter(str.strip, plain_texts)) or "\n".join(marked)


def everything(message: Mail) -> str:
    """All headers and texts, of messages inside too: where a mark of ours may stand."""
    found: list[str] = []
    for number, part in enumerate(message.walk()):
        if number > MOST_PARTS:
            break
        found += [f"{name}: {value}" for name, value in part.items()]
        if part.get_content_maintype() in ("text", "message"):
            found.append(text_of(part) or (raw_of(part) if kind_of(part) not in LETTER else ""))
    return clean("\n".join(map(clean, found)))
