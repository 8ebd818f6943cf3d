"""What a message that came back is read as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["hard", "soft", "policy", "unknown"]
"""Why a letter failed. hard: the mailbox is not there; soft: it may be again; policy: the receiver's rules on what we
send, never the reader's matter; unknown: it was not said."""

Kind = Literal[
    "bounce",  # a letter could not be delivered, for good
    "delayed",  # it is still being tried
    "delivered",  # it arrived, or went where no more is reported
    "complaint",  # the reader told their provider that it is spam
    "feedback",  # another report on a letter: that it is no spam, that a check failed
    "leave",  # the reader asks to leave, and says nothing else
    "moved",  # the reader has another address now
    "challenge",  # a program wants the sender to prove to be human
    "auto-reply",  # a program answered: away, a receipt
    "mail",  # anything else: a person wrote
    "no mail",  # a file without any header line
    "unreadable",  # it could not be read; `text` says why
]


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient to whom a letter could not be delivered."""

    recipient: str  # as the report names it; '' where it names none
    status: str  # RFC 3463's x.y.z; '' where none was given
    words: str  # what the receiving server said
    grade: Grade


@dataclass(frozen=True, slots=True)
class Return:
    """One message, read. Says nothing of whether it can be trusted: that takes one of our marks."""

    kind: Kind
    failures: tuple[Failure, ...] = ()  # of a bounce or a delay; () for the rest
    marks: tuple[tuple[str, ...], ...] = ()  # hex marks behind addresses, of the surest place first
    message_ids: tuple[str, ...] = ()  # that may be ours, without brackets
    leaving_token: str = ""  # sent back as our List-Unsubscribe asks by mail; '' for none
    addresses: tuple[str, ...] = ()  # whose letter it may have been
    sender: str = ""  # who it says it is from; '' for nobody
    subject: str = ""
    text: str = ""  # what was said, addresses and all, without the letter itself
