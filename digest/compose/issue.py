"""Picks and summaries become an Issue: forms, order, sections, subject, preheader.

Two steps, since a summary's budget hangs on the form of its item: `lay_out` says which story is the lead, an
item or a link and where it stands; `compose_issue` joins that with the summaries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.compose.edits import Move, moves, words_of
from digest.compose.layouts import BRIEFING, Layout
from digest.model import Article, Edit, Issue, Item, ItemForm, Pick, Summary

SUBJECT_MAX = 60
PREHEADER_MAX = 130
WORDS_A_MINUTE = 230


def words_in(seconds: int) -> int:
    """The words read in so many *seconds*."""
    return seconds * WORDS_A_MINUTE // 60


@dataclass(frozen=True, slots=True)
class Placed:
    """A pick with its form; `pick.section` is the section it is printed in."""

    pick: Pick
    form: ItemForm
    topic: str | None = None  # the section it belongs to where it is printed elsewhere; as in `Item`

    @property
    def belongs_to(self) -> str:
        return self.pick.section if self.topic is None else self.topic


def lay_out(
    picks: Sequence[Pick],
    *,
    edits: Sequence[Edit] = (),
    sections: Sequence[str] = (),
    layout: Layout = BRIEFING,
    in_brief: str = "In brief",
    this_week: str = "This week",
) -> list[Placed]:
    """The chosen of *picks* in print order: the lead's section first, then *sections* as configured, *in_brief* last.

    A pick whose section is no configured one is printed as a link in *in_brief*; without any configured section
    all full items stand in *this_week*.
    """
    chosen = _excerptable_first([p for p in picks if p.lost is None], edits)
    placed: list[Placed] = []
    full = 0
    for number, pick in enumerate(chosen):
        linked = pick.story.lead.excerpt_chars() == 0
        section = words_of(edits, "section", pick.story.lead.id) or pick.section
        known = section in sections or words_of(edits, "section", pick.story.lead.id) is not None
        if not sections and not known:
            section, known = this_week, True
        if number == 0:
            topic = None if known else ""
            placed.append(Placed(replace(pick, section=section if known else this_week), "lead", topic))
            full += 1
        elif known and full < layout.with_summary and not linked:
            placed.append(Placed(replace(pick, section=section), "item"))
            full += 1
        else:
            brief = layout.links_in_brief or not known
            topic = (section if known else "") if brief else None
            placed.append(Placed(replace(pick, section=in_brief if brief else section), "link", topic))
    placed = _grouped(placed, sections, in_brief)
    for move in moves(edits):
        placed = _move(placed, move)
    return placed


def _excerptable_first(chosen: list[Pick], edits: Sequence[Edit]) -> list[Pick]:
    """A lead has words to show, unless an editor chose it: a headline alone is led by the next that has."""
    led = [e.target for e in edits if e.kind == "lead" and e.value][-1:]
    if not chosen or chosen[0].story.lead.excerpt_chars() != 0 or chosen[0].story.lead.id in led:
        return chosen
    first = next((p for p in chosen if p.story.lead.excerpt_chars() != 0), chosen[0])
    return [first, *(p for p in chosen if p is not first)]


def _grouped(placed: Sequence[Placed], sections: Sequence[str], in_brief: str) -> list[Placed]:
    """Grouped by section, stable inside: lead's, configured, others as they came, links last."""
    if not placed:
        return []
    order: list[str] = [placed[0].pick.section]
    for name in [*sections, *(p.pick.section for p in placed if p.pick.section != in_brief), in_brief]:
        if name not in order:
            order.append(name)
    return sorted(placed, key=lambda p: order.index(p.pick.section))


def _move(placed: list[Placed], move: Move) -> list[Placed]:
    """The moved item takes the section and the form of the place it gets; place 1 is the lead. Among links from all
    sections it still belongs to its own."""
    order, at = move.put(placed, [p.pick.story.lead.id for p in placed])
    if at < 0:
        return placed
    there = placed[at]
    result: list[Placed] = []
    for number, item in enumerate(order):
        if item.pick.story.lead.id == move.target:
            form: ItemForm = "link" if there.form == "link" else "item"
            topic = None if there.topic is None else item.belongs_to
            item = Placed(replace(item.pick, section=there.pick.section), form, topic)
        elif item.form == "lead":
            item = replace(item, form="item")
        result.append(replace(item, form="lead") if number == 0 else item)
    seen: list[str] = []
    for item in result:
        if item.pick.section not in seen:
            seen.append(item.pick.section)
    return sorted(result, key=lambda p: seen.index(p.pick.section))


def compose_issue(
    placed: Sequence[Placed],
    summaries: Mapping[str, Summary],
    *,
    slug: str,
    number: int,
    since: datetime,
    until: datetime,
    title: str,
    edits: Sequence[Edit] = (),
    also: str = "Also:",
    editors: str = "the editors",
    audience: str = "everyone subscribed",
    to_correct: str = "",
    topics: Sequence[str] = (),
) -> Issue:
    """The issue, with the editor's words where there are any and the defaults where not; *to_correct*: what issues
    before it got wrong."""
    items = tuple(item_of(p, summaries, edits, editors) for p in placed)
    titles = [i.article.title for i in items]
    sections: list[str] = []
    for item in items:
        if item.pick.section not in sections:
            sections.append(item.pick.section)
    return Issue(
        slug=slug,
        number=number,
        since=since,
        until=until,
        title=title,
        subject=words_of(edits, "subject") or cut_at_word(titles[0] if titles else title, SUBJECT_MAX),
        preheader=words_of(edits, "preheader") or preheader_of(titles[1:], also),
        intro=words_of(edits, "intro") or "",
        sections=tuple(sections),
        items=items,
        edits=tuple(edits),
        audience=audience,
        correction=words_of(edits, "correction") or to_correct,
        topics=tuple(topics),
    )


def item_of(placed: Placed, summaries: Mapping[str, Summary], edits: Sequence[Edit], editors: str) -> Item:
    """The item *placed* becomes with its summary, and the editor's words where there are any; a link without one."""
    article = placed.pick.story.lead
    summary = summaries.get(article.id, Summary("none", (), ()))
    form = placed.form if summary.sentences or placed.form == "lead" else "link"
    return Item(
        pick=placed.pick,
        form=form,
        summary=summary if form != "link" else Summary(summary.method, (), ()),
        note=words_of(edits, "note", article.id) or "",
        minutes=reading_minutes(article),
        credit=words_of(edits, "credit", article.id) or article.outlet or (editors if article.own else ""),
        topic=placed.topic,
    )


def reading_minutes(article: Article) -> int:
    """Whole minutes the article itself takes, at 230 words a minute; at least 1."""
    words = len(article.text.split())
    if article.language in {"zh", "ja", "ko", "th"}:
        words = len(article.text) // 2
    return max(1, round(words / WORDS_A_MINUTE))


def cut_at_word(text: str, width: int) -> str:
    """*text*, or its first words within *width* characters followed by an ellipsis (counted)."""
    if len(text) <= width:
        return text
    head = text[:width]
    if not text[width - 1 : width + 1].isspace() and " " in head:
        head = head[: head.rindex(" ")]
    if len(head) > width - 1:
        head = head[: head.rindex(" ")] if " " in head else head[: width - 1]
    return head.rstrip(" ,;:–-—") + "…"


def preheader_of(titles: Sequence[str], also: str) -> str:
    """``Also: `` and as many whole titles as fit; one at least, cut at a word."""
    if not titles:
        return ""
    text = f"{also} {titles[0]}"
    for title in titles[1:]:
        if len(text) + len(title) + 2 > PREHEADER_MAX:
            break
        text += f"; {title}"
    return cut_at_word(text, PREHEADER_MAX)
