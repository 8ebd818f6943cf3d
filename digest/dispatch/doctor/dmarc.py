"""DMARC (RFC 9989): what receivers are asked to do with mail that only claims to be from a domain.

Which domains belong together is found by walking up the tree (section 4.10), with no list of public suffixes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from digest.dispatch.doctor.lookup import Lookup

REMOVED = ("pct", "rf", "ri")  # RFC 9989 knows them no longer
MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Dmarc:
    domain: str  # where the record stands; '' when there is none
    record: str
    tags: Mapping[str, str] = field(default_factory=dict)
    others: int = 0  # further records beside it: together they count as none

    @property
    def policy(self) -> str:
        return self.tags.get("p", "none").lower()

    @property
    def removed_tags(self) -> list[str]:
        return [tag for tag in REMOVED if tag in self.tags]

    def is_strict(self, tag: str) -> bool:
        """Whether *tag*, adkim or aspf, asks for the very same domain."""
        return self.tags.get(tag, "r").lower() == "s"


def read_dmarc(domain: str, lookup: Lookup) -> Dmarc:
    """The record that speaks for *domain*: its own, its organization's, or that of the public suffix above (section
    4.10.1). Raises Unanswered."""
    own = _at(domain, lookup)
    if own.record or own.others:
        return own
    top = _at(organization_of(domain, lookup), lookup)
    if top.record:
        return top
    above = (_at(name, lookup) for name in _upwards(domain))
    return next((found for found in above if found.tags.get("psd", "").lower() == "y"), own)


def organization_of(domain: str, lookup: Lookup) -> str:
    """The organizational domain *domain* belongs to. Raises Unanswered."""
    highest = domain
    for name in _upwards(domain):
        found = _at(name, lookup)
        if not found.record:
            continue
        if found.tags.get("psd", "").lower() == "n":
            return name
        if found.tags.get("psd", "").lower() == "y":
            labels = len(name.split(".")) + 1
            return ".".join(domain.split(".")[-labels:]) if name != domain else domain
        highest = name
    return highest


def _upwards(domain: str) -> list[str]:
    """*domain* and the names above it; of a long one all beyond the seventh label from the top are left out."""
    labels = domain.split(".")
    walk = [domain] if len(labels) >= MOST_STEPS else []
    rest = labels[-(MOST_STEPS - 1) :]
    return walk + [".".join(rest[at:]) for at in range(len(rest))]


def _at(domain: str, lookup: Lookup) -> Dmarc:
    records = [text for text in lookup.txt(f"_dmarc.{domain}") if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
    if len(records) != 1:
        return Dmarc("", "", others=len(records))
    pairs = (part.partition("=") for part in records[0].split(";") if "=" in part)
    return Dmarc(domain, records[0], {name.strip().lower(): value.strip() for name, _, value in pairs})
