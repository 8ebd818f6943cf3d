"""The line in the inbox as mail programs cut it: sender, subject and the mail's first words, on phone and desktop.

Measured in the widths of Helvetica, the programs' usual sizes and a phone 375 px wide; a reader's own type size
cuts sooner or later. Knows no template: the first words are read out of the mail as a mail program reads them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

ELLIPSIS = "…"
BOLD = 1.06  # how much wider a bold letter is, on the average of English text

# Adobe's Helvetica, in thousandths of the type size, from U+0020.
_ASCII = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)
_FILLER = re.compile("(?:\\s*[\u034f\ufeff\u200b\u200c\u00ad]\\s*){10,}")  # put there to end the line
_OTHERS = {"’": 222, "‘": 222, "“": 333, "”": 333, "–": 556, "—": 1000, "…": 1000, "·": 278, "\u00a0": 278}

NO_END = 10**9
SUBJECT_FITS = (
    (9, "short"),
    (45, "fits most phones"),
    (60, "whole on a desk, cut on phones"),
    (NO_END, "long: cut nearly everywhere"),
)
PREHEADER_FITS = (
    (39, "short: the mail’s first words fill the line"),
    (140, "fills the line"),
    (NO_END, "long: cut after about 140"),
)


@dataclass(frozen=True)
class Line:
    """One field of an inbox row."""

    size_px: float
    width_px: float
    rows: int = 1
    bold: bool = False


@dataclass(frozen=True)
class Client:
    """How one program lays out a row."""

    key: str
    name: str
    sender: Line
    subject: Line
    snippet: Line | None  # None: it stands behind the subject on the same line


CLIENTS = (
    Client("gmail-phone", "Gmail, phone", Line(16, 215, bold=True), Line(14, 263, bold=True), Line(14, 263)),
    Client("gmail-desktop", "Gmail, desktop (on one line)", Line(14, 168, bold=True), Line(14, 780, bold=True), None),
    Client("apple-phone", "Apple Mail, iPhone", Line(17, 225, bold=True), Line(15, 318), Line(15, 318, rows=2)),
    Client("apple-desktop", "Apple Mail, Mac", Line(13, 190, bold=True), Line(13, 262), Line(13, 262, rows=2)),
)


@dataclass(frozen=True)
class Row:
    """What one program shows."""

    client: Client
    sender: str
    subject: str
    snippet: str
    lost: str  # what of the subject is cut off; '' for nothing


def rows(sender: str, subject: str, snippet: str) -> list[Row]:
    """How each program shows the mail in its list."""
    return [_row(client, sender, subject, snippet) for client in CLIENTS]


def _row(client: Client, sender: str, subject: str, snippet: str) -> Row:
    title = fit(subject, client.subject)
    kept = title.removesuffix(ELLIPSIS) if title != subject else title
    if client.snippet is not None:
        words = fit(snippet, client.snippet)
    else:
        room = client.subject.width_px - width_px(f"{title} - ", client.subject)
        words = fit(snippet, Line(client.subject.size_px, max(0.0, room))) if title == subject else ""
    return Row(client, fit(sender, client.sender), title, words, subject[len(kept) :].strip())


def fit(text: str, line: Line) -> str:
    """*text* as far as it goes into *line*, with an ellipsis where it does not end."""
    room = line.width_px * line.rows * (1 if line.rows == 1 else 0.96)  # a row rarely breaks at its very end
    if width_px(text, line) <= room:
        return text
    room -= width_px(ELLIPSIS, line)
    used = 0.0
    for number, character in enumerate(text):
        used += width_px(character, line)
        if used > room:
            return text[:number].rstrip() + ELLIPSIS
    return text


def width_px(text: str, line: Line) -> float:
    """How wide *text* is in that line's type."""
    return sum(map(_thousandths, text)) * line.size_px / 1000 * (BOLD if line.bold else 1)


def _thousandths(character: str) -> int:
    if " " <= character <= "~":
        return _ASCII[ord(character) - 32]
    if character in _OTHERS:
        return _OTHERS[character]
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    base = unicodedata.normalize("NFD", character)[0]
    if base != character:
        return _thousandths(base)
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 556


@dataclass(frozen=True)
class Length:
    """A count beside the words that judge it."""

    characters: int
    verdict: str


def judge(text: str, scale: Sequence[tuple[int, str]]) -> Length:
    """How *text* does in an inbox line by *scale*: (most characters, verdict), shortest first."""
    length = len(text)
    return Length(length, next(words for most, words in scale if length <= most) if length else "missing")


def first_words(html: str) -> str:
    """The words a mail program puts behind the subject: the first of the body, hidden ones too, without filler."""
    reader = _Body()
    reader.feed(html)
    reader.close()
    return " ".join(_FILLER.split("".join(reader.parts).strip())[0].split())[:300]


class _Body(HTMLParser):
    """Collects the text of the body up to what fills any inbox line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._inside = self._inside or tag == "body"
        self._hidden += tag in {"style", "script", "title"}
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if self._inside and not self._hidden and sum(map(len, self.parts)) < 2000:
            self.parts.append(data)
