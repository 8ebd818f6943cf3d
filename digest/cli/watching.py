"""While an issue is on its way, from a second terminal: status, pause, resume, stop."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    clock,
    find_issue,
    issue_argument,
    json_option,
    named,
    now,
    print_json,
    project_of,
    say,
    who,
    yes_option,
)
from digest.errors import IssueError

if TYPE_CHECKING:
    from digest.dispatch.standing import Standing
    from digest.week import Project

LET_GO_S = 10.0  # how long pause and stop look whether a running send has let go
LOOK_EVERY_S = 1.0


@click.command()
@issue_argument
@click.option("--follow", is_flag=True, help="Go on saying it until the issue is done, paused or stopped.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it as a page to this file, too (it is also kept as var/issues/ISSUE/report.html).",
)
@json_option
@click.pass_context
def status(ctx: click.Context, issue: str, follow: bool, report: Path | None, as_json: bool) -> None:
    """Who has ISSUE, who has not, and for whom we cannot know.

    \b
    Exit codes with --follow: 0 everybody is done with, 3 it is paused, 4 for some we cannot know, 6 it
    was stopped.
    """
    from digest.cli.telling import EXIT_CODES, print_event, print_standing
    from digest.dispatch.standing import as_json as standing_json
    from digest.dispatch.standing import look

    with project_of(ctx) as project:
        if not project.store.issues.all():
            raise IssueError("there is no issue yet", hint="`digest weekly` makes one")
        slug = find_issue(project, issue)
        if follow:
            last = _follow(project, slug, as_json)
            if report is not None:
                write_report(project, last, report)
            if as_json:
                print_event(last.verdict, last)
            ctx.exit(EXIT_CODES[last.verdict])
        standing = look(project.store, slug, now())
        if report is not None:
            write_report(project, standing, report)
        if as_json:
            settings = project.config.send
            print_json({**standing_json(standing), "durability": settings.durability, "approval": settings.approval})
            return
        print_standing(project, standing)
        if report is not None:
            say(f"The page is {report}.")


def _follow(project: Project, slug: str, as_json: bool) -> Standing:
    """Says where the issue stands whenever that changes; returns once a person or nobody must act."""
    from digest.cli.telling import next_step, one_line, print_event
    from digest.dispatch.standing import ended_early, look

    told = None
    terminal = sys.stdout.isatty() and not as_json
    while True:
        begun = time.monotonic()
        standing = look(project.store, slug, now())
        if _is_news(told, standing):
            told = standing
            if as_json:
                print_event("standing", standing)
            elif terminal:
                _redraw(project, standing)
            else:
                say(one_line(project, standing))
                if (
                    standing.state == "sending" and standing.process is None
                ):  # nobody goes on with it, unless a timer does
                    say(next_step(project, standing, ended_early=ended_early(project.store, slug)))
        if standing.state not in ("approved", "scheduled", "sending"):
            return standing
        took = time.monotonic() - begun
        time.sleep(max(LOOK_EVERY_S, 5 * took))  # a large ledger is looked at less often: at most a fifth of a core


def _is_news(told: Standing | None, standing: Standing) -> bool:
    return told is None or (told.state, told.by_state, told.process, told.workers) != (
        standing.state,
        standing.by_state,
        standing.process,
        standing.workers,
    )


def _redraw(project: Project, standing: Standing) -> None:
    from digest.cli.telling import print_standing

    click.clear()
    print_standing(project, standing)
    say("Ctrl-C ends looking, not sending.")


def write_report(project: Project, standing: Standing, file: Path) -> None:
    """The report page at *file*, whole or not at all. Raises IssueError when it cannot be written."""
    from digest.web.report import report_page

    page = report_page(project.store, project.config, standing, now=now())
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_text(page, "utf-8")
        draft.replace(file)
    except OSError as error:
        raise IssueError(f"{file} cannot be written: {error.strerror}", hint="name another place") from error


# ------------------------------------------------------------------------------------------------ a person decides


@click.command()
@issue_argument
@click.option("--reason", default="paused by hand", help="Why, for whoever looks.")
@click.pass_context
def pause(ctx: click.Context, issue: str, reason: str) -> None:
    """Let ISSUE wait: a running send stops before its next letter."""
    from digest.dispatch import orders

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        orders.pause(project.store, slug, who=who(project), at=now(), reason=reason)
        _say_let_go(project, slug, f"{slug} is paused")
        say("`digest resume` lets it go on.")
        _tell(project, slug)


@click.command()
@issue_argument
@click.pass_context
def resume(ctx: click.Context, issue: str) -> None:
    """Let a paused ISSUE go on with the next `digest send`, or at the time it is scheduled for."""
    from digest.dispatch import orders
    from digest.dispatch.standing import look

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        became = orders.resume(project.store, slug, who=who(project), at=now())
        standing = look(project.store, slug, now())
        if became == "scheduled":
            assert standing.send_at is not None
            say(f"{slug} leaves at {clock(standing.send_at, project.config)}, as it was to.")
        elif became == "approved":
            say(f"{slug} is approved, as it was: nothing has been sent. Next: `digest send{named(project, slug)}`.")
        else:
            open_rows = standing.number("waiting", "leased", "deferred")
            wait = "reader waits" if open_rows == 1 else "readers wait"
            say(f"{slug} is going on: run `digest send{named(project, slug)}`. {open_rows} {wait}.")
            if doubts := standing.number("uncertain"):
                say(f"For {doubts} we cannot know: they are not sent to before `digest deliveries resolve`.")
        _tell(project, slug)


@click.command()
@issue_argument
@yes_option
@click.pass_context
def stop(ctx: click.Context, issue: str, yes: bool) -> None:
    """End ISSUE for good: rows that have not left become cancelled, and so does the issue."""
    from digest.dispatch.orders import need_open
    from digest.dispatch.standing import look

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        need_open(project.store, slug)
        before = look(project.store, slug, now())
        if not yes:
            open_rows, has = before.number("waiting", "leased", "deferred"), before.number("accepted")
            say(f"{has} have it already and keep it; {open_rows} would never get it.")
            click.confirm(f"Stop {slug} for good", abort=True)
        project.store.ledger.stop(slug, who=who(project), at=now())
        _say_let_go(project, slug, f"{slug} is cancelled")
        cancelled = look(project.store, slug, now()).number("cancelled")
        word = "reader" if cancelled == 1 else "readers"
        say(f"{cancelled} {word} will not get it; what has left has left.")
        _tell(project, slug)


def _say_let_go(project: Project, slug: str, done: str) -> None:
    """Says *done*, and whether a send at work has heeded it: it does before its next letter."""
    from digest.dispatch.locks import at_work

    process = at_work(project.folder, slug)
    if process is None:
        say(f"{done}.")
        return
    say(f"{done}: the send at work (process {process}) ends before its next letter.")
    until = time.monotonic() + LET_GO_S
    while at_work(project.folder) == process and time.monotonic() < until:
        time.sleep(0.05)
    if at_work(project.folder) == process:
        say("It still waits for the relay’s answer to the letters in hand; `digest status` says when it has it.")
    else:
        say(f"It has ended; {project.store.ledger.counts(slug).get('accepted', 0)} were accepted until then.")


def _tell(project: Project, slug: str) -> None:
    from digest.cli.sending import alert

    alert(project, slug)
