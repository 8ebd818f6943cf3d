"""The seam between the ledger and the wire: what carries letters, and what it must report while doing so.

Knows no template, no SQL and no subscriber: an ordinal, an envelope and bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from digest.errors import SendError
from digest.model import Letter, Outcome, Reply

STORED = Reply(250, "2.0.0", "stored in the outbox")
"""What is booked of a letter that went to a file and to no relay: what tells the two apart later."""


class LoginRefused(SendError):
    """The server knows us no longer: a person has to look."""


class Journal(Protocol):
    """The ledger as a transport sees it."""

    async def may_finish(self, ordinal: int) -> bool:
        """True once `sending` is on disk: only then may the final dot leave.

        False: the issue was stopped or the reader left; abandon the letter without the dot. After False no
        outcome is reported for this ordinal.
        """
        ...

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        """What the receiver said. Cheap: it is written with the next commit."""
        ...


class Transport(Protocol):
    async def reach(self) -> None:
        """Whatever can be found out before the first letter: is somebody there, and does it let us in. In the loop
        in which `carry` follows. Raises SendError.
        """
        ...

    async def carry(self, letters: AsyncIterator[Letter], journal: Journal) -> None:
        """Carry every letter, or leave it without a dot and report Deferred; returns when all have an outcome.

        Raises SendError where nothing can be carried at all (no server, a refused login).
        """
        ...

    def halt(self) -> None:
        """Begin no letter and open no connection any more. `carry` returns once what is past its dot is answered."""
        ...
