"""Summaries of the development articles, as rows {id, summary} on standard output: what summary_score.py reads.

usage: python bench/summaries.py [METHOD] [SENTENCES] [MAX_WORDS] > pred.jsonl        (data: DIGEST_BENCH_DATA)
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from digest.condense import summarize

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data")) / "summaries" / "dev.jsonl"


def main(method: str = "editorial", sentences: str = "3", max_words: str = "150") -> None:
    for line in DATA.read_text("utf-8").splitlines():
        row = json.loads(line)
        cut = summarize(
            row["text"],
            title=row["title"] or None,
            sentences=int(sentences),
            max_words=int(max_words),
            method=method,
            language="en",
        )
        print(json.dumps({"id": row["id"], "summary": [e.text for e in cut.sentences]}, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
