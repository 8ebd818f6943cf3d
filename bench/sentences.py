"""Sentence boundaries against checked articles, and the hard cases: F1, paragraphs all right, time, every error.

    python -m bench.sentences [--errors] [HARD.jsonl ...]      # data: DIGEST_BENCH_DATA, default ../shared/data

A paragraph's sentences are joined with one blank, split, and the boundaries compared. A hard case is a row
{language, case, text, sentences}; it passes when every sentence does. Default: tests/data/sentences_hard.jsonl.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from digest.text.sentences import split_sentences

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data")) / "summaries" / "sentences.jsonl"
HARD = Path(__file__).resolve().parent.parent / "tests" / "data" / "sentences_hard.jsonl"


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def ends(sentences: list[str]) -> set[int]:
    """Where each but the last of *sentences* ends once they are joined with one blank."""
    found, at = set(), 0
    for sentence in sentences[:-1]:
        found.add(at + len(sentence))
        at += len(sentence) + 1
    return found


def score_articles(articles: list[dict], show: bool) -> None:
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    for article in articles:
        count = tally[article["source"]]
        for paragraph in article["paragraphs"]:
            text, gold = " ".join(paragraph), ends(paragraph)
            start = time.perf_counter()
            spans = split_sentences(text)
            count["ns"] += round(1e9 * (time.perf_counter() - start))
            found = {span.end for span in spans[:-1]}
            count["hit"] += len(gold & found)
            count["false"] += len(found - gold)
            count["missed"] += len(gold - found)
            count["right"] += gold == found
            count["paragraphs"] += 1
            count["words"] += len(text.split())
            for at in sorted(gold ^ found) if show else ():
                kind = "missed" if at in gold else "false"
                print(f"  {article['source']} {kind}: {text[max(0, at - 50) : at]}|{text[at : at + 40]}")
    for source, n in sorted(tally.items()):
        f1 = 200 * n["hit"] / (2 * n["hit"] + n["false"] + n["missed"])
        print(
            f"{source:<9} F1 {f1:.2f} ({n['false']} false, {n['missed']} missed), "
            f"paragraphs all right {100 * n['right'] / n['paragraphs']:.1f} %, "
            f"{n['ns'] / 1e3 / n['words']:.2f} ms per 1000 words"
        )


def score_hard(path: Path, show: bool) -> None:
    passed, total = Counter[str](), Counter[str]()
    for row in rows(path):
        language = row.get("language", "en")
        found = [span.of(row["text"]) for span in split_sentences(row["text"], language)]
        total[language] += 1
        passed[language] += found == row["sentences"]
        if show and found != row["sentences"]:
            print(f"  {language} {row.get('case', '')}: {' | '.join(found)}")
    each = ", ".join(f"{language} {passed[language]}/{n}" for language, n in total.items())
    print(f"{path.name}: {sum(passed.values())} of {sum(total.values())} ({each})")


def main(*arguments: str) -> None:
    show = "--errors" in arguments
    score_articles(rows(DATA), show)
    for path in [Path(a) for a in arguments if a != "--errors"] or [HARD]:
        score_hard(path, show)


if __name__ == "__main__":
    main(*sys.argv[1:])
