"""Picks + summaries + edits -> Issue. Pure."""

from digest.compose.edits import words_of
from digest.compose.issue import WORDS_A_MINUTE, Placed, compose_issue, cut_at_word, lay_out, reading_minutes

__all__ = ["WORDS_A_MINUTE", "Placed", "compose_issue", "cut_at_word", "lay_out", "reading_minutes", "words_of"]
