"""The week in pictures: what came when and from whom, what of it is in the issue, and how long that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from statistics import median

from digest.model import LOCKED_STATES, Issue, Pick
from digest.store import Store

MOST_BARS = 6
MOST_ISSUES = 8  # "usual" is what the last so many were


@dataclass(frozen=True)
class Bar:
    """How many there are of something, and how many of them are in the issue."""

    name: str
    found: int
    picked: int


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    most: int  # of one bar, at least 1
    others: int = 0  # names that have no bar of their own


def by_day(picks: Sequence[Pick], printed: Iterable[Pick], issue: Issue, zone: tzinfo) -> Chart:
    """The articles of each day of the issue's time, by when they were new; those of stories *printed*."""
    chosen = {article.id for pick in printed for article in pick.story.articles()}
    found: Counter[date] = Counter()
    inside: Counter[date] = Counter()
    for article in (article for pick in picks for article in pick.story.articles()):
        if issue.since < article.seen <= issue.until:
            day = article.seen.astimezone(zone).date()
            found[day] += 1
            inside[day] += article.id in chosen
    day, last = (at.astimezone(zone).date() for at in (issue.since, issue.until))
    bars = []
    while day <= last:
        bars.append(Bar(f"{day:%a} {day.day}", found[day], inside[day]))
        day += timedelta(days=1)
    if len(bars) > 1 and not bars[0].found:
        bars = bars[1:]  # it begins in the evening of the day before
    return Chart(tuple(bars), max([1, *(bar.found for bar in bars)]))


def by_outlet(picks: Sequence[Pick], printed: Iterable[Pick]) -> Chart:
    """The articles of each outlet; those that lead a story that is *printed*."""
    found = Counter(a.outlet or "not known" for pick in picks for a in pick.story.articles())
    return _chart(found, Counter(pick.story.lead.outlet or "not known" for pick in printed))


def by_topic(sections: Iterable[str], printed: Iterable[str]) -> Chart:
    """The stories of each section, and how many of them are *printed*."""
    return _chart(Counter(filter(None, sections)), Counter(filter(None, printed)))


def _chart(found: Counter[str], picked: Counter[str]) -> Chart:
    names = sorted(found, key=lambda name: (-picked[name], -found[name], name))
    bars = tuple(Bar(name, found[name], picked[name]) for name in names[:MOST_BARS])
    return Chart(bars, max([1, *(bar.found for bar in bars)]), len(names) - len(bars))


@dataclass(frozen=True)
class Length:
    """The words of the text part, beside those of the issues before it."""

    words: int
    before: tuple[tuple[str, int], ...]  # issue, words; the oldest first

    @property
    def usual(self) -> int:
        """Half of the issues before had more, half fewer; 0 where there were none."""
        return round(median(words for _, words in self.before)) if self.before else 0

    @property
    def most(self) -> int:
        return max(1, self.words, *(words for _, words in self.before))


def words_before(store: Store, slug: str, known: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """How long the last issues before *slug* were; *known*: those counted already, filled in."""
    sent = [i for i in store.issues.all() if i.state in LOCKED_STATES and i.slug != slug]
    last = sorted(sent, key=lambda issue: issue.until)[-MOST_ISSUES:]
    for issue in last:
        if issue.slug not in known:
            known[issue.slug] = len(store.issues.rendered(issue.slug).variants[0].text.split())
    return tuple((issue.slug, known[issue.slug]) for issue in last)
