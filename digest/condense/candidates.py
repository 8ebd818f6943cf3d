"""The sentences of a body, each with what speaks against printing it and what must be printed before it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from digest.condense.cues import has_cue
from digest.condense.leaning import Context, Needs
from digest.condense.marks import Marked, find_marked
from digest.condense.reading import Reading
from digest.model import Span
from digest.text.boilerplate import is_caption, why_removed
from digest.text.months import MONTH, WEEKDAY
from digest.text.sentences import split_sentences
from digest.text.words import count_words, stems

FEWEST_WORDS, MOST_WORDS = 5, 60
MOST_CHARACTERS = 900  # what has longer words is a table or a slip
QUESTION = "a question"  # the doubt of one: its answer is another sentence
FEWEST_WITHOUT_NUMBER = 7  # "The list is one plain page." says little; "The first day it was 128." may say much
READ_SENTENCES = 150  # a report's matter is in its front; sumy's graphs grow with the square of this


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of the body. ``span`` starts after a dateline; ``flaw`` says why it may not be printed."""

    number: int
    span: Span
    text: str
    words: int
    needs: Needs  # what must be printed before it
    flaw: str  # '' for none
    doubt: str  # why it is printed only if there is nothing better; '' for none


_PLACE = r"(?:[A-ZÀ-Þ][\w.’' -]{1,30}(?:,\s+[A-Z][\w.’' -]{1,25}){0,2},?\s*)?"
_AGENCY = r"CNN|Reuters|AP|AFP|UPI|dpa"
_DATELINE = re.compile(
    rf"\s*{_PLACE}\((?:{_AGENCY}|EFE|ANSA|CNN Student News|[A-Z][\w. ]{{1,24}}(?:CNN|Reuters|AP|AFP)?)\)"
    r"\s*(?:--|[-–—])\s*"
    rf"|\s*{_PLACE}\((?:{_AGENCY})\)\s*(?=[A-ZÀ-Þ“\"‘'])"  # "(CNN)The harbour …"
    r"|\s*[A-ZÀ-Þ]{3}[A-ZÀ-Þ.’' -]{0,28}(?:,\s+[A-Z][\w.’' -]{1,20}?)?(?:\s+\((?:[\w .]{2,24})\))?\s+(?:--|"
    r"[–—]|-)\s+"
)
_OPENING_LINE = re.compile(  # of the first sentence only, where nothing else can open it so
    rf"(?i:(?:{WEEKDAY},?\s+)?{MONTH})\s+\d{{1,2}},?\s+\d{{4}}\s+(?=[A-ZÀ-Þ“\"])"  # "Thursday, May 7, 2015 On …"
    r"|\([A-Z][\w.& ]{1,24}\)(?=[A-ZÀ-Þ“\"])"  # "(Rolling Stone)The band …"
    r"|[A-ZÀ-Þ][\w.’'-]+(?: [A-ZÀ-Þ][\w.’'-]+){0,2}(?:, [A-ZÀ-Þ][\w.’'-]+(?: [A-ZÀ-Þ][\w.’'-]+){0,2}){1,2}"
    r"\s+(?:--|[–—-])\s+(?=[A-ZÀ-Þ“\"])"  # "Evansville, Indiana, United States - This week …"
)
_HEDGED = re.compile(
    r"(?i)[\W]*(?:it (?:could|might|may|can|must|should) (?:also |well )?(?:be|have been) (?:argued|said|"
    r"that|the case|noted)|one (?:could|might|may) |perhaps\b|maybe\b|"
    r"arguably\b|presumably\b|possibly\b|it (?:seems|appears) (?:that|to me|likely)|in my (?:view|opinion)|"
    r"i (?:think|believe|suspect|guess|wonder|fear|hope)\b|"
    r"it remains to be seen|only time will tell|who knows|vielleicht\b|peut-être\b|quizás?\b|forse\b|"
    r"talvez\b)"
)
_OWN_VOICE = re.compile(
    r"\bI (?:think|believe|suspect|am|was|feel|guess|would|have|had|can)\b|\bI['’](?:m|d|ve|ll)\b|\b[Mm]y "
    r"(?:view|opinion)\b"
)
_CAPTION = re.compile(
    r"\W*[A-ZÀ-Þ][\w’'&-]*(?:[ ,]+[\w’'&-]+){0,4}[’']?: +(?![‘'“\"„«])[A-ZÀ-Þ\d£$€]"
)  # "Relief: The …"
_RUN_TOGETHER = re.compile(  # a caption without a stop, and the sentence behind it: "Mayor Ferri In the harbour …"
    r"(?<=[\w’')]) (?:In|On|At|After|As|When|While|From|During|Since) (?:the|a|an|his|her|its|their) "
)
_TOLD = re.compile(r"(?i)\b(?:said|says|added|adds|told|wrote|tweeted|asked|is|are|was|were|has|have|had|this)\b")
_ASKS = re.compile(r"[?？؟][\"'”’»)\]]*$")
_ANNOUNCES = re.compile(r"(?i)\W*(?:here(?:['’]s| is| are| was)|see (?:below|above)|click|on this page)\b")
_CUT_SHORT = re.compile(r"(?:\s(?:the|an?|and|or|its|their|whose)|[:;,–-])\.$")
_STOPPED = re.compile(r"[.!?…。！？؟।]['\"”’»)\]」』]*\s?[»”]?$")


def find_candidates(reading: Reading) -> list[Candidate]:
    """The body's first READ_SENTENCES sentences, each with what speaks against printing it."""
    spans = list(islice(_sentences(reading), READ_SENTENCES))
    if not spans:
        return []
    front = replace(reading, text=reading.text[: _paragraph_end(reading.text, spans[-1].end)])
    marked = find_marked(front.text)
    starts = [m.outer.start for m in marked]
    reaches = [m.outer.end for m in marked]
    headings = [set(stems(h, reading.language)) for h in reading.headings]
    context = Context(front, marked)
    found: list[Candidate] = []
    reach = -1
    for whole in spans:
        span = _without_dateline(front.text, whole, first=not found)
        text = span.of(front.text)
        words = count_words(text)
        crossing = _crossing(marked, starts, reaches, span)
        outside = _outside(front.text, span, crossing)
        follows = reach >= 0 and _adjoin(front.text[reach : whole.start])
        found.append(
            Candidate(
                len(found),
                span,
                text,
                words,
                context.needs(span, outside, follows=follows),
                _flaw(text, words) or _quote_flaw(front.text, span, crossing),
                _doubt(outside, text, words, headings, reading.language),
            )
        )
        reach = whole.end
    return found


def _sentences(reading: Reading) -> Iterator[Span]:
    """The sentences of the body in order, but for leftovers."""
    for region in reading.body:
        for sentence in split_sentences(region.of(reading.text), reading.language):
            whole = Span(region.start + sentence.start, region.start + sentence.end)
            if not why_removed(whole.of(reading.text)):
                yield whole


def _adjoin(between: str) -> bool:
    """Does nothing stand *between* two sentences but lines that pages leave there? An ornament parts them."""
    if "\n" not in between:
        return not between.strip()
    lines = (line.strip() for line in between.splitlines())
    return all(why_removed(line) not in {"", "ornament"} for line in lines if line)


def _paragraph_end(text: str, at: int) -> int:
    end = text.find("\n\n", at)
    return len(text) if end < 0 else end


def _without_dateline(text: str, span: Span, *, first: bool) -> Span:
    line = _DATELINE.match(text, span.start, span.end)
    if line is None and first:
        line = _OPENING_LINE.match(text, span.start, span.end)
    if line and span.end - line.end() > 20:
        return Span(line.end(), span.end)
    return span


def _flaw(text: str, words: int) -> str:
    if words > MOST_WORDS or len(text) > MOST_CHARACTERS:
        return "too long"
    if is_caption(text):
        return "a caption"
    return "" if any(c.isalnum() for c in text) else "no words"


def _doubt(outside: str, text: str, words: int, headings: Sequence[set[str]], language: str) -> str:
    if words < FEWEST_WORDS or (words < FEWEST_WITHOUT_NUMBER and not _numbers({text})):
        return "too short"
    if not _STOPPED.search(text) or _CUT_SHORT.search(text):
        return "no end"
    if _ASKS.search(text):
        return QUESTION
    if _ANNOUNCES.match(text):
        return "announces what follows"
    if text[0].islower() and text[1:2].islower():
        return "no beginning"
    if _RUN_TOGETHER.search(outside):
        return "two lines run together"
    caption = _CAPTION.match(text)
    if caption and not _TOLD.search(caption.group()):
        return "a caption"
    if _HEDGED.match(text) or _OWN_VOICE.search(outside):
        return "the writer's comment"
    own = set(stems(text, language))
    for heading in headings:
        shared = len(own & heading)
        if heading and own and shared >= 0.75 * len(own) and not _numbers(own - heading):
            return "repeats the title"
    return ""


def _numbers(words: set[str]) -> bool:
    return any(c.isdigit() for word in words for c in word)


def _crossing(marked: Sequence[Marked], starts: Sequence[int], reaches: Sequence[int], span: Span) -> list[Marked]:
    """The marked stretches that share a character with *span*; both lists rise, as the stretches are disjoint."""
    first = bisect_left(reaches, span.start + 1)
    last = bisect_left(starts, span.end)
    return list(marked[first:last])


def _outside(text: str, span: Span, crossing: Sequence[Marked]) -> str:
    pieces, at = [], span.start
    for m in crossing:
        pieces.append(text[at : max(at, m.outer.start)])
        at = max(at, min(span.end, m.outer.end))
    pieces.append(text[at : span.end])
    return " ".join(pieces)


_CLOSED_BY = {'"': '"', "“": "”", "«": "»", "„": "“"}


def _quote_flaw(text: str, span: Span, crossing: Sequence[Marked]) -> str:
    """Quotes whole with who said them, or not at all."""
    if any(not m.closed or not span.holds(m.outer) for m in crossing):
        return "part of a quote"
    sentence = span.of(text)
    if sentence.count('"') % 2 or sentence.count("“") != sentence.count("”"):
        return "part of a quote"
    if not crossing and sentence[:1] in _CLOSED_BY and _CLOSED_BY[sentence[0]] not in sentence[2:]:
        return "part of a quote"
    if crossing:
        outside = _outside(text, span, crossing)
        quoted = sum(count_words(m.inner.of(text)) for m in crossing)
        if quoted > count_words(outside) and not has_cue(outside):
            return "quote without its speaker"
    return ""
