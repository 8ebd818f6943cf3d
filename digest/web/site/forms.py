"""What people type, read strictly: an address, a name, a choice. A fault is the name of the phrase that says it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from digest.address import MOST_NAME, Address, parse_address
from digest.config import Config
from digest.errors import AddressError
from digest.render.words import primary
from digest.store.inbox import Choice

OLD_S, FAST_S = 12 * 3600, 2  # a form is neither older nor faster than a person
_UNFIT = re.compile(  # control characters, line breaks, what turns text around, halves of surrogate pairs
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Typed:
    """A sign-up as it was typed, to be shown again when something is wrong."""

    address: str = ""
    name: str = ""
    choice: Choice = field(default_factory=Choice)


def read_address(text: str) -> Address | None:
    """None: no mail can be sent to it."""
    if len(text) > 320 or _UNFIT.search(text.strip()):
        return None
    try:
        return parse_address(text)
    except AddressError:
        return None


def is_name(text: str) -> bool:
    """A name is one short line, and no advertisement: it may stand in a greeting."""
    return len(text) <= MOST_NAME and not _UNFIT.search(text) and "://" not in text


def read_choice(
    form: Mapping[str, str], topics: Sequence[str], config: Config, *, first: date
) -> tuple[Choice, tuple[str, ...]]:
    """What was chosen, and what is wrong with it. *first*: the earliest day a pause may end."""
    faults: list[str] = []
    offered = [section.name for section in config.sections]
    chosen = tuple(name for name in offered if name in topics)
    if offered and not chosen:
        faults.append("wrong_topics")
    language = form.get("language", "")
    if language not in config.site.languages or primary(language) == primary(config.newsletter.language):
        language = ""
    until = None
    if day := form.get("until", "").strip():
        try:
            until = date.fromisoformat(day)
        except ValueError:
            until = date.min
        if not first.toordinal() <= until.toordinal() <= first.toordinal() + 731:
            faults.append("wrong_day")
            until = None
    length = "lead" if form.get("length") == "lead" else "full"
    everything = len(chosen) == len(offered)
    return Choice(language, () if everything else chosen, length, until), tuple(faults)  # type: ignore[arg-type]


def make_stamp(secret: bytes, seconds: float) -> str:
    """What a form carries to say when it was shown."""
    shown = f"{int(seconds):x}"
    return f"{shown}.{hmac.new(secret, shown.encode(), sha256).hexdigest()[:32]}"


def is_fresh(stamp: str, secret: bytes, seconds: float) -> bool:
    """Whether a form of ours was open for as long as a person needs."""
    shown = stamp.partition(".")[0]
    if not re.fullmatch(r"[0-9a-f]{1,12}", shown):
        return False
    ours = make_stamp(secret, int(shown, 16))
    if not hmac.compare_digest(ours.encode(), stamp.encode("utf-8", "surrogatepass")):
        return False
    return FAST_S <= seconds - int(shown, 16) <= OLD_S
