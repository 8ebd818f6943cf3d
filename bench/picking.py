"""How long does a large week take, and how much memory? 1,000 articles of some 600 words to ranked picks.

    python -m bench.picking          # data from DIGEST_BENCH_DATA, default ../shared/data

The articles are made from the news texts: several of one story on end, every fifth word another so that none is a
copy; 200 past picks besides. Time is this process's own; memory is its peak, Python and the articles included.
"""

from __future__ import annotations

import gzip
import json
import resource
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.weeks import DATA, article
from digest.model import Article, Brief, SectionBrief
from digest.pick import pick_week

NOW = datetime(2026, 3, 8, tzinfo=UTC)
ITEMS = 1000
PAST = 200
WORDS = 600
BRIEF = Brief(
    line="Business, technology and science for engineers: chips, networks, energy, transport",
    sections=(SectionBrief("Business", ("market", "company")), SectionBrief("Technology", ("chip", "software"))),
    source_limit=3,
)


def made(rows: list[dict], number: int) -> Article:
    """Article *number*: texts of one story on end, told some time in the week by one of 60 outlets."""
    row = rows[number % len(rows)]
    same = [r for r in rows if r["story"] == row["story"]]
    first = same.index(row)
    words = [word for r in (*same[first:], *same[:first]) for word in r["text"].split()][:WORDS]
    words[::5] = [f"{word}{number}" for word in words[::5]]
    seen = NOW - timedelta(minutes=10 * number)
    one = article({"id": f"{number:016}", "text": " ".join(words), "source": f"Outlet {number % 60}"}, seen)
    return replace(one, title=row["text"].split("\n")[0])


def main() -> None:
    rows = [json.loads(line) for line in gzip.decompress((DATA / "articles.jsonl.gz").read_bytes()).splitlines()]
    articles = [made(rows, n) for n in range(ITEMS)]
    past = [replace(made(rows, ITEMS + n), seen=NOW - timedelta(days=8)) for n in range(PAST)]
    words = sum(len(a.text.split()) for a in articles)
    start = time.process_time()
    picks = pick_week(articles, brief=BRIEF, now=NOW, past=past)
    took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    chosen = sum(p.lost is None for p in picks)
    print(f"{ITEMS} articles, {words} words: {took:.2f} s, peak {peak:.0f} MB, {chosen} picks")


if __name__ == "__main__":
    main()
