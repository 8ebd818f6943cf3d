"""Whether a marked stretch is speech: no scare quote, no title, no saying, no headline that repeats a quote."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.condense.cues import has_cue
from digest.condense.marks import Marked
from digest.condense.speakers import Attribution, Hearing

_NEAR = 30  # stretches around a headline's in which its quote is looked for
_PARTIAL = 5  # words; fewer are a phrase, not a quote, unless said in so many words
_NICKNAME = 6  # words, at most

_LETTER = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_speech(hearing: Hearing, nth: int, told: Attribution) -> bool:
    """Whether the *nth* marked stretch, said by whom *told* says, is a quote."""
    m = hearing.marked[nth]
    if _NOT_SAID.search(hearing.covered, max(0, m.outer.start - 60), m.outer.start) or _is_repeat(hearing, nth):
        return False
    inner = m.inner.of(hearing.text)
    words = _LETTER.findall(inner)
    outside = _sentence_around(hearing, m)
    ends = inner[-1:] in ".,!?…—–。！？؟۔" or hearing.text[m.outer.end : m.outer.end + 1] in (",", "،")
    starts = not inner[:1].islower()
    if _CJK.search(inner):
        return len(inner) >= 8 and (told.how in ("after", "before", "carried") or has_cue(outside))
    if words and not any(c.islower() or c.isupper() for c in inner):  # Arabic, Hebrew: no capitals, no names
        return bool(told.who) or has_cue(outside)
    if inner[-1:] not in ".,!?…" and _names_a_thing(hearing, m):
        return False
    direct = told.how in ("after", "before") and has_cue(outside)
    if is_title(words) and (
        not (direct and ends)
        or _NAMED_THING.search(hearing.covered, max(0, m.outer.start - 30), m.outer.start)
        or (len(words) < _PARTIAL and not _is_said_beside(hearing, m))
    ):
        return False
    if len(words) < _PARTIAL:
        return bool(told.who) and told.how in ("after", "before", "between", "carried") and ends and starts and direct
    if direct or (starts and ends):
        return True
    if told.who is None:
        return False
    here = told.how == "carried" or hearing.paragraph_at(told.who.span.start) == m.paragraph
    return (here and told.confidence >= 0.5) or has_cue(outside, weak=True)


def resumes(text: str, before: Marked, m: Marked) -> bool:
    """Whether the sentence of the last piece goes on: « …, dit-il, … » and “…,” she said, “…”."""
    if m.paragraph != before.paragraph:
        return False
    gap = text[before.outer.end : m.outer.start].rstrip(" \u00a0")
    asked = before.inner.of(text)[-1:] == "," or gap[:1] == ","
    return m.outer.start == m.inner.start or (asked and gap[-1:] == "," and m.inner.of(text)[:1].islower())


def _is_repeat(hearing: Hearing, nth: int) -> bool:
    """Whether a headline, a caption or a pulled-out line says what a quote of another paragraph says as well."""
    m = hearing.marked[nth]
    paragraph = hearing.paragraphs[m.paragraph]
    if len(paragraph) - len(m.outer) > 80 or len(m.inner) < 12:
        return False
    around = hearing.covered[paragraph.start : m.outer.start] + hearing.covered[m.outer.end : paragraph.end]
    if len(_LETTER.findall(around)) > 8 or has_cue(around) or _ends_sentence(around):
        return False
    said = hearing.said[nth]
    near = slice(max(0, nth - _NEAR), nth + _NEAR)
    return any(
        said in theirs
        and other.paragraph != m.paragraph
        and (other.paragraph > m.paragraph or len(other.inner) > len(m.inner))
        for other, theirs in zip(hearing.marked[near], hearing.said[near], strict=True)
    )


def _ends_sentence(words: str) -> bool:
    return words.rstrip(" \u0001").endswith((".", "!", "?"))


def _is_said_beside(hearing: Hearing, m: Marked) -> bool:
    """Whether a verb of saying or a colon stands right at the marks: capitals then are no title's."""
    lead = hearing.covered[max(0, m.outer.start - 40) : m.outer.start]
    if re.search(r"[:：]\s*$", lead) or (re.search(r",\s+$", lead) and has_cue(lead.rstrip(", ").rsplit(" ", 1)[-1])):
        return True
    tail = re.match(r"\s+(?:[\w.’'-]+\s+){0,3}?([\w’'-]+)", hearing.covered[m.outer.end : m.outer.end + 60])
    inner = m.inner.of(hearing.text)
    return (
        inner[-1:] in ",!?—…" and bool(tail) and has_cue(hearing.covered[m.outer.end : m.outer.end + 40].split(".")[0])
    )


def _names_a_thing(hearing: Hearing, m: Marked) -> bool:
    """A title behind the word for what bears it, a nickname between two names."""
    before = hearing.covered[max(0, m.outer.start - 40) : m.outer.start].rstrip()
    after = hearing.covered[m.outer.end : m.outer.end + 40]
    last = re.search(r"[\w’'-]+(?=,?$)", before)
    if last is None:
        return False
    if last.group().lower() in hearing.words.works:
        return True
    inner = m.inner.of(hearing.text)
    nickname = before[-1] != "," and inner[0].isupper() and len(inner.split()) <= _NICKNAME
    return nickname and last.group()[0].isupper() and re.match(r" [A-ZÀ-Þ]", after) is not None


_NOT_SAID = re.compile(
    r"\b(?:(?:the\s+(?:old\s+)?saying|proverb|Sprichwort|Sprichworts|proverbe|refrán|proverbio|ditado|provérbio|spreekwoord|gezegde)"
    r"(?:\s+\w+)?|[Ss]o-called|(?:[Ss]o ?genannte|vermeintliche|angebliche)[nmrs]?"
    r"|(?:(?:did|do|does|has|have|had|could|would|will)(?:\s+not|\s+never)|(?:did|do|does|has|have|had)n[’']t|never)"
    r"\s+(?:\w+ly\s+)?(?:say|said|says|write|written|wrote|claim|claimed|call|called|use|used|utter|uttered)"
    r"(?:\s+(?:that|the words?|the phrase))?"
    r"|(?:sagte|schrieb|sagt|schreibt)\s+(?:nicht|nie|niemals)|(?:nicht|nie|niemals)\s+(?:gesagt|geschrieben))[,:]?\s*$"
)
_NAMED_THING = re.compile(
    r"(?:\b(?:on|of|in|and|called|titled|entitled|show|program|programme|film|song|book|novel|series|album|"
    r"the)|[’']s)\s+$"
)


def is_title(words: Sequence[str]) -> bool:
    """Title Case: "The Long Slow Road to Nowhere in Particular"."""
    long = [w for w in words if len(w) > 3] if len(words) >= _PARTIAL else words
    return len(long) >= 2 and sum(w[0].isupper() for w in long) >= (0.8 if len(words) >= _PARTIAL else 0.6) * len(long)


def _sentence_around(hearing: Hearing, m: Marked) -> str:
    a = max(0, m.outer.start - 200)
    b = min(len(hearing.text), m.outer.end + 200)
    head = re.split(r"[.!?]\s|\n\s*\n", hearing.covered[a : m.outer.start])[-1]
    tail = re.split(r"(?<![A-Z])[.!?](?:\s|$)|\n\s*\n", hearing.covered[m.outer.end : b])[0]
    return f"{head} {tail}"
