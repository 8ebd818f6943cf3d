"""The DNS, asked: each answer within seconds, or not at all. The only user of dnspython."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 3.0  # for one look-up


class Unanswered(Exception):
    """Nobody could say: no resolver, no answer in time, a broken zone. It says which, in words."""


@dataclass(frozen=True, slots=True)
class Exchange:
    preference: int
    host: str  # '' is RFC 7505's "no mail here"


class Lookup:
    """Asks the resolver of the system, or *resolver* (HOST or HOST:PORT). What was asked once is remembered."""

    def __init__(self, resolver: str = "", *, patience_s: float = PATIENCE_S) -> None:
        """Raises Unanswered where the system has no resolver, or *resolver* is no address."""
        import dns.resolver

        try:
            self._resolver = dns.resolver.Resolver(configure=not resolver)
        except dns.resolver.NoResolverConfiguration as error:
            raise Unanswered("this machine has no resolver") from error
        if resolver:
            host, _, port = resolver.rpartition(":") if resolver.count(":") == 1 else (resolver, "", "53")
            try:
                self._resolver.nameservers, self._resolver.port = [host], int(port)
            except ValueError as error:
                raise Unanswered(f"{resolver} is no DNS server: its address is wanted, like 9.9.9.9:53") from error
        self._resolver.lifetime = patience_s
        self._resolver.timeout = patience_s / 2
        self._patience_s = patience_s
        self._known: dict[tuple[str, str], list[str] | Unanswered] = {}
        self._lock = threading.Lock()

    def txt(self, name: str) -> list[str]:
        """The TXT records there, each in one piece; [] when there are none. Raises Unanswered, as all of these do."""
        return self._ask(name, "TXT")

    def addresses(self, name: str) -> list[str]:
        return [*self._ask(name, "A"), *self._ask(name, "AAAA")]

    def mx(self, name: str) -> list[Exchange]:
        found = [entry.split(" ") for entry in self._ask(name, "MX")]
        return sorted((Exchange(int(n), host.rstrip(".")) for n, host in found), key=lambda e: e.preference)

    def names_of(self, address: str) -> list[str]:
        """What reverse DNS calls *address*."""
        import dns.reversename

        return [name.rstrip(".") for name in self._ask(dns.reversename.from_address(address).to_text(), "PTR")]

    def _ask(self, name: str, kind: str) -> list[str]:
        key = (name.lower().rstrip("."), kind)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            try:
                known = self._asked(*key)
            except Unanswered as error:
                known = error
            with self._lock:
                self._known[key] = known
        if isinstance(known, Unanswered):
            raise known
        return known

    def _asked(self, name: str, kind: str) -> list[str]:
        import dns.exception
        import dns.resolver

        try:
            answer = self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.resolver.NoNameservers as error:
            raise Unanswered(f"the zone of {name} is broken, or its servers are down") from error
        except dns.exception.Timeout as error:
            raise Unanswered(f"no answer about {name} within {self._patience_s:g} seconds") from error
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(f"{name} cannot be looked up: {error}") from error
        return [_as_text(entry) for entry in answer]


def _as_text(entry: Any) -> str:
    """What a record says, without the control characters a stranger may have put in for our terminal."""
    strings = getattr(entry, "strings", None)
    text: str = b"".join(strings).decode("utf-8", "replace") if strings is not None else entry.to_text()
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "�", text)
