"""How often somebody may ask, in bounded memory that holds no address: buckets that fill up again."""

from __future__ import annotations

import ipaddress
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b

MOST_KEYS = 20_000  # remembered at once; the longest silent is forgotten first


@dataclass
class Limit:
    """At most *burst* at once, and *per_hour* in the long run, for each key."""

    burst: int
    per_hour: float
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _buckets: OrderedDict[bytes, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allows(self, key: str, seconds: float) -> bool:
        """Whether one more is fine at *seconds*; it is counted if so."""
        name = blake2b(key.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=12).digest()
        with self._lock:
            left, since = self._buckets.pop(name, (float(self.burst), seconds))
            left = min(float(self.burst), left + max(0.0, seconds - since) * self.per_hour / 3600)
            allowed = left >= 1
            self._buckets[name] = (left - allowed, seconds)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        return allowed


def network_of(remote: str | None) -> str:
    """The network an address belongs to: /24, or /48 of IPv6, which is one household or office."""
    try:
        ip = ipaddress.ip_address((remote or "").partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
