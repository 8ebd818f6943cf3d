"""Summaries of the development articles, as rows {id, summary} on standard output: what summary_score.py reads.

usage: python -m bench.summaries [METHOD] [SENTENCES] [MAX_WORDS] > pred.jsonl        (data: DIGEST_BENCH_DATA)
       python -m bench.summaries --score [METHOD]              scored by summary_score.py (needs rouge-score-rs)
       python -m bench.summaries --introduced < pred.jsonl     bare surnames and short forms nobody introduced
       python -m bench.summaries --speed                       milliseconds an article, and for 400 and 10,000 sentences
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

from digest.condense import summarize

DATA = Path(os.environ.get("DIGEST_BENCH_DATA", "../shared/data")) / "summaries" / "dev.jsonl"

_NAME = r"[A-ZÀ-Þ][a-zß-ÿ]+(?:[-’'][A-ZÀ-Þ][a-zß-ÿ]+)?"
_FULL = re.compile(rf"\b{_NAME}(?: [A-Z]\.)?(?: (?:de|van|von|al|bin|el|la|der))?((?: {_NAME}){{1,2}})\b")
_BARE = re.compile(
    rf"(?:^|(?<=[\s“\"(]))(?:(?:Mr|Mrs|Ms|Dr)\.? )?({_NAME})(?:[’']s)?(?= (?:said|says|told|added|was|is|has|had|will|"
    r"who|also|and his|and her|,))"
)
_SHORT_FORM = re.compile(r"\b[A-Z]{2,5}s?\b")


def main(method: str = "editorial", sentences: str = "3", max_words: str = "75") -> None:
    for row in _rows():
        cut = summarize(
            row["text"],
            title=row["title"] or None,
            sentences=int(sentences),
            max_words=int(max_words),
            method=method,
            language="en",
        )
        print(json.dumps({"id": row["id"], "summary": [e.text for e in cut.sentences]}, ensure_ascii=False))


def score(*options: str) -> None:
    """ROUGE with intervals and the readability checks, by the scorer beside the data."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as found:
        with contextlib.redirect_stdout(found):
            main(*options)
        found.flush()
        scorer = DATA.parent.parent.parent / "bench" / "summary_score.py"
        told = ["--data", str(DATA), "--pred", found.name, "--checks", "--fast"]
        subprocess.run([sys.executable, str(scorer), *told], check=True)


def _rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]


def introduced() -> None:
    """Share of summaries with a bare surname, or a short form the article explains, that nothing before explains.

    An independent count by plain patterns: it knows nothing of digest/text/names.py.
    """
    rows = {row["id"]: row for row in _rows()}
    counts: dict[str, list[tuple[bool, bool]]] = {}
    for line in sys.stdin:
        found = json.loads(line)
        row = rows[found["id"]]
        faults = _unintroduced(found["summary"], row["text"]), _unexplained(found["summary"], row["text"])
        counts.setdefault(row["source"], []).append((bool(faults[0]), bool(faults[1])))
        if any(faults) and os.environ.get("VERBOSE"):
            print(found["id"], *faults, found["summary"])
    for source, flags in counts.items():
        names, shorts = (100 * mean(column) for column in zip(*flags, strict=True))
        print(f"{source}: bare surname {names:.1f} %, short form unexplained {shorts:.1f} % of {len(flags)}")


def _unintroduced(summary: list[str], text: str) -> list[str]:
    people: dict[str, set[str]] = {}
    for full in _FULL.finditer(text):
        parts = full.group().split()
        if len(re.findall(rf"\b{re.escape(parts[-1])}\b (?:said|says|told|added)", text)) and parts[0] not in _TITLES:
            people.setdefault(parts[-1], set()).add(full.group())
    faults = []
    for nth, sentence in enumerate(summary):
        before = " ".join(summary[:nth])
        for bare in _BARE.finditer(sentence):
            name = bare[1]
            seen = f"{before} {sentence[: bare.end()]}"
            known = name in people and any(full in seen for full in people[name])
            if name in people and not known and not re.search(rf"{_NAME} {re.escape(name)}\b", seen):
                faults.append(name)
    return faults


_TITLES = frozenset("Mr Mrs Ms Dr The A An In On At But And He She It For Sir Lord Judge President Senator".split())


def _unexplained(summary: list[str], text: str) -> list[str]:
    said = " ".join(summary)
    faults = []
    for short in {found.group() for found in _SHORT_FORM.finditer(said)}:
        explained = re.search(
            rf"\b([A-Z][\w’'-]+(?: (?:of|for|and|the|on|in|de))*(?: [A-Z][\w’'-]+)+),? \(({short})\)", text
        )
        if explained and explained[1] not in said:
            faults.append(short)
    return faults


def speed() -> None:
    rows = _rows()
    summarize(rows[0]["text"], language="en")  # imports
    start = time.process_time()
    for row in rows:
        summarize(row["text"], title=row["title"] or None, language="en")
    print(f"{1000 * (time.process_time() - start) / len(rows):.1f} ms an article (mean of {len(rows)})")
    paragraphs = [p for row in rows[600:] for p in row["text"].split("\n\n")]
    for wanted in (400, 10_000):
        text = "\n\n".join(paragraphs)
        text = " ".join(re.split(r"(?<=[.!?])\s+", text)[:wanted])
        text = re.sub(r"((?:[^.!?]*[.!?]+){4}) ", r"\1\n\n", text)
        start = time.process_time()
        summarize(text, language="en")
        print(f"{1000 * (time.process_time() - start):.0f} ms for {wanted} sentences")


if __name__ == "__main__":
    if "--introduced" in sys.argv:
        introduced()
    elif "--speed" in sys.argv:
        speed()
    elif "--score" in sys.argv:
        score(*(option for option in sys.argv[1:] if option != "--score"))
    else:
        main(*sys.argv[1:])
