"""Style sheets and style attributes as values: what is declared, where, and which rule of it wins on an element.

Knows CSS syntax, cascading and the selectors that mail uses; knows nothing of mail. Colors are ``(red, green, blue,
alpha)``, 0 to 255 and 0 to 1. A selector with a part that is not understood matches nothing.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CLIENT = frozenset({"data-ogsc", "data-ogsb"})
"""Attributes that Outlook's apps set around, or on, what they repaint."""

DEEPEST = 20  # at-rules inside each other that are looked into

Color = tuple[float, float, float, float]

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_PIECE = re.compile(r"""[^{};"'()]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|.""", re.S)
_COMPOUND = re.compile(r"(\*|[a-zA-Z][\w-]*)?((?:[.#][\w-]+|\[[^\]]+\]|::?[\w-]+(?:\([^()]*\))?)*)")
_SIMPLE = re.compile(r"[.#][\w-]+|\[[^\]]+\]|::?[\w-]+(?:\([^()]*\))?")
_TEST = re.compile(r"""\[\s*([\w-]+)\s*(?:([~|^$*]?=)\s*["']?([^"'\]]*)["']?\s*)?\]""")
_NUMBER = re.compile(r"-?\d*\.?\d+")


@dataclass(frozen=True, slots=True)
class Declaration:
    name: str  # in lower case
    value: str  # without !important
    important: bool = False


@dataclass(frozen=True, slots=True)
class Compound:
    """``td.card[dir]``: what one element must be."""

    tag: str  # '' for any
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    tests: tuple[tuple[str, str, str], ...]  # attribute, operator, value
    pseudo: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selector:
    compounds: tuple[Compound, ...]  # as written, the last is the subject
    combinators: tuple[str, ...]  # between them: ' ', '>', '+' or '~'
    specificity: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Rule:
    at: tuple[str, ...]  # the at-rules around it: ("@media (prefers-color-scheme:dark)",)
    selectors: tuple[Selector, ...]
    declarations: tuple[Declaration, ...]
    line: int  # of the sheet, from 1


@dataclass(frozen=True, slots=True)
class Sheet:
    rules: tuple[Rule, ...]
    ats: tuple[tuple[str, int], ...]  # every at-rule's prelude with its line: ("@media print", 3)
    faults: tuple[tuple[str, int], ...]  # what does not parse, with its line


def parse_sheet(text: str) -> Sheet:
    """*text* of a ``<style>``. What does not parse is left out and named."""
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text.replace("<!--", "").replace("-->", ""))
    reader = _Reader(text)
    reader.block(())
    return Sheet(tuple(reader.rules), tuple(reader.ats), tuple(reader.faults))


class _Reader:
    def __init__(self, text: str) -> None:
        self.pieces = _PIECE.findall(text)
        self.at = 0
        self.line = 1
        self.rules: list[Rule] = []
        self.ats: list[tuple[str, int]] = []
        self.faults: list[tuple[str, int]] = []

    def until(self, ends: str) -> tuple[str, str, int]:
        """(the text up to one of *ends* outside brackets, that end or '', the line the text begins on)."""
        taken: list[str] = []
        depth, begins = 0, 0
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if piece in "\"'":
                self.faults.append(("a quotation mark that is never closed", self.line))
            depth += (piece == "(") - (piece == ")")
            if piece in ends and (depth <= 0 or piece in "{}"):
                return "".join(taken).strip(), piece, begins or self.line
            if not begins and piece.strip():
                begins = self.line + piece[: len(piece) - len(piece.lstrip())].count("\n")
            self.line += piece.count("\n")
            taken.append(piece)
        return "".join(taken).strip(), "", begins or self.line

    def block(self, around: tuple[str, ...]) -> None:
        """Rules up to the closing brace, or to the end at the outermost."""
        while True:
            prelude, end, line = self.until("{};")
            if prelude.startswith("@"):
                self.ats.append((prelude, line))
                if end == "{":
                    self._at_block(prelude, around)
                    continue
            elif end == "{":
                self._rule(prelude, around, line)
                continue
            elif prelude:
                self.faults.append((f"“{prelude[:40]}” is no rule", line))
            if end == "}":
                if around:
                    return
                self.faults.append(("a brace too many", self.line))
            if end == "":
                if around:
                    self.faults.append((f"{around[-1]} is never closed", self.line))
                return

    def _at_block(self, prelude: str, around: tuple[str, ...]) -> None:
        if len(around) < DEEPEST and re.match(r"@(media|supports|layer|container|document)\b", prelude, re.I):
            self.block((*around, prelude))
            return
        depth = 1  # @font-face, @page, @keyframes: nothing in it matches an element of the mail
        while depth and self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            self.line += piece.count("\n")
            depth += (piece == "{") - (piece == "}")
        if depth:
            self.faults.append((f"{prelude} is never closed", self.line))

    def _rule(self, prelude: str, around: tuple[str, ...], line: int) -> None:
        body, end, _ = self.until("{}")
        while end == "{":
            self.faults.append((f"a rule inside the rule for “{prelude[:40]}”", self.line))
            self.until("}")
            more, end, _ = self.until("{}")
            body = f"{body.rpartition(';')[0]};{more}"
        if end != "}":
            self.faults.append((f"the rule for “{prelude[:40]}” is never closed", line))
        found, faults = _declarations(body)
        self.faults += [(fault, line) for fault in faults]
        selectors = tuple(parse_selector(one) for one in _split(prelude, ","))
        if not prelude or any(not one.strip() for one in _split(prelude, ",")):
            self.faults.append((f"an empty selector before {{{body[:30]}}}", line))
        self.rules.append(Rule(around, tuple(s for s in selectors if s is not None), tuple(found), line))


@lru_cache(maxsize=2048)
def declarations(style: str) -> tuple[Declaration, ...]:
    """What a style attribute declares, in order; what does not parse is left out."""
    return tuple(_declarations(_COMMENT.sub("", style))[0])


@lru_cache(maxsize=2048)
def faults_of(style: str) -> tuple[str, ...]:
    """What does not parse in a style attribute."""
    return tuple(_declarations(_COMMENT.sub("", style))[1])


def _declarations(body: str) -> tuple[list[Declaration], list[str]]:
    found, faults = [], []
    for part in _split(body, ";"):
        if not part.strip():
            continue
        name, colon, value = part.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon or not re.fullmatch(r"-{0,2}[a-z_][\w-]*", name) or not value:
            faults.append(f"“{part.strip()[:40]}” is no declaration")
            continue
        bare = re.sub(r"\s*!\s*important\s*$", "", value, flags=re.I)
        found.append(Declaration(name, bare, bare != value))
    return found, faults


def _split(text: str, mark: str) -> list[str]:
    """*text* at each *mark* that stands outside brackets and quotation marks."""
    if not any(c in text for c in "(\"'["):
        return text.split(mark)
    parts, depth, quote, begin = [], 0, "", 0
    for at, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == mark and depth <= 0:
            parts.append(text[begin:at])
            begin = at + 1
    return [*parts, text[begin:]]


def parse_selector(text: str) -> Selector | None:
    """One selector without commas; None where a part of it is not understood."""
    text = re.sub(r"\s*([>+~])\s*", r"\1", " ".join(text.split()))
    compounds: list[Compound] = []
    combinators: list[str] = []
    at = 0
    while at < len(text):
        if compounds:
            if text[at] not in " >+~":
                return None
            combinators.append(text[at])
            at += 1
        found = _COMPOUND.match(text, at)
        if found is None or not found[0]:
            return None
        compounds.append(_compound(found[1] or "", found[2]))
        at = found.end()
    if not compounds:
        return None
    ids = sum(len(c.ids) for c in compounds)
    middle = sum(len(c.classes) + len(c.tests) + sum(not p.startswith("::") for p in c.pseudo) for c in compounds)
    return Selector(tuple(compounds), tuple(combinators), (ids, middle, sum(bool(c.tag) for c in compounds)))


def _compound(tag: str, rest: str) -> Compound:
    parts = _SIMPLE.findall(rest)
    tests = [found for part in parts if part[0] == "[" and (found := _TEST.fullmatch(part))]
    return Compound(
        "" if tag == "*" else tag.lower(),
        tuple(part[1:] for part in parts if part[0] == "."),
        tuple(part[1:] for part in parts if part[0] == "#"),
        tuple((found[1].lower(), found[2] or "", found[3] or "") for found in tests),
        tuple(part for part in parts if part[0] == ":"),
    )


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


# ------------------------------------------------------------------------------------------------ colors

NAMED = dict(
    pair.split(":")
    for pair in """
    aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff beige:f5f5dc bisque:ffe4c4
    black:000000 blanchedalmond:ffebcd blue:0000ff blueviolet:8a2be2 brown:a52a2a burlywood:deb887 cadetblue:5f9ea0
    chartreuse:7fff00 chocolate:d2691e coral:ff7f50 cornflowerblue:6495ed cornsilk:fff8dc crimson:dc143c cyan:00ffff
    darkblue:00008b darkcyan:008b8b darkgoldenrod:b8860b darkgray:a9a9a9 darkgreen:006400 darkgrey:a9a9a9
    darkkhaki:bdb76b darkmagenta:8b008b darkolivegreen:556b2f darkorange:ff8c00 darkorchid:9932cc darkred:8b0000
    darksalmon:e9967a darkseagreen:8fbc8f darkslateblue:483d8b darkslategray:2f4f4f darkslategrey:2f4f4f
    darkturquoise:00ced1 darkviolet:9400d3 deeppink:ff1493 deepskyblue:00bfff dimgray:696969 dimgrey:696969
    dodgerblue:1e90ff firebrick:b22222 floralwhite:fffaf0 forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc
    ghostwhite:f8f8ff gold:ffd700 goldenrod:daa520 gray:808080 green:008000 greenyellow:adff2f grey:808080
    honeydew:f0fff0 hotpink:ff69b4 indianred:cd5c5c indigo:4b0082 ivory:fffff0 khaki:f0e68c lavender:e6e6fa
    lavenderblush:fff0f5 lawngreen:7cfc00 lemonchiffon:fffacd lightblue:add8e6 lightcoral:f08080 lightcyan:e0ffff
    lightgoldenrodyellow:fafad2 lightgray:d3d3d3 lightgreen:90ee90 lightgrey:d3d3d3 lightpink:ffb6c1
    lightsalmon:ffa07a lightseagreen:20b2aa lightskyblue:87cefa lightslategray:778899 lightslategrey:778899
    lightsteelblue:b0c4de lightyellow:ffffe0 lime:00ff00 limegreen:32cd32 linen:faf0e6 magenta:ff00ff maroon:800000
    mediumaquamarine:66cdaa mediumblue:0000cd mediumorchid:ba55d3 mediumpurple:9370db mediumseagreen:3cb371
    mediumslateblue:7b68ee mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585
    midnightblue:191970 mintcream:f5fffa mistyrose:ffe4e1 moccasin:ffe4b5 navajowhite:ffdead navy:000080
    oldlace:fdf5e6 olive:808000 olivedrab:6b8e23 orange:ffa500 orangered:ff4500 orchid:da70d6 palegoldenrod:eee8aa
    palegreen:98fb98 paleturquoise:afeeee palevioletred:db7093 papayawhip:ffefd5 peachpuff:ffdab9 peru:cd853f
    pink:ffc0cb plum:dda0dd powderblue:b0e0e6 purple:800080 rebeccapurple:663399 red:ff0000 rosybrown:bc8f8f
    royalblue:4169e1 saddlebrown:8b4513 salmon:fa8072 sandybrown:f4a460 seagreen:2e8b57 seashell:fff5ee
    sienna:a0522d silver:c0c0c0 skyblue:87ceeb slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa
    springgreen:00ff7f steelblue:4682b4 tan:d2b48c teal:008080 thistle:d8bfd8 tomato:ff6347 turquoise:40e0d0
    violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5 yellow:ffff00 yellowgreen:9acd32
    """.split()
)
"""CSS Color 4, 6.1: name -> rrggbb."""


@lru_cache(maxsize=512)
def color_of(value: str) -> Color | None:
    """The color *value* begins with or is; None where it is none (or inherits)."""
    value = value.strip().lower()
    if value == "transparent":
        return (0.0, 0.0, 0.0, 0.0)
    if value in NAMED:
        value = f"#{NAMED[value]}"
    if found := re.fullmatch(r"#([0-9a-f]{3,8})", value):
        digits = found[1]
        if len(digits) in (3, 4):
            digits = "".join(c * 2 for c in digits)
        if len(digits) not in (6, 8):
            return None
        red, green, blue, alpha = (int(f"{digits}ff"[n : n + 2], 16) for n in (0, 2, 4, 6))
        return (red, green, blue, alpha / 255)
    if found := re.fullmatch(r"(rgb|hsl)a?\((.*)\)", value):
        parts = re.findall(r"-?\d*\.?\d+%?", found[2])
        if len(parts) not in (3, 4):
            return None
        alpha_part = parts[3] if len(parts) == 4 else "1"
        alpha_value = min(1.0, _number(alpha_part, 1))
        if found[1] == "hsl":
            rgb = colorsys.hls_to_rgb(
                float(parts[0].strip("%")) % 360 / 360, _number(parts[2], 1), _number(parts[1], 1)
            )
            return (rgb[0] * 255, rgb[1] * 255, rgb[2] * 255, alpha_value)
        red_, green_, blue_ = (min(255.0, max(0.0, _number(part, 255))) for part in parts[:3])
        return (red_, green_, blue_, alpha_value)
    return None


def _number(part: str, whole: float) -> float:
    return float(part[:-1]) / 100 * whole if part.endswith("%") else float(part)


def background_of(values: Mapping[str, str]) -> Color | None:
    """The ground that *values* of an element lay, without pictures; None where they lay none."""
    if (value := values.get("background-color")) is not None:
        return color_of(value)
    for word in re.findall(r"(?:rgb|hsl)a?\([^)]*\)|#[0-9a-fA-F]+|[a-zA-Z]+", values.get("background", "")):
        if (color := color_of(word)) is not None:
            return color
    return None


def over(color: Color, ground: Color) -> Color:
    """*color* laid over an opaque *ground*."""
    alpha = color[3]
    red, green, blue = (c * alpha + g * (1 - alpha) for c, g in zip(color[:3], ground[:3], strict=True))
    return (red, green, blue, 1.0)


def hex_of(color: Color) -> str:
    return "#" + "".join(f"{round(c):02x}" for c in color[:3])


def pixels_of(value: str, inherited: float) -> float:
    """A font size in pixels; *inherited* where it is none that is understood."""
    value = value.strip().lower()
    number = _NUMBER.match(value)
    if number is None:
        return {"x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0}.get(value, inherited)
    unit = value[number.end() :].strip()
    factors = {"px": 1.0, "pt": 4 / 3, "em": inherited, "rem": 16.0, "%": inherited / 100}
    return float(number[0]) * factors[unit] if unit in factors else inherited


def urls_in(value: str) -> Iterator[str]:
    """The addresses in ``url(…)`` of *value*."""
    for found in re.finditer(r"""url\(\s*["']?([^"')]*)["']?\s*\)""", value, re.I):
        yield found[1].strip()
