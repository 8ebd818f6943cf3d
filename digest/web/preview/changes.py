"""What the desk changes: each click or word becomes an edit, refused where somebody else edited meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from digest.compose import NONE, as_value, last_of, move_value, spans_of
from digest.condense import printable_quotes
from digest.editing import add_edit, redo, sentences_of, undo
from digest.errors import DigestError, IssueError, StaleError
from digest.model import Article, Edit, EditKind, Item, Span
from digest.web.guard import editor_now, may
from digest.web.preview.draft import Draft, Workshop
from digest.web.preview.fields import MOST_CHARACTERS, line_of, paragraphs_of
from digest.week import Project, open_project

if TYPE_CHECKING:
    from flask import Flask, Response

MOST_IN_A_NAME = 120
CHOSEN: Mapping[str, EditKind] = {"pin": "pin", "drop": "drop", "lead": "lead"}
LINES: Mapping[str, EditKind] = {"subject": "subject", "preheader": "preheader"}
TEXTS: Mapping[str, EditKind] = {"intro": "intro", "correction": "correction", "note": "note"}
NAMED: Mapping[str, EditKind] = {"speaker": "speaker", "role": "role"}


def register(app: Flask, workshop: Workshop, *, now: Callable[[], datetime]) -> None:
    """Adds the addresses that change the issue to *app*."""
    from flask import jsonify, request

    def answered(change: Callable[[Project, int, str], str]) -> tuple[Response, int]:
        """What *change* says, given what the page saw and who asks; 403 for who may not edit, 409 where that is not
        what there is any more."""
        editor = editor_now()
        if editor is None or not may("edit"):
            return jsonify(ok=False, said="You may look at this issue, not change it."), 403
        try:
            seen = int(request.form.get("revision", ""))
        except ValueError:
            return jsonify(ok=False, said="The page is of another version. Load it again."), 400
        try:
            with open_project(workshop.folder) as project:
                before = project.store.issues.get(workshop.slug)
                said = change(project, seen, editor.name)
                if before is not None and before.state != "draft":
                    said += f". The approval is taken back: {workshop.slug} is a draft again"
                revision = project.store.issues.revision(workshop.slug)
            return jsonify(ok=True, said=said, revision=revision), 200
        except StaleError as error:
            return jsonify(ok=False, stale=True, said=f"{error}."), 409
        except DigestError as error:
            return jsonify(ok=False, said=f"{error}{f' ({error.hint})' if error.hint else ''}."), 422

    @app.post("/api/edit")
    def edit() -> tuple[Response, int]:
        def change(project: Project, seen: int, who: str) -> str:
            kind, target, value, saw = _wanted(request.form, workshop.show().draft, project)
            base = request.form.get("base")
            with project.store.transaction():
                if base is not None:
                    _refuse_over_others_words(project, workshop.slug, kind, target, base)
                after = seen if base is None else None  # words are written over those one saw, whatever else changed
                add_edit(project, workshop.slug, kind, target, value, who=who, at=now(), saw=saw, after=after)
            return "Saved"

        return answered(change)

    @app.post("/api/undo")
    def take_back() -> tuple[Response, int]:
        def change(project: Project, seen: int, who: str) -> str:
            return f"Undone: {_named(project, undo(project, workshop.slug, who=who, at=now(), after=seen), who)}"

        return answered(change)

    @app.post("/api/redo")
    def bring_back() -> tuple[Response, int]:
        def change(project: Project, seen: int, who: str) -> str:
            return f"Done again: {_named(project, redo(project, workshop.slug, who=who, at=now(), after=seen), who)}"

        return answered(change)


def _refuse_over_others_words(project: Project, slug: str, kind: EditKind, target: str, base: str) -> None:
    """Raises StaleError where the field does not hold *base* any more, from which the editor began to write."""
    edit = last_of(project.store.issues.edits(slug), kind, target)
    if (edit.value if edit else "") != _words(kind, base):
        by = f"{edit.who} has written here" if edit else "what stood here was taken back"
        raise StaleError(f"{by} meanwhile: nothing was overwritten", hint="look at it, then do it all the same")


def _named(project: Project, edit: Edit, who: str) -> str:
    """What *edit* was, and whose where not that of *who* asks."""
    article = project.store.articles.get(edit.target) if edit.target else None
    whose = "" if edit.who == who else f", by {edit.who}"
    return f"{edit.kind} of “{article.title}”{whose}" if article else f"{edit.kind}{whose}"


def _wanted(form: Mapping[str, str], draft: Draft | None, project: Project) -> tuple[EditKind, str, str, str]:
    """(kind, target, value, saw) of the edit *form* asks for. Raises DigestError."""
    kind, value = form.get("kind", ""), form.get("value", "")
    if kind in LINES or (kind in TEXTS and kind != "note"):
        return {**LINES, **TEXTS}[kind], "", _words(kind, value), ""
    article = project.store.articles.get(form.get("article", ""))
    if article is None:
        raise IssueError("that article is gone", hint="load the page again")
    if kind == "note":
        return "note", article.id, _words(kind, value), article.text_hash
    if kind in CHOSEN:
        return CHOSEN[kind], article.id, "yes" if value else "", ""
    if kind == "move":
        if not re.fullmatch(r"[1-9]\d{0,2}", value):
            raise IssueError(f"{value!r} is no place in the issue")
        ids = [item.article.id for item in draft.issue.items] if draft else []
        return "move", article.id, move_value(ids, article.id, int(value)), ""
    if form.get("saw") != article.text_hash:
        raise StaleError(f"“{article.title}” has another text now", hint="load the page again")
    if kind == "sentences":
        return "sentences", article.id, _sentences(form, article, draft), article.text_hash
    if kind == "quote":
        return "quote", article.id, _quote(value, article), article.text_hash
    if kind in NAMED:
        start, words = form.get("start", ""), _words(kind, value)
        if start not in {str(quote.spans[0].start) for quote in printable_quotes(article)}:
            raise IssueError("no quote begins there", hint="load the page again")
        return NAMED[kind], article.id, f"{start} {words}" if words else "", article.text_hash
    raise IssueError(f"{kind!r} is nothing that can be changed")


def _words(kind: str, value: str) -> str:
    """*value* as it is kept: of a line, one line; of a text, paragraphs. Raises IssueError."""
    if kind in TEXTS:
        return "\n\n".join(paragraphs_of(kind, value))
    return line_of(kind, value, MOST_IN_A_NAME if kind in NAMED else MOST_CHARACTERS)


def _quote(value: str, article: Article) -> str:
    """The quote printed, as it is kept; '' for the article's own choice. Raises DigestError for one it has not."""
    spans = spans_of(value)
    if spans and spans not in {quote.spans for quote in printable_quotes(article)}:
        raise IssueError("no quote that may be printed stands there", hint="load the page again")
    return as_value(spans) if value else ""


def _sentences(form: Mapping[str, str], article: Article, draft: Draft | None) -> str:
    """The sentences printed, with those between start and end turned over, or added (``add``)."""
    if form.get("value") == "":
        return ""
    item = _item(draft, article)
    places = sentences_of(article)
    shown = {excerpt.span for excerpt in item.summary.sentences} if item else set()
    printed = {place for place in places if any(place.overlaps(span) for span in shown)}
    try:
        wanted = Span(int(form.get("start", "")), int(form.get("end", "")))
    except ValueError as error:
        raise IssueError("that is no place in the text", hint="load the page again") from error
    touched = {place for place in places if place.overlaps(wanted)}
    if not touched:
        raise IssueError("no sentence that may be printed stands there")
    chosen = printed | touched if form.get("value") == "add" else printed ^ touched
    return as_value(chosen) if chosen else NONE


def _item(draft: Draft | None, article: Article) -> Item | None:
    items = draft.issue.items if draft else ()
    return next((item for item in items if item.article.id == article.id), None)
