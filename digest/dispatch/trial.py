"""A test letter: the issue as it would arrive, to one address, outside the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from digest.address import Address
from digest.config import Config
from digest.dispatch import keys
from digest.dispatch.letters import Mailroom
from digest.dispatch.signing import signed_one
from digest.dispatch.single import carry_one
from digest.errors import SendError
from digest.model import Accepted, Rendered, Unknown
from digest.send.transports.seam import Transport

MARK = "[Test] "
TOKEN = "0" * 32  # nobody's: the links in a test take no one off the list


def send_test(
    folder: Path, config: Config, rendered: Rendered, address: Address, transport: Transport, *, now: datetime
) -> None:
    """Mails the first variant of *rendered*, its subject marked, to *address*. Raises SendError unless accepted."""
    first = rendered.variants[0]
    marked = replace(rendered, variants=(replace(first, subject=MARK + first.subject),))
    letter = Mailroom(config, marked, keys.load(folder).message).letter(
        ordinal=0,
        subscriber=0,
        address=address,
        name="",
        token=TOKEN,
        variant=first.key,
        date=now,
        thread=f"{rendered.issue}.test.{now:%Y%m%dt%H%M%S%f}",  # two tests are two letters
    )
    outcome = carry_one(signed_one(folder, config, letter), transport)
    if isinstance(outcome, Accepted):
        return
    if isinstance(outcome, Unknown):
        raise SendError(
            f"nobody can know whether the test to {address} arrived: {outcome.why}", hint="look into that inbox"
        )
    raise SendError(
        f"the test to {address} was not taken: {outcome.reply}",
        hint="mend that, or send the test to another address",
    )
