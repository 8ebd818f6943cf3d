"""Picks + summaries + edits -> Issue. Pure."""

from digest.compose.issue import Placed, compose_issue, cut_at_word, lay_out, reading_minutes

__all__ = ["Placed", "compose_issue", "cut_at_word", "lay_out", "reading_minutes"]
