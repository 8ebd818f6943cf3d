"""Where sentences begin and end, as spans into the text itself.

Rules of our own: paragraphs, then lines and the items of lists, then stops; what a stop means is said in ``stops``.
Never across a blank line. Time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from digest.model import Span
from digest.text.abbreviations import Rules, rules_of
from digest.text.stops import STOP, is_end, last_word

_HARD_WRAP = 110
_BULLET = re.compile(r"\s*[•‣▪●◦⁃]\s?")
_DASH = re.compile(r"\s*[*–—-]\s")
_NUMBER = re.compile(r"\s*[•‣▪●◦⁃]?\s?(\(?)(\d{1,3}|[a-z])([.)]{1,2})\s")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_STOPPED = re.compile(r"[.!?…。！？।۔؟][\W\d]{0,8}$")
# A name under what was said: "... she was suppressive. Jane Roe"
_SIGNED = re.compile(r"(?:[–—―-]{1,2}\s?)?(?:[A-Z][\w.’'-]*[a-z]\s(?:de\s|van\s|von\s|al\s)?){1,3}[A-Z][\w’'-]*[a-z]")
_PAIRS = dict(zip('([「『（【《〈“"', ')]」』）】》〉”"', strict=True))
_BRACKETS = re.compile(r"[()\[\]「」『』（）【】《》〈〉]")
_BRACKETS_AND_QUOTES = re.compile(r"[()\[\]「」『』（）【】《》〈〉“”\"]")
_WIDE_STOP = re.compile(r"[。！？]")
_SPOKEN = '」』”"'
_LONGEST_ASIDE = 300


def split_sentences(text: str, language: str = "en") -> list[Span]:
    """The sentences of *text* in order: disjoint, without blanks at either end, never across a blank line.

    A heading without a stop is a sentence of its own paragraph. A single line break ends a sentence only where lines
    are not wrapped at a fixed width; each item of a list is one. *language* is a tag such as "de" or "pt-BR".
    """
    return [
        Span(paragraph.start + start, paragraph.start + end)
        for paragraph in split_paragraphs(text)
        for start, end in _split_paragraph(paragraph.of(text), language)
    ]


@lru_cache(maxsize=256)  # a text's paragraphs are split when its regions are found, and when it is summarized
def _split_paragraph(paragraph: str, language: str) -> tuple[tuple[int, int], ...]:
    rules = rules_of(language)
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in _pieces(paragraph, rules):
        ends = _ends(piece, rules)
        for start, end in zip([0, *ends], [*ends, len(piece)], strict=True):
            if span := _trimmed(paragraph, at + start, at + end):
                spans.append((span.start, span.end))
        at += len(piece)
    return tuple(spans)


def split_paragraphs(text: str) -> list[Span]:
    """The stretches between blank lines, without blanks at either end."""
    spans = []
    start = 0
    for gap in re.finditer(r"\n[^\S\n]*\n\s*|\u2029|\f", text):
        spans.append((start, gap.start()))
        start = gap.end()
    spans.append((start, len(text)))
    return [span for a, b in spans if (span := _trimmed(text, a, b))]


def split_blocks(text: str) -> list[Span]:
    """Paragraphs; and where lines are not wrapped at a fixed width, every line is one."""
    blocks: list[Span] = []
    for paragraph in split_paragraphs(text):
        lines = paragraph.of(text).split("\n")
        if len(lines) == 1 or max(map(len, lines)) <= _HARD_WRAP:
            blocks.append(paragraph)
            continue
        at = paragraph.start
        for line in lines:
            if span := _trimmed(text, at, at + len(line)):
                blocks.append(span)
            at += len(line) + 1
    return blocks


def _trimmed(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None


def _pieces(body: str, rules: Rules) -> list[str]:
    """A paragraph cut where no sentence can go on: between unwrapped lines, and before the items of a list."""
    cuts = [*_line_cuts(body, rules), *_item_cuts(body)]
    edges = [0, *sorted(set(cuts)), len(body)]
    return [body[a:b] for a, b in pairwise(edges)]


def _line_cuts(body: str, rules: Rules) -> Iterator[int]:
    lines = body.split("\n")
    if len(lines) == 1:
        return
    width = max(map(len, lines))
    marked = sum(bool(_DASH.match(line) or _NUMBER.match(line)) for line in lines)
    prose = bool(_STOPPED.search(body, max(0, len(body) - 12)))
    narrow = prose and any(_runs_on(a, b, rules) for a, b in pairwise(lines))
    at = 0
    for line, after in pairwise(lines):
        at += len(line) + 1
        listed = _BULLET.match(after) or ((_DASH.match(after) or _NUMBER.match(after)) and marked > 1)
        full = len(line) + 1 + len((after.split() or [""])[0]) > width
        if _WIDE.search(after[:1]):
            full = len(line) + 1 >= width
            joined = full and 20 <= len(line) <= _HARD_WRAP and prose
        else:
            joined = (prose and _runs_on(line, after, rules)) or (
                full and width <= _HARD_WRAP and (len(line.strip()) >= 40 or narrow)
            )
        if listed or not joined:
            yield at


def _runs_on(line: str, after: str, rules: Rules) -> bool:
    """Whether *line* broke off: *after* goes on in small letters, or nothing ends with "of" or "Dr."."""
    if _NUMBER.match(after):
        return False
    line = line.rstrip()
    if after.lstrip()[:1].islower() and not _STOPPED.search(line, max(0, len(line) - 10)):
        return True
    word = last_word(line, len(line))
    return (word in rules.starters and word.islower()) or (
        line[-1:] == "." and rules.never_ends(last_word(line, len(line) - 1))
    )


def _item_cuts(body: str) -> Iterator[int]:
    """Before each item of a list set in one line: "• one • two", "1. one 2. two"."""
    if _BULLET.match(body):
        yield from (found.start() + 1 for found in re.finditer(r"\s(?=[•‣▪●◦⁃]\s?\w)", body))
    first = _NUMBER.match(body)
    if not first or first[2] not in ("1", "a"):
        return
    at, sign = first.end(), first[2]
    while True:
        sign = str(int(sign) + 1) if sign.isdigit() else chr(ord(sign) + 1)
        found = re.compile(rf"\s(?={re.escape(first[1] + sign + first[3])}\s)").search(body, at)
        if not found:
            return
        yield found.start() + 1
        at = found.end()


def _ends(body: str, rules: Rules) -> list[int]:
    """Where the sentences of *body* end, the last one's end left out."""
    ends: list[int] = []
    start = 0
    held = _held(body)
    for found in STOP.finditer(body):
        cut = found.end() if found["blank"] is None else found.start("blank")
        while held and held[-1][1] < found.start():
            held.pop()
        aside = False
        if held and held[-1][0] < found.start():
            opening, closing = held[-1]
            quote = body[closing] in _SPOKEN
            inside, aside = closing >= cut, start < opening and not quote
            if (inside and aside) or (found["wide"] and (inside or aside)):
                continue
        if cut < len(body) and is_end(body, start, found, aside, rules):
            ends.append(cut)
            start = cut + len(found["blank"] or "")
    if ends and _SIGNED.fullmatch(body[ends[-1] :].strip()):
        ends.pop()
    return ends


def _held(body: str) -> list[tuple[int, int]]:
    """The outermost brackets of *body*, and quotes where stops are wide, as (opening, closing), the last first."""
    open_at: list[int] = []
    held: list[tuple[int, int]] = []
    for found in (_BRACKETS_AND_QUOTES if _WIDE_STOP.search(body) else _BRACKETS).finditer(body):
        mark, at = found.group(), found.start()
        if mark in _PAIRS and not (mark == '"' and open_at and body[open_at[-1]] == '"'):
            open_at.append(at)
        elif open_at and _PAIRS[body[open_at[-1]]] == mark:
            opening = open_at.pop()
            if at - opening <= _LONGEST_ASIDE:
                while held and held[-1][0] > opening:
                    held.pop()
                held.append((opening, at))
    return held[::-1]
