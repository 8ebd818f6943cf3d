"""Does `find_copies` know a copy from a second report? Recall on made copies, share of true pairs flagged.

    python -m bench.copies           # data from DIGEST_BENCH_DATA, default ../shared/data

Copies are made from the news texts (seeded): syndicated = the same text under another headline with a line of
boilerplate; excerpt = a contiguous 40 %; edit = 8 % of the words replaced by words of other texts. Negatives are
pairs of one story by two outlets; some of those are true agency copies, so their share never reaches 0.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime

from bench.weeks import DATA, article
from digest.pick.duplicates import find_copies

SEEN = datetime(2026, 3, 1, tzinfo=UTC)
PAIRS = 3000
MIN_WORDS = 60  # a shorter text's 40 % is a headline


def syndicated(text: str, others: list[str], rng: random.Random) -> str:
    lines = text.split("\n")
    lines[0] = rng.choice(others).split("\n")[0]
    lines.insert(rng.randrange(1, len(lines) + 1), "Sign up for our morning newsletter and follow us for more on this")
    return "\n".join(lines)


def excerpt(text: str, others: list[str], rng: random.Random) -> str:
    words = text.split()
    size = max(1, round(len(words) * 0.4))
    start = rng.randrange(len(words) - size + 1)
    return " ".join(words[start : start + size])


def edited(text: str, others: list[str], rng: random.Random) -> str:
    words = text.split()
    for place in rng.sample(range(len(words)), round(len(words) * 0.08)):
        words[place] = rng.choice(rng.choice(others).split())
    return " ".join(words)


def main() -> None:
    rows = [json.loads(line) for line in gzip.decompress((DATA / "articles.jsonl.gz").read_bytes()).splitlines()]
    rng = random.Random(7)
    texts = [r["text"] for r in rows]
    long = [r for r in rows if len(r["text"].split()) >= MIN_WORDS]
    for make in (syndicated, excerpt, edited):
        found = 0
        for row in long:
            copy = {"id": "copy", "text": make(row["text"], texts, rng)}
            pair = [article({"id": row["id"], "text": row["text"]}, SEEN), article(copy, SEEN)]
            found += find_copies(pair) == {1: 0}
        print(f"{make.__name__:<10} recall {found / len(long):.4f} of {len(long)}")
    stories = defaultdict(list)
    for row in rows:
        stories[row["story"]].append(row)
    pairs = [p for group in stories.values() for p in itertools.combinations(group, 2)]
    pairs = rng.sample(pairs, min(PAIRS, len(pairs)))
    flagged: Counter[bool] = Counter()
    for first, second in pairs:
        same = [article({"id": r["id"], "text": r["text"]}, SEEN) for r in (first, second)]
        flagged[bool(find_copies(same))] += 1
    print(f"true pairs flagged {flagged[True] / len(pairs):.4f} of {len(pairs)}")
    crowd = [article({"id": f"{n}-{r['id']}", "text": r["text"]}, SEEN) for n in (1, 2) for r in rows]
    start = time.perf_counter()
    copies = find_copies(crowd)
    print(f"{len(crowd)} texts, half of them copies: {time.perf_counter() - start:.2f} s, {len(copies)} found")


if __name__ == "__main__":
    main()
