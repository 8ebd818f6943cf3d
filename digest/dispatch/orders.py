"""A person's word on an issue that is approved or under way: when it leaves, and that it waits, goes on or ends.

The commands and the desk both give their orders here. A send at work heeds them before its next letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from digest.dispatch import locks, welcome
from digest.dispatch.standing import scheduled_for
from digest.errors import IssueError
from digest.model import DeliveryState, IssueState
from digest.store import Store
from digest.store.accounts import MISSING, ReaderRow

AHEAD = timedelta(days=366)  # a time further away is a slip of the hand

# ------------------------------------------------------------------------------------------------ when


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A time that is to come, at most `AHEAD` from *now*: ``18:00`` (today, else tomorrow), ``2026-03-26 18:00``, both
    by the clock of *zone*, or ISO 8601 with an offset. Of one that comes twice, as clocks go back: the first still to
    come. Raises IssueError."""
    hint = "like 18:00, or 2026-03-26 18:00"
    try:
        if len(text) <= 5:
            hour = time.fromisoformat(text if len(text) == 5 else f"0{text}")
            local = now.astimezone(zone)
            found = _to_come(datetime.combine(local.date(), hour, zone), now)
            if found <= now:
                found = datetime.combine(local.date() + timedelta(days=1), hour, zone)
        else:
            found = datetime.fromisoformat(text)
            found = found if found.tzinfo else _to_come(found.replace(tzinfo=zone), now)
        utc = found.astimezone(UTC)
        there = utc.astimezone(zone)
    except (ValueError, OverflowError) as error:  # what no calendar holds in *zone* is no time there
        raise IssueError(f"{text!r} is no time", hint=hint) from error
    if utc.astimezone(found.tzinfo).replace(tzinfo=None) != found.replace(tzinfo=None):
        raise IssueError(f"there is no {text} in {zone}: clocks go forward over it", hint="name another time")
    if found <= now:
        raise IssueError(f"{there:%Y-%m-%d %H:%M} is past", hint="`digest send` sends now")
    if found - now > AHEAD:
        raise IssueError(f"{there:%Y-%m-%d %H:%M} is more than a year ahead", hint="look at the year")
    return found


def _to_come(found: datetime, now: datetime) -> datetime:
    """*found*, or where that is past the second of its name, an hour later, when clocks go back over it."""
    second = found.replace(fold=1)
    return second if found <= now < second else found


def schedule(store: Store, slug: str, at: datetime, *, who: str, now: datetime) -> None:
    """The approved (or already scheduled) issue leaves at *at*. Raises IssueError for any other."""
    with store.transaction():
        store.issues.set_state(slug, "scheduled", who=who, at=now, reason=f"for {at.isoformat()}")
        store.state.set(f"send_at:{slug}", at.isoformat())


def unschedule(store: Store, slug: str, *, who: str, now: datetime) -> None:
    """The scheduled issue is approved, and waits for somebody to send it. Raises IssueError for any other."""
    with store.transaction():
        _need(store, slug, ("scheduled",), "take back")
        store.issues.set_state(slug, "approved", who=who, at=now, reason="the time was taken back")
        store.state.set(f"send_at:{slug}", None)


# ------------------------------------------------------------------------------------------------ wait, go on, end


def pause(store: Store, slug: str, *, who: str, at: datetime, reason: str) -> None:
    """The issue waits: a running send stops before its next letter. Raises IssueError where nothing is under way."""
    # An approved issue whose send still waits to be let in has begun for whoever wants it to wait.
    begins: tuple[IssueState, ...] = ("approved",) if locks.at_work(store.folder, slug) is not None else ()
    _need(store, slug, ("sending", "scheduled", *begins), "pause")
    store.issues.set_state(slug, "paused", who=who, at=at, reason=reason)


def resume(store: Store, slug: str, *, who: str, at: datetime) -> IssueState:
    """The paused issue is what it was: scheduled, approved, or sending, which goes on with the next `digest send`.
    Gives which. Raises IssueError for any other."""
    _need(store, slug, ("paused",), "resume")
    send_at = scheduled_for(store, slug)
    if send_at is not None and send_at > at and not store.ledger.has_left(slug):
        store.issues.set_state(slug, "scheduled", who=who, at=at)
        return "scheduled"
    if [event.became for event in store.issues.events(slug)][-2:] == ["approved", "paused"]:
        store.issues.set_state(slug, "approved", who=who, at=at)
        return "approved"
    with store.transaction():
        store.issues.set_state(slug, "sending", who=who, at=at)
        welcome.resumed(store, slug, at)
    return "sending"


def need_open(store: Store, slug: str) -> None:
    """Raises IssueError for an issue that is over: there is nothing to stop."""
    _need(store, slug, ("draft", "approved", "scheduled", "sending", "paused"), "stop")


def _need(store: Store, slug: str, states: Sequence[IssueState], verb: str) -> None:
    known = store.issues.get(slug)
    assert known is not None
    if known.state not in states:
        raise IssueError(f"{slug} is {known.state}: there is nothing to {verb}", hint="`digest status`")


# ------------------------------------------------------------------------------------------------ doubts


def on_a_word(
    rows: Sequence[ReaderRow], word: Literal["accepted", "missing"], *, who: str
) -> dict[int, tuple[DeliveryState, str]]:
    """What rows in doubt are settled as (see `Accounts.resolve`) on *who*'s word: all have their letter, or none."""
    if word == "accepted":
        return {row.ordinal: ("accepted", f"they have it, says {who}") for row in rows}
    return {row.ordinal: ("rejected", f"{MISSING}: they do not have it, says {who}") for row in rows}


def need_resendable(store: Store, slug: str) -> None:
    """Raises IssueError where nobody can be sent the issue any more, or yet."""
    known = store.issues.get(slug)
    assert known is not None
    if known.state not in ("sending", "paused", "sent"):
        raise IssueError(f"{slug} is {known.state}: nobody can be sent it again", hint="`digest status`")


def send_again(store: Store, slug: str, rows: Sequence[ReaderRow], *, who: str, at: datetime) -> int:
    """The readers of *rows*, refused or proved missing, wait again. Gives their number."""
    with store.transaction():
        need_resendable(store, slug)
        words = f"to be sent again, says {who}"
        number = store.accounts.send_again(slug, [row.ordinal for row in rows], words, at)
        known = store.issues.get(slug)
        if number and known is not None and known.state == "sent":  # it no longer is: a timer goes on with it
            store.issues.set_state(slug, "sending", who=who, at=at, reason=words)
    return number
