"""Tells whoever is not looking: by mail, and by a command that is given JSON.

An alert that cannot be given is said to whoever runs the command; it never stops what it tells of.
"""

from __future__ import annotations

import email.policy
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from digest.config import AlertKind, Config, Mailbox
from digest.dispatch.signing import signed_one
from digest.dispatch.single import carry_one
from digest.dispatch.standing import Standing, as_json
from digest.errors import DigestError
from digest.model import Accepted, Envelope, Letter, Unknown
from digest.send.transports.seam import Transport
from digest.send.transports.smtp import PASSWORD_VARIABLE
from digest.store import Store
from digest.text.wording import counted

COMMAND_TIMEOUT_S = 30
MAIL_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Alert:
    kind: AlertKind
    issue: str
    title: str  # one line
    text: str  # what there is to know and to do
    facts: dict[str, object]  # for the command


def news(store: Store, standing: Standing, *, failure: str = "") -> list[Alert]:
    """What became of the issue that nobody was told yet; asking again gives nothing. *failure*: why a run ended."""
    key = f"alerted:{standing.slug}"
    told: dict[str, str] = store.state.get(key) or {}
    now = _happenings(standing, failure)
    # Forgotten once it is over, so that a second pause for the same reason is news again.
    store.state.set(key, {kind: detail for kind, (detail, _, _) in now.items()})
    return [
        Alert(kind, standing.slug, title, text, as_json(standing))
        for kind, (detail, title, text) in now.items()
        if told.get(kind) != detail
    ]


def _happenings(standing: Standing, failure: str) -> dict[AlertKind, tuple[str, str, str]]:
    """kind -> what tells it from the last one of its kind, title, text."""
    slug, found = standing.slug, dict[AlertKind, tuple[str, str, str]]()
    accepted = _accepted(standing)
    if standing.state == "paused":
        why = standing.paused_reason
        found["paused"] = (
            why,
            f"{slug} is paused",
            f"Why: {why}\n{accepted}.\nWhen mended: digest resume, digest send",
        )
    if standing.state == "cancelled":
        cancelled = counted(standing.number("cancelled"), "reader")
        found["stopped"] = ("", f"{slug} was stopped", f"{accepted}; {cancelled} will not get it.")
    elif failure and standing.state != "paused":
        found["stopped"] = (failure, f"{slug}: sending ended early", f"Why: {failure}\n{accepted}.\nThen: digest send")
    if doubts := standing.number("uncertain"):
        readers = counted(doubts, "reader")
        found["in doubt"] = (
            str(doubts),
            f"{slug}: for {readers} we cannot know",
            f"They may have it or not, and nothing is sent to them before you decide.\n{accepted}.\n"
            "Look: digest deliveries list --state uncertain\nDecide: digest deliveries resolve",
        )
    if standing.state == "sent":
        refused = counted(standing.number("rejected"), "reader")
        found["done"] = ("", f"{slug} is sent", f"{accepted}, {refused} refused.\nAll of it: digest status")
    return found


def _accepted(standing: Standing) -> str:
    by_relay = standing.number("accepted") - standing.written
    if not standing.written:
        return f"{by_relay} of {standing.planned} accepted by the relay"
    also = f"{by_relay} accepted by the relay, " if by_relay else ""
    return f"{also}{standing.written} of {standing.planned} written to var/outbox"


def draft_alert(slug: str, subject: str, findings: Sequence[str], facts: dict[str, object]) -> Alert:
    """A draft is ready to be looked at; *findings*: what `check` says of it, a line each."""
    found = "\n".join(f"- {line}" for line in findings) if findings else "Nothing to mend was found."
    title = f"{slug} is ready, {counted(len(findings), 'finding')}"
    return Alert("draft", slug, title, f"“{subject}”\n{found}\nLook: digest preview. Then: digest approve", facts)


def tell(folder: Path, config: Config, alert: Alert, transport: Callable[[], Transport], *, now: datetime) -> list[str]:
    """Gives *alert* to all that [alerts] names; *transport* is asked for where one is mailed. What went wrong, in
    words; [] when all are told, or nobody wants to be."""
    if alert.kind not in config.alerts.on:
        return []
    failed = []
    if config.alerts.command:
        failed += _run(folder, config.alerts.command, alert)
    if config.alerts.mail is not None:
        failed += _mail(folder, config, config.alerts.mail, alert, transport, now)
    return [f"the alert “{alert.title}” was not given: {why}" for why in failed]


def _run(folder: Path, command: Sequence[str], alert: Alert) -> list[str]:
    given = {"alert": alert.kind, "issue": alert.issue, "title": alert.title, "text": alert.text, **alert.facts}
    secretless = {name: value for name, value in os.environ.items() if name != PASSWORD_VARIABLE}
    try:
        done = subprocess.run(
            list(command),
            input=json.dumps(given, ensure_ascii=False).encode(),
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            cwd=folder,
            env=secretless,
        )
    except subprocess.TimeoutExpired:
        return [f"{command[0]} took more than {COMMAND_TIMEOUT_S} seconds"]
    except OSError as error:
        return [f"{command[0]} cannot be run: {error.strerror}"]
    if not done.returncode:
        return []
    told = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return [f"{command[0]} ended with {done.returncode}{f': {told[-1]}' if told else ''}"]


def _mail(
    folder: Path, config: Config, to: Mailbox, alert: Alert, transport: Callable[[], Transport], now: datetime
) -> list[str]:
    try:
        letter = signed_one(folder, config, _letter(config, to, alert, now))
        outcome = carry_one(letter, transport(), timeout_s=MAIL_TIMEOUT_S)
    except DigestError as error:
        return [f"{error}"]
    if isinstance(outcome, Accepted):
        return []
    return [f"the mail to {to.address}: {outcome.why if isinstance(outcome, Unknown) else outcome.reply}"]


def _letter(config: Config, to: Mailbox, alert: Alert, now: datetime) -> Letter:
    sender = config.newsletter.sender
    identity = (
        f"<alert.{alert.kind.replace(' ', '-')}.{alert.issue.lower()}.{now:%Y%m%dT%H%M%S%f}@{sender.address.domain}>"
    )
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"] = sender.as_header, to.as_header
    message["Subject"] = f"[{config.newsletter.name}] {alert.title}"
    message["Date"] = format_datetime(now.astimezone(config.zone).replace(microsecond=0))
    message["Message-ID"] = identity
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers this
    message.set_content(alert.text + "\n", cte="quoted-printable")
    plain = sender.address.is_ascii and to.address.is_ascii
    return Letter(0, Envelope(str(sender.address), str(to.address), not plain), (message.as_bytes(),), identity)
