"""How lines are set: facts that stay together, headlines without a last lonely word, a text part 72 letters wide.

Pure; no letter of a text is changed, only which blank may become a line break.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

TEXT_WIDTH = 72
_NBSP = "\u00a0"


def nbsp(text: str, longest: int = 40) -> str:
    """A fact that should not break over lines; one longer than *longest* may."""
    return text.replace(" ", _NBSP) if len(text) <= longest else text


def no_widow(title: str) -> str:
    """*title* with its last two words tied, so that no word stands alone on the last line."""
    head, _, last = title.rpartition(" ")
    return f"{head}{_NBSP}{last}" if " " in head and len(last) + len(head.rpartition(" ")[2]) <= 22 else title


def wrap(text: str, indent: str = "") -> str:
    """*text* in lines of 72; a line break stands for a blank and for nothing else."""
    lines = textwrap.wrap(
        text,
        TEXT_WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def pad(label: str, labels: Sequence[str]) -> str:
    """*label* as wide as the widest of *labels*."""
    return label.ljust(max(map(len, labels)))


def shorten(title: str, letters: int) -> str:
    """*title*, or its first words and ``…`` in at most *letters*; never ends in a word of three or fewer."""
    if len(title) <= letters:
        return title
    kept = title[:letters]
    words = (kept.rpartition(" ")[0] or kept[:-1]).split()
    while len(words) > 2 and len(words[-1]) <= 3:
        words.pop()
    return " ".join(words).rstrip(",;:–—-.") + "…"
