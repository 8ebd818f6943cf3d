"""Dates as feeds and pages write them: machine formats, and with month names.

A date in prose is never guessed at here (`plain` asks the date-line grammar first).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from digest.model import Precision
from digest.text.months import month_of

_WORDY = re.compile(
    r"(?P<day>\d{1,2})(?:\.|º|er|st|nd|rd|th)?[\s-]+(?:de\s+|d['’]\s*)?(?P<month>[^\W\d_]{2,}(?:\s+ال\w+)?)\.?[\s,-]+"
    r"(?:de\s+)?(?P<year>\d{4})"
    r"(?:[\s,]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?))?(?:\.\d+)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"(?P<month>[^\W\d_]{3,})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
    r"(?:[\s,]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?!\s*[ap]\.?m))?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile(r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]")
_ISO = re.compile(
    r"^(?P<date>\d{4}-\d{2}-\d{2})(?:[T\s]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*"
    r"(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
YEARS = range(1000, 2201)
"""A date of another year is a slip or a placeholder; at the ends of the calendar no zone can be reckoned with."""

_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")

_LONGEST = 200
"""Characters a date may have."""


def read_date(raw: str | None) -> tuple[datetime, Precision] | None:
    """The moment *raw* names and how exact it is, or None when it names none.

    Aware when *raw* states a zone or offset, else naive (the caller knows whose clock it was).
    ISO 8601, RFC 822 and 2822, `day month-name year [time] [offset]`, `month-name day, year`, and 2026年3月17日.
    """
    text = " ".join((raw or "")[:_LONGEST].split())
    found = _iso(text) or _wordy(text) or _rfc(text) if text else None
    return found if found and found[0].year in YEARS else None


def as_utc(moment: datetime) -> datetime:
    """*moment* in UTC; one without a zone is taken for UTC, as feed readers do."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _iso(text: str) -> tuple[datetime, Precision] | None:
    text = _COMPACT.sub(r"\1-\2-\3", text)
    found = _ISO.match(text)
    return _build(found["date"], found["time"], found["zone"]) if found else None


def _wordy(text: str) -> tuple[datetime, Precision] | None:
    for form in (_WORDY, _MONTH_FIRST):
        found = form.search(text)
        month = month_of(found["month"]) if found else None
        if found and month:
            return _build(f"{found['year']}-{month:02}-{int(found['day']):02}", found["time"], found["zone"])
    found = _EAST_ASIAN.search(text)
    return _build(f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}", None, None) if found else None


def _rfc(text: str) -> tuple[datetime, Precision] | None:
    """RFC 822 with its named American zones and two-digit years."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment, "second" if ":" in text else "day"


def _build(date: str, time: str | None, zone: str | None) -> tuple[datetime, Precision] | None:
    precision: Precision = "day" if not time else "second" if time.count(":") == 2 else "minute"
    try:
        moment = datetime.fromisoformat(f"{date}T{(time or '00:00').zfill(5 if precision != 'second' else 8)}")
    except ValueError:  # the 31st of February
        return None
    if zone and time:
        moment = moment.replace(tzinfo=_offset(zone))
    return moment, precision


def _offset(zone: str) -> timezone:
    if zone[0] not in "+-":
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=min(int(digits[:2]), 23), minutes=min(int(digits[2:4]), 59))
    return timezone(-size if zone[0] == "-" else size)
