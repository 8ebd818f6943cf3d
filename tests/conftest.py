"""What every test may ask for: the reference data beside the checkout, and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the program's. In CI the same examples each time; elsewhere new ones look on.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"


def absent(reason: str) -> None:
    """Skip with a reason on a stranger's clone; in CI, where everything is there, fail."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def bench_data() -> Path:
    """The reference data (articles, feeds, pages) kept beside the checkout, not in it: DIGEST_BENCH_DATA."""
    folder = Path(os.environ.get("DIGEST_BENCH_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        absent(f"the reference data is not at {folder} (set DIGEST_BENCH_DATA)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium to drive."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    absent("no Chromium: install Debian's package chromium, or set CHROMIUM")
    raise AssertionError("unreachable")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A Chromium to open pages in, quiet on the network."""
    from playwright.sync_api import sync_playwright

    from tests.web_browser import ARGS

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a mail's HTML at a width, in light or dark; nothing is fetched."""
    pages = []

    def at(html: str, width: int = 375, scheme: str = "light") -> Any:
        page = browser.new_page(viewport={"width": width, "height": 812}, color_scheme=scheme)
        page.route("**/*", lambda route: route.abort())
        page.set_content(html)
        pages.append(page)
        return page

    yield at
    for page in pages:
        page.close()
