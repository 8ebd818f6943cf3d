"""What each layout of the mail wants of an issue: how many items with a summary, how long, how many quotes.

The looks of a layout are templates (templates/email/NAME); a layout of the newsletter's own is composed as `briefing`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    with_summary: int  # items, the lead included; the others are plain links
    quoted: int  # items besides the lead that may carry a quote
    lead_words: int  # in the article's own words, the quote included
    item_words: int
    links_in_brief: bool  # plain links stand together at the end, else each in its section
    pictured: bool = True  # there is room for pictures


BRIEFING = Layout(with_summary=7, quoted=2, lead_words=90, item_words=45, links_in_brief=True)
LAYOUTS = {
    "briefing": BRIEFING,
    "essay": Layout(with_summary=4, quoted=3, lead_words=120, item_words=100, links_in_brief=True),
    "links": Layout(with_summary=1, quoted=0, lead_words=60, item_words=45, links_in_brief=False, pictured=False),
}


def layout_of(template: str) -> Layout:
    """The layout for [theme] template."""
    return LAYOUTS.get(template, BRIEFING)
