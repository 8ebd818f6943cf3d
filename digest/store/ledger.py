"""The ledger: every delivery of every issue as one row with a state, and its whole history.

A row's path is checked by the database itself (`LEGAL_MOVES` of the model, as the table legal_move): no code path can
take an illegal one or leave a move unwritten. The table delivery_row, with numbers for words, is spoken of here only;
for everybody else there are the views delivery and delivery_event. Who may still get mail is read again when leasing
and before `sending`. Knows no template, no SMTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from digest.address import Address
from digest.errors import IssueError, StoreError
from digest.model import Delivery, DeliveryState
from digest.store.codec import from_micros, micros
from digest.store.consent import HOW
from digest.store.migrations.ledger import STATES
from digest.store.subscribers import BARRED, wish_of

if TYPE_CHECKING:
    from digest.store import Store

Settlement = tuple[int, DeliveryState, str, datetime | None]
"""ordinal, the state after, the receiver's reply, and when to try again (only for deferred)."""


SERVED = """served AS (SELECT json_extract(value, '$[0]') AS language, json_extract(value, '$[1]') AS topics,
                            json_extract(value, '$[2]') AS length, json_extract(value, '$[3]') AS variant
                            FROM json_each(:served))"""
"""Which variant serves whom, from `Ledger._served`."""


@dataclass(frozen=True, slots=True)
class LeasedRow:
    """One delivery in a worker's hands, with what a letter needs."""

    ordinal: int
    subscriber: int
    address: Address
    name: str
    token: str
    variant: str
    attempts: int  # tries that ended before this one
    how: str  # their consent came in: "editor", "import", …


@dataclass(frozen=True, slots=True)
class Move:
    """One step of one delivery."""

    at: datetime
    came: DeliveryState
    became: DeliveryState
    reply: str


@dataclass(frozen=True, slots=True)
class Account:
    """Where everybody is: candidates = planned + all of excluded."""

    candidates: int  # subscribers known when the audience was laid
    planned: int  # rows of the ledger
    excluded: Mapping[str, int]  # reason -> people
    by_state: Mapping[DeliveryState, int]  # sums to planned


class Ledger:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn
        self._workers: dict[str, int] = {}

    # -------------------------------------------------------------------------------------------- the audience

    def lay_provisional(self, slug: str, variant: str, at: datetime) -> Account:
        """A draft's audience as it is at *at*, laid anew. Raises IssueError unless the issue is a draft."""
        with self._store.transaction():
            issue, state = self._issue(slug)
            if state != "draft":
                raise IssueError(f"{slug} is {state}: its audience is frozen", hint="`digest status`")
            self._lay(issue, slug, variant, at, locked=False)
            return self.account(slug)

    def freeze(self, slug: str, variant: str, at: datetime) -> Account:
        """The audience as it is at *at*, numbered 0…n-1 and locked; once locked, calling again changes nothing.

        Raises IssueError for an issue that is over, and for a letter about one that is still leaving.
        """
        with self._store.transaction():
            issue, state = self._issue(slug)
            if state in ("sent", "cancelled", "skipped"):
                raise IssueError(f"{slug} is {state}", hint="`digest issues new` makes a second one")
            if not self._is_locked(issue):
                self._refuse_before_all_have_it(slug)
                self._lay(issue, slug, variant, at, locked=True)
            return self.account(slug)

    def _lay(self, issue: int, slug: str, variant: str, at: datetime, *, locked: bool) -> None:
        if self.has_left(slug):
            raise IssueError(f"{slug} has begun to leave: its audience stays", hint="`digest status`")
        self._store.requests.merge()
        served = self._served(slug, variant, at)
        values: dict[str, Any] = {"issue": issue, "now": micros(at), "served": json.dumps(served)}
        self._conn.execute("DELETE FROM delivery_row WHERE issue = :issue", values)
        self._conn.execute("DELETE FROM excluded WHERE issue = :issue", values)
        wishes = {key for *_, key in served}
        if about := self._corrected_by(issue):
            self._lay_after(about, values, slug)
        elif len(wishes) == 1 and None not in wishes:  # nearly always: and a join would take as long as all the rest
            self._conn.execute(
                f"""INSERT INTO delivery_row (issue, ordinal, subscriber, variant)
                    SELECT :issue, row_number() OVER (ORDER BY s.id) - 1, s.id, :variant
                    FROM subscriber AS s WHERE {BARRED} IS NULL ORDER BY s.id""",
                {**values, "variant": wishes.pop()},
            )
        else:
            self._lay_by_wish(values)
        self._conn.execute(
            f"""INSERT INTO excluded (issue, subscriber, reason)
                SELECT :issue, s.id, {BARRED} FROM subscriber AS s WHERE {BARRED} IS NOT NULL""",
            values,
        )
        self._conn.execute(
            """INSERT OR REPLACE INTO audience (issue, candidates, laid_at, locked_at)
               VALUES (:issue, (SELECT count(*) FROM subscriber), :now, iif(:locked, :now, NULL))""",
            {**values, "locked": locked},
        )

    def _lay_by_wish(self, values: Mapping[str, Any]) -> None:
        """Each reader's row with the variant that serves them; who has none is left out."""
        self._conn.execute(
            f"""WITH {SERVED} INSERT INTO delivery_row (issue, ordinal, subscriber, variant)
                SELECT :issue, row_number() OVER (ORDER BY s.id) - 1, s.id, served.variant
                FROM subscriber AS s JOIN served USING (language, topics, length)
                WHERE {BARRED} IS NULL AND served.variant IS NOT NULL ORDER BY s.id""",
            values,
        )
        self._conn.execute(
            f"""WITH {SERVED} INSERT INTO excluded (issue, subscriber, reason)
                SELECT :issue, s.id, 'nothing in their topics'
                FROM subscriber AS s JOIN served USING (language, topics, length)
                WHERE {BARRED} IS NULL AND served.variant IS NULL""",
            values,
        )

    def _corrected_by(self, issue: int) -> int | None:
        """The issue that this one is a letter about; None: it is a number."""
        row = self._conn.execute(
            "SELECT of.id FROM issue AS i JOIN issue AS of ON of.slug = i.corrects WHERE i.id = ?", (issue,)
        ).fetchone()
        return None if row is None else int(row[0])

    def _lay_after(self, about: int, values: Mapping[str, Any], slug: str) -> None:
        """Those who have the issue *about*, or of whom that cannot be known, each with the variant that they had; the
        others are left out, and so is whose variant had none of the stories."""
        issues = self._store.issues
        given = {
            **values,
            "about": about,
            "variants": json.dumps([variant.key for variant in issues.rendered(slug).variants]),
            "without": f"did not get {issues.issue(slug).corrects}",
        }
        self._conn.execute(
            f"""INSERT INTO delivery_row (issue, ordinal, subscriber, variant)
                SELECT :issue, row_number() OVER (ORDER BY s.id) - 1, s.id, had.variant
                FROM delivery_row AS had JOIN subscriber AS s ON s.id = had.subscriber
                WHERE had.issue = :about AND had.state IN (3, 8) AND {BARRED} IS NULL
                      AND had.variant IN (SELECT value FROM json_each(:variants)) ORDER BY s.id""",
            given,
        )
        self._conn.execute(
            f"""INSERT INTO excluded (issue, subscriber, reason)
                SELECT :issue, s.id, iif(had.subscriber IS NULL, :without, 'the story was not in their issue')
                FROM subscriber AS s LEFT JOIN delivery_row AS had
                     ON had.issue = :about AND had.subscriber = s.id AND had.state IN (3, 8)
                WHERE {BARRED} IS NULL
                      AND (had.subscriber IS NULL OR had.variant NOT IN (SELECT value FROM json_each(:variants)))""",
            given,
        )

    def _refuse_before_all_have_it(self, slug: str) -> None:
        about = self._store.issues.issue(slug).corrects
        rest = self.counts(about) if about else {}
        still = sum(rest.get(state, 0) for state in ("waiting", "leased", "sending", "deferred"))
        if still:
            raise IssueError(
                f"{about} is still to leave for {still}, who would not get {slug}",
                hint=f"let it end, or `digest stop {about}`; who has it then gets {slug}",
            )

    def _served(self, slug: str, usual: str, at: datetime) -> list[tuple[str, str, str, str | None]]:
        """Language, topics and length as they are stored -> the key of the variant that serves them; None where the
        issue holds nothing of the topics. Who asks for what was not rendered gets the nearest, at last *usual*."""
        issue, variants = self._store.issues.issue(slug), self._store.issues.rendered(slug).variants
        keys, language = {v.key for v in variants}, variants[0].language if variants else ""
        served: list[tuple[str, str, str, str | None]] = []
        for row in self._conn.execute(
            f"SELECT DISTINCT language, topics, length FROM subscriber AS s WHERE {BARRED} IS NULL", {"now": micros(at)}
        ):
            served.append((*row, wish_of(*row).served_by(issue, language, keys, usual)))
        return served

    def _is_locked(self, issue: int) -> bool:
        row = self._conn.execute("SELECT locked_at FROM audience WHERE issue = ?", (issue,)).fetchone()
        return row is not None and row[0] is not None

    # -------------------------------------------------------------------------------------------- carrying out

    def lease(
        self, slug: str, owner: str, limit: int, now: datetime, *, without: Collection[str] = ()
    ) -> list[LeasedRow]:
        """Up to *limit* rows for *owner*: deferred ones that are due, then waiting ones by ordinal; none of the mail
        domains *without*.

        Whoever may no longer get mail becomes suppressed on the way. [] while paused, when cancelled, and when
        nothing is left now (see `next_due`). Raises IssueError for an issue nobody approved.
        """
        with self._store.transaction():
            issue, state = self._issue(slug)
            if state in ("paused", "cancelled", "sent"):
                return []
            if state != "sending":
                raise IssueError(f"{slug} is {state}, not sending", hint="`digest approve`, then `digest send`")
            self._store.requests.merge()
            worker = self._worker(owner)
            leased: list[LeasedRow] = []
            while len(leased) < limit:
                found = self._open_rows(issue, limit - len(leased), now, without)
                if not found:
                    break
                good = [row for barred, row in found if barred is None]
                self._suppress(issue, [(row.ordinal, barred) for barred, row in found if barred is not None], now)
                # One statement: half the time of one for each row.
                self._conn.execute(
                    """UPDATE delivery_row SET state = 1, owner = ?, due = NULL, at = ?
                        WHERE issue = ? AND ordinal IN (SELECT value FROM json_each(?))""",
                    (worker, micros(now), issue, json.dumps([row.ordinal for row in good])),
                )
                leased += good
            return leased

    def _open_rows(
        self, issue: int, limit: int, now: datetime, without: Collection[str]
    ) -> list[tuple[str | None, LeasedRow]]:
        """The next rows to hand out, each with why its reader may not get it (None: may)."""
        values: dict[str, Any] = {"issue": issue, "now": micros(now), "without": json.dumps(sorted(without))}
        elsewhere = "AND s.domain NOT IN (SELECT value FROM json_each(:without))" if without else ""
        found: list[tuple[str | None, LeasedRow]] = []
        # The indexes are named: left alone, SQLite walks past every accepted row to the first waiting one.
        for index, which in (
            ("delivery_other", f"d.state = 4 AND d.state > 3 AND d.due <= :now {elsewhere} ORDER BY d.due"),
            ("delivery_waiting", f"d.state = 0 {elsewhere} ORDER BY d.ordinal"),
        ):
            rows = self._conn.execute(
                f"""SELECT {BARRED}, d.ordinal, s.id, s.local, s.domain, s.name, s.token, d.variant,
                           iif(d.at IS NULL, 0, (SELECT v.attempts FROM delivery AS v
                                                 WHERE v.issue = d.issue AND v.ordinal = d.ordinal)),
                           {HOW}
                    FROM delivery_row AS d INDEXED BY {index} CROSS JOIN subscriber AS s ON s.id = d.subscriber
                    WHERE d.issue = :issue AND {which} LIMIT :limit""",
                {**values, "limit": limit - len(found)},
            )
            found += [
                (barred, LeasedRow(ordinal, person, Address(local, domain), name, token, variant, attempts, how))
                for barred, ordinal, person, local, domain, name, token, variant, attempts, how in rows
            ]
        return found

    def commit(
        self,
        slug: str,
        owner: str,
        intents: Sequence[int],
        outcomes: Sequence[Settlement],
        now: datetime,
    ) -> set[int]:
        """What *owner* learned and what it is about to do, in one transaction: outcomes, then intents.

        Gives the ordinals that are now `sending` on disk: their final dot may leave. The others must be left
        without it: stopped, paused (back to waiting), or the reader may no longer get mail (suppressed).
        """
        with self._store.transaction():
            issue, state = self._issue(slug)
            worker = self._worker(owner)
            self._settle(issue, slug, owner, worker, outcomes, now)
            if state == "cancelled":
                self._cancel(issue, now, "stopped")
            if not intents:
                return set()
            if state != "sending":
                self._conn.executemany(
                    """UPDATE delivery_row SET state = 0, owner = NULL, at = ?
                       WHERE issue = ? AND ordinal = ? AND owner = ? AND state = 1""",
                    [(micros(now), issue, ordinal, worker) for ordinal in intents],
                )
                return set()
            self._store.requests.merge()
            return self._intend(issue, worker, intents, now)

    def _settle(
        self, issue: int, slug: str, owner: str, worker: int, outcomes: Sequence[Settlement], now: datetime
    ) -> None:
        at = micros(now)
        accepted = [(ordinal, reply) for ordinal, state, reply, _ in outcomes if state == "accepted"]
        done = self._accept(issue, worker, accepted, at) if accepted else set()
        for ordinal, state, reply, due in outcomes:
            if ordinal in done:
                continue
            moved = self._conn.execute(
                """UPDATE delivery_row SET state = ?, reply = ?, due = ?, owner = NULL, waited = NULL, at = ?
                   WHERE issue = ? AND ordinal = ? AND owner = ?""",
                (STATES.index(state), reply, micros(due) if due else None, at, issue, ordinal, worker),
            ).rowcount
            if moved:
                continue
            row = self._conn.execute(
                "SELECT state FROM delivery_row WHERE issue = ? AND ordinal = ?", (issue, ordinal)
            ).fetchone()
            # Taken from us before its dot, by stop or suppression: it was left, and that is no news.
            if (
                row is None
                or state not in ("deferred", "rejected")
                or STATES[row[0]] not in ("cancelled", "suppressed", "waiting")
            ):
                raise StoreError(
                    f"{slug}, row {ordinal}: an outcome ({state}) for a row that {owner} does not hold",
                    hint="two senders at work? `digest deliveries list --state uncertain`",
                )

    def _accept(self, issue: int, worker: int, accepted: Sequence[tuple[int, str]], at: int) -> set[int]:
        """The ordinals moved. Only from `sending`: the row then says by itself when it was leased, intended and
        accepted."""
        statement = _ACCEPT % ",".join(["(?, ?)"] * len(accepted))
        values = (*chain.from_iterable(accepted), at, at, issue, worker)
        return {ordinal for (ordinal,) in self._conn.execute(statement, values)}

    def _intend(self, issue: int, worker: int, intents: Sequence[int], now: datetime) -> set[int]:
        values = (micros(now), issue, worker, *intents)
        statement = _INTEND % ",".join("?" * len(intents))
        granted = {ordinal for (ordinal,) in self._conn.execute(statement, values)}
        for ordinal in intents:
            if ordinal in granted:
                continue
            row = self._conn.execute(
                f"""SELECT {BARRED} FROM delivery_row AS d CROSS JOIN subscriber AS s ON s.id = d.subscriber
                    WHERE d.issue = :issue AND d.ordinal = :ordinal AND d.owner = :worker AND d.state = 1""",
                {"issue": issue, "worker": worker, "now": micros(now), "ordinal": ordinal},
            ).fetchone()
            if row is not None:
                self._suppress(issue, [(ordinal, row[0])], now)
        return granted

    def _suppress(self, issue: int, rows: Sequence[tuple[int, str]], now: datetime) -> None:
        self._conn.executemany(
            """UPDATE delivery_row SET state = 6, owner = NULL, due = NULL, reply = ?, at = ?
               WHERE issue = ? AND ordinal = ?""",
            [(reason, micros(now), issue, ordinal) for ordinal, reason in rows],
        )

    def _worker(self, owner: str) -> int:
        """The number under which *owner* holds rows."""
        if owner not in self._workers:
            self._conn.execute("INSERT OR IGNORE INTO worker (name) VALUES (?)", (owner,))
            (self._workers[owner],) = self._conn.execute("SELECT id FROM worker WHERE name = ?", (owner,)).fetchone()
        return self._workers[owner]

    def forget(self) -> None:
        """What was remembered beside the database, after a transaction came to nothing."""
        self._workers.clear()

    # -------------------------------------------------------------------------------------------- workers that ended

    def release(self, owner: str, now: datetime | None = None) -> int:
        """The leased rows of *owner*, which ends in good order, go back to waiting. Gives their number."""
        with self._store.transaction():
            return self._conn.execute(
                "UPDATE delivery_row SET state = 0, owner = NULL, at = ? WHERE owner = ? AND state = 1",
                (micros(now or datetime.now(UTC)), self._worker(owner)),
            ).rowcount

    def reconcile(self, slug: str, is_alive: Callable[[str], bool], now: datetime) -> tuple[int, int]:
        """Rows of owners that died: leased -> waiting, sending -> uncertain. Gives both numbers."""
        with self._store.transaction():
            issue, state = self._issue(slug)
            owners = self._conn.execute(
                """SELECT w.id, w.name FROM worker AS w WHERE EXISTS
                   (SELECT 1 FROM delivery_row AS d INDEXED BY delivery_held WHERE d.owner = w.id AND d.issue = ?)""",
                (issue,),
            ).fetchall()
            returned = uncertain = 0
            for worker, name in owners:
                if is_alive(name):
                    continue
                values = (micros(now), issue, worker)
                returned += self._conn.execute(
                    """UPDATE delivery_row SET state = 0, owner = NULL, at = ?
                       WHERE issue = ? AND owner = ? AND state = 1""",
                    values,
                ).rowcount
                uncertain += self._conn.execute(
                    """UPDATE delivery_row SET state = 8, owner = NULL, waited = NULL, at = ?,
                              reply = 'the sender ended before the receiver’s answer was written down'
                       WHERE issue = ? AND owner = ? AND state = 2""",
                    values,
                ).rowcount
            if state == "cancelled":
                self._cancel(issue, now, "stopped")
            return returned, uncertain

    # -------------------------------------------------------------------------------------------- people decide

    def stop(self, slug: str, *, who: str = "", at: datetime | None = None) -> int:
        """The issue and every row not yet `sending` become cancelled, for good. Gives the number of rows."""
        now = at or datetime.now(UTC)
        with self._store.transaction():
            issue, _ = self._issue(slug)
            self._store.issues.set_state(slug, "cancelled", who=who, at=now, reason="stopped")
            return self._cancel(issue, now, f"stopped by {who}" if who else "stopped")

    def _cancel(self, issue: int, now: datetime, reason: str) -> int:
        return self._conn.execute(
            """UPDATE delivery_row SET state = 7, owner = NULL, due = NULL, reply = ?, at = ?
               WHERE issue = ? AND state IN (0, 1, 4)""",
            (reason, micros(now), issue),
        ).rowcount

    def settle_uncertain(
        self, slug: str, ordinal: int, as_state: DeliveryState, who: str, at: datetime | None = None
    ) -> None:
        """A person's word, or policy's, on a row in doubt: accepted, rejected, or waiting (to be sent again)."""
        with self._store.transaction():
            issue, _ = self._issue(slug)
            done = self._conn.execute(
                """UPDATE delivery_row SET state = ?, reply = ?, at = ?
                   WHERE issue = ? AND ordinal = ? AND state = 8""",
                (STATES.index(as_state), f"settled by {who}", micros(at or datetime.now(UTC)), issue, ordinal),
            ).rowcount
            if not done:
                raise IssueError(
                    f"{slug}, row {ordinal} is not in doubt", hint="`digest deliveries list --state uncertain`"
                )

    def take_back_refusals(self, slug: str, ordinals: Collection[int], who: str, at: datetime) -> int:
        """Rejected rows wait again: what was said was about the sender, not the reader. Gives their number."""
        with self._store.transaction():
            issue, _ = self._issue(slug)
            return self._conn.executemany(
                """UPDATE delivery_row SET state = 0, reply = ?, at = ?
                   WHERE issue = ? AND ordinal = ? AND state = 5""",
                [(f"taken back by {who}", micros(at), issue, ordinal) for ordinal in sorted(ordinals)],
            ).rowcount

    def doubt_open(self, slug: str, why: str, now: datetime) -> int:
        """After an older copy was put back: all rows that may have gone since become uncertain."""
        with self._store.transaction():
            issue, _ = self._issue(slug)
            return self._conn.execute(
                """UPDATE delivery_row SET state = 8, owner = NULL, due = NULL, waited = NULL, reply = ?, at = ?
                   WHERE issue = ? AND state IN (0, 1, 2, 4)""",
                (why, micros(now), issue),
            ).rowcount

    # -------------------------------------------------------------------------------------------- looking

    def counts(self, slug: str) -> dict[DeliveryState, int]:
        """Rows by state; states nobody is in are missing."""
        rows = self._conn.execute(
            """SELECT d.state, count(*) FROM delivery_row AS d JOIN issue AS i ON i.id = d.issue
               WHERE i.slug = ? GROUP BY d.state""",
            (slug,),
        )
        return {STATES[number]: count for number, count in rows}

    def excluded(self, slug: str) -> list[tuple[str, int]]:
        """Why people were left out, and how many, most first."""
        return self._conn.execute(
            """SELECT e.reason, count(*) FROM excluded AS e JOIN issue AS i ON i.id = e.issue
               WHERE i.slug = ? GROUP BY e.reason ORDER BY count(*) DESC, e.reason""",
            (slug,),
        ).fetchall()

    def account(self, slug: str) -> Account:
        """Everybody accounted for. Raises StoreError if candidates are not planned + excluded."""
        issue, _ = self._issue(slug)
        row = self._conn.execute("SELECT candidates FROM audience WHERE issue = ?", (issue,)).fetchone()
        by_state = self.counts(slug)
        excluded = dict(self.excluded(slug))
        candidates = row[0] if row else 0
        planned = sum(by_state.values())
        if candidates != planned + sum(excluded.values()):
            raise StoreError(
                f"{slug} does not add up: {candidates} candidates, {planned} planned, {excluded} left out",
                hint="put a copy back: `digest restore FILE NEW_FOLDER`",
            )
        return Account(candidates, planned, excluded, by_state)

    def laid_at(self, slug: str) -> datetime | None:
        """When the audience was laid; None: never."""
        row = self._conn.execute(
            "SELECT a.laid_at FROM audience AS a JOIN issue AS i ON i.id = a.issue WHERE i.slug = ?", (slug,)
        ).fetchone()
        return None if row is None else from_micros(row[0])

    def has_left(self, slug: str) -> bool:
        """Whether any row ever left waiting."""
        row = self._conn.execute(
            """SELECT 1 FROM delivery_row AS d JOIN issue AS i ON i.id = d.issue
               WHERE i.slug = ? AND d.at IS NOT NULL LIMIT 1""",
            (slug,),
        ).fetchone()
        return row is not None

    def last_move(self, slug: str) -> datetime | None:
        """When a row of the issue last moved; None: none ever did."""
        row = self._conn.execute(
            "SELECT max(d.at) FROM delivery_row AS d JOIN issue AS i ON i.id = d.issue WHERE i.slug = ?", (slug,)
        ).fetchone()
        return None if row[0] is None else from_micros(row[0])

    def next_due(self, slug: str) -> datetime | None:
        """When the next deferred row is due; None: none is deferred."""
        row = self._conn.execute(
            """SELECT min(d.due) FROM issue AS i CROSS JOIN delivery_row AS d INDEXED BY delivery_other
               ON d.issue = i.id WHERE i.slug = ? AND d.state = 4 AND d.state > 3""",
            (slug,),
        ).fetchone()
        return None if row[0] is None else from_micros(row[0])

    def deliveries(self, slug: str, state: DeliveryState | None = None, limit: int | None = None) -> list[Delivery]:
        """The issue's rows by ordinal, perhaps only those in *state*."""
        which = "" if state is None else f"AND r.state = {STATES.index(state)}"
        if state is not None and STATES.index(state) > 3:
            which += " AND r.state > 3"  # the rare ones have an index
        rows = self._conn.execute(
            f"""{_DELIVERY} JOIN delivery_row AS r ON r.issue = d.issue AND r.ordinal = d.ordinal
                WHERE i.slug = ? {which} ORDER BY r.ordinal LIMIT ?""",
            (slug, -1 if limit is None else limit),
        )
        return [_delivery(row) for row in rows]

    def uncertain(self, slug: str) -> list[Delivery]:
        return self.deliveries(slug, "uncertain")

    def of_subscriber(self, address: Address) -> list[Delivery]:
        """Everything one reader was planned for, newest issue first."""
        rows = self._conn.execute(
            f"""{_DELIVERY} JOIN subscriber AS s ON s.id = d.subscriber
                WHERE s.address_key = ? ORDER BY i.until DESC, i.id DESC""",
            (address.key,),
        )
        return [_delivery(row) for row in rows]

    def history(self, slug: str, ordinal: int) -> list[Move]:
        """Every move of one row, oldest first; it began as waiting."""
        rows = self._conn.execute(
            """SELECT e.at, e.came, e.became, coalesce(e.reply, '') FROM delivery_event AS e
               JOIN issue AS i ON i.id = e.issue WHERE i.slug = ? AND e.ordinal = ? ORDER BY e.step""",
            (slug, ordinal),
        )
        return [Move(from_micros(at), came, became, reply) for at, came, became, reply in rows]

    def _issue(self, slug: str) -> tuple[int, str]:
        row = self._conn.execute("SELECT id, state FROM issue WHERE slug = ?", (slug,)).fetchone()
        if row is None:
            raise IssueError(f"there is no issue {slug}", hint="`digest issues list`")
        return row[0], row[1]


_INTEND = f"""UPDATE delivery_row SET state = 2, waited = :now - at, at = :now
              WHERE issue = ? AND owner = ? AND ordinal IN (%s) AND state = 1
                    AND (SELECT {BARRED} FROM subscriber AS s WHERE s.id = delivery_row.subscriber) IS NULL
              RETURNING ordinal""".replace(":now", "?1")

_ACCEPT = """WITH said (ordinal, reply) AS (VALUES %s)
             UPDATE delivery_row SET state = 3, reply = said.reply, owner = NULL, answered = ? - at, at = ?
             FROM said WHERE issue = ? AND owner = ? AND delivery_row.ordinal = said.ordinal AND state = 2
             RETURNING ordinal"""

_DELIVERY = """SELECT i.slug, d.ordinal, d.subscriber, d.variant, d.state, d.attempts, d.due, coalesce(d.reply, '')
               FROM delivery AS d JOIN issue AS i ON i.id = d.issue"""


def _delivery(row: tuple[Any, ...]) -> Delivery:
    slug, ordinal, subscriber, variant, state, attempts, due, reply = row
    at = None if due is None else from_micros(due)
    return Delivery(slug, ordinal, subscriber, variant, state, attempts, at, reply)
