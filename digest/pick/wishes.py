"""What did the editor decide? Pins, drops and the lead, as the edits leave them; the last word on an article counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from digest.model import Edit, Story


@dataclass(frozen=True, slots=True)
class Wishes:
    """The editor's word by article id. Pins stand in the order they were made, the newest last."""

    pins: tuple[str, ...]
    drops: Mapping[str, str]  # article id -> who dropped it
    lead: str | None  # None: no article was named

    def pinned(self, story: Story) -> str | None:
        """The article of *story* that must be printed: the named lead, else the newest pin; None where there is
        none."""
        ids = {a.id for a in story.articles()}
        if self.lead in ids:
            return self.lead
        return next((pin for pin in reversed(self.pins) if pin in ids), None)

    def dropped(self, story: Story) -> str | None:
        """Who dropped *story*, by any of its articles; None where nobody did."""
        return next((self.drops[a.id] for a in story.articles() if a.id in self.drops), None)


def read_wishes(edits: Iterable[Edit]) -> Wishes:
    """What *edits*, in the order they were made, come to; an edit without a value takes one back."""
    pins: dict[str, None] = {}
    drops: dict[str, str] = {}
    lead: str | None = None
    for edit in edits:
        if edit.kind == "lead":
            lead = edit.target if edit.value else None
        if edit.kind in {"pin", "lead"} and edit.value:
            pins.pop(edit.target, None)
            pins[edit.target] = None
            drops.pop(edit.target, None)
        elif edit.kind == "pin":
            pins.pop(edit.target, None)
        elif edit.kind == "drop" and edit.value:
            drops[edit.target] = edit.who
            pins.pop(edit.target, None)
        elif edit.kind == "drop":
            drops.pop(edit.target, None)
    return Wishes(tuple(pins), drops, lead)
