"""What a returned message does: nothing without a mark of ours, and nothing that cannot be undone.

A mark is the envelope's token, or our Message-ID together with the address it was made for: only who had the letter has
them. Messages are read outside any transaction and written down in small ones; what follows for a reader is decided at
the end, when all that came back is known.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.address import Address, parse_address
from digest.dispatch import keys, locks
from digest.dispatch.mailbox import Message, Source
from digest.errors import AddressError, IssueError, told_bug
from digest.model import Subscriber
from digest.send.bounces import AT_ONCE, Return, grade, read_return
from digest.send.bounces.grades import status_in
from digest.send.bounces.score import THRESHOLD, Past, has_stayed_since, is_at_once, score
from digest.send.replies import cut_addresses
from digest.store import Store
from digest.store.returns import Effect, Kind, Returned

WHO = "digest bounces"
BATCH = 50  # messages written down at once
MOST_EVIDENCE = 6000  # characters
MASS_READERS = 10
MASS_SHARE = 0.2
ONE_DAY = timedelta(days=1)
"""So many readers, and so much of a mail domain's, do not move away in one day: their provider has a fault."""

POSITION = "returns:"  # how far each mailbox was read


@dataclass
class Report:
    """What a run read and did."""

    read: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)  # see `Reader.take`
    effects: list[Returned] = field(default_factory=list)
    for_a_person: list[tuple[str, str, str]] = field(default_factory=list)  # place, what it is, subject or why
    policy: Counter[str] = field(default_factory=Counter)  # what servers said about us
    held: Counter[str] = field(default_factory=Counter)  # mail domain -> readers not blocked at once: too many


# ------------------------------------------------------------------------------------------------ taking in


class _DryRun(Exception):
    pass


def ingest(
    folder: Path,
    store: Store,
    source: Source | None,
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Takes in what came back to *source* (None: nothing by mail) and what receivers refused while sending. Again and
    again changes nothing. Raises SendError where the source cannot be read."""
    report = Report()
    reader = Reader(folder, store, report, now)
    if dry_run:
        read = [] if source is None else [_read(message) for message in source.messages(_position(store, source))]
        try:
            with store.transaction():
                for one in read:
                    reader.take(one)
                _weigh_all(folder, store, now, report)
                raise _DryRun
        except _DryRun:
            return report
    if source is not None:
        for batch in _batches(source.messages(_position(store, source))):
            taken = [(message, _read(message)) for message in batch]
            with store.transaction():
                dealt_with = [message for message, one in taken if reader.take(one)]
                if position := source.position(batch[-1]):
                    store.state.set(POSITION + source.name, position)
            source.done(dealt_with)
            if progress is not None:
                progress(report.read)
            time.sleep(0.0005)  # a send at work wants the database, too
    with store.transaction():
        _weigh_all(folder, store, now, report)
    return report


def _weigh_all(folder: Path, store: Store, now: datetime, report: Report) -> None:
    """A send at work weighs its refusals itself at its end: until then they may yet turn out to be about us."""
    if locks.at_work(folder) is None:
        weigh_refusals(store, now, report)
    else:
        weigh(store, now, report)


@dataclass(frozen=True, slots=True)
class _Read:
    place: str
    hash: bytes
    found: Return


def _read(message: Message) -> _Read:
    """Never raises: one message that a bug of ours stumbles over must not keep those beside it from being read."""
    try:
        found = read_return(message.data)
    except Exception as bug:
        found = Return("unreadable", text=told_bug(bug))
    return _Read(message.place, _hash(message.data), found)


def _position(store: Store, source: Source) -> str:
    return store.state.get(POSITION + source.name) or ""


def _batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    for message in messages:
        batch.append(message)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass
class Reader:
    """Writes down what messages say, where they have a mark of ours."""

    folder: Path
    store: Store
    report: Report
    now: datetime

    def __post_init__(self) -> None:
        self._key = keys.load(self.folder).message
        self._issues = self.store.returns.issues()
        self._slugs = {slug.lower(): slug for slug in self._issues}

    def take(self, one: _Read) -> bool:
        """Counts the message under a verdict; True when nobody need look at it.

        The verdicts: seen, returned, again, complaint, left, no mark, erased, not planned; delayed, delivered,
        feedback, auto-reply, challenge, moved, mail, no mail, unreadable.
        """
        self.report.read += 1
        found = one.found
        if not self.store.returns.is_new_message(one.hash):
            verdict = "seen"
        elif found.kind == "bounce":
            verdict = self._returned(found)
        elif found.kind == "complaint":
            verdict = self._complaint(found)
        elif found.kind == "leave":
            verdict = self._leave(found)
        else:
            verdict = found.kind
        self.report.verdicts[verdict] += 1
        for_a_person = verdict in ("mail", "moved", "challenge", "asks to leave", "no mail", "unreadable")
        if for_a_person:
            words = found.text if verdict == "unreadable" else found.subject[:80]
            self.report.for_a_person.append((one.place, verdict, words))
        return not for_a_person

    # -------------------------------------------------------------------------------------------- kinds

    def _returned(self, found: Return) -> str:
        proved = self._whose(found)
        if isinstance(proved, str):
            return proved
        slug, subscriber = proved
        if not found.failures:
            return "mail"
        worst = next((f for f in found.failures if f.recipient.casefold() == subscriber.address.key), found.failures[0])
        words = cut_addresses(worst.words, _secrets(subscriber))
        verdict = self._add("returned", slug, subscriber, found, grade=worst.grade, status=worst.status, words=words)
        if verdict == "returned" and worst.grade == "policy":
            self.report.policy[f"{worst.status} {words}".strip()[:120]] += 1
        return verdict

    def _complaint(self, found: Return) -> str:
        proved = self._whose(found)
        return proved if isinstance(proved, str) else self._add("complaint", *proved, found)

    def _leave(self, found: Return) -> str:
        """A reader leaves by our own header's token, or by answering a letter from the address it went to: anybody else
        could have been forwarded it."""
        if found.leaving_token:
            subscriber = self.store.subscribers.by_token(found.leaving_token)
            slug = ""
        else:
            proved = self._whose(found)
            slug, subscriber = ("", None) if isinstance(proved, str) else proved
            if subscriber != self._subscriber(found.sender):
                subscriber = None
        if subscriber is None:
            return "asks to leave"
        if subscriber.membership == "unsubscribed":
            return "again"
        return self._add("leave", slug, subscriber, found)

    def _add(
        self,
        kind: Kind,
        slug: str,
        subscriber: Subscriber,
        found: Return,
        *,
        grade: str | None = None,
        status: str = "",
        words: str = "",
    ) -> str:
        returns, ordinal = self.store.returns, None
        if slug:
            ordinal = returns.ordinal(slug, subscriber.id)
            if ordinal is None:
                return "not planned"
            if kind != "leave":  # what comes back was taken
                self.store.accounts.resolve(slug, {ordinal: ("accepted", "proved: it came back")}, self.now)
        new = returns.add(
            kind,
            subscriber.id,
            at=self.now,
            slug=slug,
            ordinal=ordinal,
            grade=grade,
            status=status,
            words=words or cut_addresses(found.subject, _secrets(subscriber)),
            evidence=evidence_of(found, subscriber),
            surer=grade == "hard" and status in AT_ONCE,
        )
        if new is None:
            return "again"
        return "left" if kind == "leave" else kind

    # -------------------------------------------------------------------------------------------- proof

    def _whose(self, found: Return) -> tuple[str, Subscriber] | str:
        """The issue and the reader that the message's marks name; else a verdict: it has none of ours, or several
        people's, or the reader was erased."""
        for marks in found.marks:
            named = {read for mark in marks if (read := keys.read_bounce_token(mark, self._issues, self._key))}
            if named:
                people = {person for _, person in named}
                if len(people) > 1:
                    return "no mark"
                subscriber = self.store.subscribers.by_id(people.pop())
                return "erased" if subscriber is None else (max(named)[0], subscriber)
        return self._by_message_id(found) or "no mark"

    def _by_message_id(self, found: Return) -> tuple[str, Subscriber] | None:
        people = [p for address in found.addresses if (p := self._subscriber(address)) is not None]
        for identity in found.message_ids:
            left, _, domain = identity.lower().rpartition("@")
            slug = self._slugs.get(left.rpartition(".")[0])
            for person in people if slug else ():
                assert slug is not None
                if keys.message_id(slug, person.id, self._key, domain) == f"<{left}@{domain}>":
                    return slug, person
        return None

    def _subscriber(self, address: str) -> Subscriber | None:
        try:
            return self.store.subscribers.get(parse_address(address))
        except AddressError:
            return None


def _hash(data: bytes) -> bytes:
    """The same for one message however a mailbox keeps it: line ends, and what mail programs note in its head."""
    text = data.replace(b"\r\n", b"\n")
    if text.startswith(b"From "):
        text = text.partition(b"\n")[2]
    head, blank, body = text.partition(b"\n\n")
    kept = re.sub(rb"(?im)^(?:x-)?(?:status|keywords|uid|mozilla-[\w-]+|content-length|lines):.*\n?", b"", head + b"\n")
    return hashlib.sha256(kept.strip() + blank + body.rstrip(b"\n")).digest()


# ------------------------------------------------------------------------------------------------ evidence


def _secrets(subscriber: Subscriber) -> tuple[str, ...]:
    address = subscriber.address
    names = [word for word in re.split(r"[\s.+_-]+", f"{address.local} {subscriber.name}") if len(word) > 2]
    return (str(address), address.local, subscriber.token, subscriber.name, *names)


def evidence_of(found: Return, subscriber: Subscriber) -> str:
    """What was said, kept to judge by later: without the letter itself, any address, and the reader's name."""
    secrets = _secrets(subscriber)
    lines = [f"Subject: {found.subject}", "", *found.text.splitlines()]
    lines += [f"{f.status} {f.grade}: {f.words}" for f in found.failures]
    text = "\n".join(cut_addresses(_joined(line[:2000]), secrets, most=500) for line in lines)
    text = re.sub(r"\b[0-9a-fA-F]{24,}\b", "[mark]", re.sub(r"\n{3,}", "\n\n", text))[:MOST_EVIDENCE].strip()
    bare = re.sub(r"[\s<>]+", "", text).casefold()
    return "" if subscriber.address.key in bare else text  # an address broken over lines


def _joined(line: str) -> str:
    """*line* with the ways undone in which servers write an address so that it is none."""
    line = re.sub(r"\s*(?:@|%40|&#64;|\(at\)|\[at\])\s*", "@", line, flags=re.I)
    return re.sub(r"\b([\w.+-]{1,64})=([\w-]{1,63}(?:\.[\w-]{1,63}){1,9})@", r"\1@\2 @", line)


# ------------------------------------------------------------------------------------------------ what follows


def weigh_refusals(store: Store, now: datetime, report: Report | None = None) -> None:
    """What receivers said while letters were sent counts like what they say in a message; then `weigh`."""
    report = report or Report()
    with store.transaction():
        for slug, ordinal, person, reply, at in store.returns.refusals():
            status = status_in(reply)
            why = grade(status, reply)
            if why != "policy" and store.returns.add(
                "refused", person, at=at, slug=slug, ordinal=ordinal, grade=why, status=status, words=reply
            ):
                report.verdicts["refused"] += 1
        weigh(store, now, report)


def weigh(store: Store, now: datetime, report: Report | None = None) -> None:
    """Decides what follows from all that came back and was not weighed yet."""
    report = report or Report()
    returns = store.returns
    with store.transaction():
        fresh: dict[int, list[Returned]] = {}
        for one in returns.unweighed():
            if one.address is None:
                continue
            if one.kind == "leave":
                how = "by mail" if not one.issue else "by a reply"
                store.subscribers.set_membership(one.subscriber, "unsubscribed", how=how, who="the reader", at=now)
                _done(store, one, "left", report)
            elif one.kind == "complaint":
                store.subscribers.set_block(one.subscriber, "complained", how="a complaint", who=WHO, at=now)
                _done(store, one, "complained", report)
            else:
                fresh.setdefault(one.subscriber, []).append(one)
        for subscriber, new in fresh.items():
            if _is_gone(store, subscriber, {one.id for one in new}, now, report):
                store.subscribers.set_block(subscriber, "bounced", how="returned mail", who=WHO, at=now)
                _done(store, new[-1], "bounced", report)
        returns.weighed()


def _done(store: Store, one: Returned, effect: Effect, report: Report) -> None:
    store.returns.has_effect(one.id, effect)
    done = store.returns.get(one.id)
    assert done is not None
    report.effects.append(done)


def _is_gone(store: Store, subscriber: int, new: Set[int], now: datetime, report: Report) -> bool:
    """Whether the reader gets no more mail because of the *new* returns."""
    known = store.subscribers.by_id(subscriber)
    if known is None or known.block != "none":
        return False
    counting, stayed = store.returns.counting(subscriber), store.returns.stayed(subscriber)
    if score((Past(c.at, c.grade, c.status) for c in counting), stayed) >= THRESHOLD:
        return True
    gone = [c for c in counting if c.id in new and is_at_once(c.grade, c.status)]
    if not gone or has_stayed_since(gone[-1].at, stayed, now):
        return False
    if _is_a_mass(store, known.address, gone[-1].at):
        report.held[known.address.domain] += 1
        return False
    return True


def _is_a_mass(store: Store, address: Address, at: datetime) -> bool:
    gone = store.returns.gone_about(address.domain, AT_ONCE, at - ONE_DAY, at + ONE_DAY)
    return gone >= MASS_READERS and gone >= MASS_SHARE * store.returns.readers_at(address.domain)


# ------------------------------------------------------------------------------------------------ undoing


def undo(store: Store, id: int, *, who: str, now: datetime) -> Returned:
    """Takes back what row *id* did; it counts no more, and where it blocked the reader neither do the returns that led
    there. Raises IssueError: there is no such row, it is undone already, or the reader was erased."""
    with store.transaction():
        one = store.returns.get(id)
        if one is None:
            raise IssueError(f"nothing that came back has the number {id}", hint="`digest bounces list`")
        if one.undone_at is not None:
            day = f"{one.undone_at.astimezone(UTC):%Y-%m-%d}"
            raise IssueError(
                f"number {id} is undone already, by {one.undone_by} on {day}", hint="`digest bounces list`"
            )
        known = store.subscribers.by_id(one.subscriber)
        if known is None:
            raise IssueError(
                f"the reader of number {id} was erased: there is nothing to undo", hint="`digest bounces list`"
            )
        together: Sequence[int] = [id]
        how = f"undone: number {id}"
        if one.effect == "left":
            store.subscribers.set_membership(known.id, "subscribed", how=how, who=who, at=now)
        elif one.effect and known.block == one.effect:
            store.subscribers.set_block(known.id, "none", how=how, who=who, at=now)
        if one.effect == "bounced":
            together = [id, *(c.id for c in store.returns.counting(known.id))]
        store.returns.undo(together, who=who, at=now)
        done = store.returns.get(id)
        assert done is not None
        return done
