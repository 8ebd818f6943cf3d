"""Fits the weights of the quotes' speakers anew and prints the tables for digest/condense/weights.py.

usage: python -m bench.fit_quotes [--score] > weights    (data: DIGEST_BENCH_DATA; the scorer: beside it in bench/)

Data: dev.jsonl. For each marked stretch its candidates with their clues, and which of them the annotators mean; for
each pronoun everybody named before. Conditional logistic regression with a little L2: of the right candidates
together the chance shall be high. ``--score`` prints, on standard error, the figures by 5 folds: the quotes of each
article found with weights fitted on the articles of the other four.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from bench.quotes import DATA, row_of
from digest.condense import quotes, weights
from digest.condense.clues import Clues
from digest.condense.listening import listen
from digest.condense.marks import find_marked
from digest.condense.reading import read
from digest.condense.speakers import Attribution, Candidate, Hearing
from digest.condense.whom import whom_table

FOLDS = 5
SPEAKER_PENALTY, PRONOUN_PENALTY = 7.0, 2.0
RARE = 4  # a clue seen less often is not weighed
OPTIONAL, SILVER = 0.5, 0.6  # what a quote of under five words, and a name a program resolved, count

Row = Mapping[str, Any]
Weights = dict[str, float]


@dataclass
class Question:
    """The candidates' clues, which of them are right, and how much the question counts."""

    clues: list[list[str]]
    right: list[bool]
    counts: float


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quotes_score", DATA.parent.parent / "bench" / "quotes_score.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCORER = scorer()


def main(*options: str) -> None:
    rows = [json.loads(line) for line in (DATA / "dev.jsonl").read_text("utf-8").splitlines()]
    if "--score" in options:
        score(rows)
    for name, table in zip(("SPEAKER_WEIGHTS", "PRONOUN_WEIGHTS"), fit(rows), strict=True):
        print(f"{name}: dict[str, float] = {{")
        for clue, weight in sorted(table.items()):
            print(f"    {json.dumps(clue)}: {weight},")
        print("}")


def score(rows: Sequence[Row]) -> None:
    found: dict[str, list[dict[str, object]]] = {}
    for fold in range(FOLDS):
        use(*fit([row for n, row in enumerate(rows) if n % FOLDS != fold]))
        for row in rows[fold::FOLDS]:
            found[row["id"]] = [record for quote in quotes.find_quotes(row["text"]) for record in row_of(quote)]
    report = SCORER.report(SCORER.score(rows, found))
    for part in ("overlap", "end2end", "speaker"):
        print(f"# {FOLDS} folds, {part}: {report[part]}", file=sys.stderr)


def use(speakers: Weights, pronouns: Weights) -> None:
    for table, new in ((weights.SPEAKER_WEIGHTS, speakers), (weights.PRONOUN_WEIGHTS, pronouns)):
        table.clear()
        table.update(new)


def fit(rows: Sequence[Row]) -> tuple[Weights, Weights]:
    """Both tables, the second by the speakers the first finds."""
    use({}, {})
    speakers = fit_table([q for row in rows for q in questions(row)[0]], SPEAKER_PENALTY)
    use(speakers, {})
    return speakers, fit_table([q for row in rows for q in questions(row)[1]], PRONOUN_PENALTY)


def questions(row: Row) -> tuple[list[Question], list[Question]]:
    """What one article asks, with the weights in use: of its quotes, and of its pronouns."""
    reading = read(row["text"], language="und")
    marked = quotes.in_body(find_marked(reading.text), reading.body)
    hearing = Hearing(reading.text, marked, reading.language)
    clues = Clues(hearing)
    spans = [{"start": m.inner.start, "end": m.inner.end} for m in marked]
    pairs = SCORER.match(reading.text, row["quotes"], spans, lambda a, b: SCORER.iou(a, b) >= 0.8)
    golds = {nth: row["quotes"][i] for i, nth in pairs if row["quotes"][i]["speaker"]}
    speakers, pronouns = [], []
    answers: list[Attribution] = []
    for nth, heard in enumerate(listen(hearing, clues)):
        gold, told = golds.get(nth), heard.told
        if gold:
            table = clues.table(nth, heard.rules, answers)
            right = [is_meant(hearing, c, gold) for c, _ in table]
            speakers.append(Question([row for _, row in table], right, OPTIONAL if gold["optional"] else 1.0))
        if told.who is not None and told.who.kind == "pronoun" and gold and gold.get("speaker_name"):
            gender = hearing.gender_said(told.who)
            if gender and told.who.span.start < gold["speaker_end"] and gold["speaker_start"] < told.who.span.end:
                named = whom_table(clues, told.who, gender, marked[nth], hearing.spoken)
                right = [SCORER.same_name(clues.name_of(c), gold["speaker_name"]) for c, _ in named]
                counts = 1.0 if gold["name_by"] == "hand" else SILVER
                pronouns.append(Question([row for _, row in named], right, counts))
        answers.append(told)
    return speakers, pronouns


def is_meant(hearing: Hearing, c: Candidate, gold: Row) -> bool:
    """Whether the annotators mean *c*: another name of the same person counts as well."""
    if c.kind == "name" and c.mention is not None:
        person = hearing.cast.resolve(c.mention)
        named = {"speaker": person.name if person else c.mention.name, "speaker_start": c.span.start}
        return bool(SCORER.mention_ok(gold, {**named, "speaker_end": c.span.end}))
    overlaps = c.span.start < gold["speaker_end"] and gold["speaker_start"] < c.span.end
    return overlaps and not (c.possessive and gold["speaker_end"] > c.span.end + 3)


def fit_table(asked: Iterable[Question], penalty: float) -> Weights:
    known = [q for q in asked if any(q.right)]
    seen = Counter(clue for q in known for row in q.clues for clue in row)
    names = [clue for clue, times in seen.items() if times >= RARE]
    index = {clue: n for n, clue in enumerate(names)}
    rows = [(n, row, ok) for n, q in enumerate(known) for row, ok in zip(q.clues, q.right, strict=True)]
    cells = [(index[clue], n) for n, (_, row, _) in enumerate(rows) for clue in row if clue in index]
    column, of_row = np.array(cells).T
    question = np.array([n for n, _, _ in rows])
    right = np.array([ok for _, _, ok in rows])
    counts = np.array([q.counts for q in known])

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        scores = np.bincount(of_row, x[column], len(rows))
        top = np.full(len(known), -np.inf)
        np.maximum.at(top, question, scores)
        parts = np.exp(np.maximum(scores - top[question], -600.0))
        whole = np.bincount(question, parts, len(known))
        good = np.bincount(question, parts * right, len(known))
        pull = parts / whole[question] - parts * right / good[question]
        slope = np.bincount(column, (pull * counts[question])[of_row], len(x)) + penalty * x
        return float((counts * np.log(whole / good)).sum() + penalty / 2 * x @ x), slope

    x = lowest(loss, np.zeros(len(names)))
    return {clue: round(float(weight), 2) for clue, weight in zip(names, x, strict=True) if abs(weight) >= 0.005}


def lowest(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray) -> np.ndarray:
    """L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5), with halving steps."""
    value, slope = loss(x)
    past: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(120):
        way, shares = -slope, []
        for step, change in reversed(past):
            shares.append((step @ way) / (step @ change))
            way = way - shares[-1] * change
        if past:
            way = way * (past[-1][0] @ past[-1][1]) / (past[-1][1] @ past[-1][1])
        for (step, change), share in zip(past, reversed(shares), strict=True):
            way = way + step * (share - (change @ way) / (step @ change))
        length = 1.0 if past else 1 / max(1.0, float(np.abs(slope).sum()))
        while True:
            new_value, new_slope = loss(x + length * way)
            if new_value <= value + 1e-4 * length * (slope @ way) or length < 1e-8:
                break
            length /= 2
        if (length * way) @ (new_slope - slope) > 1e-10:
            past = [*past, (length * way, new_slope - slope)][-8:]
        x, done = x + length * way, abs(value - new_value) < 1e-5 * max(1.0, abs(value))
        if done:
            break
        value, slope = new_value, new_slope
    return x


if __name__ == "__main__":
    main(*sys.argv[1:])
