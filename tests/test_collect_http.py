"""Fetching, against a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from digest.collect.http import Fetch, Fetched, fetch, fetch_all, is_public

AGENT = "digest-test/1 (+https://example.org)"


class Pages(BaseHTTPRequestHandler):
    """One path, one behavior; the server counts what is asked of it."""

    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.enter()
        try:
            name = self.path.split("?")[0].lstrip("/")
            getattr(self, name.translate(str.maketrans("./-", "___")), self.missing)()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.server.leave()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def missing(self) -> None:
        self.answer(404, b"no")

    def feed(self) -> None:
        if self.headers.get("If-None-Match") == '"v1"':
            self.answer(304, ETag='"v1"')
        else:
            self.answer(
                200,
                b"<rss/>",
                ETag='"v1"',
                Last_Modified="Wed, 18 Mar 2026 06:00:00 GMT",
                Content_Type="text/xml",
                Cache_Control="max-age=60",
            )

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def slow(self) -> None:
        time.sleep(0.15)
        self.answer(200, b"slow")

    def bomb(self) -> None:
        self.answer(200, gzip.compress(bytes(60_000_000), 9), Content_Encoding="gzip")

    def zipped(self) -> None:
        self.answer(200, gzip.compress(b"hello " * 100), Content_Encoding="gzip")

    def members(self) -> None:
        self.answer(200, b"".join(gzip.compress(b"hello " * 100) for _ in range(3)), Content_Encoding="gzip")

    def padded(self) -> None:
        self.answer(200, gzip.compress(b"hello " * 100) + bytes(512), Content_Encoding="gzip")

    def away(self) -> None:
        """To a site of its own: the same server under another name."""
        self.answer(302, Location=f"http://localhost:{self.server.server_port}/shut/page")

    def shut_page(self) -> None:
        self.answer(200, b"a page")

    def _well_known_tdmrep_json(self) -> None:
        host = str(self.headers["Host"]).split(":")[0]
        self.answer(200, self.server.reserved.get(host, b""))

    def torn(self) -> None:
        self.answer(200, gzip.compress(b"hello " * 1000)[:30], Content_Encoding="gzip")

    def busy(self) -> None:
        self.answer(429, Retry_After="120")

    def gone(self) -> None:
        self.answer(410)

    def moved(self) -> None:
        self.answer(301, Location="/feed")

    def moved_for_now(self) -> None:
        self.answer(302, Location="/feed")

    def loop(self) -> None:
        self.answer(302, Location="/loop")

    def to_file(self) -> None:
        self.answer(302, Location="file:///etc/passwd")

    def inward(self) -> None:
        self.answer(302, Location="http://169.254.169.254/latest/meta-data/")

    def robots_txt(self) -> None:
        host = str(self.headers["Host"]).split(":")[0]
        self.answer(200, self.server.robots.get(host, b"User-agent: *\nDisallow: /feed"))

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.robots: dict[str, bytes] = {}  # by host
        self.reserved: dict[str, bytes] = {}  # by host: its tdmrep.json
        self.lock = threading.Lock()
        self.now = self.most = 0

    def enter(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self.lock:
            self.now -= 1

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is what some of these tests are about

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def site(running: Site) -> Site:
    for kept in (running.asked, running.robots, running.reserved):
        kept.clear()
    running.most = 0
    return running


def get(site: Site, path: str, **options) -> Fetched:
    return fetch(f"{site.url}/{path}", user_agent=AGENT, allow_private=True, **options)


def test_a_feed_is_fetched_with_what_the_next_visit_needs(site):
    found = get(site, "feed")
    assert (found.status, found.body, found.error) == (200, b"<rss/>", "")
    assert (found.etag, found.content_type, found.max_age_s) == ('"v1"', "text/xml", 60)
    assert found.last_modified == "Wed, 18 Mar 2026 06:00:00 GMT"
    assert site.asked[0][1]["User-Agent"] == AGENT


def test_an_unchanged_feed_is_a_304_without_a_body(site):
    found = get(site, "feed", etag='"v1"')
    assert (found.not_modified, found.body, found.error) == (True, b"", "")


def test_a_private_address_is_refused_before_a_connection_is_made(site):
    found = fetch(f"{site.url}/feed", user_agent=AGENT)
    assert found.status is None
    assert "private address" in found.error
    assert site.asked == []


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"]
)
def test_every_spelling_of_loopback_is_refused(site, host):
    found = fetch(f"http://{host}:{site.server_port}/feed", user_agent=AGENT)
    assert found.error
    assert site.asked == []


def test_a_redirect_into_the_private_network_is_refused(site, monkeypatch):
    """Here the loopback server plays the public one: only the address it redirects to is judged private."""
    import digest.collect.http as http

    monkeypatch.setattr(http, "is_public", lambda address: address == "127.0.0.1")
    found = fetch(f"{site.url}/inward", user_agent=AGENT)
    assert "169.254.169.254 is a private address" in found.error
    assert [path for path, _ in site.asked] == ["/inward"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.0.0.1", False), ("172.16.3.4", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("::", False), ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False), ("255.255.255.255", False), ("64:ff9b:1::7f00:1", False), ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False), ("fec0::1", False), ("3fff::1", False), ("5f00::1", False),
        ("64:ff9b::5db8:d822", True), ("2002:5db8:d822::1", True),
    ],
)  # fmt: skip
def test_an_address_is_public_or_not(address, public):
    assert is_public(address) is public


def test_a_slow_drip_is_cut_at_the_deadline(site):
    began = time.perf_counter()
    found = get(site, "drip", timeout_s=0.5)
    assert 0.4 < time.perf_counter() - began < 1.5
    assert "within 0.5 seconds" in found.error
    assert found.body == b""


def test_a_gzip_bomb_is_stopped_at_the_cap_and_fills_no_memory(site):
    gzip.compress(b"")
    tracemalloc.start()
    found = get(site, "bomb", max_bytes=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 1,000,000 bytes" in found.error
    assert found.body == b""
    assert peak < 150_000_000  # the server's own 60 MB, made in this process, are in it


def test_a_compressed_body_is_unpacked_and_a_torn_one_is_an_error(site):
    assert get(site, "zipped").body == b"hello " * 100
    assert get(site, "members").body == b"hello " * 300
    assert get(site, "padded").body == b"hello " * 100
    assert "cut short" in get(site, "torn").error


def test_too_many_requests_says_when_to_come_back(site):
    found = get(site, "busy")
    assert (found.status, found.retry_after_s) == (429, 120)
    assert "429" in found.error


def test_a_feed_that_is_gone_says_so(site):
    assert get(site, "gone").is_gone


def test_a_permanent_move_is_told_from_a_passing_one(site):
    for_good, for_now = get(site, "moved"), get(site, "moved_for_now")
    assert (for_good.moved_to, for_good.body) == (f"{site.url}/feed", b"<rss/>")
    assert (for_now.moved_to, for_now.final_url) == (None, f"{site.url}/feed")


@pytest.mark.parametrize("path", ["loop", "to_file", "hang_up", "nowhere"])
def test_a_bad_answer_is_an_error_and_no_exception(site, path):
    found = get(site, path)
    assert found.error
    assert found.body == b""


@pytest.mark.parametrize(
    "url", ["", "feed.xml", "ftp://example.org/", "http://", "http://[broken", "http://no.such.host.invalid/"]
)
def test_what_cannot_be_an_address_is_an_error_and_no_exception(url):
    assert fetch(url, user_agent=AGENT, timeout_s=5).error


def test_robots_txt_is_obeyed_where_asked(site):
    assert "robots.txt" in get(site, "feed", page=True).error
    assert get(site, "zipped", page=True).error == ""


EVERYTHING = b'[{"location": "/", "tdm-reservation": 1}]'


@pytest.mark.parametrize("path", ["feed", "away", "drip", "hang_up"])
def test_a_site_reserves_its_page_whatever_becomes_of_the_page(site, path):
    """Disallowed, redirected elsewhere, too slow, broken: the teaser of it is reserved all the same."""
    site.reserved["127.0.0.1"] = EVERYTHING
    found = get(site, path, page=True, timeout_s=1.0)
    assert found.limit is not None
    assert found.limit.chars == 0


def test_the_site_a_page_redirects_to_is_asked_for_its_wishes_too(site):
    site.reserved["localhost"] = b'[{"location": "/shut/*", "tdm-reservation": 1}]'
    found = get(site, "away", page=True)
    assert found.body == b"a page"
    assert found.limit is not None
    site.robots["localhost"] = b"User-agent: *\nDisallow: /shut/"
    site.asked.clear()
    found = get(site, "away", page=True)
    assert "robots.txt" in found.error
    assert "/shut/page" not in [path for path, _ in site.asked]


def test_a_host_that_refuses_with_retry_after_is_asked_for_no_further_page(site):
    requests = [Fetch(f"{site.url}/busy?{n}", allow_private=True, page=True) for n in range(4)]
    found = asyncio.run(fetch_all(requests, user_agent=AGENT))
    assert [(f.url, f.status, f.retry_after_s) for f in found] == [(r.url, 429, 120.0) for r in requests]
    assert sum(path.startswith("/busy") for path, _ in site.asked) == 1


def test_one_host_is_asked_one_at_a_time_and_answers_keep_their_order(site):
    paths = ["slow", "feed", "slow", "gone"]
    requests = [Fetch(f"{site.url}/{path}", allow_private=True) for path in paths]
    found = asyncio.run(fetch_all(requests, user_agent=AGENT))
    assert [f.url for f in found] == [r.url for r in requests]
    assert [f.status for f in found] == [200, 200, 200, 410]
    assert site.most == 1


def test_different_hosts_are_asked_together(site):
    urls = [f"http://127.0.0.{n}:{site.server_port}/slow" for n in (1,)] + [f"http://localhost:{site.server_port}/slow"]
    found = asyncio.run(fetch_all([Fetch(u, allow_private=True) for u in urls], user_agent=AGENT))
    assert [f.status for f in found] == [200, 200]
    assert site.most == 2


def test_a_host_that_lets_the_deadline_pass_is_asked_for_no_further_page(site):
    requests = [Fetch(f"{site.url}/drip?{n}", allow_private=True, page=True) for n in range(3)]
    found = asyncio.run(fetch_all(requests, user_agent=AGENT, timeout_s=0.5))
    assert [answer.late for answer in found] == [True] * 3
    assert sum(path.startswith("/drip") for path, _ in site.asked) == 1


def test_a_name_server_that_hangs_holds_nobody_beyond_the_deadline(site, monkeypatch):
    """Neither the address asked for, nor the end of the run, nor another host."""
    asked, hung = socket.getaddrinfo, []

    def hang(host, *rest, **options):
        if host.endswith(".invalid"):
            time.sleep(5)
            hung.append(host)
        return asked(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    slow = [Fetch(f"http://h{n}.invalid/", allow_private=True) for n in range(12)]
    sound = Fetch(f"{site.url}/zipped", allow_private=True)
    *late, good = asyncio.run(fetch_all([*slow, sound], user_agent=AGENT, timeout_s=0.5))
    assert all("within 0.5 seconds" in answer.error for answer in late)
    assert good.error == "" and hung == []
