"""Quotation marks: which open, which close, which are only apostrophes. Paragraph by paragraph, in every style.

Says nothing about who speaks, nor whether a marked stretch is speech at all. Time is linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from digest.model import Span
from digest.text.sentences import split_blocks
from digest.text.speech import Roles, speech


@dataclass(frozen=True, slots=True)
class Marked:
    """One stretch between marks. ``inner`` is without blanks at its ends, ``outer`` has the marks."""

    inner: Span
    outer: Span
    paragraph: int  # index of its paragraph, from 0
    opener: str
    closed: bool  # False: no closing mark in this paragraph
    reopened: bool = False  # the next paragraph opens with the same mark: the same speech goes on


_CLOSES: dict[str, str] = {
    "“": "”",
    "„": "“”",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "”": "”",
    "‟": "”",
    "‹": "›",
}
_MARK = re.compile(r"[“”„‟«»「」『』\"‘’'‚‹›]")
# Wire services and LaTeX write two small marks for a double one. Of three, two are the outer ones.
_DOUBLED = re.compile(r"(?<!')''(?!')|(?<=['\w.,!?…])(?<!')('?)''(?!')|``|(?<![\w'])'''(?=\w)")
_FILLER = "\u2060"  # stands for the second of the two
_APOSTROPHE = re.compile(r"(?i)['’‘](?:\d0s|n['’]|tis\b|twas\b|em\b|til\b|cause\b|round\b|bout\b)")
_TAIL_ATTRIBUTION = re.compile(
    r",\s+(?=(?:[A-Z][\w.’'-]*\s+){1,4}(?:said|says|told|added|warned|wrote|asked|"
    r"explained)\b[^,]{0,60}[.!?]?\s*$)"
)


COVER = "\u0001"  # stands for quoted characters: no word, no blank, no mark


def cover(text: str, marked: Sequence[Marked]) -> str:
    """*text*, as long as it was, with every marked stretch covered: what stands in a quote names nobody here."""
    pieces, at = [], 0
    for m in marked:
        pieces.append(text[at : m.outer.start])
        # The paragraph's shape stays: blanks within a quote would otherwise join paragraphs.
        pieces.append(COVER * len(m.outer))
        at = m.outer.end
    pieces.append(text[at:])
    return "".join(pieces)


def find_marked(text: str) -> list[Marked]:
    """Every marked stretch of *text* in order, disjoint; a quote inside a quote belongs to the outer one."""
    found: list[Marked] = []
    original, text = text, _mended(text)
    paragraphs = split_blocks(text)
    mended, text = text, _with_single_signs(text)
    for number, paragraph in enumerate(paragraphs):
        following = paragraphs[number + 1].of(text)[:1] if number + 1 < len(paragraphs) else ""
        scanned = list(_Scan(text, paragraph, number, following).run())
        if not scanned and text[paragraph.start] in "—–":
            scanned = [Marked(Span(paragraph.start + 1, paragraph.end), paragraph, number, "—", True)]
            parted = list(_without_asides(text, scanned[0]))
            found.extend(parted if parted and len(parted[0].outer) < len(paragraph) else ())
            continue
        for marked in scanned:
            found.extend(_without_asides(text, marked) if marked.opener == "«" else (marked,))
    if mended == original:
        return found
    return [replace(m, closed=m.closed and m.outer.of(mended) == m.outer.of(original)) for m in found]


# UTF-8 read as Windows-1252: as long as it was, so that every offset stays true.
_BROKEN = re.compile("â€œ|â€\x9d|â€™|â€˜|â€(?=[\\s,.;:]|$)")
_MEANT = {"â€œ": "  “", "â€\x9d": "”  ", "â€": "” ", "â€˜": "  ‘", "â€™": "xxx"}


def _mended(text: str) -> str:
    """*text* with the marks that broken ones stand for, blanks beside them; an apostrophe becomes three letters."""
    return _BROKEN.sub(lambda m: _MEANT[m.group()], text) if "â€" in text else text


# French and Italian name the speaker inside the marks, « …, dit Paul Girard. … »; Spanish between dashes; and where
# speech begins with a dash, nothing but the verb tells where it ends.
_ROLES = Roles(speech().roles)
_VERB = "|".join(map(re.escape, sorted(speech().says - speech("en").says, key=len, reverse=True)))
_ASIDE = re.compile(
    r"(?:(?<=[,!?…])\s+|(?P<dash>[,.!?…]?\s*[—–]\s?))"
    r"(?:(?:[Ss][’']est|a|ont|avait)-(?:t-)?(?:ils?|elles?)\s+"
    rf"(?:{_VERB})\b|(?:s[’']|se\s|s[’']est\s|a\s|ont\s|avait\s|ha\s|hanno\s|hat\s)?(?:{_VERB})"
    r"(?:(?:-t)?-(?:ils?|elles?)\b|\s+(?P<who>(?:[Ll][’']|[^\W\d_]{1,5}\s+)?[^\W\d_][\w’'-]*)|(?=[.»]|$)))"
)


def _without_asides(text: str, marked: Marked) -> Iterator[Marked]:
    """The pieces of *marked* around the words that name its speaker; itself where there are none."""
    at, begin = marked.inner.start, marked.outer.start
    while aside := _next_aside(text, at, marked.inner.end, commas=marked.opener != "—"):
        if piece := _piece(text, marked, begin, at, aside.start):
            yield piece
        at = begin = aside.end
    if piece := _piece(text, marked, begin, at, marked.inner.end, marked.outer.end):
        yield piece


def _piece(text: str, marked: Marked, begin: int, start: int, end: int, outer_end: int | None = None) -> Marked | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if not any(c.isalnum() for c in text[start:end]):
        return None
    begin = start if begin != marked.outer.start else begin
    return replace(marked, inner=Span(start, end), outer=Span(begin, outer_end or end))


def _next_aside(text: str, start: int, end: int, *, commas: bool) -> Span | None:
    """Where the writer speaks between *start* and *end*, with the dashes round it, without the comma before it."""
    for found in _ASIDE.finditer(text, start, end):
        who = re.sub(r"^[Ll][’']", "", (found["who"] or "").split()[-1]) if found["who"] else ""
        if who and not who[0].isupper() and who not in _ROLES and who not in speech().he | speech().she:
            continue
        if found["dash"]:
            begin = found.start() + len(found["dash"]) - len(found["dash"].lstrip(",.!?… \u00a0"))
            close = re.compile(r"[—–]\s?[.,;]?|$").search(text, found.end(), end)
            return Span(begin, close.end() if close else end)
        return Span(found.start(), _aside_end(text, found.end(), end, commas=commas))
    return None


_STOP = re.compile(r",|[.!?…](?=\s+[^\W\d_]|\s*$)")
_NEXT_WORD = re.compile(r"\s+(?:[Ll][’']|l[ae]s?\s+)?([^\W\d_]+)")


def _aside_end(text: str, at: int, end: int, *, commas: bool) -> int:
    """Past the stop that ends the aside or, with *commas*, the comma after which the speech goes on."""
    for stop in _STOP.finditer(text, at, end):
        word = _NEXT_WORD.match(text, stop.end(), end)
        if stop.group() == "," and (not commas or (word and word[1] in _ROLES)):
            continue  # "dit Lucie Martin, agricultrice."
        if stop.group() == "." and re.search(r"\bM$", text[at : stop.start()]):
            continue  # "dit M. Girard"
        return stop.end()
    return end


def _with_single_signs(text: str) -> str:
    """*text*, as long as it was, with ``''`` and two backticks as one straight mark and a filler."""
    if "''" not in text and "``" not in text:
        return text
    return _DOUBLED.sub(_one_sign, text)


def _one_sign(found: re.Match[str]) -> str:
    signs = found.group()
    if len(signs) == 2:
        return f'"{_FILLER}'
    return f"'\"{_FILLER}" if found.group(1) is not None else f"\"{_FILLER}'"


class _Scan:
    def __init__(self, text: str, paragraph: Span, number: int, following: str) -> None:
        self.text = text
        self.start, self.end = paragraph.start, paragraph.end
        self.number = number
        self.following = following  # first character of the next paragraph
        self.marks = [m.start() for m in _MARK.finditer(text, self.start, self.end)]
        self.at: dict[str, list[int]] = {}
        for position in self.marks:
            self.at.setdefault(text[position], []).append(position)
        self.nested = {a for a, b in ("“”", "«»") if len(self.at.get(a, ())) == len(self.at.get(b, ()))}

    def run(self) -> Iterator[Marked]:
        nth = 0
        while nth < len(self.marks):
            position = self.marks[nth]
            close = self._close_of(position)
            if close is None:
                nth += 1
                continue
            marked = self._make(position, close)
            if marked is not None:
                yield marked
            after = close + 1 if close < self.end else self.end
            nth = max(nth + 1, bisect_left(self.marks, after))

    def _make(self, position: int, close: int) -> Marked | None:
        """*close* is the closing mark's position, or the paragraph's end where there is none."""
        opener = self.text[position]
        closed = close < self.end
        outer_end = close + 1 if closed else close
        if not closed:
            tail = _TAIL_ATTRIBUTION.search(self.text, max(position, self.end - 160), self.end)
            if tail and self.following != opener:
                close = outer_end = tail.start() + 1
        start, end = position + 1, close
        if self.text[close : close + 2] == f'"{_FILLER}':
            outer_end += 1
        while start < end and (self.text[start].isspace() or self.text[start] == _FILLER):
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if start == end:
            return None
        reopened = not closed and self.following == opener
        return Marked(Span(start, end), Span(position, max(end, outer_end)), self.number, opener, closed, reopened)

    def _next(self, char: str, after: int) -> int:
        """The first *char* after a position; the paragraph's end where there is none."""
        places = self.at.get(char, [])
        nth = bisect_left(places, after)
        return places[nth] if nth < len(places) else self.end

    def _before(self, position: int) -> str:
        return self.text[position - 1] if position > self.start else " "

    def _after(self, position: int) -> str:
        return self.text[position + 1] if position + 1 < self.end else " "

    def _opens(self, position: int) -> bool:
        before, after = self._before(position), self._after(position)
        return (before.isspace() or before in "([{—–-/:“‘\"'…¿¡>") and not after.isspace()

    def _close_of(self, position: int) -> int | None:
        """Where the quote opened at *position* closes; None if nothing opens there."""
        mark = self.text[position]
        if mark in "“„‟「『«‹":
            return self._paired(position, mark)
        if mark in "»”":
            return self._paired(position, mark) if self._opens(position) else None
        if mark == '"':
            return self._straight(position) if self._opens(position) else None
        if mark in "‘'‚’":
            if mark == "’" and not (position == self.start and self._after(position).isupper()):
                return None
            return self._single(position, mark) if self._opens(position) else None
        return None

    def _paired(self, position: int, mark: str) -> int:
        if mark in self.nested and self._next(mark, position + 1) < self._next(_CLOSES[mark], position + 1):
            wrong = self._next(mark, position + 1)
            if mark == "«" or self._opens(wrong):
                return self._balanced(position, mark, _CLOSES[mark])
        closers = _CLOSES[mark]
        if mark == "»" and self._next("«", position + 1) == self.end:
            closers = "»"  # Swedish and Finnish: »…»
        close = min(self._next(c, position + 1) for c in closers)
        if mark == "“":
            # Closed with a typewriter's mark while a curly one follows later: “We won," she said. “It …”
            plain = self._next('"', position + 1)
            if plain < close and self._before(plain) in ",.!?" and not self._after(plain).isalnum():
                return plain
            # An opening mark glued to the word before it closes: “Frozen“.
            wrong = self._next("“", position + 1)
            if wrong < close and not self._before(wrong).isspace() and not self._after(wrong).isalnum():
                return wrong
        if close == self.end and mark in "“„”":
            # Opened well, closed with a typewriter's mark.
            plain = self._next('"', position + 1)
            if plain < self._next("“", position + 1):
                close = plain
        return close

    def _balanced(self, position: int, opening: str, closing: str) -> int:
        depth = 0
        for nth in range(bisect_left(self.marks, position), len(self.marks)):
            place = self.marks[nth]
            depth += (self.text[place] == opening) - (self.text[place] == closing)
            if depth == 0:
                return place
            if depth > 3:
                break
        return self._next(closing, position + 1)

    def _straight(self, position: int) -> int:
        plain = self._next('"', position + 1)
        curly = self._next("”", position + 1)
        if curly < plain and curly < self._next("“", position + 1):
            return curly
        while plain < self.end and self._before(plain).isspace() and not self._after(plain).isspace():
            later = self._next('"', plain + 1)
            if later == self.end:
                break
            plain = later
        return plain

    def _single(self, position: int, mark: str) -> int | None:
        if _APOSTROPHE.match(self.text, position, min(self.end, position + 8)):
            return None
        closer = "'" if mark == "'" else "’" if mark != "‚" else "‘"
        places = self.at.get(closer, [])
        weak: int | None = None
        for nth in range(bisect_left(places, position + 1), len(places)):
            place = places[nth]
            before, after = self._before(place), self._after(place)
            if mark == "'" and self._opens(place) and not _APOSTROPHE.match(self.text, place, place + 8):
                break
            if mark == "‘" and self._next("‘", position + 1) < place and self._opens(self._next("‘", position + 1)):
                break
            if after.isalnum() or before.isspace():
                continue
            if before in "nN" and self._before(place - 1) in "’'‘":
                continue  # rock ’n’ roll
            if before in "sSxz" and (after.isspace() or after == "'"):
                weak = weak or place  # a plural's genitive, or the end
                continue
            return place
        if weak is None and position == self.start and self.following == mark:
            return self.end
        return weak
