"""Fits the weights of the quotes' speakers anew and prints the tables for digest/condense/weights.py.

usage: python -m bench.fit_quotes [--score]
"""
from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections import Counter
import numpy as np

from bench.quotes import DATA, row_of
from digest.condense import quotes as q
from digest.condense import weights as w
from digest.condense.reading import read
from digest.condense.marks import find_marked
from digest.condense.speakers import Attribution, Hearing
from digest.condense.clues import Clues

spec = importlib.util.spec_from_file_location("quotes_score", "/work/shared/bench/quotes_score.py")
qs = importlib.util.module_from_spec(spec); spec.loader.exec_module(qs)
FOLDS = 5
PENALTY = 7.0
SILVER = 0.6
PP = 2.0


def load():
    rows = [json.loads(l) for l in (DATA / "dev.jsonl").read_text("utf-8").splitlines()]
    return rows


def questions(row, weights):
    """For each gold quote found: candidates' clues and which are right. Running speakers by *weights* (empty: rules)."""
    w.SPEAKER_WEIGHTS.clear(); w.SPEAKER_WEIGHTS.update(weights)
    reading = read(row["text"], language="und")
    text = reading.text
    marked = q._in_body(find_marked(text), reading.body)
    if not marked: return []
    h = Hearing(text, marked, reading.language); clues = Clues(h)
    pairs = dict((j, i) for i, j in qs.match(text, row["quotes"], [{"start": m.inner.start, "end": m.inner.end} for m in marked], lambda a, b: qs.iou(a, b) >= .8))
    previous = None; answers = []; out = []
    for nth, m in enumerate(marked):
        told = h.attribute(nth, previous)
        told = q._carried(h, nth, told, answers)
        gold = row["quotes"][pairs[nth]] if nth in pairs else None
        if gold and gold["speaker"]:
            table = clues.table(nth, told, answers)
            right = []
            for c, feats in table:
                if c.kind == "name":
                    person = h.cast.resolve(c.mention); name = person.name if person else c.mention.name
                else:
                    name = c.span.of(text)
                    if c.kind == "pronoun": name = None
                ov = min(gold["speaker_end"], c.span.end) > max(gold["speaker_start"], c.span.start)
                ok = ov and not (c.possessive and gold["speaker_end"] > c.span.end + 3) if c.kind != "name" else qs.mention_ok(gold, {"speaker": name, "speaker_start": c.span.start, "speaker_end": c.span.end})
                right.append(bool(ok))
            if any(right):
                out.append((0.5 if gold["optional"] else 1.0, [f for _, f in table], right))
            else:
                out.append((0.0, [f for _, f in table], right))
        final = q.weighed(h, clues, nth, told, answers)
        answers.append(final)
        if q._is_speech(h, nth, final):
            previous = final
    return out


def fit(questions_, least=4, penalty=PENALTY):
    qs_ = [x for x in questions_ if x[0] > 0]
    count = Counter(f for _, t, _ in qs_ for r in t for f in r)
    names = [f for f, n in count.items() if n >= least]
    idx = {f: i for i, f in enumerate(names)}
    flat, owner, qid, pos, wt = [], [], [], [], []
    n = 0
    for k, (weight, table, right) in enumerate(qs_):
        for r, ok in zip(table, right):
            for f in r:
                if f in idx: flat.append(idx[f]); owner.append(n)
            qid.append(k); pos.append(ok); n += 1
        wt.append(weight)
    flat = np.array(flat); owner = np.array(owner); qid = np.array(qid); pos = np.array(pos); wt = np.array(wt)
    K = len(qs_)
    def loss(x):
        s = np.bincount(owner, x[flat], n)
        mx = np.full(K, -1e9); np.maximum.at(mx, qid, s)
        e = np.exp(s - mx[qid])
        z = np.bincount(qid, e, K); zp = np.bincount(qid, e * pos, K)
        p = e / z[qid]; pp = e * pos / np.maximum(zp, 1e-300)[qid]
        f = float((wt * (np.log(z) - np.log(np.maximum(zp, 1e-300)))).sum() + penalty / 2 * x @ x)
        g = np.bincount(flat, ((p - pp) * wt[qid])[owner], len(x)) + penalty * x
        return f, g
    x = lbfgs(loss, np.zeros(len(names)))
    return {f: round(float(v), 2) for f, v in zip(names, x) if abs(v) >= 0.005}


def lbfgs(fun, x, steps=120, memory=8):
    f, g = fun(x); S, Y = [], []
    for _ in range(steps):
        d = -g; al = []
        for s, y in reversed(list(zip(S, Y))):
            a = (s @ d) / (s @ y); al.append(a); d = d - a * y
        if S: d = d * (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1])
        for (s, y), a in zip(zip(S, Y), reversed(al)):
            d = d + s * (a - (y @ d) / (s @ y))
        t = 1.0 if S else 1 / max(1.0, np.abs(g).sum())
        while True:
            f2, g2 = fun(x + t * d)
            if f2 <= f + 1e-4 * t * (g @ d) or t < 1e-8: break
            t /= 2
        s, y = t * d, g2 - g
        if s @ y > 1e-10: S, Y = [*S, s][-memory:], [*Y, y][-memory:]
        x = x + s
        if abs(f - f2) < 1e-5 * max(1, abs(f)): break
        f, g = f2, g2
    return x


def pronouns(row, weights):
    """The pronouns of the hand-read and the silver quotes: everybody named before, who is right."""
    w.SPEAKER_WEIGHTS.clear(); w.SPEAKER_WEIGHTS.update(weights); w.PRONOUN_WEIGHTS.clear()
    reading = read(row["text"], language="und"); text = reading.text
    marked = q._in_body(find_marked(text), reading.body)
    if not marked: return []
    out = []
    rec = {}
    orig = q.find_meant
    def spy(h, clues, m, who, spoken):
        if who is not None and who.kind == "pronoun" and (g := q.gender_said(who.span.of(text))):
            rec[m.inner.start] = (who, q.whom_table(clues, who, g, m, list(spoken)), clues, h)
    q.find_meant = spy
    try: q._find(reading)
    finally: q.find_meant = orig
    for gold in row["quotes"]:
        if gold["speaker_type"] != "pronoun" or not gold.get("speaker_name"): continue
        for start, (who, table, clues, h) in rec.items():
            if gold["start"] - 2 <= start <= gold["start"] + 2 and min(gold["speaker_end"], who.span.end) > max(gold["speaker_start"], who.span.start):
                right = []
                for c, f in table:
                    p = h.cast.resolve(c.mention)
                    right.append(qs.same_name(p.name if p else c.mention.name, gold["speaker_name"]))
                out.append(((1.0 if gold["name_by"] == "hand" else SILVER) if any(right) else 0.0, [f for _, f in table], right))
    return out


def figures(rows, predict):
    preds = {r["id"]: predict(n, r) for n, r in enumerate(rows)}
    return qs.report(qs.score(rows, preds)), preds


def predict_with(weights, pweights, row):
    w.PRONOUN_WEIGHTS.clear(); w.PRONOUN_WEIGHTS.update(pweights)
    w.SPEAKER_WEIGHTS.clear(); w.SPEAKER_WEIGHTS.update(weights)
    return [r for x in q.find_quotes(row["text"]) for r in row_of(x)]


def main(*options):
    rows = load()
    fold = [n % FOLDS for n in range(len(rows))]
    t = time.time()
    base = [questions(r, {}) for r in rows]
    allq = [x for b in base for x in b]
    print("questions", len(allq), "answerable", sum(x[0] > 0 for x in allq), "cands", sum(len(x[1]) for x in allq) / len(allq), time.time() - t, file=sys.stderr)
    tables = []
    for k in range(FOLDS):
        train = [x for n, b in enumerate(base) if fold[n] != k for x in b]
        tables.append(fit(train))
    if "--again" in options:
        for k in range(FOLDS):
            train = [x for n, r in enumerate(rows) if fold[n] != k for x in questions(r, tables[k])]
            tables[k] = fit(train)
    ptables = []
    for k in range(FOLDS):
        train = [x for n, r in enumerate(rows) if fold[n] != k for x in pronouns(r, tables[k])]
        ptables.append(fit(train, 4, PP))
    print("pronouns", len(train), sum(x[0] > 0 for x in train), len(ptables[0]), file=sys.stderr)
    rep, preds = figures(rows, lambda n, r: predict_with(tables[fold[n]], ptables[fold[n]], r))
    print(json.dumps({k: rep[k] for k in ("overlap", "end2end", "speaker")}), file=sys.stderr)
    with open("/tmp/q/cv.pred", "w") as f:
        for k, v in preds.items(): f.write(json.dumps({"id": k, "quotes": v}) + "\n")
    print(len(tables[0]), "weights", time.time() - t, file=sys.stderr)
    if "--write" in options:
        whole = fit(allq)
        pwhole = fit([x for r in rows for x in pronouns(r, whole)], 4, PP)
        rep, _ = figures(rows, lambda n, r: predict_with(whole, pwhole, r))
        print("train", json.dumps({k: rep[k] for k in ("overlap", "end2end", "speaker")}), file=sys.stderr)
        with open("digest/condense/weights.py", "w") as f:
            for name, t in (("SPEAKER_WEIGHTS", whole), ("PRONOUN_WEIGHTS", pwhole)):
                f.write(name + ': dict[str, float] = {\n' + "".join(f"    {json.dumps(k)}: {v},\n" for k, v in sorted(t.items())) + "}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
