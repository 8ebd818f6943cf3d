"""Where sentences begin and end, as spans into the text itself.

Rules of our own: a stop, perhaps closing marks, a blank, and something that can open a sentence; then the vetoes
(abbreviations, initials, ordinals, speech that goes on). Never across a blank line. Time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.model import Span

_CLOSERS = "\"'”’»›)\\]」』）】"
_OPENERS = "\"'“‘„‚«‹»(\\[「『（【¿¡"

_STOP = re.compile(
    # Possessive repeats: a run of a hundred thousand stops is read once.
    rf"(?P<stop>(?<![.!?…؟۔।])[.!?…؟۔।]++)(?P<close>\s[»”](?=\s)|"
    rf"[{_CLOSERS}]*+)(?P<blank>\s++)(?=(?P<next>[{_OPENERS}\s]*+[^\s{_OPENERS}]))"
    rf"|(?P<wide>(?<![。！？｡])[。！？｡]++)(?P<wideclose>[{_CLOSERS}]*+)"
    rf"|(?P<line>\n)"
)

# Never the end of a sentence when a capital follows.
_TITLES = frozenset(
    "mr mrs ms mx dr prof sen sens rep reps gov govs gen lt col sgt cpl capt cmdr adm maj brig supt det "
    "insp sgt rev hon "
    "pres amb atty st ste mt ft messrs mme mlle mgr fr hr frl dipl ing geb sr. sra srta sig dott dhr mevr "
    "mw vs v cf ca "
    "e.g i.e z.b d.h u.a bzw al fig figs eq ch art para op cit vol pp ed eds esp approx bsp str nr núm pan "
    "pani ks inż "
    "p.ej avv on".split()
)
# May end one: only before a word that often opens a sentence.
_SHORT = frozenset(
    "inc ltd co corp bros llc jr sr esq u.s u.k u.n e.u u.s.a d.c l.a n.y ph.d m.d b.a m.a b.sc a.m p.m "
    "a.d b.c etc dept "
    "univ assn est ave blvd rd sq bldg jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed "
    "thu thur thurs "
    "fri sat sun ala ariz ark calif colo conn del fla ga ill ind kan ky la mass md mich minn miss mo mont "
    "neb nev okla "
    "ore pa tenn tex va vt wash wis wyo usw u.s.w mio mrd tsd hrsg gmbh s.a s.p.a s.r.l ee.uu dem spp".split()
)
_STARTERS = frozenset(
    "the a an he she it they we i you this that these those there here but and or so yet however also "
    "meanwhile in on at "
    "by for from with as if when while after before since until although though because despite during "
    "under over "
    "what who how why where which whether one two some many most several all both each every no not now "
    "then still even "
    "only its his her their our my your another other others such according asked "
    "der die das ein eine er sie es wir ich und aber auch im am in bei mit nach seit für auf als wenn doch "
    "zudem "
    "le la les un une il elle ils elles nous et mais en dans pour selon ce cette el los las una pero según "
    "ella en lo "
    "gli uno ma o os as um uma de het een hij zij maar".split()
)
_ORDINAL_LANGUAGES = frozenset("de da no nb nn fi cs sk pl hu et lv sl hr sr is tr".split())
_MONTHS = re.compile(
    r"(?i)(?:jan|feb|mär|mar|apr|mai|maj|jun|jul|aug|sep|okt|oct|nov|dez|dec|tammi|helmi|maalis|huhti|"
    r"touko|kesä|heinä|elo|"
    r"syys|loka|marras|joulu|ledna|února|března|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|"
    r"września)"
)
_SPEECH_GOES_ON = re.compile(
    r"\s*(?:(?:the|a|an|one|Mr|Mrs|Ms|Dr|Sir|Lord|Lady)\.?\s+)?(?:[A-Z][\w.’'-]*,?\s+){0,4}(?:[a-z]+\s+)?"
    r"(?:said|says|asked|asks|told|tells|wrote|writes|added|adds|replied|tweeted|shouted|wondered|"
    r"continued|joked|recalled|cried)\b"
)
# "z. B.", "d. h.": at the first stop and at the last.
_SPACED = re.compile(r"(?:^|(?<=[\s(]))(?:z|z\.\s+[BTZ]|d\.\s+[hi]|u\.\s+[aU]|i\.\s+d|i\.\s+d\.\s+R)$")
_WORD_BEFORE = re.compile(r"[^\s\"“”‘’'(\[«»„—–/]*$")
_HARD_WRAP = 110


def split_sentences(text: str, language: str = "en") -> list[Span]:
    """The sentences of *text* in order: disjoint, without blanks at either end, never across a blank line.

    A heading without a stop is a sentence of its own paragraph. A single line break ends a sentence only where lines
    are not wrapped at a fixed width.
    """
    spans: list[Span] = []
    for paragraph in split_paragraphs(text):
        spans.extend(_split(text, paragraph, language))
    return spans


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


def _split(text: str, paragraph: Span, language: str) -> Iterator[Span]:
    body = paragraph.of(text)
    lines = body.split("\n")
    wrapped = len(lines) > 1 and max(map(len, lines)) <= _HARD_WRAP
    start = 0
    depth_at = _Depth(body)
    for found in _STOP.finditer(body):
        if found["wide"]:
            if depth_at(found.end()) > 0 or re.match(r"[とって、，]", body[found.end() : found.end() + 1]):
                continue
            cut = found.end()
        elif found["line"]:
            line_start = body.rfind("\n", 0, found.start()) + 1
            if wrapped and found.start() - line_start >= 40:
                continue
            cut = found.start()
        else:
            if not _ends_here(body, found, language):
                continue
            cut = found.start("blank")
        if cut > start and (span := _trimmed(text, paragraph.start + start, paragraph.start + cut)):
            yield span
        start = cut
    if span := _trimmed(text, paragraph.start + start, paragraph.end):
        yield span


class _Depth:
    """How many CJK quotes are open before a position; positions are asked for in rising order."""

    def __init__(self, body: str) -> None:
        self._body, self._at, self._open = body, 0, 0

    def __call__(self, position: int) -> int:
        piece = self._body[self._at : position]
        self._open = max(0, self._open + piece.count("「") + piece.count("『") - piece.count("」") - piece.count("』"))
        self._at = position
        return self._open


def _ends_here(body: str, found: re.Match[str], language: str) -> bool:
    first = found["next"].lstrip()[-1]
    after = body[found.end() : found.end() + 90]
    word = _leading_word(after)
    opened = len(found["next"].strip()) > 1
    if first.islower() and not (len(word) > 1 and any(c.isupper() for c in word[1:3])):
        # Lower case goes on, except a brand ("iPhone sales…"); after "! »" and the like too.
        return False
    stop, close = found["stop"], found["close"]
    if stop[-1] in "!?؟":
        return not (close.strip() and not opened and _SPEECH_GOES_ON.match(after))
    if len(stop) > 1 or stop in "…۔।" or close:
        return not (close.strip(" ") and not opened and _SPEECH_GOES_ON.match(after) and stop != ".")
    before = _WORD_BEFORE.search(body, max(0, found.start() - 30), found.start())
    token = before.group() if before else ""
    bare = token.lower()
    starter = word.lower().rstrip("’'") in _STARTERS and (word[:1].isupper() or not word)
    if bare in _TITLES or _SPACED.search(body, max(0, found.start() - 12), found.start()):
        return False
    if bare == "no" or bare == "nos":
        return not first.isdigit()
    if bare in _SHORT or re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", token):
        return starter or (opened and bare in _SHORT)
    if len(token) == 1 and token.isalpha() and token.isupper():
        return starter
    if re.fullmatch(r"\d{1,2}", token) and language in _ORDINAL_LANGUAGES:
        return bool(starter and not _MONTHS.match(word))
    return True


def _leading_word(after: str) -> str:
    found = re.match(rf"[{_OPENERS}\s]*([\w’'-]+)", after)
    return found.group(1) if found else ""
