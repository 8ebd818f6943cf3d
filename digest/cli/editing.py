"""The editor's changes, each kept as an Edit row: pin, drop, lead, move, edit."""

from __future__ import annotations

import re

import click

from digest.cli import choosing
from digest.cli.common import (
    as_one_line,
    find_article,
    keep_edit,
    now,
    project_of,
    say,
    week_meant,
    week_option,
)
from digest.errors import DigestError
from digest.model import EditKind, Issue

LEAST_WORDS = 10  # of an item
REBUILD = "Run `digest build` to see it in the draft."


def _edit(ctx: click.Context, kind: EditKind, words: str, value: str, week: str | None, done: str) -> None:
    with project_of(ctx) as project:
        article = find_article(project, words)
        meant = week_meant(project, words, week)
        slug = keep_edit(project, kind, article.id, value, week=meant, saw=article.text_hash)
        option = f" --week {meant}" if meant else ""
        say(f"{slug}: {done} “{article.title}”. Run `digest build{option}` to see it in the draft.")


def _choice(kind: EditKind, about: str, done: str, undone: str) -> click.Command:
    @click.command(kind, help=about)
    @click.argument("article")
    @click.option("--undo", is_flag=True, help="Take it back.")
    @week_option
    @click.pass_context
    def command(ctx: click.Context, article: str, undo: bool, week: str | None) -> None:
        _edit(ctx, kind, article, "" if undo else "yes", week, undone if undo else done)

    return command


pin = _choice("pin", "Have ARTICLE in the issue, whatever its score.", "pinned", "unpinned")
drop = _choice("drop", "Keep ARTICLE out of the issue.", "dropped", "may be picked again:")
lead = _choice("lead", "Make ARTICLE the lead.", "the lead is", "no longer the lead:")


@click.command()
@click.argument("article")
@click.argument("place", type=click.IntRange(min=1))
@week_option
@click.pass_context
def move(ctx: click.Context, article: str, place: int, week: str | None) -> None:
    """Move ARTICLE to PLACE, counted from 1 (the lead), in the section that stands there."""
    from digest.compose import move_value
    from digest.week import target

    with project_of(ctx) as project:
        _, slug = target(project, now=now(), week=week_meant(project, article, week))
        items = project.store.issues.issue(slug).items if project.store.issues.get(slug) else ()
        value = move_value([item.article.id for item in items], find_article(project, article).id, place)
    there = f"moved to place {place}:" if not items or place <= len(items) else "moved to the last place:"
    _edit(ctx, "move", article, value, week, there)


@click.group(invoke_without_command=True)
@week_option
@click.pass_context
def edit(ctx: click.Context, week: str | None) -> None:
    """Write the issue's own words. Without a subcommand: all of them in one small file, in your editor."""
    ctx.obj["week"] = week
    if ctx.invoked_subcommand is None:
        _edit_file(ctx, week)


def _words(kind: EditKind, about: str) -> click.Command:
    @click.command(kind, help=f"Write the {about}. Without WORDS: back to the default.")
    @click.argument("words", nargs=-1)
    @click.pass_context
    def command(ctx: click.Context, words: tuple[str, ...]) -> None:
        text = as_one_line(kind, " ".join(words))
        with project_of(ctx) as project:
            slug = keep_edit(project, kind, "", text, week=ctx.find_root().obj.get("week"))
            say(f"{slug}: {kind} is now {f'“{text}”' if text else 'the default'}. {REBUILD}")

    return command


edit.add_command(_words("subject", "subject"))
edit.add_command(_words("preheader", "line the inbox shows after the subject"))
edit.add_command(_words("intro", "opening lines"))
edit.add_command(_words("correction", "box that says what an earlier issue got wrong"))


for command in (choosing.sentences, choosing.quote, choosing.speaker, choosing.role):
    edit.add_command(command)


@edit.command("note")
@click.argument("article")
@click.argument("words", nargs=-1)
@click.pass_context
def note(ctx: click.Context, article: str, words: tuple[str, ...]) -> None:
    """Write an editor's note on ARTICLE, marked as the editors' own words. Without WORDS: take it back."""
    text = as_one_line("note", " ".join(words))
    week = ctx.find_root().obj.get("week")
    _edit(ctx, "note", article, text, week, "noted on" if text else "no note any more on")


@edit.command("words")
@click.argument("article")
@click.argument("budget", metavar="[WORDS|SECONDSs]", required=False)
@click.pass_context
def words(ctx: click.Context, article: str, budget: str | None) -> None:
    """Give ARTICLE's item at most so many words, its quote included, or (15s) so many seconds of reading. Without a
    number: what digest.toml says."""
    from digest.compose import words_in

    found = re.fullmatch(r"(\d{1,5})(s?)", budget or "0")
    most = 0 if found is None else words_in(int(found[1])) if found[2] else int(found[1])
    if budget and most < LEAST_WORDS:
        raise DigestError(
            f"{budget!r} is no budget of words", hint=f"a number from {LEAST_WORDS}, or seconds of reading: 40, 15s"
        )
    week = ctx.find_root().obj.get("week")
    done = f"at most {most} words for" if most else "as many words as digest.toml says for"
    _edit(ctx, "words", article, str(most or ""), week, done)


def _edit_file(ctx: click.Context, week: str | None) -> None:
    from digest.week import need_issue, target

    with project_of(ctx) as project:
        _, slug = target(project, now=now(), week=week)
        need_issue(project, slug)
        issue = project.store.issues.issue(slug)
        before = _as_file(issue)
        after = click.edit(before, extension=".txt")
        if after is None or after == before:
            say("Nothing was changed.")
            return
        old, new = _from_file(before), _from_file(after)
        changed = {k: v for k, v in new.items() if old.get(k) != v}
        for (kind, place), text in changed.items():
            if place > len(issue.items):
                raise DigestError(f"there is no story {place} in {slug}", hint="keep the numbers of the file")
            target_id = issue.items[place - 1].article.id if place else ""
            keep_edit(project, kind, target_id, as_one_line(kind, text), week=week)
        say(f"{slug}: {len(changed)} changed. {REBUILD}")


def _as_file(issue: Issue) -> str:
    lines = [
        f"# {issue.title}, {issue.slug}. Lines with # are ignored; empty means the default.",
        f"subject: {issue.subject}",
        f"preheader: {issue.preheader}",
        f"intro: {issue.intro}",
        f"correction: {issue.correction}",
        "",
    ]
    for number, item in enumerate(issue.items, 1):
        lines += [f"# {number}. {item.article.title} ({item.article.outlet})", f"note {number}: {item.note}"]
    return "\n".join(lines) + "\n"


FILE_KINDS: dict[str, EditKind] = {
    "subject": "subject",
    "preheader": "preheader",
    "intro": "intro",
    "correction": "correction",
    "note": "note",
}


def _from_file(text: str) -> dict[tuple[EditKind, int], str]:
    """(kind, place from 1 or 0 for the issue) -> words. Raises DigestError naming the line."""
    found: dict[tuple[EditKind, int], str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        head, colon, value = line.partition(":")
        name, *place = head.split() or [""]
        kind = FILE_KINDS.get(name)
        if not colon or kind is None or (kind == "note") != (len(place) == 1 and place[0].isdigit()):
            raise DigestError(f"line {number} of the file is not understood: {line}", hint="keep `subject: …`")
        found[kind, int(place[0]) if place else 0] = value.strip()
    return found
