"""Fifty feeds of twenty items: from their pages to stored articles, and from stored articles to ranked picks.

    python -m bench.collect            # data from DIGEST_BENCH_DATA, default ../shared/data
    taskset -c 0 python -m bench.collect      # on one core

The pages are the pack's, each under many addresses, served by another process; the articles ranked are the stories'.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.collect import read_article
from digest.config import load_config
from digest.model import Brief
from digest.pick import pick_week
from digest.sources import read_sources
from digest.store import open_store

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data"))
FEEDS, ITEMS = 50, 20
NOW = datetime(2026, 3, 20, tzinfo=UTC)

SERVE = """
import gzip, json, sys
from pathlib import Path
from tests.local_web import Answer, LocalWeb, item, rss
import time
with LocalWeb() as web:
    pages = [gzip.decompress(p.read_bytes()) for p in sorted(Path(sys.argv[1], "pages").glob("*.gz"))]
    for feed in range(int(sys.argv[2])):
        items = []
        for n in range(int(sys.argv[3])):
            number = feed * int(sys.argv[3]) + n
            page = pages[number % len(pages)].replace(b"canonical", b"was-canonical").replace(b"og:url", b"was-url")
            web[f"/{feed}/{n}"] = Answer(page)
            items.append(item(number, link=f"{web.url}/{feed}/{n}", guid=str(number), body="<p>A teaser.</p>"))
        web[f"/{feed}.xml"] = rss(*items)
    print(web.url, flush=True)
    sys.stdin.read()
"""


def megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def collect_from_web() -> None:
    """Over HTTP with everything on: robots.txt, workers, identity, the database."""
    command = [sys.executable, "-c", SERVE, str(DATA), str(FEEDS), str(ITEMS)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = '[newsletter]\nname = "Bench"\nfrom = "b@example.org"\n'
        text += "".join(f'[[sources]]\nurl = "{url}/{n}.xml"\nallow_private = true\n' for n in range(FEEDS))
        (folder / "digest.toml").write_text(text, encoding="utf-8")
        with open_store(folder, create=True) as store:
            began = time.perf_counter()
            found = read_sources(
                store, load_config(folder), folder, now=NOW, seen=NOW, progress=lambda step, done, total: None
            )
            took = time.perf_counter() - began
    server.communicate()
    print(
        f"{FEEDS} feeds x {ITEMS} pages over HTTP: {took:.1f} s, {sum(f.new for f in found)} articles, "
        f"{megabytes(resource.RUSAGE_SELF):.0f} MB, a worker {megabytes(resource.RUSAGE_CHILDREN):.0f} MB"
    )


def read_cached_pages() -> None:
    """The readers alone, one after the other, in this process."""
    pages = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "pages").glob("*.gz"))]
    read_article(pages[0], kind="html", seen=NOW)
    began = time.perf_counter()
    words = 0
    for number, page in zip(range(FEEDS * ITEMS), itertools.cycle(pages), strict=False):
        words += len(read_article(page, url=f"https://h.example/{number}", kind="html", seen=NOW).text.split())
    took = time.perf_counter() - began
    print(
        f"{FEEDS * ITEMS} cached pages, one process: {took:.1f} s, {words:,} words, "
        f"{megabytes(resource.RUSAGE_SELF):.0f} MB"
    )


def rank_stored() -> None:
    from bench.weeks import article

    rows = [
        json.loads(line) for line in gzip.decompress((DATA / "stories/articles.jsonl.gz").read_bytes()).splitlines()
    ]
    for path in sorted((DATA / "stories").glob("week?.json.gz")):
        rows += json.loads(gzip.decompress(path.read_bytes()))["items"]
    with tempfile.TemporaryDirectory() as name, open_store(Path(name), create=True) as store:
        with store.transaction():
            for number, row in enumerate(rows[: FEEDS * ITEMS]):
                store.articles.add(article({**row, "url": row.get("url") or None}, NOW - timedelta(minutes=number)))
        began = time.perf_counter()
        known = store.articles.all()
        picks = pick_week(known, brief=Brief(line="World affairs: governments, disasters, sport"), now=NOW)
        took = time.perf_counter() - began
    chosen = sum(p.lost is None for p in picks)
    print(f"{len(known)} stored articles to {chosen} picks: {took:.1f} s, {megabytes(resource.RUSAGE_SELF):.0f} MB")


PARTS = {"pages": read_cached_pages, "rank": rank_stored, "web": collect_from_web}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS, nargs="?", help="one alone, so that its memory is its own")
    options = parser.parse_args()
    if options.part:
        PARTS[options.part]()
        return
    for part in PARTS:
        subprocess.run([sys.executable, "-m", "bench.collect", part], check=True)


if __name__ == "__main__":
    main()
