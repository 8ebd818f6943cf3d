"""How good is the choice? nDCG@10 of `pick_week` on the made weeks.

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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from digest.model import Article, Brief, Pick, Region, Span
from digest.pick import pick_week

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


@dataclass(frozen=True)
class Week:
    """One made week, and the answers (`gold`: worth, on_brief, items)."""

    name: str
    now: datetime
    brief: Brief
    articles: list[Article]
    past: list[Article]
    gold: dict


def weeks() -> list[Week]:
    """The made weeks, with the one-line brief and the outlets' weights and nothing else."""
    found = []
    for path in sorted(DATA.glob("week*.gold.json")):
        name = path.name.removesuffix(".gold.json")
        made = json.loads(gzip.decompress(path.with_name(f"{name}.json.gz").read_bytes()))
        now = datetime.fromisoformat(made["now"])
        past = [
            article({"id": f"past{n}", "text": p["title"], **p}, now - timedelta(days=8))
            for n, p in enumerate(made["past_issue"])
        ]
        brief = Brief(line=made["brief"], source_weights={o["name"]: o["weight"] for o in made["outlets"]})
        articles = [article(i, datetime.fromisoformat(i["seen"])) for i in made["items"]]
        found.append(Week(name, now, brief, articles, past, json.loads(path.read_text())))
    return found


def ndcg(picks: Sequence[Pick], gold: dict) -> tuple[float, int]:
    """nDCG@10 of *picks* over the stories' worth, and how many were stale, repeated or a second of their story."""
    seen: set[str] = set()
    gain, bad = 0.0, 0
    for rank, pick in enumerate(picks[:10]):
        truth = gold["items"][pick.story.lead.id]
        worth = gold["worth"].get(truth["story"], 0.0)  # a story of the last issue is worth nothing
        fresh = worth > 0 and truth["kind"].split("+")[0] not in {"stale", "repeat"} and truth["story"] not in seen
        gain += worth / math.log2(rank + 2) if fresh else 0.0
        bad += not fresh
        seen.add(truth["story"])
    best = sorted(gold["worth"].values(), reverse=True)[:10]
    return gain / sum(w / math.log2(r + 2) for r, w in enumerate(best)), bad


def main() -> None:
    scores = []
    for week in weeks():
        start = time.perf_counter()
        picks = pick_week(week.articles, brief=week.brief, now=week.now, past=week.past)
        took = time.perf_counter() - start
        score, bad = ndcg([p for p in picks if p.lost is None], week.gold)
        scores.append(score)
        print(f"{week.name}: nDCG@10 {score:.3f}, lost picks {bad}, {took:.2f} s for {len(week.articles)} items")
    print(f"mean nDCG@10 {sum(scores) / len(scores):.3f} (one-line brief)")


if __name__ == "__main__":
    main()
