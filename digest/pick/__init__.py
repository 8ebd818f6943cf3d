"""Articles -> stories -> the week's picks, each with its reasons. Pure: values in, values out.

Read in this order: duplicates (the same text), vectors and stories (the same event), past (told before), matching and
fit (the brief), eligible and wishes (what must not, what must), rank (the score), spread (the room there is), survey
(all of it, picked again at every edit), suggest (words for the brief, learned from what editors picked).
"""

from digest.pick.fit import keywords_from
from digest.pick.sections import section_of
from digest.pick.spread import NEAR_MISSES, Choice
from digest.pick.stories import group_stories
from digest.pick.suggest import Suggestion, suggest_keywords
from digest.pick.survey import Survey, pick_week

__all__ = [
    "NEAR_MISSES",
    "Choice",
    "Suggestion",
    "Survey",
    "group_stories",
    "keywords_from",
    "pick_week",
    "section_of",
    "suggest_keywords",
]
