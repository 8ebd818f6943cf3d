"""The key quotes of some development articles with their terms, to be read by an editor; the next best with the rule.

usage: python -m bench.key_quotes [NUMBER] [FIRST]        (data: DIGEST_BENCH_DATA)
"""

from __future__ import annotations

import json
import sys

from bench.quotes import DATA
from digest.condense import explain_key_quotes


def main(number: str = "30", first: str = "0") -> None:
    rows = [json.loads(line) for line in (DATA / "dev.jsonl").read_text("utf-8").splitlines()]
    pulled = 0
    for row in rows[int(first) :: max(1, len(rows) // int(number))][: int(number)]:
        told = explain_key_quotes(f"{row['title']}\n\n{row['text']}", language="en")
        chosen = [w for w in told if not w.rule]
        pulled += len(chosen)
        print(f"\n## {row['title']}  ({len(told)} quotes)")
        passed = sorted((w for w in told if w.rule and w.terms), key=lambda w: -w.worth)
        for weighed in [*chosen, *passed[:2]]:
            terms = ", ".join(f"{name} {value:+.2f}" for name, value in weighed.terms.items() if value)
            print(f"{weighed.rule or 'PULLED'}: {weighed.worth:.2f} = {terms}")
            print(f"    “{weighed.quote.texts[0]}” — {weighed.quote.speaker}, {weighed.quote.role or '–'}")
    print(f"\n{pulled} pulled from {number} articles")


if __name__ == "__main__":
    main(*sys.argv[1:])
