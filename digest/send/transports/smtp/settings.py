"""Where the letters go, how to get in, and how long to wait."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

PASSWORD_VARIABLE = "DIGEST_SMTP_PASSWORD"  # where the command line takes the password from


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. RFC 5321 section 4.5.3.2, except connect (its own 5 minutes are for MX hosts) and quit."""

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 2


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """``verify=False`` and ``security="none"`` are for this machine only."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    verify: bool = True
    connections: int = 4
    letters_per_connection: int = 1000  # then a fresh one: some servers count; 0: only when the server ends it
    cafile: str | None = None  # certificates to trust instead of the system's; None: the system's

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def tls_context(self) -> ssl.SSLContext:
        return _tls_context(self.verify, self.cafile)


@cache  # 20 ms each: reads every certificate the system trusts
def _tls_context(verify: bool, cafile: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cafile)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
