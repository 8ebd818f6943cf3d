"""Articles -> stories -> the week's picks, each with its reasons. Pure: values in, values out."""

from digest.pick.rank import pick_week, section_of
from digest.pick.stories import group_stories

__all__ = ["group_stories", "pick_week", "section_of"]
