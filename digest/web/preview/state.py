"""What the editor is looking at. It lives in the address of the page, so that a reload keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

PANELS = {
    "week": "Week",
    "stories": "Stories",
    "source": "Source",
    "mail": "Mail",
    "words": "Words",
    "check": "Check",
    "inbox": "Inbox",
    "readers": "Readers",
    "send": "Send",
}
VIEWS = {"mail": "Mail", "text": "Text", "source": "HTML", "headers": "Headers", "message": "Message"}
WIDTHS = {"320": "320", "375": "375", "600": "600", "800": "800", "free": "Free"}
LOOKS = {"light": "Light", "dark": "Dark", "none": "No style"}
PICTURES = {"off": "Off", "on": "On"}
BESIDE = {"mail": "Mail", "source": "Source"}
SHOWN = {"all": "All", "in": "In the issue", "near": "Near misses", "pinned": "Pinned", "dropped": "Dropped"}

MOST_SOUGHT = 200  # characters

_AT = re.compile(r"([1-9]\d?)(?:\.([1-9]\d?))?|[0-9a-f]{16}")


@dataclass(frozen=True)
class State:
    panel: str = "stories"
    view: str = "mail"
    width: str = "600"
    look: str = "light"
    pictures: str = "off"
    variant: str = ""
    reader: str = ""  # a subscriber's number; '' for a reader who does not exist
    at: str = ""  # "3": the third story; "3.2": the second of its excerpts; an article's id; '' for none
    beside: str = "mail"  # what stands in the third of three columns
    show: str = "all"  # which candidates of the week
    find: str = ""  # words they hold

    @property
    def story(self) -> int:
        """The number of the story pointed at, from 1; 0 for none."""
        found = _AT.fullmatch(self.at)
        return int(found[1] or 0) if found else 0

    @property
    def cut(self) -> int:
        """The number of the excerpt pointed at, from 1; 0 for none."""
        found = _AT.fullmatch(self.at)
        return int(found[2] or 0) if found else 0

    @property
    def candidate(self) -> str:
        """The id of the article pointed at; '' where it is a story of the issue, by its number, or none."""
        return self.at if len(self.at) == 16 else ""

    def fields(self) -> dict[str, str]:
        """The state as a form carries it."""
        return dict(vars(self))

    def address(self, **changes: str) -> str:
        """The page with *changes*."""
        usual = State().fields()
        given = {name: value for name, value in {**self.fields(), **changes}.items() if value != usual[name]}
        return f"/?{urlencode(given)}" if given else "/"

    def frame(self) -> str:
        """The address of the framed page."""
        names = ("look", "pictures", "variant", "reader")
        return f"/frame/{self.view}?{urlencode({name: self.fields()[name] for name in names})}"


def read_state(args: Mapping[str, str]) -> State:
    """The state asked for; whatever is not offered falls back to the usual. Of a field given twice the last counts:
    a button stands after the form's hidden fields."""
    last = {name: args.getlist(name)[-1] for name in args} if isinstance(args, MultiDict) else dict(args)

    def one_of(name: str, offered: Mapping[str, str]) -> str:
        usual: str = getattr(State, name)
        return last[name] if last.get(name) in offered else usual

    at, reader = last.get("at", ""), last.get("reader", "")
    return State(
        panel=one_of("panel", PANELS),
        view=one_of("view", VIEWS),
        width=one_of("width", WIDTHS),
        look=one_of("look", LOOKS),
        pictures=one_of("pictures", PICTURES),
        variant=last.get("variant", ""),
        reader=reader if re.fullmatch(r"[1-9]\d{0,17}", reader) else "",
        at=at if _AT.fullmatch(at) else "",
        beside=one_of("beside", BESIDE),
        show=one_of("show", SHOWN),
        find=last.get("find", "")[:MOST_SOUGHT],
    )
