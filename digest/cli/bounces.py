"""What came back: bounces ingest, list, show, undo."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    GRADE_WORDS,
    clock,
    find_issue,
    json_option,
    now,
    print_json,
    project_of,
    say,
    table,
    who,
)
from digest.errors import IssueError

if TYPE_CHECKING:
    from digest.dispatch.returns import Report
    from digest.store.returns import Returned
    from digest.week import Project

LISTED = 100
MOST_LINES = 20
EFFECTS = {"bounced": "blocked: bounced", "complained": "blocked: complained", "left": "unsubscribed", "": ""}
IGNORED = {
    "delayed": "still being tried",
    "delivered": "delivered",
    "feedback": "reports on letters that are no complaint",
    "auto-reply": "answers of programs",
    "no mark": "reports without a mark of ours, ignored",
    "erased": "about readers who were erased",
    "not planned": "about readers who were not planned",
    "again": "of letters that came back before",
    "seen": "read before",
}
FOR_A_PERSON = {
    "mail": "a person wrote",
    "moved": "has another address",
    "challenge": "wants to know whether you are human",
    "asks to leave": "asks to leave, and is not proved to be a reader",
    "no mail": "is no mail",
    "unreadable": "cannot be read",
}


@click.group()
def bounces() -> None:
    """Read what came back: returned letters, complaints, wishes to leave."""


@bounces.command()
@click.argument("mailbox", required=False)
@click.option("--mark-seen", is_flag=True, help="Mark what was dealt with as read (IMAP).")
@click.option("--move-to", default="", metavar="FOLDER", help="Move what was dealt with there (IMAP).")
@click.option("--dry-run", is_flag=True, help="Say what would follow.")
@click.option("--quiet", is_flag=True, help="For a timer: say nothing when nothing new came.")
@json_option
@click.pass_context
def ingest(
    ctx: click.Context,
    mailbox: str | None,
    mark_seen: bool,
    move_to: str,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Take in what came back to MAILBOX: a Maildir or folder of files, an mbox file, or
    imap://USER@HOST/INBOX (its password in DIGEST_IMAP_PASSWORD). Without one, [bounces] mailbox is read.

    Doing it again changes nothing. Files stay as they are, and messages over IMAP stay unread where they are,
    unless an option says otherwise. Letters refused while they were sent are weighed, too.
    """
    from digest.dispatch.mailbox import source_of
    from digest.dispatch.returns import ingest as take_in

    with project_of(ctx) as project:
        where = mailbox or project.config.bounces.mailbox
        source = source_of(where, mark_seen=mark_seen, move_to=move_to) if where else None
        terminal = sys.stderr.isatty() and not as_json

        def progress(read: int) -> None:
            if terminal:
                click.echo(f"\r{read} read", nl=False, err=True)

        report = take_in(project.folder, project.store, source, now=now(), dry_run=dry_run, progress=progress)
        if terminal and report.read:
            click.echo("\r", nl=False, err=True)
        if as_json:
            print_json(_report_json(report))
            return
        if quiet and not sum(report.verdicts.values()) - report.verdicts["seen"]:
            return
        _print_report(project, report, where)
        if dry_run:
            say("A dry run: nothing was changed.")


def _print_report(project: Project, report: Report, where: str) -> None:
    if where:
        say(f"{report.read} {'message' if report.read == 1 else 'messages'} read from {where}.")
    else:
        say("No mailbox was read: name one, or set [bounces] mailbox.")
    verdicts = report.verdicts
    _line(verdicts["returned"], "came back")
    _line(verdicts["refused"], "refused while they were sent")
    _line(verdicts["complaint"], "complained to their provider")
    _line(verdicts["left"], "asked to leave")
    for one in report.effects:
        say(f"  number {one.id}: {one.address}: {EFFECTS[one.effect]}. {_cut(one)}")
    for verdict, words in IGNORED.items():
        _line(verdicts[verdict], words)
    for words, number in report.policy.most_common(5):
        say(f"  {number:>7}  not the readers’ matter, mend it: {words}")
    for domain, number in report.held.items():
        say(f"  {number:>7}  at {domain} are not blocked: so many do not go in one day, the provider has a fault")
    if report.for_a_person:
        say("For you to read:")
        for place, verdict, subject in report.for_a_person[:MOST_LINES]:
            about = "" if verdict == "no mail" else f": {subject or '(no subject)'}"
            say(f"  {place}: {FOR_A_PERSON[verdict]}{about}")
        if len(report.for_a_person) > MOST_LINES:
            say(f"  … and {len(report.for_a_person) - MOST_LINES} more")
    if report.effects:
        say("`digest bounces show NUMBER` says why, `digest bounces undo NUMBER` takes it back.")


def _line(number: int, words: str) -> None:
    if number:
        say(f"  {number:>7}  {words}")


def _cut(one: Returned) -> str:
    words = f"{one.status} {one.words}".strip()
    return words if len(words) <= 90 else f"{words[:90].rstrip()}…"


def _report_json(report: Report) -> Mapping[str, object]:
    return {
        "read": report.read,
        "verdicts": dict(report.verdicts),
        "effects": [_json(one) for one in report.effects],
        "for_a_person": [{"place": p, "what": what, "subject": subject} for p, what, subject in report.for_a_person],
        "policy": dict(report.policy),
        "held": dict(report.held),
    }


# ------------------------------------------------------------------------------------------------ looking, undoing


@bounces.command("list")
@click.argument("issue", required=False)
@click.option("--reader", default="", metavar="ADDRESS", help="Only this one.")
@click.option("--kind", type=click.Choice(["returned", "refused", "complaint", "leave"]), help="Only these.")
@click.option("--limit", type=click.IntRange(0), default=LISTED, help="Rows at most; 0 for all.", show_default=True)
@json_option
@click.pass_context
def list_returns(
    ctx: click.Context, issue: str | None, reader: str, kind: str | None, limit: int, as_json: bool
) -> None:
    """What came back, the newest first, of all issues or of ISSUE."""
    from digest.address import parse_address

    with project_of(ctx) as project:
        found = project.store.returns.all(
            slug=find_issue(project, issue) if issue else "",
            reader=parse_address(reader) if reader else None,
            kind=kind or "",
            limit=limit + 1 if limit else None,
        )
        more, found = limit and len(found) > limit, found[: limit or None]
        if as_json:
            print_json([_json(one) for one in found])
            return
        if not found:
            say("Nothing came back.")
            return
        rows = [
            (
                one.id,
                clock(one.at, project.config),
                one.address or "erased",
                one.issue,
                _what(one),
                _effect(one),
                _cut(one),
            )
            for one in found
        ]
        table(("#", "when", "reader", "issue", "what", "what followed", "what was said"), rows)
        if more:
            say("… and more: --limit 0 lists all.")
        counts = Counter(one.kind for one in found)
        say(", ".join(f"{number} {kind}" for kind, number in counts.items()) + ".")


@bounces.command()
@click.argument("number", type=int)
@json_option
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Everything known of NUMBER: what was said, in full, and what followed. Addresses are cut out."""
    with project_of(ctx) as project:
        one = project.store.returns.get(number)
        if one is None:
            raise IssueError(f"nothing that came back has the number {number}", hint="`digest bounces list`")
        if as_json:
            print_json({**_json(one), "evidence": one.evidence})
            return
        of = f" of {one.issue}, row {one.ordinal}" if one.issue else ""
        say(f"Number {one.id}: {one.address or 'erased'}{of}, {clock(one.at, project.config)}.")
        say(f"{_what(one).capitalize()}. {one.status} {one.words}".rstrip())
        say(f"What followed: {_effect(one) or 'nothing'}.")
        if one.evidence:
            say()
            say(one.evidence)


@bounces.command()
@click.argument("number", type=int)
@click.pass_context
def undo(ctx: click.Context, number: int) -> None:
    """Take back what followed from NUMBER; it counts no more, and the reader gets mail again."""
    from digest.dispatch.returns import undo as take_back

    with project_of(ctx) as project:
        one = take_back(project.store, number, who=who(project), now=now())
        say(f"Number {one.id} counts no more.")
        reason = project.store.subscribers.barred(one.subscriber, now())
        if reason or one.effect:
            say(f"{one.address} {f'still gets no mail: {reason}' if reason else 'gets mail again'}.")


def _what(one: Returned) -> str:
    if one.kind == "complaint":
        return "complained"
    if one.kind == "leave":
        return "asked to leave"
    return f"{'came back' if one.kind == 'returned' else 'refused'}: {GRADE_WORDS[one.grade]}"


def _effect(one: Returned) -> str:
    undone = f"undone by {one.undone_by}" if one.undone_at else ""
    return ", ".join(filter(None, (EFFECTS[one.effect], undone)))


def _json(one: Returned) -> dict[str, object]:
    return {
        "number": one.id,
        "issue": one.issue or None,
        "ordinal": one.ordinal,
        "address": str(one.address) if one.address else None,
        "kind": one.kind,
        "grade": one.grade or None,
        "status": one.status,
        "words": one.words,
        "at": one.at,
        "effect": one.effect or None,
        "undone_at": one.undone_at,
        "undone_by": one.undone_by or None,
    }
