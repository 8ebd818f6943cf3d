"""Looks at everything a newsletter stands on, and says what is wrong, what to do, and how urgent that is.

Changes nothing, mails nobody, and never hangs: each look-up has seconds. `examine` is the whole of it; the modules
beside it look at one thing each, and docs/doctor.md lists what they say.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from digest.config import Config
from digest.dispatch.doctor.audience import BULK, by_provider, judge_audience
from digest.dispatch.doctor.books import judge_books
from digest.dispatch.doctor.folder import judge_folder
from digest.dispatch.doctor.letter import judge_letter
from digest.dispatch.doctor.lookup import Lookup, Unanswered
from digest.dispatch.doctor.names import judge_dkim, judge_dmarc, judge_replies, judge_spf
from digest.dispatch.doctor.relay import judge_relay, judge_reverse
from digest.dispatch.doctor.site import judge_site
from digest.dispatch.doctor.verdict import Verdict, error, skipped, sorted_by_weight, warning
from digest.dispatch.keys import load_dkim_key
from digest.errors import StoreError
from digest.send.transports.smtp import PASSWORD_VARIABLE
from digest.store import Store

__all__ = ["Verdict", "examine"]


def examine(
    folder: Path,
    config: Config,
    store: Store,
    *,
    now: datetime,
    offline: bool = False,
    resolver: str = "",
    cafile: str | None = None,
) -> list[Verdict]:
    """Every verdict, the most urgent first. *offline*: nothing outside the folder is asked. *resolver*: HOST:PORT of a
    DNS server, '' for the system's. *cafile*: certificates to trust instead of the system's."""
    found = [*_setting(config), *judge_folder(folder, config, store, now), *judge_books(store)]
    domains = store.subscribers.by_domain(now)
    if not any(v.topic == "database" and v.level == "error" for v in found):
        found += judge_letter(folder, config, store, now)
    if offline or config.send.transport != "smtp":
        why = "--offline" if offline else "letters go to var/outbox: no relay, no DNS, no site was asked"
        found.append(skipped("network", why, "" if offline else '[send] transport = "smtp", once you have a relay'))
        return sorted_by_weight(found)
    found += _asked(folder, config, now, by_provider(domains), resolver, cafile)
    wrong = {v.topic for v in found if v.level in ("error", "warning")}
    return sorted_by_weight([*found, *judge_audience(domains, wrong)])


def _setting(config: Config) -> Iterator[Verdict]:
    if config.send.approval == "none":
        yield warning("approval", "nobody approves an issue before it leaves", '[send] approval = "one"')
    if config.send.transport != "smtp":
        return
    if not config.smtp.host:
        yield error("relay", "there is no mail server to send to", "name your relay in [smtp] host")
    if config.bounces.address is None or not config.bounces.mailbox:
        missing = "address" if config.bounces.address is None else "mailbox"
        yield warning(
            "bounces",
            "nobody is told when letters come back, and the list goes on to be written to",
            f"[bounces] {missing}: docs/bounces.md",
        )
    if config.smtp.username and not os.environ.get(PASSWORD_VARIABLE):
        yield error("relay", f"the relay’s password is not set ({PASSWORD_VARIABLE})", f"export {PASSWORD_VARIABLE}=…")
    if not config.newsletter.postal_address.strip():
        yield error(
            "postal address",
            "it is empty, and the law asks for one in every issue",
            "write the publisher’s postal address in [newsletter] postal_address",
        )


def _asked(
    folder: Path, config: Config, now: datetime, readers: dict[str, int], resolver: str, cafile: str | None
) -> list[Verdict]:
    """What DNS, relay and site say, all asked at the same time."""
    context = ssl.create_default_context(cafile=cafile)
    parts: list[Callable[[], Iterable[Verdict]]] = [lambda: judge_site(config, now, context=context)]
    found: list[Verdict] = []
    if config.smtp.host:
        parts.append(lambda: judge_relay(config, now, cafile=cafile))
    try:
        lookup = Lookup(resolver)
    except Unanswered as why:
        found.append(skipped("DNS", str(why), "--resolver HOST:PORT names one"))
    else:
        pem = _signing_key(folder, config)
        parts += [
            lambda: judge_spf(config, lookup),
            lambda: judge_dmarc(config, lookup, max(readers.values()), bulk=BULK),
            lambda: judge_replies(config, lookup),
        ]
        if pem is not None:
            parts.append(lambda: judge_dkim(config, pem, lookup))
        if config.smtp.host:
            parts.append(lambda: judge_reverse(config, lookup))
    with ThreadPoolExecutor(len(parts)) as threads:
        return [*found, *(verdict for told in threads.map(lambda part: list(part()), parts) for verdict in told)]


def _signing_key(folder: Path, config: Config) -> bytes | None:
    """b"" where the relay signs; None where our key is missing, which is said elsewhere."""
    if config.dkim.sign != "own":
        return b""
    try:
        return load_dkim_key(folder, config.dkim.selector)
    except StoreError:
        return None
