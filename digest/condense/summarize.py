"""Which sentences make the summary. Any method rates; the rules here decide what may stand in print.

A sentence is printed whole (but for a dateline cut off its front), as it stands in the text, in the text's order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from digest.condense.cues import has_cue
from digest.condense.leaning import Context, Needs
from digest.condense.marks import Marked, find_marked
from digest.condense.quotes import key_quotes
from digest.condense.reading import Reading, read
from digest.model import Article, Excerpt, Quote, Span, Summary
from digest.text.boilerplate import is_caption, why_removed
from digest.text.sentences import split_sentences
from digest.text.words import count_words, stems, tokens

METHODS: tuple[str, ...] = (
    "editorial",
    "luhn",
    "lsa",
    "lex-rank",
    "text-rank",
    "sum-basic",
    "kl",
    "reduction",
    "edmundson",
)

FEWEST_WORDS, MOST_WORDS = 5, 60
FEWEST_WITHOUT_NUMBER = 7  # "The list is one plain page." says little; "The first day it was 128." may say much
READ_SENTENCES = 150  # a report's matter is in its front; sumy's graphs grow with the square of this
QUOTE_SHARE = 0.4  # of max_words, kept for key quotes where they are asked for


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


def summarize(
    article_or_text: Article | str,
    *,
    title: str | None = None,
    sentences: int = 3,
    max_words: int = 70,
    method: str = "editorial",
    language: str | None = None,
    quotes: int = 0,
) -> Summary:
    """At most *sentences* sentences and *quotes* key quotes, *max_words* words together, verbatim, in text order.

    Shorter where little may stand in print or the article's publisher allows fewer characters; empty if no sentence
    fits, or none may be excerpted. Where quotes are asked for, at least 60 % of
    the words are for sentences. Raises ValueError for a method not in METHODS.
    """
    if method not in METHODS:
        raise ValueError(f"no summary method {method!r}; there are {', '.join(METHODS)}")
    chars = article_or_text.excerpt_chars() if isinstance(article_or_text, Article) else None
    if chars == 0:
        return Summary(method, (), ())
    reading = read(article_or_text, title=title, language=language)
    candidates = find_candidates(reading)
    rated = _rate(method, candidates, reading) if candidates else []
    ratings = {c.number: r for c, r in zip(candidates, rated, strict=True)}
    while True:
        spoken, chosen = _compose(article_or_text, reading, candidates, ratings, sentences, max_words, quotes)
        taken = sum(len(c.text) for c in chosen) + sum(len(text) for quote in spoken for text in quote.texts)
        if chars is None or taken <= chars or max_words <= FEWEST_WORDS:
            break
        max_words = max(FEWEST_WORDS, min(max_words - 1, int(max_words * chars / taken)))
    if chars is not None and taken > chars:
        return Summary(method, (), ())
    return Summary(method, tuple(Excerpt(reading.article, c.span, c.text) for c in chosen), spoken)


def _compose(
    source: Article | str,
    reading: Reading,
    candidates: Sequence[Candidate],
    ratings: dict[int, float],
    sentences: int,
    max_words: int,
    quotes: int,
) -> tuple[tuple[Quote, ...], list[Candidate]]:
    """The quotes and the sentences that share *max_words*."""
    spoken = _affordable(source, quotes, int(max_words * QUOTE_SHARE), reading.language)
    taken = [span for quote in spoken for span in quote.outer]
    budget = max_words - sum(count_words(text) for quote in spoken for text in quote.texts)
    usable = [c for c in candidates if not any(c.span.overlaps(span) for span in taken)]
    chosen = _choose(usable, ratings, sentences, budget, reading)
    if spoken and (not chosen or chosen[0].needs):
        alone = _choose(candidates, ratings, sentences, max_words, reading)
        if alone and not alone[0].needs:
            chosen, spoken = alone, ()  # a sentence that stands alone before a quote that leaves no room for one
    return spoken, chosen


def _affordable(source: Article | str, limit: int, max_words: int, language: str) -> tuple[Quote, ...]:
    """The best key quotes that fit into *max_words* together, one after the other."""
    kept: list[Quote] = []
    left = max_words
    while len(kept) < limit and left > 0:
        taken = [span for quote in kept for span in quote.spans]
        best = key_quotes(source, limit=1, avoid=taken, max_words=left, language=language)
        if not best:
            break
        kept += best
        left -= sum(count_words(text) for text in best[0].texts)
    return tuple(kept)


def _rate(method: str, candidates: Sequence[Candidate], reading: Reading) -> list[float]:
    from digest.condense.engines import rate_sentences  # sumy: only once something is to be summarized

    return rate_sentences(method, [c.text for c in candidates], reading.language, reading.title)


# ------------------------------------------------------------------------------------------------ what may be printed

_DATELINE = re.compile(
    r"\s*(?:[A-ZÀ-Þ][\w.’' -]{1,30}(?:,\s+[A-Z][\w.’' -]{1,25}){0,2},?\s*)?"
    r"\((?:CNN|Reuters|AP|AFP|UPI|dpa|EFE|ANSA|CNN Student News|[A-Z][\w. ]{1,24}(?:CNN|Reuters|AP|"
    r"AFP)?)\)\s*(?:--|[-–—])\s*"
    r"|\s*[A-ZÀ-Þ]{3}[A-ZÀ-Þ.’' -]{0,28}(?:,\s+[A-Z][\w.’' -]{1,20}?)?(?:\s+\((?:[\w .]{2,24})\))?\s+(?:--|"
    r"[–—]|-)\s+"
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
_STOPPED = re.compile(r"[.!?…。！？؟।]['\"”’»)\]」』]*\s?[»”]?$")


def find_candidates(reading: Reading) -> list[Candidate]:
    """The body's sentences, each with what speaks against printing it."""
    marked = find_marked(reading.text)
    starts = [m.outer.start for m in marked]
    reaches = [m.outer.end for m in marked]
    headings = [set(stems(h, reading.language)) for h in reading.headings]
    found: list[Candidate] = []
    context = Context(reading, marked)
    reach = -1
    for region in reading.body:
        for sentence in split_sentences(region.of(reading.text), reading.language):
            if len(found) >= READ_SENTENCES:
                return found
            whole = Span(region.start + sentence.start, region.start + sentence.end)
            if reach >= 0 and why_removed(whole.of(reading.text)):
                continue
            span = _without_dateline(reading.text, whole)
            text = span.of(reading.text)
            words = count_words(text)
            crossing = _crossing(marked, starts, reaches, span)
            flaw = _flaw(text, words) or _quote_flaw(reading.text, span, crossing)
            outside = _outside(reading.text, span, crossing)
            found.append(
                Candidate(
                    len(found),
                    span,
                    text,
                    words,
                    context.needs(span, outside, follows=reach >= 0 and not reading.text[reach : whole.start].strip()),
                    flaw,
                    _doubt(outside, text, words, headings, reading.language),
                )
            )
            reach = whole.end
    return found


def _without_dateline(text: str, span: Span) -> Span:
    found = _DATELINE.match(text, span.start, span.end)
    if found and span.end - found.end() > 20:
        return Span(found.end(), span.end)
    return span


def _flaw(text: str, words: int) -> str:
    if words > MOST_WORDS:
        return "too long"
    if is_caption(text) or why_removed(text):
        return "leftover"
    return "" if any(c.isalnum() for c in text) else "no words"


def _doubt(outside: str, text: str, words: int, headings: Sequence[set[str]], language: str) -> str:
    if words < FEWEST_WORDS or (words < FEWEST_WITHOUT_NUMBER and not _numbers({text})):
        return "too short"
    if not _STOPPED.search(text):
        return "no end"
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


def _quote_flaw(text: str, span: Span, crossing: Sequence[Marked]) -> str:
    """Quotes whole with who said them, or not at all."""
    if any(not m.closed or not span.holds(m.outer) for m in crossing):
        return "part of a quote"
    sentence = span.of(text)
    if sentence.count('"') % 2 or sentence.count("“") != sentence.count("”"):
        return "part of a quote"
    if crossing:
        outside = _outside(text, span, crossing)
        quoted = sum(count_words(m.inner.of(text)) for m in crossing)
        if quoted > count_words(outside) and not has_cue(outside):
            return "quote without its speaker"
    return ""


# ------------------------------------------------------------------------------------------------ choosing


def _choose(
    candidates: Sequence[Candidate], ratings: dict[int, float], limit: int, max_words: int, reading: Reading
) -> list[Candidate]:
    order = sorted((c for c in candidates if not c.flaw), key=lambda c: (-ratings[c.number], c.number))
    chosen: dict[int, Candidate] = {}
    seen: list[tuple[set[tuple[str, ...]], set[str]]] = []
    left = max_words
    progress = True
    while progress and len(chosen) < limit:
        progress = False
        for c in order:
            if c.number in chosen or c.doubt or c.words > left:
                continue
            if not c.needs.met(chosen):
                continue
            grams, words = _shape(c.text, reading.language)
            if any(_repeats(grams, words, *other) for other in seen):
                continue
            chosen[c.number] = c
            seen.append((grams, words))
            left -= c.words
            progress = True  # what needed this one may be legal now
            break
    if not chosen and limit > 0:
        # Nothing clean: one sentence that reads on its own is better than none.
        last = [c for c in order if c.words <= max_words and not c.needs.names]
        return sorted(last, key=lambda c: (bool(c.needs), bool(c.doubt)))[:1]
    return [chosen[n] for n in sorted(chosen)]


def _shape(text: str, language: str) -> tuple[set[tuple[str, ...]], set[str]]:
    words = tokens(text)
    return {tuple(words[n : n + 3]) for n in range(len(words) - 2)}, set(stems(text, language))


def _repeats(grams: set[tuple[str, ...]], words: set[str], grams2: set[tuple[str, ...]], words2: set[str]) -> bool:
    if grams & grams2:
        return True
    fewer = min(len(words), len(words2))
    return fewer > 0 and len(words & words2) >= 0.5 * fewer
