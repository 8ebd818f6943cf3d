"""A letter as it would leave, looked at: the headers mailbox providers ask of everybody who writes to many."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from digest.address import Address
from digest.config import Config
from digest.dispatch import keys
from digest.dispatch.doctor.verdict import Verdict, error, good, skipped
from digest.dispatch.letters import Mailroom
from digest.dispatch.signing import signed_one
from digest.errors import DigestError
from digest.model import Rendered
from digest.send.relays import profile_of
from digest.store import Store

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Id", "List-Unsubscribe")  # RFC 5322, 3.6
PER_LIST = ("List-Help", "List-Owner", "List-Post", "List-Archive", "List-Unsubscribe-Post")
ONE_CLICK = "List-Unsubscribe=One-Click"


def judge_letter(folder: Path, config: Config, store: Store, now: datetime) -> Iterator[Verdict]:
    rendered = _newest(store)
    if rendered is None:
        yield skipped("letter", "there is no issue yet to write a letter of", "`digest weekly` makes a draft")
        return
    try:
        data = _written(folder, config, rendered, now)
    except DigestError as wrong:
        yield error("letter", str(wrong), wrong.hint)
        return
    problems = list(faults(data, config))
    for what, todo in problems:
        yield error("letter", what, todo)
    if not problems:
        how = "with one-click leaving (RFC 8058)" if config.site.url else "with leaving by mail"
        yield good("letter", f"a letter of {rendered.issue} has all headers providers ask for, {how}")


def faults(data: bytes, config: Config) -> Iterator[tuple[str, str]]:
    """What is wrong with the letter *data*, and what to do."""
    message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(data)
    for name in ONCE:
        if (times := len(message.get_all(name, ()))) != 1:
            yield f"a letter has {times or 'no'} {name}", "report it: a letter must have one"
    for name in PER_LIST:
        if len(message.get_all(name, ())) > 1:
            yield f"a letter has more than one {name}", "report it: RFC 2369 allows one"
    leave = str(message["List-Unsubscribe"] or "")
    if config.site.url and not (leave.startswith("<https://") and message["List-Unsubscribe-Post"] == ONE_CLICK):
        yield f"List-Unsubscribe ({leave}) is no one-click address (RFC 8058)", "see [site] url"
    signature = str(message["DKIM-Signature"] or "").lower()
    if config.dkim.sign == "own":
        signed = set("".join(signature.partition("h=")[2].partition(";")[0].split()).split(":"))
        for name in ("From", "List-Unsubscribe", "List-Unsubscribe-Post"):
            if name.lower() not in signed:
                yield f"our signature does not cover {name}", "report it: RFC 8058, section 4, asks for it"
    most = profile_of(config.smtp).most_bytes
    if most and len(data) > most:
        yield (
            f"a letter has {len(data):,} bytes; {profile_of(config.smtp).title} takes {most:,}",
            "use smaller pictures",
        )


def _newest(store: Store) -> Rendered | None:
    for issue in reversed(store.issues.all()):
        if issue.state != "skipped":
            rendered = store.issues.rendered(issue.slug)
            if rendered.variants:
                return rendered
    return None


def _written(folder: Path, config: Config, rendered: Rendered, now: datetime) -> bytes:
    letter = Mailroom(config, rendered, keys.load(folder).message).letter(
        ordinal=0,
        subscriber=0,
        address=Address("reader", config.newsletter.sender.address.domain),
        name="",
        token="0" * 32,
        variant=rendered.variants[0].key,
        date=now,
    )
    return b"".join(signed_one(folder, config, letter).chunks)
