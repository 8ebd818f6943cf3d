"""`Rendered` → `Letter`: one message for each reader, by joining bytes that were encoded once.

Knows RFC 5322 (headers), 2045–2049 (quoted-printable, encoded words), 2369, 2919 and 8058 (List-*). Sees values
for one reader only as `fields`; knows no template, no SMTP, no clock.

A variant is cut at its tokens; each piece between them is quoted-printable once and ends in a soft line break, so
that a reader's value can stand there at any length without wrapping anything again. Of a reader's own address on
the web only the last path segment differs: all before it is the newsletter's, and stands in the pieces.
"""

from __future__ import annotations

import hashlib
import html as html_escape
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote as percent

from digest.config import Config, Mailbox
from digest.errors import IssueError, SendError
from digest.model import Envelope, Letter, Picture, Rendered, Variant
from digest.render.encoding import LINE, SOFT, UNSAFE, encode_phrase, encode_words, quoted_printable

IN_WORDS = ("EMAIL", "WHY", "GREETING")
TOKENS = (*IN_WORDS, "LEAVE", "PREFS")
"""What differs between two readers' letters: their address, how it came here, how they are greeted; where to leave, to
choose."""

LONG = 512  # bytes: a piece that is no longer is copied faster than it is handed on by itself
LONGEST = 998  # RFC 5322, 2.1.1: the longest line there may be, without its CRLF
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?A-~]+>")
_URL = re.compile(r"[A-Za-z0-9!#$%&'()*+,/:;=?@\[\]~._-]*")
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")
_ADDRESS = re.compile(  # RFC 5322, 3.4.1: a dot-atom or a quoted string, and a domain of A-labels
    r"""(?:[^\s"(),:;<>@\[\\\]]+|"(?:[^"\\]|\\.)+")@[A-Za-z0-9_][A-Za-z0-9._-]*"""
)
_MARKUP = re.compile(  # a comment, an element whose content is no text, or one tag
    r"""(?is)<!--.*?-->|<(style|script|title|textarea|noscript|iframe|xmp)\b.*?</\1\s*>"""
    r"""|<[/!?]?[a-z_](?:[^'"<>]|"[^"]*"|'[^']*')*>"""
)
_BEGUN = re.compile(r"<[/!?a-z_]", re.I)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_SAID = frozenset({"title", "aria-label", "alt", "summary"})  # attributes that hold words


class Skeleton:
    """One variant, encoded and waiting for addresses. Build it once an issue, call `letter` for each reader."""

    def __init__(self, rendered: Rendered, variant_key: str, config: Config) -> None:
        variant = variant_of(rendered, variant_key)
        for where in misplaced_tokens(variant):
            raise SendError(f"{where}", hint="a token stands in a text, or is the whole href of a link")
        self.language = variant.language
        self._links = reader_links(config)
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
        # A token is (its name, whether it stands in the HTML part).
        chunks: list[bytes | tuple[str, bool]] = [
            (part % "plain").encode(),
            *self._pieces(variant.text, variant.tokens, is_html=False),
            *_related(variant, part, boundary),
            *self._pieces(variant.html, variant.tokens, is_html=True),
            *_carried(variant, boundary),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        self._runs = list(_runs(chunks))
        self._used = {chunk[0]: self._links.get(chunk[0]) for chunk in chunks if isinstance(chunk, tuple)}

    def _pieces(self, text: str, tokens: Mapping[str, str], *, is_html: bool) -> Iterator[bytes | tuple[str, bool]]:
        """*text* cut at its tokens, encoded; of a link all but the reader's own segment belongs to the piece."""
        names = {token: name for name, token in tokens.items()}
        parts = re.split("(" + "|".join(map(re.escape, names)) + ")", text) if names else [text]
        for number, part in enumerate(parts):
            if number % 2:
                yield names[part], is_html
                continue
            opens, closes = number > 0, number + 1 < len(parts)
            literal = self._links.get(names[parts[number + 1]], "") if closes else ""
            yield (
                SOFT * opens
                + quoted_printable(part + (html_escape.escape(literal) if is_html else literal))
                + (SOFT * closes)
            )

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

        *fields* holds the values of the variant's tokens, whole addresses. *one_click* adds RFC 8058's header and
        wants an https LEAVE. Raises SendError for a value that cannot stand in a message.
        """
        if not self._used.keys() <= fields.keys():
            missing = ", ".join(sorted(self._used.keys() - fields.keys()))
            raise SendError(f"no value for {missing} in the letter to {envelope.recipient}")
        if not _MESSAGE_ID.fullmatch(message_id):
            raise SendError(f"{message_id!a} is no Message-ID", hint="it looks like <left@right>")
        plain: dict[str, bytes] = {}
        html: dict[str, bytes] = {}
        for name, literal in self._used.items():
            if literal is not None:  # letters, digits and a few marks: the same in HTML, text and header
                plain[name] = html[name] = _segment(name, fields[name], literal)
            else:
                plain[name], html[name] = _encoded(name, fields[name])
        leave = _leave_headers(fields.get("LEAVE", ""), self._links["LEAVE"], one_click)
        head = f"To: {_to(to_name, envelope)}\r\nDate: {_date(date)}\r\nMessage-ID: {message_id}\r\n{leave}"
        # A local part outside ASCII leaves only by SMTPUTF8, where headers are UTF-8 (RFC 6532).
        block = head.encode("utf-8" if envelope.smtputf8 else "ascii")
        chunks = [self._before + block + self._after]
        for run in self._runs:
            if isinstance(run, bytes):
                chunks.append(run)
                continue
            pieces = run.pieces.copy()
            for place, name, is_html in run.places:
                pieces[place] = html[name] if is_html else plain[name]
            chunks.append(b"".join(pieces))
        return Letter(ordinal, envelope, chunks, message_id)


class _Run(NamedTuple):
    """Short pieces that stand beside one another, and which of them are a reader's values: a token's name, and
    whether it stands in the HTML part."""

    pieces: list[bytes]
    places: list[tuple[int, str, bool]]


def _runs(chunks: Iterable[bytes | tuple[str, bool]]) -> Iterator[bytes | _Run]:
    """What all letters share is one chunk where it is long, the very same bytes in each; all between two such
    becomes one of a letter's own. The fewer chunks, the less there is to do for each letter."""
    run = _Run([], [])
    for chunk in chunks:
        if isinstance(chunk, bytes) and len(chunk) > LONG:
            if run.pieces:
                yield run
                run = _Run([], [])
            yield chunk
            continue
        if isinstance(chunk, tuple):
            run.places.append((len(run.pieces), *chunk))
        run.pieces.append(chunk if isinstance(chunk, bytes) else b"")
    yield run


def reader_links(config: Config) -> Mapping[str, str]:
    """What stands before a reader's own path segment: token name -> the newsletter's address up to there.

    Without a site people leave by mail, the segment being the end of the subject, and there is nothing to prefer.
    """
    if site := config.site.url.rstrip("/"):
        return {"LEAVE": f"{site}/leave/", "PREFS": f"{site}/preferences/"}
    mailbox = config.site.mailto or str(config.reply_to.address)
    return {"LEAVE": f"mailto:{percent(mailbox, safe='@+')}?subject=unsubscribe%20"}


def misplaced_tokens(variant: Variant) -> Iterator[str]:
    """Where a token stands in the HTML that no value can be escaped for, in words.

    A value may stand in a text, in a quoted attribute that holds words, and (never the address) as the whole href
    of a link.
    """
    names = {token: name for name, token in variant.tokens.items()}
    if not names:
        return
    token = re.compile("|".join(map(re.escape, names)))
    html, end = variant.html, 0
    for markup in [*_MARKUP.finditer(html), None]:
        gap = html[end : markup.start() if markup else len(html)]
        begun = _BEGUN.search(gap)
        for found in token.finditer(gap, begun.start() if begun else len(gap)):
            yield f"{names[found[0]]} stands in a tag that is never closed, {_line(html, end + found.start())}"
        if markup is None:
            return
        end = markup.end()
        element = (markup[1] or "").lower()
        if element == "title" or not token.search(markup[0]):
            continue
        is_tag = not element and not markup[0].startswith("<!")
        rest = _ATTRIBUTE.sub(lambda a: "" if _may_hold(a, names) else a[0], markup[0]) if is_tag else markup[0]
        for name in token.findall(rest):
            place = f"<{element}>" if element else f"{rest.split()[0]} …>" if is_tag else "a comment"
            yield f"{names[name]} stands in {place}, {_line(html, markup.start())}"


def _line(html: str, at: int) -> str:
    return f"line {html.count(chr(10), 0, at) + 1} of the HTML"


def _may_hold(attribute: re.Match[str], names: Mapping[str, str]) -> bool:
    """Whether a token may stand in *attribute*: in words, or as the whole target of a link."""
    name, value = attribute[1].lower(), attribute[2]
    quoted = value[0] in "\"'"
    return quoted and (name in _SAID or (name == "href" and names.get(value[1:-1], IN_WORDS[0]) not in IN_WORDS))


def variant_of(rendered: Rendered, key: str) -> Variant:
    """The variant *key* of *rendered*. Raises IssueError where there is none."""
    for variant in rendered.variants:
        if variant.key == key:
            return variant
    raise IssueError(f"issue {rendered.issue} has no variant {key!r}", hint="render it again")


def preview_html(variant: Variant, fields: Mapping[str, str]) -> str:
    """The variant's HTML with *fields* for its tokens and its pictures in place; a token without a field stays."""
    return with_pictures(fill(variant.html, variant.tokens, fields, escape=html_escape.escape), variant)


def with_pictures(html: str, variant: Variant) -> str:
    """*html* of *variant* with its pictures inside, those of the site too: nothing needs to be loaded."""
    for picture in variant.pictures:
        source = html_escape.escape(picture.source)
        html = html.replace(source, f"data:{picture.media_type};base64,{picture.data}")
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
        *([("List-Archive", f"<{config.site.url.rstrip('/')}/issues>")] if config.site.url else []),
        ("List-Post", "NO"),
    ]


# ------------------------------------------------------------------------------------------------ headers


def _gap(name: str) -> str:
    """A blank after a name, a new line where the name was long."""
    return " " if len(name) < 30 else "\r\n "


def _mailbox(mailbox: Mailbox, used: int, default: str) -> str:
    name = encode_phrase(mailbox.name or default, used)
    return f"{name}{_gap(name)}<{mailbox.address}>"


def _to(name: str, envelope: Envelope) -> str:
    if UNSAFE.search(envelope.recipient) or not _ADDRESS.fullmatch(envelope.recipient):
        raise SendError(f"{envelope.recipient!a} is no address a header can hold")
    if not envelope.recipient.isascii() and not envelope.smtputf8:
        raise SendError(f"{envelope.recipient} can only be reached by SMTPUTF8", hint="the relay must offer it")
    name = name.translate(_BIDI)  # they would turn the address beside them around
    if not name.strip():
        return envelope.recipient
    phrase = encode_phrase(name, len("To: "))
    return f"{phrase}{_gap(phrase)}<{envelope.recipient}>"


def _leave_headers(leave: str, literal: str, one_click: bool) -> str:
    if not leave:
        if one_click:
            raise SendError("one-click leaving needs a LEAVE address")
        return ""
    address = literal + _segment("LEAVE", leave, literal).decode("ascii")
    header = f"List-Unsubscribe: <{address}>\r\n"  # never folded: mailbox providers read it with simple patterns
    if not one_click:
        return header
    if not address.startswith("https://"):
        raise SendError(f"one-click leaving needs an https address, not {address}", hint="RFC 8058, 3.1")
    return header + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def _headers(pairs: Iterable[tuple[str, str]]) -> bytes:
    block = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    for line in block.split("\r\n"):
        if len(line) > LONGEST or not line.isascii():
            raise SendError(f"a header line cannot be sent: {line[:60]!a}…", hint="shorten or mend it in digest.toml")
    return block.encode("ascii")


@lru_cache(maxsize=4)
def _date(date: datetime) -> str:
    return format_datetime(date)


# ------------------------------------------------------------------------------------------------ bodies


def _segment(name: str, raw: str, literal: str) -> bytes:
    """The end of the address *raw* that is the reader's own. Raises SendError unless the newsletter's *literal* is
    before it and it needs no escaping anywhere."""
    segment = raw.removeprefix(literal)
    if segment == raw or not _SEGMENT.fullmatch(segment):
        raise SendError(f"{raw!a} is no address for {name}", hint=f"{literal} and letters, digits or . _ ~ - after it")
    return segment.encode("ascii")


@lru_cache(maxsize=1024)  # why they get it and how they are greeted is the same for many
def _encoded(name: str, raw: str) -> tuple[bytes, bytes]:
    """What stands for the token *name*, in text and in HTML."""
    value = _value(name, raw)
    plain, escaped = quoted_printable(value), html_escape.escape(value)
    return plain, plain if escaped == value else quoted_printable(escaped)


def _inner(boundary: str) -> str:
    """The boundary of what stands inside: neither begins with the other."""
    return f"=_r{boundary.removeprefix('=_')}"


def _related(variant: Variant, part: str, boundary: str) -> Iterator[bytes]:
    """What stands before the HTML: its own header, inside a multipart/related (RFC 2387) where it has pictures."""
    if not carried_in(variant):
        yield b"\r\n" + (part % "html").encode()
        return
    inner = _inner(boundary)
    yield (
        f'\r\n--{boundary}\r\nContent-Type: multipart/related; type="text/html";\r\n boundary="{inner}"\r\n\r\n'
    ).encode()
    yield (part.replace(boundary, inner) % "html").encode()


def carried_in(variant: Variant) -> tuple[Picture, ...]:
    """The pictures inside the letter; others are on the newsletter's site."""
    return tuple(picture for picture in variant.pictures if not picture.url)


def _carried(variant: Variant, boundary: str) -> Iterator[bytes]:
    """The pictures, behind the HTML that names them (RFC 2392)."""
    for picture in carried_in(variant):
        lines = "\r\n".join(picture.data[at : at + LINE] for at in range(0, len(picture.data), LINE))
        yield (
            f"\r\n--{_inner(boundary)}\r\nContent-Type: {picture.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-ID: <{picture.cid}>\r\nContent-Disposition: inline\r\n\r\n{lines}"
        ).encode("ascii")
    if carried_in(variant):
        yield f"\r\n--{_inner(boundary)}--".encode()


def _value(name: str, raw: str) -> str:
    """*raw* fit to stand for the token *name*: words stay as they are, a URL is percent-encoded ASCII."""
    if UNSAFE.search(raw):
        raise SendError(f"{raw!a}: a value for {name} holds no line breaks or control characters")
    if name in IN_WORDS:
        return raw if raw.isascii() else raw.translate(_BIDI)
    if not re.match(r"https?://|mailto:|#", raw):
        raise SendError(f"{raw!a} is no address for {name}", hint="https:// or mailto:")
    return raw if _URL.fullmatch(raw) else percent(raw, safe="!#$%&'()*+,/:;=?@[]~-._")


def _boundary(seed: str) -> str:
    """A boundary that follows from the issue; ``=_`` cannot stand in quoted-printable (RFC 2045, 6.7)."""
    return "=_" + hashlib.sha256(seed.encode()).hexdigest()[:32]
