"""Issues: the draft with its picks and rendered text, what state it is in and who put it there, and the edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from digest.compose import replay
from digest.errors import IssueError, StaleError
from digest.model import LOCKED_STATES, Article, Edit, Issue, IssueState, Pick, Rendered
from digest.store.codec import from_json, instant, read_as, to_json

if TYPE_CHECKING:
    from digest.store import Store

_MOVES: Mapping[IssueState, frozenset[IssueState]] = {
    "draft": frozenset({"approved", "skipped", "cancelled"}),
    "approved": frozenset({"draft", "scheduled", "sending", "paused", "cancelled"}),
    "scheduled": frozenset({"draft", "approved", "sending", "paused", "cancelled"}),
    "sending": frozenset({"paused", "sent", "cancelled"}),
    "paused": frozenset({"approved", "scheduled", "sending", "sent", "cancelled"}),
    "sent": frozenset({"sending"}),  # a row in doubt is to be sent again
    "cancelled": frozenset(),
    "skipped": frozenset(),
}

_STORED = """SELECT slug, coalesce(number, 0), state, since, until, coalesce(approved_text, fingerprint, ''),
                    approved_by, approved_at, paused_reason, made_at, coalesce(corrects, '') FROM issue"""
_CLOSED = ", ".join(f"'{state}'" for state in sorted(LOCKED_STATES | {"skipped"}))
_LOCKED = ", ".join(f"'{state}'" for state in sorted(LOCKED_STATES))


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """An issue without its texts."""

    slug: str
    number: int  # 0: a skipped week, and a letter that corrects, have none
    state: IssueState
    since: datetime
    until: datetime
    fingerprint: str  # of the text approved, before that of the draft; '': a skipped week has no text
    approved_by: str | None  # None: not approved
    approved_at: datetime | None  # None exactly when approved_by is
    paused_reason: str | None  # None unless paused
    made_at: datetime
    corrects: str  # the issue that this letter corrects; '' for a number of the newsletter


@dataclass(frozen=True, slots=True)
class IssueEvent:
    at: datetime
    who: str
    became: IssueState
    reason: str


class Issues:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

    # -------------------------------------------------------------------------------------------- the draft

    def save_draft(
        self, issue: Issue, rendered: Rendered, *, picks: Sequence[Pick] = (), at: datetime | None = None
    ) -> None:
        """Keeps the draft in place of an older one. Raises IssueError when the issue is no draft any more."""
        now = at or datetime.now(UTC)
        if rendered.issue != issue.slug:
            raise ValueError(f"the text of {rendered.issue} is not that of {issue.slug}")
        with self._store.transaction():
            known = self.get(issue.slug)
            if known is not None and known.state != "draft":
                raise IssueError(
                    f"{issue.slug} is {known.state}: nothing was changed", hint="`digest issues new` makes a second one"
                )
            self._conn.execute(
                """INSERT INTO issue (slug, number, corrects, state, since, until, made_at, fingerprint, data, rendered,
                                      picks)
                   VALUES (?, ?, ?, 'draft', ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (slug) DO UPDATE SET
                       number = excluded.number, since = excluded.since, until = excluded.until,
                       made_at = excluded.made_at, fingerprint = excluded.fingerprint,
                       data = excluded.data, rendered = excluded.rendered, picks = excluded.picks""",
                (
                    issue.slug,
                    None if issue.corrects else issue.number,
                    issue.corrects or None,
                    instant(issue.since),
                    instant(issue.until),
                    instant(now),
                    rendered.fingerprint,
                    to_json(issue),
                    to_json(rendered),
                    to_json(tuple(picks), tuple[Pick, ...]),
                ),
            )
            if known is None:
                self._note(issue.slug, now, "", "draft", "")

    def get(self, slug: str) -> StoredIssue | None:
        """None: no issue of that name yet."""
        row = self._conn.execute(f"{_STORED} WHERE slug = ?", (slug,)).fetchone()
        return _stored(row) if row else None

    def all(self) -> list[StoredIssue]:
        """Numbers, skipped weeks and letters that correct, oldest first."""
        return [_stored(row) for row in self._conn.execute(f"{_STORED} ORDER BY until, id")]

    def numbers(self) -> list[StoredIssue]:
        """The same without letters that correct."""
        return [issue for issue in self.all() if not issue.corrects]

    def letters_about(self, slug: str) -> list[StoredIssue]:
        """The letters that correct that issue, oldest first."""
        return [_stored(row) for row in self._conn.execute(f"{_STORED} WHERE corrects = ? ORDER BY id", (slug,))]

    def issue(self, slug: str) -> Issue:
        return from_json(Issue, self._text(slug, "data"))

    def rendered(self, slug: str) -> Rendered:
        return from_json(Rendered, self._text(slug, "rendered"))

    def picks(self, slug: str) -> tuple[Pick, ...]:
        """What was chosen, in order, then the near misses."""
        picks: tuple[Pick, ...] = read_as(tuple[Pick, ...], self._text(slug, "picks"), "picks")
        return picks

    def _text(self, slug: str, column: str) -> str:
        row = self._conn.execute(f"SELECT {column} FROM issue WHERE slug = ?", (slug,)).fetchone()
        if row is None:
            raise _no_issue(slug)
        if row[0] is None:
            raise IssueError(f"{slug} was skipped: it has no text", hint="`digest issues list`")
        return str(row[0])

    # -------------------------------------------------------------------------------------------- its state

    def approve(self, slug: str, *, fingerprint: str, who: str, at: datetime) -> None:
        """Binds *who* to exactly the text with *fingerprint*. Raises IssueError when the stored one is another."""
        with self._store.transaction():
            known = self.get(slug)
            if known is None:
                raise _no_issue(slug)
            if known.fingerprint != fingerprint:
                raise IssueError(f"{slug} was changed after you saw it", hint="look at it again: `digest preview`")
            self.set_state(slug, "approved", who=who, at=at)

    def set_state(self, slug: str, state: IssueState, *, who: str, at: datetime, reason: str = "") -> None:
        """Moves the issue on, and writes down who did. The state it is in already: nothing happens.

        Back to draft: the approval is gone and the audience unlocked. Raises IssueError for a move that may not be.
        """
        with self._store.transaction():
            known = self.get(slug)
            if known is None:
                raise _no_issue(slug)
            if known.state == state:
                return
            if state not in _MOVES[known.state]:
                raise IssueError(f"{slug} is {known.state} and cannot become {state}", hint="`digest status`")
            if state == "draft":
                self._reopen(slug)
            if state == "skipped":
                self._empty_audience(slug)
            if state == "approved" and known.approved_by is None:
                self._conn.execute(
                    "UPDATE issue SET approved_by = ?, approved_at = ?, approved_text = fingerprint WHERE slug = ?",
                    (who, instant(at), slug),
                )
            self._conn.execute(
                "UPDATE issue SET state = ?, paused_reason = ? WHERE slug = ?",
                (state, reason if state == "paused" else None, slug),
            )
            self._note(slug, at, who, state, reason)

    def _reopen(self, slug: str) -> None:
        if self._store.ledger.has_left(slug):
            raise IssueError(f"{slug} has begun to leave: it cannot be a draft again", hint="`digest status`")
        self._conn.execute(
            "UPDATE issue SET approved_by = NULL, approved_at = NULL, approved_text = NULL WHERE slug = ?", (slug,)
        )
        self._conn.execute(
            "UPDATE audience SET locked_at = NULL WHERE issue = (SELECT id FROM issue WHERE slug = ?)", (slug,)
        )

    def _empty_audience(self, slug: str) -> None:
        for table in ("delivery_row", "excluded", "audience"):
            self._conn.execute(f"DELETE FROM {table} WHERE issue = (SELECT id FROM issue WHERE slug = ?)", (slug,))

    def skip(self, slug: str, *, since: datetime, until: datetime, who: str, at: datetime, reason: str = "") -> None:
        """Closes a week without an issue; the next window starts after *until*."""
        with self._store.transaction():
            if self.get(slug) is None:
                self._conn.execute(
                    "INSERT INTO issue (slug, state, since, until, made_at) VALUES (?, 'draft', ?, ?, ?)",
                    (slug, instant(since), instant(until), instant(at)),
                )
            self._conn.execute(
                "UPDATE issue SET since = ?, until = ? WHERE slug = ? AND state = 'draft'",
                (instant(since), instant(until), slug),
            )
            self.set_state(slug, "skipped", who=who, at=at, reason=reason)

    def events(self, slug: str) -> list[IssueEvent]:
        """Who did what to the issue, oldest first."""
        rows = self._conn.execute(
            """SELECT e.at, e.who, e.became, e.reason FROM issue_event AS e JOIN issue AS i ON i.id = e.issue
               WHERE i.slug = ? ORDER BY e.seq""",
            (slug,),
        )
        return [IssueEvent(datetime.fromisoformat(at), who, became, why) for at, who, became, why in rows]

    def _note(self, slug: str, at: datetime, who: str, became: str, reason: str) -> None:
        self._conn.execute(
            """INSERT INTO issue_event (issue, at, who, became, reason)
               SELECT id, ?, ?, ?, ? FROM issue WHERE slug = ?""",
            (instant(at), who, became, reason, slug),
        )

    # -------------------------------------------------------------------------------------------- windows and numbers

    def last_until(self, before: datetime | None = None) -> datetime | None:
        """The newest end of an issue approved or later, or skipped; only those ending by *before*, if given.
        None: there is none."""
        row = self._conn.execute(
            f"""SELECT max(until) FROM issue
                WHERE state IN ({_CLOSED}) AND corrects IS NULL AND (? IS NULL OR until <= ?)""",
            (instant(before) if before else None, instant(before) if before else None),
        ).fetchone()
        return datetime.fromisoformat(row[0]) if row[0] else None

    def past_articles(self) -> list[Article]:
        """The lead articles of every issue approved or later, oldest issue first."""
        rows = self._conn.execute(
            f"SELECT data FROM issue WHERE state IN ({_LOCKED}) AND corrects IS NULL ORDER BY until, id"
        )
        return [item.article for (data,) in rows for item in from_json(Issue, data).items]

    def next_number(self, first: int) -> int:
        """One more than the highest number so far; *first* for the first issue."""
        highest = self._conn.execute("SELECT max(number) FROM issue").fetchone()[0]
        return first if highest is None else max(first, highest + 1)

    # -------------------------------------------------------------------------------------------- edits

    def add_edit(self, edit: Edit, *, after: int | None = None) -> Edit:
        """Keeps *edit*; gives it with its number.

        after: the revision the editor saw; IssueError where somebody edited the issue since.
        """
        with self._store.transaction():
            if after is not None and after != (newest := self.revision(edit.issue)):
                other = next(e for e in reversed(self.history(edit.issue)) if e.id == newest)
                raise StaleError(
                    f"{other.who} has changed {edit.issue} meanwhile: nothing was overwritten",
                    hint="look at it as it is now, then do it again",
                )
            cursor = self._conn.execute(
                "INSERT INTO edit (issue, kind, target, value, who, at, saw) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (edit.issue, edit.kind, edit.target, edit.value, edit.who, edit.at.isoformat(), edit.saw),
            )
        assert cursor.lastrowid is not None
        return replace(edit, id=cursor.lastrowid)

    def edits(self, slug: str) -> list[Edit]:
        """Those in force, in the order they were made."""
        return replay(self.history(slug))[0]

    def revision(self, slug: str) -> int:
        """The number of the newest edit, undone ones and undoing included; 0 for none."""
        newest = self._conn.execute("SELECT max(id) FROM edit WHERE issue = ?", (slug,)).fetchone()[0]
        return newest or 0

    def history(self, slug: str) -> list[Edit]:
        """Every edit in the order they were made, those undone and the undoing as well."""
        rows = self._conn.execute(
            "SELECT id, issue, kind, target, value, who, at, saw FROM edit WHERE issue = ? ORDER BY id", (slug,)
        )
        return [
            Edit(id, issue, kind, target, value, who, datetime.fromisoformat(at), saw)
            for id, issue, kind, target, value, who, at, saw in rows
        ]


def _no_issue(slug: str) -> IssueError:
    return IssueError(f"there is no issue {slug}", hint="`digest issues list`")


def _stored(row: tuple[Any, ...]) -> StoredIssue:
    slug, number, state, since, until, fingerprint, by, at, reason, made, corrects = row
    time = datetime.fromisoformat
    return StoredIssue(
        slug,
        number,
        state,
        time(since),
        time(until),
        fingerprint,
        by,
        time(at) if at else None,
        reason,
        time(made),
        corrects,
    )
