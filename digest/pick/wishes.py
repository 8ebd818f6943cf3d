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
    said: Mapping[str, int]  # article id -> when the last word on it was said, counted from 0

    def pinned(self, story: Story) -> str | None:
        """The article of *story* that must be printed: the named lead, else the newest pin; None where there is
        none."""
        if self.said.keys().isdisjoint(a.id for a in story.articles()):
            return None
        ids = {a.id for a in story.articles()}
        if self.lead in ids:
            return self.lead
        return next((pin for pin in reversed(self.pins) if pin in ids), None)

    def dropped(self, story: Story) -> str | None:
        """Who dropped *story*, by any of its articles; None where nobody did, or somebody pinned one of them since."""
        words = [(self.said[a.id], self.drops.get(a.id)) for a in story.articles() if a.id in self.said]
        return max(words, default=(0, None))[1]


def read_wishes(edits: Iterable[Edit]) -> Wishes:
    """What *edits*, in the order they were made, come to. A lead is pinned too. An edit without a value takes those of
    its kind on its article back, as if they were never made; a pin taken back takes a lead with it."""
    kept: list[Edit] = []
    for edit in edits:
        if edit.kind not in {"pin", "drop", "lead"}:
            continue
        if edit.value:
            kept.append(edit)
        else:
            ended = {"pin", "lead"} if edit.kind == "pin" else {edit.kind}
            kept = [e for e in kept if e.target != edit.target or e.kind not in ended]
    pins: dict[str, None] = {}
    drops: dict[str, str] = {}
    lead: str | None = None
    said: dict[str, int] = {}
    for number, edit in enumerate(kept):
        said[edit.target] = number
        pins.pop(edit.target, None)
        drops.pop(edit.target, None)
        if edit.kind == "drop":
            drops[edit.target] = edit.who
            lead = None if lead == edit.target else lead
        else:
            pins[edit.target] = None
            lead = edit.target if edit.kind == "lead" else lead
    return Wishes(tuple(pins), drops, lead, said)
