"""What was said, and the few quotes worth pulling out.

`find_quotes` gives every direct quote of the reporting parts: its pieces inside the marks, who said it, and how sure
that is. Titles, nicknames, sayings and scare quotes are no quotes. `key_quotes` keeps what says something on its own.
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
from digest.text.sentences import split_sentences
from digest.text.words import count_words, stems

SHORTEST, LONGEST = 8, 45  # words of a key quote


def find_quotes(article_or_text: Article | str, *, language: str | None = None) -> list[Quote]:
    """Every direct quote in the text's order; spans inside the marks, disjoint, verbatim.

    A split quote ("…,” said A, “…") and one over several paragraphs is one Quote with several spans. The speaker is
    a full name or an organization, None where the text names nobody; the writer's own opinion part has no quotes.
    """
    reading = read(article_or_text, language=language or ("und" if isinstance(article_or_text, str) else None))
    return _find(reading)


def _find(reading: Reading) -> list[Quote]:
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
        sure = told.confidence * resolved.certain * (1.0 if m.closed or m.reopened else 0.5)
        quotes.append(
            Quote(
                reading.article, (m.inner,), (m.inner.of(text),), resolved.speaker, told.who.span if told.who else None,
                resolved.role, resolved.role_span, round(sure, 3), (m.outer,),
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
                score = (
                    _worth(run.of(reading.text), matter, reading.language)
                    + 0.5 * quote.confidence
                    - 0.04 * min(nth, 10)
                )
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
