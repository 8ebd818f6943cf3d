"""What is held about one person, as a page or a text to give to them: all of it, in words, in one file
without a script."""

from __future__ import annotations

from datetime import datetime

from digest.config import Config
from digest.model import DeliveryState
from digest.store.holdings import Holding
from digest.web.sheets import sheets

STATES: dict[DeliveryState, str] = {
    "waiting": "waits to be sent",
    "leased": "taken up to be sent",
    "sending": "is being sent",
    "accepted": "accepted by the mail server",
    "deferred": "will be tried again",
    "rejected": "refused by the mail server",
    "suppressed": "not sent",
    "cancelled": "not sent: the issue was stopped",
    "uncertain": "may have been sent",
}
MEMBERSHIPS = {
    "subscribed": "You are subscribed.",
    "unconfirmed": "You asked for the newsletter and have not confirmed it; you get no mail.",
    "unsubscribed": "You have left; you get no mail. Your address is kept so that no list brings you back.",
}
BLOCKS = {
    "bounced": "Mail to your address came back, so none is sent.",
    "complained": "You marked a letter as spam, so none is sent.",
}
WORDS = {
    "who": "Written down by",
    "how": "How",
    "ip": "Network address",
    "confirmed": "Confirmed there on",
    "confirmed_ip": "Confirmed from",
    "joined": "Joined there on",
    "left": "Left there on",
    "there": "There you were",
    "tool": "From a list of",
    "part": "In the file",
    "line": "In its line",
    "address": "Address",
    "name": "Name",
    "earlier_at": "Consent given earlier, on",
    "earlier_how": "How, then",
    "earlier_who": "Written down then by",
    "earlier_wording": "Words read then",
}


def person_page(config: Config, held: Holding, *, now: datetime) -> str:
    """The whole page, as HTML."""
    return _filled("person.html", config, held, now)


def person_text(config: Config, held: Holding, *, now: datetime) -> str:
    """The same as plain text, for a mail."""
    return _filled("person.txt", config, held, now)


def _filled(template: str, config: Config, held: Holding, now: datetime) -> str:
    return (
        sheets("people")
        .get_template(template)
        .render(
            newsletter=config.newsletter,
            theme=config.theme,
            zone=config.zone,
            reply_to=config.reply_to.address,
            held=held,
            person=held.person,
            memberships=MEMBERSHIPS,
            blocks=BLOCKS,
            states=STATES,
            words=WORDS,
            now=now,
        )
    )
