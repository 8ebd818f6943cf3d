"""How each language reports speech and what it calls people: word lists, read from ``data/speech/<language>.txt``.

A file is plain text a speaker of the language can extend: ``[section]``, then entries parted by commas or line ends;
``#`` begins a remark. Knows nothing of quotes or names. docs/quotes.md lists the sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Gender = Literal["m", "f", ""]  # '' unknown

SECTIONS = (
    "says", "says here", "calls", "according to", "roles", "offices", "his titles", "her titles", "titles",
    "he", "he here", "she", "she here", "says nothing", "leans", "stands", "works",
    "men", "women",
)  # fmt: skip
_OWN = ("says nothing", "leans", "stands")  # English "no" leans on nothing in Spanish: not added to another language's


@dataclass(frozen=True, slots=True)
class Speech:
    """The lists of one language, or of several together; words in small letters but for ``roles``."""

    says: frozenset[str]  # report speech wherever they stand
    cues: frozenset[str]  # those, and what reports speech only around a quoted part ("calls")
    according: tuple[str, ...]
    roles: tuple[str, ...]  # "*" for any beginning, "(x)" for an ending that may be there; a capital counts
    offices: frozenset[str]  # stand before a name with a capital
    titles: Mapping[str, Gender]
    he: frozenset[str]
    she: frozenset[str]
    says_nothing: tuple[str, ...]  # phrases of press offices
    leans: tuple[str, ...]  # openers that lean on the sentence before
    stands: tuple[str, ...]  # words with which somebody takes a stand
    works: frozenset[str]  # what bears a title: film, novel
    men: frozenset[str]  # first names
    women: frozenset[str]


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
    own = _own(language)
    english = {section: told for section, told in _lists("en").items() if section not in _OWN or section not in own}
    return _joined((english, own))


def _own(language: str) -> Mapping[str, list[str]]:
    lists = dict(_lists(language))
    for section in ("says", "he", "she"):
        lists[section] = [*lists.get(section, ()), *lists.get(f"{section} here", ())]
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
    says = frozenset(map(str.lower, entries("says")))
    return Speech(
        says=says,
        cues=says | frozenset(map(str.lower, entries("calls"))),
        according=tuple(dict.fromkeys(entries("according to"))),
        roles=tuple(dict.fromkeys(entries("roles"))),
        offices=frozenset(entries("offices")),
        titles=titles,
        he=frozenset(entries("he")),
        she=frozenset(entries("she")),
        says_nothing=tuple(dict.fromkeys(entries("says nothing"))),
        leans=tuple(dict.fromkeys(entries("leans"))),
        stands=tuple(dict.fromkeys(entries("stands"))),
        works=frozenset(map(str.lower, entries("works"))),
        men=frozenset(map(str.lower, entries("men"))),
        women=frozenset(map(str.lower, entries("women"))),
    )


class Roles:
    """Which words name a role. ``*Leiter(in)`` is Leiter, Leiterin and Schulleiterin.

    An entry with a capital names only what is written with one: in German "Rat" is a councilor, elsewhere no word.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        words: dict[bool, set[str]] = {True: set(), False: set()}
        endings: dict[bool, set[str]] = {True: set(), False: set()}
        for entry in entries:
            bare = entry.lstrip("*")
            stem, _, ending = bare.lower().rstrip(")").partition("(")
            (endings if entry.startswith("*") else words)[bare[:1].isupper()].update({stem, stem + ending})
        self._words = words
        self._endings = {capital: tuple(several) for capital, several in endings.items()}

    def __contains__(self, word: str) -> bool:
        lowered = word.lower()
        if lowered in self._words[False] or lowered.endswith(self._endings[False]):
            return True
        return word[:1].isupper() and (lowered in self._words[True] or lowered.endswith(self._endings[True]))
