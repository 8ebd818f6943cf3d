"""A letter's bytes as they go over the wire after DATA: dots doubled, a line end at the end, no bare CR or LF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.model import Envelope

_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_KEPT = 1024  # chunks

_Known = tuple[bytes, bytes, bool, bool]
"""A chunk; how it is sent; whether it begins with a dot; whether it ends a line."""


class Stuffing:
    """Remembers the chunks it has seen: an issue's letters share all but a few hundred bytes of their 70 KB, and
    looking through those costs more than sending them."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}  # by the chunk's id, which stays its own as it is kept alive

    def of(self, chunks: Sequence[bytes]) -> bytes:
        """Raises ValueError, a bug of ours, for a bare CR or LF: it could smuggle a second letter."""
        sent: list[bytes] = []
        known = self._known
        at_line_start = True
        for chunk in chunks:
            seen = known.get(id(chunk))
            if seen is None or seen[0] is not chunk:
                seen = self._look_at(chunk)
                if seen is None:
                    return _stuffed_at_once(b"".join(chunks))
            if at_line_start and seen[2]:
                sent.append(b".")
            sent.append(seen[1])
            at_line_start = seen[3] if chunk else at_line_start
        if not at_line_start or not any(sent):
            sent.append(b"\r\n")
        return b"".join(sent)

    def _look_at(self, chunk: bytes) -> _Known | None:
        """None: it is cut inside a line end."""
        if b"\n" not in chunk and b"\r" not in chunk:  # nearly every value of a reader's own: not worth keeping
            return chunk, chunk, chunk.startswith(b"."), False
        if not _is_whole(chunk):
            return None
        if len(self._known) >= _KEPT:
            self._known.clear()
        seen = (chunk, chunk.replace(b"\r\n.", b"\r\n.."), chunk.startswith(b"."), chunk.endswith(b"\r\n"))
        self._known[id(chunk)] = seen
        return seen


def _stuffed_at_once(body: bytes) -> bytes:
    """For chunks that are cut inside a line end: the slow and certain way."""
    if not _is_whole(body):
        raise ValueError("the letter holds a bare CR or LF")
    if body.startswith(b"."):
        body = b"." + body
    body = body.replace(b"\r\n.", b"\r\n..")  # RFC 5321 section 4.5.2
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _is_whole(data: bytes) -> bool:
    """Whether every CR is followed by LF and every LF comes after CR."""
    return data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")  # a regex takes 20 times as long


def refuse_smuggling(envelope: Envelope) -> None:
    """Raises ValueError, a bug of ours, for an address that could hold a second command."""
    for address in (envelope.sender, envelope.recipient):
        if _UNSAFE.search(address):
            raise ValueError(f"no address for an envelope: {address!r}")
