"""The one or two quotes an editor would pull, and why the others stay where they are.

A key quote is whole sentences of one person who is named, 8 to 45 words that say something on their own. Rules let a
quote out; what passes is ranked by a few terms that add up. Nothing here knows how a quote or its speaker is found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from digest.condense.quotes import find_quotes, quotes_in
from digest.condense.reading import Reading, read
from digest.condense.speech import is_title
from digest.model import Article, Quote, Span
from digest.text.names import gender_of
from digest.text.sentences import split_sentences
from digest.text.speech import speech
from digest.text.words import count_words, stems

SHORTEST, LONGEST = 8, 45  # words of a key quote
SENTENCES = 3  # at most
SURE = 0.5  # confidence below which nobody is named in print
ENOUGH = 0.5  # worth below which nothing is pulled
ALIKE = 0.6  # share of words at which one quote says what another says


@dataclass(frozen=True, slots=True)
class Weighed:
    """One quote of the text, or the best run of sentences in it: its terms, and what became of it.

    ``rule`` is why it is no key quote, in words; '' for a key quote. The terms add up to ``worth``; a quote let out
    before it was weighed has none.
    """

    number: int  # of the quote in the text's order, from 1
    quote: Quote  # cut to the run: one span
    words: int
    rule: str
    terms: Mapping[str, float] = field(default_factory=dict)

    @property
    def worth(self) -> float:
        return round(sum(self.terms.values()), 2)


def key_quotes(
    article_or_text: Article | str,
    *,
    limit: int = 2,
    avoid: Sequence[Span] = (),
    max_words: int | None = None,
    language: str | None = None,
) -> list[Quote]:
    """The quotes an editor would pull, best first: whole sentences, 8 to 45 words, somebody named, standing alone.

    Each is one span inside one piece of a quote, another speaker's each; where it is only a part of the piece,
    ``outer`` is that span without marks. The comma before "said" is not part of it. None touches a span in *avoid*
    (the summary's sentences, say); together they have at most *max_words*.
    """
    return [
        weighed.quote
        for weighed in explain_key_quotes(
            article_or_text, limit=limit, avoid=avoid, max_words=max_words, language=language
        )
        if not weighed.rule
    ]


def explain_key_quotes(
    article_or_text: Article | str,
    *,
    limit: int = 2,
    avoid: Sequence[Span] = (),
    max_words: int | None = None,
    language: str | None = None,
) -> list[Weighed]:
    """What `key_quotes` answers, best first, then every other quote in text order with the rule that let it out."""
    reading = read(article_or_text, language=language)
    judge = _Judge(reading, article_or_text.excerpt_chars() if isinstance(article_or_text, Article) else None)
    runs: list[Weighed] = []
    out: dict[int, Weighed] = {}
    for number, quote in enumerate(quotes_in(reading), 1):
        told = list(judge.runs(number, quote, avoid))
        runs += [weighed for weighed in told if not weighed.rule]
        out[number] = max(told, key=lambda w: (not w.rule, w.worth, w.words))
    runs.sort(key=lambda w: (-w.worth, w.number, w.quote.spans))
    chosen: list[Weighed] = []
    left = max_words
    for weighed in runs:
        rule = _passed_over(weighed, chosen, limit, left, reading.language)
        if not rule:
            chosen.append(weighed)
            left = None if left is None else left - weighed.words
        if not rule or out[weighed.number].worth == weighed.worth:
            out[weighed.number] = replace(weighed, rule=rule)
    kept = {weighed.number for weighed in chosen}
    return [*chosen, *(weighed for number, weighed in out.items() if number not in kept)]


def _passed_over(weighed: Weighed, chosen: Sequence[Weighed], limit: int, left: int | None, language: str) -> str:
    own = set(stems(weighed.quote.texts[0], language))
    for other in chosen:
        if other.number == weighed.number or other.quote.speaker == weighed.quote.speaker:
            return f"{weighed.quote.speaker} is quoted already"
        if len(own & set(stems(other.quote.texts[0], language))) > ALIKE * len(own):
            return f"says what {other.quote.speaker} says"
    if weighed.worth < ENOUGH:
        return f"worth {weighed.worth:.2f}, less than {ENOUGH:.2f}"
    if len(chosen) >= limit:
        return "others are worth more" if chosen else "none is asked for"
    if left is not None and weighed.words > left:
        return f"{weighed.words} words, and there is room for {max(0, left)}"
    return ""


class _Judge:
    """The rules and the terms for one text."""

    def __init__(self, reading: Reading, chars: int | None) -> None:
        self.chars = chars  # how many the publisher lets be excerpted; None for any
        self.text = reading.text
        self.body = reading.body
        self.language = reading.language
        self.words = speech(reading.language)
        self.leans = _phrases(self.words.leans)
        self.empty = _phrases(self.words.says_nothing)
        self.stands = _phrases(self.words.stands)
        self.title = set(stems(reading.title, reading.language))
        self.common = Counter(
            stem for span in reading.body for stem in set(stems(span.of(reading.text), reading.language))
        )

    def runs(self, number: int, quote: Quote, avoid: Sequence[Span]) -> Iterator[Weighed]:
        """Every run of whole sentences of each piece, weighed or let out; the piece itself where it holds none."""
        rule = ""
        if quote.speaker is None:
            rule = "nobody is named for it"
        elif " " not in quote.speaker and not quote.role and not quote.speaker.isupper() and quote.speaker[0].isupper():
            rule = f"“{quote.speaker}” is no full name"
        elif quote.confidence < SURE:
            rule = f"not sure enough that {quote.speaker} said it ({quote.confidence:.2f})"
        else:
            rule = self._somebody_elses(quote)
        for nth, (piece, outer) in enumerate(zip(quote.spans, quote.outer, strict=True)):
            for run in self._sentences(piece):
                said = _without_comma(self.text, run)
                cut = replace(
                    quote, spans=(said,), texts=(said.of(self.text),), outer=(outer if run == piece else said,)
                )
                words = count_words(said.of(self.text))
                why = rule or self._let_out(quote, nth, run, said, words, avoid)
                yield Weighed(number, cut, words, why, {} if why else self._terms(number, cut, words))

    def _sentences(self, piece: Span) -> list[Span]:
        found = [
            Span(piece.start + s.start, piece.start + s.end)
            for s in split_sentences(piece.of(self.text), self.language)[:12]
        ]
        return [Span(first.start, last.end) for n, first in enumerate(found) for last in found[n : n + SENTENCES]] or [
            piece
        ]

    # ---------------------------------------------------------------- rules

    def _let_out(self, quote: Quote, nth: int, run: Span, said: Span, words: int, avoid: Sequence[Span]) -> str:
        text = said.of(self.text)
        if words < SHORTEST:
            return f"{words} words, fewer than {SHORTEST}"
        if words > LONGEST:
            return f"{words} words, more than {LONGEST}"
        if any(run.overlaps(span) for span in avoid):
            return "stands in the summary"
        if self.chars is not None and len(text) > self.chars:
            return f"{len(text)} characters, and its publisher allows {self.chars}"
        if _BREAKS_OFF.search(text):
            return "breaks off"
        if run.start == quote.spans[nth].start and self._begins_inside(quote, nth):
            return "begins in the middle of a sentence"
        if run.end == quote.spans[nth].end and self._goes_on(quote, nth):
            return "ends before its sentence does"
        if is_title(re.findall(r"[^\W\d_]+", text)):
            return "reads like a headline"
        if not _balanced(text):
            return "opens or closes marks or brackets of another sentence"
        if (found := self.leans.match(text)) and not _ITSELF.match(text):
            return f"leans on what was said before: “{found.group().strip()} …”"
        if unnamed := self._unnamed(text):
            return f"does not say who “{unnamed}” is"
        if found := self.empty.search(text):
            return f"says nothing: “{found.group().strip()}”"
        return ""

    def _somebody_elses(self, quote: Quote) -> str:
        """What in the sentence around says that the words may be another's, or nobody's."""
        start, end = quote.outer[0].start, quote.outer[-1].end
        before = re.split(r"[.!?]\s|\n", self.text[max(0, start - 200) : start])[-1]
        after = re.split(r"[.!?]\s|\n|[“«„]", self.text[end : end + 200])[0]
        if _DENIED.search(before):
            return "is denied, or was never said"
        if _AT_SECOND_HAND.search(before) or _AT_SECOND_HAND.search(after):
            return "is told at second hand"
        if _NAMELESS.search(before) or _NAMELESS.search(after):
            return "whoever said it is not named"
        speaker, said = quote.speaker or "", quote.speaker_span.of(self.text) if quote.speaker_span else ""
        surname = speaker.rpartition(" ")[2]
        firsts = {
            first
            for first in re.findall(rf"\b([A-ZÀ-Þ][\w’'-]+) {re.escape(surname)}\b", self.text)
            if gender_of(first)
        }
        if said == surname != speaker and any(not a.startswith(b[:3]) for a in firsts for b in firsts):
            return f"more than one is called {surname}"
        if _SPEAKS_FOR.search(said) and firsts and " " not in speaker:
            return f"{speaker}’s words are another’s"
        return ""

    def _begins_inside(self, quote: Quote, nth: int) -> bool:
        """A small letter, or the writer's own words run into it: called it a “Disgrace to us all”."""
        text, start = quote.spans[nth].of(self.text), quote.spans[nth].start
        if text[:1].islower():
            return True
        head = self.text[max(0, quote.outer[nth].start - 60) : quote.outer[nth].start].rstrip(" \u00a0\u202f")
        if quote.outer[nth].start == start or not head or not head[-1].isalpha():
            return False
        return re.split(r"[^\w’'-]+", head)[-1].lower() not in self.words.says

    def _goes_on(self, quote: Quote, nth: int) -> bool:
        """In the quote's next piece, or in the writer's words: “Never again” is the slogan."""
        piece, end = quote.spans[nth].of(self.text), quote.outer[nth].end
        if piece.rstrip("”’\"')»")[-1:] in _ENDS:
            return False
        if nth + 1 < len(quote.spans):
            following = quote.spans[nth + 1].of(self.text)
            gap = self.text[end : quote.outer[nth + 1].start]
            return following[:1].islower() or not re.search(r"[.!?]\s*$", gap)
        tail = self.text[end : end + 200].split("\n")[0]
        if piece[-1:] in ",，—–" or (not tail[:1].strip() and not tail.strip()):
            return piece[-1:] in "—–"
        word = re.match(r"[\s\u00a0]+([^\W\d_]+)(?:[\s-]+([^\W\d_]+))?(?:[\s-]+([^\W\d_]+))?", tail)
        if word is None:
            return False  # a stop, a comma, a dash or a bracket
        return word[1].islower() and not any((w or "").lower() in self.words.says for w in word.groups())

    def _unnamed(self, said: str) -> str:
        """The first "he" or "she" before which the run names nobody, the first "they" before which nothing is many."""
        for found in _PERSON.finditer(said):
            before, word = said[: found.start()], found[1].lower()
            names = [
                m.group() for m in _NAMES.finditer(before) if m.start() or " " in m.group() or self._is_name(m.group())
            ]
            if word in _PLURAL:
                words = re.findall(r"[^\W\d_]{4,}", before.lower())
                known = len(names) > 1 or any(w.endswith("s") or w in _MANY for w in words)
            else:
                gender = "f" if word in ("she", "her", "herself") else "m"
                known = any(gender_of(name) in (gender, "") for name in names)
            if not known:
                return word
        return ""

    def _is_name(self, first: str) -> bool:
        """Whether a sentence's first word is a name: the text writes it with a capital within sentences too."""
        within = re.compile(rf"[a-zà-þ,]\s+{re.escape(first)}\b")
        return any(within.search(self.text, span.start, span.end) for span in self.body)

    # ---------------------------------------------------------------- terms

    def _terms(self, number: int, quote: Quote, words: int) -> dict[str, float]:
        said = quote.texts[0]
        own = set(stems(said, self.language))
        shared = sum(min(1.0, (self.common[s] - 1) / 3 + (s in self.title)) for s in own) / (len(own) or 1)
        stands = len({m.group().lower() for m in self.stands.finditer(said)})
        figures = len(re.findall(r"\d[\d.,]*", said))
        sentences = len(split_sentences(said, self.language))
        terms = {
            "subject": round(0.6 * shared, 2),  # shares its words with the headline and the rest of the text
            "stand": round(0.12 * min(5, stands), 2),  # must, never, because, than …
            "figures": round(0.1 * min(2, figures), 2),
            "length": 0.2 if 12 <= words <= 28 else 0.1 if words < 12 else 0.0,
            "speaker": round(0.4 * quote.confidence + (0.1 if quote.role else 0.0), 2),
            "place": round(-0.03 * min(10, number - 1), 2),
            "sentences": -0.15 * (sentences - 1),
            "question": -0.3 if said.rstrip()[-1:] in "?？؟" else 0.0,
            "points back": -0.3 if _POINTS_BACK.search(said) else 0.0,
            "edited": -0.3 if re.search(r"[\[…]|\.\.\.", said) else 0.0,  # left out or put in by the writer
        }
        return {name: value for name, value in terms.items() if value}


_ENDS = ".!?…。！？؟۔"
# "It is time to …", "There are …": the pronoun stands for nothing.
_ITSELF = re.compile(
    r"(?:It[’']?s|It (?:is|was|takes|will take|would be))\s+(?:\w+[\s-]+){0,4}?(?:to|that|when|who|if|how)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(he|she|him|her|his|himself|herself|they|them|their)\b", re.IGNORECASE)
_PLURAL = ("they", "them", "their")
_MANY = frozenset(
    "people everyone everybody anyone anybody someone somebody nobody children women police team family".split()
)
_NAMES = re.compile(r"\b(?!I\b)[A-ZÀ-Þ][\w-]*(?:\s+[A-ZÀ-Þ][\w-]*)*")
# "Nobody had decided that.", "I want to do it fewer than 30 times": which?
_POINTS_BACK = re.compile(
    r"\b(?:it|this|that|these|those|so|there|them|as well|too)\W*(?:$|[.!?]\s)"
    r"|\b(?:do|did|does|doing|done)\s+(?:it|this|that|so)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)\s+(?:\w+\s+)?(?:saying|having said|writing|calling)|refus(?:es|ed) to say)\b",
    re.IGNORECASE,
)
_AT_SECOND_HAND = re.compile(  # "…,” Holt was told by Moss"; "…,” Moss quoted Holt as saying"
    r"\b(?:was|were|been|is|are)\s+told\s+by\b|\b(?:quot|cit)(?:es|ed|ing)\b.{1,60}\bas\s+(?:saying|having said)\b",
    re.IGNORECASE,
)
_NAMELESS = re.compile(
    r"\b(?:not|n[’']t)\s+want(?:ed|s)?\s+to\s+be\s+(?:named|identified)\b|\banonym|\bentourage\b"
    r"|\b(?:declin|refus|ask)\w*\s+(?:not\s+)?to\s+be\s+(?:named|identified)\b",
    re.IGNORECASE,
)
_SPEAKS_FOR = re.compile(r"\b(?:for|of)\s")
_BREAKS_OFF = re.compile(r"(?:[—–-]|\.\.\.|…)[.,\s]*$")


def printable_quotes(article: Article) -> list[Quote]:
    """All quotes of *article* as they are printed, in order: without the comma before "said"."""
    found = []
    for quote in find_quotes(article):
        spans = tuple(_without_comma(article.text, span) for span in quote.spans)
        found.append(replace(quote, spans=spans, texts=tuple(span.of(article.text) for span in spans)))
    return found


def _without_comma(text: str, run: Span) -> Span:
    """The comma of "…,” said Ann Lee" belongs to the sentence around the quote."""
    return Span(run.start, run.start + len(run.of(text).rstrip(",，، ")))


def _balanced(said: str) -> bool:
    return all(said.count(a) == said.count(b) for a, b in ("“”", "«»", "()", "[]", "「」")) and said.count('"') % 2 == 0


@cache
def _phrases(entries: tuple[str, ...]) -> re.Pattern[str]:
    if not entries:
        return re.compile(r"(?!)")
    longest = sorted(entries, key=len, reverse=True)
    either = "|".join(re.escape(entry).replace("\\ ", r"\s+") for entry in longest)
    return re.compile(rf"\W*\b(?:{either})(?!\w)", re.IGNORECASE)
