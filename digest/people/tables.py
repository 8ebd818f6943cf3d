"""Bytes of a list -> its lines, cell by cell: the encoding, the delimiter and the header found out, line by line.

Holds one line at a time. A line that cannot be read is said with its number, and the next one is read: a quotation
mark that is never closed costs its own line and no other.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple

from digest.errors import DigestError

Opened = Callable[[], BinaryIO]
"""Gives the list's bytes from their beginning, each time it is called."""

BLOCK = 2**20
SAMPLE = 2**16  # bytes looked at for the delimiter
DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000  # characters
MOST_LINES = 50  # of one row: quoted cells may hold line breaks, but a book is no cell

_TOO_LONG = "\0too long"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Line(NamedTuple):
    number: int  # of the first line of the file it stands in, from 1
    cells: list[str]
    fault: str = ""  # why it cannot be read; '' when it can


@dataclass(frozen=True, slots=True)
class Table:
    opened: Opened
    encoding: str
    guessed: bool  # the encoding: neither marked nor UTF-8 nor named
    delimiter: str
    header: tuple[str, ...]  # () when the first line is a person already
    skip: int  # lines before the first person

    def lines(self) -> Iterator[Line]:
        """Every line that is not blank, without the header."""
        with closing(self.opened()) as stream:
            rows = _rows(_physical(stream, self.encoding), self.delimiter, len(self.header))
            for line in rows:
                if line.number > self.skip and any(cell and not cell.isspace() for cell in line.cells):
                    yield line


def read_table(opened: Opened, name: str, *, encoding: str = "") -> Table:
    """The list as a table. *encoding*: what to read it as, '' to find out.

    Raises DigestError for what is no list: empty, binary, a spreadsheet.
    """
    with closing(opened()) as stream:
        found, guessed = (_named(encoding, stream), False) if encoding else _encoding(stream, name)
    with closing(opened()) as stream:
        start = list(islice(_physical(stream, found, SAMPLE), 50))
    skip = 0
    delimiter = ""
    if start and start[0].lower().startswith("sep=") and len(start[0].rstrip("\r\n")) == 5:  # Excel's own mark
        delimiter, skip = start[0][4], 1
    delimiter = delimiter or _delimiter(start)
    first = next(
        (line for line in _rows(iter(start), delimiter, 0) if line.number > skip and "".join(line.cells).strip()), None
    )
    if first is None:
        raise DigestError(f"{name} is empty", hint="its first line should hold `address` and perhaps `name`")
    if any("@" in cell for cell in first.cells):
        return Table(opened, found, guessed, delimiter, (), skip)
    header = [cell.strip() for cell in first.cells]
    while header and not header[-1]:
        header.pop()
    return Table(opened, found, guessed, delimiter, tuple(header), first.number)


# ------------------------------------------------------------------------------------------------ characters


_NO_CHARACTERS = {"idna", "punycode", "undefined", "raw-unicode-escape", "unicode-escape", "mbcs", "oem"}
"""What Python lists among its encodings, and no list is in; what turns bytes into bytes it knows itself."""


def _named(encoding: str, stream: BinaryIO) -> str:
    try:
        name = codecs.lookup(encoding).name
        io.TextIOWrapper(io.BytesIO(), name)  # LookupError for what makes no text: rot13, hex, zlib
    except (LookupError, ValueError):  # ValueError: a name with a NUL
        name = "undefined"
    if name in _NO_CHARACTERS:
        raise DigestError(f"there is no encoding {encoding!r}", hint="like utf-8, windows-1252, iso-8859-2, shift_jis")
    marks = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}
    if name in marks and not stream.read(4).startswith(marks[name]):
        return f"{name}-le"  # without its mark, as Windows writes it
    return name


def _encoding(stream: BinaryIO, name: str) -> tuple[str, bool]:
    """By its mark, else UTF-8 if all of it is, else Windows-1252, which is guessed; DigestError for no text."""
    head = stream.read(SAMPLE)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, False
    if head.startswith(b"PK\x03\x04"):
        raise DigestError(f"{name} is an archive or a workbook", hint="save the sheet as CSV, or name the .zip itself")
    if head.startswith(b"\x1f\x8b"):
        raise DigestError(f"{name} is packed", hint=f"gunzip {name}")
    if b"\0" in head:
        odd, even = head[1::2].count(0), head[::2].count(0)
        if max(odd, even) > len(head) // 4:  # every other byte: UTF-16 that lost its mark
            return ("utf-16-le" if odd > even else "utf-16-be"), False
        raise DigestError(f"{name} is no text", hint="export the list as CSV")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while head:
            decoder.decode(head)
            head = stream.read(BLOCK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252", True
    return "utf-8", False


def _physical(stream: BinaryIO, encoding: str, most: int = 0) -> Iterator[str]:
    """The text's lines as they stand, with their ends, only those that begin in the first *most* characters, if given;
    one too long comes as a mark."""
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    read = text.readline
    taken = 0
    while line := read(LONGEST_LINE):
        taken += len(line)
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            while (rest := read(BLOCK)) and rest[-1] not in "\r\n":
                pass
            line = f"{_TOO_LONG}\n"
        yield line
        if most and taken > most:
            return


# ------------------------------------------------------------------------------------------------ cells


def _delimiter(lines: list[str]) -> str:
    """The one that cuts the first lines into the same number of cells, the most of them."""

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(line.cells) for line in _rows(iter(lines), delimiter, 0) if any(line.cells)]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return sum(width == widths[0] for width in widths) / len(widths), widths[0]

    best = max(DELIMITERS, key=fit)
    return best if fit(best) > (0.0, 0) else ","


def _rows(physical: Iterator[str], delimiter: str, width: int) -> Iterator[Line]:
    """The lines cut into cells. *width*: of the header; 0 when there is none."""
    number = 1
    again: deque[str] = deque()  # lines that a quotation mark before them had taken in
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while len(taken) < MOST_LINES:  # a row of more ends here, with an odd quotation mark in it
            line = again.popleft() if again else next(physical, "")
            if not line:
                return
            taken.append(line)
            yield line

    while True:
        fault = ""
        for cells in _readable(csv.reader(feed(), delimiter=delimiter)):
            fault = _fault(cells, taken, delimiter, width)
            if fault:
                yield Line(number, [taken[0][:200].rstrip("\r\n")], fault)
                number += 1
                again.extendleft(reversed(taken[1:]))
                taken.clear()
                break
            yield Line(number, cells or [])
            number += len(taken)
            taken.clear()
        if not fault:
            return


def _readable(reader: Iterator[list[str]]) -> Iterator[list[str] | None]:
    """What the reader gives; None for a row it refuses."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _fault(cells: list[str] | None, taken: list[str], delimiter: str, width: int) -> str:
    if cells is None:
        return f"it holds a cell of more than {csv.field_size_limit():,} characters"
    if len(taken) > 1 and _swallows(cells, taken, delimiter, width):
        return "a quotation mark in it is never closed, or stands alone"
    if cells and cells[0] == _TOO_LONG:
        return f"it is longer than {LONGEST_LINE:,} characters"
    if width and len(cells) > width and any(cells[width:]):
        return f"it has {len(cells)} cells, the header {width}: one with a delimiter in it needs quotation marks"
    return ""


def _swallows(cells: list[str], taken: list[str], delimiter: str, width: int) -> bool:
    """Whether a row of several lines has others' lines in it: its marks do not match, or one reads like a person."""
    if "".join(taken).count('"') % 2 or (width and len(cells) != width):
        return True
    return any("@" in line and line.count(delimiter) + 1 == (width or len(cells)) for line in taken[1:])
