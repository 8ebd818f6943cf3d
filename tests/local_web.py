"""A small web of one's own: a real HTTP server on loopback whose pages a test writes, and which notes who asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True)
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Page = Answer | Callable[[Mapping[str, str]], Answer]


class LocalWeb:
    """``web["/feed.xml"] = Answer(...)``; ``web.asked`` holds the paths in the order they were asked for.

    An answer with an ETag header answers 304 to who holds it already. Paths nobody wrote are 404.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.statuses: list[int] = []
        self._server = _Server(self)

    def __setitem__(self, path: str, page: Page | str | bytes) -> None:
        self.pages[path] = Answer(page) if isinstance(page, str | bytes) else page

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LocalWeb:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, web: LocalWeb) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.web = web

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is what some tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        web = self.server.web
        web.asked.append(self.path)
        page = web.pages.get(self.path, Answer("no such page", 404))
        answer = page(self.headers) if callable(page) else page
        etag = answer.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            answer = Answer(b"", 304, answer.headers)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        web.statuses.append(answer.status)
        self.send_response_only(answer.status)
        if "Date" not in answer.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


# ------------------------------------------------------------------------------------------- what stands there

WORDS = (
    "The harbour office put {n} late berths on a public page this week, each with its cause and its cost. "
    "Agents in the port said the list of {n} ended quarrels about who was to blame. Nobody had asked for it, said "
    "the harbour master, and now nobody could do without it. The page names the ship, the berth and the hour. "
)


def words(number: int, times: int = 4) -> str:
    """Some paragraphs of their own for article *number*."""
    facts = [f"Fact {number}-{k}: the count at pier {number * 7 + k} was {number * 31 + k * 17}." for k in range(times)]
    return "".join(f"<p>{WORDS.format(n=number * 10 + k)}{fact}</p>" for k, fact in enumerate(facts))


def item(
    number: int,
    *,
    link: str = "",
    guid: str = "",
    title: str = "",
    date: str = "Wed, 18 Mar 2026 06:00:00 GMT",
    body: str = "",
) -> str:
    parts = [f"<title>{title or f'Story number {number}'}</title>"]
    parts += [f"<link>{link}</link>"] if link else []
    parts += [f'<guid isPermaLink="false">{guid}</guid>'] if guid else []
    parts += [f"<pubDate>{date}</pubDate>"] if date else []
    return f"<item>{''.join(parts)}<description><![CDATA[{body or words(number)}]]></description></item>"


def rss(*items: str, extra: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Harbour Notes</title>'
        f"<link>https://harbour.example/</link>{extra}{''.join(items)}</channel></rss>"
    )


def page(title: str, body: str, head: str = "") -> str:
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )
