"""Which stories does the week need? Coverage x fit to the brief x source weight, then a spread over outlets.

Every pick and every near miss carries its reasons in numbers. Pins, drops and the editor's lead win over scores.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from digest.model import Article, Brief, Edit, Pick, Story
from digest.pick.duplicates import find_copies
from digest.pick.stories import group_stories
from digest.text.words import stem, stop_words

COPY_WORTH = 0.3  # a copy counts as this share of an outlet
NEAR_MISSES = 10
MIN_WORDS = 12  # a text below is a notice or a slip; a pin has it all the same
UNSPACED = frozenset({"zh", "ja", "th", "ko"})  # no blanks to count words by
OTHER = "In brief"  # the section of what fits no other

_WORD = re.compile(r"\w+(?:[-’']\w+)*")


def pick_week(
    articles: Sequence[Article],
    *,
    brief: Brief,
    now: datetime,
    since: datetime | None = None,
    limit: int = 10,
    past: Sequence[Article] = (),
    edits: Sequence[Edit] = (),
) -> list[Pick]:
    """The week's picks in order, then the near misses (``lost`` says why each was not chosen).

    An article belongs to the week when ``since < article.seen <= now``; *since* is seven days before *now* unless
    given. Same arguments, same answer.
    """
    start = since if since is not None else now - timedelta(days=7)
    forced = _forced(edits)
    fresh: list[Article] = []
    out: list[Pick] = []
    for article in sorted(articles, key=lambda a: (a.seen, a.id)):
        fault = None if article.id in forced.pins else _unfit(article, brief, start, now)
        if fault:
            out.append(Pick(Story(article), 0.0, (), OTHER, fault))
        else:
            fresh.append(article)
    known = _known(fresh, past)
    stories = []
    for story in group_stories(fresh):
        told = [a for a in story.articles() if a.id in known]
        if told and not any(a.id in forced.pins for a in story.articles()):
            out.append(Pick(story, 0.0, (), OTHER, f"already in {known[told[0].id]}"))
        else:
            stories.append(story)
    scored = sorted(
        (_score(story, brief, now) for story in stories),
        key=lambda p: (-p.score, p.story.lead.seen, p.story.lead.id),
    )
    chosen, missed = _choose(scored, forced, brief, limit)
    return [*chosen, *missed[:NEAR_MISSES], *out]


class _Forced:
    """What the editor decided, by article id."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.pins: set[str] = set()
        self.drops: dict[str, str] = {}
        self.lead: str | None = None
        for edit in edits:
            if edit.kind in {"pin", "lead"} and edit.value != "":
                self.pins.add(edit.target)
                self.drops.pop(edit.target, None)
            elif edit.kind == "pin":
                self.pins.discard(edit.target)
            elif edit.kind == "drop" and edit.value != "":
                self.drops[edit.target] = edit.who
                self.pins.discard(edit.target)
            elif edit.kind == "drop":
                self.drops.pop(edit.target, None)
            if edit.kind == "lead":
                self.lead = edit.target if edit.value else None


def _forced(edits: Iterable[Edit]) -> _Forced:
    return _Forced(edits)


def _unfit(article: Article, brief: Brief, since: datetime, now: datetime) -> str | None:
    """Why *article* cannot be in this issue, or None."""
    if article.seen > now:
        return f"new after this issue’s end: {article.seen:%Y-%m-%d}"
    if article.seen <= since:
        return f"old: {article.seen:%Y-%m-%d}, this issue begins after {since:%Y-%m-%d %H:%M}"
    if len(article.text.split()) < MIN_WORDS and article.language not in UNSPACED:
        return f"too short to summarize: {len(article.text.split())} words"
    text = f"{article.title}\n{article.text}".casefold()
    for word in brief.blocked:
        if re.search(rf"\b{re.escape(word.casefold())}", text):
            return f"blocked: holds “{word}”"
    return None


def _known(fresh: Sequence[Article], past: Sequence[Article]) -> dict[str, str]:
    """Article id -> where it has been: the same page, or half the same text, in a past issue."""
    known: dict[str, str] = {}
    ids = {a.id: a for a in past}
    both = [*past, *fresh]
    copies = find_copies(both)
    for number, article in enumerate(fresh, len(past)):
        source = copies.get(number)
        if article.id in ids:
            known[article.id] = "a past issue"
        elif source is not None and source < len(past):
            known[article.id] = f"a past issue (“{both[source].title}”)"
    return known


@lru_cache(maxsize=4096)
def _stems(text: str, language: str) -> Counter[str]:
    return Counter(stem(w.casefold(), language) for w in _WORD.findall(text))


def _matches(article: Article, words: Iterable[str]) -> dict[str, int]:
    """How often each word or phrase occurs: title counts three times."""
    body = _stems(article.text, article.language)
    title = _stems(article.title, article.language)
    found: dict[str, int] = {}
    for word in words:
        parts = [stem(p.casefold(), article.language) for p in _WORD.findall(word)]
        if not parts:
            continue
        count = min(body[p] + 3 * title[p] for p in parts)
        if count and len(parts) > 1:
            plain = f"{article.title} {article.title} {article.title} {article.text}".casefold()
            count = plain.count(word.casefold())
        if count:
            found[word] = count
    return found


def _fit(story: Story, brief: Brief) -> tuple[float, list[str]]:
    """How well a story answers the brief, 0..1 and above, with the words that say so."""
    weights = dict(brief.keywords)
    if not weights:
        stops = stop_words("en")
        weights = {w: 1.0 for w in _WORD.findall(brief.line) if w.casefold() not in stops and len(w) > 2}
    if not weights:
        return 1.0, []
    best, why = 0.0, []
    for article in story.articles()[:4]:
        found = _matches(article, weights)
        fit = sum(weights[w] * min(n, 4) / 4 for w, n in found.items())
        if fit > best:
            best = fit
            why = sorted(found, key=lambda w: (-weights[w] * min(found[w], 4), w))[:4]
    return best, why


def _score(story: Story, brief: Brief, now: datetime) -> Pick:
    outlets: list[str] = []
    copies = 0
    texts = story.articles()
    copied = find_copies(texts)
    for number, article in enumerate(texts):
        if number in copied:
            copies += 1
        elif (name := article.outlet or article.source) not in outlets:
            outlets.append(name)
    coverage = len(outlets) + COPY_WORTH * copies
    fit, words = _fit(story, brief)
    asked = bool(brief.keywords or brief.line)
    factor = 0.25 + 0.75 * min(1.0, fit) if asked else 1.0
    weight = brief.source_weights.get(story.lead.source, 1.0)
    days = max(0.0, (now - story.lead.seen) / timedelta(days=1))
    recency = 1.0 - 0.02 * min(days, 14)
    score = coverage * factor * weight * recency
    reasons = [_count(len(outlets), "outlet") + (f", {_count(copies, 'copy', 'copies')}" if copies else "")]
    if words:
        reasons.append("matches: " + ", ".join(words))
    elif asked:
        reasons.append("matches nothing in the brief")
    if weight != 1.0:
        reasons.append(f"source weight {weight:g}")
    reasons.append("today" if days < 1 else f"{_count(int(days), 'day')} old")
    return Pick(story, round(score, 4), tuple(reasons), section_of(story, brief))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def section_of(story: Story, brief: Brief) -> str:
    """The section set for the lead's source, else the one whose keywords it holds most; `OTHER` for none."""
    if story.lead.source in brief.source_sections:
        return brief.source_sections[story.lead.source]
    best, name = 0.0, OTHER
    for section in brief.sections:
        found = _matches(story.lead, section.keywords)
        score = sum(min(n, 6) for n in found.values())
        if score > best:
            best, name = score, section.name
    return name


def _choose(scored: Sequence[Pick], forced: _Forced, brief: Brief, limit: int) -> tuple[list[Pick], list[Pick]]:
    def pinned(pick: Pick) -> bool:
        return any(a.id in forced.pins for a in pick.story.articles())

    chosen: list[Pick] = []
    missed: list[Pick] = []
    outlets: Counter[str] = Counter()
    room = limit
    for pick in sorted(scored, key=lambda p: not pinned(p)):
        outlet = pick.story.lead.outlet or ""  # texts that name no outlet share none
        dropped = next((forced.drops[a.id] for a in pick.story.articles() if a.id in forced.drops), None)
        if dropped is not None:
            missed.append(replace(pick, lost=f"dropped by {dropped}"))
        elif pinned(pick):
            chosen.append(replace(pick, reasons=(*pick.reasons, "pinned by the editor")))
            outlets[outlet] += 1
            room -= 1
        elif outlet and outlets[outlet] >= brief.source_limit:
            missed.append(replace(pick, lost=f"{outlet} has {outlets[outlet]} picks already (brief.source_limit)"))
        elif room <= 0:
            last = min((c.score for c in chosen), default=0.0)
            missed.append(replace(pick, lost=f"score {pick.score:.2f}, the last pick has {last:.2f}"))
        else:
            chosen.append(pick)
            outlets[outlet] += 1
            room -= 1
    chosen.sort(key=lambda p: (-p.score, p.story.lead.seen, p.story.lead.id))
    lead = next((p for p in chosen if forced.lead in {a.id for a in p.story.articles()}), None)
    if lead is not None:
        chosen.remove(lead)
        chosen.insert(0, replace(lead, reasons=(*lead.reasons, "lead by the editor")))
    return chosen, missed
