"""All that a page may look up: whose token it is, and whether a link from a mail still works.

The newsletter's own machine reads the database, one connection a thread; a receiver knows nobody.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from digest.address import Address
from digest.errors import StoreError
from digest.store.inbox import Choice

if TYPE_CHECKING:
    from digest.store import Store

_log = logging.getLogger(__name__)
_TOKEN = re.compile(r"[0-9a-f]{32}")
_AROUND = " \t\r\n\u00a0<>()[]{}.,;:!?\"'`“”„‘’«»"  # what mail programs and sentences leave around an address
R = TypeVar("R")


@dataclass(frozen=True)
class Someone:
    """Whom a token may belong to."""

    token: str
    masked: str = ""  # '' for nobody, and while nobody can be looked up
    choice: Choice = field(default_factory=Choice)
    has_left: bool = False
    block: str = ""  # "bounced" or "complained": why no mail is sent, whatever they choose


@dataclass(frozen=True)
class Pending:
    """What a link in a mail may confirm."""

    token: str
    masked: str = ""  # '' while nobody can be looked up
    language: str = ""
    reader: str = ""  # the token of the person, for their preferences; '' where there is none yet


class People(Protocol):
    def whose(self, token: str) -> Someone | None:
        """None: nobody's."""
        ...

    def knows(self, token: str) -> bool:
        """Whether it may be somebody's: all that leaving needs."""
        ...

    def pending(self, token: str, kind: str, now: datetime) -> Pending | None:
        """None: there is no such request, or its link no longer works."""
        ...


class Nobody:
    """A receiver's people: every well-formed token may be somebody's."""

    def whose(self, token: str) -> Someone | None:
        return Someone(token) if _TOKEN.fullmatch(token) else None

    def knows(self, token: str) -> bool:
        return _TOKEN.fullmatch(token) is not None

    def pending(self, token: str, kind: str, now: datetime) -> Pending | None:
        return Pending(token) if _TOKEN.fullmatch(token) else None


class Subscribers:
    """The people of the newsletter in *folder*. Nobody waits for a database that cannot be read: then every token may
    be somebody's, as with a receiver."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder)
        self._nobody = Nobody()

    def whose(self, token: str) -> Someone | None:
        if not _TOKEN.fullmatch(token):
            return None

        def look(store: Store) -> Someone | None:
            known = store.subscribers.by_token(token)
            if known is None:
                return None
            until = known.paused_until.astimezone(UTC).date() if known.paused_until else None
            until = until if until and until > datetime.now(UTC).date() else None
            choice = Choice(known.language, known.topics, known.length, until)
            block = known.block if known.block in ("bounced", "complained") else ""
            return Someone(token, masked(known.address), choice, known.membership == "unsubscribed", block)

        return self._reader.ask(look, otherwise=lambda: self._nobody.whose(token))

    def knows(self, token: str) -> bool:
        if not _TOKEN.fullmatch(token):
            return False
        return self._reader.ask(lambda store: store.subscribers.has_token(token), otherwise=lambda: True)

    def pending(self, token: str, kind: str, now: datetime) -> Pending | None:
        if not _TOKEN.fullmatch(token):
            return None

        def look(store: Store) -> Pending | None:
            notice = store.notices.by_token(token)
            if notice is None or notice.kind != kind or not notice.holds(now):
                return None
            known = store.subscribers.by_id(notice.subscriber) if notice.subscriber is not None else None
            return Pending(token, masked(notice.asked.address), notice.asked.page, known.token if known else "")

        return self._reader.ask(look, otherwise=lambda: self._nobody.pending(token, kind, now))


class Reader:
    """Reads the database of *folder*, with a connection of each thread's own that stays open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own = threading.local()

    def ask(self, question: Callable[[Store], R], *, otherwise: Callable[[], R]) -> R:
        """What *question* finds; *otherwise* while the database cannot be read."""
        from digest.store import DatabaseError

        try:
            return question(self._store())
        except (StoreError, DatabaseError) as error:
            self._own.held = None  # the next one opens it anew
            _log.warning("the store cannot be read: %s", error)
            return otherwise()

    def _store(self) -> Store:
        from digest.store import open_store
        from digest.store.schema import FILE

        held: _Held | None = getattr(self._own, "held", None)
        try:
            status = (self.folder / FILE).stat()
            identity = (status.st_dev, status.st_ino)
        except OSError:
            identity = (0, 0)
        if held is None or held.identity != identity:  # a restored one is another file
            self._own.held = held = None
            # A thread's own things are freed by whichever thread looks next once it has ended.
            self._own.held = held = _Held(open_store(self.folder, closed_by_another_thread=True), identity)
        return held.store


class _Held:
    """A store that is closed with the thread that reads it."""

    def __init__(self, store: Store, identity: tuple[int, int]) -> None:
        self.store, self.identity = store, identity

    def __del__(self) -> None:
        self.store.close()


def token_in(text: str) -> str:
    """The token that stands in *text*, whatever its case and what is left around it; '' where none does: that link
    was cut short, and saying so tells nobody's."""
    bare = text.strip(_AROUND).lower()
    return bare if _TOKEN.fullmatch(bare) else ""


def masked(address: Address) -> str:
    """``m•••@example.org``: enough to know oneself by, too little to write to."""
    return f"{address.local[:1]}•••@{address.shown.rpartition('@')[2]}"


def tomorrow(now: datetime) -> date:
    return date.fromordinal(now.astimezone(UTC).date().toordinal() + 1)
