"""What readers asked for on the site, taken over from the inbox; again and again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from digest.model import Membership
from digest.store import inbox as inbox_files
from digest.store.codec import instant
from digest.store.inbox import InboxEvent

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
        with self._store.transaction():
            return sum(self._merge(event) for event in (self._unread() if events is None else events))

    def forget(self) -> None:
        """What was remembered beside the database, after a transaction came to nothing."""
        self._merged_sizes = None

    def _unread(self) -> list[InboxEvent]:
        found: list[InboxEvent] = []
        sizes = inbox_files.sizes(self._store.folder)
        if sizes == self._merged_sizes:  # looked at before every letter's end: that must cost next to nothing
            return found
        offsets: dict[str, int] = self._store.state.get("inbox") or {}
        moved = False
        for file in inbox_files.files(self._store.folder):
            offset, size = offsets.get(file.name, 0), file.stat().st_size
            if size == offset:
                continue
            events, offsets[file.name] = inbox_files.read_from(file, offset if size > offset else 0)
            found += events
            moved = True
        if moved:
            self._store.state.set("inbox", offsets)
        else:
            self._merged_sizes = sizes
        return sorted(found, key=lambda e: e.at)

    def _merge(self, event: InboxEvent) -> bool:
        new = self._conn.execute(
            "INSERT OR IGNORE INTO inbox_merged VALUES (?, ?, ?)", (event.token, instant(event.at), event.kind)
        ).rowcount
        row = self._conn.execute(
            "SELECT id, membership, block, member_at FROM subscriber WHERE token = ?", (event.token,)
        ).fetchone()
        if not new or row is None:
            return False
        id, membership, block, member_at = row
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
