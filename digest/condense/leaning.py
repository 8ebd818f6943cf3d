"""What a sentence needs printed before it, so that nobody asks "who?", "which one?" or "how many what?"

A pronoun, a connective or an ellipsis needs the sentence directly before it; a bare surname one with the full name; a
short form one that says what it stands for; a definite noun ("The form …") one that spoke of the thing, or the title.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Sequence
from dataclasses import dataclass

from digest.condense.marks import Marked, cover
from digest.condense.reading import Reading
from digest.condense.short_forms import explained_forms, short_forms
from digest.model import Span
from digest.text.names import Cast, find_mentions
from digest.text.words import count_words, stems


@dataclass(frozen=True, slots=True)
class Needs:
    """Of each set, one sentence must be printed earlier; an empty set cannot be met.

    ``names`` come from bare surnames, which nothing else may stand in for; ``others`` may be waived where a summary
    would be empty.
    """

    names: tuple[frozenset[int], ...]
    others: tuple[frozenset[int], ...]

    def __bool__(self) -> bool:
        return bool(self.names or self.others)

    def said(self) -> str:
        """In words, sentences counted from 1."""
        for need in (*self.names, *self.others):
            numbers = [str(n + 1) for n in sorted(need)]
            if not numbers:
                return "leans on a sentence that is not there"
            which = f"sentence {numbers[0]}" if len(numbers) == 1 else f"one of sentences {', '.join(numbers[:4])}"
            return f"introduced only by {which}" if need in self.names else f"makes sense only after {which}"
        return ""

    def met(self, printed: Container[int]) -> bool:
        return all(any(n in printed for n in need) for need in (*self.names, *self.others))


SHORT = 7  # words; so short a sentence lives on the one before it

# What a sentence opens with when it needs the one before it.
_OPENERS = (
    "he she it they we his her hers its their theirs him them this that these those such there, here, but "
    "and or nor so yet "
    "however also meanwhile moreover furthermore nevertheless nonetheless instead then thus therefore "
    "still otherwise besides "
    "similarly likewise equally consequently hence too another other others afterward afterwards elsewhere "
    "indeed rather "
    "either neither both again overall finally lastly secondly thirdly later earlier soon now, "
    "er sie es dies diese dieser dieses diesem diesen aber doch und dabei damit zudem außerdem jedoch "
    "deshalb "
    "il elle ils elles mais cependant toutefois pourtant pero además ella él ma però inoltre egli ele ela "
    "mas porém "
    "hij zij maar daarnaast"
).split()
_OPENING_PHRASES = (
    "in addition", "for example", "for instance", "as a result", "as such", "on the other hand", "by contrast",
    "in contrast", "after that", "at the same time", "at that time", "since then", "until then", "by then",
    "because of this", "because of that", "that said", "of course", "in fact", "in other words", "in turn",
    "more than that", "not only that", "despite this", "despite that", "despite it", "in that",
    "in this", "one of them", "some of them", "all of them", "none of them", "each of them", "of those", "of these",
    "of them", "the same", "in response", "in the end", "to that end", "seen that way", "that way", "to do so",
    "if so", "if not", "apart from this", "apart from that", "even so", "sin embargo",
)  # fmt: skip
_DEFINITE = (  # "The company …": which one?
    "others same former latter two three four pair duo trio couple move decision announcement news incident deal plan "
    "company firm group "
    "agency organization organisation man woman men women boy girl teenager suspect suspects victim "
    "victims officer officers "
    "agent agents report study statement attack crash ruling measure proposal result latest other first "
    "second third rest aim "
    "idea case document letter video photo picture image images comment comments remark remarks"
).split()
_PERSONS = (  # "The actor …", "The 46-year-old pop star …": who? An office ("The president …") may be known
    "actor actress singer songwriter star rapper musician comedian presenter model designer author novelist artist "
    "player striker midfielder defender goalkeeper golfer boxer champion winner veteran legend athlete swimmer "
    "mother father parents husband wife son daughter brother sister child baby toddler student pupil patient "
    "passenger driver pilot defendant gunman attacker killer accused youngster pensioner grandmother grandfather "
    "businessman businesswoman entrepreneur billionaire tycoon lawmaker justice"
).split()
_LITTLE = r"(?:the|an?|in|at|to|on|from|by|with|of|and)"
_A_PERSON = (
    # not "the 46-year-old pop star Kylie Minogue": she is named
    rf"the (?:\d+-year-old(?! (?:(?!{_LITTLE} )[a-zà-ÿ’'-]+ ){{0,2}}(?-i:[A-ZÀ-Þ]))"
    rf"|(?:[\w’'.-]+ ){{0,3}}(?:{'|'.join(_PERSONS)})"
    r"(?! (?:of|for|who|whose|which|that|at|in|from|with|and|to|(?-i:[A-ZÀ-Þ])))(?![\w’'-]))(?!, (?-i:[A-ZÀ-Þ]))"
)
_LEANS = re.compile(
    r"[\s\"'“‘(\[«„]*(?:"
    + "|".join(map(re.escape, (*_OPENING_PHRASES, *_OPENERS)))
    + rf"|the (?:{'|'.join(_DEFINITE)})(?! (?:of|for the|by|in|to|between|against|on)\b)|{_A_PERSON})(?!\w)",
    re.IGNORECASE,
)
_LATE_PRONOUN = re.compile(
    r"(?:In|On|At|After|Before|When|While|As|Since|During|For|Last|With|Asked|By|From|Under|Until|If|"
    r"Although|Though|Despite|Speaking)\b"
    r"(?P<intro>[^,]{0,70}),\s+(?:however,\s+)?"
    rf"(?:(?:he|she|they|it|his|her|their|its)\b|(?i:{_A_PERSON}))"
)
_EARLY_PRONOUN = re.compile(  # "In 2019 it had stood in 84", "For last Thursday's committee it was £2,140"
    r"(?:In|On|At|By|For|Since|From|After|Until|Last)\s+(?:[^\s,;:]+\s+){1,4}?"
    r"(?:(?:he|she|they)|it(?=\s+(?:was|is|had|has|will|would|cost|took|fell|rose|stood|followed)\s+(?!that\b|announced\b|"
    r"revealed\b|reported\b|confirmed\b|claimed\b|alleged\b|clear\b)))\b"
)
_BACK_WITHIN = re.compile(  # "One third of that …", "Two of them …", "Port Ellery’s has …"
    r"(?:[^\s,;:]+\s+){1,7}?of\s+(?:them|it|(?:that|those|these)(?!\s+\w))\b"
    r"|Each\s+(?!of\b)\w|[^,;:“\"]*\b(?:for|of|to|in|with)\s+each[.!]?$"
    r"|[A-ZÀ-Þ][\w.-]*(?:\s+[A-ZÀ-Þ][\w.-]*){0,2}[’']s\s+(?:has|had|was|were|are|will)\b"
)
_THERE = re.compile(
    r"\bthere\b(?![’']|\s+(?:is|was|are|were|has|have|had|will|would|can|could|may|must|might|should|to)\b)"
)
_PLACE = re.compile(r"\b(?:in|at|to|from|near|on|into|inside|outside|across|over)\s", re.IGNORECASE)
_BARE_NUMBER = re.compile(  # "The new form has 38."
    r"\b(?:has|have|had|held|was|were|is|are|es|c[’']était)\s+(?!(?:1[5-9]|20)\d\d\b)\d[\d.,]*(?:[,;]\s|[.!?]?[\"”’]?$)"
)
_DEFINITE_OPENER = re.compile(r"[\"'“‘(]*(?:The|Der|Die|Das|Le|La|Les|El|Los|Las)\s+|L[’']")
_OFFICE = re.compile(r"(?i)^(?!(?:mr|mrs|ms|miss|dr|sir|prof|herr|frau)\b)\w")


class Context:
    """The sentences of one text so far, in order; asked once for each."""

    def __init__(self, reading: Reading, marked: Sequence[Marked]) -> None:
        self._language = reading.language
        self._title = set(stems(reading.title, reading.language))
        covered = cover(reading.text, marked)
        self._mentions = find_mentions(covered)
        self._starts = [m.span.start for m in self._mentions]
        self._cast = Cast(covered, self._mentions)
        self._text = reading.text
        self._stems: list[set[str]] = []
        self._full: dict[str, set[int]] = {}  # full name -> the sentences that hold it
        self._forms = explained_forms(reading.text)
        self._explained: dict[str, set[int]] = {}  # short form -> the sentences with its words

    def needs(self, span: Span, outside: str, *, follows: bool) -> Needs:
        """What the next sentence needs; *outside* is what of it stands in no quotation marks.

        *follows*: the sentence asked for before this one stands directly before it.
        """
        number = len(self._stems)
        text = span.of(self._text)
        others = [*self._unspoken(text), *self._unexplained(text, number)]
        if leans(text, outside):
            others.append(frozenset({number - 1} if follows and number else ()))
        self._stems.append(set(stems(text, self._language)))
        return Needs(tuple(self._unnamed(span, number)), tuple(others))

    def _unnamed(self, span: Span, number: int) -> list[frozenset[int]]:
        """Bare surnames of people whom an earlier sentence names in full."""
        full, bare = set(), set()
        for mention in self._mentions[bisect_left(self._starts, span.start) : bisect_left(self._starts, span.end)]:
            person = self._cast.resolve(mention)
            if person is None or person.kind != "person" or " " not in person.name:
                continue
            if " " in mention.name:
                full.add(person.name)
            elif not _OFFICE.match(mention.title):
                bare.add(person.name)
        found = [frozenset(self._full[name]) for name in sorted(bare - full) if name in self._full]
        for name in full:
            self._full.setdefault(name, set()).add(number)
        return found

    def _unexplained(self, text: str, number: int) -> list[frozenset[int]]:
        """Short forms whose words stand in an earlier sentence and not in this one."""
        if not self._forms:
            return []
        used = {form for form in short_forms(text) if form in self._forms and self._forms[form] not in text}
        found = [frozenset(self._explained[form]) for form in sorted(used) if form in self._explained]
        for form, words in self._forms.items():
            if words in text:
                self._explained.setdefault(form, set()).add(number)
        return found

    def _unspoken(self, text: str) -> list[frozenset[int]]:
        """A definite noun that opens the sentence and was spoken of before."""
        opener = _DEFINITE_OPENER.match(text)
        if not opener:
            return []
        named = set(stems(" ".join(text[opener.end() :].split()[:3]), self._language)[:2])
        if named & self._title:
            return []
        spoken = frozenset(n for n, earlier in enumerate(self._stems) if named & earlier)
        return [spoken] if spoken else []


def leans(text: str, outside: str) -> bool:
    """Whether a sentence makes sense only behind the one before it; *outside* is its part in no quotation marks."""
    if count_words(text) <= SHORT or _LEANS.match(text) or _EARLY_PRONOUN.match(text) or _BACK_WITHIN.match(text):
        return True
    if _BARE_NUMBER.search(outside):
        return True
    there = _THERE.search(outside)
    if there and not _PLACE.search(outside[: there.start()]):
        return True
    late = _LATE_PRONOUN.match(text)
    return late is not None and not re.search(r"\s[A-ZÀ-Þ]\w+", late["intro"])
