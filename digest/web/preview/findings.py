"""What the check found, as the page shows it: the one place that knows the check's own field names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.model import Item
from digest.render.check import Finding


@dataclass(frozen=True)
class Note:
    is_error: bool
    where: str
    what: str
    remedy: str
    story: int  # the story it is about, from 1; 0 for none


def notes_of(findings: Iterable[Finding], items: Sequence[Item]) -> list[Note]:
    """*findings*, errors first."""
    numbers = {item.article.title: number for number, item in reversed(list(enumerate(items, 1)))}
    notes = [Note(f.level == "error", f.where, f.what, f.hint, numbers.get(f.where, 0)) for f in findings]
    return sorted(notes, key=lambda note: not note.is_error)
