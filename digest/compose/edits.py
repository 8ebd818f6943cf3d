"""What the editor changed, read from `Edit` rows. The last edit of a kind on a target wins; '' takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from digest.model import Edit, EditKind

T = TypeVar("T")


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


def moves(edits: Iterable[Edit]) -> list[tuple[str, int]]:
    """(article id, position from 1) in the order to apply: an article's last move stands, where it was made."""
    last: dict[str, int] = {}
    for edit in edits:
        if edit.kind == "move":
            last.pop(edit.target, None)
            if edit.value:
                last[edit.target] = int(edit.value)
    return list(last.items())


def moved(order: Sequence[T], ids: Sequence[str], target: str, position: int) -> list[T]:
    """*order* with the element whose id is *target* at *position* (from 1, kept inside the list)."""
    if target not in ids:
        return list(order)
    at = ids.index(target)
    rest = [*order[:at], *order[at + 1 :]]
    rest.insert(max(0, min(position - 1, len(rest))), order[at])
    return rest
