"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "warning", "error", "skipped"]
Urgency = Literal["now", "before the next issue", "soon", ""]

ORDER: tuple[Level, ...] = ("error", "warning", "skipped", "good")


@dataclass(frozen=True, slots=True)
class Record:
    """A line for the zone of a domain. *value* is in one piece, as web forms want it."""

    name: str  # without the last dot
    kind: Literal["TXT", "MX"]
    value: str

    def __str__(self) -> str:
        """As a zone file wants it: a TXT in strings of at most 255 bytes (RFC 1035, 3.3.14)."""
        if self.kind != "TXT":
            return f"{self.name}. IN {self.kind} {self.value}"
        text = self.value.replace("\\", "\\\\").replace('"', '\\"')
        pieces = (text[at : at + 255] for at in range(0, len(text), 255))
        return f"{self.name}. IN TXT " + " ".join(f'"{piece}"' for piece in pieces)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that is right, is wrong, or could not be looked at."""

    topic: str  # "SPF", "keys" …
    level: Level
    what: str
    todo: str = ""  # '' where there is nothing to do
    record: Record | None = None  # to add, or to have instead of the one there; None: it is not about the DNS
    urgency: Urgency = ""  # '' where nothing is to be done


def good(topic: str, what: str) -> Verdict:
    return Verdict(topic, "good", what)


def error(topic: str, what: str, todo: str = "", record: Record | None = None, *, now: bool = False) -> Verdict:
    """*now*: people’s data, or mail that is under way, is at risk; else it is for before the next issue."""
    return Verdict(topic, "error", what, todo, record, "now" if now else "before the next issue")


def warning(topic: str, what: str, todo: str = "", record: Record | None = None) -> Verdict:
    return Verdict(topic, "warning", what, todo, record, "soon")


def skipped(topic: str, why: str, todo: str = "") -> Verdict:
    return Verdict(topic, "skipped", why, todo)


def sorted_by_weight(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What is most urgent first; otherwise in the order they were found."""
    return sorted(verdicts, key=lambda v: (ORDER.index(v.level), v.urgency != "now"))
