"""What was said: every direct quote of the reporting parts, its pieces inside the marks, who said it, how sure that is.

Titles, nicknames, sayings and scare quotes are no quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from digest.condense.clues import Clues
from digest.condense.listening import listen
from digest.condense.marks import Marked, find_marked
from digest.condense.reading import Reading, read
from digest.condense.speakers import Attribution, Hearing
from digest.model import Article, Quote, Span


def find_quotes(article_or_text: Article | str, *, language: str | None = None) -> list[Quote]:
    """Every direct quote in the text's order; spans inside the marks, disjoint, verbatim.

    A split quote ("…,” said A, “…") and one over several paragraphs is one Quote with several spans. The speaker is
    a full name or an organization, None where the text names nobody; the writer's own opinion part has no quotes.
    """
    reading = read(article_or_text, language=language or ("und" if isinstance(article_or_text, str) else None))
    return quotes_in(reading)


def quotes_in(reading: Reading) -> list[Quote]:
    """`find_quotes` of a text already read."""
    text = reading.text
    marked = in_body(find_marked(text), reading.body)
    if not marked:
        return []
    hearing = Hearing(text, marked, reading.language)
    quotes: list[Quote] = []
    owners: list[int] = []  # for each stretch so far, its quote's index, -1 for none
    answers: list[Attribution] = []
    for nth, heard in enumerate(listen(hearing, Clues(hearing))):
        m, told = marked[nth], heard.told
        answers.append(told)
        if not heard.speech:
            owners.append(-1)
            continue
        joined = _continues(hearing, nth, told, owners, answers)
        if joined is not None:
            old = quotes[joined]
            quotes[joined] = replace(
                old, spans=(*old.spans, m.inner), texts=(*old.texts, m.inner.of(text)), outer=(*old.outer, m.outer)
            )
            owners.append(joined)
            continue
        resolved = heard.resolved
        role = resolved.role if any(map(str.isalpha, resolved.role or "")) else None
        sure = told.confidence * resolved.certain * (1.0 if m.closed or m.reopened else 0.5)
        quotes.append(
            Quote(
                reading.article, (m.inner,), (m.inner.of(text),), resolved.speaker, told.who.span if told.who else None,
                role, resolved.role_span if role else None, round(sure, 3), (m.outer,),
            )
        )  # fmt: skip
        owners.append(len(quotes) - 1)
    return quotes


def in_body(marked: Sequence[Marked], body: Sequence[Span]) -> list[Marked]:
    """The marked stretches inside the reporting parts."""
    kept, at = [], 0
    for m in marked:
        while at < len(body) and body[at].end <= m.inner.start:
            at += 1
        if at < len(body) and body[at].start <= m.inner.start and m.inner.end <= body[-1].end:
            kept.append(m)
    return kept


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
