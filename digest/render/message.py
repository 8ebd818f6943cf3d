"""`Rendered` → `Letter`: one message for each reader, by joining bytes that were encoded once.

Knows RFC 5322 (headers), 2045–2049 (quoted-printable, encoded words), 2369, 2919 and 8058 (List-*). Sees values
for one reader only as `fields`; knows no template, no SMTP, no clock.

A variant is cut at its tokens; each piece between them is quoted-printable once and ends in a soft line break, so
that a reader's value can stand there at any length without wrapping anything again.
"""

from __future__ import annotations

import binascii
import hashlib
import html as html_escape
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote as percent

from digest.config import Config, Mailbox
from digest.errors import IssueError, SendError
from digest.model import Envelope, Letter, Rendered, Variant

IN_WORDS = ("EMAIL", "WHY", "GREETING")
TOKENS = (*IN_WORDS, "LEAVE", "VIEW", "PREFS")
"""What differs between two readers' letters: their address, how it came here, how they are greeted; where to leave, to
see the issue on the web, to choose."""

SOFT = b"=\r\n"
LINE = 76  # RFC 2045, 6.7: the longest quoted-printable line
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?A-~]+>")
_LITERAL = re.compile(r"[!-<>-~]*")  # stands for itself in quoted-printable
_URL = re.compile(r"[A-Za-z0-9!#$%&'()*+,/:;=?@\[\]~._-]*")
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")


class Skeleton:
    """One variant, encoded and waiting for addresses. Build it once an issue, call `letter` for each reader."""

    def __init__(self, rendered: Rendered, variant_key: str, config: Config) -> None:
        self._variant = variant = variant_of(rendered, variant_key)
        seed = f"{rendered.fingerprint}\n{variant.key}"
        boundary = _boundary(seed)
        self._before = _headers([*standing_headers(config)[:2], ("Subject", encode_words(variant.subject, 9))])
        self._after = (
            _headers([*standing_headers(config)[2:], ("MIME-Version", "1.0")])
            + f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
        )
        part = (
            f"--{boundary}\r\nContent-Type: text/%s; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        self._chunks: list[bytes | tuple[str, bool]] = [
            (part % "plain").encode(),
            *_pieces(variant.text, variant.tokens, is_html=False),
            *_related(variant, part, boundary),
            *_pieces(variant.html, variant.tokens, is_html=True),
            *_carried(variant, boundary),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        self._used = {chunk[0] for chunk in self._chunks if isinstance(chunk, tuple)}

    def letter(
        self,
        *,
        ordinal: int,
        envelope: Envelope,
        message_id: str,
        date: datetime,
        fields: Mapping[str, str],
        one_click: bool,
        to_name: str = "",
    ) -> Letter:
        """The message to one reader: CRLF line ends, ASCII unless the envelope asks for SMTPUTF8.

        *fields* holds the values of the variant's tokens. *one_click* adds RFC 8058's header and wants an https
        LEAVE. Raises SendError for a value that cannot stand in a message.
        """
        missing = self._used - fields.keys()
        if missing:
            raise SendError(f"no value for {', '.join(sorted(missing))} in the letter to {envelope.recipient}")
        if not _MESSAGE_ID.fullmatch(message_id):
            raise SendError(f"{message_id!r} is no Message-ID", hint="it looks like <left@right>")
        values: dict[tuple[str, bool], bytes] = {}
        for name in self._used:
            raw = _value(name, fields[name])
            escaped = html_escape.escape(raw)
            values[name, False] = quoted_printable(raw)
            values[name, True] = values[name, False] if escaped == raw else quoted_printable(escaped)
        head = [
            f"To: {_to(to_name, envelope)}",
            f"Date: {_date(date)}",
            f"Message-ID: {message_id}",
            *_leave_headers(fields.get("LEAVE", ""), one_click),
        ]
        # A local part outside ASCII leaves only by SMTPUTF8, where headers are UTF-8 (RFC 6532).
        block = "\r\n".join((*head, "")).encode("utf-8" if envelope.smtputf8 else "ascii")
        body = (chunk if isinstance(chunk, bytes) else values[chunk] for chunk in self._chunks)
        return Letter(ordinal, envelope, (self._before, block, self._after, *body), message_id)


def variant_of(rendered: Rendered, key: str) -> Variant:
    """The variant *key* of *rendered*. Raises IssueError where there is none."""
    for variant in rendered.variants:
        if variant.key == key:
            return variant
    raise IssueError(f"issue {rendered.issue} has no variant {key!r}", hint="render it again")


def preview_html(variant: Variant, fields: Mapping[str, str]) -> str:
    """The variant's HTML with *fields* for its tokens and its pictures in place; a token without a field stays."""
    html = fill(variant.html, variant.tokens, fields, escape=html_escape.escape)
    for picture in variant.pictures:
        html = html.replace(f"cid:{picture.cid}", f"data:{picture.media_type};base64,{picture.data}")
    return html


def preview_text(variant: Variant, fields: Mapping[str, str]) -> str:
    """The variant's text part with *fields* for its tokens."""
    return fill(variant.text, variant.tokens, fields)


def fill(text: str, tokens: Mapping[str, str], fields: Mapping[str, str], *, escape: Callable[[str], str] = str) -> str:
    """*text* with each token's field in its place. A field that looks like a token is not filled again."""
    values = {tokens[name]: escape(_value(name, fields[name])) for name in tokens if name in fields}
    if not values:
        return text
    return re.sub("|".join(map(re.escape, values)), lambda match: values[match[0]], text)


def standing_headers(config: Config) -> list[tuple[str, str]]:
    """The headers every reader gets alike, From and Reply-To first; encoded."""
    reply = config.reply_to.address
    name = encode_phrase(config.newsletter.name, len("List-Id: "))
    return [
        ("From", _mailbox(config.newsletter.sender, len("From: "), config.newsletter.name)),
        ("Reply-To", _mailbox(config.reply_to, len("Reply-To: "), config.newsletter.name)),
        ("List-Id", f"{name}{_gap(name)}<{config.list_id}>"),
        ("List-Help", f"<mailto:{percent(str(reply), safe='@')}?subject=help>"),
        ("List-Owner", f"<mailto:{percent(str(reply), safe='@')}>"),
        ("List-Post", "NO"),
    ]


# ------------------------------------------------------------------------------------------------ headers


def encode_words(text: str, used: int) -> str:
    """*text* as an unstructured header value; *used* columns of its first line are taken.

    Plain ASCII stays, folded at blanks; anything else becomes RFC 2047 encoded words of at most 75 characters
    that never cut a character. Raises SendError for a line break or another control character.
    """
    if _UNSAFE.search(text):
        raise SendError(f"{text!r}: a header holds no line breaks or control characters")
    words = text.split(" ")
    if not text:
        return ""
    if text.isascii() and "=?" not in text and all(words) and max(map(len, words), default=0) <= 60:
        return _fold(words, used)
    return _encoded_words(text, used)


def encode_phrase(name: str, used: int) -> str:
    """*name* as the display name of a mailbox or list: atoms, a quoted string, or encoded words."""
    if _UNSAFE.search(name):
        raise SendError(f"{name!r}: a name holds no line breaks or control characters")
    if name.isascii() and "=?" not in name and len(name) <= 64:
        if _ATOMS.fullmatch(name) and name == " ".join(name.split()):
            return name
        return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return _encoded_words(name, used)


def _fold(words: Sequence[str], used: int) -> str:
    lines, column = [words[0]], used + len(words[0])
    for word in words[1:]:
        if column + 1 + len(word) > LINE:
            lines.append(f"\r\n {word}")
            column = 1 + len(word)
        else:
            lines.append(f" {word}")
            column += 1 + len(word)
    return "".join(lines)


def _encoded_words(text: str, used: int) -> str:
    as_q = "".join(map(_q, text))
    by_q = len(as_q) <= 4 * len(text.encode()) / 3 + 4
    start, end, lines, room = "=?utf-8?q?" if by_q else "=?utf-8?b?", "?=", [], LINE - max(used, 1)
    current, size = "", 0
    for character in text:
        wide = len(_q(character)) if by_q else len(character.encode())
        total = size + wide if by_q else 4 * -(-(size + wide) // 3)
        if current and len(start) + total + len(end) > min(room, 75):
            lines.append(current)
            current, size, room = "", 0, LINE - 1
        current += character
        size += wide
    lines.append(current)
    encode = (lambda s: "".join(map(_q, s))) if by_q else _b
    return "\r\n ".join(f"{start}{encode(line)}{end}" for line in lines)


def _q(character: str) -> str:
    """RFC 2047, 5 (3): the set that is safe in a phrase too."""
    if character == " ":
        return "_"
    if character.isascii() and (character.isalnum() or character in "!*+-/"):
        return character
    return "".join(f"={byte:02X}" for byte in character.encode())


def _b(text: str) -> str:
    return binascii.b2a_base64(text.encode(), newline=False).decode()


def _gap(name: str) -> str:
    """A blank after a name, a new line where the name was long."""
    return " " if len(name) < 30 else "\r\n "


def _mailbox(mailbox: Mailbox, used: int, default: str) -> str:
    name = encode_phrase(mailbox.name or default, used)
    return f"{name}{_gap(name)}<{mailbox.address}>"


def _to(name: str, envelope: Envelope) -> str:
    if _UNSAFE.search(envelope.recipient) or " " in envelope.recipient:
        raise SendError(f"{envelope.recipient!r} cannot stand in a header")
    if not envelope.recipient.isascii() and not envelope.smtputf8:
        raise SendError(f"{envelope.recipient} can only be reached by SMTPUTF8", hint="the relay must offer it")
    if not name:
        return envelope.recipient
    phrase = encode_phrase(name, len("To: "))
    return f"{phrase}{_gap(phrase)}<{envelope.recipient}>"


def _leave_headers(leave: str, one_click: bool) -> Iterator[str]:
    if not leave:
        if one_click:
            raise SendError("one-click leaving needs a LEAVE address")
        return
    address = _value("LEAVE", leave)
    yield f"List-Unsubscribe: <{address}>"  # never folded: mailbox providers read it with simple patterns
    if one_click:
        if not address.startswith("https://"):
            raise SendError(f"one-click leaving needs an https address, not {address}", hint="RFC 8058, 3.1")
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def _headers(pairs: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in pairs).encode("ascii")


@lru_cache(maxsize=4)
def _date(date: datetime) -> str:
    return format_datetime(date)


# ------------------------------------------------------------------------------------------------ bodies


def quoted_printable(text: str) -> bytes:
    """*text* as quoted-printable with CRLF; its last line leaves room for a soft line break."""
    if len(text) < LINE and _LITERAL.fullmatch(text):  # nearly every reader's value
        return text.encode("ascii")
    data = binascii.b2a_qp(text.encode(), quotetabs=False, istext=True, header=False).replace(b"\n", b"\r\n")
    start = data.rfind(b"\n") + 1
    if len(data) - start < LINE:
        return data
    cut = start + LINE - 4
    while b"=" in data[cut - 2 : cut]:  # never inside =XX
        cut -= 1
    return data[:cut] + SOFT + data[cut:]


def _pieces(text: str, tokens: Mapping[str, str], *, is_html: bool) -> Iterator[bytes | tuple[str, bool]]:
    names = {token: name for name, token in tokens.items()}
    parts = re.split("(" + "|".join(map(re.escape, names)) + ")", text) if names else [text]
    for number, part in enumerate(parts):
        if number % 2:
            yield names[part], is_html
        else:
            opens, closes = number > 0, number + 1 < len(parts)
            yield SOFT * opens + quoted_printable(part) + SOFT * closes


def _inner(boundary: str) -> str:
    """The boundary of what stands inside: neither begins with the other."""
    return f"=_r{boundary.removeprefix('=_')}"


def _related(variant: Variant, part: str, boundary: str) -> Iterator[bytes]:
    """What stands before the HTML: its own header, inside a multipart/related (RFC 2387) where it has pictures."""
    if not variant.pictures:
        yield b"\r\n" + (part % "html").encode()
        return
    inner = _inner(boundary)
    yield (
        f'\r\n--{boundary}\r\nContent-Type: multipart/related; type="text/html";\r\n boundary="{inner}"\r\n\r\n'
    ).encode()
    yield (part.replace(boundary, inner) % "html").encode()


def _carried(variant: Variant, boundary: str) -> Iterator[bytes]:
    """The pictures, behind the HTML that names them (RFC 2392)."""
    for picture in variant.pictures:
        lines = "\r\n".join(textwrap.wrap(picture.data, LINE))
        yield (
            f"\r\n--{_inner(boundary)}\r\nContent-Type: {picture.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-ID: <{picture.cid}>\r\nContent-Disposition: inline\r\n\r\n{lines}"
        ).encode("ascii")
    if variant.pictures:
        yield f"\r\n--{_inner(boundary)}--".encode()


def _value(name: str, raw: str) -> str:
    """*raw* fit to stand for the token *name*: words stay as they are, a URL is percent-encoded ASCII."""
    if _UNSAFE.search(raw):
        raise SendError(f"{raw!r}: a value for {name} holds no line breaks or control characters")
    if name in IN_WORDS:
        return raw
    if not re.match(r"https?://|mailto:|#", raw):
        raise SendError(f"{raw!r} is no address for {name}", hint="https:// or mailto:")
    return raw if _URL.fullmatch(raw) else percent(raw, safe="!#$%&'()*+,/:;=?@[]~-._")


def _boundary(seed: str) -> str:
    """A boundary that follows from the issue; ``=_`` cannot stand in quoted-printable (RFC 2045, 6.7)."""
    return "=_" + hashlib.sha256(seed.encode()).hexdigest()[:32]
