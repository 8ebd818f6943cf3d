"""Fits the weights of `editorial` anew and prints the tables for digest/condense/editorial.py.

usage: python -m bench.fit_summary [--score]     (data: DIGEST_BENCH_DATA; --score: 5-fold ROUGE, needs rouge-score)

Data: the 700 rows cnn-val and cnndm-train of summaries/dev.jsonl with their editors' highlights. A sentence counts
where the greedy oracle of at most three takes it; a word or a pair where the highlights hold it. Logistic regression
with a little L2, by Newton's method.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean
from typing import Any

import numpy as np

from bench.summaries import DATA
from digest.condense import candidates as found_in
from digest.condense import editorial, summarize
from digest.condense.editorial import Row
from digest.condense.reading import read
from digest.text.words import stem, tokens

FOLDS = 5
PENALTY = 10.0
SOURCES = ("cnn-val", "cnndm-train")


@dataclass
class Text:
    row: dict[str, Any]
    passage: editorial.Passage
    chosen: set[int]
    words: set[str]
    pairs: set[tuple[str, str]]


def main(*options: str) -> None:
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    texts = [prepare(row) for row in rows if row["source"] in SOURCES]
    if "--score" in options:
        score(texts, rows)
    for name, table in fit(texts).items():
        print(f"{name}: dict[str, float] = {{")
        for feature, weight in table.items():
            print(f'    "{feature}": {weight:.2f},')
        print("}")


def prepare(row: dict[str, Any]) -> Text:
    reading = read(row["text"], title=row["title"] or None, language="en")
    candidates = found_in.find_candidates(reading)
    reference = _stems(row["references"][0])
    bags = [_stems(c.text) for c in candidates]
    chosen = _oracle(bags, reference, [n for n, c in enumerate(candidates) if not c.flaw])
    pairs = set(pairwise(reference))
    return Text(row, editorial.Passage([c.text for c in candidates]), chosen, set(reference), pairs)


def fit(texts: Sequence[Text]) -> dict[str, dict[str, float]]:
    """The three tables, fitted one on the other: the words' features hold the sentences' ratings."""
    rows = [editorial.sentence_features(t.passage) for t in texts]
    labels = [n in t.chosen for t in texts for n in range(len(t.passage.sentences))]
    sentence_weights = _logistic([row for table in rows for row in table], labels)
    tables = {"SENTENCE_WEIGHTS": sentence_weights}
    kinds: dict[str, tuple[list[Row], list[bool]]] = {"WORD_WEIGHTS": ([], []), "PAIR_WEIGHTS": ([], [])}
    for text, table in zip(texts, rows, strict=True):
        ratings = [sentence_weights[""] + sum(sentence_weights[k] * x for k, x in row.items()) for row in table]
        words, pairs = editorial.find_units(text.passage)
        for name, units, held in (("WORD_WEIGHTS", words, text.words), ("PAIR_WEIGHTS", pairs, text.pairs)):
            kinds[name][0].extend(editorial.unit_features(said, ratings) for said in units.values())
            kinds[name][1].extend(unit in held for unit in units)
    return {**tables, **{name: _logistic(*rows_labels) for name, rows_labels in kinds.items()}}


def _logistic(rows: Sequence[Row], labels: Sequence[bool]) -> dict[str, float]:
    names = list(rows[0])
    x = np.array([[row[name] for name in names] for row in rows])
    center, scale = x.mean(0), np.maximum(x.std(0), 1e-9)
    x = np.hstack([np.ones((len(x), 1)), (x - center) / scale])
    y = np.array(labels, dtype=float)
    w = np.zeros(x.shape[1])
    ridge = np.diag([0.0, *[PENALTY] * len(names)])
    for _ in range(25):
        p = 1 / (1 + np.exp(-(x @ w)))
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge, x.T @ (y - p) - ridge @ w)
        w += step
        if abs(step).max() < 1e-6:
            break
    slopes = w[1:] / scale
    table = {"": float(w[0] - slopes @ center)}
    return {**table, **{name: float(slope) for name, slope in zip(names, slopes, strict=True)}}


def _stems(text: str) -> list[str]:
    return [stem(word) for word in tokens(text)]


def _oracle(bags: Sequence[Sequence[str]], reference: Sequence[str], allowed: Sequence[int]) -> set[int]:
    """Greedy: the sentence that raises ROUGE-1 + ROUGE-2 F1 most, at most three."""
    words, pairs = Counter(reference), Counter(pairwise(reference))

    def f1(numbers: Sequence[int]) -> float:
        said: tuple[Counter[Any], Counter[Any]] = (Counter(), Counter())
        for n in numbers:
            said[0].update(bags[n])
            said[1].update(pairwise(bags[n]))
        total = 0.0
        for mine, theirs in zip(said, (words, pairs), strict=True):
            if both := sum((mine & theirs).values()):
                total += 2 * both / (sum(mine.values()) + sum(theirs.values()))
        return total

    chosen: list[int] = []
    best = 0.0
    while len(chosen) < 3:
        tries = [(f1([*chosen, n]), -n) for n in allowed if n not in chosen]
        if not tries or max(tries)[0] <= best:
            break
        best, number = max(tries)
        chosen.append(-number)
    return set(chosen)


def score(texts: Sequence[Text], rows: Sequence[Mapping[str, Any]]) -> None:
    """Five folds: each article summarized by weights fitted on the other four fifths; Wikinews by those of all."""
    from rouge_score import rouge_scorer  # type: ignore[import-not-found]

    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True)
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    kept = {name: dict(getattr(editorial, name)) for name in ("SENTENCE_WEIGHTS", "WORD_WEIGHTS", "PAIR_WEIGHTS")}
    folds = [({order[n] for n in range(fold, len(order), FOLDS)}, fold) for fold in range(FOLDS)]
    figures: dict[str, list[list[float]]] = {}
    todo = [([texts[n].row for n in held], [t for n, t in enumerate(texts) if n not in held]) for held, _ in folds]
    todo.append(([dict(row) for row in rows if row["source"] == "wikinews"], list(texts)))
    for held_rows, training in todo:
        for name, table in fit(training).items():
            getattr(editorial, name).update(table)
        for row in held_rows:
            cut = summarize(row["text"], title=row["title"] or None, max_words=75, language="en")
            said = "\n".join(e.text for e in cut.sentences)
            scores = [scorer.score(reference, said) for reference in row["references"]]
            best = [100 * max(s[kind].fmeasure for s in scores) for kind in ("rouge1", "rouge2", "rougeLsum")]
            figures.setdefault(row["source"], []).append([*best, len(said.split())])
    for name, table in kept.items():
        getattr(editorial, name).update(table)
    for source, values in figures.items():
        r1, r2, rl, words = (mean(column) for column in zip(*values, strict=True))
        print(f"# {source}: {len(values)} articles, R1 {r1:.2f}  R2 {r2:.2f}  RL {rl:.2f}, {words:.1f} words")


if __name__ == "__main__":
    main(*sys.argv[1:])
