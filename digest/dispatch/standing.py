"""Where an issue stands: everybody accounted for, how fast it goes, and what was said by whom.

Looks, and changes nothing. `status`, the report page and the alerts all say what stands here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from digest.dispatch import locks, welcome
from digest.dispatch.way import begun_by
from digest.model import DeliveryState, IssueState
from digest.send.states import UNWRITTEN
from digest.send.transports.seam import STORED
from digest.store import Store
from digest.store.accounts import Said

LATELY = timedelta(minutes=1)  # the rate is that of the last minute
PACE = "pace"  # where the store keeps what sending has learned of it
WORKERS = "workers:"  # with the issue, where the store keeps what a send by workers says of them
PROGRAMS = ("digest send", "digest restore")  # who pauses without a person
TROUBLED: tuple[DeliveryState, ...] = ("rejected", "deferred", "uncertain")

Verdict = Literal["done", "paused", "stopped", "in doubt", "unfinished"]
"""What a run came to. In doubt: all the others are done, for some we cannot know."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of trouble, in the words of whoever told it."""

    state: DeliveryState
    words: str  # the commonest answer of this kind, whole
    readers: int
    domains: tuple[str, ...]  # with the most such answers first; () where none of them was asked


@dataclass(frozen=True, slots=True)
class Workers:
    """How a send by workers fares."""

    number: int
    in_hand: int  # readers whose letters are with them
    silent: int  # of these: begun by a worker that is gone, and not heard of yet
    rate: float  # letters a second that may leave now; 0: as many as the relays take
    resting: tuple[str, ...]  # mail domains that get nothing for now


@dataclass(frozen=True, slots=True)
class Standing:
    slug: str
    subject: str
    state: IssueState
    paused_reason: str  # '' unless paused
    approved_by: str  # '' before approval
    approved_at: datetime | None  # None exactly when approved_by is ''
    send_at: datetime | None  # when it is scheduled for; None unless scheduled
    candidates: int
    planned: int
    excluded: Mapping[str, int]  # reason -> people; candidates = planned + all of these
    by_state: Mapping[DeliveryState, int]  # sums to planned
    left_out_since: Mapping[str, int]  # reason -> readers, of the rows suppressed
    written: int  # of the accepted letters: by no relay, to files in var/outbox
    returned: Mapping[str, int]  # accepted letters that came back, by grade (see `send/bounces/nouns.py`)
    complaints: int
    causes: tuple[Cause, ...]
    next_due: datetime | None  # when the next letter is tried again; None: none is deferred
    process: int | None  # that sends now; None: none does
    per_second: float  # letters accepted during the last minute
    done_at: datetime | None  # at this rate; None: nobody sends, or nothing is left
    warnings: tuple[str, ...]  # too many of the accepted letters came back
    workers: Workers | None  # None: no send by workers is under way

    def number(self, *states: DeliveryState) -> int:
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def verdict(self) -> Verdict:
        if self.state == "paused":
            return "paused"
        if self.state == "cancelled":
            return "stopped"
        if self.state != "sent" or self.number("waiting", "leased", "sending", "deferred"):
            return "unfinished"
        return "in doubt" if self.number("uncertain") else "done"


def as_json(standing: Standing) -> dict[str, object]:
    """The same for programs: plain values, times as ISO 8601 in UTC."""
    plain = asdict(standing)
    plain["issue"] = plain.pop("slug")
    plain["deliveries"] = plain.pop("by_state")
    plain["verdict"] = standing.verdict
    return {
        key: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for key, value in plain.items()
    }


def look(store: Store, slug: str, now: datetime) -> Standing:
    """The issue as it stands. Raises IssueError when there is none, StoreError when it does not add up."""
    account = store.ledger.account(slug)
    known = store.issues.get(slug)
    assert known is not None
    process = locks.at_work(store.folder, slug) if known.state == "sending" else None
    rate = _rate(store, slug, now) if process is not None else 0.0
    came_back = store.returns.counts(slug)
    open_rows = sum(account.by_state.get(state, 0) for state in ("waiting", "leased", "sending"))
    said = store.accounts.said(slug, (*TROUBLED, "suppressed"))
    return Standing(
        slug=slug,
        subject="" if known.state == "skipped" else store.issues.issue(slug).subject,
        state=known.state,
        paused_reason=known.paused_reason or "",
        approved_by=known.approved_by or "",
        approved_at=known.approved_at,
        send_at=scheduled_for(store, slug) if known.state == "scheduled" else None,
        candidates=account.candidates,
        planned=account.planned,
        excluded=account.excluded,
        by_state=account.by_state,
        left_out_since={one.reply: one.readers for one in said if one.state == "suppressed"},
        written=_written(store, slug) if account.by_state.get("accepted") else 0,
        returned={grade: number for grade, number in came_back.items() if grade != "complaint"},
        complaints=came_back.get("complaint", 0),
        causes=causes(one for one in said if one.state in TROUBLED),
        next_due=store.ledger.next_due(slug),
        process=process,
        per_second=rate,
        done_at=now + timedelta(seconds=open_rows / rate) if rate and open_rows else None,
        warnings=welcome.warnings(store.accounts.returned(slug)),
        workers=_workers(store, slug) if process is not None else None,
    )


def _workers(store: Store, slug: str) -> Workers | None:
    known = store.state.get(f"{WORKERS}{slug}")
    return None if known is None else Workers(**{**known, "resting": tuple(known["resting"])})


def _written(store: Store, slug: str) -> int:
    begun = begun_by(store, slug)
    if begun is not None and begun.only_relays:
        return 0  # no need to read a million rows at every look
    return store.accounts.accepted_with(slug, str(STORED))


def _rate(store: Store, slug: str, now: datetime) -> float:
    lately = store.accounts.accepted_since(slug, now - LATELY)
    if lately.first is None:
        return 0.0
    return lately.letters / max((now - lately.first).total_seconds(), 1.0)


def causes(said: Iterable[Said]) -> tuple[Cause, ...]:
    """Answers that differ only in numbers, names of queues and the like, taken together; most readers first."""
    kinds: dict[tuple[DeliveryState, str], list[Said]] = defaultdict(list)
    for answer in said:
        kinds[answer.state, _kind(answer.reply)].append(answer)
    found = []
    for (state, _), answers in kinds.items():
        domains: Counter[str] = Counter()
        for answer in answers if not answers[0].reply.startswith(UNWRITTEN) else ():
            domains.update(dict.fromkeys(answer.domains, answer.readers))
        most = max(answers, key=lambda a: (a.readers, a.reply))
        readers = sum(a.readers for a in answers)
        found.append(Cause(state, most.reply, readers, tuple(name for name, _ in domains.most_common())))
    return tuple(sorted(found, key=lambda c: (-c.readers, c.state, c.words)))


_CODE = re.compile(r"^[245]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?")


def _kind(reply: str) -> str:
    """*reply* without what differs from letter to letter: after its codes, every word with a digit in it."""
    code = _CODE.match(reply)
    head = code[0] if code else ""
    return head + re.sub(r"\S*\d\S*", "#", reply[len(head) :])


# ------------------------------------------------------------------------------------------------ scheduled


def scheduled_for(store: Store, slug: str) -> datetime | None:
    """The moment an issue is to be sent; None: none was given."""
    text = store.state.get(f"send_at:{slug}")
    return datetime.fromisoformat(text) if text else None


def due_issues(store: Store, now: datetime) -> list[str]:
    """What a timer should send now, oldest first: scheduled issues whose time has come, and begun ones with letters
    that wait or are due again."""
    due = []
    for issue in store.issues.all():
        if issue.state == "scheduled":
            at = scheduled_for(store, issue.slug)
            if at is not None and at <= now:
                due.append(issue.slug)
        elif issue.state == "sending":
            counts, next_due = store.ledger.counts(issue.slug), store.ledger.next_due(issue.slug)
            open_rows = sum(counts.get(state, 0) for state in ("waiting", "leased", "sending"))
            if open_rows or next_due is None or next_due <= now:
                due.append(issue.slug)
    return due


def is_held_up(store: Store) -> bool:
    """Whether an issue is paused that no person has paused: it waits until one has looked."""
    paused = (issue.slug for issue in store.issues.all() if issue.state == "paused")
    return any(store.issues.events(slug)[-1].who in PROGRAMS for slug in paused)


# ------------------------------------------------------------------------------------------------ ended early


def ended_early(store: Store, slug: str) -> str:
    """Why the issue's last send could not begin or go on; '' when it could, or could not say so."""
    return str(store.state.get(f"ended_early:{slug}") or "")


def note_ended_early(store: Store, slug: str, why: str) -> None:
    """*why* the send just ended; '' once the next one begins."""
    if why != ended_early(store, slug):
        store.state.set(f"ended_early:{slug}", why)


# ------------------------------------------------------------------------------------------------ resting


def end_rests(store: Store, domains: Set[str]) -> None:
    """What was learned of *domains* (empty: of all) that put letters off is forgotten: a person knows better. A send
    at work heeds it with the next letters it takes."""
    pace = store.state.get(PACE)
    if pace:
        known = {name: of for name, of in pace["domains"].items() if domains and name not in domains}
        store.state.set(PACE, {**pace, "domains": known})
