"""Lists of people made elsewhere: CSV files and other tools' exports -> rows, those who left first.

Reading order: parts (files in an archive) -> tables (bytes to cells) -> columns (what a header means) -> tools (whose
export it is) -> here. Reads streams it is given; knows no database, decides nothing about anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.errors import DigestError
from digest.people.columns import Columns, Field, columns_of, is_yes, status_of
from digest.people.parts import BrokenArchive, Part, parts_of
from digest.people.rows import ImportRow, Left, moment, one_line
from digest.people.spreadsheet import bare
from digest.people.tables import Line, Opened, Table, read_table
from digest.people.tools import LIST, MAILMAN, Kind, Tool, kind_of, tool_of, worse

__all__ = ["Export", "ImportRow", "Reading", "read_export"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One list and how it is read."""

    part: Part
    table: Table
    tool: Tool
    kind: Kind
    columns: Columns

    def column(self, number: int) -> str:
        """What it is called: its header, else its number."""
        return self.table.header[number] if self.table.header else f"column {number + 1}"

    @property
    def used(self) -> list[tuple[str, Field]]:
        return [(self.column(number), field) for number, field in self.columns.items()]

    @property
    def unused(self) -> list[str]:
        return [word for number, word in enumerate(self.table.header) if number not in self.columns and word]

    @property
    def tells_leavers(self) -> bool:
        """Whether some of its lines may be of people who left."""
        return bool({"status", "block", "stays", "stops", "left", "bounced"} & {*self.columns.values()})


@dataclass(frozen=True, slots=True)
class Export:
    readings: tuple[Reading, ...]  # files of those who left first
    said: tuple[str, ...]  # what its editor should know
    keep_ip: bool

    @property
    def tool(self) -> str:
        return self.readings[0].tool.name

    def rows(self) -> Iterator[ImportRow]:
        """Everybody in it, those who left before all others: whoever is in it twice has left. Reads anew each time."""
        for reading in self.readings:
            if reading.kind:
                yield from self._rows(reading)
        mixed = [r for r in self.readings if not r.kind and r.tells_leavers]
        for reading in mixed:
            yield from (row for row in self._rows(reading) if row.left and not row.fault)
        for reading in self.readings:
            if reading in mixed:
                yield from (row for row in self._rows(reading) if row.fault or not row.left)
            elif not reading.kind:
                yield from self._rows(reading)

    def _rows(self, reading: Reading) -> Iterator[ImportRow]:
        return map(_row_maker(reading, self.keep_ip), reading.table.lines())


def read_export(
    opened: Opened, name: str, *, mapping: Mapping[str, str] | None = None, encoding: str = "", keep_ip: bool = False
) -> Export:
    """What the file *name* holds, recognized by its header. *mapping*: the editor's word on columns.

    Raises DigestError for what is no list of people.
    """
    parts, said = parts_of(opened, name)
    readings: list[Reading] = []
    unread: list[tuple[str, DigestError]] = []
    for part in parts:
        try:
            readings.append(_reading(part, name, mapping or {}, encoding))
        except BrokenArchive:
            raise
        except DigestError as error:
            if len(parts) == 1:
                raise
            unread.append((part.name, error))
    readings = _told_apart(readings, name, unread)
    never = [r for r in readings if r.kind == "never"]
    readings = [r for r in readings if r.kind != "never"]
    if not readings:
        raise DigestError(f"{name} holds only people who never subscribed", hint="export those who did")
    said += [f"{r.part.name or name}: people who never subscribed, not read" for r in never]
    said += [f"{part}: {error}" for part, error in unread]
    said += sorted({r.tool.note for r in readings} - {""})
    for reading in readings:
        if reading.table.guessed:
            said.append(
                f"{reading.part.name or name} is not UTF-8; read as Windows-1252: look at names with accents "
                "(--encoding names another)"
            )
    order = {"bounced": 0, "unsubscribed": 1, "": 2}
    return Export(tuple(sorted(readings, key=lambda r: order[r.kind])), tuple(said), keep_ip)


def _reading(part: Part, name: str, mapping: Mapping[str, str], encoding: str) -> Reading:
    called = f"{name}: {part.name}" if part.name else name
    table = read_table(part.opened, called, encoding=encoding)
    if table.header:
        tool = tool_of(table.header)
        columns = columns_of(table.header, tool.also, mapping, called, guessed=table.guessed)
        return Reading(part, table, tool, kind_of(tool, table.header, part.name or name), columns)
    first = next(table.lines(), Line(1, []))
    where = next((n for n, cell in enumerate(first.cells) if "@" in cell), 0)
    columns = columns_of((), {}, {str(where + 1): "address", **mapping}, called)
    tool = MAILMAN if len(first.cells) == 1 and first.cells[0].strip().endswith(">") else LIST
    return Reading(part, table, tool, "", columns)


def _told_apart(readings: list[Reading], name: str, unread: list[tuple[str, DigestError]]) -> list[Reading]:
    """Of an archive's files those a tool is known by, for others may list who opened what; else the only one."""
    known = [r for r in readings if r.tool not in (LIST, MAILMAN)]
    if known:
        unread += [(r.part.name, DigestError("no export of subscribers, not read")) for r in readings if r not in known]
        return known
    if len(readings) == 1:
        return readings
    names = ", ".join([r.part.name for r in readings][:5] or [part for part, _ in unread][:5])
    raise DigestError(
        f"{name}: which of its files lists the subscribers cannot be told", hint=f"unpack it and import one of {names}"
    )


# ------------------------------------------------------------------------------------------------ one line

_MAILBOX = re.compile(r"(.*?)\s*<([^<>]*)>")
_TOLD: dict[Field, str] = {
    "joined": "joined",
    "confirmed": "confirmed",
    "left": "left",
    "earlier at": "earlier_at",
    "earlier how": "earlier_how",
    "earlier who": "earlier_who",
    "earlier wording": "earlier_wording",
}
_NETWORK: dict[Field, str] = {"ip": "ip", "confirmed ip": "confirmed_ip"}


def _row_maker(reading: Reading, keep_ip: bool) -> Callable[[Line], ImportRow]:
    """Makes a line of that list a row. Looks at the columns there are only: lists are long and narrow."""
    columns, part, kind = reading.columns, reading.part.name, reading.kind
    own = reading.tool.name == "digest"
    told = _TOLD | _NETWORK if keep_ip else _TOLD
    evidence_in = [(number, told[field]) for number, field in columns.items() if field in told]
    may_be_gone = bool(kind) or reading.tells_leavers
    width = max(columns) + 1

    def make(line: Line) -> ImportRow:
        if line.fault:
            return ImportRow(line.number, line.cells[0], fault=line.fault, part=part)
        cells = line.cells if len(line.cells) >= width else [*line.cells, *[""] * (width - len(line.cells))]
        read = {field: text for number, field in columns.items() if (text := cells[number].strip())}
        if own:
            read = {field: bare(text) for field, text in read.items()}
        given = read.get
        address = given("address", "")
        name = " ".join(filter(None, (given("first"), given("last")))) or given("name", "")
        if address.endswith(">") and (mailbox := _MAILBOX.fullmatch(address)):
            address, name = mailbox[2].strip(), name or mailbox[1].strip().strip('"')
        left, left_at, fault = _left(kind, read) if may_be_gone else ("", None, "")
        evidence = {key: text for number, key in evidence_in if (text := cells[number].strip())}
        topics = tuple(topic for word in re.split(r"[|;]", given("topics", "")) if (topic := one_line(word)))
        joined, paused = given("joined"), given("paused")
        return ImportRow(
            line.number,
            address,
            one_line(name),
            one_line(given("language", "")),
            topics,
            "lead" if given("length") == "lead" else "full",
            left,
            left_at,
            moment(joined) if joined else None,
            moment(paused) if paused else None,
            evidence,
            fault,
            part,
        )

    return make


def _left(kind: Kind, read: Mapping[Field, str]) -> tuple[Left, datetime | None, str]:
    """How they are gone, since when, and why the line cannot be taken."""
    left: Left = kind if kind in ("bounced", "unsubscribed") else ""
    fault = ""
    for field in ("status", "block"):
        if word := read.get(field):
            said, why = status_of(word)
            left, fault = worse(left, said), fault or why
    if is_yes(read.get("stays", "")) is False or is_yes(read.get("stops", "")) is True:
        left = worse(left, "unsubscribed")
    when, bounced = read.get("left", ""), read.get("bounced", "")
    if when:
        left = worse(left, "unsubscribed")
    if bounced:
        left = worse(left, "bounced")
    return left, moment(when or bounced), "" if left else fault
