"""The issue as one kind of reader wants it: some sections only, the lead only. Pure.

Language changes the mail's own words, never the articles; that is the renderer's.
"""

from __future__ import annotations

from dataclasses import replace

from digest.compose.issue import SUBJECT_MAX, cut_at_word, preheader_of
from digest.model import Issue, Item, Wish


def issue_for(issue: Issue, wish: Wish, *, also: str = "Also:") -> Issue:
    """*issue* with the items of *wish*'s topics, which `Wish.fitted` has found in it; its first item leads.

    Where the lead stays, so do subject and intro; else they would promise a story that is not there.
    """
    items = [i for i in issue.items if not wish.topics or i.belongs_to in wish.topics][: 1 if wish.lead_only else None]
    same_lead = items[0] is issue.items[0]
    items[0] = items[0] if same_lead else _leading(items[0])
    titles = [i.article.title for i in items]
    return replace(
        issue,
        items=tuple(items),
        sections=tuple(dict.fromkeys(i.pick.section for i in items)),
        subject=issue.subject if same_lead else cut_at_word(titles[0], SUBJECT_MAX),
        preheader=preheader_of(titles[1:], also),
        intro=issue.intro if same_lead and not wish.lead_only else "",
    )


def _leading(item: Item) -> Item:
    """*item* as the lead, under its own section, also where it was a plain link under "In brief"."""
    section = item.belongs_to or item.pick.section
    return replace(item, form="lead", pick=replace(item.pick, section=section), topic=None)
