"""Quotes of the development articles, as rows {id, quotes} on standard output: what quotes_score.py reads.

usage: python -m bench.quotes [FILE] > pred.jsonl        (FILE: dev.jsonl or hard.jsonl; data: DIGEST_BENCH_DATA)
       python -m bench.quotes --speed                    milliseconds of processor time for 1,000 words, best of 3
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from digest.condense import find_quotes
from digest.model import Quote

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data")) / "quotes"


def row_of(quote: Quote) -> list[dict[str, object]]:
    """One record for each piece of a quote."""
    named = quote.speaker_span
    where = {"speaker_start": named.start, "speaker_end": named.end} if named else {}
    return [
        {"start": span.start, "end": span.end, "text": text, "speaker": quote.speaker, "role": quote.role, **where}
        for span, text in zip(quote.spans, quote.texts, strict=True)
    ]


def speed() -> float:
    texts = [json.loads(line)["text"] for line in (DATA / "dev.jsonl").read_text("utf-8").splitlines()]
    times = []
    for _ in range(3):
        began = time.process_time()
        for text in texts:
            find_quotes(text)
        times.append(time.process_time() - began)
    return 1e6 * min(times) / sum(len(text.split()) for text in texts)


def main(name: str = "dev.jsonl") -> None:
    if name == "--speed":
        print(f"{speed():.1f} ms for 1,000 words")
        return
    path = Path(name) if Path(name).is_file() else DATA / name
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        quotes = [record for quote in find_quotes(row["text"]) for record in row_of(quote)]
        print(json.dumps({"id": row["id"], "quotes": quotes}, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
