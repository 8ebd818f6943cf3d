"""The editors' changes as a list: looked at, undone, decided on again, carried elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, TextIO

import click

from digest.cli.common import (
    clock,
    edited_slug,
    find_issue,
    how_to_see,
    issue_argument,
    json_option,
    now,
    print_json,
    project_of,
    say,
    table,
    week_option,
    who,
)
from digest.compose import NONE, spans_of
from digest.compose.pictures import said_in_words
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.model import Edit
    from digest.week import Project

WHY = {"changed": "its article has another text now", "gone": "its article is not in the issue"}


@click.group()
def edits() -> None:
    """What the editors changed: list, undo, redo, keep, drop, export, import."""


@edits.command("list")
@issue_argument
@json_option
@click.pass_context
def list_edits(ctx: click.Context, issue: str, as_json: bool) -> None:
    """Every edit of ISSUE, oldest first: who, when, what; which are undone, which no longer fit."""
    from digest.compose import replay
    from digest.week import unfit_edits

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        rows = project.store.issues.history(slug)
        in_force = {edit.id for edit in replay(rows)[0]}
        newest = {(edit.kind, edit.target): edit.id for edit in rows if edit.id in in_force}
        unfit = {conflict.edit.id: conflict for conflict in unfit_edits(project, slug)}
        titles = {a.id: a.title for a in project.store.articles.all()}
        values = {edit.id: _value(project, edit) for edit in rows}
        config = project.config

    def standing(edit: Edit) -> str:
        if edit.kind in {"undo", "redo"}:
            return ""
        if edit.id not in in_force:
            return "undone"
        if edit.id in unfit:
            return "to decide"
        return "in force" if newest[edit.kind, edit.target] == edit.id else "replaced"

    if as_json:
        print_json(
            [
                {
                    "id": e.id,
                    "kind": e.kind,
                    "target": e.target,
                    "value": e.value,
                    "who": e.who,
                    "at": e.at,
                    "standing": standing(e),
                }
                for e in rows
            ]
        )
        return
    table(
        ("#", "when", "who", "what", "on", "value", ""),
        [(e.id, clock(e.at, config), e.who, e.kind, titles.get(e.target, ""), values[e.id], standing(e)) for e in rows],
        title=slug,
    )
    for number, conflict in unfit.items():
        can = f"`digest edits keep {number}` holds on to it, " if conflict.value else ""
        say(f"Edit {number} no longer fits: {WHY[conflict.why]}. {can}`digest edits drop {number}` takes it back.")


@edits.command("undo")
@week_option
@click.pass_context
def undo_edit(ctx: click.Context, week: str | None) -> None:
    """Undo the newest edit; again and again, back to the first."""
    from digest.editing import undo

    _change(ctx, week, undo, "undone: {edit}")


@edits.command("redo")
@week_option
@click.pass_context
def redo_edit(ctx: click.Context, week: str | None) -> None:
    """Bring back what was undone last."""
    from digest.editing import redo

    _change(ctx, week, redo, "done again: {edit}")


@edits.command("keep")
@click.argument("number", type=int)
@week_option
@click.pass_context
def keep_edit(ctx: click.Context, number: int, week: str | None) -> None:
    """Hold on to edit NUMBER though its article has another text now: where its words stand there still."""
    from digest.editing import keep

    _change(ctx, week, partial(keep, number=number), "kept: {edit}")


@edits.command("drop")
@click.argument("number", type=int)
@week_option
@click.pass_context
def drop_edit(ctx: click.Context, number: int, week: str | None) -> None:
    """Take edit NUMBER back, which no longer fits."""
    from digest.editing import drop

    _change(ctx, week, partial(drop, number=number), f"edit {number} ({{kind}}) is taken back")


def _change(ctx: click.Context, week: str | None, change: Callable[..., Edit], done: str) -> None:
    """Makes *change* to the issue that *week* means and says so in the words *done*."""
    with project_of(ctx) as project:
        slug = edited_slug(project, week)
        edit = change(project, slug, who=who(project), at=now())
        words = done.format(edit=_in_words(project, edit), kind=edit.kind)
        say(f"{slug}: {words}. {how_to_see(project, slug, week)}")


@edits.command("export")
@issue_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.pass_context
def export(ctx: click.Context, issue: str, file: Path | None) -> None:
    """Write the edits of ISSUE that are in force to FILE as JSON, or to the terminal."""
    from digest.editing import export_edits

    with project_of(ctx) as project:
        text = export_edits(project, find_issue(project, issue))
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DigestError(
            f"{file} cannot be written: {error.strerror}", hint="look at its folder and rights"
        ) from error
    say(f"Written to {file}.")


@edits.command("import")
@issue_argument
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"))
@click.pass_context
def import_file(ctx: click.Context, issue: str, file: TextIO) -> None:
    """Add the edits of FILE to ISSUE, those it does not have yet."""
    from digest.editing import import_edits

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        number = import_edits(project, slug, file.read(), who=who(project), at=now())
        added = f"{number} edits added. {how_to_see(project, slug)}"
        say(f"{slug}: {added}" if number else f"{slug} has all of them already.")


def _in_words(project: Project, edit: Edit) -> str:
    article = project.store.articles.get(edit.target) if edit.target else None
    on = f" on “{article.title}”" if article else ""
    return f"{edit.kind}{on}{f': {_value(project, edit)}' if edit.value else ' taken back'}"


def _value(project: Project, edit: Edit) -> str:
    """The edit's value as a person reads it: the words at its places, cut short."""
    if edit.value and edit.kind == "picture":
        return said_in_words(edit.value)
    if edit.kind == "move":
        return edit.value.partition(" ")[0]
    if not edit.value or edit.kind not in {"sentences", "quote", "speaker", "role"}:
        return edit.value
    if edit.kind in {"speaker", "role"}:
        return edit.value.partition(" ")[2]
    versions = project.store.articles.versions(edit.target)
    text = next((a.text for a in versions if a.text_hash == edit.saw), None)
    if text is None or edit.value == NONE:
        return edit.value
    return " … ".join(shorten(span.of(text), 40, placeholder="…") for span in spans_of(edit.value))
