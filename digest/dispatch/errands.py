"""What the site has promised people by mail: confirmations, what we hold, erasures. `digest serve` runs them every
second, `digest events pull` after each pull, and cron may: `digest events merge`.

The site itself mails nothing and reads no address: it puts wishes into the inbox. Here they are merged, opened,
answered by at most one mail each, and booked before the mail leaves: a kill costs a mail, never sends a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from digest.address import Address
from digest.config import Config
from digest.dispatch.sealing import unseal
from digest.dispatch.signing import signed_one
from digest.dispatch.single import carry_one
from digest.errors import DigestError, StoreError
from digest.model import Accepted, Deferred, Envelope, Letter, Subscriber, Unknown
from digest.render.notice import Facts, notice_message
from digest.render.templates import find_templates
from digest.send.transports.seam import Transport
from digest.store import Store
from digest.store.erasure import Erased
from digest.store.holdings import Holding
from digest.store.notices import TRIES, Notice, SealedRequest, read_asked

_log = logging.getLogger(__name__)

TIMEOUT_S = 60
A_RUN = 50  # mails in one run: a flood in the inbox does not become a flood of mail
FIRST_RETRY = timedelta(minutes=5)


@dataclass
class Done:
    """What one run did."""

    merged: int = 0
    mailed: int = 0
    erased: int = 0
    left: list[Erased] = field(default_factory=list)  # of those people, who are still named somewhere
    waiting: str = ""  # why mails wait; '' when none does for a reason of ours


def run_errands(
    folder: Path,
    config: Config,
    store: Store,
    transport: Callable[[], Transport],
    *,
    in_full: Callable[[Holding], str],
    now: Callable[[], datetime],
) -> Done:
    """Everything that is due. *in_full*: what is held about a person, in words.

    Raises StoreError; a relay that cannot be used is said in the result."""
    done = Done(merged=store.requests.merge())
    store.requests.sweep()
    for request in store.notices.sealed():
        _open(folder, store, request, now())
    for notice in store.notices.granted():
        if erased := _erase(store, notice, now()):
            done.erased += 1
            done.left += [erased] if erased.elsewhere or erased.still else []
    due = store.notices.waiting(now())[:A_RUN]
    if due:
        try:
            by = transport()
            for notice in due:
                if store.notices.claim(notice, now()):
                    done.mailed += _mail(folder, config, store, notice, by, in_full, now())
        except DigestError as error:
            done.waiting = f"{error}"
    store.notices.tidy(now())
    store.erasure.lapse(now())
    return done


def _open(folder: Path, store: Store, request: SealedRequest, now: datetime) -> None:
    try:
        asked = read_asked(unseal(folder, request.sealed, purpose=f"{request.kind} {request.token}"))
    except StoreError:  # no key: it may come back
        raise
    except (DigestError, ValueError, KeyError, TypeError) as error:
        _log.warning("a request by name was dropped: %s", error if isinstance(error, DigestError) else "it is damaged")
        store.notices.drop(request)
        return
    store.notices.answer(request, asked, now=now)


def _erase(store: Store, notice: Notice, now: datetime) -> Erased | None:
    """Outside of any transaction: erasing ends by emptying the write-ahead log."""
    known = store.subscribers.by_id(notice.subscriber) if notice.subscriber is not None else None
    if known is None:
        store.notices.mark(notice, "used")
        return None
    return store.erasure.erase(known.address, who="the reader", at=now)  # the notice goes with the person


def _mail(
    folder: Path,
    config: Config,
    store: Store,
    notice: Notice,
    by: Transport,
    in_full: Callable[[Holding], str],
    now: datetime,
) -> int:
    address = notice.asked.address
    known = store.subscribers.by_id(notice.subscriber) if notice.subscriber is not None else None
    if notice.subscriber is not None and known is None:
        store.notices.settle(notice, "failed", now, "gone")
        return 0
    try:
        letter = signed_one(folder, config, _letter(folder, config, store, notice, in_full, now))
        outcome = carry_one(letter, by, timeout_s=TIMEOUT_S)
    except DigestError as error:
        last = notice.tries + 1 >= TRIES
        store.notices.settle(notice, "failed" if last else "waiting", now + _pause(notice), str(error))
        raise
    if isinstance(outcome, Accepted):
        store.notices.settle(notice, "sent", now, str(outcome.reply))
        return 1
    if isinstance(outcome, Deferred) and notice.tries + 1 < TRIES:
        store.notices.settle(notice, "waiting", now + _pause(notice), str(outcome.reply))
    elif isinstance(outcome, Unknown):
        store.notices.settle(notice, "sent", now, outcome.why)  # it may have arrived; a second one is worse than none
    else:
        store.notices.settle(notice, "failed", now, str(outcome.reply).replace(str(address), "…"))
    return 0


def _pause(notice: Notice) -> timedelta:
    """5 minutes, 10, 20 … (RFC 5321, 4.5.4.1 asks for half an hour between tries in the long run)."""
    return FIRST_RETRY * int(2**notice.tries)


def _letter(
    folder: Path, config: Config, store: Store, notice: Notice, in_full: Callable[[Holding], str], now: datetime
) -> Letter:
    asked = notice.asked
    known = store.subscribers.by_id(notice.subscriber) if notice.subscriber is not None else None
    language = (known.language if known else "") or asked.page or config.newsletter.language
    site = config.site.url.rstrip("/")
    links = {
        "confirm": f"{site}/confirm/{notice.token}",
        "erase": f"{site}/erase/{notice.token}",
        "already": f"{site}/preferences/{known.token}" if known else f"{site}/",
        "held": f"{site}/preferences/{known.token}" if known else f"{site}/",
    }
    to: Address = known.address if known else asked.address
    sender = config.newsletter.sender.address
    identity = f"<{notice.kind}.{notice.token[:16]}.{notice.id}@{sender.domain}>"
    message = notice_message(
        notice.kind,
        config,
        language=language,
        address=to,
        link=links[notice.kind],
        asked_at=notice.asked_at,
        date=now,
        message_id=identity,
        facts=_held(store, known, in_full) if known and notice.kind == "held" else None,
        templates=find_templates(folder),
    )
    return Letter(
        notice.id, Envelope(str(sender), str(to), not (sender.is_ascii and to.is_ascii)), (message,), identity
    )


def _held(store: Store, known: Subscriber, in_full: Callable[[Holding], str]) -> Facts:
    """Everything the newsletter holds about that person, as `subscribers show` has it."""
    held = store.holdings.of(known.address)
    assert held is not None
    history: list[tuple[datetime, str, Mapping[str, str]]] = [
        (event.at, event.kind, event.payload or {}) for event in held.consent
    ]
    return Facts(known, tuple(history), tuple(store.notices.letters_to(known.id)), in_full(held))
