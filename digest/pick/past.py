"""Has a past issue told this already? The article, a copy of it, or its event; and has the event moved since?

An event has moved when at least three outlets have new text on it, and three quarters of them agree on at least five
names or numbers that neither the past issue's article nor a copy of it holds. Tried on the stories of `bench.stories`:
other reports of what was told pass for moved in 1 to 2 % of cases, a look-alike event in 20 to 30 %; for what this
misses there is a pin.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from digest.model import Article, Story
from digest.pick.duplicates import find_copies
from digest.pick.stories import led
from digest.pick.vectors import FULL_TERMS, Terms, cosine, is_name, opening_of, terms_of, vectors
from digest.text.wording import counted
from digest.text.words import light_stem, stop_words

SAME_EVENT = 0.25  # mean cosine with a past article: more than within a week, where time speaks for it too
MEMORY = timedelta(days=21)  # an event older than that is another one
NEW_OUTLETS = 3
NEW_FACTS = 5
AGREED = 0.75  # of the outlets with new text name each of them

_WORD = re.compile(r"\w+(?:[-’']\w+)*")


@dataclass(frozen=True, slots=True)
class Moved:
    """What is new since a past issue."""

    outlets: int  # with text that is no copy of what was told
    facts: tuple[str, ...]  # names and numbers as printed, the most widely told first

    def enough(self) -> bool:
        return self.outlets >= NEW_OUTLETS and len(self.facts) >= NEW_FACTS


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a past issue means for a story: `story` is what of it may be picked, None for nothing."""

    story: Story | None
    says: str = ""  # why it may not, or what is new; '' where no past issue told it
    remedy: str = ""


class Past:
    """What past issues told, held against this week's articles. `copies` (id of a copy -> id of its original) are
    those within the week."""

    def __init__(self, past: Sequence[Article], week: Sequence[Article], terms: Mapping[str, Terms]) -> None:
        """*past*: the leads of past issues. *week*: this week's articles, as `in_order`; *terms* of each by its id."""
        both = [*past, *week]
        told = {a.id: a for a in past}
        self.copies: dict[str, str] = {}
        self._known = {a.id: told[a.id] for a in week if a.id in told}  # id -> the past article it is or copies
        for number, source in find_copies(both).items():
            if number >= len(past) and source >= len(past):
                self.copies[both[number].id] = both[source].id
            elif number >= len(past):
                self._known.setdefault(both[number].id, both[source])
        self._whole = [a for a in past if len(a.text) > len(a.title)]
        found = vectors([*(terms[a.id] for a in week), *(terms_of(a) for a in self._whole)])
        self._week = {a.id: vector for a, vector in zip(week, found, strict=False)}
        self._told = found[len(week) :]

    def verdict(self, story: Story) -> Verdict:
        """May *story* be picked? Never an article that was in a past issue, nor a copy of one; new articles on its
        event only when it moved."""
        known = [a for a in story.articles() if a.id in self._known]
        event = self._known[known[0].id] if known else self._event_of(story)
        if event is None:
            return Verdict(story)
        where = f"a past issue (“{event.title}”)"
        rest = [a for a in story.articles() if a.id not in self._known]
        if not rest:
            return Verdict(None, f"already in {where}", "`digest pin` prints it again")
        new = moved([a for a in rest if a.id not in self.copies] or rest, [event, *known])
        if new.enough():
            facts = ", ".join(new.facts[:NEW_FACTS])
            says = f"moved since {where}: {counted(new.outlets, 'outlet')} with new text, new in it: {facts}"
            return Verdict(led(rest, self.copies, {}), says)
        return Verdict(
            None,
            f"already in {where}, nothing new but {counted(new.outlets, 'outlet')} with other text and "
            f"{counted(len(new.facts), 'new name or number', 'new names or numbers')} between them",
            f"comes back when {NEW_OUTLETS} outlets agree on {NEW_FACTS} new names or numbers; or `digest pin`",
        )

    def _event_of(self, story: Story) -> Article | None:
        """The past article that is most like *story*, if it is about the same event; None where none is.

        An article of which only the headline is known is recognized by its address alone.
        """
        best, same = SAME_EVENT, None
        for article, vector in zip(self._whole, self._told, strict=True):
            if len(vector) < FULL_TERMS or abs(story.lead.seen - article.seen) > MEMORY:
                continue
            scores = [cosine(self._week[a.id], vector) for a in story.articles()]
            if (score := math.fsum(scores) / len(scores)) >= best:
                best, same = score, article
        return same


def moved(reports: Sequence[Article], told: Sequence[Article]) -> Moved:
    """What *reports* (no copies) hold that *told* do not: names and numbers in title or opening, as agreed."""
    heard = {part for a in told for part in _stems(f"{a.title} {a.text}", a)}
    outlets = {a.outlet or a.source for a in reports}
    by_outlet: dict[str, dict[str, str]] = {name: {} for name in sorted(outlets)}
    plain: set[str] = set()
    for article in reports:
        stops = stop_words(article.language)
        words = [*_WORD.findall(article.title), *opening_of(article)]
        plain.update(light_stem(w, article.language) for w in words if w.islower())
        for word in words:
            if is_name(word) and len(word) > 1 and word.casefold() not in stops:
                by_outlet[article.outlet or article.source].setdefault(
                    light_stem(word.casefold(), article.language), word
                )
    agreed = Counter(fact for facts in by_outlet.values() for fact in facts)
    printed = {fact: word for facts in by_outlet.values() for fact, word in facts.items()}
    new = [f for f, n in agreed.items() if n >= AGREED * len(outlets) and f not in heard and f not in plain]
    return Moved(len(outlets), tuple(printed[f] for f in sorted(new, key=lambda f: (-agreed[f], f))))


def _stems(text: str, article: Article) -> set[str]:
    return {light_stem(w.casefold(), article.language) for w in _WORD.findall(text)}
