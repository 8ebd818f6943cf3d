"""Which articles may be in this issue at all? The window, length, language, blocks; each with what would change it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from digest.model import Article, Brief

MIN_WORDS = 12  # a text below is a notice or a slip; a pin has it all the same
UNSPACED = frozenset({"zh", "ja", "th", "ko"})  # no blanks to count words by


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an article cannot be picked, and what would have to change."""

    lost: str
    remedy: str


def fault_of(article: Article, brief: Brief, since: datetime, now: datetime) -> Fault | None:
    """What keeps *article* out of an issue that covers ``since < seen <= now``; None where nothing does.

    A pin overrules all of it but a blocked domain, which is about the publisher: see `domain_fault`.
    """
    if article.seen > now:
        return Fault(
            f"new after this issue’s end: {article.seen:%Y-%m-%d}", "it is for the next issue; or `digest pin`"
        )
    if article.seen <= since:
        window = f"this issue begins after {since:%Y-%m-%d %H:%M}"
        return Fault(f"old: {article.seen:%Y-%m-%d}, {window}", "`digest pin` takes it all the same")
    if (words := len(article.text.split())) < MIN_WORDS and article.language not in UNSPACED:
        return Fault(
            f"too short to summarize: {words} words",
            f"`digest articles fill` with the whole text ({MIN_WORDS} words at least), or `digest pin`",
        )
    text = f"{article.title}\n{article.text}".casefold()
    for word in brief.blocked:
        if re.search(rf"\b{re.escape(word.casefold())}", text):
            return Fault(f"blocked: holds “{word}”", f"take “{word}” out of [brief] blocked, or `digest pin`")
    known = article.own or article.language == "und" or not brief.languages
    if not known and article.language not in brief.languages:
        return Fault(
            f"written in {article.language}; [week] languages names {', '.join(brief.languages)}",
            f'add "{article.language}" to [week] languages, or `digest pin`',
        )
    return None


def domain_fault(article: Article, brief: Brief) -> Fault | None:
    """The block on the article's publisher, or None."""
    blocked = brief.blocking(article)
    return None if blocked is None else Fault(f"blocked: {blocked}", blocked.lift)
