"""What speaks for somebody having said a quote: the clues a ranker weighs, each a few plain words.

A clue names where a name stands from the quote ("after", "before", "last paragraph" …) and what is seen there: a verb
of saying beside it, a preposition before it, how many words lie between. Says nothing about how much a clue weighs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.condense.speakers import Attribution, Candidate, Hearing

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_NEXT_WORDS = re.compile(r"(?:[’']s)?\s+([^\W\d_]+)(?:\s+([^\W\d_]+))?(?:\s+([^\W\d_]+))?")
_AFTER_ASIDE = re.compile(
    r"\s*(?:\([^()\n]{1,60}\)\s*)?(?:,[^\n;:]{2,140}?,|\([^()\n]{1,60}\))\s+([^\W\d_]+)(?:\s+([^\W\d_]+))?"
)
_WHO = re.compile(r"\s*,?\s+(?:who|which|whose)\b")
_PREPOSITIONS = frozenset(
    "to of with by from against for on in at about than over as like following after before into between among under "
    "despite toward towards through during without within near since until".split()
)
_HELPERS = frozenset("has had have also later then once never again even still just recently first would will".split())
_REPORTS = frozenset("that believes thinks believe whether if because".split())
_VERBS = frozenset("is was are were has had have will would can could should must may might does did do".split())
_TOLD = frozenset("told tells telling asked asks asking reminded warned informed assured urged advised".split())
_DETERMINERS = frozenset("the a an his her their its our this that".split())


def _near(count: int) -> str:
    return (
        "0"
        if count == 0
        else "1"
        if count == 1
        else "2-3"
        if count <= 3
        else "4-8"
        if count <= 8
        else "9-20"
        if count <= 20
        else "far"
    )


def verb_of(hearing: Hearing, c: Candidate) -> str:
    """How a verb of saying stands to a candidate."""
    text, says, cues = hearing.covered, hearing.says, hearing.words.cues
    end = c.span.end
    stop = min(len(text), end + 220)
    m = _NEXT_WORDS.match(text, end, stop)
    back = text[max(0, c.span.start - 40) : c.span.start]
    ahead = back.replace(",", "").split()[-3:] if back[-1:] in (" ", "\u00a0") else []
    does = m.group(1) if m else ""
    if (
        ahead
        and (ahead[-1] in says or ahead[-1] in _REPORTS)
        and (does in cues or does in _VERBS or does.endswith("ed"))
    ):
        return "in what is said"
    if m and not c.possessive:
        first, second, third = m.group(1), m.group(2), m.group(3)
        if first in says:
            return "says"
        if first in _HELPERS or first.endswith("ly"):
            if second in says:
                return "says"
            if second in cues:
                return "calls"
        if first in cues:
            return "calls"
    if ahead:
        if ahead[-1] in _TOLD:
            return "is told"
        if ahead[-1] in says:
            return "said by"
        if any(w in says for w in ahead) and not any(w in _PREPOSITIONS or not w.islower() for w in ahead):
            return "said by, with words between"
    aside = _AFTER_ASIDE.match(text, end, stop)
    if aside:
        if aside.group(1) in says or (aside.group(1) in _HELPERS and aside.group(2) in says):
            return "aside, then says"
        if aside.group(1) in cues:
            return "aside, then calls"
    who = _WHO.match(text, end, stop)
    if who:
        return "who"
    if m and not c.possessive:
        if second in says or third in says:
            return "says soon"
        if first.islower() and (first.endswith(("ed", "ing")) or (first.endswith("s") and len(first) > 3)):
            return "does"
    return "no verb"


def lead_of(hearing: Hearing, c: Candidate) -> str:
    """The word before a candidate: a preposition makes it no subject."""
    text = hearing.covered
    words = _WORD.findall(text, max(0, c.span.start - 40), c.span.start)
    gap = text[max(0, c.span.start - 1) : c.span.start]
    if not words or not gap.isspace():
        return "opening" if gap in ("\n", "") else "free"
    last = words[-1].lower()
    if last in _DETERMINERS and len(words) > 1:
        last = words[-2].lower()
    before = text[max(0, c.span.start - 2) : c.span.start - 1]
    if before and not (before.isalnum()):
        return "opening" if before in ".?!\n" else "comma"
    if last == "to" and len(words) > 1 and words[-2].lower() == "according":
        return "according to"
    if last in _PREPOSITIONS:
        return "preposition"
    if last in ("and", "or", "but", "while", "when", "that", "if", "because"):
        return "joined"
    return "free"


class Clues:
    """The clues of every candidate of one text, quote by quote."""

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing
        self._own: dict[int, tuple[str, ...]] = {}
        self._persons: dict[int, str] = {}
        self._speaking: set[str] | None = None  # names beside a verb of saying; None: not looked for yet

    def name_of(self, c: Candidate) -> str:
        """The full name a candidate stands for, lower case; what it says where it is no name."""
        key = c.span.start
        if key not in self._persons:
            person = self.hearing.named(c)
            self._persons[key] = (
                person.name if person else c.mention.name if c.mention else c.span.of(self.hearing.text)
            ).lower()
        return self._persons[key]

    def _kind(self, c: Candidate) -> str:
        if c.kind == "pronoun":
            return "they" if c.span.of(self.hearing.text).lower() == "they" else "he or she"
        if c.kind == "noun":
            said = c.span.of(self.hearing.text).lower()
            return "a thing" if _THING.search(said) else "some" if said.endswith("s") else "an office"
        person = self.hearing.named(c)
        if person is None:
            if self._speaking is None:
                self._speaking = self.hearing.names_beside_speech()
            return "a speaking name" if c.mention and c.mention.name in self._speaking else "a bare name"
        if person.kind != "person":
            return "an organization"
        return "a person" if self.hearing.is_human(person) else "two capitals"

    def own(self, c: Candidate) -> tuple[str, ...]:
        """What is true of a candidate wherever the quote stands: kind, verb, lead, place in the sentence."""
        key = c.span.start
        if key not in self._own:
            h = self.hearing
            at = h.sentence_at(c.span.start)
            start = h.sentences[at].start if at >= 0 else 0
            ahead = h.words_between(start, c.span.start)
            place = "first" if ahead <= 1 else "early" if ahead <= 5 else "late"
            self._own[key] = (self._kind(c), verb_of(h, c), "of it" if c.possessive else lead_of(h, c), place)
        return self._own[key]

    def plain(self, nth: int, told: Attribution) -> bool:
        """Whether nothing is to be weighed: "…,” Ann Lee said", "…,” said Ann Lee"."""
        m, who = self.hearing.marked[nth], told.who
        return (
            who is not None
            and told.how == "after"
            and told.confidence >= 0.95
            and self.own(who)[1] in ("says", "said by")
            and self.hearing.words_between(m.outer.end, who.span.start) <= 1
        )

    def table(self, nth: int, told: Attribution, answers: Sequence[Attribution]) -> list[tuple[Candidate, list[str]]]:
        """The candidates for the *nth* marked stretch, each with its clues. *told*: what the rules say."""
        h = self.hearing
        m = h.marked[nth]
        text = h.covered
        spoken = [a.who for a in answers[-30:] if a.who is not None]
        running = spoken[-1] if spoken else None
        run_name = self.name_of(running) if running else ""
        others = [name for who in reversed(spoken[-8:]) if (name := self.name_of(who)) != run_name]
        paragraph = h.paragraphs[m.paragraph]
        first = h.paragraphs[m.paragraph - 1].start if m.paragraph else 0
        last = h.paragraphs[min(m.paragraph + 1, len(h.paragraphs) - 1)].end
        window = h.among(max(first, m.outer.start - 700), min(last, m.outer.end + 500))
        extra = [c for c in (told.who, running) if c is not None and c not in window]
        if len(extra) == 2 and extra[0] == extra[1]:
            extra = extra[:1]
        head = h.head_span(nth)
        tail = h.tail_span(nth)
        inner = m.inner.of(h.text).lower()
        ending = m.inner.of(h.text)[-1:]
        goes_on = ending in ",，" or text[m.outer.end : m.outer.end + 1] == ","
        ends = "comma" if goes_on else "question" if ending in "?!" else "stop" if ending in ".…" else "open"
        begins = m.outer.start - paragraph.start <= 1
        alone = begins and paragraph.end - m.outer.end <= 2
        colon = text[head[0] : m.outer.start].rstrip().endswith((":", "："))
        lower = h.text[m.inner.start : m.inner.start + 1].islower()
        lead_cue = h.last_cue(head[0], m.outer.start)
        lead_form = (
            "no verb"
            if lead_cue is None
            else ("weak " if lead_cue[2] not in h.says else "")
            + ("participle" if lead_cue[2].endswith("ing") else "verb")
        )
        tail_cue = h.first_cue(*tail, h.says)
        tail_form = "no verb" if tail_cue is None else "verb"
        shape = "whole paragraph" if alone else "opens" if begins else "part" if lower else "inside"
        told_name = self.name_of(told.who) if told.who else ""
        gap = 9
        if nth:
            gap = min(2, m.paragraph - h.marked[nth - 1].paragraph)
        order: dict[str, int] = {}
        rows: list[tuple[Candidate, list[str]]] = []
        after = [c for c in window if c.span.start >= m.outer.end]
        before = [c for c in window if c.span.end <= m.outer.start]
        for c in [*reversed(before), *after, *extra]:
            a, b = c.span.start, c.span.end
            if a >= m.outer.end:
                zone = "after" if b <= tail[1] else "later" if a < paragraph.end else "next"
                distance = h.words_between(m.outer.end, a) if zone == "after" else 50
                covers = _covered(h, m.outer.end, a)
            else:
                zone = (
                    "before" if a >= head[0] else "earlier" if a >= paragraph.start else "last" if a >= first else "far"
                )
                distance = h.words_between(b, m.outer.start) if zone == "before" else 50
                covers = _covered(h, b, m.outer.start)
            nth_here = order.get(zone, 0)
            order[zone] = nth_here + 1
            kind, verb, lead, place = self.own(c)
            name = self.name_of(c)
            ordinal = "1st" if nth_here == 0 else "2nd" if nth_here == 1 else "further"
            parted = "" if not covers else ", behind a quote" if covers == 1 else ", behind quotes"
            row = [
                f"{zone}{parted}",
                f"{zone}: {kind}",
                f"{zone}{parted}: {verb}",
                f"{zone}: {verb}, {ends}",
                f"{zone}: {lead}",
                f"{zone}: {place}",
                f"{zone}: {ordinal} from the quote",
                f"{zone}: quote is {shape}",
                f"{kind}: {verb}",
            ]
            if distance < 50:
                row.append(f"{zone}: {_near(distance)} words away")
                row.append(f"{zone}: {verb}, {_near(distance)} words away")
            if colon:
                row.append(f"{zone}: a colon before the quote")
                row.append(f"{zone}: a colon before the quote, {verb}")
            if zone in ("before", "after"):
                cue, form = (lead_cue, lead_form) if zone == "before" else (tail_cue, tail_form)
                if cue is None:
                    row.append(f"{zone}: no verb of saying in the sentence")
                else:
                    if b <= cue[0]:
                        stands = f"{_near(h.words_between(b, cue[0]))} words ahead of the verb"
                    else:
                        stands = f"{_near(h.words_between(cue[1], a))} words behind the verb"
                    row.append(f"{zone}: {form}, {stands}")
                    row.append(f"{zone}: {form}, {place}")
                    row.append(f"{zone}: {form}, {lead}")
                    if b <= cue[0]:
                        rivals = sum(not d.possessive and d.kind != "noun" for d in h.among(b, cue[0]))
                        row.append(
                            f"{zone}: {form}, {'none' if not rivals else 'one' if rivals == 1 else 'more'} between"
                        )
            if c.kind == "name" and name.rsplit(" ", 1)[-1] in inner:
                row.append("the quote names them")
                row.append(f"the quote names them: {zone}")
            if others and name == others[0]:
                row.append(f"spoke before the last one: {zone}")
                row.append(f"spoke before the last one: {shape}")
            elif name in others:
                row.append(f"has spoken: {zone}")
            if told.who is not None:
                if c == told.who:
                    row.append(f"the rules: {told.how}")
                    row.append(f"the rules: {told.how}, {kind}")
                    row.append(f"the rules: {told.how}, {ends}")
                elif name == told_name:
                    row.append(f"the rules mean the same: {told.how}")
                else:
                    row.append(f"{zone}: the rules say another, {told.how}")
            if running is not None:
                same = "spoke last" if c == running else "the one who spoke last" if name == run_name else ""
                if same:
                    row.append(f"{same}: {shape}, {gap} paragraphs on")
                    row.append(f"{same}: {zone}")
                    row.append(f"{same}: {ends}")
            rows.append((c, row))
        return rows


_THING = re.compile(
    r"\b(?:report|statement|study|survey|poll|letter|memo|document|filing|lawsuit|complaint|sign|ad|video|headline|"
    r"tweet|post|article|email|e-mail|website|newspaper|magazine|paper)\b"
)


def _covered(h: Hearing, a: int, b: int) -> int:
    """How many marked stretches lie between two places, at most 2."""
    return min(2, h.marked_before(b) - h.marked_before(a)) if a < b else 0
