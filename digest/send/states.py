"""From an outcome to a delivery's next state. Pure: values and `now` in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.model import Accepted, Deferred, DeliveryState, Outcome, Rejected
from digest.send.replies import asks_for_less, pauses_issue


@dataclass(frozen=True, slots=True)
class Rules:
    """When a deferred letter is tried again: after *first*, then twice as long each time, at most *longest*;
    given up once the waiting adds up to *give_up* (RFC 5321 section 4.5.4.1 asks for 4–5 days)."""

    first: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    give_up: timedelta = timedelta(days=5)

    def wait_after(self, attempts: int) -> timedelta:
        """The pause after try number *attempts* (from 1)."""
        doublings: int = min(attempts - 1, 30)  # 2**30 half hours pass any limit; more would overflow
        return min(self.first * (1 << doublings), self.longest)

    def waited_by(self, attempts: int) -> timedelta:
        """All the pauses that lie before try number *attempts*."""
        return sum((self.wait_after(n) for n in range(1, attempts)), timedelta())


UNWRITTEN = "could not be written"
"""How the reply of a letter begins that nobody refused: its reader's own values cannot stand in one."""

RULES = Rules()
HASTE = Rules(first=timedelta(minutes=1), longest=timedelta(hours=1))
"""After "too fast": the reader has not been asked yet, and there is room again soon."""


@dataclass(frozen=True, slots=True)
class Settled:
    state: DeliveryState
    due: datetime | None  # set exactly when state is deferred
    reply: str


def settle(attempts: int, outcome: Outcome, now: datetime, rules: Rules = RULES) -> Settled:
    """What the ledger writes for a letter in flight; *attempts* counts this try, from 1.

    An answer that is about the sender and not the reader (`pauses_issue`) never uses a reader up: the
    letter is due again at once, when a person has resumed the issue.
    """
    if isinstance(outcome, Accepted):
        return Settled("accepted", None, str(outcome.reply))
    if not isinstance(outcome, Deferred | Rejected):
        return Settled("uncertain", None, outcome.why)
    reply = str(outcome.reply)
    if pauses_issue(outcome.reply):
        return Settled("deferred", now, reply)
    if isinstance(outcome, Rejected):
        return Settled("rejected", None, reply)
    if asks_for_less(outcome.reply):
        rules = HASTE
    if rules.waited_by(attempts + 1) > rules.give_up:
        return Settled("rejected", None, f"gave up after {attempts} tries: {reply}")
    return Settled("deferred", now + rules.wait_after(attempts), reply)
