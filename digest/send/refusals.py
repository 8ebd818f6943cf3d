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

    count: int = 0  # refusals so far
    # What was said -> ordinal -> which refusal of all it was, mail domain.
    _alike: dict[str, dict[int, tuple[int, str]]] = field(default_factory=dict)
    _broken_at: int = 0  # so many refusals there were when somebody got it last
    _judged: set[str] = field(default_factory=set)  # said about us

    def accepted(self, begun: int) -> None:
        """Somebody got it, whose letter was taken in hand after *begun* refusals: before that, readers' mailboxes that
        are gone were their own matter. What was refused since may be a fault that began while this letter was nearly
        through."""
        self._broken_at = self.count
        for said in [said for said in self._alike if said.startswith("mailbox ")]:
            later = {ordinal: one for ordinal, one in self._alike[said].items() if one[0] >= begun}
            if later:
                self._alike[said] = later
            else:
                del self._alike[said]

    def rejected(self, ordinal: int, domain: str, reply: Reply) -> tuple[int, ...]:
        """The ordinals whose refusal is about us: all that were refused alike, once they are RECIPIENTS at DOMAINS (for
        mailboxes that are gone: with nobody accepted between), and from then on every further one; else ()."""
        said = f"{reply.code} {reply.enhanced} {_VARIES.sub('', reply.words).casefold()[:120]}"
        is_mailbox = _ABOUT_A_MAILBOX.search(reply.enhanced) is not None
        if is_mailbox:
            said = f"mailbox {said}"
        which = self.count
        self.count += 1
        if said in self._judged:
            return (ordinal,)
        alike = self._alike.setdefault(said, {})
        alike[ordinal] = (which, domain)
        if len(alike) < RECIPIENTS:
            return ()
        weighed = [at for number, at in alike.values() if not is_mailbox or number >= self._broken_at]
        if len(weighed) < RECIPIENTS or len(set(weighed)) < DOMAINS:
            return ()
        self._judged.add(said)
        return tuple(self._alike.pop(said))
