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
    names = [name_of(who) for who, _ in rows]
    chances: dict[str, float] = {}
    for name, part in zip(names, parts, strict=True):
        chances[name] = chances.get(name, 0.0) + part
    likeliest = max(chances, key=chances.__getitem__)
    best = max((n for n, name in enumerate(names) if name == likeliest), key=parts.__getitem__)
    return rows[best][0], chances[likeliest] / whole
