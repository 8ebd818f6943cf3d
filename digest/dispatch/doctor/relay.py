"""The relay, spoken to: does it answer, is its certificate good, does it let us in. No letter is begun."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from digest.config import Config
from digest.dispatch.doctor.lookup import Lookup, Unanswered
from digest.dispatch.doctor.verdict import Verdict, error, good, skipped, warning
from digest.errors import SendError
from digest.send.relays import profile_of, spf_term
from digest.send.transports.smtp import PASSWORD_VARIABLE, SmtpSettings, Timeouts
from digest.send.transports.smtp.opening import Refused, open_wire

PATIENCE_S = 5.0
SOON = timedelta(days=14)  # a certificate that ends sooner should have been renewed


def judge_relay(config: Config, now: datetime, *, cafile: str | None = None) -> Iterator[Verdict]:
    smtp = config.smtp
    password = os.environ.get(PASSWORD_VARIABLE, "")
    server = SmtpSettings(
        smtp.host,
        smtp.port,
        smtp.security,
        smtp.username if password else "",  # without it, as far as one gets
        password,
        verify=smtp.verify,
        cafile=cafile,
    )
    try:
        certificate = asyncio.run(_opened(server))
    except SendError as wrong:
        yield error("relay", str(wrong), wrong.hint)
        return
    except Refused as refused:
        yield warning("relay", f"{server} takes no mail now: {refused.reply}", "try again later, or ask who runs it")
        return
    except TimeoutError:
        yield error("relay", f"{server} does not answer within {PATIENCE_S:g} seconds", "check [smtp] host and port")
        return
    let_in = " and lets us in" if server.username else ""
    if certificate is None:
        yield good("relay", f"{server} answers{let_in}; nothing is encrypted on this machine’s own lines")
        return
    ends = parsedate_to_datetime(certificate["notAfter"]).astimezone(UTC) if "notAfter" in certificate else None
    if ends is not None and ends - now < SOON:
        yield warning("relay", f"the certificate of {server} ends on {ends:%Y-%m-%d}", "whoever runs it must renew it")
    else:
        until = f", and its certificate is good until {ends:%Y-%m-%d}" if ends else ""
        yield good("relay", f"{server} answers{let_in}{until}")


async def _opened(server: SmtpSettings) -> dict[str, Any] | None:
    """The relay's certificate; None where nothing is encrypted, {} where it was not verified."""
    patience = Timeouts(connect=PATIENCE_S, greeting=PATIENCE_S, command=PATIENCE_S)
    async with asyncio.timeout(3 * PATIENCE_S):
        wire, _ = await open_wire(server, patience)
    try:
        assert wire.transport is not None
        found = wire.transport.get_extra_info("peercert")
        encrypted = wire.transport.get_extra_info("ssl_object") is not None
        return (found or {}) if encrypted else None
    finally:
        with suppress(Exception):  # it was to be closed anyway
            wire.write(b"QUIT\r\n")
        wire.abort()


def judge_reverse(config: Config, lookup: Lookup) -> Iterator[Verdict]:
    """Whether the machine that mails has a name that leads back to it: Gmail and others ask for that."""
    host, title = config.smtp.host, profile_of(config.smtp).title
    if spf_term(config.smtp).startswith("include:"):
        yield skipped("reverse DNS", f"reverse DNS, MTA-STS and TLS reports are the duty of those who run {host}")
        return
    try:
        addresses = lookup.addresses(host)
        if SmtpSettings(host, 0).is_loopback or not addresses:
            yield skipped(
                "reverse DNS",
                f"the public address {title} sends from is not known from here",
                "`dig -x ADDRESS` must give a name, and that name must have this address",
            )
            return
        for address in addresses:
            names = lookup.names_of(address)
            if not names:
                yield error("reverse DNS", f"{address} ({host}) has no name", "set it where the machine is hired")
            elif not any(address in lookup.addresses(name) for name in names):
                yield error("reverse DNS", f"{address} is called {names[0]}, which is another machine", "mend either")
            else:
                yield good("reverse DNS", f"{address} is called {names[0]}, and that is it")
    except Unanswered as why:
        yield skipped("reverse DNS", str(why))
