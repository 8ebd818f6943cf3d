"""Reads a message that came back: a report, an answer of a program, a person. Pure: bytes in, a `Return` out.

In the order of sureness: leaving as our own header asks for, reports for programs, then what a mail system says in
words, then flufl.bounce; who is none of these is a program that answers or a person. Whether any of it is true, the
reader alone cannot tell: see `dispatch/mailbox.py`, which asks for a mark of ours.
"""

from __future__ import annotations

import re

from digest.send.bounces import answers, prose, reports
from digest.send.bounces.grades import AT_ONCE, grade
from digest.send.bounces.nouns import Failure, Grade, Kind, Return
from digest.send.bounces.parts import ADDRESS, Mail, address_in, everything, header, letter_of, parse, words_of

__all__ = ["AT_ONCE", "Failure", "Grade", "Kind", "Return", "grade", "read_return"]

_MARK = re.compile(r"[+=._-]([0-9a-f]{30})(?=@)", re.I)
_MESSAGE_ID = re.compile(r"[\w.\-]{1,80}\.[0-9a-f]{32}@[\w.\-]{1,255}", re.I)
_LEAVING = re.compile(r"\s*unsubscribe[ +_]+([0-9a-f]{32})\s*", re.I)


def read_return(data: bytes) -> Return:
    """What the message *data* says. Never raises: a message nobody can make sense of is `mail`, or `no mail`."""
    message = parse(data)
    words = words_of(message)
    subject = header(message, "Subject")
    letter = letter_of(message)
    told = reports.notification(words)
    leaving = _LEAVING.fullmatch(subject)
    kind, failures = ("leave", ()) if leaving else told[0] if told else _judge(message, words)
    outer = _outer(message)
    # Who asks to leave answers one letter; what they quote may be another's.
    all_of_it = outer if kind == "leave" else everything(message)
    sure = _marks(outer)
    return Return(
        kind,
        failures,
        marks=tuple(filter(None, (sure, tuple(m for m in _marks(all_of_it) if m not in sure)))),
        message_ids=tuple(dict.fromkeys(_MESSAGE_ID.findall(all_of_it))),
        leaving_token=leaving[1].lower() if leaving else "",
        addresses=_addresses(message, failures, letter, told[1] if told else ()),
        sender=address_in(message, "From")[1],
        subject=subject,
        text=prose.split(words)[0] if kind in ("bounce", "delayed") else words,
    )


def _judge(message: Mail, words: str) -> tuple[Kind, tuple[Failure, ...]]:
    for read in (reports.feedback(message), reports.delivery_status(message, words)):
        if read is not None:
            return read
    if answers.is_challenge(message, words):
        return "challenge", ()
    if prose.is_from_a_mail_system(message):
        found = prose.read_prose(message, words) or prose.ask_flufl(message, words)
        if found is not None:
            return found
    if message.get_content_type() == "multipart/report" and "disposition" in str(message.get("Content-Type", "")):
        return "auto-reply", ()  # a receipt (RFC 8098)
    if answers.names_another_address(message, words):
        return "moved", ()
    if answers.is_automatic(message):
        return "auto-reply", ()
    if not message.items():
        return "no mail", ()
    return ("leave", ()) if answers.asks_to_leave(message, words) else ("mail", ())


def _outer(message: Mail) -> str:
    """The message's own headers: the address it came to stands there."""
    return "\n".join(f"{name}: {value}" for name, value in message.items())


def _marks(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.lower() for found in _MARK.findall(text)))


def _addresses(
    message: Mail, failures: tuple[Failure, ...], letter: dict[str, str], told: tuple[str, ...]
) -> tuple[str, ...]:
    """Whose letter it may have been: who failed, to whom the returned letter was addressed, who writes."""
    found = [f.recipient for f in failures if f.recipient]
    found += [a for value in (letter.get("to", ""), *told) for a in ADDRESS.findall(value)]
    return tuple(dict.fromkeys([*found, address_in(message, "From")[1]]))
