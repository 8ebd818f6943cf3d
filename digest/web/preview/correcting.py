"""What an issue that is out got wrong, said on its page: the form at each story, and what it does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from digest.correcting import mail_correction
from digest.errors import DigestError, IssueError
from digest.model import Correction, IssueState
from digest.store import open_store
from digest.text.wording import counted
from digest.web.guard import editor_now, may
from digest.web.preview.draft import Workshop
from digest.week import Project, open_project

if TYPE_CHECKING:
    from flask import Flask, Response

OUT: frozenset[IssueState] = frozenset({"sending", "paused", "sent"})
MOST_CHARACTERS = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def register(app: Flask, workshop: Workshop, *, now: Callable[[], datetime]) -> None:
    """Adds the form and its address to *app*."""
    from flask import jsonify, request

    def corrections() -> list[Correction]:
        """What was said of the issue's stories, oldest first."""
        with open_store(workshop.folder) as store:
            return store.corrections.of(workshop.slug)

    app.jinja_env.globals.update(corrections=corrections, out=OUT)

    @app.post("/correct")
    def correct() -> tuple[Response, int]:
        editor = editor_now()
        if editor is None or not may("approve"):
            return jsonify(ok=False, said="You may look at this issue, not correct it."), 403
        down = request.form.get("kind") == "takedown"
        kind: Literal["takedown", "correction"] = "takedown" if down else "correction"
        try:
            words = _words(request.form.get("words", ""), needed=not down)
            with open_project(workshop.folder) as project:
                known = project.store.issues.get(workshop.slug)
                if known is None or known.state not in OUT:
                    raise IssueError(f"{workshop.slug} is not out: nobody has it yet", hint="change it instead")
                if known.corrects:
                    raise IssueError(f"{known.slug} is a letter about {known.corrects}", hint="correct that again")
                items = project.store.issues.issue(workshop.slug).items
                article = request.form.get("article", "")
                if article not in {item.article.id for item in items}:
                    raise IssueError("that story is not in the issue", hint="load the page again")
                correction = Correction(0, workshop.slug, article, kind, words, editor.name, now())
                mailed = _mailed(project, correction, now()) if "mail" in request.form else ""
                if not mailed:
                    project.store.corrections.add(correction)
        except DigestError as error:
            return jsonify(ok=False, said=f"{error}{f' ({error.hint})' if error.hint else ''}."), 422
        said = "It is off the page. Mail that left cannot be called back." if down else "The page says so from now on."
        return jsonify(ok=True, said=f"{said} {mailed}".strip()), 200


def _mailed(project: Project, correction: Correction, at: datetime) -> str:
    """What became of the letter with *correction* in it. Raises IssueError."""
    if correction.kind == "takedown":
        raise IssueError("what is taken down is not mailed", hint="take the tick out")
    letter = mail_correction(project, correction, now=at)
    slug = letter.issue.slug
    if letter.is_out:
        return f"{slug}, which says so, is {letter.before} already."
    return f"A letter to {counted(letter.readers, 'reader')} is drafted: `digest desk {slug}` shows and sends it."


def _words(text: str, *, needed: bool) -> str:
    """*text* as one line. Raises IssueError."""
    line = " ".join(text.split())
    if _CONTROL.search(line):
        raise IssueError("the words hold a control character", hint="type them again")
    if len(line) > MOST_CHARACTERS:
        raise IssueError(f"the correction has {len(line)} characters, {MOST_CHARACTERS} are the most")
    if needed and not line:
        raise IssueError("there are no words to print", hint="say what was wrong, and what is right")
    return line
