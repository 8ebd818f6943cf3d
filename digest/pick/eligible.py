"""Which articles may be in this issue at all? The window, length, language, blocks; each with what would change it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from re import Pattern

from digest.model import Article, Brief

MIN_WORDS = 12  # a text below is a notice or a slip; a pin has it all the same
UNSPACED = frozenset({"zh", "ja", "th", "ko"})  # no blanks to count words by


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an article cannot be picked, and what would have to change."""

    lost: str
    remedy: str  # '' where only a pin helps


def fault_of(
    article: Article, brief: Brief, blocked: Mapping[str, Pattern[str]], since: datetime, now: datetime, *, pinned: bool
) -> Fault | None:
    """All that keeps *article* out of an issue that covers ``since < seen <= now``; None where nothing does. Days are
    those of the zone of *now*. *blocked*: the words of *brief*, each with what finds it.

    A pin overrules everything but what is the publisher's: a blocked domain, a headline that is reserved text.
    """
    faults = [] if pinned else list(_faults(article, brief, blocked, since, now))
    remedies = [fault.remedy for fault in faults]
    ways = [" and ".join(remedies)] if all(remedies) else []
    remedy = ", or ".join(filter(None, [*ways, "`digest pin`"])) if faults else ""
    if publisher := brief.blocking(article):
        faults.insert(0, Fault(f"blocked: {publisher}", publisher.lift))
        remedy = f"{publisher.lift}; then {remedy}" if remedy else publisher.lift
    if article.title_reserved():
        faults.append(Fault("it has no headline but its first words, which its publisher reserves", ""))
        remedy = "`digest articles add -` with its headline first, or `digest articles fill … --right WHY`"
    return Fault("; ".join(fault.lost for fault in faults), remedy) if faults else None


def _faults(
    article: Article, brief: Brief, blocked: Mapping[str, Pattern[str]], since: datetime, now: datetime
) -> Iterator[Fault]:
    if article.seen > now:
        yield Fault(f"new after this issue’s end: {day_of(article.seen, now)}", "wait for the next issue")
    if article.seen <= since:
        begins = f"{day_of(since, now)} {since.astimezone(now.tzinfo):%H:%M}"
        yield Fault(f"old: {day_of(article.seen, now)}, this issue begins after {begins}", "")
    if (words := len(article.text.split())) < MIN_WORDS and article.language not in UNSPACED:
        link = f" --url {shlex.quote(article.url)}" if article.url else ""
        yield Fault(
            f"too short to summarize: {words} words",
            f"`digest articles add -{link}` with the whole text ({MIN_WORDS} words at least)",
        )
    text = f"{article.title}\n{article.text}".casefold()
    if held := [f"“{word}”" for word, pattern in blocked.items() if pattern.search(text)]:
        yield Fault(f"blocked: holds {', '.join(held)}", f"take {' and '.join(held)} out of [brief] blocked")
    known = article.own or article.language == "und" or not brief.languages
    if not known and article.language not in brief.languages:
        yield _foreign(article.language, brief)


def day_of(at: datetime, now: datetime) -> date:
    """The day of *at* by the clock that shows *now*."""
    try:
        return at.astimezone(now.tzinfo).date()
    except OverflowError:  # the first and the last day there are
        return at.date()


def _foreign(language: str, brief: Brief) -> Fault:
    named = ", ".join(brief.languages)
    if brief.languages_named:
        return Fault(f"written in {language}; [week] languages names {named}", f'add "{language}" to [week] languages')
    both = ", ".join(f'"{tag}"' for tag in (*brief.languages, language))
    return Fault(
        f"written in {language}; [week] languages is not set: only {named}, the newsletter’s language",
        f"write languages = [{both}] under [week]",
    )
