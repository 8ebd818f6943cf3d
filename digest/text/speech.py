"""How each language reports speech and what it calls people: word lists, read from ``data/speech/<language>.txt``.

A file is plain text a speaker of the language can extend: ``[section]``, then entries parted by commas or line ends;
``#`` begins a remark. Knows nothing of quotes or names. docs/quotes.md lists the sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Gender = Literal["m", "f", ""]  # '' unknown

SECTIONS = (
    "says", "says here", "calls", "according to", "roles", "offices", "his titles", "her titles", "titles", "he", "she",
    "says nothing", "leans",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speech:
    """The lists of one language, or of several together; words in small letters but for ``roles``."""

    says: frozenset[str]  # report speech wherever they stand
    calls: frozenset[str]  # report speech only around a quoted part
    according: tuple[str, ...]
    roles: tuple[str, ...]  # "*" for any beginning, "(x)" for an ending that may be there; a capital counts
    offices: frozenset[str]  # stand before a name with a capital
    titles: Mapping[str, Gender]
    he: frozenset[str]
    she: frozenset[str]
    says_nothing: tuple[str, ...]  # phrases of press offices
    leans: tuple[str, ...]  # openers that lean on the sentence before

    @property
    def cues(self) -> frozenset[str]:
        return self.says | self.calls


def parse_lists(text: str, where: str = "") -> dict[str, list[str]]:
    """Each section's entries in order. Raises ValueError, with *where* and the line, for a section nobody knows."""
    lists: dict[str, list[str]] = {}
    section: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if line.startswith("["):
            name = line.strip("[]").strip()
            if name not in SECTIONS:
                raise ValueError(f"{where}:{number}: no section [{name}]; there are {', '.join(SECTIONS)}")
            section = lists.setdefault(name, [])
        elif line:
            if section is None:
                raise ValueError(f"{where}:{number}: entries before the first [section]")
            section += [entry for part in line.split(",") if (entry := " ".join(part.split()))]
    return lists


@cache
def languages() -> tuple[str, ...]:
    """The languages there is a file for, English first."""
    found = sorted(f.name[:-4] for f in _folder().iterdir() if f.name.endswith(".txt"))
    return tuple(sorted(found, key=lambda name: name != "en"))


@cache
def speech(language: str = "") -> Speech:
    """The lists of *language* and English; of all languages where there is no file for it (or 'und')."""
    if language not in languages():
        return _joined(_lists(name) for name in languages())
    return _joined((_lists("en"), _own(language)))


def _own(language: str) -> Mapping[str, list[str]]:
    lists = dict(_lists(language))
    lists["says"] = [*lists.get("says", ()), *lists.get("says here", ())]
    return lists


def _folder() -> Traversable:
    return files("digest.text") / "data" / "speech"


@cache
def _lists(language: str) -> Mapping[str, list[str]]:
    name = f"{language}.txt"
    return parse_lists((_folder() / name).read_text("utf-8"), name)


def _joined(all_lists: Iterable[Mapping[str, list[str]]]) -> Speech:
    several = list(all_lists)

    def entries(section: str) -> Iterator[str]:
        return (entry for lists in several for entry in lists.get(section, ()))

    titles: dict[str, Gender] = {}
    genders: tuple[tuple[str, Gender], ...] = (("his titles", "m"), ("her titles", "f"), ("titles", ""))
    for section, gender in genders:
        for entry in entries(section):
            titles.setdefault(entry.lower(), gender)
    return Speech(
        says=frozenset(map(str.lower, entries("says"))),
        calls=frozenset(map(str.lower, entries("calls"))),
        according=tuple(dict.fromkeys(entries("according to"))),
        roles=tuple(dict.fromkeys(entries("roles"))),
        offices=frozenset(entries("offices")),
        titles=titles,
        he=frozenset(entries("he")),
        she=frozenset(entries("she")),
        says_nothing=tuple(dict.fromkeys(entries("says nothing"))),
        leans=tuple(dict.fromkeys(entries("leans"))),
    )


def role_pattern(roles: Iterable[str]) -> re.Pattern[str]:
    """Matches a word that names a role. ``*leiter`` is Leiter and Schulleiter, ``president(e)`` both its forms.

    An entry with a capital names only what is written with one: in German "Rat" is a councilor, elsewhere no word.
    """
    written: list[str] = []
    spoken: list[str] = []
    for entry in sorted(roles, key=len, reverse=True):
        body = re.sub(r"\\\((.*?)\\\)", r"(?:\1)?", re.escape(entry.lstrip("*")))
        body = rf"[\w-]*{body}" if entry.startswith("*") else body
        (written if entry.lstrip("*")[:1].isupper() else spoken).append(body)
    parts = [rf"(?:{'|'.join(spoken)})"] if spoken else []
    parts += [rf"(?-i:(?=[A-ZÀ-Þ]))(?:{'|'.join(written)})"] if written else []
    return re.compile(rf"(?i:{'|'.join(parts)})\b" if parts else r"(?!)")
