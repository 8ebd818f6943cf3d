"""Article -> summary and key quotes, cut from its own text. Pure; answers spans.

Reading order: reading, candidates (with leaning, short_forms), editorial and engines, choosing, summarize; quotes
(with marks, cues, speakers), key_quotes.
"""

from digest.condense.candidates import READ_SENTENCES
from digest.condense.key_quotes import Weighed, explain_key_quotes, key_quotes, printable_quotes
from digest.condense.quotes import find_quotes
from digest.condense.summarize import Judgement, explain_summary, summarize

__all__ = [
    "READ_SENTENCES",
    "Judgement",
    "Weighed",
    "explain_key_quotes",
    "explain_summary",
    "find_quotes",
    "key_quotes",
    "printable_quotes",
    "summarize",
]
