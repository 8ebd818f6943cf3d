"""digest: a week's reading becomes a newsletter people can trust.

Read it in this order: `model.py` (the nouns), `week.py` (the whole week on one page), then a room at a time:
`collect/` bytes -> Article, `pick/` articles -> picks, `condense/` article -> summary and quotes, `compose/`
-> Issue, `render/` -> mail; `store/` keeps, `send/` and `dispatch/` carry, `web/` shows, `cli/` asks.

The names below are the library: documented, typed and stable. They are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digest.collect import parse_feed as parse_feed
    from digest.collect import read_article as read_article
    from digest.condense import find_quotes as find_quotes
    from digest.condense import key_quotes as key_quotes
    from digest.condense import summarize as summarize
    from digest.pick import group_stories as group_stories
    from digest.pick import pick_week as pick_week
    from digest.render import render_issue as render_issue
    from digest.text.sentences import split_sentences as split_sentences

_HOMES = {
    "read_article": "digest.collect",
    "parse_feed": "digest.collect",
    "split_sentences": "digest.text.sentences",
    "summarize": "digest.condense",
    "find_quotes": "digest.condense",
    "key_quotes": "digest.condense",
    "group_stories": "digest.pick",
    "pick_week": "digest.pick",
    "render_issue": "digest.render",
}
__all__ = [
    "find_quotes",
    "group_stories",
    "key_quotes",
    "parse_feed",
    "pick_week",
    "read_article",
    "render_issue",
    "split_sentences",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'digest' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
