"""A pick's score in words: the factors it is the product of, and what each means."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model import Pick
from digest.pick.rank import COPY_WORTH, LOWEST_FIT
from digest.pick.spread import COVERAGE, FIT, RECENCY, SPREAD, WEIGHT


@dataclass(frozen=True)
class Term:
    name: str
    factor: float
    words: str


def terms_of(pick: Pick) -> list[Term]:
    """The terms of *pick*, in the order they are multiplied; [] for a story that was never scored."""
    return [Term(name, factor, _in_words(name, factor)) for name, factor in pick.terms.items()]


def _in_words(name: str, factor: float) -> str:
    if name == COVERAGE:
        return f"outlets that tell it; a copy counts {COPY_WORTH:g}"
    if name == FIT:
        return f"{_percent((factor - LOWEST_FIT) / (1 - LOWEST_FIT))} of what the brief can give"
    if name == WEIGHT:
        return "its source counts in full" if factor == 1 else "what its source counts in digest.toml"
    if name == RECENCY:
        return "new, so it loses nothing" if factor == 1 else f"loses {_percent(1 - factor)} for its age"
    if name == SPREAD:
        return f"loses {_percent(1 - factor)}: its section has picks already"
    return ""


def _percent(share: float) -> str:
    return f"{max(0.0, share):.0%}".replace("%", "\u00a0%")
