"""The pictures in docs/ of what readers get: the layouts on a phone and a desktop, in light and in dark.

    python -m bench.shots            # writes docs/issue.png, docs/layouts-*.png; pngquant makes them small
    python -m bench.shots --all DIR  # every layout, kind of issue, scheme and width, to look at
    python -m bench.shots --measure  # how tall ten items are on a phone, and where the lead's headline ends

Debian has neither Georgia nor Helvetica; Gelasio (npm's @fontsource/gelasio, in ~/.fonts) and fonts-liberation, which
have their metrics, stand in where they are installed.
"""

from __future__ import annotations

import argparse
import base64
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from digest.render import render_issue
from digest.render.message import preview_html
from tests.picture_samples import copies, pictured
from tests.render_cases import Case, cases
from tests.render_samples import FIELDS

LAYOUTS = ("briefing", "essay", "links")
CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]


def html_of(layout: str, name: str = "sample") -> str:
    issue, config = every_case(layout)[name]
    return preview_html(render_issue(issue, config, copies=copies()).variants[0], FIELDS)


def every_case(layout: str) -> dict[str, Case]:
    """The kinds of issue of `tests`; `links` has no room for pictures."""
    return {**cases(template=layout), **({} if layout == "links" else pictured(template=layout))}


FACES = "".join(
    f"@font-face{{font-family:Georgia;font-weight:{weight};font-style:{style};src:local('Gelasio{name}')}}"
    for weight, style, name in (
        ("400", "normal", " Regular"),
        ("400", "italic", " Italic"),
        ("700", "normal", " Bold"),
        ("700", "italic", " Bold Italic"),
    )
)


def faithful(html: str) -> str:
    """*html* with Gelasio for Georgia: Chromium does not take it by itself, though fontconfig says so."""
    return html.replace("</head>", f"<style>{FACES}</style></head>", 1)


def shot(browser: Any, html: str, width: int, scheme: str, height: int | None = None, scale: float = 1) -> bytes:
    """A mail as PNG: the whole, or its first *height* px."""
    size = {"width": width, "height": height or 800}
    page = browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=scale)
    page.route("**/*", lambda route: route.abort())
    page.set_content(faithful(html))
    picture: bytes = page.screenshot(full_page=height is None)
    page.close()
    return picture


def side_by_side(browser: Any, pictures: list[tuple[bytes, int]], shown: int = 0) -> bytes:
    """Pictures of those widths in a row, as PNG; each *shown* px wide, 0 for its own width."""
    cells = "".join(
        f'<img width="{shown or width}" src="data:image/png;base64,{base64.b64encode(picture).decode()}">'
        for picture, width in pictures
    )
    wide = sum(shown or width for _, width in pictures) + 24 * (len(pictures) + 1)
    page = browser.new_page(viewport={"width": wide, "height": 100})
    page.set_content(
        f'<body style="margin:0;padding:24px;background:#d9d5cd;display:flex;gap:24px;align-items:flex-start">{cells}'
    )
    picture: bytes = page.screenshot(full_page=True)
    page.close()
    return picture


def write(path: Path, picture: bytes) -> None:
    path.write_bytes(picture)
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--output", str(path), "32", str(path)], check=True)
    print(f"{path}  {path.stat().st_size:,} B")


def sample_week(layout: str) -> str:
    """The HTML of the sample newsletter's issue, made by `digest weekly` in that layout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree("examples", folder / "examples")
        config = Path("digest.toml").read_text("utf-8") + f'\n[theme]\ntemplate = "{layout}"\n'
        (folder / "digest.toml").write_text(config, "utf-8")
        command = [sys.executable, "-m", "digest", "--project", name, "weekly", "--week", "2026-W12"]
        subprocess.run(command, check=True, capture_output=True)
        return (folder / "var/issues/2026-W12/issue.html").read_text("utf-8")


def for_docs(browser: Any) -> None:
    html = {layout: sample_week(layout) for layout in LAYOUTS}
    write(Path("docs/issue.png"), shot(browser, html["briefing"], 760, "light", 1180, scale=1.25))
    phones = [(shot(browser, html[layout], 375, "light", 1180), 375) for layout in LAYOUTS]
    write(Path("docs/layouts-phone.png"), side_by_side(browser, phones))
    dark = [(shot(browser, html[layout], 375, "dark", 1180), 375) for layout in LAYOUTS]
    write(Path("docs/layouts-dark.png"), side_by_side(browser, dark))
    for scheme in ("light", "dark"):
        desks = [(shot(browser, html[layout], 700, scheme, 1400), 700) for layout in LAYOUTS]
        write(Path(f"docs/layouts-desktop-{scheme}.png"), side_by_side(browser, desks, shown=470))


def measure(browser: Any) -> None:
    for layout in LAYOUTS:
        for name, html in (("sample week", sample_week(layout)), ("fixture", html_of(layout))):
            page = browser.new_page(viewport={"width": 375, "height": 812})
            page.set_content(faithful(html))
            tall = page.evaluate("document.documentElement.scrollHeight")
            ends = page.evaluate("document.querySelector('h3').getBoundingClientRect().bottom")
            print(f"{layout:9} {name:12} {tall:,} px tall at 375 px, the lead's headline ends at {ends:.0f} px")
            page.close()


def everything(browser: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for layout in LAYOUTS:
        for name in every_case(layout):
            html = html_of(layout, name)
            for width in (375, 800):
                for scheme in ("light", "dark"):
                    (folder / f"{layout}-{name}-{scheme}-{width}.png").write_bytes(shot(browser, html, width, scheme))
            bare = re.sub(r"<style[\s\S]*?</style>", "", html)
            (folder / f"{layout}-{name}-bare-320.png").write_bytes(shot(browser, bare, 320, "light"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path)
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = next(path for path in CHROMIUM if Path(path).exists())
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        if options.measure:
            measure(browser)
        elif options.all:
            everything(browser, options.all)
        else:
            for_docs(browser)
        browser.close()


if __name__ == "__main__":
    main()
