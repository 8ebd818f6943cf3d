"""What was said, and the few quotes worth pulling out.

`find_quotes` gives every direct quote of the reporting parts: its pieces inside the marks, who said it, and how sure
that is. Titles, nicknames, sayings and scare quotes are no quotes. `key_quotes` keeps what says something on its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from digest.condense.clues import Clues
from digest.condense.cues import has_cue
from digest.condense.marks import Marked, find_marked
from digest.condense.ranker import choose
from digest.condense.reading import Reading, read
from digest.condense.speakers import Attribution, Candidate, Hearing, How, gender_said
from digest.condense.weights import PRONOUN_WEIGHTS, SPEAKER_WEIGHTS
from digest.condense.whom import whom_table
from digest.model import Article, Quote, Span
from digest.text.sentences import split_sentences
from digest.text.words import count_words, stems

SHORTEST, LONGEST = 8, 45  # words of a key quote
_MEMORY = 30  # stretches back to whom the running speaker is looked for
_PARTIAL = 5  # words; fewer are a phrase, not a quote, unless said in so many words

_LETTER = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def find_quotes(article_or_text: Article | str, *, language: str | None = None) -> list[Quote]:
    """Every direct quote in the text's order; spans inside the marks, disjoint, verbatim.

    A split quote ("…,” said A, “…") and one over several paragraphs is one Quote with several spans. The speaker is
    a full name or an organization, None where the text names nobody; the writer's own opinion part has no quotes.
    """
    reading = read(article_or_text, language=language or ("und" if isinstance(article_or_text, str) else None))
    return _find(reading)


def _find(reading: Reading) -> list[Quote]:
    text = reading.text
    marked = _in_body(find_marked(text), reading.body)
    if not marked:
        return []
    hearing = Hearing(text, marked, reading.language)
    clues = Clues(hearing)
    quotes: list[Quote] = []
    owners: list[int] = []  # for each stretch so far, its quote's index, -1 for none
    previous: Attribution | None = None
    spoken: list[str] = []
    answers: list[Attribution] = []
    for nth, m in enumerate(marked):
        told = hearing.attribute(nth, previous)
        told = _carried(hearing, nth, told, answers)
        told = weighed(hearing, clues, nth, told, answers)
        answers.append(told)
        if not _is_speech(hearing, nth, told):
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
        find_meant(hearing, clues, m, told.who, spoken)
        resolved = hearing.resolve(told.who)
        if resolved.speaker:
            spoken.append(resolved.speaker.lower())
        hearing.remember(told.who.span.start if told.who else m.outer.start, resolved.person)
        sure = told.confidence * resolved.certain * (1.0 if m.closed or m.reopened else 0.5)
        quotes.append(
            Quote(
                reading.article, (m.inner,), (m.inner.of(text),), resolved.speaker, told.who.span if told.who else None,
                resolved.role, resolved.role_span, round(sure, 3), (m.outer,),
            )
        )  # fmt: skip
        owners.append(len(quotes) - 1)
    return quotes


def weighed(
    hearing: Hearing, clues: Clues, nth: int, told: Attribution, answers: Sequence[Attribution]
) -> Attribution:
    """The rules' answer and all other candidates, weighed."""
    if not SPEAKER_WEIGHTS or told.announced or clues.plain(nth, told):
        return told
    previous = next((a for a in answers[: -_MEMORY - 1 : -1] if a.who), None)
    rows = clues.table(nth, told, answers)
    if previous and previous.who and hearing.turns(nth, previous.who):
        start, known = hearing.head_span(nth)[0], clues.name_of(previous.who)
        rows = [row for row in rows if row[0].span.start >= start or clues.name_of(row[0]) != known] or rows
    found = choose(rows, SPEAKER_WEIGHTS, clues.name_of)
    if found is None:
        return told
    who, chance = found
    if who == told.who:
        return replace(told, confidence=chance)
    m = hearing.marked[nth]
    how: How = "context"
    if m.outer.end <= who.span.start and who.span.end <= hearing.tail_span(nth)[1]:
        how = "after"
    elif hearing.head_span(nth)[0] <= who.span.start and who.span.end <= m.outer.start:
        how = "before"
    elif previous and previous.who == who:
        how = "between" if nth and hearing.marked[nth - 1].paragraph == m.paragraph else "carried"
    return Attribution(who, how, chance)


def find_meant(hearing: Hearing, clues: Clues, m: Marked, who: Candidate | None, spoken: Sequence[str]) -> None:
    if who is None or who.kind != "pronoun" or who.span.start in hearing.meant or not PRONOUN_WEIGHTS:
        return
    gender = gender_said(who.span.of(hearing.text))
    found = choose(whom_table(clues, who, gender, m, spoken), PRONOUN_WEIGHTS, clues.name_of) if gender else None
    if found is not None:
        hearing.meant[who.span.start] = found


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


def _is_speech(hearing: Hearing, nth: int, told: Attribution) -> bool:
    m = hearing.marked[nth]
    if _NOT_SAID.search(hearing.covered, max(0, m.outer.start - 60), m.outer.start) or _is_repeat(hearing, nth):
        return False
    inner = m.inner.of(hearing.text)
    words = _LETTER.findall(inner)
    outside = _sentence_around(hearing, m)
    ends = inner[-1:] in ".,!?…—–。！？" or hearing.text[m.outer.end : m.outer.end + 1] == ","
    starts = inner[:1].isupper() or not inner[:1].isalpha()
    if _CJK.search(inner):
        return len(inner) >= 8 and (told.who is not None or bool(has_cue(outside)))
    direct = told.how in ("after", "before") and has_cue(outside)
    if _is_title(words) and (
        not (direct and ends)
        or _NAMED_THING.search(hearing.covered, max(0, m.outer.start - 30), m.outer.start)
        or (len(words) < _PARTIAL and not _is_said_beside(hearing, m))
    ):
        return False
    if len(words) < _PARTIAL:
        return bool(told.who) and told.how in ("after", "before", "between", "carried") and ends and starts and direct
    if direct or (starts and ends):
        return True
    return told.who is not None and (told.confidence >= 0.5 or has_cue(outside, weak=True))


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
    return any(
        said in theirs
        and other.paragraph != m.paragraph
        and (other.paragraph > m.paragraph or len(other.inner) > len(m.inner))
        for other, theirs in zip(hearing.marked, hearing.said, strict=True)
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
    return inner[-1:] in ",!?—…" and bool(tail) and has_cue(hearing.covered[m.outer.end : m.outer.end + 40].split(".")[0])


_NOT_SAID = re.compile(
    r"\b(?:[Ss]o-called|(?:[Ss]o ?genannte|vermeintliche|angebliche)[nmrs]?"
    r"|(?:(?:did|do|does|has|have|had|could|would|will)(?:\s+not|\s+never)|(?:did|do|does|has|have|had)n[’']t|never)"
    r"\s+(?:\w+ly\s+)?(?:say|said|says|write|written|wrote|claim|claimed|call|called|use|used|utter|uttered)"
    r"(?:\s+(?:that|the words?|the phrase))?"
    r"|(?:sagte|schrieb|sagt|schreibt)\s+(?:nicht|nie|niemals)|(?:nicht|nie|niemals)\s+(?:gesagt|geschrieben))[,:]?\s*$"
)
_NAMED_THING = re.compile(
    r"(?:\b(?:on|of|in|and|called|titled|entitled|show|program|programme|film|song|book|novel|series|album|"
    r"the)|[’']s)\s+$"
)


def _is_title(words: Sequence[str]) -> bool:
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


# ------------------------------------------------------------------------------------------------ key quotes

_LEANS = re.compile(
    r"(?i)[\W]*(?:he|she|they|it|this|that|these|those|his|her|their|but|and|or|so|because|which|who|then|"
    r"yes|no|well|there)\b"
)
_EMPTY = re.compile(
    r"(?i)\b(?:thank you|thanks|no comment|congratulations|good luck|very (?:pleased|excited|happy)|"
    r"honou?red|delighted|proud|excited|pleased|thrilled)\b"
)
_CLAIM = re.compile(
    r"(?i)\b(?:must|need|will|should|never|always|every|cannot|can’t|can't|only|first|more|most|best|worst|"
    r"because|if|want|believe|future|change|build|means?|fail|fight|right)\b|\d"
)


def key_quotes(
    article_or_text: Article | str,
    *,
    limit: int = 2,
    avoid: Sequence[Span] = (),
    max_words: int = LONGEST,
    language: str | None = None,
) -> list[Quote]:
    """The quotes an editor would pull, best first: whole sentences, 8 to 45 words, somebody named, standing alone.

    Each is one span inside one piece of a quote; where it is only a part, ``outer`` is that span without marks. The
    comma before "said" is not part of it. None touches a span in *avoid* (the summary's sentences, say); at most one
    from each quote.
    """
    if limit <= 0:
        return []
    reading = read(article_or_text, language=language or ("und" if isinstance(article_or_text, str) else None))
    matter = set(stems(" ".join(span.of(reading.text) for span in reading.body[:6]), "en")) | set(
        stems(reading.title, "en")
    )
    ranked: list[tuple[float, int, Quote]] = []
    for nth, quote in enumerate(_find(reading)):
        if quote.speaker is None or quote.confidence < 0.5:
            continue
        best: tuple[float, Quote] | None = None
        for piece, outer in zip(quote.spans, quote.outer, strict=True):
            for run in _runs(reading, piece, max_words):
                if any(run.overlaps(other) for other in avoid):
                    continue
                score = _worth(run.of(reading.text), matter, reading.language) + 0.5 * quote.confidence - 0.04 * min(nth, 10)
                said = _without_comma(reading.text, run)
                score -= 0.3 if said != run and _goes_on(reading.text, quote, run) else 0.0
                cut = replace(
                    quote, spans=(said,), texts=(said.of(reading.text),), outer=(outer if run == piece else said,)
                )
                if best is None or score > best[0]:
                    best = (score, cut)
        if best is not None and best[0] > 0:
            ranked.append((best[0], nth, best[1]))
    ranked.sort(key=lambda r: (-r[0], r[1]))
    chosen: list[Quote] = []
    for _, _, quote in ranked:
        if len(chosen) == limit:
            break
        own = set(stems(quote.texts[0], "en"))
        if any(len(own & set(stems(c.texts[0], "en"))) > 0.6 * len(own) for c in chosen):
            continue
        chosen.append(quote)
    return chosen


def _runs(reading: Reading, piece: Span, max_words: int) -> list[Span]:
    """Whole consecutive sentences of one piece, within the length of a key quote. At most three sentences."""
    text = reading.text
    found = split_sentences(piece.of(text), reading.language)[:12]
    sentences = [Span(piece.start + s.start, piece.start + s.end) for s in found]
    runs = []
    for first in range(len(sentences)):
        for last in range(first, min(first + 3, len(sentences))):
            run = Span(sentences[first].start, sentences[last].end)
            if SHORTEST <= count_words(run.of(text)) <= min(LONGEST, max_words) and _whole(run.of(text)):
                runs.append(run)
    return runs


def _whole(said: str) -> bool:
    return said[:1].isupper() or not said[:1].isalpha() or not said[:1].islower()


def _without_comma(text: str, run: Span) -> Span:
    """The comma of "…,” said Ann Lee" belongs to the sentence around the quote."""
    return Span(run.start, run.start + len(run.of(text).rstrip(",， ")))


def _goes_on(text: str, quote: Quote, run: Span) -> bool:
    """Whether the sentence at the end of *run* goes on in the quote's next piece."""
    following = [span.of(text) for span in quote.spans if span.start > run.end]
    return bool(following) and following[0][:1].islower()


def _worth(said: str, matter: set[str], language: str) -> float:
    words = count_words(said)
    own = set(stems(said, "en"))
    shared = len(own & matter) / (len(own) or 1)
    score = 0.5 + 0.6 * shared + 0.15 * min(3, len(_CLAIM.findall(said)))
    score += 0.2 if 12 <= words <= 26 else 0.0
    score -= 0.25 * (len(split_sentences(said, language)) - 1)
    score -= 0.9 if _LEANS.match(said) else 0.0
    score -= 0.4 if _EMPTY.search(said) else 0.0
    score -= 0.3 if said.rstrip().endswith("?") else 0.0
    score -= 0.3 if "[" in said or "…" in said or "..." in said else 0.0
    score -= 0.15 if re.match(r"(?:I|We|I’m|I'm|I’ve)\b", said) else 0.0
    score -= 0.2 if said.rstrip()[-1:] not in ".!?。！？,”’" else 0.0
    return score
