"""Style sheets and style attributes taken apart: rules, selectors, declarations, and what does not parse.

Knows CSS syntax and the selectors that mail uses. What a sheet does to an element is cascade.py's, what a value means
values.py's. A selector with a part that is not understood is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

DEEPEST = 20  # at-rules inside each other that are looked into

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_PIECE = re.compile(r"""[^{};"'()]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|.""", re.S)
_COMPOUND = re.compile(r"(\*|[a-zA-Z][\w-]*)?((?:[.#][\w-]+|\[[^\]]+\]|::?[\w-]+(?:\([^()]*\))?)*)")
_SIMPLE = re.compile(r"[.#][\w-]+|\[[^\]]+\]|::?[\w-]+(?:\([^()]*\))?")
_TEST = re.compile(r"""\[\s*([\w-]+)\s*(?:([~|^$*]?=)\s*["']?([^"'\]]*)["']?\s*)?\]""")


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
