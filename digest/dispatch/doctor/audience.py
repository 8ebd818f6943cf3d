"""How many readers are at the large providers, and what those ask of who writes to so many."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from digest.dispatch.doctor.verdict import Verdict, error, good

BULK = 5000
"""Letters a day to one provider. Gmail: support.google.com/a/answer/81126; Yahoo: senders.yahooinc.com; Outlook.com:
its rules of May 2025."""

PROVIDERS: Mapping[str, re.Pattern[str]] = {
    "Gmail": re.compile(r"gmail\.com|googlemail\.com"),
    "Yahoo": re.compile(r"(?:yahoo|ymail|rocketmail|aol)\.[a-z.]+"),
    "Outlook.com": re.compile(r"(?:outlook|hotmail|live|msn)\.[a-z.]+"),
}
NEEDED = ("SPF", "DKIM", "DMARC", "leaving", "letter")


def by_provider(domains: Mapping[str, int]) -> dict[str, int]:
    """Readers at each provider, of mail domain -> readers."""
    return {
        name: sum(readers for domain, readers in domains.items() if pattern.fullmatch(domain))
        for name, pattern in PROVIDERS.items()
    }


def judge_audience(domains: Mapping[str, int], wrong: Collection[str]) -> Iterator[Verdict]:
    """*wrong*: topics in which something is wrong or missing."""
    missing = [topic for topic in NEEDED if topic in wrong]
    for name, readers in by_provider(domains).items():
        if not readers:
            continue
        if readers < BULK:
            yield good(name, f"{readers:,} readers; its strictest rules begin at {BULK:,} letters a day")
        elif missing:
            yield error(
                name,
                f"{readers:,} readers: who writes to {BULK:,} a day must have SPF, DKIM, DMARC and one-click leaving",
                f"see {', '.join(missing)}",
            )
        else:
            yield good(name, f"{readers:,} readers, and what it asks of who writes to {BULK:,} a day is there")
