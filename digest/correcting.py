"""What was wrong in an issue readers have: a note on its page, and a letter to those who have it.

The letter is an issue beside the week's: it has no number and no window, is approved and sent by its own name, and
leaves what was sent as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.compose import compose_correction
from digest.errors import IssueError
from digest.model import Correction, Issue, IssueState, Rendered
from digest.render.checks.mail import read
from digest.render.email import render_correction
from digest.render.templates import find_templates
from digest.render.words import words_for
from digest.store import Store
from digest.store.issues import StoredIssue
from digest.week import Draft, Project, write_files

OUT: frozenset[IssueState] = frozenset({"sending", "paused", "sent"})
"""Of an issue that readers have, and that has a page."""
OPEN: frozenset[IssueState] = frozenset({"draft", "approved", "scheduled"})
"""Of a letter that can still take a correction in."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter about an issue, with a correction in it."""

    issue: Issue
    readers: int  # who would get it
    before: IssueState  # what it was: "draft" also for a new one, "approved" where an approval is taken back by this

    @property
    def is_out(self) -> bool:
        """It had the correction already, and has begun to leave: nothing was changed."""
        return self.before not in OPEN


def need_out(project: Project, slug: str, *, mail: bool) -> None:
    """Raises IssueError for an issue nobody has, and for a letter. Of a stopped one, which some have and which has no
    page, a correction can only be mailed."""
    known = project.store.issues.get(slug)
    assert known is not None
    if known.corrects:
        raise IssueError(f"{slug} is a letter about {known.corrects}", hint=f"correct {known.corrects} again")
    if known.state not in OUT and not (mail and known.state == "cancelled"):
        raise IssueError(f"{slug} is {known.state}: nobody has it yet", hint="`digest edit` changes it")


def keep_correction(project: Project, correction: Correction, *, mail: bool, now: datetime) -> Letter | None:
    """Keeps *correction*; with *mail* gives the letter it is in, too (see `mail_correction`). Raises IssueError."""
    need_out(project, correction.issue, mail=mail)
    if mail and correction.kind == "takedown":
        raise IssueError("what is taken down is not mailed", hint="do the one or the other")
    if mail:
        return mail_correction(project, correction, now=now)
    project.store.corrections.add(correction)
    return None


def mail_correction(project: Project, correction: Correction, *, now: datetime) -> Letter:
    """Keeps *correction* and has it in a letter to those who have its issue: once, however often it is asked for. A
    letter that has not begun to leave takes it in, and is a draft again; else a new one is begun.

    Raises IssueError, and keeps nothing, where nobody has the issue.
    """
    store, slug = project.store, correction.issue
    had = store.ledger.counts(slug)
    if not had.get("accepted") and not had.get("uncertain"):
        raise IssueError(f"nobody has {slug}: there is nobody to mail", hint="leave --mail out")
    kept = _kept(store, correction)
    letters = store.issues.letters_about(slug)
    mailed = [k for k in letters if k.state != "cancelled" and kept.id in store.issues.issue(k.slug).corrected]
    known = next((k for k in mailed if k.state not in OPEN), None) or _open_one(store, letters)
    if known is None or known.state in OPEN:
        made = _draft(project, kept, known, letters, now=now)
    else:
        made = store.issues.issue(known.slug)
    readers = sum(store.ledger.counts(made.slug).values())
    return Letter(made, readers, known.state if known else "draft")


def _kept(store: Store, correction: Correction) -> Correction:
    """*correction*, kept; the one that says the same of the same story, where there is one."""
    c = correction
    same = (k for k in store.corrections.of(c.issue) if (k.article, k.kind, k.words) == (c.article, c.kind, c.words))
    return next(same, None) or store.corrections.add(c)


def _open_one(store: Store, letters: Sequence[StoredIssue]) -> StoredIssue | None:
    """The one of *letters* that can still take a correction in; None: none can."""
    return next((k for k in letters if k.state in OPEN and not store.ledger.has_left(k.slug)), None)


def _draft(
    project: Project,
    correction: Correction,
    begun: StoredIssue | None,
    letters: Sequence[StoredIssue],
    *,
    now: datetime,
) -> Issue:
    """The letter with *correction* in it, kept as a draft, its audience laid. *begun*: that takes it in."""
    store, sent = project.store, project.store.issues.issue(correction.issue)
    slug = begun.slug if begun else _free_slug(sent.slug, letters)
    numbers = {*(store.issues.issue(begun.slug).corrected if begun else ()), correction.id}
    corrections = [known for known in store.corrections.of(sent.slug) if known.id in numbers]
    at = begun.until if begun else now.astimezone(UTC)
    issue, rendered = _rendered(project, sent, corrections, slug, at)
    with store.transaction():
        if begun and begun.state != "draft":
            why = "another correction: the approval is withdrawn"
            store.issues.set_state(slug, "draft", who=correction.who, at=now, reason=why)
        store.issues.save_draft(issue, rendered, at=now)
        store.ledger.lay_provisional(slug, "", now)
    write_files(project, Draft(issue, rendered, ()))
    return issue


def _free_slug(slug: str, letters: Sequence[StoredIssue]) -> str:
    """``2015-W39-correction``, a second one ``2015-W39-correction-2``."""
    return f"{slug}-correction" if not letters else f"{slug}-correction-{len(letters) + 1}"


def _rendered(
    project: Project, sent: Issue, corrections: Sequence[Correction], slug: str, at: datetime
) -> tuple[Issue, Rendered]:
    """The letter, and each variant of it: for who had the same variant of *sent*, about what stood in that."""
    letters: dict[tuple[str, str], Issue] = {}
    about = {correction.article for correction in corrections}
    for variant in project.store.issues.rendered(sent.slug).variants:
        printed = {item.article.id for item in read(sent, variant).items}
        if about & printed:
            words = words_for(variant.language)
            letters[variant.key, variant.language] = compose_correction(
                sent,
                corrections,
                slug=slug,
                at=at,
                one=words.correction_of,
                several=words.corrections_of,
                printed=printed,
            )
    rendered = render_correction(letters, sent, project.config, templates=find_templates(project.folder))
    return next(iter(letters.values())), rendered
