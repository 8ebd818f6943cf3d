"""Web addresses: what makes two of them the same article. Pure; opens nothing."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from digest.address import amp_target, ascii_domain, is_tracking, tidy

_AMP = frozenset({"amp", "outputtype=amp", "output=amp", "amp=1", "amp=true", "amp_js_v", "amp_gsa", "usqp"})
_AMP_PATH = re.compile(r"(?:/amp/?$|\.amp(?=\.html?$)|\.amp$)", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php\d?|aspx?|jsp|cfm)$", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """*url* as identity compares it: host in lower case and A-labels, without `m.` and `amp`, tracking
    parameters, fragment, default port and a trailing `index.html`. Idempotent.

    What is no web address comes back trimmed, otherwise as it was.
    """
    for _ in range(8):  # an AMP cache address may wrap another; every round only takes away
        once = _canonical(url)
        if once == url:
            break
        url = once
    return url


def _canonical(url: str) -> str:
    url = tidy(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # unbalanced brackets, a port that is no number
        return url
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        return url
    host = _host(parts.hostname)
    cached = amp_target(host, parts.path)
    if cached:
        return cached
    path = _INDEX.sub("/", _AMP_PATH.sub("", _escape(parts.path))) or "/"
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[scheme]:
        netloc += f":{port}"
    return urlunsplit((scheme, netloc, path, _query(parts.query), ""))


def join_url(base: str | None, link: str | None) -> str | None:
    """*link* made absolute with *base*; None when there is no link or it is no address."""
    link = tidy(link or "")
    if not link:
        return None
    if not base or link.startswith(("https://", "http://")):
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        return None


def of_one_house(first: str, second: str) -> bool:
    """Whether two addresses are of one host, or one of a host below the other's. Hosts beside each other may be two
    publishers' (blogspot.com, github.io)."""
    one, other = (f".{host_of(canonical_url(url))}" for url in (first, second))
    return one.endswith(other) or other.endswith(one)


def host_of(url: str | None) -> str:
    """The host as it is written, in lower case without `www.`; '' where there is none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _host(name: str) -> str:
    labels = ascii_domain(name).split(".")
    while len(labels) > 2 and labels[0] in {"m", "amp", "mobile"}:
        labels = labels[1:]
    if len(labels) > 3 and labels[1] in {"m", "amp"}:  # en.m.wikipedia.org
        del labels[1]
    return ".".join(labels)


def _escape(path: str) -> str:
    path = re.sub(r"%[0-9a-fA-F]{2}", lambda m: m[0].upper(), path)
    return quote(path, safe="/%:@!$&'()*+,;=~-._", errors="replace")


def _query(query: str) -> str:
    kept = []
    for part in query.split("&"):
        name = unquote(part.partition("=")[0]).lower()
        if not part or is_tracking(name):
            continue
        if name in _AMP or part.lower() in _AMP:
            continue
        kept.append(part)
    return quote("&".join(kept), safe="/%:@!$&'()*+,;=~-._?[]", errors="replace")
