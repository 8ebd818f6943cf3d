"""One person as a line of somebody's list tells of them; nothing is checked yet but what the list itself is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, NamedTuple

Left = Literal["", "unsubscribed", "bounced", "complained"]


class ImportRow(NamedTuple):
    line: int
    address: str  # as it stands in the file
    name: str = ""
    language: str = ""
    topics: tuple[str, ...] = ()
    length: Literal["full", "lead"] = "full"
    left: Left = ""  # the file itself says that they are gone
    left_at: datetime | None = None  # None: the file does not say when
    joined: datetime | None = None  # None: the file does not say when
    paused_until: datetime | None = None
    evidence: Mapping[str, str] = {}  # what the file says of their consent, word for word
    fault: str = ""  # why the line cannot be taken; '' when it can
    part: str = ""  # the file's name inside an archive


_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?(?: UTC| [A-Z]{3,4})?"
)


def moment(text: str) -> datetime | None:
    """*text* as a time; without a zone it is UTC, as the tools write it. None: it says none that can be told for sure
    (day and month of 03/04/2024 cannot)."""
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    day, clock, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock or '00:00'}")
        return at.replace(tzinfo=_zone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text in ("Z", "UTC"):
        return UTC
    digits = text.replace(":", "")
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5])))


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


def one_line(text: str) -> str:
    """*text* as it may stand in a header: a line break or a control character is a blank (RFC 5322 section 2.2)."""
    return text if text.isprintable() else _CONTROL.sub(" ", text).strip()
