"""An e-mail address, parsed once at the door. Nobody inside compares raw strings.

Knows RFC 5321 lengths and IDNA (the domain is kept as A-labels). Asks no network whether the address exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.errors import AddressError

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Address:
    """``local@domain``. Two addresses are one person's when their keys are equal."""

    local: str  # NFC, as written
    domain: str  # lower case, A-labels (RFC 5890)

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """What uniqueness compares: no mail system of note tells local parts apart by case alone."""
        return f"{self.local.casefold()}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """False when delivery needs SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()


def parse_address(raw: str) -> Address:
    """*raw* as an Address.

    Surrounding blanks are dropped; ``Name <a@b>`` is not taken here (see `split_mailbox`).
    Raises AddressError naming the fault, also for control characters (header injection).
    """
    from email_validator import EmailNotValidError, validate_email  # 60 ms: late

    text = raw.strip(" \t")
    if _CONTROL.search(text):
        raise AddressError(f"{text!r}: an address holds no line breaks or control characters")
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError as error:
        raise AddressError(f"{text or 'an empty address'}: {error}") from error
    return Address(found.local_part, (found.ascii_domain or found.domain).lower())


_MAILBOX = re.compile(r"^(?P<name>.*?)\s*<(?P<spec>[^<>]*)>$")


def split_mailbox(raw: str) -> tuple[str, Address]:
    """``Name <a@b>`` or ``a@b`` as (name, Address). Raises AddressError."""
    if _CONTROL.search(raw):
        raise AddressError(f"{raw!r}: a mailbox holds no line breaks or control characters")
    match = _MAILBOX.match(raw.strip())
    if match is None:
        return "", parse_address(raw)
    return match["name"].strip().strip('"').strip(), parse_address(match["spec"])
