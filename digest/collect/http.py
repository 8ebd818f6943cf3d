"""The only HTTP client: many addresses at once, politely, and never into the editor's own network.

Each address has one deadline for everything (names, redirects, body), a cap on the *decoded* bytes, and an answer:
a `Fetched`, also when it failed. Private addresses are refused where the connection is made, after the name is
resolved, so neither a redirect nor a name that changes its mind gets past. Proxies from the environment are not
used: they would resolve names for us. What a server asks of its readers (robots.txt, excerpt limits, when to come
back) is in the answer; who fetches heeds it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ipaddress
import re
import socket
import threading
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from digest.collect.reading import MAX_BYTES
from digest.collect.wishes import AGENT, limit_from_headers, picture_wish_from_headers, site_limit, tdm_address
from digest.errors import told_bug
from digest.model import ExcerptLimit, stricter

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

AT_ONCE = 8
REDIRECTS = 5
PIECE = 1 << 16  # bytes
FEED_TYPES = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Fetch:
    """One address to get, and what is known of the copy we hold."""

    url: str
    etag: str | None = None  # from the last answer; None: never asked
    last_modified: str | None = None
    accept: str = FEED_TYPES
    allow_private: bool = False
    page: bool = False  # an article's page: ask robots.txt and tdmrep.json first; not for feeds somebody named


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `error` is '' exactly when there is a body or a 304."""

    url: str  # as asked
    final_url: str  # after redirects
    status: int | None = None  # None: no answer at all
    body: bytes = b""
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_after_s: float | None = None
    max_age_s: float | None = None  # Cache-Control, else Expires
    limit: ExcerptLimit | None = None  # how much may be excerpted, as headers and tdmrep.json say; None: they do not
    no_pictures: str = ""  # whose wish it is that nobody shows a picture: of it, where it is one; '' for none
    moved_to: str | None = None  # where permanent redirects (301, 308) lead
    error: str = ""
    late: bool = False  # its deadline passed

    @property
    def not_modified(self) -> bool:
        return self.status == 304

    @property
    def is_gone(self) -> bool:
        """410: the publisher says it will not come back."""
        return self.status == 410


def fetch(url: str, *, user_agent: str, **options: Any) -> Fetched:
    """One address, waiting for it; `Fetch`'s and `fetch_all`'s options together. Not inside a running loop."""
    ours = {name: options.pop(name) for name in Fetch.__dataclass_fields__ if name in options}
    return asyncio.run(fetch_all([Fetch(url, **ours)], user_agent=user_agent, **options))[0]


async def fetch_all(
    requests: Sequence[Fetch],
    *,
    user_agent: str,
    timeout_s: float = 30.0,
    max_bytes: int = MAX_BYTES,
    at_once: int = AT_ONCE,
) -> list[Fetched]:
    """An answer for each request, in their order; at most *at_once* together and one at a time for a host.

    timeout_s counts from when a request's turn comes. A failing address raises nothing: its `error` says why.
    """
    return await fetch_each(
        requests, _itself, user_agent=user_agent, timeout_s=timeout_s, max_bytes=max_bytes, at_once=at_once
    )


async def _itself(answer: Fetched) -> Fetched:
    return answer


async def fetch_each(
    requests: Sequence[Fetch],
    take: Callable[[Fetched], Awaitable[T]],
    *,
    user_agent: str,
    timeout_s: float = 30.0,
    max_bytes: int = MAX_BYTES,
    at_once: int = AT_ONCE,
) -> list[T]:
    """What *take* makes of each answer, in the requests' order. An answer is taken before the next one of its place
    is asked for, so no more than *at_once* bodies are held. A host that refuses with Retry-After, or lets
    the deadline pass, is asked for no further page: the others have its answer."""
    slots = asyncio.Semaphore(at_once)
    hosts: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    async with AsyncExitStack() as stack:
        clients: dict[bool, httpx2.AsyncClient] = {}
        for private in {request.allow_private for request in requests}:
            clients[private] = await stack.enter_async_context(_client(private, user_agent))
        rules: dict[str, Any] = {}
        busy: dict[str, Fetched] = {}

        async def one(request: Fetch) -> T:
            host = _host(request.url)
            async with hosts[host], slots:
                if request.page and host in busy:
                    reserved = site_limit(rules.get(tdm_address(request.url) or "", b""), request.url)
                    return await take(replace(busy[host], url=request.url, final_url=request.url, limit=reserved))
                site = _Site(clients[request.allow_private], rules)
                answer = await _within(site, request, timeout_s, max_bytes)
                if answer.late or (answer.retry_after_s and answer.error):
                    busy[host] = answer
                return await take(answer)

        return list(await asyncio.gather(*map(one, requests)))


# ------------------------------------------------------------------------------------------- one address


async def _within(site: _Site, request: Fetch, timeout_s: float, max_bytes: int) -> Fetched:
    import httpx2

    if _split(request.url) is None:
        return Fetched(request.url, request.url, error=f"{request.url} is no web address")
    answer = Fetched(request.url, request.url)
    try:
        async with asyncio.timeout(timeout_s):
            answer = await _get(site.client, request, max_bytes, site.enter if request.page else None)
    except TimeoutError:
        answer = replace(answer, error=f"no complete answer within {timeout_s:g} seconds", late=True)
    except _Refused as error:
        answer = replace(answer, error=str(error))
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        answer = replace(answer, error=_words(error))
    except (OSError, UnicodeError) as error:
        answer = replace(answer, error=str(error) or type(error).__name__)
    except Exception as error:  # a bug, here or in a library: it costs this address only
        answer = replace(answer, error=told_bug(error))
    # Whatever became of the page, what its sites reserve holds for the teaser too.
    return replace(answer, limit=stricter(answer.limit, site.reserved))


def _split(url: str) -> Any:
    """The parts of an http or https address with a host, else None."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            return None
    except ValueError:
        return None
    return parts


async def _get(
    client: httpx2.AsyncClient, request: Fetch, max_bytes: int, enter: Callable[[str], Awaitable[None]] | None = None
) -> Fetched:
    """*enter* is awaited for each address before it is asked, and raises _Refused."""
    url, moved, permanent = request.url, None, True
    headers = {"Accept": request.accept, "Accept-Encoding": "gzip, deflate"}
    if request.etag:
        headers["If-None-Match"] = request.etag
        headers["A-IM"] = "feed"  # RFC 3229: only the new entries, from those servers that can
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    for _ in range(REDIRECTS + 1):
        if enter:
            await enter(url)
        async with client.stream("GET", url, headers=headers) as response:
            target = response.headers.get("location")
            if response.status_code not in {301, 302, 303, 307, 308} or not target:
                return await _answer(request, url, moved, response, max_bytes)
            permanent = permanent and response.status_code in {301, 308}
        url = urljoin(url, target)
        if _split(url) is None:
            raise _Refused(f"it redirects to {url[:200]}, which is no web address")
        moved = url if permanent else moved
    raise _Refused(f"it redirects more than {REDIRECTS} times")


async def _answer(request: Fetch, url: str, moved: str | None, response: httpx2.Response, max_bytes: int) -> Fetched:
    head = response.headers
    fetched = Fetched(
        request.url,
        url,
        status=response.status_code,
        content_type=head.get("content-type"),
        etag=head.get("etag"),
        last_modified=head.get("last-modified"),
        retry_after_s=_retry_after(head.get("retry-after"), head.get("date")),
        max_age_s=_max_age(head.get("cache-control"), head.get("expires"), head.get("date")),
        limit=limit_from_headers(head.get_list("x-robots-tag"), head.get("tdm-reservation")),
        no_pictures=picture_wish_from_headers(head.get_list("x-robots-tag")),
        moved_to=moved,
    )
    if response.status_code == 304:
        return fetched
    if response.status_code not in {200, 203, 226}:
        return replace(fetched, error=f"the server answered {response.status_code} {response.reason_phrase}".strip())
    body = bytearray()
    async for piece in _decoded(response):
        body += piece
        if len(body) > max_bytes:
            return replace(fetched, error=f"it is larger than {max_bytes:,} bytes")
    return replace(fetched, body=bytes(body))


async def _decoded(response: httpx2.Response) -> AsyncIterator[bytes]:
    """The body without its content coding, in pieces no larger than PIECE: decoded here because a library's decoder
    makes the whole of what one compressed piece holds before anybody can count it."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        async for raw in response.aiter_raw():
            yield raw
        return
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise _Refused(f"it is sent in the coding {coding!r}, which was not asked for")
    unpack: Any = None
    async for raw in response.aiter_raw():
        if unpack is None:
            # `deflate` is zlib's format (RFC 9110, 8.4.1.2); some servers send it without the wrapper.
            bare = coding == "deflate" and raw[:1] not in {b"\x78", b"\x58", b"\x38", b"\x18"}
            unpack = zlib.decompressobj(-15 if bare else 47)
        try:
            while raw:
                yield unpack.decompress(raw, PIECE)
                raw = unpack.unconsumed_tail
                if unpack.eof and unpack.unused_data.startswith(b"\x1f\x8b"):  # another member (RFC 1952, 2.2)
                    raw, unpack = unpack.unused_data, zlib.decompressobj(47)
        except zlib.error as error:
            raise _Refused(f"its compressed body is broken: {error}") from error
    if unpack is not None and not unpack.eof:
        raise _Refused("its compressed body is cut short")


class _Site:
    """What the sites a page leads through ask of who reads it; each site is asked once a run.

    rules: origin -> its robots.txt, address of a tdmrep.json -> its bytes; common to all pages.
    reserved: the strictest of what those sites reserve of this page; None: nothing so far.
    """

    def __init__(self, client: httpx2.AsyncClient, rules: dict[str, Any]) -> None:
        self.client, self.rules = client, rules
        self.reserved: ExcerptLimit | None = None

    async def enter(self, url: str) -> None:
        """Raises _Refused where robots.txt closes *url*; what is reserved there is known even so."""
        address = tdm_address(url) or ""
        if address not in self.rules:
            try:
                self.rules[address] = (await _get(self.client, Fetch(address, accept="application/json"), 500_000)).body
            except _Refused:  # it redirects in circles, is too large …: the page may be sound all the same
                self.rules[address] = b""
        self.reserved = stricter(self.reserved, site_limit(self.rules[address], url))
        if not await self._may_fetch(url):
            raise _Refused("the site's robots.txt asks not to read this page")

    async def _may_fetch(self, url: str) -> bool:
        """RFC 9309: no robots.txt allows everything; a server in trouble allows nothing for now."""
        from protego import Protego

        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.rules:
            found = await _get(self.client, Fetch(f"{origin}/robots.txt", accept="text/plain"), 500_000)
            status = found.status or 0
            text = found.body.decode("utf-8", "replace") if status == 200 else ""
            self.rules[origin] = Protego.parse("User-agent: *\nDisallow: /" if status >= 500 else text)
        return bool(self.rules[origin].can_fetch(url, AGENT))


# ------------------------------------------------------------------------------------------- the connection


class _Refused(Exception):
    """Why this address is not read; becomes `Fetched.error`."""


def _client(allow_private: bool, user_agent: str) -> httpx2.AsyncClient:
    import httpcore2
    import httpx2

    transport = httpx2.AsyncHTTPTransport(trust_env=False)
    transport._pool = httpcore2.AsyncConnectionPool(
        ssl_context=httpx2.create_ssl_context(trust_env=False),
        max_connections=AT_ONCE * 2,
        max_keepalive_connections=0,
        network_backend=_backend(allow_private),
    )
    return httpx2.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": user_agent},
        timeout=httpx2.Timeout(None, connect=10.0),
    )


def _backend(allow_private: bool) -> Any:
    import httpcore2

    class Guarded(httpcore2.AnyIOBackend):
        """Resolves the name, refuses private addresses, connects to exactly the address it looked at."""

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore2.AsyncNetworkStream:
            addresses = await _resolve(host, port)
            if not allow_private:
                for address in addresses:
                    if not is_public(address):
                        raise _Refused(
                            f"{host} is a private address ({address}); --allow-private permits it, in digest.toml "
                            "allow_private = true"
                        )
            last: Exception | None = None
            for address in addresses[:4]:
                try:
                    return await super().connect_tcp(address, port, timeout, local_address, socket_options)
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                    last = error
            raise last or httpcore2.ConnectError(f"{host} has no address")

    return Guarded()


async def _resolve(host: str, port: int) -> list[str]:
    """Asked in a thread of its own that nobody waits for: a name server that hangs costs the deadline and no more,
    and no other name its turn."""
    answer: concurrent.futures.Future[list[Any]] = concurrent.futures.Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        # Shielded: a deadline cancels the waiting, never the answer a thread may be about to give.
        found = await asyncio.shield(asyncio.wrap_future(answer))
    except socket.gaierror as error:
        raise _Refused(f"the name {host} is not known ({error.strerror})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out to hosts (RFC 4291, 2.4); outside stand local translations (64:ff9b:1::/48 of RFC 8215)
and forms of an IPv4 address that no longer mean anything."""

_EXAMPLES = ipaddress.ip_network("3fff::/20")
"""RFC 9637; `ipaddress` does not know it yet."""


def is_public(address: str) -> bool:
    """Whether *address* (numeric) is out on the internet: not loopback, private, link-local, multicast, reserved,
    nor such a one wrapped in IPv6 (mapped, 6to4, Teredo, NAT64)."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _UNICAST or ip in _EXAMPLES:
            return False
    return ip.is_global and not ip.is_multicast


# ------------------------------------------------------------------------------------------- headers


def _host(url: str) -> str:
    parts = _split(url)
    return str(parts.hostname) if parts else url


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text[0].lower() + text[1:] if text[:2].istitle() else text


def _retry_after(value: str | None, date: str | None) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date, measured against the server's own clock."""
    said = _seconds(value or "")
    return _until(value, date) if said is None else said


def _max_age(control: str | None, expires: str | None, date: str | None) -> float | None:
    """RFC 9111, 4.2.1: Cache-Control's max-age; without one, Expires against the server's own clock."""
    rules = [part.strip().partition("=") for part in (control or "").lower().split(",")]
    if any(name in {"no-cache", "no-store"} for name, _, _ in rules):
        return None
    for name, _, seconds in rules:
        if name == "max-age" and (said := _seconds(seconds.strip('"'))) is not None:
            return said
    return _until(expires, date)


def _seconds(value: str) -> float | None:
    return float(value) if re.fullmatch(r"\s*[0-9]+\s*", value) else None


def _until(moment: str | None, date: str | None) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(moment or "") - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
