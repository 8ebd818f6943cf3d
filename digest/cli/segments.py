"""Some of the people or all: as a list, as a file with their consent, and counted."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from digest.cli.common import json_option, now, print_json, project_of, say, table
from digest.cli.subscriber_set import sections_of
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.store.segments import Segment
    from digest.store.statistics import PeopleCounted
    from digest.store.subscribers import WithConsent

F = TypeVar("F", bound=Callable[..., Any])

LAST_WEEKS = 12  # shown in the terminal


def segment_options(command: F) -> F:
    """--topic, --language, --status, --block, --joined-before, --joined-after."""
    for option in reversed(
        (
            click.option("--topic", default="", help="Who gets this section: asked for it, or for everything."),
            click.option("--language", default="", help="Who reads in this language: de is de-AT too."),
            click.option("--status", type=click.Choice(["subscribed", "unconfirmed", "unsubscribed"])),
            click.option("--block", type=click.Choice(["none", "bounced", "complained"])),
            click.option("--joined-before", metavar="2026-01-31", help="There before that day began."),
            click.option("--joined-after", metavar="2026-01-01", help="There since that day, or later."),
        )
    ):
        command = option(command)
    return command


def segment_of(config: Config, given: dict[str, Any]) -> Segment:
    """What the options say. Raises DigestError for what is no day or no section."""
    from digest.store.segments import Segment

    topic = given["topic"].strip()
    return Segment(
        topic=sections_of([topic], [s.name for s in config.sections])[0] if topic else "",
        language=given["language"].strip(),
        status=given["status"],
        block=given["block"],
        joined_before=_day(given["joined_before"], config),
        joined_after=_day(given["joined_after"], config),
        usual=config.newsletter.language,
    )


def _day(text: str | None, config: Config) -> datetime | None:
    """The beginning of that day by the newsletter's clock."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=config.zone)
    except ValueError as error:
        raise DigestError(f"{text!r} is no day", hint="like 2026-01-31") from error


@click.command("list")
@segment_options
@json_option
@click.pass_context
def list_people(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Everybody, or those of a segment, with membership and block."""
    with project_of(ctx) as project:
        people = list(project.store.subscribers.export(segment_of(project.config, given)))
    if as_json:
        print_json(
            [
                {
                    "id": p.id,
                    "address": str(p.address),
                    "name": p.name,
                    "membership": p.membership,
                    "block": p.block,
                    "language": p.language,
                    "topics": p.topics,
                }
                for p in people
            ]
        )
        return
    table(
        ("id", "address", "name", "membership", "block"),
        [(p.id, p.address, p.name, p.membership, "" if p.block == "none" else p.block) for p in people],
    )


# ------------------------------------------------------------------------------------------------ as a file

COLUMNS = (
    *("address", "name", "membership", "block", "language", "topics", "length", "joined", "paused_until"),
    *("consent_at", "consent_how", "consent_who", "consent_wording", "consent_version"),
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@segment_options
@json_option
@click.pass_context
def export(ctx: click.Context, /, file: Path, as_json: bool, **given: Any) -> None:
    """Write everybody, or a segment, with their consent as CSV (or JSON) to FILE, or to the terminal.

    `digest subscribers import` reads it back. Leaving tokens stay here. Cells that a spreadsheet would run as formulas
    (=, +, -, @ at their beginning) get an apostrophe before them, which the import takes off again.
    """
    with project_of(ctx) as project:
        rows = map(_as_row, project.store.subscribers.export_with_consent(segment_of(project.config, given)))
        if str(file) == "-":
            _write(sys.stdout, rows, as_json)
            return
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise DigestError(f"{file} cannot be written: {error.strerror}", hint="name another place") from error
        with os.fdopen(descriptor, "w", newline="", encoding="utf-8") as out:
            number = _write(out, rows, as_json)
        project.store.written.remember(file, "an export", now())
    say(f"{number} written to {file}.")


def _as_row(found: WithConsent) -> dict[str, str]:
    person, said = found.person, found.consent
    told = (said.payload or {}) if said else {}
    cells = (
        *(str(person.address), person.name, person.membership, person.block, person.language),
        *("|".join(person.topics), person.length, found.joined.isoformat() if found.joined else ""),
        person.paused_until.isoformat() if person.paused_until else "",
        *(said.at.isoformat() if said else "", told.get("how", ""), told.get("who", "")),
        *(said.wording if said else "", said.version if said else ""),
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _write(out: Any, rows: Iterator[dict[str, str]], as_json: bool) -> int:
    import json

    from digest.people.spreadsheet import disarmed

    number = 0
    if as_json:
        out.write("[")
        for number, row in enumerate(rows, 1):
            out.write(f"{',' if number > 1 else ''}\n{json.dumps(row, ensure_ascii=False)}")
        out.write("\n]\n")
        return number
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        number += 1
        writer.writerow([disarmed(cell) for cell in row.values()])
    return number


# ------------------------------------------------------------------------------------------------ counted


@click.command()
@segment_options
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with the growth drawn.")
@json_option
@click.pass_context
def stats(ctx: click.Context, /, html: Path | None, as_json: bool, **given: Any) -> None:
    """How many there are, came and left: by week, issue, language and topic."""
    with project_of(ctx) as project:
        segment = segment_of(project.config, given)
        counted = project.store.statistics.count(segment, project.config.zone)
        if html is not None:
            from digest.web.people import people_page

            of = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in given.items() if value)
            try:
                html.write_text(people_page(project.config, counted, of=of, now=now()), "utf-8")
            except OSError as error:
                raise DigestError(f"{html} cannot be written: {error.strerror}", hint="name another place") from error
            say(f"{html}: {counted.subscribed:,} subscribed.")
        elif as_json:
            print_json(asdict(counted))
        else:
            _print(counted, project.config)


def _print(counted: PeopleCounted, config: Config) -> None:
    say(f"{counted.total:,} known")
    for status, number in counted.by_status.items():
        say(f"  {number:>9,} {status}")
    weeks = counted.weeks[-LAST_WEEKS:]
    if weeks:
        table(
            ("week of", "joined", "left", "subscribed at its end"),
            [(w.monday, f"{w.joined:,}", f"{w.left:,}", f"{w.members:,}") for w in weeks],
            title=f"The last {len(weeks)} weeks" if len(weeks) < len(counted.weeks) else "",
        )
    if counted.issues:
        table(
            ("issue", "accepted", "left after it", "of a thousand"),
            [(i.slug, f"{i.accepted:,}", f"{i.left:,}", f"{1000 * i.left / i.accepted:.1f}") for i in counted.issues],
        )
    own = f"{config.newsletter.language} (the newsletter’s)"
    table(("language", "subscribed"), [(tag or own, f"{number:,}") for tag, number in counted.languages])
    if len(counted.topics) > 1 or any(topic for topic, _ in counted.topics):
        table(("topic", "asked for by"), [(topic or "everything", f"{number:,}") for topic, number in counted.topics])
