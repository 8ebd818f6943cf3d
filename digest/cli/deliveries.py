"""One row a reader: deliveries list, show, uncertain, settle."""

from __future__ import annotations

import click

from digest.address import parse_address
from digest.cli.common import (
    STATE_WORDS,
    find_issue,
    issue_argument,
    json_option,
    now,
    print_json,
    project_of,
    say,
    table,
    who,
)
from digest.errors import IssueError
from digest.model import DeliveryState


@click.group()
def deliveries() -> None:
    """One row per reader, and those in doubt."""


@deliveries.command("list")
@issue_argument
@click.option("--state", type=click.Choice(list(STATE_WORDS)), help="Only these.")
@json_option
@click.pass_context
def list_rows(ctx: click.Context, issue: str, state: DeliveryState | None, as_json: bool) -> None:
    """The rows of ISSUE."""
    _show(ctx, issue, state, as_json)


@deliveries.command()
@issue_argument
@json_option
@click.pass_context
def uncertain(ctx: click.Context, issue: str, as_json: bool) -> None:
    """Those for whom we cannot know: the letter may have been accepted just before a crash."""
    _show(ctx, issue, "uncertain", as_json)


def _show(ctx: click.Context, issue: str, state: DeliveryState | None, as_json: bool) -> None:
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        rows = project.store.ledger.deliveries(slug, state)
        people = {p.id: str(p.address) for p in project.store.subscribers.all()}
    if as_json:
        print_json(
            [
                {
                    "ordinal": d.ordinal,
                    "address": people.get(d.subscriber),
                    "state": d.state,
                    "attempts": d.attempts,
                    "reply": d.reply,
                }
                for d in rows
            ]
        )
        return
    if not rows:
        say(f"{slug}: none.")
        return
    table(
        ("#", "reader", "state", "tries", "the relay said"),
        [(d.ordinal, people.get(d.subscriber, "erased"), STATE_WORDS[d.state], d.attempts, d.reply) for d in rows],
        title=slug,
    )


@deliveries.command()
@click.argument("address")
@click.argument("verdict", type=click.Choice(["accepted", "resend"]))
@issue_argument
@click.pass_context
def settle(ctx: click.Context, address: str, verdict: str, issue: str) -> None:
    """Decide a row in doubt: ADDRESS has it (accepted), or should be sent it again (resend)."""
    parsed = parse_address(address)
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        reader = project.store.subscribers.get(parsed)
        row = next(
            (d for d in project.store.ledger.deliveries(slug, "uncertain") if reader and d.subscriber == reader.id),
            None,
        )
        if row is None:
            raise IssueError(f"{parsed} is not in doubt in {slug}", hint="`digest deliveries uncertain` lists them")
        state: DeliveryState = "accepted" if verdict == "accepted" else "waiting"
        project.store.ledger.settle_uncertain(slug, row.ordinal, state, who=who(project), at=now())
        say(f"{slug}: {parsed} is settled as {'accepted' if verdict == 'accepted' else 'waiting; run `digest send`'}.")
