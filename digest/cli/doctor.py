"""`digest doctor`: what is right, what is wrong, what to do about it, and how urgent that is."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from digest.cli.common import json_option, now, print_json, project_of, say
from digest.errors import DigestError
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.dispatch.doctor import Verdict


@click.command()
@json_option
@click.option("--offline", is_flag=True, help="Look at this machine only; ask no relay, no DNS, no site.")
@click.option("--resolver", metavar="HOST:PORT", default="", envvar="DIGEST_RESOLVER", help="Ask this DNS server.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, offline: bool, resolver: str) -> None:
    """Look for what would go wrong, and say what to do. Exit 1 when something would.

    Looks at keys, folder, disk, clock, database and ledger, at a letter as it would leave, and at what DNS, relay and
    site say. Changes nothing.
    """
    from digest.dispatch.doctor import examine

    with project_of(ctx) as project:
        found = examine(project.folder, project.config, project.store, now=now(), offline=offline, resolver=resolver)
    if as_json:
        print_json([{**asdict(v), "line": str(v.record) if v.record else ""} for v in found])
    else:
        _print(found)
    if errors := sum(v.level == "error" for v in found):
        raise DigestError(
            f"{counted(errors, 'thing')} would go wrong", hint="mend them, then ask again: `digest doctor`"
        )


def _print(found: Sequence[Verdict]) -> None:
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)

    def lines(text: str, first: str, others: str) -> None:
        say(textwrap.fill(text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False))

    signs = {"good": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red"), "skipped": ("·", "white")}
    title = ""
    for verdict in found:
        here = {"good": "All right", "skipped": "Not looked at"}.get(verdict.level) or verdict.urgency.capitalize()
        if here != title:
            say(("\n" if title else "") + click.style(here, bold=True))
            title = here
        sign, color = signs[verdict.level]
        lines(f"{verdict.topic}: {verdict.what}", f"  {click.style(sign, fg=color)} ", "    ")
        if verdict.todo:
            lines(verdict.todo, "    → ", "      ")
        if verdict.record is not None:
            say(f"      {verdict.record}")  # in one line, to be copied
