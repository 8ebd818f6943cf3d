"""Many people at once: a list of addresses, taken in all or none. Nobody known is changed by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from digest.address import parse_address
from digest.errors import AddressError

if TYPE_CHECKING:
    from digest.store import Store


class ImportRow(NamedTuple):
    line: int
    address: str  # as it stands in the file
    name: str = ""
    language: str = ""
    topics: tuple[str, ...] = ()
    left: bool = False  # the file itself says that they unsubscribed, bounced or complained


@dataclass(frozen=True, slots=True)
class ImportReport:
    added: int
    known: int  # subscribed or unconfirmed already; not touched
    duplicates: int  # a second time in the same file
    left_alone: int  # they left, bounced, complained or were erased; not touched
    rejected: tuple[tuple[int, str, str], ...]  # line, what stood there, why


class Imports:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def add(
        self,
        rows: Iterable[ImportRow],
        *,
        how: str,
        basis: str,
        who: str,
        at: datetime,
        dry_run: bool = False,
    ) -> ImportReport:
        """Adds the good rows, all or none, and reports the bad ones. *basis* is the stated ground for mailing them.

        Nobody known is changed: who left, bounced, complained or was erased stays so.
        """
        added = known = duplicates = left_alone = 0
        rejected: list[tuple[int, str, str]] = []
        seen: set[str] = set()
        with self._store.transaction():
            for row in rows:
                try:
                    address = parse_address(row.address)
                except AddressError as error:
                    rejected.append((row.line, row.address, str(error)))
                    continue
                if address.key in seen:
                    duplicates += 1
                    continue
                seen.add(address.key)
                found = self._conn.execute(
                    "SELECT block, membership FROM subscriber WHERE address_key = ?", (address.key,)
                ).fetchone()
                if found is not None:
                    left = found[0] != "none" or found[1] == "unsubscribed"
                    left_alone += left
                    known += not left
                elif row.left or self._store.erasure.holds(address):
                    left_alone += 1
                else:
                    added += 1
                    if not dry_run:
                        evidence = {"address": str(address), "name": row.name, "how": how, "basis": basis, "who": who}
                        evidence["line"] = str(row.line)
                        self._store.subscribers.insert(
                            address, row.name, "subscribed", row.language, row.topics, "full", evidence, at
                        )
        return ImportReport(added, known, duplicates, left_alone, tuple(rejected))
