"""Which section does a story go to? The one set for its source, else the one whose words it holds most."""

from __future__ import annotations

from digest.model import Brief, Story
from digest.pick.matching import Matcher

OTHER = "In brief"  # the section of what fits no other
MOST = 6  # a word repeated more often says no more


def section_of(story: Story, brief: Brief) -> str:
    """The section set for the lead's source, else the one whose keywords it holds most; `OTHER` for none."""
    if story.lead.source in brief.source_sections:
        return brief.source_sections[story.lead.source]
    found = Matcher({w for section in brief.sections for w in section.keywords}).count(story.lead)
    best, name = 0, OTHER
    for section in brief.sections:
        if (score := sum(min(found.get(word, 0), MOST) for word in set(section.keywords))) > best:
            best, name = score, section.name
    return name
