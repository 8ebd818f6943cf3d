"""A large week at the desk, in a real browser: its first view, how soon an edit is seen, search and scrolling.

    chrt -r 5 python -m bench.desk [--articles 2000] [--items 25] [--rounds 30]

The articles are made here: 60 outlets, half of the stories told by several, texts of some 300 words with a quote.
*first view*: from the start of the navigation to the frame in which the issue's stories are painted. *edit*: from the
click to the first frame of the browser in which the mail shows it. *server*: the program's own part of an edit, from
the request to the new mail, measured without a browser.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digest.dispatch.keys import make_keys  # noqa: E402
from digest.model import Article, Editor, Region, Span  # noqa: E402
from digest.web.guard import CSRF, csrf_word  # noqa: E402
from digest.web.preview import Workshop, create_preview  # noqa: E402
from digest.web.server import serve  # noqa: E402
from digest.week import open_project, run_week  # noqa: E402

NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)
SLUG = "2026-W12"
TOKEN = "bench"

PLACES = "Ellery Norwick Harrow Aldmouth Penbridge Carrow Westing Dunmere Saltby Thornley Oxcombe Marlwick".split()
FIRST = "Ana Inge Tobias Ruth Henrike Omar Priya Tomas Lena Marcus Edith Joao Mei Karl Nadia Petra Ivo Sanna".split()
LAST = "Ruiz Halvorsen Renn Ellwood Claasen Haddad Nair Reyl Okafor Brandt Moss Silva Tan Weber Farah Novak".split()
ROLES = "harbour master,cargo manager,head of service,committee chair,registrar,lead warden".split(",")
THEMES = "council,harbour,train,tenant,river,delay,figures,school,tree,ferry,complaint,spreadsheet,volunteer".split(",")
SYLLABLES = "ba cor del fen gra hol ith jun kel lum mar nor ost pel quin ras sel tor ul ven wick yar zet".split()
SENTENCES = (
    "The {w} of the {w} {w} was {v} by {n} in {p}, where the {w} is {v} each {w}.",
    "Of {n} {w}s that the {t} {v}, only the {w} had a {w} beside it.",
    "A {w} {v} the {t} for {n} weeks, and {p} {v} no {w} for it.",
    "Nobody in {p} had {v} the {w} before the {w} was {v} to the {t}.",
    "It {v} {n} {w}s a day, which is fewer than the {w} and the {w} together.",
    "The {t} now {v} its {w} with {p}, although the {w} was {v} last {w}.",
)


def articles(count: int) -> Iterator[Article]:
    """*count* articles of the week."""
    rng, number, story = random.Random(12), 0, 0
    invented = ["".join(rng.choices(SYLLABLES, k=rng.choice((2, 2, 3)))) for _ in range(9000)]
    while number < count:
        story += 1
        topic = rng.sample(invented, 40)
        title = f"{rng.choice(PLACES)} {topic[0]}ed {rng.randint(3, 99)} {topic[1]}s for its {rng.choice(THEMES)}"
        for report in range(rng.choice((1, 1, 1, 1, 2, 2, 3, 4))):
            if number < count:
                yield _article(number, title if not report else f"{title}: {topic[2 + report]}", topic, invented, rng)
            number += 1


def _article(number: int, title: str, topic: list[str], invented: list[str], rng: random.Random) -> Article:
    def sentence() -> str:
        def word(found: re.Match[str]) -> str:
            if found[1] in "wv":
                one = rng.choice(topic if rng.random() < 0.5 else invented)
                return f"{one}ed" if found[1] == "v" else one
            return str(rng.randint(3, 999)) if found[1] == "n" else rng.choice(PLACES if found[1] == "p" else THEMES)

        return re.sub(r"\{(\w)\}", word, rng.choice(SENTENCES))

    seen = NOW - timedelta(minutes=rng.randint(0, 9900))
    paragraphs = [" ".join(sentence() for _ in range(3)) for _ in range(7)]
    said = sentence().removesuffix(".")
    speaker = f"{rng.choice(FIRST)} {rng.choice(LAST)}, {rng.choice(ROLES)} of {topic[3].title()}"
    paragraphs.insert(2, f"“{said},” said {speaker}.")
    text, site = "\n\n".join(paragraphs), f"https://outlet-{number % 60}.example.org"
    return Article(
        id=hashlib.sha256(str(number).encode()).hexdigest()[:16],
        version=1,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        url=f"{site}/{number}",
        canonical=f"{site}/{number}",
        title=title,
        standfirst="",
        text=text,
        regions=(Region("body", Span(0, len(text))),),
        authors=(f"{rng.choice(FIRST)} {rng.choice(LAST)}",),
        outlet=f"Outlet {number % 60}",
        source=f"{site}/feed",
        published=seen,
        published_precision="second",
        seen=seen,
        language="en",
        image=None,
        paywall="open",
        license=None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--items", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = _newsletter(Path(place), options.articles, options.items)
        workshop = Workshop(folder, SLUG)
        began = time.perf_counter()
        shown = workshop.show().draft
        assert shown is not None
        print(f"{options.articles} articles told for the first time: {time.perf_counter() - began:.1f} s")
        app = create_preview(workshop, token=TOKEN, editor=Editor("bench"), now=lambda: NOW)
        _server_alone(app, workshop, options.rounds)
        ports: list[int] = []
        threading.Thread(target=lambda: serve(app, "127.0.0.1", 0, ready=ports.append), daemon=True).start()
        while not ports:
            time.sleep(0.01)
        _in_the_browser(f"http://127.0.0.1:{ports[0]}", options.rounds)


def _server_alone(app: Any, workshop: Workshop, rounds: int) -> None:
    client = app.test_client()
    client.get(f"/?token={TOKEN}")
    times: dict[str, list[float]] = {name: [] for name in ("edit kept", "new mail", "new page")}
    for number in range(rounds):
        draft = workshop.show().draft
        form = {CSRF: csrf_word(TOKEN), "revision": str(draft.revision), **_edit(draft, number)}
        for name, path, sent in (
            ("edit kept", "/api/edit", form),
            ("new mail", "/frame/mail", None),
            ("new page", "/", None),
        ):
            began = time.perf_counter()
            answer = client.post(path, data=sent) if sent else client.get(path)
            times[name].append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
    for name, seconds in times.items():
        _report(f"server: {name}", seconds)
    _report("server: click to mail", [a + b for a, b in zip(times["edit kept"], times["new mail"], strict=True)])


def _edit(draft: Any, number: int) -> dict[str, str]:
    """Moves, pins, drops and notes in turn."""
    kind = ("move", "pin", "drop", "note")[number % 4]
    if kind == "pin":
        return {"kind": kind, "article": draft.found.waiting[30 + number].story.lead.id, "value": "yes"}
    article = draft.issue.items[-1 if kind == "drop" else 3].article.id
    return {"kind": kind, "article": article, "value": {"move": "2", "drop": "yes"}.get(kind, f"Note {number}.")}


def _in_the_browser(url: str, rounds: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{url}/?token={TOKEN}")
        page.wait_for_url(f"{url}/")
        views = []
        for _ in range(rounds):
            page.goto(f"{url}/")
            views.append(page.evaluate(SEEN) / 1000)
            page.wait_for_timeout(300)
        _report("first view", views)
        for name, click in (("move", "#down-2"), ("pin", "#candidates li:nth-child(35) [data-edit=pin]")):
            _report(f"{name}, click to mail", [_click(page, click) for _ in range(rounds)])
        page.evaluate("document.getElementById('find-week').focus()")
        _report("search, key to rows", [_search(page, word) for word in THEMES * (1 + rounds // len(THEMES))][:rounds])
        _report("worst frame of a scroll", [page.evaluate(SCROLL) / 1000 for _ in range(5)])
        browser.close()


SEEN = """() => new Promise(done => {
  const look = () => document.querySelector('#story-1')?.getClientRects().length
    ? requestAnimationFrame(() => {
        const painted = performance.getEntriesByName('first-contentful-paint')[0];
        done(painted ? painted.startTime : performance.now()) })
    : requestAnimationFrame(look);
  look(); })"""
CHANGED = """where => new Promise(done => { const frame = () => document.getElementById('frame');
  const before = frame().contentDocument.body.innerHTML, began = performance.now();
  document.querySelector(where).click();
  const look = () => { const page = frame()?.contentDocument;
    page?.readyState === 'complete' && page.body?.childElementCount && page.body.innerHTML !== before
      ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look) };
  look(); })"""
FOUND = """word => new Promise(done => { const field = document.getElementById('find-week'), began = performance.now();
  const rows = document.getElementById('candidates');
  const seen = (_, observer) => { observer.disconnect(); requestAnimationFrame(() => done(performance.now() - began)) };
  new MutationObserver(seen).observe(rows, {childList: true, attributes: true});
  field.value = word; field.dispatchEvent(new InputEvent('input', {bubbles: true})); })"""
SCROLL = """() => new Promise(done => { const week = document.getElementById('week'); week.scrollTop = 0;
  let last = performance.now(), worst = 0, left = 90;
  const step = () => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
    week.scrollTop += 60;
    --left ? requestAnimationFrame(step) : done(worst) };
  requestAnimationFrame(step); })"""


def _click(page: Any, where: str) -> float:
    page.wait_for_timeout(600)  # as nobody clicks twice in a breath
    return float(page.evaluate(CHANGED, where)) / 1000


def _search(page: Any, word: str) -> float:
    page.wait_for_timeout(200)
    return float(page.evaluate(FOUND, word)) / 1000


def _newsletter(folder: Path, count: int, items: int) -> Path:
    toml = (ROOT / "digest.toml").read_text(encoding="utf-8").replace("limit = 10 ", f"limit = {items} ")
    sources = toml.index("# Where articles come from"), toml.index("# Publishers that are left alone")
    (folder / "digest.toml").write_text(toml[: sources[0]] + toml[sources[1] :], encoding="utf-8")
    make_keys(folder)
    with open_project(folder, create=True) as project:
        with project.store.transaction():
            for article in articles(count):
                project.store.articles.add(article)
        run_week(project, now=NOW, week=SLUG, collecting=False)
    return folder


def _report(name: str, seconds: list[float]) -> None:
    ms = sorted(1000 * s for s in seconds)
    p95 = ms[min(len(ms) - 1, round(0.95 * len(ms)))]
    print(
        f"{name:>24}: median {statistics.median(ms):.0f} ms, 95 % within {p95:.0f} ms, worst {ms[-1]:.0f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
