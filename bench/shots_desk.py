"""The pictures in docs/desk.md: the desk over the sample's week, in Chromium.

python -m bench.shots_desk [DIR]    # writes desk*.png into docs/ (or DIR); pngquant makes them small
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from digest.address import parse_address
from digest.dispatch.keys import make_keys
from digest.model import Editor
from digest.store import open_store
from digest.web.preview import Workshop, create_preview
from digest.week import open_project, run_week
from tests.web_browser import ARGS, running
from tests.web_newsletter import NOW, ROOT, SLUG, Post

READERS, LEFT = 3962, 41
PASTED = ROOT / "examples/week/articles/benches.txt"
LEFTOVERS = "\n\nShare this article\n\nRelated: Ten parks to see in spring\n"
# name, width, height, scheme, address
VIEWS: tuple[tuple[str, int, int, str, str], ...] = (
    ("desk", 1440, 900, "light", "/?panel=send"),
    ("desk-source", 1440, 900, "light", "/?panel=stories&at=1.1&beside=source"),
    ("desk-wide", 1920, 1000, "dark", "/?panel=stories&at=1.1&beside=source"),
)
GAP = 12  # pixels
PHONE = ("week", "stories", "source", "send")


def make_sample(folder: Path) -> None:
    """The sample's week as a draft, with readers of whom some have left."""
    shutil.copy(ROOT / "digest.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    make_keys(folder)
    with open_store(folder, create=True):
        pass
    with open_project(folder) as project:
        people = project.store.subscribers
        with project.store.transaction():
            for number in range(READERS):
                address = parse_address(f"reader{number}@example.net")
                known = people.add(address, "", how="import", wording="", who="Mara", at=NOW - timedelta(days=9))
                if number < LEFT:
                    people.change(known.id, "unsubscribed", NOW - timedelta(days=1))
        run_week(project, now=NOW, week=SLUG)


def draw(browser: Any, url: str, into: Path) -> None:
    def page_of(width: int, height: int, scheme: str) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(f"{url}/?token=k3y")
        page.wait_for_url(f"{url}/")
        return page

    def take(page: Any, address: str, name: str) -> None:
        page.goto(f"{url}{address}")
        page.wait_for_selector("#story-1", state="attached")
        page.wait_for_timeout(800)
        page.screenshot(path=into / f"{name}.png")

    for name, width, height, scheme, address in VIEWS:
        take(page_of(width, height, scheme), address, name)
    adding = page_of(1440, 900, "light")
    adding.click("#add-article")
    adding.fill("dialog[open] textarea", PASTED.read_text("utf-8") + LEFTOVERS)
    adding.wait_for_timeout(2500)
    adding.screenshot(path=into / "desk-add.png")
    phone = page_of(390, 844, "light")
    for panel in PHONE:
        take(phone, f"/?panel={panel}&at=1.1", f"phone-{panel}")
    side_by_side([into / f"phone-{panel}.png" for panel in PHONE], into / "desk-phone.png")


def side_by_side(files: list[Path], into: Path) -> None:
    from PIL import Image

    drawn = [Image.open(file) for file in files]
    whole = Image.new("RGB", (sum(d.width + GAP for d in drawn) - GAP, drawn[0].height), "#8a8a86")
    for number, picture in enumerate(drawn):
        whole.paste(picture, (number * (picture.width + GAP), 0))
    whole.save(into)
    for file in files:
        file.unlink()


def main() -> None:
    from playwright.sync_api import sync_playwright

    into = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_sample(folder)
        app = create_preview(
            Workshop(folder, SLUG), token="k3y", mail_test=Post(), editor=Editor("Mara"), now=lambda: NOW
        )
        with running(app) as url, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
            draw(browser, url, into)
            browser.close()
    drawn = sorted(into.glob("desk*.png"))
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--ext", ".png", "--quality", "60-90", *drawn], check=True)
    for file in drawn:
        print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
