"""What a server says, as replies."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from digest.send.transports.smtp.wire import Wire

SAID = b"220 hello\r\n250-sink\r\n250-SIZE 1000\r\n250 DSN\r\n250 2.0.0 queued\r\n354\r\n550 5.1.1 no\n"
REPLIES = [
    [b"220 hello"],
    [b"250-sink", b"250-SIZE 1000", b"250 DSN"],
    [b"250 2.0.0 queued"],
    [b"354"],
    [b"550 5.1.1 no"],
]


@given(st.sets(st.integers(1, len(SAID) - 1)))
def test_replies_are_the_same_wherever_what_is_said_is_cut(cuts: set[int]) -> None:
    """Also between CR and LF, and for a server that sends LF alone."""

    async def heard() -> list[list[bytes]]:
        wire = Wire()
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(SAID)], strict=True):
            wire.get_buffer(-1)[: end - start] = SAID[start:end]
            wire.buffer_updated(end - start)
        return [await wire.reply(1) for _ in REPLIES]

    assert asyncio.run(heard()) == REPLIES
