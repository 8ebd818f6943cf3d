"""From a draft to what is bound: what stands in the way of approving it, for whom it is, and the approval itself.

The command and the desk both ask here. The desk asks for more: each warning mended or waived, and a test of these very
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.dispatch import restored
from digest.errors import IssueError, VerbatimError
from digest.model import Issue, IssueState, Rendered
from digest.render.check import Finding, verify_verbatim
from digest.store.approvals import TestMailed, Waiver, Warned
from digest.text.wording import counted
from digest.week import Project, need_issue
from digest.week import findings as find_faults

MOST_WORDS = 300  # characters of a waiver


@dataclass(frozen=True, slots=True)
class First:
    """The first of two approvals."""

    who: str
    at: datetime | None  # None: noted by a version that kept no time

    def is_of(self, who: str) -> bool:
        """Whether *who* gave it, in whatever case their name is written."""
        return self.who.casefold() == who.casefold()


@dataclass(frozen=True, slots=True)
class Bound:
    """What an approval came to."""

    readers: int  # frozen
    first: First | None  # None where one person was enough


@dataclass(frozen=True)
class Candidate:
    """A draft as it would be approved, with all that speaks for or against it."""

    issue: Issue
    rendered: Rendered
    state: IssueState
    findings: Sequence[Finding]
    waivers: Mapping[Warned, Waiver]
    outdated: bool  # it was edited since it was made
    unfaithful: VerbatimError | None  # an excerpt that is not its article's own text
    copied: datetime | None  # a copy of that time was put back, and nobody has said whether this went out; None: asked
    tested: TestMailed | None  # the newest test of these very bytes
    waiting: int  # readers, as the queue was last laid
    left_out: Sequence[tuple[str, int]]  # reason, subscribers
    needs_two: bool
    first: First | None  # of these very bytes

    @property
    def slug(self) -> str:
        return self.issue.slug

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """Those nobody has waived, each once."""
        once = {warned(f): f for f in self.findings if f.severity == "warning"}
        return [finding for warning, finding in once.items() if warning not in self.waivers]

    @property
    def waived(self) -> list[tuple[Finding, Waiver]]:
        once = {warned(f): f for f in self.findings if f.severity == "warning"}
        return [(finding, self.waivers[warning]) for warning, finding in once.items() if warning in self.waivers]


def warned(finding: Finding) -> Warned:
    """*finding* by what makes it this one."""
    return Warned(finding.rule, finding.place, finding.what, finding.article)


def examine(
    project: Project,
    slug: str,
    *,
    issue: Issue | None = None,
    rendered: Rendered | None = None,
    findings: Sequence[Finding] | None = None,
) -> Candidate:
    """The stored draft, or *issue* as *rendered*, a fresher one, whose *findings* may be known. Changes nothing.

    Raises IssueError where there is no such issue, or it has no text.
    """
    need_issue(project, slug)
    store = project.store
    known = store.issues.get(slug)
    assert known is not None
    issue, rendered = issue or store.issues.issue(slug), rendered or store.issues.rendered(slug)
    if findings is None:
        findings = find_faults(project, slug, issue=issue, rendered=rendered)
    return Candidate(
        issue=issue,
        rendered=rendered,
        state=known.state,
        findings=findings,
        waivers=store.approvals.waivers(slug),
        outdated=list(issue.edits) != store.issues.edits(slug),
        unfaithful=_unfaithful(issue, rendered),
        copied=restored.copied_before(store, slug),
        tested=store.approvals.last_test(slug, rendered.fingerprint),
        waiting=store.ledger.counts(slug).get("waiting", 0),
        left_out=store.ledger.excluded(slug),
        needs_two=project.config.send.approval == "two",
        first=first_of(project, slug, rendered.fingerprint),
    )


def _unfaithful(issue: Issue, rendered: Rendered) -> VerbatimError | None:
    try:
        verify_verbatim(issue, rendered)
    except VerbatimError as error:
        return error
    return None


# ------------------------------------------------------------------------------------------------ what is refused


def need_draft(project: Project, slug: str) -> None:
    """Raises IssueError for what is no draft."""
    need_issue(project, slug)
    known = project.store.issues.get(slug)
    if known is not None and known.state != "draft":
        raise IssueError(f"{slug} is {known.state}: only a draft can be approved", hint="`digest issues new`")


def refuse_outdated(candidate: Candidate) -> None:
    """Raises IssueError for a draft that is not the newest, VerbatimError for one that misquotes."""
    if candidate.outdated:
        raise IssueError(
            f"{candidate.slug} was edited after its draft was made", hint="`digest build`, then look at it again"
        )
    if candidate.unfaithful is not None:
        raise candidate.unfaithful


def refuse_errors(candidate: Candidate) -> None:
    """Raises IssueError while `check` finds errors."""
    if candidate.errors:
        raise IssueError(
            f"{candidate.slug} has {counted(len(candidate.errors), 'error')}", hint="`digest check` says what to mend"
        )


def refuse_unheeded(candidate: Candidate) -> None:
    """Raises IssueError while a warning is neither mended nor waived, or these very bytes were not tested."""
    if candidate.warnings:
        raise IssueError(
            f"{candidate.slug} has {counted(len(candidate.warnings), 'warning')} that nobody has waived",
            hint="mend each, or say why it may stand",
        )
    if candidate.tested is None:
        raise IssueError(f"no test of {candidate.slug} was mailed as it is now", hint="mail one, and look at it")


def refuse_unanswered(project: Project, slug: str, *, not_sent: bool = False) -> None:
    """Raises IssueError for a draft that may have gone out before an older copy was put back, until somebody says that
    it has not."""
    copied = restored.copied_before(project.store, slug)
    if copied is None:
        return
    if not not_sent:
        made = copied.astimezone(project.config.zone)
        raise IssueError(
            f"the newsletter was restored from a copy of {made:%Y-%m-%d %H:%M}: {slug} may be out since then",
            hint="it did not: `digest approve --not-sent`; it did: `digest skip`",
        )
    restored.not_sent(project.store, slug)


# ------------------------------------------------------------------------------------------------ what is done


def waive(project: Project, slug: str, finding: Finding, words: str, *, who: str, at: datetime) -> None:
    """*finding* may stand, for *words* (one line; '' takes that back). Raises IssueError for an error."""
    if finding.severity != "warning":
        raise IssueError(f"an error cannot be waived: {finding.what}", hint=finding.remedy or "`digest check`")
    if len(words) > MOST_WORDS:
        raise IssueError(f"the reason has {len(words)} characters, {MOST_WORDS} are the most")
    project.store.approvals.waive(slug, warned(finding), words, who=who, at=at)


def approve(project: Project, candidate: Candidate, *, who: str, at: datetime) -> Bound | First:
    """Freezes the audience and binds *who* to these very bytes; where two must approve and nobody else has, only notes
    that *who* did. Raises IssueError where the issue was edited meanwhile."""
    store, slug = project.store, candidate.slug
    with store.transaction():
        if list(candidate.issue.edits) != store.issues.edits(slug):
            raise IssueError(f"{slug} was edited meanwhile", hint="look at it again")
        first = candidate.first if candidate.needs_two else None
        if candidate.needs_two and (first is None or first.is_of(who)):
            return first or _note_first(project, candidate, First(who, at))
        readers = store.ledger.freeze(slug, "", at).by_state.get("waiting", 0)
        store.issues.approve(slug, fingerprint=candidate.rendered.fingerprint, who=who, at=at)
    return Bound(readers, first)


def first_of(project: Project, slug: str, fingerprint: str) -> First | None:
    """Who has approved the text with *fingerprint* as the first of two; None: nobody has."""
    noted = project.store.state.get(f"first_approval:{slug}")
    if not noted or noted["fingerprint"] != fingerprint:
        return None
    return First(noted["who"], datetime.fromisoformat(noted["at"]) if "at" in noted else None)


def _note_first(project: Project, candidate: Candidate, first: First) -> First:
    assert first.at is not None
    noted = {"who": first.who, "fingerprint": candidate.rendered.fingerprint, "at": first.at.isoformat()}
    project.store.state.set(f"first_approval:{candidate.slug}", noted)
    return first
