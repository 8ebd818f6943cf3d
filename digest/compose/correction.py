"""The letter that says what an issue got wrong, to those who have it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from digest.compose.issue import PREHEADER_MAX, SUBJECT_MAX, cut_at_word
from digest.model import Correction, Issue, Summary


def compose_correction(
    sent: Issue,
    corrections: Sequence[Correction],
    *,
    slug: str,
    at: datetime,
    one: str,
    several: str,
    printed: Collection[str] | None = None,
) -> Issue:
    """The stories of *sent* that *corrections* are about, each with the editors' words and none of its own but the
    headline.

    one, several: the subject, with {title} and {number} open. printed: the articles that this reader's issue had; None:
    all.
    """
    said: dict[str, str] = {}
    for correction in corrections:
        before = said.get(correction.article)
        said[correction.article] = f"{before}\n\n{correction.words}" if before else correction.words
    items = tuple(
        replace(item, form="link", summary=Summary("none", (), ()), note=words, picture=None, no_picture="")
        for item in sent.items
        if (words := said.get(item.article.id)) and (printed is None or item.article.id in printed)
    )
    first = items[0].note.partition("\n")[0]
    alone = one.format(title=items[0].article.title) if len(items) == 1 else several.format(number=sent.number)
    return Issue(
        slug=slug,
        number=sent.number,
        since=at,
        until=at,
        title=sent.title,
        subject=cut_at_word(alone, SUBJECT_MAX),
        preheader=cut_at_word(f"{first} ({items[0].article.title})", PREHEADER_MAX),
        intro="",
        sections=tuple(dict.fromkeys(item.pick.section for item in items)),
        items=items,
        edits=(),
        audience=f"who has {sent.slug}",
        topics=sent.topics,
        corrects=sent.slug,
        corrected=tuple(correction.id for correction in corrections),
    )
