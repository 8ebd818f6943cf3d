"""Lists of people: what a file holds and how it is read, the import, what was imported, and taking one back."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from digest.cli.common import (
    clock,
    json_option,
    now,
    print_json,
    progress_bars,
    project_of,
    say,
    table,
    who,
    yes_option,
)
from digest.errors import DigestError, SendError
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.people import Export, ImportRow, Reading
    from digest.sources import Progress
    from digest.store.imports import ImportReport, Rejected

UNSTATED = "no ground stated"  # as consent says it
BIG = 2**21  # bytes of a list that holds up who else wants to write

WORDS = {
    "added": "new",
    "known": "known already, not touched",
    "left_alone": "left alone: they left, are blocked or were erased here",
    "kept_out": "kept out: they left there; only their address is kept, so that no list brings them in",
    "leaving": "subscribed here, but left there: unsubscribed now",
    "duplicates": "twice in the file",
    "rejected": "bad",
}


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--basis", help="The ground on which they get mail; kept as consent evidence, asked for if not given.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help="What a column is; `-` leaves it out.")
@click.option("--encoding", default="", help="Of the file, where it is guessed wrong: windows-1251, shift_jis …")
@click.option("--dry-run", is_flag=True, help="Say what would happen.")
@yes_option
@json_option
@click.pass_context
def import_file(
    ctx: click.Context,
    file: Path,
    basis: str | None,
    mapping: Sequence[str],
    encoding: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import FILE: a CSV, or what Mailchimp, listmonk, Substack, Buttondown, Ghost or Mailman export (a .zip as it is).

    Says how it is read and what would happen, and asks. Good rows go in together or not at all; bad ones are written
    beside it (people.rejected.csv) with the reason. Nobody who left, bounced, complained or was erased comes back.
    """
    from digest.people import read_export

    with project_of(ctx) as project:
        tell: Callable[[str], None] = (lambda text: None) if as_json else say
        watch = _Watch(file)
        export = read_export(
            watch.opened,
            file.name,
            mapping=_mapping(mapping),
            encoding=encoding,
            keep_ip=project.config.consent.keep_ip,
        )
        _tell_reading(export, file, tell)
        asking = sys.stdin.isatty() and not yes and not as_json
        if basis is None:
            basis = click.prompt("On what ground do they get mail (kept as evidence)") if asking else UNSTATED
        common: dict[str, Any] = {
            "how": "import",
            "basis": basis,
            "who": who(project),
            "at": now(),
            "file": str(file.resolve()),
            "tool": export.tool,
        }
        _refuse_beside_send(project.folder, file)
        plan: ImportReport | None = None
        if dry_run or asking:
            with watch.shown():
                plan = project.store.imports.add(export.rows(), dry_run=True, **common)
            _tell_plan(plan, tell)
        if dry_run:
            tell("A dry run: nothing was changed.")
            if as_json:
                print_json(_as_dict(export, plan, None))
            return
        if plan is not None and plan.added + plan.kept_out + plan.leaving:
            click.confirm(f"Import {plan.added:,}", abort=True)
        with watch.shown(), _rejects(file) as (reject, bad):
            done = project.store.imports.add(export.rows(), rejected=reject, expected=plan, **common)
        if done.rejected:
            project.store.written.remember(bad, "lines an import could not take", common["at"])
        if as_json:
            print_json(_as_dict(export, done, bad if done.rejected else None))
            return
        if plan is None:
            _tell_plan(done, tell)
        if done.rejected:
            say(f"The bad lines are in {bad}.")
        say(f"{done.added:,} imported.")
        if done.added + done.kept_out + done.leaving:
            number = project.store.imports.all()[-1].id
            say(f"Until they are in an approved issue, `digest subscribers undo-import {number}` takes them back.")


def _mapping(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in given:
        column, equals, field = pair.rpartition("=")
        if not equals or not column.strip():
            raise click.BadParameter(f"{pair!r} is no COLUMN=FIELD, like 'E-mail (work)=address'", param_hint="--map")
        found[column.strip()] = field.strip().casefold()
    return found


class _Watch:
    """Opens the list, again and again, and shows how far it was read."""

    def __init__(self, path: Path) -> None:
        self._path, self._total = path, max(1, path.stat().st_size)
        self._progress: Progress | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        with progress_bars() as self._progress:
            yield
        self._progress = None

    def read(self, bytes_so_far: int) -> None:
        if self._progress is not None:
            self._progress("read", bytes_so_far, self._total)

    def opened(self) -> BinaryIO:
        try:
            return cast(BinaryIO, io.BufferedReader(_Watched(self._path, self), 2**18))
        except OSError as error:
            raise DigestError(
                f"{self._path} cannot be read: {error.strerror}", hint="look at its name and rights"
            ) from error


class _Watched(io.FileIO):
    def __init__(self, path: Path, watch: _Watch) -> None:
        super().__init__(path, "rb")
        self._watch = watch

    def readinto(self, buffer: Any) -> int:
        got = super().readinto(buffer) or 0
        self._watch.read(self.tell())
        return got


def _refuse_beside_send(folder: Path, file: Path) -> None:
    from digest.dispatch.locks import at_work

    if file.stat().st_size > BIG and at_work(folder) is not None:
        raise SendError(
            "a `digest send` is at work, and a list this long would hold it up",
            hint="import it when the issue is out, or `digest pause` first",
        )


# ------------------------------------------------------------------------------------------------ saying it


def _tell_reading(export: Export, file: Path, tell: Callable[[str], None]) -> None:
    many = len(export.readings) > 1
    of = "a list" if export.tool == "a list" else f"an export of {export.tool}"
    tell(f"{file.name}: {of}{f', {len(export.readings)} files, those who left first' if many else ''}.")
    for reading in export.readings:
        _tell_columns(reading, reading.part.name if many else "", export.keep_ip, tell)
    for line in export.said:
        tell(line)


KINDS = {"unsubscribed": ", people who left", "bounced": ", addresses that bounced"}
ENCODINGS = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}


def _tell_columns(reading: Reading, name: str, keep_ip: bool, tell: Callable[[str], None]) -> None:
    delimiter = {"\t": "a tab"}.get(reading.table.delimiter, f"“{reading.table.delimiter}”")
    encoding = ENCODINGS.get(reading.table.encoding, reading.table.encoding).upper()
    header = "" if reading.table.header else ", no header"
    title = f"{name}{KINDS.get(reading.kind, '')}: " if name else ""
    tell(f"  {title}{encoding}, cells parted by {delimiter}{header}")
    used = [
        (column, f"{field} (not kept: [consent] keep_ip is off)" if field.endswith("ip") and not keep_ip else field)
        for column, field in reading.used
    ]
    width = max(len(column) for column, _ in used)
    for column, field in used:
        tell(f"    {column:{width}}  →  {field}")
    if reading.unused:
        tell(f"    columns not used: {', '.join(reading.unused)}")


def _tell_plan(plan: ImportReport, tell: Callable[[str], None]) -> None:
    numbers = {key: getattr(plan, key) for key in WORDS}
    tell(f"{counted(plan.rows, 'person', 'people')} in the file:")
    width = max(len(f"{number:,}") for number in numbers.values())
    for key, number in numbers.items():
        if number or key == "added":
            tell(f"  {number:>{width},} {WORDS[key]}")
    for row, why in plan.shown:
        where = f"{row.part}, line" if row.part else "line"
        tell(f"    {where} {row.line}: {row.address[:80]!r}: {why}")
    if plan.rejected > len(plan.shown):
        tell(f"    … and {plan.rejected - len(plan.shown):,} more")


def _as_dict(export: Export, report: ImportReport | None, bad: Path | None) -> dict[str, object]:
    numbers = {key: getattr(report, key) for key in WORDS}
    return {
        "tool": export.tool,
        "files": [
            {
                "name": reading.part.name,
                "kind": reading.kind,
                "encoding": reading.table.encoding,
                "delimiter": reading.table.delimiter,
                "columns": dict(reading.used),
                "unused": reading.unused,
            }
            for reading in export.readings
        ],
        "said": list(export.said),
        **numbers,
        "rejected_file": str(bad) if bad else None,
    }


@contextmanager
def _rejects(file: Path) -> Iterator[tuple[Rejected, Path]]:
    """Takes bad rows and writes them beside *file*, for its owner's eyes only; in place once the import is done."""
    from digest.people.spreadsheet import disarmed

    bad = file.with_suffix(".rejected.csv")
    draft = bad.with_name(f".{bad.name}.{os.getpid()}")
    opened: list[Any] = []

    def reject(row: ImportRow, why: str) -> None:
        if not opened:
            try:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            except OSError as error:
                raise DigestError(
                    f"{bad} cannot be written: {error.strerror}", hint="copy the list where you may write"
                ) from error
            stream = os.fdopen(descriptor, "w", newline="", encoding="utf-8", errors="backslashreplace")
            opened.extend((csv.writer(stream), stream))
            opened[0].writerow(("line", "address", "why", "file"))
        opened[0].writerow((row.line, disarmed(row.address), why, row.part))

    try:
        yield reject, bad
        if opened:
            opened[1].close()
            draft.replace(bad)
    finally:
        if opened:
            opened[1].close()
        with suppress(FileNotFoundError):
            draft.unlink()


# ------------------------------------------------------------------------------------------------ what was imported


@click.command()
@json_option
@click.pass_context
def imports(ctx: click.Context, as_json: bool) -> None:
    """Every import, the newest last."""
    with project_of(ctx) as project:
        found = project.store.imports.all()
        if as_json:
            print_json([asdict(one) for one in found])
            return
        if not found:
            say("Nothing was imported yet.")
            return
        table(
            ("no.", "when", "who", "file", "of", "new", "kept out", "left", "basis", ""),
            [
                (
                    one.id,
                    clock(one.at, project.config),
                    one.who,
                    Path(one.file).name,
                    one.tool,
                    f"{one.added:,}",
                    f"{one.kept_out:,}",
                    f"{one.leaving:,}",
                    one.basis,
                    f"undone by {one.undone_by}" if one.undone_at else "",
                )
                for one in found
            ],
        )


@click.command("undo-import")
@click.argument("number", type=int, required=False)
@yes_option
@click.pass_context
def undo_import(ctx: click.Context, number: int | None, yes: bool) -> None:
    """Take back import NUMBER (the last, if not given): its people are unknown here again.

    Until an issue was approved with them in its audience. Who did something of their own since (left, paused) stays as
    they are, and who was unsubscribed by it stays so.
    """
    with project_of(ctx) as project:
        standing = [one for one in project.store.imports.all() if one.undone_at is None]
        if number is None:
            if not standing:
                raise DigestError("there is no import to take back", hint="`digest subscribers imports` lists them")
            number = standing[-1].id
        found = next((one for one in standing if one.id == number), None)
        if found is not None and not yes and sys.stdin.isatty():
            what = f"import {number} of {Path(found.file).name}, {counted(found.added, 'person', 'people')}"
            click.confirm(f"Take back {what}", abort=True)
        gone, stayed = project.store.imports.undo(number, who=who(project), at=now())
        say(f"Import {number} is undone: {counted(gone, 'person is', 'people are')} unknown here again.")
        if stayed:
            say(f"{stayed:,} stay as they are: they did something of their own since.")
