"""Some of the people: by topic, language, status, block and since when they are there. The one place that says how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digest.model import Block, Membership
from digest.store.codec import instant


@dataclass(frozen=True, slots=True)
class Segment:
    """Everybody who fits all that is given; the erased fit nothing."""

    topic: str = ""  # who gets it: asked for it, or for everything; '' for any
    language: str = ""  # "de" is de-AT too; '' for any
    status: Membership | None = None  # None: any
    block: Block | None = None  # None: any
    joined_before: datetime | None = None  # None: any time
    joined_after: datetime | None = None  # that moment or later; None: any time
    usual: str = ""  # the newsletter's language, which those have who asked for none

    @property
    def is_everybody(self) -> bool:
        given = (self.topic, self.language, self.status, self.block, self.joined_before, self.joined_after)
        return not any(given)

    def where(self) -> tuple[str, dict[str, Any]]:
        """A condition on subscriber `s`, and its values."""
        parts, values = ["s.address_key IS NOT NULL"], dict[str, Any]()
        if self.topic:
            parts.append(
                """(s.topics = '[]' OR EXISTS (SELECT 1 FROM json_each(s.topics) AS t
                    WHERE lower(t.value) = lower(:topic)))"""
            )
            values["topic"] = self.topic
        if self.language:
            parts.append("lower(iif(s.language = '', :usual, s.language)) || '-' GLOB :language")
            values |= {"usual": self.usual, "language": f"{self.language.lower()}-*"}
        if self.status is not None:
            parts.append("s.membership = :status")
            values["status"] = self.status
        if self.block is not None:
            parts.append("s.block = :block")
            values["block"] = self.block
        if self.joined_before is not None:
            parts.append("s.joined_at < :joined_before")
            values["joined_before"] = instant(self.joined_before)
        if self.joined_after is not None:
            parts.append("s.joined_at >= :joined_after")
            values["joined_after"] = instant(self.joined_after)
        return " AND ".join(parts), values


EVERYBODY = Segment()
