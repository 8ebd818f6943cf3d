"""What an editor does to an issue, and what becomes of it: edits kept, undone, decided on, carried elsewhere.

Every change is a row that stays. What readers have is never edited: from the first letter on, an edit is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

from digest.compose import (
    Difference,
    as_value,
    differences,
    read_move,
    replay,
    spans_of,
)
from digest.compose.pictures import read_word
from digest.condense import explain_summary, printable_quotes
from digest.errors import DigestError, IssueError
from digest.model import Article, Conflict, Edit, EditKind, Issue, Quote, Span
from digest.week import Project, compose_week, need_issue, target, unfit_edits

T = TypeVar("T")

FORMAT = "digest edits 1"
"""The first key of an exported file."""
EXPORTED = "a file made by `digest edits export`"


def add_edit(
    project: Project,
    slug: str,
    kind: EditKind,
    target_id: str,
    value: str,
    *,
    who: str,
    at: datetime,
    saw: str = "",
    after: int | None = None,
) -> Edit:
    """Keeps one edit. An approved issue goes back to draft, unless a letter has once left: then IssueError.

    after: the revision the editor saw (`Issues.revision`); IssueError where somebody edited the issue since.
    """
    store = project.store
    with store.transaction():
        _open(project, slug, who=who, at=at)
        return store.issues.add_edit(Edit(0, slug, kind, target_id, value, who, at.astimezone(UTC), saw), after=after)


def _open(project: Project, slug: str, *, who: str, at: datetime) -> None:
    """Makes sure that *slug* may be edited; its approval is withdrawn."""
    store = project.store
    known = store.issues.get(slug)
    if known is not None and known.corrects:
        raise IssueError(
            f"{slug} says what `digest correct` was given, and nothing else",
            hint=f"`digest correct {known.corrects} ITEM WORDS --mail` adds to it",
        )
    if known is not None and known.state not in ("draft", "approved", "scheduled"):
        raise IssueError(
            f"{slug} is {known.state}: what readers have cannot be edited",
            hint="`digest issues new` makes a second",
        )
    if known is not None and known.state in ("approved", "scheduled"):
        if store.ledger.has_left(slug):
            raise IssueError(f"{slug} has begun to leave: it cannot be edited any more", hint="`digest status`")
        store.issues.set_state(slug, "draft", who=who, at=at, reason="edited: the approval is withdrawn")


# ------------------------------------------------------------------------------------------------ undo and redo


def undo(project: Project, slug: str, *, who: str, at: datetime, after: int | None = None) -> Edit:
    """Takes the newest edit in force out of force and gives it. Raises IssueError where there is none."""
    done, _ = replay(project.store.issues.history(slug))
    if not done:
        raise IssueError(f"nothing is left to undo in {slug}", hint="`digest edits list ISSUE` shows what was edited")
    add_edit(project, slug, "undo", "", "", who=who, at=at, after=after)
    return done[-1]


def redo(project: Project, slug: str, *, who: str, at: datetime, after: int | None = None) -> Edit:
    """Brings the last edit undone back into force and gives it. Raises IssueError where there is none."""
    _, undone = replay(project.store.issues.history(slug))
    if not undone:
        raise IssueError(f"nothing is to be redone in {slug}", hint="only what was undone since the newest edit can be")
    add_edit(project, slug, "redo", "", "", who=who, at=at, after=after)
    return undone[-1]


# ------------------------------------------------------------------------------------------------ choosing excerpts


def sentences_of(article: Article) -> list[Span]:
    """The sentences that may be printed, in order; the numbers of `digest edit sentences` count them from 1."""
    return [judged.span for judged in explain_summary(article)[1]]


def choose_sentences(article: Article, numbers: Iterable[int]) -> str:
    """The value of a `sentences` edit for those *numbers*. Raises IssueError for a number there is not."""
    return as_value(_numbered(article, numbers, sentences_of(article), "sentences"))


def choose_quote(article: Article, number: int) -> str:
    """The value of a `quote` edit for that number of its quotes. Raises IssueError for a number there is not."""
    (quote,) = _numbered(article, [number], printable_quotes(article), "quote")
    return as_value(quote.spans)


def _numbered(article: Article, numbers: Iterable[int], things: Sequence[T], what: str) -> list[T]:
    wanted = sorted(set(numbers))
    if wrong := [n for n in wanted if not 1 <= n <= len(things)]:
        raise IssueError(
            f"“{article.title}” has no {what.removesuffix('s')} {wrong[0]}: they are numbered 1 to {len(things)}",
            hint=f"`digest edit {what} ARTICLE --list` numbers them",
        )
    return [things[n - 1] for n in wanted]


def printed_quote(project: Project, slug: str, article: Article) -> Quote:
    """The quote the draft prints of *article*. Raises IssueError where it prints none."""
    need_issue(project, slug)
    composed = _composed(project, slug, project.store.issues.edits(slug))
    for item in composed.items:
        if item.article.id == article.id and item.summary.quotes:
            return item.summary.quotes[0]
    raise IssueError(
        f"{slug} prints no quote of “{article.title}”", hint="`digest edit quote ARTICLE NUMBER` has it print one"
    )


# ------------------------------------------------------------------------------------------------ deciding again


def keep(project: Project, slug: str, number: int, *, who: str, at: datetime) -> Edit:
    """States edit *number*, which is in conflict, again for the text as it is now. Raises IssueError where its words
    do not stand there."""
    conflict = _conflict(project, slug, number)
    edit, article = conflict.edit, project.store.articles.get(conflict.edit.target)
    if conflict.why == "gone" or article is None:
        raise IssueError(
            f"edit {number} is of an article that is not in {slug}",
            hint=f"`digest pin` has it in the issue; `digest edits drop {number}` takes the edit back",
        )
    if not conflict.value:
        raise IssueError(
            f"the words of edit {number} do not stand in “{article.title}” any more",
            hint=f"choose again, or `digest edits drop {number}`",
        )
    return add_edit(project, slug, edit.kind, edit.target, conflict.value, who=who, at=at, saw=article.text_hash)


def drop(project: Project, slug: str, number: int, *, who: str, at: datetime) -> Edit:
    """Takes edit *number*, which is in conflict, back."""
    edit = _conflict(project, slug, number).edit
    return add_edit(project, slug, edit.kind, edit.target, "", who=who, at=at)


def _conflict(project: Project, slug: str, number: int) -> Conflict:
    found = next((c for c in unfit_edits(project, slug) if c.edit.id == number), None)
    if found is None:
        raise IssueError(f"there is nothing to decide about edit {number} of {slug}", hint="`digest edits list ISSUE`")
    return found


# ------------------------------------------------------------------------------------------------ comparing


def compare(project: Project, before: tuple[str, int | None], after: tuple[str, int | None]) -> list[Difference]:
    """What is another in *after* than in *before*: each an issue, as it is (None) or as it was made with its first so
    many edits in force, from what is stored now."""
    return differences(_as_it_was(project, *before), _as_it_was(project, *after))


def _as_it_was(project: Project, slug: str, edits: int | None) -> Issue:
    need_issue(project, slug)
    if edits is None:
        return project.store.issues.issue(slug)
    in_force = project.store.issues.edits(slug)
    if edits > len(in_force):
        raise IssueError(f"{slug} has {len(in_force)} edits in force, not {edits}", hint="`digest edits list ISSUE`")
    return _composed(project, slug, in_force[:edits])


def _composed(project: Project, slug: str, edits: Sequence[Edit]) -> Issue:
    known = project.store.issues.get(slug)
    assert known is not None
    win, _ = target(project, now=known.until, week=slug)
    composed = compose_week(project, win, slug, edits=edits)
    return composed[0] if composed else project.store.issues.issue(slug)


# ------------------------------------------------------------------------------------------------ carrying elsewhere


def export_edits(project: Project, slug: str) -> str:
    """The edits in force as JSON, for `import_edits`."""
    edits = [_as_plain(edit) for edit in project.store.issues.edits(slug)]
    return json.dumps({"format": FORMAT, "issue": slug, "edits": edits}, ensure_ascii=False, indent=2) + "\n"


def import_edits(project: Project, slug: str, text: str, *, who: str, at: datetime) -> int:
    """Adds the edits of an export that *slug* does not have in force yet, as who made them and when; all or none.

    Gives how many. Raises DigestError naming what is wrong with the file.
    """
    store = project.store
    known = {_identity(edit) for edit in store.issues.edits(slug)}
    fresh = [edit for edit in _read_export(text, slug) if _identity(edit) not in known]
    if fresh:
        with store.transaction():
            _open(project, slug, who=who, at=at)
            for edit in fresh:
                store.issues.add_edit(edit)
    return len(fresh)


def _as_plain(edit: Edit) -> dict[str, str]:
    plain = {k: v for k, v in asdict(edit).items() if k not in {"id", "issue"}}
    return plain | {"at": edit.at.isoformat()}


def _identity(edit: Edit) -> tuple[object, ...]:
    return edit.kind, edit.target, edit.value, edit.who, edit.at, edit.saw


def _read_export(text: str, slug: str) -> list[Edit]:
    try:
        held = json.loads(text)
    except ValueError as error:
        raise DigestError(f"the file is no JSON: {error}", hint=EXPORTED) from error
    if not isinstance(held, dict) or held.get("format") != FORMAT or not isinstance(held.get("edits"), list):
        raise DigestError("the file holds no edits", hint=EXPORTED)
    return [_read_edit(number, plain, slug) for number, plain in enumerate(held["edits"], 1)]


def _read_edit(number: int, plain: Any, slug: str) -> Edit:
    try:
        kind, told, value, who, at, saw = (plain[key] for key in ("kind", "target", "value", "who", "at", "saw"))
        if kind not in get_args(EditKind) or not all(isinstance(v, str) for v in (told, value, who, at, saw)):
            raise ValueError(f"{kind!r} is no edit")
        if kind == "picture" and value:
            read_word(value)
        _judge_value(kind, value)
        when = datetime.fromisoformat(at)
        if when.tzinfo is None:
            raise ValueError(f"{at} names no zone")
    except (KeyError, TypeError, ValueError, DigestError) as error:
        raise DigestError(f"edit {number} of the file is none: {error}", hint=EXPORTED) from error
    return Edit(0, slug, kind, told, value, who, when.astimezone(UTC), saw)


def _judge_value(kind: EditKind, value: str) -> None:
    """Raises ValueError or DigestError where an edit of *kind* cannot hold *value*."""
    if kind in {"undo", "redo"}:
        raise ValueError(f"{kind} concerns other edits: only those in force are carried")
    if value and kind == "move":
        read_move("", value)
    if value and kind == "words" and not re.fullmatch(r"[1-9]\d{0,4}", value):
        raise ValueError(f"{value!r} is no number")
    if value and kind in {"sentences", "quote"}:
        spans_of(value)
    if value and kind in {"speaker", "role"} and not re.match(r"\d+ \S", value):
        raise ValueError(f"{value!r} does not say where its quote begins")
