"""The people: subscribers add, import, list, remove, export."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.address import parse_address
from digest.cli.common import json_option, now, print_json, project_of, say, table, who, yes_option
from digest.cli.subscriber_set import set_person
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.store.imports import ImportRow

WORDING = "entered by the editor"


@click.group()
def subscribers() -> None:
    """Add, import, list, remove and export subscribers."""


subscribers.add_command(set_person)


@subscribers.command()
@click.argument("address")
@click.option("--name", default="")
@click.option("--basis", default=WORDING, help="On what ground this person gets mail; kept as consent evidence.")
@click.pass_context
def add(ctx: click.Context, address: str, name: str, basis: str) -> None:
    """Add one person."""
    parsed = parse_address(address)
    with project_of(ctx) as project:
        known = project.store.subscribers.get(parsed)
        if known is not None and known.membership == "subscribed" and known.block == "none":
            say(f"{parsed} is subscribed already.")
            return
        project.store.subscribers.add(parsed, name, how="editor", wording=basis, who=who(project), at=now())
        say(f"{parsed} is subscribed.")


@subscribers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--basis", default="imported by the editor", help="The stated ground; kept as consent evidence.")
@click.option("--dry-run", is_flag=True, help="Say what would happen.")
@yes_option
@click.pass_context
def import_file(ctx: click.Context, file: Path, basis: str, dry_run: bool, yes: bool) -> None:
    """Import FILE, a CSV with a column `address` (or `email`) and perhaps `name`, `language`, `topics` (sections,
    with | between them).

    Good rows go in together or not at all; bad ones are written beside it (people.rejected.csv) with the reason.
    Nobody who left, complained or was erased comes back by an import.
    """
    rows = read_rows(file)
    with project_of(ctx) as project:
        plan = project.store.imports.add(rows, how="import", basis=basis, who=who(project), at=now(), dry_run=True)
        say(
            f"{file.name}: {len(rows)} lines: {plan.added} new, {plan.known} known already, "
            f"{plan.duplicates} twice in the file, {plan.left_alone} left alone (they left or are blocked), "
            f"{len(plan.rejected)} bad."
        )
        if dry_run:
            _show_bad(plan.rejected)
            say("A dry run: nothing was changed.")
            return
        if plan.added and not yes and sys.stdin.isatty():
            click.confirm(f"Import {plan.added}", abort=True)
        done = project.store.imports.add(rows, how="import", basis=basis, who=who(project), at=now(), dry_run=False)
        _show_bad(done.rejected)
        if done.rejected:
            bad = file.with_suffix(".rejected.csv")
            with bad.open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out)
                writer.writerow(("line", "address", "why"))
                writer.writerows(done.rejected)
            say(f"The bad lines are in {bad}.")
        say(f"{done.added} imported.")


def _show_bad(rejected: Sequence[tuple[int, str, str]]) -> None:
    for line, raw, reason in rejected[:5]:
        say(f"  line {line}: {raw!r}: {reason}")
    if len(rejected) > 5:
        say(f"  … and {len(rejected) - 5} more")


ADDRESS_COLUMNS = {"address", "email", "e-mail", "email address", "e-mail address", "mail", "adresse"}
NAME_COLUMNS = {"name", "full name", "first name", "vorname"}
STATUS_COLUMNS = {"status", "membership", "state"}
LEFT_COLUMNS = {"unsub_time", "unsubscribed_at", "optout_time"}
STAYING = {"", "subscribed", "active", "confirmed", "enabled", "regular", "yes", "true", "1", "none"}


def _decoded(file: Path) -> str:
    """The file's text: UTF-8, or as spreadsheets save it: UTF-16 with its mark, else Windows-1252."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DigestError(f"{file} cannot be read: {error.strerror}", hint="look at its name and rights") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        say(f"{file.name} is not UTF-8; read as Windows-1252: look at names with accents")
        return data.decode("cp1252", "replace")


def read_rows(file: Path) -> list[ImportRow]:
    """The CSV's rows as ImportRow values, those its own status calls gone marked so.

    Raises DigestError when the file is no CSV of addresses.
    """
    from digest.store.imports import ImportRow

    text = _decoded(file)
    if not text.strip():
        raise DigestError(f"{file} is empty", hint="its first line should hold `address` and perhaps `name`")
    lines = text.splitlines()
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.reader(lines, delimiter=delimiter)
    head = [cell.strip().casefold() for cell in next(reader)]

    def column(names: set[str]) -> int | None:
        return next((n for n, cell in enumerate(head) if cell in names), None)

    where, name, block = column(ADDRESS_COLUMNS), column(NAME_COLUMNS), column({"block"})
    status, left = column(STATUS_COLUMNS), column(LEFT_COLUMNS)
    language, topics = column({"language"}), column({"topics"})
    if where is None:
        where = next((n for n, cell in enumerate(head) if "@" in cell), None)
        if where is None:
            raise DigestError(f"{file}, line 1: no column is called `address`", hint=f"it has: {', '.join(head)}")
        reader, head = csv.reader(lines, delimiter=delimiter), []
    used = {where, name, block, status, left, language, topics}
    ignored = [cell for n, cell in enumerate(head) if n not in used and cell]
    if ignored:
        say(f"columns not used: {', '.join(ignored)}")

    def cell(cells: list[str], at: int | None) -> str:
        return cells[at].strip() if at is not None and at < len(cells) else ""

    return [
        ImportRow(
            reader.line_num,
            cell(cells, where),
            cell(cells, name),
            cell(cells, language),
            tuple(topic.strip() for topic in re.split(r"[|;]", cell(cells, topics)) if topic.strip()),
            left=bool(cell(cells, left))
            or cell(cells, status).casefold() not in STAYING
            or cell(cells, block).casefold() not in STAYING,
        )
        for cells in reader
        if any(c.strip() for c in cells)
    ]


@subscribers.command("list")
@json_option
@click.pass_context
def list_people(ctx: click.Context, as_json: bool) -> None:
    """Everybody, with membership and block."""
    with project_of(ctx) as project:
        people = list(project.store.subscribers.all())
    if as_json:
        print_json(
            [
                {
                    "id": p.id,
                    "address": str(p.address),
                    "name": p.name,
                    "membership": p.membership,
                    "block": p.block,
                }
                for p in people
            ]
        )
        return
    table(
        ("id", "address", "name", "membership", "block"),
        [(p.id, p.address, p.name, p.membership, "" if p.block == "none" else p.block) for p in people],
    )


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


@subscribers.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.pass_context
def export(ctx: click.Context, file: Path) -> None:
    """Write everybody as CSV to FILE, or to the terminal. Leaving tokens stay here."""
    with project_of(ctx) as project:
        people = list(project.store.subscribers.all())
    rows = [("address", "name", "membership", "block", "language", "since")]
    rows += [
        (
            str(p.address),
            p.name,
            p.membership,
            p.block,
            p.language,
            p.consent.isoformat() if p.consent else "",
        )
        for p in people
    ]
    if str(file) == "-":
        csv.writer(sys.stdout).writerows(rows)
        return
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(rows)
    say(f"{len(people)} written to {file}.")
