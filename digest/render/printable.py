"""Others' titles, names and addresses made fit to print. The articles' own sentences are not: see excerpts.py."""

from __future__ import annotations

import re
from urllib.parse import quote as percent

from digest import address
from digest.render.lines import shorten

LONGEST_HEADLINE = 250  # letters

_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # overrides and isolates
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")  # breaks become blanks


def one_line(text: str) -> str:
    """*text* fit for a headline or a name: one line, no control or direction-changing characters."""
    return " ".join(_CONTROL.sub("", text.translate(_BIDI)).split())


def headline(title: str) -> str:
    """*title* on one line; of one that is a whole text, as feeds without titles send it, the first words and ``…``."""
    return shorten(one_line(title), LONGEST_HEADLINE)


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of an editor's words, each on one line."""
    return tuple(p for p in (one_line(part) for part in re.split(r"\n\s*\n", text)) if p)


def web_address(url: str | None) -> str:
    """*url* with everything unsafe percent-encoded, its host as programs look it up (A-labels, RFC 5890); '' where no
    reader can be sent there."""
    known, host = address.web_address(url) or "", address.host_of(url)
    if not host.isascii():
        known = re.sub(re.escape(host), address.ascii_domain(host), known, count=1, flags=re.IGNORECASE)
    return percent(known, safe="!#$%&'()*+,/:;=?@~-._[]" if ":" in host else "!#$%&'()*+,/:;=?@~-._")
