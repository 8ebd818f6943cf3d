"""What an issue that is out got wrong, said on its page: the form at each story, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from digest.correcting import OUT, Letter, keep_correction, need_out
from digest.errors import DigestError, IssueError
from digest.model import Correction
from digest.store import open_store
from digest.text.wording import counted
from digest.web.guard import editor_now, may
from digest.web.preview.draft import Workshop
from digest.web.preview.fields import line_of
from digest.week import open_project

if TYPE_CHECKING:
    from flask import Flask, Response


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
            words = line_of("correction", request.form.get("words", ""))
            if not words and not down:
                raise IssueError("there are no words to print", hint="say what was wrong, and what is right")
            with open_project(workshop.folder) as project:
                need_out(project, workshop.slug, mail=False)  # the form stands where there is a page
                items = project.store.issues.issue(workshop.slug).items
                article = request.form.get("article", "")
                if article not in {item.article.id for item in items}:
                    raise IssueError("that story is not in the issue", hint="load the page again")
                correction = Correction(0, workshop.slug, article, kind, words, editor.name, now())
                letter = keep_correction(project, correction, mail="mail" in request.form, now=now())
        except DigestError as error:
            return jsonify(ok=False, said=f"{error}{f' ({error.hint})' if error.hint else ''}."), 422
        said = "It is off the page. Mail that left cannot be called back." if down else "The page says so from now on."
        return jsonify(ok=True, said=f"{said} {_told(letter)}" if letter else said), 200


def _told(letter: Letter) -> str:
    """What became of the letter."""
    slug = letter.issue.slug
    if letter.is_out:
        return f"{slug}, which says so, is {letter.before} already."
    return f"A letter to {counted(letter.readers, 'reader')} is drafted: `digest desk {slug}` shows and sends it."
