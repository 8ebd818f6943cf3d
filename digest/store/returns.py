"""What came back, in the database: a row for each return, complaint and request to leave, with its evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from digest.address import Address
from digest.store.codec import from_micros, micros

if TYPE_CHECKING:
    from digest.store import Store

Kind = Literal["returned", "refused", "complaint", "leave"]
"""returned: by mail, of a letter that was accepted. refused: by the receiving server while it was sent."""

Grade = Literal["hard", "soft", "policy", "unknown"]
"""See `send/bounces/nouns.py`."""

Effect = Literal["", "bounced", "complained", "left"]


@dataclass(frozen=True, slots=True)
class Returned:
    id: int
    issue: str  # '' for a request to leave that answers no issue
    ordinal: int | None  # None exactly when issue is ''
    subscriber: int
    address: Address | None  # None: erased
    kind: Kind
    grade: str  # '' for a complaint and a request to leave
    status: str  # RFC 3463; ''
    words: str
    evidence: str  # '' for a refusal, which the ledger has, and for who was erased
    at: datetime
    effect: Effect
    undone_at: datetime | None  # None: it stands
    undone_by: str  # '' exactly when undone_at is None


@dataclass(frozen=True, slots=True)
class Counting:
    """A return that counts against its reader."""

    id: int
    at: datetime  # when the letter was accepted, or refused
    grade: Grade
    status: str


class Returns:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    # -------------------------------------------------------------------------------------------- writing down

    def is_new_message(self, hash: bytes) -> bool:
        """False for a message that was read before; else it is noted."""
        return self._conn.execute("INSERT OR IGNORE INTO message_read VALUES (?)", (hash,)).rowcount > 0

    def add(
        self,
        kind: Kind,
        subscriber: int,
        *,
        at: datetime,
        slug: str = "",
        ordinal: int | None = None,
        grade: str | None = None,
        status: str = "",
        words: str = "",
        evidence: str = "",
        surer: bool = False,
    ) -> int | None:
        """The number of the row; None when that letter came back so before. *surer*: this report is worth more than a
        vague one of the same letter, and takes its place."""
        said = {"grade": grade, "status": status, "words": words, "evidence": evidence, "at": micros(at)}
        letter = {"slug": slug, "ordinal": ordinal, "kind": kind, "subscriber": subscriber}
        before = self._conn.execute(
            """SELECT r.id, r.status FROM returned AS r JOIN issue AS i ON i.id = r.issue
               WHERE i.slug = :slug AND r.ordinal = :ordinal AND r.kind = :kind""",
            letter,
        ).fetchone()
        if before is None:
            cursor = self._conn.execute(
                """INSERT INTO returned (issue, ordinal, subscriber, kind, grade, status, words, evidence, at)
                   VALUES ((SELECT id FROM issue WHERE slug = :slug), :ordinal, :subscriber, :kind,
                           :grade, :status, :words, :evidence, :at)""",
                {**letter, **said},
            )
            return cursor.lastrowid
        if not surer or before[1] == status:
            return None
        self._conn.execute(
            """UPDATE returned SET grade = :grade, status = :status, words = :words, evidence = :evidence, at = :at,
                      weighed = 0 WHERE id = :id""",
            {**said, "id": before[0]},
        )
        return int(before[0])

    def has_effect(self, id: int, effect: Effect) -> None:
        self._conn.execute("UPDATE returned SET effect = ? WHERE id = ?", (effect, id))

    def weighed(self) -> None:
        self._conn.execute("UPDATE returned SET weighed = 1 WHERE weighed = 0")

    def undo(self, ids: Collection[int], *, who: str, at: datetime) -> None:
        """These count no more."""
        self._conn.executemany(
            "UPDATE returned SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL",
            [(micros(at), who, id) for id in ids],
        )

    def forget(self, subscriber: int) -> None:
        """What was said of an erased person is gone; that something came back stays."""
        self._conn.execute("UPDATE returned SET evidence = '', words = '' WHERE subscriber = ?", (subscriber,))

    # -------------------------------------------------------------------------------------------- looking

    def issues(self) -> list[str]:
        """All issues that may have left, newest first."""
        rows = self._conn.execute("SELECT slug FROM issue WHERE state NOT IN ('draft', 'skipped') ORDER BY id DESC")
        return [slug for (slug,) in rows]

    def ordinal(self, slug: str, subscriber: int) -> int | None:
        """The row of that reader in that issue; None: they were not planned."""
        row = self._conn.execute(
            """SELECT d.ordinal FROM delivery_row AS d JOIN issue AS i ON i.id = d.issue
               WHERE i.slug = ? AND d.subscriber = ?""",
            (slug, subscriber),
        ).fetchone()
        return row[0] if row else None

    def refusals(self) -> list[tuple[str, int, int, str, datetime]]:
        """Refused letters that are not written down here: issue, ordinal, subscriber, what was said, when. None of an
        issue that nobody has accepted: then it is not about the readers; none of one that is paused: a person looks
        first."""
        rows = self._conn.execute(
            """SELECT i.slug, d.ordinal, d.subscriber, d.reply, d.at FROM issue AS i
               CROSS JOIN delivery_row AS d INDEXED BY delivery_other ON d.issue = i.id
               JOIN subscriber AS s ON s.id = d.subscriber
               WHERE i.state NOT IN ('draft', 'skipped', 'paused') AND d.state = 5 AND d.state > 3
                     AND d.reply GLOB '5[0-9][0-9]*'
                     AND s.address_key IS NOT NULL
                     AND EXISTS (SELECT 1 FROM delivery_row AS a WHERE a.issue = i.id AND a.state = 3)
                     AND NOT EXISTS (SELECT 1 FROM returned AS r
                                     WHERE r.issue = d.issue AND r.ordinal = d.ordinal AND r.kind = 'refused')"""
        )
        return [(slug, ordinal, person, reply, from_micros(at)) for slug, ordinal, person, reply, at in rows]

    def unweighed(self) -> list[Returned]:
        """What follows from these is not decided yet."""
        return list(self._rows("r.weighed = 0 ORDER BY r.id"))

    def counting(self, subscriber: int) -> list[Counting]:
        """The returns and refusals of that reader's letters that stand, by the time of the letters."""
        rows = self._conn.execute(
            """SELECT r.id, d.at, r.grade, r.status FROM returned AS r
               JOIN delivery_row AS d ON d.issue = r.issue AND d.ordinal = r.ordinal
               WHERE r.subscriber = ? AND r.grade IS NOT NULL AND r.undone_at IS NULL ORDER BY d.at, r.id""",
            (subscriber,),
        )
        return [Counting(id, from_micros(at or 0), grade, status) for id, at, grade, status in rows]

    def stayed(self, subscriber: int) -> list[datetime]:
        """When letters to that reader were accepted that have not come back."""
        rows = self._conn.execute(
            """SELECT d.at FROM issue AS i JOIN delivery_row AS d ON d.issue = i.id AND d.subscriber = ?
               WHERE d.state = 3 AND d.at IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM returned AS r
                   WHERE r.issue = d.issue AND r.ordinal = d.ordinal AND r.kind = 'returned')
               ORDER BY d.at""",
            (subscriber,),
        )
        return [from_micros(at) for (at,) in rows]

    def gone_about(self, domain: str, statuses: Collection[str], since: datetime, until: datetime) -> int:
        """Of how many readers at a domain a letter of that time came back for good with one of *statuses*."""
        marks = ", ".join("?" * len(statuses))
        row = self._conn.execute(
            f"""SELECT count(DISTINCT r.subscriber) FROM returned AS r
                JOIN subscriber AS s ON s.id = r.subscriber
                JOIN delivery_row AS d ON d.issue = r.issue AND d.ordinal = r.ordinal
                WHERE s.domain = ? AND r.grade = 'hard' AND r.status IN ({marks}) AND r.undone_at IS NULL
                      AND d.at BETWEEN ? AND ?""",
            (domain, *statuses, micros(since), micros(until)),
        ).fetchone()
        return int(row[0])

    def readers_at(self, domain: str) -> int:
        """How many subscribed readers a mail domain has."""
        row = self._conn.execute(
            "SELECT count(*) FROM subscriber WHERE domain = ? AND membership = 'subscribed'", (domain,)
        ).fetchone()
        return int(row[0])

    def get(self, id: int) -> Returned | None:
        return next(self._rows("r.id = ?", id), None)

    def all(
        self, *, slug: str = "", reader: Address | None = None, kind: str = "", limit: int | None = None
    ) -> list[Returned]:
        """The newest first; perhaps only those of an issue, a reader, a kind."""
        where, values = "1", list[Any]()
        for condition, value in (
            ("i.slug = ?", slug),
            ("s.address_key = ?", reader and reader.key),
            ("r.kind = ?", kind),
        ):
            if value:
                where, values = f"{where} AND {condition}", [*values, value]
        return list(self._rows(f"{where} ORDER BY r.id DESC LIMIT ?", *values, -1 if limit is None else limit))

    def of_delivery(self, slug: str, ordinal: int) -> list[Returned]:
        """What came back of one letter by mail, oldest first; refusals are in its own history."""
        where = "i.slug = ? AND r.ordinal = ? AND r.kind <> 'refused' ORDER BY r.id"
        return list(self._rows(where, slug, ordinal))

    def counts(self, slug: str) -> dict[str, int]:
        """Accepted letters of that issue that came back, by grade, and complaints about it: 'hard', 'soft', …,
        'complaint'; what nobody has is missing."""
        rows = self._conn.execute(
            """SELECT coalesce(r.grade, r.kind), count(*) FROM returned AS r JOIN issue AS i ON i.id = r.issue
               WHERE i.slug = ? AND r.kind IN ('returned', 'complaint') GROUP BY 1 ORDER BY count(*) DESC, 1""",
            (slug,),
        )
        return dict(rows.fetchall())

    def _rows(self, where: str, *values: Any) -> Iterator[Returned]:
        rows = self._conn.execute(
            f"""SELECT r.id, coalesce(i.slug, ''), r.ordinal, r.subscriber, s.local, s.domain, r.kind,
                       coalesce(r.grade, ''), r.status, r.words, r.evidence, r.at, r.effect, r.undone_at,
                       coalesce(r.undone_by, '')
                FROM returned AS r JOIN subscriber AS s ON s.id = r.subscriber LEFT JOIN issue AS i ON i.id = r.issue
                WHERE {where}""",
            values,
        )
        for id, slug, ordinal, person, local, domain, kind, grade, status, words, text, at, effect, undone, by in rows:
            yield Returned(
                id,
                slug,
                ordinal,
                person,
                Address(local, domain) if local is not None else None,
                kind,
                grade,
                status,
                words,
                text,
                from_micros(at),
                effect,
                from_micros(undone) if undone is not None else None,
                by,
            )
