"""Whom "he" or "she" means: everybody named before, each with the clues a ranker weighs.

A person of the other gender is never meant. How much a clue weighs stands in `weights`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digest.condense.clues import Clues
from digest.text.names import Gender, gender_of

if TYPE_CHECKING:
    from digest.condense.marks import Marked
    from digest.condense.speakers import Candidate

_BACK = 2500  # characters searched before the pronoun


def _step(count: int) -> str:
    return str(count) if count <= 2 else "3-5" if count <= 5 else "6-10" if count <= 10 else "more"


def whom_table(
    clues: Clues, pronoun: Candidate, gender: Gender, m: Marked, spoken: Sequence[str]
) -> list[tuple[Candidate, list[str]]]:
    """Everybody named before *pronoun*, by the last mention, with their clues. *spoken*: who spoke so far."""
    h = clues.hearing
    position = pronoun.span.start
    before = [c for c in h.among(max(0, position - _BACK), position) if c.kind == "name"]
    latest: dict[str, list[Candidate]] = {}
    for c in before:
        latest.setdefault(clues.name_of(c), []).append(c)
    at = h.sentence_at(position)
    block = h.paragraph_at(position)
    tail = [c for c in h.among(position, min(len(h.text), position + 60)) if c.kind == "name"]
    beside = {
        clues.name_of(c)
        for c in tail
        if h.sentence_at(c.span.start) == at and "\n" not in h.text[position : c.span.start]
    }
    inner = m.inner.of(h.text).lower()
    ruled, _ = h.whom(gender, position)
    ruled_name = ruled.name.lower() if ruled else ""
    opens_block = next(
        (clues.name_of(c) for c in before if h.paragraph_at(c.span.start) == block and not c.possessive), ""
    )
    opens_last = next(
        (clues.name_of(c) for c in before if h.paragraph_at(c.span.start) == block - 1 and not c.possessive), ""
    )
    rows: list[tuple[Candidate, list[str]]] = []
    rivals = 0
    for name, mentions in sorted(latest.items(), key=lambda item: -item[1][-1].span.start):
        c = mentions[-1]
        person = h.named(c)
        known = person.gender if person else gender_of(name.title(), c.mention.title if c.mention else "")
        if gender and known and known != gender:
            continue
        if person is not None and person.kind != "person":
            continue
        kind, verb, lead, place = clues.own(c)
        sentences = at - h.sentence_at(c.span.start)
        blocks = block - h.paragraph_at(c.span.start)
        tells = "of that gender" if known and gender else "of any gender"
        row = [
            kind,
            tells,
            f"{kind}, {tells}",
            f"{_step(sentences)} sentences back",
            f"{_step(blocks)} paragraphs back",
            f"last named {place} in its sentence",
            f"last named: {verb}",
            f"last named: {lead}",
            f"{_step(sentences)} sentences back, {place}",
            f"{_step(sentences)} sentences back, {verb}",
            f"{'1st' if rivals == 0 else '2nd' if rivals == 1 else 'further'} from the pronoun",
            f"named {_step(len(mentions))} times",
        ]
        rivals += 1
        subjects = [
            d
            for d in mentions
            if at - h.sentence_at(d.span.start) <= 3 and clues.own(d)[3] != "late" and not d.possessive
        ]
        row.append(f"opens {min(2, len(subjects))} of the last sentences")
        if any(
            clues.own(d)[1] in ("says", "said by", "aside, then says")
            for d in mentions
            if at - h.sentence_at(d.span.start) <= 4
        ):
            row.append("says something near")
        if name == ruled_name:
            row.append("the rules mean them")
            row.append(f"the rules mean them, {tells}")
        if name == opens_block:
            row.append("first named of the paragraph")
        if name == opens_last:
            row.append("first named of the last paragraph")
        if spoken and name == spoken[-1]:
            row.append("spoke last")
            row.append(f"spoke last, {_step(blocks)} paragraphs back")
        elif name in spoken:
            row.append("has spoken")
        if name.rsplit(" ", 1)[-1] in inner:
            row.append("the quote names them")
        if name in beside:
            row.append("named right behind the pronoun")
        if sentences == 0:
            row.append(f"in the pronoun's sentence, {verb}")
            row.append(f"in the pronoun's sentence, {lead}")
            row.append(f"in the pronoun's sentence, {place}")
        rows.append((c, row))
    # Nobody calls himself by his surname.
    others = [row for row in rows if "the quote names them" not in row[1]]
    return others or rows
