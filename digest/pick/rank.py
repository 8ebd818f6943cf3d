"""Which stories does the week need? Coverage x fit to the brief x source weight x recency, then a spread.

Every pick and every near miss carries its reasons in numbers, and a miss what would change it. Pins, drops and the
editor's lead win over scores; a blocked publisher wins over a pin.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from digest.model import Article, Brief, Edit, Pick, Story
from digest.pick.eligible import day_of, fault_of
from digest.pick.fit import Fit, closeness, fits, reports_of
from digest.pick.matching import as_written
from digest.pick.past import Past, Verdict
from digest.pick.sections import OTHER, section_of
from digest.pick.spread import COVERAGE, FIT, NEAR_MISSES, RECENCY, WEIGHT, Contest, by_score, choose, weight_of
from digest.pick.stories import in_order, is_closed, tell_stories
from digest.pick.vectors import terms_of
from digest.pick.wishes import Wishes, read_wishes
from digest.text.wording import counted

COPY_WORTH = 0.3  # a copy counts as this share of an outlet
LOWEST_FIT = 0.25  # the factor of a story that has nothing of the brief
A_DAY = 0.02  # of its score a story loses each day
OLDEST_DAYS = 14  # from then on it loses no more


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
    start = since if since is not None else now - timedelta(days=7)
    wishes = read_wishes(edits)
    fresh, misses = _sort_out(articles, brief, start, now, wishes)
    ordered = in_order(fresh)
    terms = {a.id: terms_of(a) for a in ordered}
    before = Past(past, ordered, terms)
    stories: list[tuple[Story, str]] = []  # with what a past issue means for it
    for story in tell_stories(ordered, before.copies, terms):
        wish = wishes.pinned(story)
        verdict = Verdict(_led_by(story, wish)) if wish is not None else before.verdict(story)
        if verdict.story is not None:
            stories.append((verdict.story, verdict.says))
        else:
            misses.append(Pick(story, 0.0, (), OTHER, verdict.says, remedy=verdict.remedy))
    told = [story for story, _ in stories]
    found = fits(told, brief, before.copies, closeness(told, before.copies, terms))
    ranked = [
        _score(story, fit, news, brief, now, before.copies) for (story, news), fit in zip(stories, found, strict=True)
    ]
    contest = Contest(sorted(ranked, key=by_score), wishes, brief, limit, before.copies)
    chosen, missed = choose(contest, near_misses)
    return [*chosen, *missed, *misses]


def _sort_out(
    articles: Sequence[Article], brief: Brief, since: datetime, now: datetime, wishes: Wishes
) -> tuple[list[Article], list[Pick]]:
    """The articles that may be in the issue, and the others as misses."""
    blocked = {word: as_written(word) for word in brief.blocked if word.strip()}
    fresh: list[Article] = []
    out: list[Pick] = []
    for article in sorted(articles, key=lambda a: (a.seen, a.id)):
        fault = fault_of(article, brief, blocked, since, now, pinned=article.id in wishes.pins)
        if fault is None:
            fresh.append(article)
        else:
            out.append(Pick(Story(article), 0.0, (), OTHER, fault.lost, remedy=fault.remedy))
    return fresh, out


def _led_by(story: Story, wish: str) -> Story:
    """*story* with the article the editor named as its lead."""
    lead = next(a for a in story.articles() if a.id == wish)
    also = (a for a in story.articles() if a is not lead)
    return Story(lead, tuple(sorted(also, key=lambda a: (a.seen, a.id))))


def _score(story: Story, fit: Fit, news: str, brief: Brief, now: datetime, copies: Container[str]) -> Pick:
    """*story* as a pick whose score is the product of its terms."""
    reports = reports_of(story, copies)
    outlets = {a.outlet or a.source for a in reports}
    copied = {a.outlet or a.source for a in story.articles() if a.id in copies} - outlets
    days = max(0.0, (now - story.lead.seen) / timedelta(days=1))
    nights = (day_of(now, now) - day_of(story.lead.seen, now)).days
    terms = {
        COVERAGE: len(outlets) + COPY_WORTH * len(copied),
        FIT: LOWEST_FIT + (1 - LOWEST_FIT) * fit.value,
        WEIGHT: weight_of(story, brief, copies),
        RECENCY: 1.0 - A_DAY * min(days, OLDEST_DAYS),
    }
    terms = {name: round(factor, 4) for name, factor in terms.items()}
    reasons = [counted(len(outlets), "outlet") + (f", {counted(len(copied), 'copy', 'copies')}" if copied else "")]
    if fit.words:
        reasons.append("matches: " + ", ".join(fit.words))
    elif fit.value < 1:
        reasons.append("matches nothing in the brief")
    if fit.company:
        reasons.append(f"much like a story that does: “{fit.company}”")
    if terms[WEIGHT] != 1.0:
        reasons.append(f"source weight {terms[WEIGHT]:.3g}")
    reasons.append("today" if nights < 1 else f"{counted(nights, 'day')} old")
    reasons += [news] if news else []
    reasons += _limits(story)
    return Pick(story, math.prod(terms.values()), tuple(reasons), section_of(story, brief), terms=terms)


def _limits(story: Story) -> list[str]:
    """What a reader will not get of the lead, and where else the story is open."""
    found: list[str] = []
    if is_closed(story.lead):
        best = next((a for a in story.also if not is_closed(a)), None)
        where = f"open report: {best.outlet or best.source}, “{best.title}”" if best else "no open report of it"
        found.append(f"behind a paywall; {where}")
    if story.lead.limit is not None and story.lead.excerpt_chars() == 0:
        found.append(f"headline and link only: {story.lead.limit.reason}")
    return found
