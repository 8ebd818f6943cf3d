"""How good is the choice? nDCG@10 of `pick_week` on the made weeks, and B-cubed F1 of `group_stories`.

    python -m bench.weeks            # data from DIGEST_BENCH_DATA, default ../shared/data

A stale or repeated pick, and a second pick of a story, earn nothing and are counted.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.model import Article, Brief, Region, Span
from digest.pick import group_stories, pick_week

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data")) / "stories"


def article(row: dict, seen: datetime) -> Article:
    text = row["text"]
    return Article(
        id=row["id"],
        version=1,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        url=row.get("url"),
        canonical=(row.get("url") or "").split("?")[0] or None,
        title=row.get("title") or text.split("\n")[0],
        standfirst="",
        text=text,
        regions=(Region("body", Span(0, len(text))),),
        authors=(),
        outlet=row.get("source"),
        source=row.get("source") or "",
        published=None,
        published_precision=None,
        seen=seen,
        language="en",
        image=None,
        paywall="unknown",
        license=None,
    )


def b_cubed(found: dict[str, int], gold: dict[str, str]) -> tuple[float, float, float]:
    ours, truth = defaultdict(set), defaultdict(set)
    for name, cluster in found.items():
        ours[cluster].add(name)
        truth[gold[name]].add(name)
    precision = sum(len(ours[found[n]] & truth[gold[n]]) / len(ours[found[n]]) for n in found) / len(found)
    recall = sum(len(ours[found[n]] & truth[gold[n]]) / len(truth[gold[n]]) for n in found) / len(found)
    return precision, recall, 2 * precision * recall / (precision + recall)


def main() -> None:
    scores = []
    for path in sorted(DATA.glob("week*.gold.json")):
        gold = json.loads(path.read_text())
        week = json.loads(gzip.decompress(path.with_name(path.name.replace(".gold.json", ".json.gz")).read_bytes()))
        now = datetime.fromisoformat(week["now"])
        articles = [article(i, datetime.fromisoformat(i["seen"])) for i in week["items"]]
        past = [
            article({"id": f"past{n}", "text": p["title"], **p}, now - timedelta(days=8))
            for n, p in enumerate(week["past_issue"])
        ]
        brief = Brief(line=week["brief"], source_weights={o["name"]: o["weight"] for o in week["outlets"]})
        start = time.perf_counter()
        picks = [p for p in pick_week(articles, brief=brief, now=now, past=past) if p.lost is None]
        took = time.perf_counter() - start
        seen: set[str] = set()
        gain, bad = 0.0, 0
        for rank, pick in enumerate(picks[:10]):
            truth = gold["items"][pick.story.lead.id]
            fresh = truth["kind"].split("+")[0] not in {"stale", "repeat"} and truth["story"] not in seen
            gain += gold["worth"][truth["story"]] / math.log2(rank + 2) if fresh else 0.0
            bad += not fresh
            seen.add(truth["story"])
        best = sorted(gold["worth"].values(), reverse=True)[:10]
        scores.append(gain / sum(w / math.log2(r + 2) for r, w in enumerate(best)))
        print(f"{path.name}: nDCG@10 {scores[-1]:.3f}, lost picks {bad}, {took:.2f} s for {len(articles)} items")
    print(f"mean nDCG@10 {sum(scores) / len(scores):.3f} (one-line brief)")
    rows = [json.loads(line) for line in gzip.decompress((DATA / "articles.jsonl.gz").read_bytes()).splitlines()]
    now = datetime(2026, 3, 1, tzinfo=UTC)
    found = {}
    for cluster, story in enumerate(group_stories([article(r, now) for r in rows])):
        found.update({a.id: cluster for a in story.articles()})
    precision, recall, f1 = b_cubed(found, {r["id"]: r["story"] for r in rows})
    print(f"stories: B-cubed precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} on {len(rows)} texts")


if __name__ == "__main__":
    main()
