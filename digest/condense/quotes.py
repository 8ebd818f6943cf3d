"""What was said: every direct quote of the reporting parts, its pieces inside the marks, who said it, how sure that is.

Titles, nicknames, sayings and scare quotes are no quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from digest.condense.cues import has_cue
from digest.condense.marks import Marked, find_marked
from digest.condense.reading import Reading, read
from digest.condense.speakers import Attribution, Candidate, Hearing
from digest.model import Article, Quote, Span

_PARTIAL = 5  # words; fewer are a phrase, not a quote, unless said in so many words
_NICKNAME = 6  # words, at most

_LETTER = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def find_quotes(article_or_text: Article | str, *, language: str | None = None) -> list[Quote]:
    """Every direct quote in the text's order; spans inside the marks, disjoint, verbatim.

    A split quote ("…,” said A, “…") and one over several paragraphs is one Quote with several spans. The speaker is
    a full name or an organization, None where the text names nobody; the writer's own opinion part has no quotes.
    """
    reading = read(article_or_text, language=language or ("und" if isinstance(article_or_text, str) else None))
    return quotes_in(reading)


def quotes_in(reading: Reading) -> list[Quote]:
    text = reading.text
    marked = _in_body(find_marked(text), reading.body)
    if not marked:
        return []
    hearing = Hearing(text, marked, reading.language)
    quotes: list[Quote] = []
    owners: list[int] = []  # for each stretch so far, its quote's index, -1 for none
    previous: Attribution | None = None
    answers: list[Attribution] = []
    for nth, m in enumerate(marked):
        told = hearing.attribute(nth, previous)
        told = _carried(hearing, nth, told, answers)
        answers.append(told)
        resumed = bool(owners) and owners[-1] >= 0 and _resumes(text, marked[nth - 1], m)
        if not resumed and not _is_speech(hearing, nth, told):
            owners.append(-1)
            continue
        previous = told
        joined = _continues(hearing, nth, told, owners, answers)
        if joined is not None:
            old = quotes[joined]
            quotes[joined] = replace(
                old, spans=(*old.spans, m.inner), texts=(*old.texts, m.inner.of(text)), outer=(*old.outer, m.outer)
            )
            owners.append(joined)
            continue
        resolved = hearing.resolve(told.who)
        hearing.remember(told.who.span.start if told.who else m.outer.start, resolved.person)
        sure = told.confidence * resolved.certain * (1.0 if m.closed or m.reopened else 0.5)
        quotes.append(
            Quote(
                reading.article, (m.inner,), (m.inner.of(text),), resolved.speaker, told.who.span if told.who else None,
                resolved.role, resolved.role_span, round(sure, 3), (m.outer,),
            )
        )  # fmt: skip
        owners.append(len(quotes) - 1)
    return _without_repeats(text, quotes)


def _without_repeats(text: str, quotes: Sequence[Quote]) -> list[Quote]:
    """*quotes* less those that stand alone in a paragraph and say again what another says: headlines, pull quotes."""
    said = [" ".join(_LETTER.findall(" ".join(quote.texts).lower())) for quote in quotes]
    alone = [_alone(text, quote) for quote in quotes]
    attributed = " \n ".join(f" {words} " for words, by_itself in zip(said, alone, strict=True) if not by_itself)
    kept: list[Quote] = []
    pulled: set[str] = set()
    for quote, words, by_itself in zip(quotes, said, alone, strict=True):
        if by_itself and (f" {words} " in attributed or words in pulled):
            continue
        if by_itself:
            pulled.add(words)
        kept.append(quote)
    return kept


def _alone(text: str, quote: Quote) -> bool:
    first, last = quote.outer[0].start, quote.outer[-1].end
    before, after = text[:first].rstrip(" "), text[last : last + 2].lstrip(" ")
    return len(quote.outer) == 1 and (not before or before[-1] == "\n") and (not after or after[0] == "\n")


def _in_body(marked: Sequence[Marked], body: Sequence[Span]) -> list[Marked]:
    kept, at = [], 0
    for m in marked:
        while at < len(body) and body[at].end <= m.inner.start:
            at += 1
        if at < len(body) and body[at].start <= m.inner.start and m.inner.end <= body[-1].end:
            kept.append(m)
    return kept


def _carried(hearing: Hearing, nth: int, told: Attribution, answers: Sequence[Attribution]) -> Attribution:
    """Speech without a cue of its own: it goes on from before, or the next line says whose it was."""
    if told.who is not None:
        return told
    m = hearing.marked[nth]
    text = hearing.covered
    last = answers[-1] if answers else None
    alone = not text[m.outer.end : m.outer.end + 3].strip(" ") or text[m.outer.end : m.outer.end + 2].startswith("\n")
    if nth and hearing.marked[nth - 1].reopened and last and last.who:
        return Attribution(last.who, "carried", last.confidence)
    if alone:
        follow = re.compile(r"\s*[Ss]o (?:said|says|wrote)\b").match(text, m.outer.end)
        if follow:
            found = hearing.among(follow.end(), follow.end() + 60)
            if found:
                return Attribution(found[0], "after", 0.8)
    if m.reopened:
        ahead = hearing.attribute(nth + 1, None) if nth + 1 < len(hearing.marked) else None
        if ahead and ahead.who:
            return Attribution(ahead.who, "carried", ahead.confidence)
    lead = text[max(0, m.outer.start - 4) : m.outer.start].rstrip(" ")
    begins = (m.outer.start < 4 and not lead) or lead.endswith("\n")
    near = nth and m.paragraph - hearing.marked[nth - 1].paragraph <= 1
    if last and last.who and near and begins:
        return Attribution(last.who, "carried", last.confidence * 0.85)
    who = _introduced(hearing, m)
    if who is not None:
        return Attribution(who, "context", 0.5)
    if last and last.who and begins:
        return Attribution(last.who, "carried", 0.4)
    return told


def _introduced(hearing: Hearing, m: Marked) -> Candidate | None:
    """The subject of this sentence, else of the one before the quote."""
    at = hearing.sentence_at(m.outer.start)
    for nth in (at, at - 1):
        if nth < 0:
            continue
        span = hearing.sentences[nth]
        found = [c for c in hearing.among(span.start, min(span.end, m.outer.start)) if not c.possessive]
        if found:
            return found[0]
    return None


def _resumes(text: str, before: Marked, m: Marked) -> bool:
    """Whether the sentence of the last piece goes on: « …, dit-il, … » and “…,” she said, “…”."""
    if m.paragraph != before.paragraph:
        return False
    gap = text[before.outer.end : m.outer.start].rstrip(" \u00a0")
    asked = before.inner.of(text)[-1:] == "," or gap[:1] == ","
    return m.outer.start == m.inner.start or (asked and gap[-1:] == "," and m.inner.of(text)[:1].islower())


def _is_speech(hearing: Hearing, nth: int, told: Attribution) -> bool:
    m = hearing.marked[nth]
    if _NOT_SAID.search(hearing.covered, max(0, m.outer.start - 60), m.outer.start):
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
    if len(words) < _PARTIAL:
        if is_title(words) and _NAMED_THING.search(hearing.covered, max(0, m.outer.start - 30), m.outer.start):
            return False
        return bool(told.who) and told.how in ("after", "before", "between", "carried") and ends and starts and direct
    if is_title(words) and (
        not (direct and ends) or _NAMED_THING.search(hearing.covered, max(0, m.outer.start - 30), m.outer.start)
    ):
        return False
    if direct or told.how in ("between", "carried"):
        return True
    whole = starts and ends
    if whole:
        return True
    return bool(told.who) and has_cue(outside, weak=True)


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


def _continues(
    hearing: Hearing, nth: int, told: Attribution, owners: Sequence[int], answers: Sequence[Attribution]
) -> int | None:
    """The quote this stretch belongs to: split by its attribution, or gone on in the next paragraph."""
    if not nth or owners[nth - 1] < 0:
        return None
    m, before = hearing.marked[nth], hearing.marked[nth - 1]
    if told.who != answers[nth - 1].who or told.who is None:
        return None
    if before.reopened and m.paragraph == before.paragraph + 1:
        return owners[nth - 1]
    gap = hearing.covered[before.outer.end : m.outer.start]
    if m.paragraph == before.paragraph and len(gap) <= 120 and not re.search(r"[.!?]\s.*[.!?]\s", gap):
        return owners[nth - 1]
    return None
