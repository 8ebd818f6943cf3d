"""The week's articles as no edit changes them, and what is picked of them as the editor wishes.

All that takes time (stories, past issues, the brief) is done once; picking again after an edit is quick. Pins, drops
and the editor's lead win over scores; a blocked publisher wins over a pin.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.model import Article, Brief, Edit, Pick, Story
from digest.pick.eligible import Fault, fault_of
from digest.pick.fit import Fit, closeness, fits, reports_of
from digest.pick.matching import as_written
from digest.pick.past import Past, Verdict
from digest.pick.rank import scored
from digest.pick.sections import OTHER
from digest.pick.spread import NEAR_MISSES, Choice, Contest, by_score, choose
from digest.pick.stories import in_order, tell_stories
from digest.pick.vectors import Terms, terms_of
from digest.pick.wishes import Wishes, read_wishes


def pick_week(
    articles: Sequence[Article],
    *,
    brief: Brief,
    now: datetime,
    since: datetime | None = None,
    limit: int = 10,
    past: Sequence[Article] = (),
    edits: Sequence[Edit] = (),
    near_misses: int | None = NEAR_MISSES,
) -> list[Pick]:
    """The week's picks in order, then the near misses (``lost`` says why each was not chosen, ``remedy`` what would
    change it).

    An article belongs to the week when ``since < article.seen <= now``; *since* is seven days before *now* unless
    given. Days are those of the zone of *now*. *past* are the leads of past issues. *near_misses*: how many of the
    stories that had a score and were not chosen are given, None for all; those that could not be picked at all always
    are. Same arguments, same answer, in whatever order the articles come.
    """
    survey = Survey(articles, brief=brief, now=now, since=since, past=past)
    return survey.choose(limit=limit, edits=edits).picks(near_misses)


class Survey:
    """What `pick_week` knows of a week before it is told the edits; its arguments are those of `pick_week`."""

    def __init__(
        self,
        articles: Sequence[Article],
        *,
        brief: Brief,
        now: datetime,
        since: datetime | None = None,
        past: Sequence[Article] = (),
    ) -> None:
        self._brief, self._now, self._past = brief, now, past
        self._since = since if since is not None else now - timedelta(days=7)
        self._blocked = {word: as_written(word) for word in brief.blocked if word.strip()}
        self._articles = sorted(articles, key=lambda a: (a.seen, a.id))
        self._faults = {a.id: fault for a in self._articles if (fault := self._fault(a, pinned=False))}
        self._terms: dict[str, Terms] = {}
        self._told: dict[frozenset[str], _Told] = {}

    def choose(self, *, limit: int = 10, edits: Sequence[Edit] = ()) -> Choice:
        """What becomes of each story with these *edits*."""
        wishes = read_wishes(edits)
        faults = dict(self._faults)
        for article in self._articles:
            if article.id in faults and article.id in wishes.pins:
                if (still := self._fault(article, pinned=True)) is None:
                    del faults[article.id]
                else:
                    faults[article.id] = still
        told = self._tell(frozenset(self._faults.keys() - faults.keys()), faults)
        ranked, before = told.ranked(wishes)
        out = [
            Pick(Story(a), 0.0, (), OTHER, faults[a.id].lost, remedy=faults[a.id].remedy)
            for a in self._articles
            if a.id in faults
        ]
        contest = Contest(sorted(ranked, key=by_score), wishes, self._brief, limit, told.past.copies)
        return choose(contest, (*out, *before))

    def _fault(self, article: Article, *, pinned: bool) -> Fault | None:
        return fault_of(article, self._brief, self._blocked, self._since, self._now, pinned=pinned)

    def _tell(self, overruled: frozenset[str], faults: dict[str, Fault]) -> _Told:
        """The stories of the articles without *faults*: kept for those no pin helps in, and for the last *overruled*
        (ids) that one did."""
        if overruled not in self._told:
            ordered = in_order(a for a in self._articles if a.id not in faults)
            for article in ordered:
                if article.id not in self._terms:
                    self._terms[article.id] = terms_of(article)
            kept = {ids: told for ids, told in self._told.items() if not ids}
            self._told = {**kept, overruled: _Told(ordered, self._terms, self._past, self._brief, self._now)}
        return self._told[overruled]


class _Told:
    """The stories that some articles tell, and what each is worth."""

    def __init__(
        self, ordered: Sequence[Article], terms: dict[str, Terms], past: Sequence[Article], brief: Brief, now: datetime
    ) -> None:
        self._terms, self._brief, self._now = terms, brief, now
        self.past = Past(past, ordered, terms)
        stories = tell_stories(ordered, self.past.copies, terms)
        self._stories = stories
        self._places = {a.id: place for place, story in enumerate(stories) for a in story.articles()}
        self._verdicts = list(map(self.past.verdict, stories))
        self._before = [
            Pick(story, 0.0, (), OTHER, found.says, remedy=found.remedy)
            for story, found in zip(stories, self._verdicts, strict=True)
            if found.story is None
        ]
        self._fits: tuple[object, list[Fit]] | None = None
        # By the identity of stories that all live as long as this: of those told, and of those an editor's wish leads.
        self._led: dict[str, Story] = {}
        self._reports: dict[int, list[str]] = {}
        self._scored: dict[tuple[int, int, str], Pick] = {}

    def ranked(self, wishes: Wishes) -> tuple[list[Pick], list[Pick]]:
        """(the stories that may be picked, scored; those a past issue told, as misses)."""
        verdicts = list(self._verdicts)
        wanted = {self._places[pin] for pin in wishes.pins if pin in self._places}
        for place in wanted:
            wish = wishes.pinned(self._stories[place])
            assert wish is not None
            if wish not in self._led:
                self._led[wish] = _led_by(self._stories[place], wish)
            verdicts[place] = Verdict(self._led[wish])
        told = [(found.story, found.says) for found in verdicts if found.story is not None]
        fits = self._fitted([story for story, _ in told])
        before = [pick for pick in self._before if self._places[pick.story.lead.id] not in wanted]
        return [self._scored_as(story, news, fit, told) for (story, news), fit in zip(told, fits, strict=True)], before

    def _scored_as(self, story: Story, news: str, fit: Fit, told: Sequence[tuple[Story, str]]) -> Pick:
        company = "" if fit.company is None else told[fit.company][0].lead.title
        key = id(story), id(fit), company
        if key not in self._scored:
            self._scored[key] = scored(story, fit, company, news, self._brief, self._now, self.past.copies)
        return self._scored[key]

    def _fitted(self, told: Sequence[Story]) -> list[Fit]:
        """The fit of each: another one only where their reports are others, whoever leads them."""
        copies = self.past.copies
        for story in told:
            if id(story) not in self._reports:
                self._reports[id(story)] = [a.id for a in reports_of(story, copies)]
        key = [self._reports[id(story)] for story in told]
        if self._fits is None or self._fits[0] != key:
            self._fits = key, fits(told, self._brief, copies, closeness(told, copies, self._terms))
            self._scored.clear()
        return self._fits[1]


def _led_by(story: Story, wish: str) -> Story:
    """*story* with the article the editor named as its lead."""
    lead = next(a for a in story.articles() if a.id == wish)
    also = (a for a in story.articles() if a is not lead)
    return Story(lead, tuple(sorted(also, key=lambda a: (a.seen, a.id))))
