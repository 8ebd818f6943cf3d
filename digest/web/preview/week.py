"""The week's candidates: all that was found, what of it is in the issue, and why the rest is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from digest.model import Article, Item, Pick, Story
from digest.pick import Choice
from digest.pick.wishes import read_wishes
from digest.web.preview.draft import Draft, is_of_week
from digest.web.preview.overview import Length, words_before
from digest.web.preview.state import SHOWN
from digest.week import as_item

AT_ONCE = 40
"""Rows that are sent together: more than any screen shows, few enough to be there at once."""


@dataclass(frozen=True)
class Row:
    """One story of the week."""

    pick: Pick  # with why it lost
    number: int  # its place in the issue, from 1; 0: it is not in it
    section: str  # the one it is printed in, or would be; '' for one that had no score
    pin: str  # the id of its article that is pinned; '' for none
    is_dropped: bool
    is_lead: bool  # by the editor's word


class Candidates:
    """The stories of the week of one draft: the issue's in its order, then the others by score, then those that could
    not be picked. *text_of*: what of a story is searched, in small letters."""

    def __init__(self, draft: Draft, text_of: Callable[[Pick], str]) -> None:
        self._draft, self._text_of = draft, text_of
        self._wishes = read_wishes(draft.issue.edits)
        self._items = {item.article.id: (number, item) for number, item in enumerate(draft.issue.items, 1)}

    @cached_property
    def picks(self) -> list[Pick]:
        """Every story, those that lost without saying why."""
        found = self._draft.found
        printed = [item.pick for item in self._draft.issue.items]
        others = [*found.waiting, *found.out] if isinstance(found, Choice) else [p for p in found if p.lost]
        return [*printed, *(p for p in others if self._is_shown(p))]

    def _is_shown(self, pick: Pick) -> bool:
        return is_of_week(pick, self._draft.issue) or self._wishes.pinned(pick.story) is not None

    def _is(self, shown: str, pick: Pick) -> bool:
        if shown == "in":
            return pick.story.lead.id in self._items
        if shown == "out":
            return pick.story.lead.id not in self._items
        if shown == "pinned":
            return self._wishes.pinned(pick.story) is not None
        return shown == "all" or self._wishes.dropped(pick.story) is not None

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return {shown: sum(self._is(shown, pick) for pick in self.picks) for shown in SHOWN}

    def find(self, words: str, shown: str) -> list[Pick]:
        """Those that are *shown* and hold each of *words*, in title, outlet, author, section or text."""
        wanted = words.casefold().split()
        return [
            pick
            for pick in self.picks
            if self._is(shown, pick) and (not wanted or all(word in self._text_of(pick) for word in wanted))
        ]

    def rows(self, picks: Sequence[Pick]) -> Iterator[Row]:
        """*picks* as they are shown."""
        for pick in picks:
            number, item = self._items.get(pick.story.lead.id, (0, None))
            wishes = self._wishes
            yield Row(
                pick if item else self._with_why(pick),
                number,
                item.belongs_to or item.pick.section if item else pick.section if pick.terms else "",
                wishes.pinned(pick.story) or "",
                wishes.dropped(pick.story) is not None,
                wishes.lead in {article.id for article in pick.story.articles()},
            )

    def _with_why(self, pick: Pick) -> Pick:
        found = self._draft.found
        return found.lost(pick) if isinstance(found, Choice) and pick.terms else pick

    def of(self, article: str) -> tuple[Row, Article] | None:
        """The story that holds the article with that id, with what would change it where it lost, and the article;
        None where none of the week does."""
        for pick in self.picks:
            for found in pick.story.articles():
                if found.id == article:
                    (row,) = self.rows([pick])
                    choice = self._draft.found
                    if row.pick.lost and pick.terms and isinstance(choice, Choice):
                        row = Row(choice.explained(pick), 0, row.section, row.pin, row.is_dropped, row.is_lead)
                    return row, found
        return None


@dataclass(frozen=True)
class Candidate:
    """A story that is not in the issue, looked at closer."""

    row: Row
    item: Item  # what it would be


class Week:
    """The candidates of whatever draft is shown; what is searched of an article is made once."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}  # issue -> the words it had
        self._now: tuple[Draft, Candidates] | None = None
        self._texts: dict[tuple[object, ...], str] = {}

    def of(self, draft: Draft) -> Candidates:
        """Those of *draft*."""
        now = self._now
        if now is None or now[0] is not draft:
            now = self._now = draft, Candidates(draft, self._text_of)
            if len(self._texts) > 2 * len(now[1].picks):
                self._texts.clear()  # what was searched of articles that are others now
        return now[1]

    def candidate(self, draft: Draft, id: str) -> Candidate | None:
        """The article with that id, led by itself, as it would be in the issue; None where there is none."""
        found = self.of(draft).of(id)
        if found is None:
            with draft.opened() as project:
                article = project.store.articles.get(id)
            if article is None:
                return None
            lost = Pick(Story(article), 0.0, (), "", f"not new in the time {draft.issue.slug} covers")
            found = Row(lost, 0, "", "", is_dropped=False, is_lead=False), article
        row, article = found
        pick = replace(row.pick, story=Story(article))
        return Candidate(row, as_item(pick, draft.config, draft.issue.edits))

    def length(self, draft: Draft) -> Length:
        """How long the issue is, beside those before it."""
        with draft.opened() as project:
            before = words_before(project.store, draft.issue.slug, self._words)
        return Length(len(draft.rendered.variants[0].text.split()), before)

    def _text_of(self, pick: Pick) -> str:
        articles = pick.story.articles()
        key = (pick.section, *((a.text_hash, a.title, a.outlet, a.authors) for a in articles))
        if key not in self._texts:
            self._texts[key] = "\n".join([pick.section, *map(_searched, articles)]).casefold()
        return self._texts[key]


def _searched(article: Article) -> str:
    return "\n".join([article.title, article.outlet or "", *article.authors, article.standfirst, article.text])


def item_number(items: Sequence[Item], article: str) -> int:
    """The place of that article in the issue, from 1; 0: it is not in it."""
    return next((number for number, item in enumerate(items, 1) if item.article.id == article), 0)
