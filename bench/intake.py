"""How well articles and feeds are read, against the reference data's truth.

    python -m bench.intake [FOLDER]     # FOLDER: the reference data, default $DIGEST_BENCH_DATA or ../shared/data
    python -m bench.intake -v           # every title, author and date that differs

Pages: 4-word shingles, precision and recall averaged over pages; pieces found and kept out; title, authors, day; ms a
page, the libraries loaded. Damaged pages: crashes. Feeds: every entry's id, link, title, published and enclosures; ms
for a feed of 680 KB. Lists of feeds: every feed's address, title and groups.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import random
import re
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from digest.collect import parse_feed, read_article
from digest.collect.opml import parse_opml
from digest.errors import DigestError
from digest.model import Article

SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))


def overlap(truth: str, output: str) -> tuple[float, float]:
    """Precision and recall of one page."""
    a, b = shingles(truth), shingles(output)
    shared = sum((a & b).values())
    return shared / max(1, sum(b.values())), shared / max(1, sum(a.values()))


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def same_day(article: Article, truth: str | None) -> bool:
    if truth is None or article.published is None:
        return truth is None and article.published is None
    wanted = datetime.fromisoformat(truth)
    got = article.published
    if wanted.tzinfo and got.tzinfo:
        got = got.astimezone(wanted.tzinfo)
    return got.date() == wanted.date()


def score_pages(folder: Path, *, verbose: bool = False) -> dict[str, Any]:
    rows = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    pairs, found, hits = [], Counter[str](), Counter[str]()
    times, failures = [], []
    if rows:  # the first page loads the libraries
        read_article(gzip.decompress((folder / rows[0]["file"]).read_bytes()), kind="html", seen=SEEN)
    for row in rows:
        page = gzip.decompress((folder / row["file"]).read_bytes())
        began = time.perf_counter()
        try:
            article = read_article(page, url=row["url"], kind="html", seen=SEEN)
        except DigestError as error:
            failures.append(f"{row['id']}: {error}")
            pairs += [(0.0, 0.0)] if row["body"] else []
            continue
        times.append(time.perf_counter() - began)
        if row["body"]:
            pairs.append(overlap(row["body"], article.text))
        for name, pieces in (("must", row.get("must_have")), ("must not", row.get("must_not"))):
            for piece in pieces or []:
                there = " ".join(piece.split()) in " ".join(article.text.split())
                found[f"{name} {'found' if there else 'absent'}"] += 1
        good = {
            "title": bare(article.title) == bare(row["title"] or ""),
            "authors": {bare(a) for a in article.authors} == {bare(a) for a in row["authors"]},
            "day": same_day(article, row["published"]),
        }
        hits.update(name for name, ok in good.items() if ok)
        if verbose:
            scored = f"F1 {f1(*pairs[-1]):.3f} P {pairs[-1][0]:.3f} R {pairs[-1][1]:.3f}" if row["body"] else ""
            print(row["id"], scored)
            for name, ok in good.items():
                if not ok:
                    got = {"title": article.title, "authors": article.authors, "day": article.published}[name]
                    print(f"    {name}: {got!r} for {row['published' if name == 'day' else name]!r}")
    precision = sum(p for p, _ in pairs) / len(pairs)
    recall = sum(r for _, r in pairs) / len(pairs)
    return {
        "pages": len(rows),
        "failures": failures,
        "F1": f1(precision, recall),
        "precision": precision,
        "recall": recall,
        "pieces": dict(found),
        **{name: hits[name] for name in ("title", "authors", "day")},
        "ms mean": 1000 * statistics.fmean(times),
        "ms p95": 1000 * sorted(times)[max(0, math.ceil(0.95 * len(times)) - 1)],
    }


def damage(page: bytes, rng: random.Random) -> bytes:
    """*page* in one of the ways pages arrive broken."""
    at = rng.randrange(len(page))
    match rng.randrange(7):
        case 0:
            return page[:at]
        case 1:
            flipped = bytearray(page)
            for _ in range(rng.randrange(1, 200)):
                flipped[rng.randrange(len(flipped))] = rng.randrange(256)
            return bytes(flipped)
        case 2:
            return page[:at] + b"<div>" * 5000 + page[at:]
        case 3:
            return page[:at] + b"\x00" * rng.randrange(1, 50) + page[at:]
        case 4:
            return page[:at] + b'<p class="' + b"x " * 200_000 + b'">' + page[at:]
        case 5:
            wrong = rng.choice(["utf-16", "utf-32", "cp037", "shift_jis"])
            return page.decode("utf-8", "replace").encode(wrong, "replace")
        case _:
            return page.replace(b"<p", rng.choice([b"<table><td", b"<a href=x", b"<svg", b"<!--", b"<article"]))


def crash_pages(folder: Path, *, pages: int = 200, seed: int = 7) -> dict[str, Any]:
    """Damaged pages that end in anything but an article or a ReadError."""
    rng = random.Random(seed)
    whole = [gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("*.gz"))]
    crashes = []
    for _ in range(pages):
        try:
            read_article(damage(rng.choice(whole), rng), url="https://a.example/x", kind="html", seen=SEEN)
        except DigestError:
            continue
        except Exception as error:  # what is counted here
            crashes.append(repr(error))
    return {"pages": pages, "crashes": crashes}


def score_feeds(folder: Path) -> dict[str, Any]:
    """Differences from the truth, none hidden."""
    entries, wrong = 0, []
    for row in json.loads((folder / "truth.json").read_text(encoding="utf-8")):
        try:
            feed = parse_feed((folder / row["file"]).read_bytes(), url=row["fetch_url"])
        except DigestError as error:
            if row.get("expect") != "error":
                wrong.append(f"{row['file']}: {error}")
            continue
        if row.get("expect") == "error":
            wrong.append(f"{row['file']}: read as a feed")
        head = ((feed.title or None, row["title"]), (feed.language, row["language"]), (len(feed.entries), row["n"]))
        wrong += [f"{row['file']}: {got!r} for {truth!r}" for got, truth in head if got != truth]
        for entry, truth in zip(feed.entries, row["entries"], strict=False):
            entries += 1
            got = {
                "id": entry.id,
                "title": entry.title or None,
                "link": entry.link,
                "published": entry.published.strftime("%Y-%m-%dT%H:%M:%SZ") if entry.published else None,
                "external_url": entry.external_url,
                "enclosures": list(entry.enclosures),
            }
            # The truth holds one enclosure as written; ours are absolute.
            truth = {**truth, "enclosures": [urljoin(row["fetch_url"], e) for e in truth.get("enclosures", [])]}
            wrong += [f"{row['file']} {k}: {v!r} for {truth.get(k)!r}" for k, v in got.items() if v != truth.get(k)]
    return {
        "entries": entries,
        "wrong": wrong,
        "ms for 680 KB, long entries": large_feed_ms((folder / "rss20-cloudflare-long.xml").read_bytes()),
        "ms for 680 KB, short entries": large_feed_ms((folder / "rss20-bbc.xml").read_bytes()),
    }


def large_feed_ms(feed: bytes, *, size: int = 680_000) -> float:
    """The median of five readings of *feed*, made that long with its own entries."""
    items = re.findall(rb"<item\b.*?</item>", feed, re.DOTALL)
    begin, end = feed.index(items[0]), feed.rindex(items[-1]) + len(items[-1])
    entries = b"".join(items)
    long = feed[:begin] + entries * (size // len(entries) + 1) + feed[end:]
    times = []
    for _ in range(5):
        began = time.perf_counter()
        parse_feed(long, url="https://a.example/feed")
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def score_lists(folder: Path) -> dict[str, Any]:
    feeds, wrong = 0, []
    for row in json.loads((folder / "opml_truth.json").read_text(encoding="utf-8")):
        got = [(f.url, f.title, list(f.groups)) for f in parse_opml((folder / row["file"]).read_bytes()).feeds]
        truth = [(f["url"], f["title"], f["groups"]) for f in row["feeds"]]
        feeds += len(truth)
        if got != truth:
            wrong.append(f"{row['file']}: {got!r} for {truth!r}")
    return {"feeds": feeds, "wrong": wrong}


def main(arguments: list[str]) -> None:
    names = [a for a in arguments if not a.startswith("-")]
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    data = Path(names[0] if names else os.environ.get("DIGEST_BENCH_DATA", default))
    for title, result in (
        ("pages", score_pages(data / "pages", verbose="-v" in arguments)),
        ("damaged pages", crash_pages(data / "pages")),
        ("feeds", score_feeds(data / "feeds")),
        ("lists of feeds", score_lists(data / "feeds")),
    ):
        print(title)
        for name, value in result.items():
            print(f"  {name}: {value:.3f}" if isinstance(value, float) else f"  {name}: {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
