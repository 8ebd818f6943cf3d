"""From a saved file to the preview showing it, in a real browser: template, setting, edit.

    python -m bench.preview [--rounds 30] [--shot FILE]

Times are from the moment the file is in place (or the edit is committed) to the first frame of the browser in
which the mail shows it. The newsletter is the sample, on the real server, with Debian's Chromium. --shot takes the
picture of docs/preview.md instead.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digest.dispatch.keys import make_keys  # noqa: E402
from digest.editing import add_edit  # noqa: E402
from digest.render.templates import OWN, packaged_templates  # noqa: E402
from digest.web.preview import Workshop, create_preview  # noqa: E402
from digest.web.server import serve  # noqa: E402
from digest.week import open_project, run_week  # noqa: E402

NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)
SLUG = "2026-W12"
WAIT = """words => { window.seen = new Promise(done => {
  const look = () => document.getElementById('frame')?.contentDocument?.body?.textContent.includes(words)
    ? done(performance.timeOrigin + performance.now()) : requestAnimationFrame(look);
  look(); }); return 0 }"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--shot", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = _newsletter(Path(place))
        ports: list[int] = []
        app = create_preview(Workshop(folder, SLUG), token="bench")
        threading.Thread(target=lambda: serve(app, "127.0.0.1", 0, ready=ports.append), daemon=True).start()
        while not ports:
            time.sleep(0.01)
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"http://127.0.0.1:{ports[0]}/?token=bench")
            page.wait_for_selector("#frame")
            if options.shot:
                page.goto(f"http://127.0.0.1:{ports[0]}/?at=1.2")
            page.wait_for_timeout(2000)
            if options.shot:
                page.screenshot(path=options.shot)
                return
            for name, change in (("template", _template), ("setting", _setting), ("edit", _edit)):
                _report(name, [_once(page, folder, change, f"{name} {n} seen") for n in range(options.rounds)])
            browser.close()


def _once(page: Any, folder: Path, change: Callable[[Path, str], None], words: str) -> float:
    page.evaluate(WAIT, words)
    change(folder, words)
    began = time.time()
    seen = page.evaluate("window.seen") / 1000
    page.wait_for_timeout(60)  # as nobody saves twice in a breath
    return float(seen - began)


def _template(folder: Path, words: str) -> None:
    packaged = packaged_templates()
    for path in packaged.rglob("issue.html.j2"):
        text = path.read_text(encoding="utf-8").replace("</body>", f"<p>{words}</p></body>")
        _save(folder / OWN / path.relative_to(packaged), text)


def _setting(folder: Path, words: str) -> None:
    text = (ROOT / "digest.toml").read_text(encoding="utf-8")
    _save(folder / "digest.toml", text.replace('tagline = "', f'tagline = "{words} '))


def _edit(folder: Path, words: str) -> None:
    with open_project(folder) as project:
        add_edit(project, SLUG, "intro", "", words, who="bench", at=NOW)


def _save(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _newsletter(folder: Path) -> Path:
    shutil.copy(ROOT / "digest.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(packaged_templates(), folder / OWN)
    make_keys(folder)
    with open_project(folder, create=True) as project:
        run_week(project, now=NOW, week=SLUG)
    return folder


def _report(name: str, seconds: list[float]) -> None:
    ms = sorted(1000 * s for s in seconds)
    p95 = ms[min(len(ms) - 1, round(0.95 * len(ms)))]
    print(f"{name:>9}: median {statistics.median(ms):.0f} ms, 95 % within {p95:.0f} ms, worst {ms[-1]:.0f} ms")


if __name__ == "__main__":
    main()
