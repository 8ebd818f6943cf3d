"""What is a story worth to this newsletter? Coverage x fit to the brief x source weight x recency, with its reasons."""

from __future__ import annotations

import math
from collections.abc import Container
from datetime import datetime, timedelta

from digest.model import Brief, Pick, Story
from digest.pick.eligible import day_of
from digest.pick.fit import Fit, reports_of
from digest.pick.sections import section_of
from digest.pick.spread import COVERAGE, FIT, RECENCY, WEIGHT, weight_of
from digest.pick.stories import is_closed
from digest.text.wording import counted

COPY_WORTH = 0.3  # a copy counts as this share of an outlet
LOWEST_FIT = 0.25  # the factor of a story that has nothing of the brief
A_DAY = 0.02  # of its score a story loses each day
OLDEST_DAYS = 14  # from then on it loses no more


def scored(
    story: Story, fit: Fit, company: str, news: str, brief: Brief, now: datetime, copies: Container[str]
) -> Pick:
    """*story* as a pick whose score is the product of its terms. *company*: the title of the story whose fit it shares
    most, *news*: what is new since a past issue; '' for none."""
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
    if company:
        reasons.append(f"much like a story that does: “{company}”")
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
