"""Which rule wins on an element: selectors matched, media queries answered, specificity weighed (CSS Cascade 4, 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from digest.render.checks.css import Compound, Declaration, Selector, Sheet, declarations

CLIENT = frozenset({"data-ogsc", "data-ogsb"})
"""Attributes that Outlook's apps set around, or on, what they repaint."""


def matches(element: Any, selector: Selector, present: frozenset[str] = frozenset()) -> bool:
    """Whether *element* (lxml) is what *selector* means; *present* are attributes a client puts around the mail."""
    compounds, combinators = selector.compounds, selector.combinators
    if not _is(element, compounds[-1], present):
        return False
    current = element
    for number in range(len(combinators) - 1, -1, -1):
        wanted, combinator = compounds[number], combinators[number]
        if wanted.tests and not wanted.tag and not wanted.classes and {t[0] for t in wanted.tests} <= present:
            continue  # the client's own wrapper
        if combinator in "+~":
            siblings = current.itersiblings(preceding=True)
            candidates = [next(siblings, None)] if combinator == "+" else list(siblings)
        else:
            above = current.iterancestors()
            candidates = [next(above, None)] if combinator == ">" else list(above)
        current = next((c for c in candidates if c is not None and _is(c, wanted, present)), None)
        if current is None:
            return False
    return True


def _is(element: Any, wanted: Compound, present: frozenset[str]) -> bool:
    if not isinstance(element.tag, str) or (wanted.tag and wanted.tag != element.tag):
        return False
    if wanted.classes and not set(wanted.classes) <= set((element.get("class") or "").split()):
        return False
    if wanted.ids and element.get("id") not in wanted.ids:
        return False
    if not all(pseudo == ":root" and element.tag == "html" for pseudo in wanted.pseudo):
        return False
    return all(
        _has(element.get(name), operator, value) for name, operator, value in wanted.tests if name not in present
    )


def _has(found: str | None, operator: str, value: str) -> bool:
    if found is None:
        return False
    return {
        "": True,
        "=": found == value,
        "~=": value in found.split(),
        "^=": bool(value) and found.startswith(value),
        "$=": bool(value) and found.endswith(value),
        "*=": bool(value) and value in found,
        "|=": found == value or found.startswith(f"{value}-"),
    }[operator]


class Cascade:
    """The rules of *sheets* that count under *conditions*, ready to be asked element by element."""

    def __init__(
        self, sheets: Sequence[Sheet], conditions: Mapping[str, str], present: frozenset[str], names: frozenset[str]
    ) -> None:
        self._present = present
        self._known: dict[tuple[str | None, ...], dict[str, str]] = {}
        self._local = True  # whether tag, class, id and style alone decide what holds for an element
        self._rules: dict[str, list[tuple[Selector, tuple[int, int, int], int, tuple[Declaration, ...]]]] = {}
        order = 0
        for sheet in sheets:
            for rule in sheet.rules:
                order += 1
                kept = tuple(d for d in rule.declarations if d.name in names)
                if not kept or not all(counts(at, conditions) for at in rule.at):
                    continue
                for selector in rule.selectors:
                    if not all(test[0] in present for c in selector.compounds for test in c.tests if test[0] in CLIENT):
                        continue
                    *around, last = selector.compounds
                    wrapped = all({test[0] for test in c.tests} & CLIENT for c in around)
                    self._local &= wrapped and not last.tests and not last.pseudo
                    key = f".{last.classes[0]}" if last.classes else last.tag
                    self._rules.setdefault(key, []).append((selector, selector.specificity, order, kept))

    def values(self, element: Any) -> dict[str, str]:
        """What holds for *element* itself, nothing inherited: property -> value."""
        if not self._local:
            return self._values(element)
        key = (element.tag, element.get("class"), element.get("id"), element.get("style"))
        if key not in self._known:
            self._known[key] = self._values(element)
        return self._known[key]

    def _values(self, element: Any) -> dict[str, str]:
        weighed: list[tuple[bool, bool, tuple[int, int, int], int, Declaration]] = []
        if self._rules:
            keys = [f".{name}" for name in (element.get("class") or "").split()]
            for key in (*keys, element.tag, ""):
                for selector, specificity, order, kept in self._rules.get(key, ()):
                    if matches(element, selector, self._present):
                        weighed += [(d.important, False, specificity, order, d) for d in kept]
        style = element.get("style")
        if style:
            weighed += [(d.important, True, (0, 0, 0), n, d) for n, d in enumerate(declarations(style))]
        if any(not entry[1] for entry in weighed):
            weighed.sort(key=lambda entry: entry[:4])
        return {entry[4].name: entry[4].value for entry in weighed}


def counts(at_rule: str, conditions: Mapping[str, str]) -> bool:
    """Whether the rules inside *at_rule* count: ``conditions`` has scheme (light, dark) and width (pixels)."""
    found = re.match(r"@media\s*(.*)", at_rule, re.I | re.S)
    if found is None:
        return True  # @supports, @layer: taken as supported
    return any(_query(query.strip().lower(), conditions) for query in found[1].split(","))


def _query(query: str, conditions: Mapping[str, str]) -> bool:
    if re.match(r"(only\s+)?(print|speech)\b", query):
        return False
    scheme = re.search(r"prefers-color-scheme\s*:\s*(\w+)", query)
    if scheme and scheme[1] != conditions["scheme"]:
        return False
    width = float(conditions["width"])
    for side, pixels in re.findall(r"\((min|max)-(?:device-)?width\s*:\s*([\d.]+)px", query):
        if (side == "min" and width < float(pixels)) or (side == "max" and width > float(pixels)):
            return False
    return True
