"""Dates as feeds and pages write them: machine formats, with month names in some twenty languages.

A date in prose is never guessed at here (`plain` asks the date-line grammar first).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from digest.model import Precision

# Unicode CLDR's month names (format and stand-alone, wide and abbreviated), cut to what tells them apart,
# without accents and in lower case; January first. The longest stem that fits wins.
_STEMS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",  # en, and the Latin months of most others
    "gen feb mar apr mag giu lug ago set ott nov dic",  # it
    "ene feb mar abr may jun jul ago sept oct nov dic",  # es
    "jan fev mar abr mai jun jul ago set out nov dez",  # pt
    "janv fevr mars avr mai juin juil aout sept oct nov dec",  # fr
    "jan feb marz apr mai juni juli aug sep okt nov dez",  # de
    "jan feb maart apr mei juni juli aug sep okt nov dec",  # nl
    "sty lut marz kwi maj cze lip sie wrz paz lis gru",  # pl
    "ian feb mar apr mai iun iul aug sep oct noi dec",  # ro
    "led uno bre dub kve cervna cervence srp zar rij lis pro",  # cs
    "oca sub mart nis may haz tem agu eyl eki kas ara",  # tr
    "tammi helmi maalis huhti touko kesa heina elo syys loka marras joulu",  # fi
    "янв фев мар апр мая июн июл авг сен окт ноя дек",  # ru
    "січ лют бер кві тра чер лип сер вер жов лис гру",  # uk
    "ιαν φεβ μαρ απρ μαι ιουν ιουλ αυγ σεπ οκτ νοε δεκ",  # el
)
_MONTHS = {stem: number for stems in reversed(_STEMS) for number, stem in enumerate(stems.split(), 1)}
_WORDY = re.compile(
    r"(?P<day>\d{1,2})(?:\.|º|er|st|nd|rd|th)?[\s-]+(?:de\s+)?(?P<month>[^\W\d_]{3,})\.?[\s,-]+(?:de\s+)?(?P<year>\d{4})"
    r"(?:[\s,]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?))?(?:\.\d+)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"^(?P<date>\d{4}-\d{2}-\d{2})(?:[T\s]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*"
    r"(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")


def read_date(raw: str | None) -> tuple[datetime, Precision] | None:
    """The moment *raw* names and how exact it is, or None when it names none.

    Aware when *raw* states a zone or offset, else naive (the caller knows whose clock it was).
    ISO 8601, RFC 822 and 2822, and `day month-name year [time] [offset]`.
    """
    text = " ".join((raw or "").split())
    if not text:
        return None
    return _iso(text) or _wordy(text) or _rfc(text)


def as_utc(moment: datetime) -> datetime:
    """*moment* in UTC; one without a zone is taken for UTC, as feed readers do."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _iso(text: str) -> tuple[datetime, Precision] | None:
    text = _COMPACT.sub(r"\1-\2-\3", text)
    found = _ISO.match(text)
    return _build(found["date"], found["time"], found["zone"]) if found else None


def _wordy(text: str) -> tuple[datetime, Precision] | None:
    found = _WORDY.search(text)
    month = _month(found["month"]) if found else None
    if not found or not month:
        return None
    return _build(f"{found['year']}-{month:02}-{int(found['day']):02}", found["time"], found["zone"])


def _month(name: str) -> int | None:
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    plain = plain.replace("ł", "l")
    for length in range(len(plain), 2, -1):
        if plain[:length] in _MONTHS:
            return _MONTHS[plain[:length]]
    return None


def _rfc(text: str) -> tuple[datetime, Precision] | None:
    """RFC 822 with its named American zones and two-digit years."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if not 1970 <= moment.year <= 2200:
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
    size = timedelta(hours=min(int(digits[:2]), 23), minutes=int(digits[2:4]))
    return timezone(-size if zone[0] == "-" else size)
