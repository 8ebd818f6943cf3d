"""Do titles alone find the biggest stories? nDCG@10 of the groups by number of hosts, for each category.

    python -m bench.headlines        # data from DIGEST_BENCH_DATA, default ../shared/data

A group earns the worth (hosts) of the story most of it belongs to, a second group of that story nothing. Second
groups are counted among as many places as there are stories to find, at most ten.
"""

from __future__ import annotations

import gzip
import json
import math
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime

from bench.weeks import DATA, article
from digest.pick import group_stories

NAMES = {"b": "business", "e": "entertainment", "m": "health", "t": "technology"}


def ndcg(groups: list[list[dict]]) -> tuple[float, int]:
    """nDCG@10 of *groups*, largest by hosts first, and how many picks were of a story already picked."""
    hosts = defaultdict(set)
    for group in groups:
        for row in group:
            hosts[row["story"]].add(row["host"])
    ranked = sorted(groups, key=lambda g: (-len({r["host"] for r in g}), g[0]["ts"], g[0]["id"]))
    seen: set[str] = set()
    gain, double = 0.0, 0
    for rank, group in enumerate(ranked[:10]):
        story = Counter(r["story"] for r in group).most_common(1)[0][0]
        if story not in seen:
            gain += len(hosts[story]) / math.log2(rank + 2)
        elif rank < len(hosts):
            double += 1
        seen.add(story)
    best = sorted((len(h) for h in hosts.values()), reverse=True)[:10]
    return gain / sum(w / math.log2(r + 2) for r, w in enumerate(best)), double


def main() -> None:
    rows = [json.loads(line) for line in gzip.decompress((DATA / "headlines.jsonl.gz").read_bytes()).splitlines()]
    by_id = {r["id"]: r for r in rows}
    scores = []
    for category in sorted({r["category"] for r in rows}):
        mine = [r for r in rows if r["category"] == category]
        articles = [
            article(
                {"id": r["id"], "title": r["title"], "text": r["title"], "url": r["url"], "source": r["host"]},
                datetime.fromtimestamp(r["ts"], UTC),
            )
            for r in mine
        ]
        start = time.perf_counter()
        groups = [[by_id[a.id] for a in s.articles()] for s in group_stories(articles)]
        took = time.perf_counter() - start
        score, double = ndcg(groups)
        scores.append(score)
        many = len({r["story"] for r in mine})
        print(
            f"{NAMES[category]:<14} nDCG@10 {score:.3f}, {double} double picks, "
            f"{len(groups)} groups for {many} stories, {took:.2f} s for {len(mine)} headlines"
        )
    print(f"mean nDCG@10 {sum(scores) / len(scores):.3f}")


if __name__ == "__main__":
    main()
