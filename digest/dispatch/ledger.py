"""What the sending loop asks of the books, whoever keeps them."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from datetime import datetime
from typing import Protocol

from digest.address import Address
from digest.send.states import Settled


class InHand(Protocol):
    """One delivery under way."""

    @property
    def ordinal(self) -> int: ...
    @property
    def address(self) -> Address: ...
    @property
    def attempts(self) -> int: ...


class Addressee(Protocol):
    """Whom one letter is for, and what it needs to know of them."""

    @property
    def ordinal(self) -> int: ...
    @property
    def subscriber(self) -> int: ...
    @property
    def address(self) -> Address: ...
    @property
    def name(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def how(self) -> str: ...


class Row(InHand, Addressee, Protocol):
    """One leased delivery, joined with who may get it now."""


class Ledger(Protocol):
    """One issue's deliveries in the hands of one owner, or of many. Called from one thread at a time; every call is
    one short transaction."""

    def freeze(self, now: datetime) -> int:
        """Numbers the readers, once; how many there are."""
        ...

    def hand_out(self, limit: int, now: datetime, without: Collection[str] = ()) -> Sequence[Row]:
        """Up to *limit* rows, leased to us, none of the mail domains *without*; [] when none is due, or the issue is
        paused or stopped."""
        ...

    def merge(self, outcomes: Sequence[tuple[int, Settled]], intents: Sequence[int], now: datetime) -> Set[int]:
        """Books *outcomes*, then those *intents* that may still finish, in one durable transaction; gives the
        intents granted."""
        ...

    def reconcile(self, now: datetime) -> None:
        """Takes back what dead owners held: leased rows wait again, rows past their intent are in doubt."""
        ...
