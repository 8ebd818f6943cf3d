"""SPF (RFC 7208): whom a domain lets send, and at the cost of how many look-ups."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from digest.dispatch.doctor.lookup import Lookup

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4; one more, and it counts as having none
_LOOKS_UP = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MECHANISMS = _LOOKS_UP | {"all", "ip4", "ip6"}
_TERM = re.compile(r"([-+~?]?)([a-z][a-z0-9]*)(?:[:=]([^\s/]*))?((?://?\d+)*)", re.I)


@dataclass
class Spf:
    """What the record of a domain comes to."""

    record: str = ""  # '' when there is none
    others: int = 0  # further records beside it: together they count as none
    lookups: int = 0
    named: set[str] = field(default_factory=set)  # all domains it includes, directly or not
    passes: set[str] = field(default_factory=set)  # the networks it lets send
    end: str = ""  # what befalls everybody else: "-all", "~all", "?all", "+all"; '' for nothing said
    faults: list[str] = field(default_factory=list)  # terms nobody understands, includes of nothing

    def lets_send(self, address: str) -> bool:
        ip = ipaddress.ip_address(address)
        return any(ip in ipaddress.ip_network(network, strict=False) for network in self.passes)


def read_spf(domain: str, lookup: Lookup) -> Spf:
    """The SPF of *domain*, its includes followed. Raises Unanswered."""
    found = Spf()
    records = _records(domain, lookup)
    if not records:
        return found
    found.record, found.others = records[0], len(records) - 1
    _follow(found, records[0], domain, lookup, is_first=True)
    return found


def _records(domain: str, lookup: Lookup) -> list[str]:
    return [text for text in lookup.txt(domain) if re.match(r"v=spf1(?: |$)", text, re.I)]


def _follow(found: Spf, record: str, domain: str, lookup: Lookup, *, is_first: bool) -> None:
    for term in record.split()[1:]:
        parts = _TERM.fullmatch(term)
        if parts is None or not (parts[2].lower() in _MECHANISMS or "=" in term):
            found.faults.append(f"“{term}” is no SPF")
            continue
        if "%" in term:  # a macro: it depends on each letter
            found.lookups += 1
            continue
        sign, name, given, mask = parts[1] or "+", parts[2].lower(), parts[3] or "", parts[4] or ""
        if name in _LOOKS_UP:
            found.lookups += 1
            if found.lookups > 3 * MOST_LOOKUPS:
                return
        target = given or domain
        if name == "all":
            found.end = f"{sign}all" if is_first else found.end
        elif name in ("include", "redirect"):
            _include(found, target, lookup, is_first=is_first and name == "redirect")
        elif sign == "+":
            found.passes |= set(_networks(found, name, target, mask, lookup))


def _include(found: Spf, target: str, lookup: Lookup, *, is_first: bool) -> None:
    if target.lower() in found.named:
        return
    found.named.add(target.lower())
    records = _records(target, lookup)
    if len(records) != 1:
        found.faults.append(f"{target}, which it includes, has {'no' if not records else 'more than one'} SPF record")
        return
    _follow(found, records[0], target, lookup, is_first=is_first)


def _networks(found: Spf, name: str, target: str, mask: str, lookup: Lookup) -> Iterator[str]:
    if name in ("ip4", "ip6"):
        try:
            yield str(ipaddress.ip_network(target + mask, strict=False))
        except ValueError:
            found.faults.append(f"“{name}:{target}{mask}” is no network")
        return
    four, _, six = mask.partition("//")
    hosts = [target] if name == "a" else [e.host for e in lookup.mx(target)] if name == "mx" else []
    for host in filter(None, hosts):
        for address in lookup.addresses(host):
            size = six if ":" in address else four.lstrip("/")
            yield f"{address}/{size}" if size else address
