"""A letter's bytes on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.send.transports.smtp.stuffing import Stuffing

PIECES = st.lists(
    st.sampled_from(
        [
            b".",
            b"..",
            b"\r\n",
            b"x",
            b"a.b",
            b"\r\n.\r\n",
            b".\r\n",
            b"",
            b"y" * 600,
            "é".encode(),
            b"z" * 600 + "\r\né".encode(),
        ]
    ),
    max_size=8,
)


def plainly(body: bytes) -> bytes:
    """RFC 5321 section 4.5.2, line by line."""
    lines = body.split(b"\r\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines or [b""])


@given(PIECES)
def test_chunks_are_stuffed_as_the_whole_letter_would_be(chunks: list[bytes]) -> None:
    """However it is cut, and when the same chunks come again."""
    stuffing = Stuffing()
    for _ in range(2):
        body = stuffing.of(chunks)
        assert b"".join(body.parts) == plainly(b"".join(chunks))
        assert (body.size, body.is_ascii) == (len(plainly(b"".join(chunks))), b"".join(chunks).isascii())


@given(PIECES)
def test_the_end_of_data_stands_nowhere_inside(chunks: list[bytes]) -> None:
    sent = b"\r\n" + b"".join(Stuffing().of(chunks).parts)
    assert b"\r\n.\r\n" not in sent


def test_a_line_end_cut_in_two_is_whole_again() -> None:
    assert b"".join(Stuffing().of([b"a\r", b"\n.b"]).parts) == b"a\r\n..b\r\n"


@pytest.mark.parametrize("chunks", [[b"a\r", b"b"], [b"a\nb"], [b"a\n", b"\rb"], [b"x" * 600 + b"\n"], [b"\r"]])
def test_a_bare_line_end_is_refused_wherever_it_is_cut(chunks: list[bytes]) -> None:
    with pytest.raises(ValueError, match="bare CR or LF"):
        Stuffing().of(chunks)
