"""What the check found, as the page shows it: the one place that knows the check's own field names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest.approval import warned
from digest.model import Item
from digest.render.check import Finding
from digest.store.approvals import Waiver, Warned


@dataclass(frozen=True)
class Note:
    is_error: bool
    rule: str  # '' where the check names none
    place: str
    what: str
    why: str  # '' where what is wrong says it all
    remedy: str
    story: int  # the story it is about, from 1; 0 for none
    waiver: Waiver | None = None  # why it may stand; None: nobody says that it may


def notes_of(findings: Iterable[Finding], items: Sequence[Item], waivers: Mapping[Warned, Waiver] = {}) -> list[Note]:
    """*findings*, errors first; those of *waivers* may stand."""
    stories = {item.article.title: number for number, item in reversed(list(enumerate(items, 1)))}
    stories |= {item.article.id: number for number, item in enumerate(items, 1)}
    notes = []
    for finding in findings:
        notes.append(
            Note(
                is_error=finding.severity == "error",
                rule=finding.rule,
                place=finding.place,
                what=finding.what,
                why=finding.why,
                remedy=finding.remedy,
                story=stories.get(finding.article or finding.place, 0),
                waiver=waivers.get(warned(finding)),
            )
        )
    return sorted(notes, key=lambda note: not note.is_error)
