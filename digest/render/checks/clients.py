"""Does every style, tag and attribute show in the mail programs we care for? The facts are in clients.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from digest.render.checks.css import Declaration, declarations
from digest.render.checks.mail import Mail, at_line
from digest.render.checks.rules import Finding, Place, Severity, found

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of clients.toml, its patterns compiled; a pattern that is absent matches nothing (value, on: all)."""

    name: str
    breaks: tuple[str, ...]  # the programs' names as shown
    partly: tuple[str, ...]
    lost: str
    instead: str
    source: str
    severity: Severity
    prop: re.Pattern[str]
    value: re.Pattern[str]
    function: re.Pattern[str]
    element: re.Pattern[str]
    attribute: re.Pattern[str]
    at: re.Pattern[str]
    on: re.Pattern[str]
    unless: re.Pattern[str]


@lru_cache(maxsize=1)
def features() -> tuple[Feature, ...]:
    """The table, read once."""
    import tomllib

    data = tomllib.loads((Path(__file__).parent / "clients.toml").read_text("utf-8"))
    return tuple(_feature(row, data["clients"]) for row in data["feature"])


def _feature(row: dict[str, Any], clients: dict[str, str]) -> Feature:
    def pattern(key: str, form: str = "{}", absent: re.Pattern[str] = _NEVER) -> re.Pattern[str]:
        return re.compile(form.format(f"(?:{row[key]})"), re.I) if key in row else absent

    anything = re.compile("")
    function = pattern("unit", r"(?<![\w#-])-?[\d.]+{}\b") if "unit" in row else pattern("function", r"(?<![\w-]){}\(")
    return Feature(
        row["name"],
        tuple(clients[name] for name in row["breaks"]),
        tuple(clients[name] for name in row.get("partly", ())),
        row["lost"],
        row["instead"],
        row["source"],
        row.get("severity", "warning"),
        pattern("property", "^{}$"),
        pattern("value", "^{}$", anything),
        function,
        pattern("element", "^{}$"),
        pattern("attribute", "^{}$"),
        pattern("at", "^{}$"),
        pattern("on", "^{}$", anything),
        pattern("unless"),
    )


def judge_mail(mail: Mail) -> Iterator[Finding]:
    """One finding for each feature that breaks somewhere, at its first place."""
    seen: dict[str, tuple[Feature, Place, str, int]] = {}

    def note(feature: Feature, place: Place, shown: str) -> None:
        first = seen.get(feature.name, (feature, place, shown, 0))
        seen[feature.name] = (*first[:3], first[3] + 1)

    for element in mail.elements:
        if element in mail.hidden and element.getparent() in mail.hidden:
            continue
        for feature, shown in _of_tag(str(element.tag), tuple(element.keys()), element.get("rel") or ""):
            note(feature, mail.place(element), shown)
        if style := element.get("style"):
            for feature, shown in _of_style(element.tag, style):
                note(feature, mail.place(element), shown)
    for element, sheet in mail.sheets:
        nested = [("nested @media", r.line) for r in sheet.rules if sum(at[:6] == "@media" for at in r.at) > 1]
        for prelude, line in (*((p.split()[0].lower(), n) for p, n in sheet.ats), *nested[:1]):
            row = (element.sourceline or 1) + line - 1
            for feature in features():
                if feature.at.match(prelude):
                    note(feature, at_line(row), prelude)
    for feature, place, shown, count in seen.values():
        yield found("client-support", place, _what(feature, shown, count), feature.instead, severity=feature.severity)


def _what(feature: Feature, shown: str, count: int) -> str:
    times = f", {count} times" if count > 1 else ""
    where = f"not in {_listed(feature.breaks)}" if feature.breaks else ""
    partly = f"{', ' if where else ''}only partly in {_listed(feature.partly)}" if feature.partly else ""
    return f"{feature.name} ({shown}{times}) shows {where}{partly}: {feature.lost}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@lru_cache(maxsize=1024)
def _of_tag(tag: str, attributes: tuple[str, ...], rel: str) -> tuple[tuple[Feature, str], ...]:
    """The features that a tag with these attributes uses, each with what shows it."""
    found: list[tuple[Feature, str]] = []
    for feature in _of_tags():
        if feature.element.match(tag):
            if tag != "link" or feature.on.match(rel):
                found.append((feature, f"<{tag}>"))
        elif name := next((a for a in attributes if feature.attribute.match(a)), ""):
            found.append((feature, name))
    return tuple(found)


@lru_cache(maxsize=1)
def _of_tags() -> tuple[Feature, ...]:
    return tuple(f for f in features() if f.element is not _NEVER or f.attribute is not _NEVER)


@lru_cache(maxsize=1024)
def _of_style(tag: str, style: str) -> tuple[tuple[Feature, str], ...]:
    """The features that a style attribute of *tag* uses, with the declaration."""
    declared = declarations(style)
    return tuple(
        (feature, f"{d.name}:{d.value}"[:50])
        for number, d in enumerate(declared)
        for feature in features()
        if _uses(feature, tag, d) and not _excused(feature, d, declared, number)
    )


def _uses(feature: Feature, tag: str, declaration: Declaration) -> bool:
    if feature.function.search(declaration.value):
        return True
    return bool(
        feature.prop.match(declaration.name) and feature.value.match(declaration.value) and feature.on.match(tag)
    )


def _excused(feature: Feature, declaration: Declaration, declared: Sequence[Declaration], number: int) -> bool:
    """Another property of the attribute makes it harmless, or an earlier value of the same one is fallen back to."""
    if any(feature.unless.search(other.name) for other in declared):
        return True
    return any(d.name == declaration.name and not feature.function.search(d.value) for d in declared[:number]) and (
        feature.function is not _NEVER
    )
