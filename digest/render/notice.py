"""One mail that answers what somebody asked on the site: please confirm, you are on the list, this is what we hold.

In the mail's look and the reader's language. It is no list mail: no List-* header (RFC 2919, 3), and it says of itself
that a machine wrote it (RFC 3834, 5), so that no vacation answer comes back.
"""

from __future__ import annotations

import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any, Literal

from digest.address import Address
from digest.config import Config
from digest.model import Subscriber
from digest.render.email import inline
from digest.render.lines import nbsp, no_widow, pad, wrap
from digest.render.printable import one_line
from digest.render.site_words import site_language, site_words
from digest.render.templates import TemplateLoader, fill_template, find_templates
from digest.render.theme import look_of, palette
from digest.render.words import direction, language_name, long_date, primary

Kind = Literal["confirm", "already", "held", "erase"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is held about a person: in short, and in full."""

    person: Subscriber
    history: tuple[tuple[datetime, str, Mapping[str, str]], ...]  # when, what, and how and in which words
    letters: tuple[str, ...]  # issues that left for them
    in_full: str  # all of it, as text


def notice_message(
    kind: Kind,
    config: Config,
    *,
    language: str,
    address: Address,
    link: str,
    asked_at: datetime,
    date: datetime,
    message_id: str,
    facts: Facts | None = None,
    templates: TemplateLoader | None = None,
) -> bytes:
    """The message to *address*, CRLF line ends. *link* is where its one button leads."""
    tongue = site_language(language)
    words = site_words(tongue)
    name = one_line(config.newsletter.name)
    filled = {
        "name": name,
        "address": address.shown,
        "date": long_date(asked_at.astimezone(config.zone).date(), tongue),
    }

    def say(key: str) -> str:
        return str(words[key]).format(**filled)

    notice = {
        "kind": kind,
        "subject": say(f"mail_{kind}_subject"),
        "title": say(f"mail_{kind}_title"),
        "text": [say("mail_asked"), say(f"mail_{kind}")],
        "link": link,
        "button": say(
            {"confirm": "confirm_button", "erase": "erase_button"}.get(kind, "mail_already_button"),
        ),
        "small": [
            *([say(f"mail_{kind}_not"), say("mail_holds")] if kind in ("confirm", "erase") else []),
            say("mail_once"),
        ],
        "rows": _rows(facts, words, config, tongue) if facts else [],
        "history": _history(facts, words, config, tongue) if facts else [],
        "history_title": words["held_history"],
    }
    page = SimpleNamespace(
        name=name,
        tagline=one_line(config.newsletter.tagline),
        language=tongue,
        dir=direction(tongue),
        cased=primary(tongue) not in {"ar", "ja"},
        postal=", ".join(line.strip(" ,") for line in config.newsletter.postal_address.splitlines() if line.strip()),
        reply_to=str(config.reply_to.address),
    )
    logo = config.theme.logo if config.theme.logo.startswith("https://") else ""
    values = {"page": page, "notice": notice, "theme": palette(config.theme), "look": look_of(config.theme, logo)}
    environment = (templates or find_templates()).environment()
    environment.filters.update(nbsp=nbsp, no_widow=no_widow, wrap=wrap, pad=pad)
    html = inline(fill_template(environment, "confirm.html.j2", values))
    text = fill_template(environment, "confirm.txt.j2", values).strip("\n") + "\n"
    in_full = facts.in_full if facts else ""
    return _message(config, str(address), str(notice["subject"]), date, message_id, text, html, in_full)


def _message(
    config: Config, address: str, subject: str, date: datetime, message_id: str, text: str, html: str, in_full: str
) -> bytes:
    sender, reply = config.newsletter.sender, config.reply_to
    ascii_only = sender.address.is_ascii and address.isascii() and reply.address.is_ascii
    message = EmailMessage(policy=email.policy.SMTP if ascii_only else email.policy.SMTPUTF8)
    message["From"], message["To"] = sender.as_header, address
    if reply != sender:
        message["Reply-To"] = reply.as_header
    message["Subject"] = subject
    message["Date"] = format_datetime(date.astimezone(config.zone).replace(microsecond=0))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    if in_full:  # plain text: many gateways take a page that is attached away
        message.add_attachment(in_full, cte="quoted-printable", filename="what-we-hold.txt")
    return message.as_bytes()


def _rows(facts: Facts, words: Mapping[str, Any], config: Config, language: str) -> list[tuple[str, str]]:
    who = facts.person
    standing = words["standing"]
    return [
        (label, said)
        for label, said in (
            (words["held_address"], who.address.shown),
            (words["held_name"], one_line(who.name)),
            (words["held_standing"], standing.get(who.block) or standing[who.membership]),
            (words["held_topics"], ", ".join(who.topics) or words["held_everything"]),
            (words["held_language"], language_name(who.language or config.newsletter.language, language)),
            (words["length"], words["lead_only"] if who.length == "lead" else words["whole"]),
            (words["held_pause"], long_date(who.paused_until.date(), language) if who.paused_until else ""),
            (words["held_letters"], ", ".join(facts.letters)),
        )
        if said
    ]


def _history(facts: Facts, words: Mapping[str, Any], config: Config, language: str) -> list[tuple[str, str, str]]:
    """(when, what, in which words), oldest first."""
    told: Sequence[tuple[datetime, str, Mapping[str, str]]] = facts.history
    return [
        (
            f"{long_date(at.astimezone(config.zone).date(), language)}, {at.astimezone(config.zone):%H:%M}",
            words["history"].get(what, what) + (f" · {payload['ip']}" if payload.get("ip") else ""),
            f"{words['held_words']} {payload['wording']}" if payload.get("wording") else "",
        )
        for at, what, payload in told
    ]
