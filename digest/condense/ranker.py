"""Chooses among the candidates for a quote: the sum of the clues' weights, as chances that add up to one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def choose(
    rows: Sequence[tuple[T, Sequence[str]]], weights: Mapping[str, float], name_of: Callable[[T], str]
) -> tuple[T, float] | None:
    """The likeliest candidate of the likeliest name, and that name's chance; None where there is no candidate."""
    if not rows:
        return None
    known = weights.get
    scores = [sum([known(clue, 0.0) for clue in clues]) for _, clues in rows]
    top = max(scores)
    parts = [math.exp(s - top) for s in scores]
    whole = sum(parts)
    names: dict[str, float] = {}
    for (who, _), part in zip(rows, parts, strict=True):
        names[name_of(who)] = names.get(name_of(who), 0.0) + part
    name = max(names, key=names.__getitem__)
    best = max((n for n, (who, _) in enumerate(rows) if name_of(who) == name), key=parts.__getitem__)
    return rows[best][0], names[name] / whole
