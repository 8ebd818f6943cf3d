"""Fetching under attack and twice: what it costs, what it refuses, what it asks for again.

    python -m bench.fetch          # feeds from DIGEST_BENCH_DATA, default ../shared/data

A 300 MB gzip bomb (resident memory of a process that does nothing else), a byte every half second, redirects and names
that lead into the private network (connections counted by the victim), and a second collect of the pack's feeds.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from digest.collect import http
from digest.config import load_config
from digest.sources import read_sources
from digest.store import open_store

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data"))
AGENT = "digest-bench/1"
BOMB_BYTES = 300_000_000


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], pages: dict[str, tuple[int, dict[str, str], bytes]]) -> None:
        super().__init__(address, Handler)
        self.pages = pages
        self.answers: Counter[int] = Counter()
        self.body_bytes = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # who hangs up on a bomb does well


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/drip":
            self._drip()
            return
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        self.server.answers[status] += 1
        self.server.body_bytes += len(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(60):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.5)

    def log_message(self, format: str, *args: object) -> None:
        pass


def make_bomb() -> bytes:
    """*BOMB_BYTES* zero bytes, gzipped piece by piece."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(BOMB_BYTES // 1_000_000):
            file.write(bytes(1_000_000))
    return out.getvalue()


FETCH_ONE = """
import json, resource, sys
from digest.collect.http import fetch
found = fetch(sys.argv[1], user_agent="digest-bench/1", allow_private=True)
print(json.dumps({"error": found.error, "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def measure_bomb() -> None:
    pages = {
        "/bomb": (200, {"Content-Encoding": "gzip"}, make_bomb()),
        "/feed": (200, {}, b"<rss/>"),
    }
    server = Server(("127.0.0.1", 0), pages)
    for name in ("feed", "bomb"):
        url = f"http://127.0.0.1:{server.server_port}/{name}"
        told = json.loads(
            subprocess.run([sys.executable, "-c", FETCH_ONE, url], capture_output=True, check=True).stdout
        )
        print(f"{name}: {told['rss_mb']:.0f} MB resident, {told['error'] or 'read'}")
    server.shutdown()


def measure_drip(deadline_s: float = 3.0) -> None:
    server = Server(("127.0.0.1", 0), {})
    began = time.perf_counter()
    found = http.fetch(
        f"http://127.0.0.1:{server.server_port}/drip", user_agent=AGENT, allow_private=True, timeout_s=deadline_s
    )
    print(f"drip: ended after {time.perf_counter() - began:.2f} s of {deadline_s:g} s ({found.error})")
    server.shutdown()


class Victim:
    """Counts connections to 127.0.0.1 and ::1 at one port; answers nothing."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                listener = socket.create_server((address, self.port), family=family)
            except OSError:  # no IPv6 here
                continue
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            self.connections += 1
            connection.close()


def measure_private() -> None:
    """127.0.0.9 plays the public server; everything else is judged as it is."""
    victim = Victim()
    judge = http.is_public
    http.is_public = lambda address: address == "127.0.0.9" or judge(address)
    hosts = ["169.254.169.254", "[::1]", "2130706433", "localhost", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "0"]
    targets = {f"/{n}": f"http://{host}:{victim.port}/" for n, host in enumerate(hosts)}
    server = Server(("127.0.0.9", 0), {path: (302, {"Location": target}, b"") for path, target in targets.items()})
    refused = 0
    for path, target in targets.items():
        for url in (f"http://127.0.0.9:{server.server_port}{path}", target):
            found = http.fetch(url, user_agent=AGENT, timeout_s=5)
            refused += "private address" in found.error or "is not known" in found.error
    http.is_public = judge
    print(f"private addresses: {refused} of {2 * len(targets)} refused, {victim.connections} connections")
    server.shutdown()


def measure_twice() -> None:
    pages = {}
    for path in sorted((DATA / "feeds").iterdir()):
        if path.suffix in {".xml", ".json"} and "truth" not in path.name and path.name != "not-a-feed.xml":
            body = path.read_bytes()
            pages[f"/{path.name}"] = (200, {"ETag": f'"{hashlib.sha256(body).hexdigest()[:8]}"'}, body)
    server = Server(("127.0.0.1", 0), pages)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = '[newsletter]\nname = "Bench"\nfrom = "b@example.org"\n'
        for path in pages:
            text += f'[[sources]]\nurl = "http://127.0.0.1:{server.server_port}{path}"\nallow_private = true\n'
        (folder / "digest.toml").write_text(text, encoding="utf-8")
        now = datetime(2026, 3, 20, tzinfo=UTC)
        with open_store(folder, create=True) as store:
            for run in range(2):
                server.answers.clear()
                server.body_bytes = 0
                at = now + timedelta(days=7 * run)
                began = time.perf_counter()
                found = read_sources(
                    store, load_config(folder), folder, now=at, seen=at, progress=lambda step, done, total: None
                )
                took = time.perf_counter() - began
                new, broken = sum(f.new for f in found), sum(bool(f.error) for f in found)
                answers = dict(server.answers)
                print(
                    f"collect {run + 1}: {answers} to {len(pages)} feeds and their pages, "
                    f"{server.body_bytes:,} bytes of bodies, {new} new, {broken} errors, {took:.2f} s"
                )
    server.shutdown()


def main() -> None:
    measure_bomb()
    measure_drip()
    measure_private()
    measure_twice()


if __name__ == "__main__":
    main()
