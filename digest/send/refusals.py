"""Whether a refusal that comes again and again is about us. Pure.

One reader's mailbox can be gone; ten readers at five providers who are refused in the same words have nothing in
common but the sender.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from digest.model import Reply

RECIPIENTS = 10
DOMAINS = 5
_VARIES = re.compile(r"\[address\]|\S*\d\S*")  # queue numbers, times, addresses: not two answers have the same
_ABOUT_A_MAILBOX = re.compile(r"\.(?:1\.[1-6]|1\.10|2\.[0-4])$")  # RFC 3463: no such mailbox, or it is full


@dataclass
class Refusals:
    """The permanent refusals of one run."""

    _alike: dict[str, dict[int, str]] = field(default_factory=dict)  # what was said -> ordinal -> mail domain

    def accepted(self) -> None:
        """Somebody got it: that readers' mailboxes are gone is then their matter."""
        for said in [said for said in self._alike if said.startswith("mailbox ")]:
            del self._alike[said]

    def rejected(self, ordinal: int, domain: str, reply: Reply) -> tuple[int, ...]:
        """The ordinals refused alike, once they are RECIPIENTS at DOMAINS; else ()."""
        said = f"{reply.code} {reply.enhanced} {_VARIES.sub('', reply.words).casefold()[:120]}"
        if _ABOUT_A_MAILBOX.search(reply.enhanced):
            said = f"mailbox {said}"
        alike = self._alike.setdefault(said, {})
        alike[ordinal] = domain
        if len(alike) >= RECIPIENTS and len(set(alike.values())) >= DOMAINS:
            return tuple(self._alike.pop(said))
        return ()
