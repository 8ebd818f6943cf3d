"""What readers asked for on the site, taken over from the inbox; again and again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import TYPE_CHECKING

from digest.model import Membership
from digest.store import inbox as inbox_files
from digest.store.codec import instant
from digest.store.inbox import SEALED, InboxEvent
from digest.store.notices import SealedRequest, evidence

if TYPE_CHECKING:
    from digest.store import Store


class Requests:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn
        self._merged_sizes: Mapping[str, int] | None = None  # of the inbox's files; None: not known to be all merged

    def merge(self, events: Iterable[InboxEvent] | None = None) -> int:
        """What readers asked for on the site, taken over; gives how many wishes were new.

        Without *events* the newsletter's inbox is read from where the last merge ended. Merging again changes
        nothing, and an older wish never undoes a newer one.
        """
        if events is None and inbox_files.sizes(self._store.folder) == self._merged_sizes:
            return 0  # looked at before every letter's end: that must cost next to nothing
        with self._store.transaction():
            return sum(self._merge(event) for event in (self._unread() if events is None else events))

    def forget(self) -> None:
        """What was remembered beside the database, after a transaction came to nothing."""
        self._merged_sizes = None

    def sweep(self) -> None:
        """Removes the files of sealed requests that are merged to their end: an address is in one place at a time."""
        offsets: dict[str, int] = self._store.state.get("inbox") or {}
        for file in inbox_files.files(self._store.folder):
            if file.name.startswith(inbox_files.JOIN) and file.name in offsets:
                inbox_files.remove(file, offsets[file.name])

    def _unread(self) -> list[InboxEvent]:
        found: list[InboxEvent] = []
        sizes = inbox_files.sizes(self._store.folder)
        known: dict[str, int] = self._store.state.get("inbox") or {}
        offsets = {name: offset for name, offset in known.items() if name in sizes}
        for file in inbox_files.files(self._store.folder):
            offset, size = offsets.get(file.name, 0), sizes.get(file.name, 0)
            if size == offset:
                continue
            events, offsets[file.name] = inbox_files.read_from(file, offset if size > offset else 0)
            found += events
        if offsets != known:
            self._store.state.set("inbox", offsets)
        else:
            self._merged_sizes = sizes
        return sorted(found, key=lambda e: e.at)

    def _merge(self, event: InboxEvent) -> bool:
        if event.kind in SEALED:
            new = self._is_new(event)
            if new:
                self._store.notices.keep(SealedRequest(event.token, event.at, event.kind, event.sealed))  # type: ignore[arg-type]
            return new
        if event.kind in ("confirm", "erase"):
            return self._grant(event)
        row = self._conn.execute(
            "SELECT id, membership, block, member_at FROM subscriber WHERE token = ?", (event.token,)
        ).fetchone()
        if row is None or not self._is_new(event):
            return False
        id, membership, block, member_at = row
        if event.choice is not None:
            self._choose(id, event)
            return True
        # member_at is '' until the first change: whoever has the token has been a subscriber, whatever clocks say.
        if instant(event.at) < member_at:
            return True
        if event.kind == "rejoin" and (membership == "unconfirmed" or block != "none"):
            return True
        wanted: Membership = "unsubscribed" if event.kind == "leave" else "subscribed"
        # The same as before too: an older wish that comes later must not win.
        self._store.subscribers.change(id, wanted, event.at)
        if membership != wanted:
            kind = "left" if event.kind == "leave" else "rejoined"
            self._store.consent.write(id, kind, event.at, {"how": event.how, "who": "the reader"})
        return True

    def _is_new(self, event: InboxEvent) -> bool:
        return (
            self._conn.execute(
                "INSERT OR IGNORE INTO inbox_merged VALUES (?, ?, ?)", (event.token, instant(event.at), event.kind)
            ).rowcount
            == 1
        )

    def _choose(self, id: int, event: InboxEvent) -> None:
        newer = self._conn.execute(
            "SELECT 1 FROM inbox_merged WHERE token = ? AND kind = 'choose' AND at > ?",
            (event.token, instant(event.at)),
        ).fetchone()
        if newer or event.choice is None:
            return
        choice, told = event.choice, {"how": event.how, "who": "the reader"}
        self._store.subscribers.set_wish(id, choice.wish, at=event.at, **told)
        until = datetime.combine(choice.until, time(), event.at.tzinfo) if choice.until else None
        known = self._store.subscribers.by_id(id)
        if known is not None and known.paused_until != until:
            self._store.subscribers.pause(id, until, at=event.at, **told)

    def _grant(self, event: InboxEvent) -> bool:
        """The button behind the link of a mail was pressed; a link works once, and not for ever."""
        notice = self._store.notices.by_token(event.token)
        if notice is None or notice.kind != event.kind or not notice.holds(event.at):
            return False
        if event.kind == "erase":
            self._store.notices.mark(notice, "granted")
            return True
        self._store.notices.mark(notice, "used")
        people, asked = self._store.subscribers, notice.asked
        told = {**evidence(asked), "asked": instant(notice.asked_at), "confirmed": "by the link in a mail"}
        known = people.get(asked.address)
        choice = asked.choice
        if known is None:  # erased once: it takes their own request, and this is it
            self._store.erasure.forgive(asked.address)
            people.insert(
                asked.address, asked.name, "subscribed", choice.language, choice.topics, choice.length, told, event.at
            )
            return True
        (member_at,) = self._conn.execute("SELECT member_at FROM subscriber WHERE id = ?", (known.id,)).fetchone()
        if known.block != "none" or known.membership == "subscribed" or instant(event.at) < member_at:
            return True
        people.change(known.id, "subscribed", event.at)
        self._store.consent.write(known.id, "subscribed", event.at, told)
        if asked.name and asked.name != known.name:
            people.rename(known.id, asked.name)
        people.set_wish(known.id, choice.wish, how="page", who="the reader", at=event.at)
        return True
