"""What people said of a draft before they approved it: warnings let stand, and tests mailed. Rows are only added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.store.codec import instant

if TYPE_CHECKING:
    from digest.store import Store


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning by all that makes it this one: with other words, or elsewhere, it is another."""

    rule: str
    place: str
    what: str
    article: str = ""  # '' where it is about no single item


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a warning may stand, in the words of who said so."""

    words: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TestMailed:
    """A test letter that was accepted."""

    who: str
    at: datetime


class Approvals:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    def waive(self, slug: str, warning: Warned, words: str, *, who: str, at: datetime) -> None:
        """*warning* may stand, for *words*; with '' it may not any more."""
        w = warning
        with self._store.transaction():
            self._conn.execute(
                """INSERT INTO waiver (issue, rule, place, what, article, words, who, at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                (slug, w.rule, w.place, w.what, w.article, words, who, instant(at)),
            )

    def waivers(self, slug: str) -> Mapping[Warned, Waiver]:
        """Those in force: of each warning the newest, if it says why."""
        rows = self._conn.execute(
            "SELECT rule, place, what, article, words, who, at FROM waiver WHERE issue = ? ORDER BY id", (slug,)
        )
        newest = {
            Warned(rule, place, what, article): Waiver(words, who, datetime.fromisoformat(at))
            for rule, place, what, article, words, who, at in rows
        }
        return {warning: waiver for warning, waiver in newest.items() if waiver.words}

    def note_test(self, slug: str, fingerprint: str, *, who: str, at: datetime) -> None:
        """A test of exactly the text with *fingerprint* was accepted."""
        with self._store.transaction():
            self._conn.execute(
                "INSERT INTO test_mail (issue, fingerprint, who, at) VALUES (?, ?, ?, ?)",
                (slug, fingerprint, who, instant(at)),
            )

    def last_test(self, slug: str, fingerprint: str = "") -> TestMailed | None:
        """The newest, of the text with *fingerprint* if given; None: there was none."""
        row = self._conn.execute(
            "SELECT who, at FROM test_mail WHERE issue = ? AND ? IN ('', fingerprint) ORDER BY id DESC LIMIT 1",
            (slug, fingerprint),
        ).fetchone()
        return TestMailed(row[0], datetime.fromisoformat(row[1])) if row else None
