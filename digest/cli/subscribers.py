"""The people: add and remove one; lists, segments and one person's rights are in modules of their own."""

from __future__ import annotations

import sys

import click

from digest.address import parse_address
from digest.cli.common import as_one_line, now, project_of, say, who, yes_option
from digest.cli.importing import UNSTATED, import_file, imports, undo_import
from digest.cli.person import consent, erase, show
from digest.cli.segments import export, list_people, stats
from digest.cli.subscriber_set import set_person
from digest.errors import DigestError


@click.group()
def subscribers() -> None:
    """Add, import, list, remove and export subscribers; show, prove and erase what is held about one."""


@subscribers.command()
@click.argument("address")
@click.option("--name", default="")
@click.option("--basis", help="The ground on which they get mail; kept as consent evidence, asked for if not given.")
@click.pass_context
def add(ctx: click.Context, address: str, name: str, basis: str | None) -> None:
    """Add one person."""
    parsed, name = parse_address(address), as_one_line("name", name)
    with project_of(ctx) as project:
        known = project.store.subscribers.get(parsed)
        if known is not None and known.membership == "subscribed" and known.block == "none":
            say(f"{parsed} is subscribed already.")
            return
        if basis is None:
            asking = sys.stdin.isatty()
            basis = click.prompt("On what ground do they get mail (kept as evidence)") if asking else UNSTATED
        project.store.subscribers.add(parsed, name, how="editor", wording=basis, who=who(project), at=now())
        say(f"{parsed} is subscribed.")


@subscribers.command()
@click.argument("address")
@yes_option
@click.pass_context
def remove(ctx: click.Context, address: str, yes: bool) -> None:
    """Unsubscribe one person. The row stays, so that no import brings them back."""
    parsed = parse_address(address)
    with project_of(ctx) as project:
        known = project.store.subscribers.get(parsed)
        if known is None:
            raise DigestError(f"{parsed} is not known here", hint="`digest subscribers list`")
        if not yes and sys.stdin.isatty():
            click.confirm(f"Unsubscribe {parsed}", abort=True)
        project.store.subscribers.set_membership(known.id, "unsubscribed", how="editor", who=who(project), at=now())
        say(f"{parsed} is unsubscribed.")


for command in (set_person, import_file, imports, undo_import, list_people, export, stats, show, consent, erase):
    subscribers.add_command(command)
