"""Picks + summaries + edits -> Issue. Pure."""

from digest.compose.edits import words_of
from digest.compose.issue import Placed, compose_issue, cut_at_word, lay_out, reading_minutes, words_in

__all__ = ["Placed", "compose_issue", "cut_at_word", "lay_out", "reading_minutes", "words_in", "words_of"]
