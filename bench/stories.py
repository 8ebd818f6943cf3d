"""How well does `group_stories` find the stories? B-cubed F1, as a whole and where its rules could fail.

    python -m bench.stories          # data from DIGEST_BENCH_DATA, default ../shared/data

halves: random halves of the topics, two seeds (a rule that fits one half only shows). thirds: three reports a story
at most, the usual coverage of a small newsletter. alone: the same, one of each two look-alikes. moved: how often new
reports of an event pass for news. weeks: the made weeks. At last the time for 1,000 items, made by repeating the
weeks' items with other names.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bench.weeks import DATA, article, b_cubed, weeks
from digest.model import Article
from digest.pick import group_stories
from digest.pick.past import moved

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ITEMS = 1000


def scores(articles: Sequence[Article], gold: dict[str, str]) -> tuple[float, float, float]:
    found = {a.id: n for n, story in enumerate(group_stories(articles)) for a in story.articles()}
    return b_cubed(found, gold)


def mean_f1(sets: Iterable[Sequence[Article]], gold: dict[str, str]) -> str:
    found = [scores(articles, gold)[2] for articles in sets]
    return f"F1 {sum(found) / len(found):.3f} ({', '.join(f'{f:.3f}' for f in found)})"


def thirds(articles: Sequence[Article], gold: dict[str, str], seed: int) -> list[Article]:
    rng = random.Random(seed)
    by_story = defaultdict(list)
    for one in articles:
        by_story[gold[one.id]].append(one)
    return [a for s in sorted(by_story) for a in rng.sample(by_story[s], min(3, len(by_story[s])))]


def came_back(articles: Sequence[Article], gold: dict[str, str]) -> str:
    """How often three to eight other reports pass for news on an event a past issue told, and on its look-alike."""
    rng = random.Random(3)
    by_story = defaultdict(list)
    for one in articles:
        by_story[gold[one.id]].append(replace(one, outlet=one.id))
    tried: dict[str, list[bool]] = {"the same event": [], "its look-alike": []}
    for name, reports in sorted(by_story.items()):
        twin = by_story.get(name[:-1] + {"a": "b", "b": "a"}.get(name[-1], ""), [])
        for told in reports:
            for what, others in (("the same event", [r for r in reports if r is not told]), ("its look-alike", twin)):
                if len(others) >= 3 and len(told.text.split()) >= 60:
                    new = rng.sample(others, min(len(others), rng.randrange(3, 9)))
                    tried[what].append(moved(new, [told]).enough())
    return "moved: " + ", ".join(f"{what} {sum(t) / len(t):.3f} of {len(t)}" for what, t in tried.items())


def main() -> None:
    rows = [json.loads(line) for line in gzip.decompress((DATA / "articles.jsonl.gz").read_bytes()).splitlines()]
    gold = {r["id"]: r["story"] for r in rows}
    topic = {r["id"]: r["topic"] for r in rows}
    texts = [article(r, NOW) for r in rows]
    precision, recall, f1 = scores(texts, gold)
    print(f"all: B-cubed precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} on {len(rows)} texts")
    topics = sorted(set(topic.values()))
    halves = []
    for seed in (0, 1):
        half = set(random.Random(seed).sample(topics, len(topics) // 2))
        halves += [[a for a in texts if (topic[a.id] in half) is side] for side in (True, False)]
    print(f"halves: {mean_f1(halves, gold)}")
    few = [thirds(texts, gold, seed) for seed in range(4)]
    print(f"thirds: {mean_f1(few, gold)}")
    alone = [[a for a in some if gold[a.id].endswith("ab"[n % 2])] for n, some in enumerate(few)]
    print(f"alone: {mean_f1(alone, gold)}")
    print(came_back(texts, gold))
    found = []
    crowd: list[Article] = []
    for week in weeks():
        known = {i: item["story"] for i, item in week.gold["items"].items()}
        fresh = [a for a in week.articles if week.gold["items"][a.id]["kind"] != "stale"]
        found.append(scores(fresh, known)[2])
        crowd += week.articles
    print(f"weeks: F1 {sum(found) / len(found):.3f} ({', '.join(f'{f:.3f}' for f in found)})")
    many = [renamed(crowd[n % len(crowd)], n) for n in range(ITEMS)]
    start = time.perf_counter()
    groups = group_stories(many)
    print(f"{ITEMS} items: {time.perf_counter() - start:.2f} s, {len(groups)} stories")


def renamed(one: Article, number: int) -> Article:
    """The same report with every fifth word another, so that it is no copy."""
    words = one.text.split()
    words[::5] = [f"{word}{number}" for word in words[::5]]
    return replace(one, id=f"{number}", text=" ".join(words), canonical=None)


if __name__ == "__main__":
    main()
