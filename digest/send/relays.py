"""What relays do to mail, as data: a profile names the fields a relay writes itself, its pace, its id for a letter.

Amazon SES: docs.aws.amazon.com/ses/latest/dg, pages header-fields, send-email-authentication-dkim-manual,
monitor-sending-activity-using-notifications-email, quotas; connections: its blog's "SMTP recommendations".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from digest.config import RelayProfile, Smtp
from digest.send.pace import USUAL_RATE

OWN_ID = "X-Digest-Id"
"""The field that holds our own Message-ID where a relay replaces that one."""

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Profile:
    title: str
    writes: tuple[str, ...] = ()  # fields it writes itself: never signed, never relied on
    relay_id: str = ""  # pattern of its own id in the words of its 250; '' where none is known
    rate: float = USUAL_RATE  # letters a second unless [send] rate says otherwise; 0: as it takes them
    letters_per_connection: int = 1000
    most_bytes: int = 0  # of a letter; 0: what it says itself (SIZE)
    signs: bool = True  # for our domain, once it is told to
    spf: str = ""  # what SPF must hold for it; '': it depends on the host
    returns: str = "to the envelope’s sender"  # how bounces come back

    @property
    def keeps_message_id(self) -> bool:
        return "Message-ID" not in self.writes


PROFILES: Mapping[RelayProfile, Profile] = {
    "generic": Profile("your relay"),
    "postfix": Profile(
        "Postfix",
        relay_id=r"\bqueued as ([0-9A-Za-z]+)",
        rate=0.0,  # it has a queue and a pace of its own
        signs=False,  # only with a milter, OpenDKIM for example
    ),
    "ses": Profile(
        "Amazon SES",
        writes=("Date", "Message-ID", "Return-Path", "Bounces-To", "Feedback-ID"),
        relay_id=r"^Ok ([0-9a-f]{16}-[0-9a-f-]{36}-[0-9]{6})\b",
        rate=14.0,  # a new account’s in production; the sandbox has 1
        letters_per_connection=100,  # "do not maintain long-lived connections"
        most_bytes=40 * MEGABYTE,
        spf="include:amazonses.com",
        returns="to the envelope’s sender, unless SES was told to stop e-mail feedback forwarding",
    ),
}

SPF_OF_HOSTS: Mapping[str, str] = {
    "amazonaws.com": "include:amazonses.com",
    "brevo.com": "include:spf.brevo.com",
    "fastmail.com": "include:spf.messagingengine.com",
    "gmail.com": "include:_spf.google.com",
    "google.com": "include:_spf.google.com",
    "mailgun.org": "include:mailgun.org",
    "mailjet.com": "include:spf.mailjet.com",
    "migadu.com": "include:spf.migadu.com",
    "office365.com": "include:spf.protection.outlook.com",
    "outlook.com": "include:spf.protection.outlook.com",
    "sendgrid.net": "include:sendgrid.net",
}
"""What those who run these relays ask for in SPF: they send from other machines than they take mail at."""


def profile_of(smtp: Smtp) -> Profile:
    return PROFILES[smtp.profile]


def spf_term(smtp: Smtp) -> str:
    """What SPF must hold for mail by this relay; '' where nobody can know from here."""
    if known := profile_of(smtp).spf:
        return known
    host = smtp.host.lower().rstrip(".")
    for name, term in SPF_OF_HOSTS.items():
        if f".{host}".endswith(f".{name}"):
            return term
    return f"a:{host}" if "." in host and not re.fullmatch(r"[0-9.]+", host) else ""


def relay_id(smtp: Smtp, reply: str) -> str:
    """The relay's own id for a letter, from the words of its 250 as the ledger keeps them; '' where it gave none."""
    return _id_in(reply, profile_of(smtp).relay_id)


def gave_id(reply: str, name: str) -> bool:
    """Whether *reply*, a relay's 250, gives its letter the id *name*, whichever relay that was.

    What no profile knows is a whole word with a digit in it; a name with an @ (Amazon SES makes a Message-ID of its id)
    must be one that a profile knows, for it may as well be an address.
    """
    if name.strip("<>").split("@")[0] in {_id_in(reply, p.relay_id) for p in PROFILES.values() if p.relay_id}:
        return True
    if "@" in name or not re.search(r"\d", name):
        return False
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", _words(reply)) is not None


def _id_in(reply: str, pattern: str) -> str:
    found = re.search(pattern, _words(reply)) if pattern else None
    return found[1] if found else ""


def _words(reply: str) -> str:
    return re.sub(r"^2\d\d (?:2\.\d+\.\d+ )?", "", reply)
