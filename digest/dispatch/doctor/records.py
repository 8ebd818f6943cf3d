"""The lines a newsletter needs in the zone of its domain."""

from __future__ import annotations

import re

from digest.config import Config
from digest.dispatch.doctor.verdict import Record
from digest.send import dkim
from digest.send.relays import spf_term

OWN_ADDRESS = "ip4:ADDRESS-OF-YOUR-SERVER"


def dkim_record(config: Config, pem: bytes, selector: str = "") -> Record:
    """The half of the key everybody may know. Raises SendError for what is no key."""
    name = f"{selector or config.dkim.selector}._domainkey.{config.signing_domain}"
    return Record(name, "TXT", dkim.record(pem))


def spf_record(config: Config, present: str = "") -> Record:
    """*present*, the record that is there, with the relay put in; or a new one."""
    term = spf_term(config.smtp) or OWN_ADDRESS
    terms = present.split() or ["v=spf1", "~all"]
    ends = [n for n, t in enumerate(terms) if re.fullmatch(r"(?:[-+~?]?all|redirect=.*)", t, re.I)]
    at = ends[0] if ends else len(terms)
    return Record(envelope_domain(config), "TXT", " ".join([*terms[:at], term, *terms[at:]]))


def dmarc_record(config: Config) -> Record:
    """Asks for nothing yet but reports, where somebody of the same domain can read them."""
    domain, reply = config.newsletter.sender.address.domain, config.reply_to.address
    reports = f"; rua=mailto:{reply}" if reply.domain == domain else ""
    return Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none{reports}")


def mail_from_records(config: Config) -> list[Record]:
    """What Amazon SES asks for to use an envelope of the newsletter’s own domain; [] for other relays."""
    region = re.fullmatch(r"email-smtp(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com", config.smtp.host)
    if config.smtp.profile != "ses" or region is None:
        return []
    name = f"bounce.{envelope_domain(config)}"
    return [
        Record(name, "MX", f"10 feedback-smtp.{region[1]}.amazonses.com."),
        Record(name, "TXT", "v=spf1 include:amazonses.com ~all"),
    ]


def envelope_domain(config: Config) -> str:
    """Of the envelope’s sender, to which letters come back: SPF is asked of this one (RFC 7208, 2.4)."""
    return (config.bounces.address or config.newsletter.sender).address.domain
