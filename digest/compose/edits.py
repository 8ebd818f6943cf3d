"""What the editor changed, read from `Edit` rows. The last edit of a kind on a target wins; '' takes it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from digest.model import Edit, EditKind

T = TypeVar("T")
_SIDES = ("before", "after")


def replay(history: Iterable[Edit]) -> tuple[list[Edit], list[Edit]]:
    """The edits in force, and those undone that could be redone, the next one last.

    An undo takes the newest edit out of force, a redo brings the last undone back; what was undone is out of reach
    once something new is done.
    """
    done: list[Edit] = []
    undone: list[Edit] = []
    for edit in history:
        if edit.kind == "undo":
            undone += done[-1:]
            del done[-1:]
        elif edit.kind == "redo":
            done += undone[-1:]
            del undone[-1:]
        else:
            done.append(edit)
            undone.clear()
    return done, undone


def last_of(edits: Iterable[Edit], kind: EditKind, target: str = "") -> Edit | None:
    """The edit of *kind* on *target* that counts; None when there is none, or it was taken back."""
    found = None
    for edit in edits:
        if edit.kind == kind and edit.target == target:
            found = edit
    return found if found is not None and found.value else None


def words_of(edits: Iterable[Edit], kind: EditKind, target: str = "") -> str | None:
    """The editor's words for *kind* on *target*; None when there are none, or they were taken back."""
    edit = last_of(edits, kind, target)
    return edit.value if edit else None


@dataclass(frozen=True, slots=True)
class Move:
    """A story put in a place: counted from 1, and beside which one that was, so that it is the same place again when
    another lead has changed the order."""

    target: str
    place: int
    beside: str = ""  # the article that stood in the place; '' where only the number counts
    is_after: bool = False  # the story came from above, and stands after it

    def put(self, order: Sequence[T], ids: Sequence[str]) -> tuple[list[T], int]:
        """*order* with the story in its place, and where in *order* that place was. Unknown: unchanged, and -1."""
        if self.target not in ids:
            return list(order), -1
        at = ids.index(self.target)
        rest = [*order[:at], *order[at + 1 :]]
        there = ids.index(self.beside) if self.beside in ids else min(self.place, len(order)) - 1
        others = [id for id in ids if id != self.target]
        to = others.index(self.beside) + self.is_after if self.beside in others else min(self.place - 1, len(rest))
        rest.insert(to, order[at])
        return rest, there


def read_move(target: str, value: str) -> Move:
    """What a `move` edit's value says: ``3``, ``3 before ARTICLE`` or ``3 after ARTICLE``. Raises ValueError."""
    place, *beside = value.split(" ")
    if not re.fullmatch(r"[1-9]\d{0,3}", place) or (beside and (len(beside) != 2 or beside[0] not in _SIDES)):
        raise ValueError(f"{value!r} is no place")
    return Move(target, int(place), beside[1], beside[0] == "after") if beside else Move(target, int(place))


def move_value(ids: Sequence[str], target: str, place: int) -> str:
    """The value of the edit that puts *target* in *place* of the stories *ids*."""
    if place == 1 or target not in ids:
        return str(place)
    place = min(place, len(ids))
    beside, came_from = ids[place - 1], ids.index(target) + 1
    return str(place) if beside == target else f"{place} {'after' if place > came_from else 'before'} {beside}"


def moves(edits: Iterable[Edit]) -> list[Move]:
    """In the order to apply: an article's last move stands, where it was made."""
    last: dict[str, Move] = {}
    for edit in edits:
        if edit.kind == "move":
            last.pop(edit.target, None)
            if edit.value:
                last[edit.target] = read_move(edit.target, edit.value)
    return list(last.values())
