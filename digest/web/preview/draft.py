"""The newsletter's folder → what the preview shows, made anew when a file has changed.

Nothing is kept that the folder does not hold: what stands here is a copy, to be quick, and the last good draft, to
have something to show while a file is broken.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from digest.approval import First, first_of
from digest.config import Config, Site, Theme
from digest.errors import DigestError, IssueError
from digest.model import Edit, Issue, IssueState, Pick, Rendered
from digest.pick import NEAR_MISSES, Choice, Survey
from digest.store.approvals import TestMailed, Waiver, Warned
from digest.week import Project, Window, compose_week, findings, open_project, render_week, survey_week

if TYPE_CHECKING:
    from digest.render.check import Finding

_log = logging.getLogger(__name__)

WAITS_S = 1.0  # for a draft that is being made; then the last one is shown meanwhile
STANDS_STILL_S = 0.012
SETTLES_S = 0.04  # an editor that writes a file in two steps is done by then
_PLACE = re.compile(r"(?P<file>[^:\n]+?\.[a-z0-9]+)(?::(?P<line>\d+))?(?:: | (?=is |cannot ))(?P<what>.*)", re.DOTALL)
_LATER_LINE = re.compile(r"\bline (\d+)\b")


@dataclass(frozen=True)
class Draft:
    """All the preview shows of an issue."""

    issue: Issue
    rendered: Rendered
    found: Choice | tuple[Pick, ...]  # what it was chosen from; of an issue as it is stored, its picks and near misses
    folder: Path
    state: IssueState
    config: Config
    waiting: int  # letters that would go out; once they do, all that were planned
    left_out: tuple[tuple[str, int], ...]  # reason, subscribers
    revision: int = 0  # the number of the newest edit it heeds
    newest: Edit | None = None  # that edit, perhaps an undo; None: nobody has edited it

    waivers: Mapping[Warned, Waiver] = field(default_factory=dict)  # warnings that may stand
    tested: TestMailed | None = None  # the newest test of any of its drafts; None: there was none
    first: First | None = None  # of two approvals of these very bytes; None: nobody has

    @cached_property
    def picks(self) -> tuple[Pick, ...]:
        """What was chosen, then the near misses. Looked for when asked for: what would change them takes a while to
        find out."""
        return tuple(self.found.picks(NEAR_MISSES)) if isinstance(self.found, Choice) else self.found

    @cached_property
    def near_misses(self) -> list[Pick]:
        """Of its week: the best of those not chosen, and those that could not be."""
        return [pick for pick in self.picks if pick.lost and is_of_week(pick, self.issue)]

    @cached_property
    def findings(self) -> list[Finding]:
        """What `digest check` would say. Looked for when it is asked for: the mail need not wait for it."""
        with open_project(self.folder) as project:
            return findings(project, self.issue.slug, issue=self.issue, rendered=self.rendered)


@dataclass(frozen=True)
class Fault:
    """Why the newest state of the folder cannot be shown."""

    what: str
    hint: str
    file: str = ""  # as near to the folder as it goes; '' where no file is named
    line: int = 0  # counted from 1; 0 where no line is named
    around: tuple[tuple[int, str], ...] = ()  # the lines there, numbered


@dataclass(frozen=True)
class Shown:
    draft: Draft | None  # the last good one; None: there never was one
    fault: Fault | None
    stamp: str  # another one whenever draft or fault is another


class Workshop:
    """The issue *slug* of the newsletter in *folder*, as its files are now. Safe to ask from any thread."""

    def __init__(self, folder: Path, slug: str) -> None:
        self.folder, self.slug = folder, slug
        self._lock = Lock()
        self._files = ""
        self._shown = Shown(None, None, "0")
        self._surveyed: tuple[object, Survey] | None = None
        self._composed: tuple[object, tuple[Issue, Choice] | None] | None = None

    def show(self) -> Shown:
        """What there is to show now. From memory while no file changed, or while a large week is read anew."""
        if not self._lock.acquire(timeout=WAITS_S if self._shown.draft else -1):
            return self._shown
        try:
            files = self._steady()
            if files == self._files:
                return self._shown
            draft, fault = self._attempt()
            if fault is not None:
                time.sleep(SETTLES_S)
                if (again := file_stamp(self.folder)) != files:
                    files, (draft, fault) = again, self._attempt()
            now = replace(self._shown, draft=draft or self._shown.draft, fault=fault)
            if now != self._shown:
                now = replace(now, stamp=str(int(self._shown.stamp) + 1))
            self._files, self._shown = files, now
            return now
        finally:
            self._lock.release()

    def _steady(self) -> str:
        """The stamp of the files, once the database stands still: a commit makes its log a moment before it counts."""
        files, database = file_stamp(self.folder), database_stamp(self.folder)
        for _ in range(5):  # somebody who never stops writing, a sender, is not waited for
            if database in self._files:
                break
            time.sleep(STANDS_STILL_S)
            before, files, database = database, file_stamp(self.folder), database_stamp(self.folder)
            if database == before:
                break
        return files

    def _attempt(self) -> tuple[Draft | None, Fault | None]:
        try:
            return self._make(), None
        except DigestError as error:
            fault = fault_of(error, self.folder)
        except Exception:  # a bug of ours must not take the page away: its traceback goes to the terminal
            _log.exception("the draft cannot be shown")
            fault = Fault("The program has a fault. The terminal shows where.", "")
        return None if self._shown.draft else self._stored(), fault

    def _make(self) -> Draft:
        """The draft as everything stored makes it; an issue that is no draft any more as it was approved."""
        with open_project(self.folder) as project:
            issues = project.store.issues
            known = issues.get(self.slug)
            if known is None:
                raise IssueError(f"{self.slug} is gone", hint="`digest weekly` makes it again")
            if known.state == "draft" and not known.corrects:
                history = issues.history(self.slug)  # read first: an edit made meanwhile is one not seen
                fresh = self._compose(project, Window(self.slug, known.since, known.until))
                if fresh is not None:
                    issue, choice = fresh
                    return _finished(project, self.slug, issue, render_week(project, issue), choice, history)
            return _as_stored(project, self.slug)

    def _compose(self, project: Project, win: Window) -> tuple[Issue, Choice] | None:
        """`compose_week`, and what was chosen for it, kept until the database or a setting that chooses or cuts is
        another; what there is to choose from, which costs most, until an article or such a setting is."""
        config, store = project.config, project.store
        theme = Theme(template=config.theme.template, first_number=config.theme.first_number)
        settings = replace(config, theme=theme, site=Site())
        key: tuple[object, ...] = (database_stamp(self.folder), settings)
        if self._composed is None or self._composed[0] != key:
            past = [(issue.slug, issue.state) for issue in store.issues.all()]
            told = (store.articles.stamp(), past, win, settings)
            if self._surveyed is None or self._surveyed[0] != told:
                self._surveyed = told, survey_week(project, win)
            choice = self._surveyed[1].choose(limit=config.week.limit, edits=store.issues.edits(self.slug))
            composed = compose_week(project, win, self.slug, picks=choice.chosen)
            self._composed = key, ((composed[0], choice) if composed else None)
        return self._composed[1]

    def _stored(self) -> Draft | None:
        """The issue as it was last kept; None where even that cannot be had."""
        try:
            with open_project(self.folder) as project:
                return _as_stored(project, self.slug)
        except DigestError:
            return None  # the fault that led here is shown


def _as_stored(project: Project, slug: str) -> Draft:
    issues = project.store.issues
    history = issues.history(slug)
    return _finished(project, slug, issues.issue(slug), issues.rendered(slug), issues.picks(slug), history)


def _finished(
    project: Project,
    slug: str,
    issue: Issue,
    rendered: Rendered,
    found: Choice | tuple[Pick, ...],
    history: Sequence[Edit],
) -> Draft:
    store = project.store
    known = store.issues.get(slug)
    assert known is not None
    return Draft(
        issue=issue,
        rendered=rendered,
        found=found,
        folder=project.folder,
        state=known.state,
        config=project.config,
        waiting=sum(store.ledger.counts(slug).values()),
        left_out=tuple(store.ledger.excluded(slug)),
        revision=history[-1].id if history else 0,
        newest=history[-1] if history else None,
        waivers=store.approvals.waivers(slug),
        tested=store.approvals.last_test(slug),
        first=first_of(project, slug, rendered.fingerprint),
    )


def is_of_week(pick: Pick, issue: Issue) -> bool:
    """Whether any of its articles was new in the time *issue* covers."""
    return any(issue.since < article.seen <= issue.until for article in pick.story.articles())


# ------------------------------------------------------------------------------------------------ watching


def file_stamp(folder: Path) -> str:
    """Another one whenever a file has changed that the draft is made of."""
    templates = (_file(entry) for entry in _below(folder / "templates"))
    return "\n".join([_file(folder / "digest.toml"), database_stamp(folder), *templates])


def database_stamp(folder: Path) -> str:
    """The same for the database alone. An empty log beside it is only somebody reading."""
    log = folder / "subscribers.db-wal"
    try:
        written = _file(log) if log.stat().st_size else ""
    except FileNotFoundError:  # whoever closes the database last takes it away
        written = ""
    return f"{_file(folder / 'subscribers.db')}\n{written}"


def _file(path: Path | os.DirEntry[str]) -> str:
    try:
        stat = path.stat()
    except OSError:
        return f"{os.fspath(path)} is not there"
    return f"{os.fspath(path)} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}"


def _below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every file below *folder*, in order; none where there is no such folder."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            yield from _below(Path(entry.path))
        else:
            yield entry


# ------------------------------------------------------------------------------------------------ faults


def fault_of(error: DigestError, folder: Path) -> Fault:
    """*error* with the file and line it names, as the editor would look for them."""
    said = str(error)
    found = _PLACE.fullmatch(said)
    if found is None:
        return Fault(said, error.hint)
    path = folder / found["file"]
    later = _LATER_LINE.search(said)
    line = int(found["line"] or (later[1] if later else 0)) or _line_of_key(path, said)
    near = os.path.relpath(path, folder)
    shown = path.name if near.startswith("..") else near
    return Fault(found["what"], error.hint, shown, line, _around(path, line))


def _line_of_key(path: Path, said: str) -> int:
    """Where the setting that *said* quotes is written; 0 where that cannot be told."""
    key = re.search(r"'([\w.-]+)'", said) or re.search(r"\b(\w+\.\w+)\b", said.partition(": ")[2])
    if key is None or path.suffix != ".toml":
        return 0
    name = key[1].rpartition(".")[2]
    lines = _lines(path)
    return next((n for n, text in enumerate(lines, 1) if re.match(rf"\s*\[?\[?[\"']?{re.escape(name)}\b", text)), 0)


def _around(path: Path, line: int) -> tuple[tuple[int, str], ...]:
    lines = _lines(path) if line else []
    first = max(1, line - 2)
    return tuple((n, text) for n, text in enumerate(lines[first - 1 : line + 2], first))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
