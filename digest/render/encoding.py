"""Words as a message carries them: header values (RFC 5322, 2047) and quoted-printable lines (RFC 2045)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence

from digest.errors import SendError

UNSAFE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]")
SOFT = b"=\r\n"
LINE = 76  # RFC 2045, 6.7: the longest quoted-printable line
_LITERAL = re.compile(r"[!-,/-<>-~-][!-<>-~]*")  # stands for itself in quoted-printable, and begins with no dot
_ESCAPED = re.compile(rb"[^\t -<>-~]")
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")


def encode_words(text: str, used: int) -> str:
    """*text* as an unstructured header value; *used* columns of its first line are taken.

    Plain ASCII stays, folded at blanks; anything else becomes RFC 2047 encoded words of at most 75 characters
    that never cut a character. Raises SendError for a line break or another control character.
    """
    if UNSAFE.search(text):
        raise SendError(f"{text!a}: a header holds no line breaks or control characters")
    words = text.split(" ")
    if not text:
        return ""
    if text.isascii() and "=?" not in text and all(words) and max(map(len, words), default=0) <= 60:
        return _fold(words, used)
    return _encoded_words(text, used)


def encode_phrase(name: str, used: int) -> str:
    """*name* as the display name of a mailbox or list: atoms, a quoted string, or encoded words."""
    if UNSAFE.search(name):
        raise SendError(f"{name!a}: a name holds no line breaks or control characters")
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


def quoted_printable(text: str) -> bytes:
    """*text* as quoted-printable (RFC 2045, 6.7) with CRLF. No line begins with a dot, and the last one leaves room
    for a soft line break. Raises SendError for half a surrogate pair."""
    if len(text) < LINE and _LITERAL.fullmatch(text):  # nearly every reader's value
        return text.encode("ascii")
    try:
        data = text.replace("\r\n", "\n").encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise SendError(f"line {line} holds half a surrogate pair: {text[error.start]!a}") from error
    return b"\r\n".join(SOFT.join(_wrapped(_ESCAPED.sub(_hex, line))) for line in data.split(b"\n"))


def _hex(found: re.Match[bytes]) -> bytes:
    return b"=%02X" % found[0][0]


def _wrapped(line: bytes) -> Iterator[bytes]:
    """*line*, escaped already, in pieces that leave room for a soft line break; a blank at its end is escaped."""
    if line[-1:] in (b" ", b"\t"):
        line = line[:-1] + (b"=20" if line.endswith(b" ") else b"=09")
    while True:
        if line.startswith(b"."):
            line = b"=2E" + line[1:]
        if len(line) < LINE:
            yield line
            return
        cut = LINE - 1
        while b"=" in line[cut - 2 : cut]:  # never inside =XX
            cut -= 1
        yield line[:cut]
        line = line[cut:]
