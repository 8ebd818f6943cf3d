"""What a publisher wishes: how much of a page others may excerpt, and what of it never.

Robots rules: Google's "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications". Reservations of text and
data mining: W3C's TDM Reservation Protocol (TDMRep), "TDM file on the origin server", "TDM header field in HTTP
responses", "TDM metadata in HTML content". Pure: a tree, header values or bytes in, an `ExcerptLimit` out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from digest.address import web_address
from digest.model import NOSNIPPET, ExcerptLimit, stricter

AGENT = "newsletter-digest"
"""Our product token; rules for it win over those for everybody."""

_SEARCH = "googlebot"
"""Whoever speaks to it of snippets speaks of what others may show of the page, and most often to it only."""

_RULE = re.compile(r"(?<![\w-])(?:nosnippet|max-snippet\s*:\s*(?P<chars>[0-9]+))(?![\w-])")
_NO_PICTURES = re.compile(r"(?<![\w-])(?:noimageindex|max-image-preview\s*:\s*none)(?![\w-])")
_RESERVED = "reserves text and data mining"
_VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
"""Robots rules that have a value: in a header `max-snippet: 20` is no rule for a robot called max-snippet."""


def limit_from_page(tree: Any, who: str = "the page") -> ExcerptLimit | None:
    """What the `<meta>` elements of an lxml *tree* ask for; the most restrictive of several."""
    rules: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("name") or "").strip().lower()
        rules.setdefault(name, []).append(meta.get("content") or "")
    said = rules.get(AGENT) or [*rules.get("robots", []), *rules.get(_SEARCH, [])]
    return stricter(_limit(said, who), _reservation(rules.get("tdm-reservation", []), who))


def picture_wish(tree: Any) -> str:
    """Whose wish it is that nobody shows the page's pictures, in words; '' for nobody's."""
    rules: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        rules.setdefault((meta.get("name") or "").strip().lower(), []).append(meta.get("content") or "")
    return _no_pictures(rules.get(AGENT) or [*rules.get("robots", []), *rules.get(_SEARCH, [])], "the page")


def picture_wish_from_headers(x_robots_tag: Sequence[str]) -> str:
    """The same as a response's header fields say it, of a page or of a picture itself."""
    rules: dict[str, list[str]] = {}
    for value in x_robots_tag:
        for agent, rule in _header_rules(value):
            rules.setdefault(agent, []).append(rule)
    return _no_pictures(rules.get(AGENT) or [*rules.get("", []), *rules.get(_SEARCH, [])], "the server")


def _no_pictures(rules: Iterable[str], who: str) -> str:
    found = _NO_PICTURES.search(" ".join(rules).lower())
    return f"{who} says {''.join(found[0].split())}" if found else ""


def limit_from_headers(x_robots_tag: Sequence[str], tdm_reservation: str | None) -> ExcerptLimit | None:
    """What a response's header fields ask for: every `X-Robots-Tag` value, and `tdm-reservation` if there was one."""
    rules: dict[str, list[str]] = {}
    for value in x_robots_tag:
        for agent, rule in _header_rules(value):
            rules.setdefault(agent, []).append(rule)
    mining = _reservation([tdm_reservation or ""], "the server")
    said = rules.get(AGENT) or [*rules.get("", []), *rules.get(_SEARCH, [])]
    return stricter(_limit(said, "the server"), mining)


def tdm_reserved(data: bytes, path: str) -> bool:
    """Whether a site's `/.well-known/tdmrep.json` reserves *path* (with its query). The first rule that fits counts;
    a file that cannot be read reserves nothing."""
    try:
        rules = json.loads(data)
    except (ValueError, RecursionError):
        return False
    for rule in rules if isinstance(rules, list) else []:
        location = rule.get("location") if isinstance(rule, dict) else None
        if isinstance(location, str) and _covers(location, path):
            return _is_one(rule.get("tdm-reservation"))
    return False


def tdm_address(url: str | None) -> str | None:
    """Where the site of *url* says what it reserves (W3C TDMRep, 6.1); None where it is no web address."""
    address = web_address(url)
    parts = urlsplit(address) if address else None
    return f"{parts.scheme}://{parts.netloc}/.well-known/tdmrep.json" if parts else None


def site_limit(data: bytes, url: str | None) -> ExcerptLimit | None:
    """What a site's tdmrep.json (*data*, empty where there is none) says of its page *url*."""
    parts = urlsplit(web_address(url) or "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return ExcerptLimit(0, f"the site {_RESERVED}") if tdm_reserved(data, path) else None


def unquotable(tree: Any) -> list[Any]:
    """The elements of *tree* whose words must not be excerpted. The attribute counts whatever its value, and on any
    element: search engines look at span, div and section only, who writes it elsewhere means it too."""
    found: list[Any] = tree.xpath(f"//*[@{NOSNIPPET}]")
    return found


def _limit(rules: Iterable[str], who: str) -> ExcerptLimit | None:
    """`nosnippet` is `max-snippet:0`; a value that is no number, or -1, limits nothing. Some forget the commas."""
    limit = None
    for rule in _RULE.finditer(" ".join(rules).lower()):
        if rule["chars"] is None:
            limit = stricter(limit, ExcerptLimit(0, f"{who} says nosnippet"))
        else:
            chars = int(rule["chars"][:9])
            limit = stricter(limit, ExcerptLimit(chars, f"{who} says max-snippet:{chars}"))
    return limit


def _header_rules(value: str) -> Iterator[tuple[str, str]]:
    """`(robot, rule)` for each rule of one X-Robots-Tag value; '' for every robot. A name holds until the next."""
    agent = ""
    for piece in value.split(","):
        named = re.match(r"\s*([\w*-]+)\s*:(.*)", piece, re.DOTALL)
        if named and named[1].lower() not in _VALUED:
            agent, piece = named[1].lower(), named[2]
        yield agent, piece


def _reservation(values: Iterable[str], who: str) -> ExcerptLimit | None:
    return ExcerptLimit(0, f"{who} {_RESERVED}") if any(map(_is_one, values)) else None


def _is_one(value: object) -> bool:
    return str(value).strip() == "1" and not isinstance(value, bool)


def _covers(location: str, path: str) -> bool:
    """Whether *location* is a beginning of *path*: `*` any characters, `$` the end (as in robots.txt, RFC 9309)."""
    first, *rest = [unquote(piece) for piece in location.removesuffix("$").split("*")]
    path = unquote(path)
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:  # the earliest place is as good as any
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    last = rest[-1] if rest else ""
    if location.endswith("$"):
        return len(path) == at if not rest else path.endswith(last) and len(path) - len(last) >= at
    return path.find(last, at) >= 0
