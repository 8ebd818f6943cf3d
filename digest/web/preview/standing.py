"""What the panel Send shows: before approval what is checked, then who has the issue, who has not, and what to do.

Looks, and changes nothing. The numbers come from the ledger, the words for them from the report page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.approval import Candidate, First, examine, first_of
from digest.dispatch.locks import at_work, issue_at_work, timer_looked
from digest.dispatch.run import refuse_unapproved
from digest.dispatch.standing import Standing, ended_early, look
from digest.dispatch.starting import Starter
from digest.dispatch.way import is_local, rate_of, way_on
from digest.dispatch.welcome import notice
from digest.errors import DigestError
from digest.model import IssueState
from digest.send.pace import quiet_until
from digest.store.accounts import ReaderRow
from digest.store.issues import IssueEvent, StoredIssue
from digest.web.preview.draft import Draft
from digest.web.report import Part, parts
from digest.week import Project

MOST_DOUBTS = 50
OPEN: frozenset[IssueState] = frozenset({"approved", "scheduled", "sending", "paused"})
TIMER_LATE = timedelta(hours=1)  # a timer that has not looked for so long is most likely off


@dataclass(frozen=True)
class Timer:
    """What sends a scheduled issue when its time comes."""

    looked: datetime | None  # None: never, as far as this folder knows
    is_late: bool  # it has not looked for so long that it is most likely off


@dataclass(frozen=True)
class Panel:
    """All that the panel shows, of a draft or of what became of it."""

    state: IssueState
    candidate: Candidate | None  # None from approval on
    laid_at: datetime | None  # when the readers were counted; None: never
    last: IssueEvent | None  # who made it what it is, and why; None: nobody wrote that down
    standing: Standing | None  # None before approval
    first: First | None  # of the two who approved it; None: one was enough, or it is a draft
    parts: Sequence[Part]  # of the whole, by what became of the letters
    open: int  # letters that a send would try
    way: str  # by which, in words; '' where there is none
    no_way: str  # why none will be taken; '' when it will
    takes: timedelta | None  # how long it takes at the pace allowed; None: only the receiver's pace counts
    quiet_until: datetime | None  # None: these are no quiet hours
    new_relay: str  # what to know of it; '' when it is known
    timer: Timer
    is_starting: bool  # a send was begun, and no letter has left yet
    can_pause: bool  # a send of it is at work; one just begun heeds nobody yet
    other: str  # the issue that is sent now, before which this one cannot be; '' for none
    said: str  # what the last send begun here said of trouble
    ended_early: str  # why the last one ended; '' when it did not
    doubts: Sequence[ReaderRow]  # the first of those we cannot know

    @property
    def is_moving(self) -> bool:
        """Whether the numbers change by themselves."""
        return self.is_starting or (self.standing is not None and self.standing.process is not None)

    @property
    def is_open(self) -> bool:
        """Whether it can still be stopped."""
        return self.state in OPEN


def panel_of(draft: Draft, starter: Starter, now: datetime) -> Panel:
    """Raises StoreError where the database cannot be read."""
    with draft.opened() as project:
        known = project.store.issues.get(draft.issue.slug)
        assert known is not None
        if known.state != "draft":
            return _panel(project, known, None, look(project.store, known.slug, now), starter, now)
        candidate = examine(project, known.slug, issue=draft.issue, rendered=draft.rendered, findings=draft.findings)
        return _panel(project, known, candidate, None, starter, now)


def _panel(
    project: Project,
    known: StoredIssue,
    candidate: Candidate | None,
    standing: Standing | None,
    starter: Starter,
    now: datetime,
) -> Panel:
    store, config, slug = project.store, project.config, known.slug
    state = standing.state if standing else known.state  # it may move on while we look
    open_rows = standing.number("waiting", "deferred", "leased") if standing else 0
    way, no_way = _way(project, known) if state in OPEN else ("", "")
    rate = rate_of(config)
    early = state in ("approved", "scheduled")
    process, sent_now = at_work(project.folder, slug), issue_at_work(project.folder)
    return Panel(
        state=state,
        candidate=candidate,
        laid_at=store.ledger.laid_at(slug),
        last=events[-1] if (events := store.issues.events(slug)) else None,
        standing=standing,
        first=first_of(project, slug, known.fingerprint) if standing else None,
        parts=parts(standing.by_state, standing.written) if standing else (),
        open=open_rows,
        way=way,
        no_way=no_way,
        takes=timedelta(seconds=open_rows / rate) if rate and open_rows else None,
        quiet_until=quiet_until(config.send.quiet, now.astimezone(config.zone)),
        new_relay=notice(store, config, is_local=is_local(config)) if early else "",
        timer=_timer(project, now),
        is_starting=starter.is_starting or (early and process is not None),
        can_pause=process is not None,
        other="" if sent_now == slug else sent_now,
        said=starter.said(slug) if state in OPEN else "",
        ended_early=ended_early(store, slug),
        doubts=list(store.accounts.rows(slug, ["uncertain"], limit=MOST_DOUBTS)) if standing else (),
    )


def _way(project: Project, known: StoredIssue) -> tuple[str, str]:
    """By which way the letters would go, and why they would not: one of them is ''."""
    store, slug = project.store, known.slug
    try:
        refuse_unapproved(store.issues.issue(slug), store.issues.rendered(slug), known.fingerprint, project.config)
        return way_on(store, project.config, slug).words, ""
    except DigestError as error:
        return "", f"{error}{f': {error.hint}' if error.hint else ''}"


def _timer(project: Project, now: datetime) -> Timer:
    looked = timer_looked(project.folder)
    return Timer(looked, looked is not None and now - looked > TIMER_LATE)


# ------------------------------------------------------------------------------------------------ times in words


def span_words(span: timedelta) -> str:
    """``2 h 10 min``, ``3 d 4 h``; ``under a minute``."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
