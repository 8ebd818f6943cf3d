"""The site in a real browser: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.web.site import create_site
from tests.test_web_site import CONFIG, newsletter
from tests.web_browser import running, sideways

pytestmark = pytest.mark.browser


def opened(browser: Any, url: str, *, width: int = 1200, scheme: str = "light") -> tuple[Any, list[str]]:
    """A page at *url*, and what its console says: nothing, one hopes."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    return page, said


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    folder = tmp_path_factory.mktemp("newsletter")
    token = newsletter(folder, at=datetime(2026, 3, 20, tzinfo=UTC))
    with running(create_site(folder, CONFIG)) as url:
        yield url, token, folder


def fits(page: Any) -> bool:
    def at(width: int) -> int:
        page.set_viewport_size({"width": width, "height": 800})
        return sideways(page)

    return [at(width) for width in (320, 600, 1024)] == [0, 0, 0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_leaving_fits_every_screen_and_needs_one_press(browser: Any, site: tuple[str, str, Path], scheme: str) -> None:
    url, token, _ = site
    page, said = opened(browser, f"{url}/leave/{token}", width=320, scheme=scheme)
    assert fits(page)
    button = page.get_by_role("button", name="Leave The Weekly Ledger")
    assert button.bounding_box()["height"] >= 44

    button.click()
    page.get_by_role("heading", name="You have left").wait_for()
    assert fits(page)
    page.get_by_role("button", name="Keep me on the list").click()
    page.get_by_role("heading", name="Welcome back").wait_for()

    assert page.context.cookies() == []
    assert said == []
    page.context.close()


@pytest.mark.parametrize("path", ["", "leave", "preferences/" + "0" * 32, "issues/2026-W12"])
def test_the_other_pages_fit_a_narrow_screen(browser: Any, site: tuple[str, str, Path], path: str) -> None:
    page, said = opened(browser, f"{site[0]}/{path}", width=320)

    assert sideways(page) == 0
    assert page.locator("html").get_attribute("lang")
    assert said == []
    page.context.close()
