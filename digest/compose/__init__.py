"""Picks + summaries + edits -> Issue. Pure."""

from digest.compose.choices import NONE, as_value, conflicts, spans_of, with_choices
from digest.compose.correction import compose_correction
from digest.compose.differences import Difference, differences
from digest.compose.edits import last_of, move_value, read_move, replay, words_of
from digest.compose.issue import Placed, compose_issue, cut_at_word, item_of, lay_out, reading_minutes, words_in
from digest.compose.layouts import layout_of
from digest.compose.pictures import origins_wanted, with_pictures
from digest.compose.variants import issue_for

__all__ = [
    "NONE",
    "Difference",
    "Placed",
    "as_value",
    "compose_correction",
    "compose_issue",
    "conflicts",
    "cut_at_word",
    "differences",
    "issue_for",
    "item_of",
    "last_of",
    "lay_out",
    "layout_of",
    "move_value",
    "origins_wanted",
    "read_move",
    "reading_minutes",
    "replay",
    "spans_of",
    "with_choices",
    "with_pictures",
    "words_in",
    "words_of",
]
