"""Who said it: from the words around the marks to a name, an organization, or nobody.

The attribution is looked for after the quote, before it, in the piece of sentence between two quotes, in the speech
that goes on from the paragraph before, and last in what the sentence before is about. Pronouns and roles are
resolved with the text's own table of names; a pronoun is never the answer.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from digest.condense.marks import COVER, Marked, cover
from digest.model import Span
from digest.text.names import Cast, Gender, Mention, Person, find_mentions
from digest.text.sentences import split_blocks, split_sentences
from digest.text.speech import speech

How = Literal["after", "before", "between", "carried", "context", "none"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody a sentence names: by a name, a pronoun, or a noun ("the chancellor")."""

    span: Span
    kind: Literal["name", "pronoun", "noun"]
    mention: Mention | None = None
    possessive: bool = False


@dataclass(frozen=True, slots=True)
class Attribution:
    """The answer for one marked stretch. ``who`` None: nobody is named."""

    who: Candidate | None
    how: How
    confidence: float
    announced: bool = False  # the words before a colon bring somebody in: no doubt is left


@dataclass(frozen=True, slots=True)
class Resolved:
    speaker: str | None
    role: str | None
    role_span: Span | None
    person: Person | None
    certain: float  # factor for the confidence


_NOUN = (
    r"\b(?:(?:[Tt]he|[Aa]n?|[Oo]ne|[Aa]nother|[Hh]is|[Hh]er|[Tt]heir|[Ii]ts|[Tt]wo|[Ss]everal|[Ss]ome|"
    r"[Mm]any|[Tt]his|[Tt]hat)\s+(?:[\w’'-]+\s+){0,4}?"
    r"(?:officials?|spokes\w+|chancellor|mayor|candidate|senator|president|report|statement|group|company|"
    r"man|woman|judge|"
    r"minister|secretary|official|source|sources|aide|aides|adviser|advisor|campaign|committee|department|"
    r"agency|police|"
    r"governor|congressman|congresswoman|nominee|billionaire|businessman|mogul|lawyer|attorney|professor|"
    r"analyst|expert|experts|"
    r"researchers?|scientists?|study|survey|poll|newspaper|magazine|article|letter|memo|document|filing|"
    r"lawsuit|complaint|"
    r"email|e-mail|post|tweet|ad|video|director|manager|chairman|chairwoman|chief|officer|leader|leaders|"
    r"head|founder|owner|"
    r"author|editor|host|anchor|reporter|moderator|strategist|operative|representative|lawmakers?|"
    r"democrats?|republicans?|"
    r"union|organization|network|paper|board|court|mother|father|wife|husband|son|daughter|brother|sister|"
    r"friend|resident|"
    r"witness|survivor|victim|student|teacher|doctor|farmer|coach|player|priest|pastor|bishop|actor|"
    r"actress|singer|"
    r"veteran|supporter|supporters|voter|voters|critic|critics|sign|headline|website|filmmaker|developer|"
    r"firm|council|ministry|pope)\b"
    r"|(?<=[’']s\s)(?:report|statement|spokes\w+|lawyer|attorney|campaign|office|manager|mother|father|"
    r"wife|husband|brother|sister)\b)"
    r"(?:\s+(?:for|of|at|from|with)\s+(?:the\s+)?[A-Z][\w’'-]*(?:\s+(?:of\s+)?[A-Z][\w’'-]*){0,4})?"
)
_NOUN_PHRASE = re.compile(_NOUN)
_WORD = re.compile(r"[^\W\d_]+(?:-(?!t-|ils?\b|elles?\b)[^\W\d_]+)*")  # "dit-il" is two
_CJK_BEFORE = re.compile(
    r"([\u3400-\u9fff\u30a0-\u30ff]{2,12}?)(?:は|氏は|さんは|が|(?:说|說|表示|指出|称|写道)?[：:])$"
)
_CJK_OFFICE = re.compile(r"(?:副?市長|知事|首相|大統領|大臣|長官|社長|会長|教授|監督|議員|氏|さん|委員長)$")
_CJK_AFTER = re.compile(
    r"[，、]?(?:と)?(?P<who>[\u3400-\u9fff\u30a0-\u30ff·・の]{2,14}?)(?:氏|さん)?(?:は|が)?(?:说|說|表示|指出|称|述べ|語|話|言った|コメント)"
)
_CJK_RANK = re.compile(r"^.*(?:市长|市長|总统|总理|部长|主席|发言人|教授|主任|局长|総裁|大臣|首相|知事|の)(?=.{2})")
_DASH_NAME = re.compile(r"\s*(?:[—–]|--?)\s*(?=[A-ZÀ-Þ@])")
_SIGNED = re.compile(r"[^\S\n]*\n\s*(?:[—–]|--)\s*(?=[A-ZÀ-Þ])")  # the line below the quote: "— Ann Lee, mayor"
_DETERMINED = (
    r"(?:[Tt]he|[Aa]n?|[Oo]ne|[Aa]nother|[Hh]is|[Hh]er|[Tt]heir|"
    r"[Ii]ts)\s+(?:[\w’'-]+\s+){0,5}?[\w’'-]+"
)
_ANYBODY = re.compile(rf"\s+({_DETERMINED}?)(?=[,.]|$|\s+(?:who|in|at|on|of|after|before|as|when)\b)")
_ANYBODY_SAYS = re.compile(rf"\s*({_DETERMINED})(?=\s*$)")
_SUBJECT = re.compile(rf"\b({_DETERMINED})\s+(?:(?:has|had|have|also|then|later|once)\s+)?$")
_BESIDE_BEFORE = re.compile(
    rf"(?:^|(?<=[\W\d]))({_DETERMINED}|[Ii]t|who)\s+(?:(?:\w+ly|has|had|have|also|then|later|once|now|even)\s+)?$"
)
_VERB_FIRST = re.compile(r"\s*[a-z]+(?:ed|s|t)\s+")
_CLAUSE = re.compile(
    r";|,\s+(?:and|but|while|as|when|after|though|although)\b|\b(?:but|while|whereas)\b|\band\s+(?=(?:he|"
    r"she|they)\b)"
)
_WHO_ANSWERS = re.compile(
    r"(?:,?\s+who|,\s+(?:der|die|qui|quien|che))\s+(?:[\w’'-]+\s+){0,3}?"
    rf"(?:answer(?:ed|s)|shot|fired|hit|{'|'.join(sorted(speech().says))})\b[^:：,]{{0,40}}[:：]\s*"
)
_OTHER_HAND = re.compile(r";|,?\s+\b(?:but|while|whereas|während)\b|,\s+and\b")
_ANSWER = re.compile(
    r"(?:[’']s?)?\s+(?:\w+\s+)?(?:answer|reply|response|retort|verdict|message|comment|advice|words)\b"
)
_SPEAKS_FOR = re.compile(r"\b(?:spokes\w+|lawyer|attorney|aide|representative)$")
_BORROWED = re.compile(r"^\W*(?:[Aa]s|[Ww]ie)\s[^,]*,$")
_LISTENER = re.compile(r"^\s*(?:to|with|of|about|against|for|on|in|at|by)\s")
_OBJECT_CUES = frozenset(
    "told tells telling asked asks assured assures reminded warned informed urged urges advised".split()
)

_REACH = 260  # characters of a sentence read on either side of a quote
_BACK = 10  # sentences searched for whom a pronoun means


class Hearing:
    """One text, its marked stretches covered, its names known."""

    def __init__(self, text: str, marked: Sequence[Marked], language: str) -> None:
        self.text = text
        self.words = speech(language)
        self.says = self.words.says
        self._according = re.compile(rf"(?i)\b(?:{'|'.join(map(re.escape, self.words.according))})\s+")
        self.marked = marked
        self.covered = cover(text, marked)
        self.paragraphs = split_blocks(text)
        self._paragraph_starts = [p.start for p in self.paragraphs]
        self._outer_starts = [m.outer.start for m in marked]
        self.mentions = [m for m in find_mentions(self.covered) if COVER not in m.name]
        self.cast = Cast(self.covered, self.mentions)
        self.sentences = split_sentences(self.covered, language)
        self._starts = [s.start for s in self.sentences]
        words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(self.covered)]
        self._word_starts = [w[0] for w in words]
        self.cues = [w for w in words if w[2] in self.words.cues]
        self._cue_starts = [c[0] for c in self.cues]
        self.candidates = self._find_candidates(words)
        self._places = [c.span.start for c in self.candidates]
        self.events: list[tuple[int, Person]] = []  # who spoke where, in order
        self.spoken: list[str] = []  # their names, in small letters
        self.meant: dict[int, tuple[Candidate, float]] = {}  # where a pronoun stands: whom it was found to mean
        self._named: dict[int, Person | None] = {}
        self.subjects: dict[int, tuple[int, Person] | None] = {}
        self.reports: dict[int, tuple[int, Person] | None] = {}
        self._alone = {m.name.lower() for m in self.mentions if " " not in m.name}

    # ---------------------------------------------------------------- candidates

    def _find_candidates(self, words: Sequence[tuple[int, int, str]]) -> list[Candidate]:
        found = [Candidate(m.span, "name", m, m.possessive) for m in self.mentions]
        taken = [m.span.start for m in self.mentions]
        ends = [m.span.end for m in self.mentions]
        for span, kind in self._pronouns_and_nouns(words):
            nth = bisect_right(taken, span.start) - 1
            if nth >= 0 and ends[nth] > span.start:
                continue
            possessive = self.covered[span.end : span.end + 2] in ("’s", "'s")
            found.append(Candidate(span, kind, None, possessive))
        found.sort(key=lambda c: (c.span.start, -c.span.end))
        found = self._with_anybody(found)
        return self._without_masters(found)

    def _with_anybody(self, found: list[Candidate]) -> list[Candidate]:
        """*found* and whoever else stands beside a verb of saying: "one bartender said", "it said"."""
        starts = [c.span.start for c in found]
        extra: dict[int, Candidate] = {}
        for start, end, word in self.cues:
            if word not in self.says:
                continue
            back = _BESIDE_BEFORE.search(self.covered, max(0, start - 70), start)
            ahead = None if back else _ANYBODY.match(self.covered, end, min(len(self.covered), end + 90))
            span = Span(*back.span(1)) if back else Span(*ahead.span(1)) if ahead else None
            if span is None or self.covered[span.start : span.end].rsplit(None, 1)[-1] in _SMALL:
                continue
            nth = bisect_left(starts, span.start)
            if any(c.span.overlaps(span) for c in found[max(0, nth - 1) : nth + 2]):
                continue
            it = span.of(self.covered).lower() in ("it", "who")
            extra[span.start] = Candidate(span, "pronoun" if it else "noun")
        return sorted([*found, *extra.values()], key=lambda c: (c.span.start, -c.span.end)) if extra else found

    def _pronouns_and_nouns(
        self, words: Sequence[tuple[int, int, str]]
    ) -> Iterator[tuple[Span, Literal["pronoun", "noun"]]]:
        pronouns = self.words.he | self.words.she | {"they"}
        for start, end, word in words:
            if word.lower() in pronouns:
                yield Span(start, end), "pronoun"
        for m in _NOUN_PHRASE.finditer(self.covered):
            yield Span(m.start(), m.end()), "noun"

    def _without_masters(self, found: Sequence[Candidate]) -> list[Candidate]:
        """*found*, in order, less the names within "a Ross spokesman"."""
        kept: list[Candidate] = []
        until = -1
        for c in found:
            if c.kind == "noun" and _SPEAKS_FOR.search(c.span.of(self.covered)):
                until = max(until, c.span.end)
            if c.kind != "name" or c.span.end > until:
                kept.append(c)
        return kept

    def sentence_at(self, position: int) -> int:
        """The index of the last sentence that begins at or before *position*; -1 for none."""
        return bisect_right(self._starts, position) - 1

    @cached_property
    def said(self) -> list[str]:
        """The words of every marked stretch in small letters, without punctuation."""
        return [" ".join(_WORD.findall(m.inner.of(self.text))).casefold() for m in self.marked]

    def names_beside_speech(self) -> set[str]:
        """The names right before or behind a verb of saying."""
        ends = {c.mention.span.end: c.mention.name for c in self.candidates if c.mention}
        starts = {c.mention.span.start: c.mention.name for c in self.candidates if c.mention}
        beside = [ends.get(a - 1) or starts.get(b + 1) for a, b, word in self.cues if word in self.says]
        return {name for name in beside if name}

    def words_between(self, start: int, end: int) -> int:
        """How many words begin between two places."""
        return bisect_left(self._word_starts, end) - bisect_left(self._word_starts, start) if start < end else 0

    def marked_before(self, position: int) -> int:
        """How many marked stretches begin before *position*."""
        return bisect_left(self._outer_starts, position)

    def paragraph_at(self, position: int) -> int:
        """The index of the last paragraph that begins at or before *position*."""
        return bisect_right(self._paragraph_starts, position) - 1

    def among(self, start: int, end: int) -> list[Candidate]:
        a, b = bisect_left(self._places, start), bisect_left(self._places, end)
        return [c for c in self.candidates[a:b] if c.span.end <= end]

    # ---------------------------------------------------------------- attribution

    def attribute(self, nth: int, previous: Attribution | None) -> Attribution:
        """Who said the *nth* marked stretch; *previous* is the answer for the one before it."""
        m = self.marked[nth]
        ending = m.inner.of(self.text)[-1:]
        open_end = ending in ",!?—–…-，" or not m.closed or self.text[m.outer.end : m.outer.end + 1] == ","
        after = self._after(nth, goes_on=open_end)
        head = self._head(nth).rstrip()
        announced = self._announced(nth) if head.endswith((":", "：")) else None
        before = announced or self._before(nth)
        if before and head.endswith((":", "：")):
            return Attribution(before, "before", 0.95 if announced is None else 0.9, announced is not None)
        if before and before.kind == "name" and _BORROWED.search(head):
            return Attribution(before, "before", 0.6)
        if after and open_end:
            return Attribution(after, "after", 0.95)
        if before:
            return Attribution(before, "before", 0.85)
        if after:
            return Attribution(after, "after", 0.85)
        same_paragraph = nth > 0 and self.marked[nth - 1].paragraph == m.paragraph
        if same_paragraph and previous and previous.who and not self.turns(nth, previous.who):
            return Attribution(previous.who, "between", previous.confidence * 0.95)
        return Attribution(None, "none", 0.0)

    def _announced(self, nth: int) -> Candidate | None:
        """Whom the words before a colon bring in: "Berg was blunter:", "told Pike, who answered:"."""
        a, b = self.head_span(nth)
        if nth:
            a = max(a, self.marked[nth - 1].outer.end)
        found = [c for c in self.among(a, b) if c.kind == "name"]
        if found and found[0].possessive and _ANSWER.match(self.covered, found[0].span.end, b):
            return found[0]
        names = [c for c in found if not c.possessive]
        if names and _WHO_ANSWERS.fullmatch(self.covered, names[-1].span.end, b):
            return names[-1]
        for cut in _OTHER_HAND.finditer(self.covered, a, b):
            if any(c.span.start >= cut.end() for c in names):
                a = cut.end()
        if self.last_cue(a, b) is not None:
            return None
        for c in names:
            if (
                c.span.start >= a
                and self.person(c) is not None
                and not _PREPOSITION.search(self.covered, a, c.span.start)
            ):
                return c
        return None

    def turns(self, nth: int, speaker: Candidate) -> bool:
        """Whether the words since the last quote of this paragraph turn to somebody else than *speaker*."""
        if not nth or self.marked[nth - 1].paragraph != self.marked[nth].paragraph:
            return False
        start, end = self.marked[nth - 1].outer.end, self.marked[nth].outer.start
        known = self.resolve(speaker).speaker
        for at in range(self.sentence_at(start) + 1, self.sentence_at(end) + 1):
            subject = self.subject(at)
            if subject is not None and start <= subject[0] <= end and subject[1].name != known:
                return True
        a = max(start, self.head_span(nth)[0])
        return self.covered[a:end].rstrip().endswith((":", "：")) and any(
            self.resolve(c).speaker != known for c in self.among(a, end) if not c.possessive
        )

    def _head(self, nth: int) -> str:
        a, b = self.head_span(nth)
        return self.covered[a:b]

    def head_span(self, nth: int) -> tuple[int, int]:
        m = self.marked[nth]
        at = self.sentence_at(m.outer.start)
        start = self._starts[at] if at >= 0 else 0
        if at >= 0 and self.sentences[at].end <= m.outer.start:
            start = m.outer.start
        if start == m.outer.start and at > 0 and self.covered[self.sentences[at - 1].end - 1] in ":：":
            start = self._starts[at - 1]
        floor = 0
        if nth and self.marked[nth - 1].outer.end > start:
            # An earlier quote in this sentence: "said X, “…” and called it “…”" keeps its whole head.
            floor = start
        return max(start, floor, m.outer.start - _REACH), m.outer.start

    def tail_span(self, nth: int) -> tuple[int, int]:
        """From the closing mark to the end of the sentence, or the next quote."""
        m = self.marked[nth]
        end = min(len(self.text), m.outer.end + _REACH)
        at = self.sentence_at(max(m.outer.start, m.outer.end - 1))
        if at >= 0:
            end = min(end, max(m.outer.end, self.sentences[at].end))
        if nth + 1 < len(self.marked):
            end = min(end, self.marked[nth + 1].outer.start)
        return m.outer.end, end

    def _after(self, nth: int, *, goes_on: bool) -> Candidate | None:
        a, b = self.tail_span(nth)
        tail = self.covered[a:b]
        found = self.among(a, b)
        signed = _SIGNED.match(self.covered, self.marked[nth].outer.end)
        if signed:
            close = [c for c in self.among(signed.end(), signed.end() + 80) if c.kind == "name"]
            if close and close[0].span.start == signed.end():
                return close[0]
        dash = _DASH_NAME.match(tail)
        if dash and "\n" not in tail[: dash.end()]:
            close = [c for c in found if c.kind == "name" and c.span.start == a + dash.end()]
            if close:
                return close[0]
        wide = _CJK_AFTER.match(tail)
        if wide:
            start = a + wide.start("who") + (rank.end() if (rank := _CJK_RANK.match(wide["who"])) else 0)
            return Candidate(Span(start, a + wide.end("who")), "noun")
        cue = self.first_cue(a, b, self.says)
        if goes_on and (cue is None or cue[0] - a > 30):
            # "…?” Hannity pressed": whatever the verb, the subject stands right behind the marks.
            bare = _VERB_FIRST.match(tail)
            right = [c for c in found if not self.covered[a : c.span.start].strip(" ,")]
            if right and re.match(
                r"(?:\s*,[^,]*,)?\s+(?:\w+ly\s+)?[a-z]+(?:ed|s|t|id|ote|aid)\b", self.covered[right[0].span.end : b]
            ):
                return self._settle(found[found.index(right[0]) :])
            if bare:
                named = [c for c in found if c.span.start == a + bare.end() and c.kind == "name"]
                if named:
                    return self._settle(found[found.index(named[0]) :])
        if cue is None:
            according = self._according.search(tail)
            if according:
                rest = [c for c in found if c.span.start >= a + according.end()]
                return self._settle(rest)
            return None
        start, end, word = cue
        near = all(w in _AUXILIARIES for w in _WORD.findall(self.covered[a:start]))
        behind = [c for c in found if c.span.start >= end]
        between = self.covered[end : behind[0].span.start] if behind else ""
        follows = (
            bool(behind) and len(_WORD.findall(between)) <= 3 and "," not in between and not _LISTENER.match(between)
        )
        if near or self.covered[max(a, start - 2) : start] == ", ":
            generic = _ANYBODY.match(self.covered, end, b)
            if generic and (not follows or behind[0].span.start > generic.start(1)):
                return Candidate(Span(generic.start(1), generic.end(1)), "noun")
            if follows and not (word in _OBJECT_CUES and between.strip()):
                return self._settle(behind)
        ahead = [c for c in found if c.span.end <= start]
        if ahead:
            best = _nearest(ahead, a, start, self.covered)
            lead = self.covered[a : best.span.start]
            if len(_WORD.findall(self.covered[a : ahead[0].span.start])) <= 3 or lead.rstrip().endswith(","):
                return best
            return None
        generic = _ANYBODY_SAYS.match(self.covered, a, min(b, start))
        if generic:
            return Candidate(Span(generic.start(1), generic.end(1)), "noun")
        return None

    def _before(self, nth: int) -> Candidate | None:
        a, b = self.head_span(nth)
        head = self.covered[a:b]
        found = self.among(a, b)
        wide = _CJK_BEFORE.search(head)
        if wide:
            rank = _CJK_RANK.match(wide[1])
            return Candidate(Span(a + wide.start(1) + (rank.end() if rank else 0), a + wide.end(1)), "noun")
        if found and found[0].span.start - a <= 2 and self.covered[found[0].span.end : b].strip() == ":":
            return found[0]
        cue = self.last_cue(a, b)
        if found and cue is None and found[-1].kind == "name" and self.covered[found[-1].span.end : b].strip() == ":":
            return found[-1]
        according = self._according.search(head)
        if according and (cue is None or cue[2] not in self.says):
            rest = [c for c in found if c.span.start >= a + according.end()]
            if rest:
                return self._settle(rest[:3])
        if cue is None:
            return None
        start, end, _ = cue
        clause = a
        for cut in _CLAUSE.finditer(self.covered, a, start):
            if any(cut.end() <= c.span.start < start for c in found):
                clause = cut.end()
        for floor in (clause, a):
            ahead = [c for c in found if floor <= c.span.start and c.span.end <= start]
            generic = [
                g
                for g in _SUBJECT.finditer(self.covered, max(floor, start - 90), start)
                if g.end() >= start - 1 and g.group(1).rsplit(None, 1)[-1] not in _SMALL
            ]
            if generic and not any(
                c.span.start >= generic[-1].start(1) or c.span.end >= generic[-1].end(1) for c in ahead
            ):
                return Candidate(Span(generic[-1].start(1), generic[-1].end(1)), "noun")
            if ahead:
                return _nearest(ahead, floor, start, self.covered)
        behind = [c for c in found if c.span.start >= end and len(self.covered[end : c.span.start].split()) <= 1]
        return self._settle(behind) if behind else None

    def first_cue(self, a: int, b: int, cues: frozenset[str]) -> tuple[int, int, str] | None:
        for cue in self._cues_in(a, b):
            if cue[2] in cues and self.covered[max(0, cue[0] - 3) : cue[0]] != "to ":
                return cue
        return None

    def last_cue(self, a: int, b: int) -> tuple[int, int, str] | None:
        """The cue nearest the quote, a strong one before a weak one; no infinitive."""
        best = None
        for cue in self._cues_in(a, b):
            if self.covered[max(0, cue[0] - 3) : cue[0]] == "to ":
                continue
            if cue[2] in self.says or best is None or best[2] not in self.says:
                best = cue
        return best

    def _cues_in(self, a: int, b: int) -> list[tuple[int, int, str]]:
        return self.cues[bisect_left(self._cue_starts, a) : bisect_left(self._cue_starts, b)]

    def _settle(self, found: Sequence[Candidate]) -> Candidate | None:
        """The subject among neighbors: behind a genitive ("Clinton's manager Robby Mook"), a role ("farmer Ivor Pugh")
        or an apposition that is the name itself ("The manager, Ruth Ames,")."""
        if not found:
            return None
        best = found[0]
        for other in found[1:4]:
            gap = self.covered[best.span.end : other.span.start]
            words = _WORD.findall(gap)
            if other.span.start < best.span.end:
                if other.kind == "name" and best.kind == "noun":
                    continue
                continue
            if (
                (best.possessive and len(words) <= 6 and not re.search(r"[;:]", gap))
                or (best.kind == "noun" and other.kind == "name" and not re.sub(r"[,\s]", "", gap))
                or (
                    best.kind == "name"
                    and other.kind == "name"
                    and words
                    and "," not in gap
                    and all(w.islower() for w in words)
                    and not any(w in self.words.cues or w in _SMALL for w in words)
                )
            ):
                best = other
            else:
                break
        return best

    # ---------------------------------------------------------------- whom it means

    def subject(self, sentence: int) -> tuple[int, Person] | None:
        """The person a sentence begins with and where that name ends, if it does."""
        if sentence not in self.subjects:
            self.subjects[sentence] = self._find_subject(self.sentences[sentence])
        return self.subjects[sentence]

    def _find_subject(self, span: Span) -> tuple[int, Person] | None:
        found = self.among(span.start, min(span.end, span.start + 180))
        for nth, c in enumerate(found):
            ahead = self.covered[span.start : c.span.start]
            if len(_WORD.findall(ahead)) > 14 or COVER in ahead:
                return None
            if c.kind != "name" or c.possessive or c.mention is None or _PREPOSITION.search(ahead):
                continue
            c = self._settle([d for d in found[nth:] if d.kind == "name"]) or c
            person = self.person(c)
            if person is not None and self.is_human(person):
                return c.span.end, person
        return None

    def reported(self, sentence: int) -> tuple[int, Person] | None:
        """Who says something in a sentence, in marks or not: "…, Kennedy said", "said Katie Harbath"."""
        if sentence not in self.reports:
            self.reports[sentence] = self._find_reported(self.sentences[sentence])
        return self.reports[sentence]

    def _find_reported(self, span: Span) -> tuple[int, Person] | None:
        cue = self.last_cue(span.start, min(span.end, span.start + 600))
        if cue is None or cue[2] not in self.says:
            return None
        start, end, _ = cue
        found = [c for c in self.among(span.start, span.end) if c.kind == "name"]
        near = [c for c in found if c.span.end <= start and len(_WORD.findall(self.covered[c.span.end : start])) <= 1]
        behind = [c for c in found if c.span.start >= end and not self.covered[end : c.span.start].strip()]
        for c in (*near[-1:], *behind[:1]):
            person = self.person(c)
            if _PREPOSITION.search(self.covered, span.start, c.span.start):
                continue
            if person is not None and not c.possessive and person.kind == "person":
                return c.span.end, person
        return None

    def named(self, c: Candidate) -> Person | None:
        """Whom the text's table of names has for a candidate: a person, an organization, or nobody."""
        if c.mention is None:
            return None
        if c.span.start not in self._named:
            self._named[c.span.start] = self.cast.resolve(c.mention)
        return self._named[c.span.start]

    def person(self, c: Candidate) -> Person | None:
        found = self.named(c)
        return found if found is not None and found.kind == "person" else None

    def is_human(self, person: Person) -> bool:
        """Two capitals may be an ocean: a person has a known first name, a title, a role, or is called by surname."""
        return bool(person.gender or person.title or person.role) or person.surname in self._alone

    def gender_said(self, pronoun: Candidate) -> Gender:
        """The gender a pronoun tells; '' where it may be several people ("sagten sie")."""
        word = pronoun.span.of(self.covered).lower()
        a, b = pronoun.span.start, pronoun.span.end
        if word in ("sie", "ze") and _PLURAL.search(self.covered, max(0, a - 20), b + 20):
            return ""
        return "m" if word in self.words.he else "f" if word in self.words.she else ""

    def whom(self, gender: Gender, position: int) -> tuple[Person | None, float]:
        """Whom "he" or "she" at *position* means: who spoke last, or the last person a sentence was about."""
        at = self.sentence_at(position)
        recent = self.events[-40:][::-1]
        for nth in range(at, max(-1, at - _BACK), -1):
            span = self.sentences[nth]
            here = [e for e in recent if span.start <= e[0] < span.end]
            here += [e for e in (self.reported(nth), self.subject(nth)) if e is not None]
            for where, someone in here:
                if where <= position and someone.kind == "person" and not _opposite(someone.gender, gender):
                    return someone, 0.8 if someone.gender == gender else 0.7
        before = [p for c in reversed(self.among(max(0, position - 2500), position)) if (p := self.person(c))]
        after = [p for c in self.among(position, min(len(self.text), position + 400)) if (p := self.person(c))]
        for sure, people in ((0.6, before), (0.5, after)):
            for someone in people:
                if someone.gender == gender:
                    return someone, sure
        for someone in (*before, *after):
            if not _opposite(someone.gender, gender) and self.is_human(someone):
                return someone, 0.5
        return None, 0.0

    def resolve(self, who: Candidate | None) -> Resolved:
        if who is None:
            return Resolved(None, None, None, None, 0.5)
        if who.span.start in self.meant:
            meant, chance = self.meant[who.span.start]
            return replace(self.resolve(meant), certain=chance)
        printed = who.span.of(self.text)
        if who.kind == "name" and who.mention is not None:
            person = self.cast.resolve(who.mention)
            if person is None:
                return Resolved(who.mention.name, None, None, None, 0.95)
            return Resolved(person.name, person.role, person.role_span, person, 1.0)
        if who.kind == "pronoun":
            gender = self.gender_said(who)
            if not gender:
                return Resolved(None, None, None, None, 0.5)
            person, sure = self.whom(gender, who.span.start)
            if person is None:
                return Resolved(None, None, None, None, 0.4)
            return Resolved(person.name, person.role, person.role_span, person, sure)
        return self._resolve_noun(who, printed)

    def _resolve_noun(self, who: Candidate, printed: str) -> Resolved:
        inside = [m for m in self.mentions if who.span.holds(m.span)]
        spoken_for = re.search(r"spokes\w+|representative|lawyer|attorney|aide|official", printed)
        if inside and spoken_for:
            master = self.cast.resolve(inside[-1])
            if master is not None and master.kind == "person" and self.is_human(master):
                return Resolved(None, printed, who.span, None, 0.6)  # who speaks for a person is not that person
            return Resolved(inside[-1].name, printed, who.span, None, 0.9)
        words = _WORD.findall(printed)
        if words and words[0].lower() == "the" and not inside:
            person = self.cast.bearing(words[-1])
            if person is not None:
                return Resolved(person.name, person.role, person.role_span, person, 0.7)
        if re.search(r"[\u3040-\u9fff]", printed):
            office = _CJK_OFFICE.search(printed)
            if office is None or office.start() == 0:
                return Resolved(printed, None, None, None, 0.8)
            place = Span(who.span.start + office.start(), who.span.start + office.end())
            return Resolved(printed[: office.start()], office.group(), place, None, 0.8)
        human = not re.search(
            r"\b(?:report|statement|study|survey|poll|letter|memo|document|filing|sign|ad|video|headline|"
            r"tweet|post)\b",
            printed,
        )
        return Resolved(None, printed if human else None, who.span if human else None, None, 0.6)

    def remember(self, position: int, resolved: Resolved) -> None:
        """Somebody spoke at *position*: whom the next pronoun may mean."""
        if resolved.person is not None:
            self.events.append((position, resolved.person))
        if resolved.speaker is not None:
            self.spoken.append(resolved.speaker.lower())


def _opposite(first: Gender, second: Gender) -> bool:
    return bool(first and second and first != second)


def _nearest(found: Sequence[Candidate], start: int, cue: int, covered: str) -> Candidate:
    """The likeliest subject of the verb at *cue*: beside it, or first in its clause; not after a preposition."""

    participle = bool(re.match(r"\w+ing\b", covered[cue : cue + 30]))

    def worth(c: Candidate) -> float:
        gap = covered[c.span.end : cue]
        words = _WORD.findall(gap)
        score = 0.0
        if "," not in gap and len(words) <= 2 and not any(w in _SMALL for w in words):
            score += 0.0 if participle and c.kind == "noun" else 3.0
        elif re.match(r"\s*(?:\([^)]*\)\s*)?,", gap) and gap.rstrip().endswith(","):
            score += 2.5
        elif re.match(r"\s*,?\s*who\b|\s*\(", gap):
            score += 2.0
        ahead = covered[start : c.span.start]
        if _PREPOSITION.search(ahead):
            score -= 2.0
        if c.possessive:
            score -= 3.0
        if c.kind == "pronoun":
            score += 1.0
        if c.kind == "name":
            score += 1.5
        if len(_WORD.findall(ahead)) <= 1:
            score += 1.0
        return score

    return max(found, key=lambda c: (worth(c), -c.span.start))


_PREPOSITION = re.compile(
    r"\b(?:to|of|with|by|from|against|for|on|in|at|about|than|over|as|like|following|after|before)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\w+(?:ten|den|sen|nen|gen|ben)\s+(?:[Ss]ie|[Zz]e)\b|\b(?:[Ss]ie|[Zz]e)\s+\w+(?:ten|den|sen|nen|gen|ben)\b"
)
_AUXILIARIES = frozenset("a ha hat has had have haben ont avait hatte hanno s se est".split())
_SMALL = frozenset("and or of in on at to with who is was has had for by from the a an but as that".split())
