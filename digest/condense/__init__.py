"""Article -> summary and key quotes, cut from its own text. Pure; answers spans.

Reading order: reading, summarize (with editorial, engines, leaning), quotes (with marks, cues, speakers).
"""

from digest.condense.quotes import find_quotes, key_quotes
from digest.condense.summarize import METHODS, summarize

__all__ = ["METHODS", "find_quotes", "key_quotes", "summarize"]
