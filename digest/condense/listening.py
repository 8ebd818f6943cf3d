"""One text's marked stretches in order: who said each, and whether it is speech at all.

The rules' answer, what goes on from before, and all other candidates are weighed together; then a pronoun gets its
name. Each answer rests on the ones before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from digest.condense.clues import Clues
from digest.condense.marks import Marked
from digest.condense.ranker import choose
from digest.condense.speakers import Attribution, Candidate, Hearing, How, Resolved
from digest.condense.speech import is_speech, resumes
from digest.condense.weights import PRONOUN_WEIGHTS, SPEAKER_WEIGHTS
from digest.condense.whom import whom_table

_MEMORY = 30  # stretches back to whom the running speaker is looked for
_SUREST_MEANT = 0.85  # whom a pronoun means: bench/README.md
_SUREST = 0.95  # a chance among the candidates known; as sure as the surest of the rules


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer for one marked stretch, and what it rests on."""

    told: Attribution
    rules: Attribution  # what the rules alone say
    speech: bool
    resolved: Resolved  # nobody where it is no speech


def listen(hearing: Hearing, clues: Clues) -> Iterator[Heard]:
    """For each marked stretch in order, who said it."""
    previous: Attribution | None = None
    spoke = False  # whether the stretch before was speech
    answers: list[Attribution] = []
    for nth, m in enumerate(hearing.marked):
        rules = _carried(hearing, nth, hearing.attribute(nth, previous), answers)
        told = _weighed(hearing, clues, nth, rules, answers)
        answers.append(told)
        spoke = (spoke and resumes(hearing.text, hearing.marked[nth - 1], m)) or is_speech(hearing, nth, told)
        if not spoke:
            yield Heard(told, rules, False, hearing.resolve(None))
            continue
        previous = told
        _find_meant(hearing, clues, m, told.who)
        resolved = hearing.resolve(told.who)
        yield Heard(told, rules, True, resolved)
        hearing.remember(told.who.span.start if told.who else m.outer.start, resolved)


def _weighed(
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
    who, chance = found[0], min(found[1], _SUREST)
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


def _find_meant(hearing: Hearing, clues: Clues, m: Marked, who: Candidate | None) -> None:
    if who is None or who.kind != "pronoun" or who.span.start in hearing.meant or not PRONOUN_WEIGHTS:
        return
    gender = hearing.gender_said(who)
    found = (
        choose(whom_table(clues, who, gender, m, hearing.spoken[-_MEMORY:]), PRONOUN_WEIGHTS, clues.name_of)
        if gender
        else None
    )
    if found is not None:
        hearing.meant[who.span.start] = (found[0], min(found[1], _SUREST_MEANT))


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
