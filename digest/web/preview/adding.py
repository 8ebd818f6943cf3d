"""An article added at the desk: read as it is pasted, dropped or named, shown as it was understood, then kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.adding import SOURCE, keep_corrected, read_page, refuse_blocked, web_address_in
from digest.address import web_address
from digest.editing import add_edit
from digest.errors import DigestError, StaleError
from digest.model import Article, Pick, Story
from digest.web.guard import editor_now, may
from digest.web.preview.draft import Workshop
from digest.web.preview.evidence import cuts_of, evidence_of
from digest.web.preview.fields import MOST_CHARACTERS
from digest.week import Project, as_item, open_project

if TYPE_CHECKING:
    from flask import Flask, Response

TAKE_AN_ARTICLE = frozenset({"read_text", "add_text"})
MOST_BYTES = 5_000_000
MOST_FIELDS = 16 * 1024  # bytes, beside the article itself
MOST_PAGES = 8  # that were fetched and are remembered, so that what was shown is what is kept


def make_room(app: Flask) -> None:
    """Lets the two addresses that take an article take one; it must come before whatever reads a form."""
    from flask import jsonify, request

    app.config["LARGEST_BODY"] = MOST_BYTES + MOST_FIELDS

    @app.before_request
    def widen() -> None:
        if request.endpoint in TAKE_AN_ARTICLE:
            request.max_content_length = request.max_form_memory_size = app.config["LARGEST_BODY"]

    @app.errorhandler(413)
    def too_large(_: Exception) -> tuple[Response, int]:
        if request.endpoint in TAKE_AN_ARTICLE:
            why = f"more than {MOST_BYTES // 1_000_000} MB is no article. Paste its words instead."
        else:
            why = f"a text here has {MOST_CHARACTERS:,} characters at most. Shorten it."
        return jsonify(ok=False, said=f"That is too large: {why}"), 413


def register(app: Flask, workshop: Workshop, *, now: Callable[[], datetime]) -> None:
    """Adds the addresses that read an article and keep it to *app*."""
    from flask import jsonify, render_template, request

    pages: dict[str, Article] = {}

    def answered(change: Callable[[Project], dict[str, object]]) -> tuple[Response, int]:
        if not may("edit"):
            return jsonify(ok=False, said="You may look at this issue, not change it."), 403
        try:
            with open_project(workshop.folder) as project:
                return jsonify(ok=True, **change(project)), 200
        except DigestError as error:
            code = 409 if isinstance(error, StaleError) else 422
            return jsonify(ok=False, said=f"{error}{f' ({error.hint})' if error.hint else ''}."), code

    def page_of(address: str, project: Project) -> Article:
        if address not in pages:
            refuse_blocked(project.config.brief_for_picking(), address)
            for old in list(pages)[: len(pages) - MOST_PAGES + 1]:
                pages.pop(old, None)
            pages[address] = read_page(address, project.config, seen=now())
        return pages[address]

    def read(project: Project) -> Article:
        """The article in what was sent, with what was corrected by hand."""
        from digest.collect import read_article

        form, file = request.form, request.files.get("file")
        link = web_address_in(form.get("link", "").strip())
        text = form.get("text", "").strip()
        if file is not None:
            article = read_article(file.read(), path=file.filename, url=link, seen=now())
        elif (address := web_address(text)) and not re.search(r"\s", text):
            article = page_of(address, project)
        else:
            article = read_article(text.replace("\r\n", "\n"), url=link, source=SOURCE, seen=now())
        return corrected(article, form, link) if "outlet" in form else article

    @app.post("/api/read")
    def read_text() -> tuple[Response, int]:
        def shown(project: Project) -> dict[str, object]:
            article = read(project)
            pick = Pick(Story(article), 0.0, (), "")
            lead, item = (as_item(pick, project.config, form=form) for form in ("lead", "item"))
            day = article.published_at(project.config.zone)
            notes = [*article.warnings, *_told(project, article, workshop)]
            return {
                "reading": render_template(
                    "preview/reading.html",
                    evidence=evidence_of(lead),
                    printed={"Printed of it as the lead": cuts_of(lead), "Printed of it further down": cuts_of(item)},
                    notes=notes,
                    day=lambda when: f"{when.day} {when:%B %Y}",
                ),
                "fields": {
                    "outlet": article.outlet or "",
                    "link": article.url or "",
                    "authors": ", ".join(article.authors),
                    "day": f"{day.astimezone(project.config.zone):%Y-%m-%d}" if day else "",
                },
                "saw": article.text_hash,
            }

        return answered(shown)

    @app.post("/api/add")
    def add_text() -> tuple[Response, int]:
        def kept(project: Project) -> dict[str, object]:
            article = read(project)
            if request.form.get("saw") != article.text_hash:
                raise StaleError(f"“{article.title}” reads otherwise now", hint="look at it, and add it again")
            draft, editor = workshop.show().draft, editor_now()
            end = min(now(), draft.issue.until) if draft else now()
            with project.store.transaction():
                stored = keep_corrected(project, article, now=end)
                if (pin := bool(request.form.get("pin"))) and editor is not None:
                    add_edit(project, workshop.slug, "pin", stored.id, "yes", who=editor.name, at=now())
            is_old = draft is not None and stored.seen <= draft.issue.since
            where = "in the issue" if pin else "kept: it is older than this week" if is_old else "in the week"
            return {"article": stored.id, "said": f"“{stored.title}” is {where}."}

        return answered(kept)


def corrected(article: Article, form: dict[str, str], link: str | None) -> Article:
    """*article* with the facts that stand in the fields of *form*. Raises DigestError for a day that is none."""
    from digest.collect import canonical_url
    from digest.collect.reading import one_line

    day = form.get("day", "")
    try:
        published = datetime.fromisoformat(day) if day else None
    except ValueError as error:
        raise DigestError(f"{day!r} is no day", hint="write it like 2026-03-20") from error
    if published and article.published and published.date() == article.published.date():
        published, precision = article.published, article.published_precision
    else:
        precision = "day" if published else None
    return replace(
        article,
        outlet=one_line(form.get("outlet", "")) or None,
        url=link,
        canonical=article.canonical if link == article.url else canonical_url(link) if link else None,
        authors=tuple(filter(None, (one_line(name) for name in re.split(r"[,;]", form.get("authors", ""))))),
        published=published,
        published_precision=precision,
        own=form.get("own") == "yes",
    )


def _told(project: Project, article: Article, workshop: Workshop) -> list[str]:
    """What an editor should know before it is added."""
    notes = []
    draft = workshop.show().draft
    published = article.published_at(project.config.zone)
    if project.store.articles.get(article.id) is not None:
        notes.append(
            "It is here already: adding it again keeps what you correct, and a text that is new as its newest."
        )
    if draft and published and published <= draft.issue.since:
        notes.append("It is older than this issue: have it in the issue by hand, or it stays out.")
    if not article.outlet and not article.own:
        notes.append("No outlet is named: say who published it, or mark it as the editors’ own.")
    return notes
