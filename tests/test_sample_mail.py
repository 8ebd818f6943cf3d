"""The sample issue in a real browser: every width, light and dark, with and without the style sheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import make_sample

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mail")
    make_sample(folder)
    return folder / "var/issues/2026-W12/issue.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 600, 1024])
def test_no_width_scrolls_sideways(browser: Any, page_file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(page_file.as_uri())
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", shade)[:3])) > 384
    assert light == (scheme == "light")
    page.close()


def test_on_a_phone_the_lead_comes_at_once_and_the_whole_stays_short(browser: Any, page_file: Path) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 812})
    page.goto(page_file.as_uri())
    lead = page.evaluate("document.querySelector('h3').getBoundingClientRect().bottom")
    assert lead <= 480
    assert page.evaluate("document.documentElement.scrollHeight") < 4500
    page.close()


def test_without_its_style_sheet_the_mail_still_stands(browser: Any, page_file: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r"<style[\s\S]*?</style>", "", page_file.read_text("utf-8")), "utf-8")
    page = browser.new_page(viewport={"width": 320, "height": 900})
    page.goto(bare.as_uri())
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
    page.close()


def test_nothing_is_loaded_from_anywhere(browser: Any, page_file: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    page.close()
