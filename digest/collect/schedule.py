"""When a source may be asked again: what its publisher asks for, heeded within reason. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from digest.collect.http import Fetched

LONGEST_REST = timedelta(days=1)
"""A feed that asks to be left alone for a year is set up wrongly; a weekly newsletter would never see it again."""

LONGEST_PENANCE = timedelta(days=7)
"""The most a Retry-After is heeded."""

UNREADABLE_LIMIT = 3
"""Answers in a row that hold no feed, after which a source is left alone until somebody asks."""


def penance(retry_after_s: float) -> timedelta:
    return timedelta(seconds=min(retry_after_s, LONGEST_PENANCE.total_seconds()))


def next_visit(answer: Fetched, ttl: timedelta | None, now: datetime) -> tuple[datetime, str] | None:
    """Not before when, and whose wish that is; None: whenever the editor likes.

    Retry-After (RFC 9110, 10.2.3) counts whatever the answer was; Cache-Control's max-age or Expires and RSS's ttl
    only after a good one.
    """
    if answer.retry_after_s:
        return now + penance(answer.retry_after_s), "the server’s Retry-After"
    wishes = []
    if answer.max_age_s and not answer.error:
        wishes.append((timedelta(seconds=min(answer.max_age_s, 10**8)), "the server’s max-age"))
    if ttl and not answer.error:
        wishes.append((ttl, "the feed’s ttl"))
    if not wishes:
        return None
    rest, whose = max(wishes)
    return now + min(rest, LONGEST_REST), whose
