"""What was typed into a field of the page, as it may be kept."""

from __future__ import annotations

import re

from digest.errors import IssueError

MOST_CHARACTERS = 2000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def paragraphs_of(what: str, text: str, most: int = MOST_CHARACTERS) -> list[str]:
    """*text* in paragraphs, each one line. Raises IssueError, naming *what* it is, where it is too long or holds what
    no line can."""
    text = text.replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise IssueError(f"the {what} holds a control character", hint="type it again")
    if len(text) > most:
        raise IssueError(f"the {what} has {len(text)} characters, {most} are the most")
    return [line for part in re.split(r"\n\s*\n", text) if (line := " ".join(part.split()))]


def line_of(what: str, text: str, most: int = MOST_CHARACTERS) -> str:
    """The same as one line."""
    return " ".join(paragraphs_of(what, text, most))
