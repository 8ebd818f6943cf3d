"""A letter's bytes as they go over the wire after DATA: dots doubled, a line end at the end, no bare CR or LF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from digest.model import Envelope

_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_KEPT = 1024  # chunks
_LONG = 2048  # bytes: less is looked at again faster than it is remembered
_DOT = ord(".")


class Body(NamedTuple):
    """What goes out between 354 and the final dot, as the pieces it is made of."""

    parts: Sequence[bytes]
    size: int  # bytes, all parts together
    is_ascii: bool


_Seen = tuple[bytes, bool, bool, bool]
"""How a chunk is sent; whether it begins with a dot; whether it ends a line; whether it is ASCII."""


class Stuffing:
    """Remembers the long chunks it has seen: an issue's letters share all but a few hundred bytes of their 70 KB, and
    looking through those costs more than sending them."""

    def __init__(self) -> None:
        # By the chunk's id, which stays its own as it is kept alive.
        self._known: dict[int, tuple[bytes, _Seen]] = {}

    def of(self, chunks: Sequence[bytes]) -> Body:
        """Raises ValueError, a bug of ours, for a bare CR or LF: it could smuggle a second letter."""
        parts: list[bytes] = []
        at_line_start = is_all_ascii = True
        for chunk in chunks:
            if not chunk:
                continue
            seen = self._remembered(chunk) if len(chunk) > _LONG else _look_at(chunk)
            if seen is None:
                return _stuffed_at_once(b"".join(chunks))
            sent, begins_with_dot, ends_line, is_ascii = seen
            if at_line_start and begins_with_dot:
                parts.append(b".")
            parts.append(sent)
            at_line_start = ends_line
            is_all_ascii = is_all_ascii and is_ascii
        if not at_line_start or not parts:
            parts.append(b"\r\n")
        return Body(parts, sum(map(len, parts)), is_all_ascii)

    def _remembered(self, chunk: bytes) -> _Seen | None:
        known = self._known.get(id(chunk))
        if known is not None and known[0] is chunk:
            return known[1]
        seen = _look_at(chunk)
        if seen is not None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[id(chunk)] = chunk, seen
        return seen


def _look_at(chunk: bytes) -> _Seen | None:
    """None: it is cut inside a line end."""
    if not _is_whole(chunk):
        return None
    sent = chunk.replace(b"\r\n.", b"\r\n..")  # RFC 5321 section 4.5.2
    return sent, chunk[0] == _DOT, chunk.endswith(b"\r\n"), chunk.isascii()


def _stuffed_at_once(body: bytes) -> Body:
    """For chunks that are cut inside a line end: the slow and certain way."""
    if not _is_whole(body):
        raise ValueError("the letter holds a bare CR or LF")
    if body.startswith(b"."):
        body = b"." + body
    body = body.replace(b"\r\n.", b"\r\n..")
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return Body((body,), len(body), body.isascii())


def _is_whole(data: bytes) -> bool:
    """Whether every CR is followed by LF and every LF comes after CR."""
    return data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")  # a regex takes 20 times as long


def refuse_smuggling(envelope: Envelope) -> None:
    """Raises ValueError, a bug of ours, for an address that could hold a second command."""
    for address in (envelope.sender, envelope.recipient):
        if _UNSAFE.search(address):
            raise ValueError(f"no address for an envelope: {address!r}")
