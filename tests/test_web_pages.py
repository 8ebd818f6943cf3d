"""Preview and site in a real browser: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.errors import TemplateError
from digest.web.preview import Draft, create_preview
from digest.web.site import create_site
from tests.test_web_site import CONFIG, newsletter
from tests.web_browser import ARGS, running, sideways
from tests.web_samples import draft

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def preview() -> Iterator[str]:
    with running(create_preview(draft, token="k3y")) as url:
        yield url


def opened(browser: Any, url: str, *, width: int = 1200, scheme: str = "light") -> tuple[Any, list[str]]:
    """A page at *url*, and what its console says: nothing, one hopes."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    return page, said


def enter(browser: Any, url: str, **more: Any) -> tuple[Any, list[str]]:
    page, said = opened(browser, f"{url}/?token=k3y", **more)
    page.wait_for_selector("#frame")
    page.wait_for_load_state("load")
    return page, said


def framed(page: Any, path: str) -> Any:
    """The frame once it shows *path*."""
    for _ in range(100):
        frame = page.frames[-1]
        if f"/{path}" in frame.url:
            frame.wait_for_load_state("load")
            return frame
        page.wait_for_timeout(20)
    raise AssertionError(f"the frame never showed {path}: {[f.url for f in page.frames]}")


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def pressed(page: Any) -> list[str]:
    return [button.inner_text() for button in page.locator('[aria-pressed="true"]').all()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_preview_fits_every_screen(browser: Any, preview: str, scheme: str) -> None:
    page, said = enter(browser, preview, width=320, scheme=scheme)

    assert page.url == f"{preview}/", "the token does not stay in the address"
    for view in ("Text", "Source", "Excerpts", "Mail"):
        press(page, view)
        frame = framed(page, view.lower())
        for width in (320, 600, 1024):
            page.set_viewport_size({"width": width, "height": 800})
            assert sideways(page) == 0, (view, width)
            assert view == "Mail" or sideways_in(frame) == 0, (view, width)
    assert said == []
    page.context.close()


def sideways_in(frame: Any) -> float:
    """The same for a framed page. Scripts are forbidden there: ask for boxes from outside."""
    box = frame.locator("body").bounding_box()
    widest = max(
        (part.bounding_box() or box)["x"] + (part.bounding_box() or box)["width"]
        for part in frame.locator("main").all()
    )
    return max(0.0, round(widest - box["x"] - box["width"]))


def test_widths_and_colors_are_switched_without_leaving_the_page(browser: Any, preview: str) -> None:
    page, said = enter(browser, preview)
    page.evaluate("window.stayed = true")

    press(page, "Phone")
    assert page.locator(".device").evaluate("e => e.offsetWidth") == 375
    press(page, "Dark")
    dark = framed(page, "mail?scheme=dark").locator(".card").first
    assert dark.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(30, 28, 26)"
    press(page, "No style")
    bare = framed(page, "mail?scheme=none").locator(".card").first
    assert bare.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    press(page, "Tablet")
    assert page.locator(".device").evaluate("e => e.offsetWidth") == 600

    assert page.evaluate("window.stayed")
    assert pressed(page) == ["Mail", "Tablet", "No style"]
    assert "scheme=none" in page.url and "width=tablet" in page.url
    assert said == []
    page.context.close()


def test_the_light_mail_stays_light_on_a_dark_screen(browser: Any, preview: str) -> None:
    page, _ = enter(browser, preview, scheme="dark")

    card = framed(page, "mail").locator(".card").first
    assert card.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    page.context.close()


def test_the_ruler_sets_any_width(browser: Any, preview: str) -> None:
    page, _ = enter(browser, preview)
    assert not page.locator("#ruler").is_visible()

    press(page, "Free")
    page.locator("#ruler").focus()
    page.keyboard.press("Home")

    assert page.locator(".device").evaluate("e => e.offsetWidth") == 280
    assert page.locator("#measure").inner_text() == "280 px"
    page.context.close()


def test_a_wide_mail_is_shrunk_into_a_narrow_room(browser: Any, preview: str) -> None:
    page, _ = enter(browser, preview, width=375)
    assert pressed(page)[1] == "Phone", "what fits is where a phone begins"

    press(page, "Desktop")

    box = page.locator("#frame").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 375
    assert "shown at" in page.locator("#measure").inner_text()
    page.context.close()


def test_a_pick_shows_its_story_in_the_mail(browser: Any, preview: str) -> None:
    page, said = enter(browser, preview)

    press(page, "The library that lends out heat pumps")

    frame = framed(page, "mail?scheme=light&variant=&at=5")
    assert frame.locator("#here").inner_text() == "The library that lends out heat pumps"
    assert said == []
    page.context.close()


def test_everything_can_be_done_from_the_keyboard(browser: Any, preview: str) -> None:
    page, _ = enter(browser, preview)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Go to the mail"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Text"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")

    framed(page, "text")
    assert page.evaluate("document.activeElement.textContent") == "Text"
    page.context.close()


def test_a_changed_draft_shows_itself_and_a_broken_one_says_why(browser: Any) -> None:
    now: dict[str, Any] = {"subject": "The first subject", "stamp": "1"}

    def make() -> Draft:
        if now.get("broken"):
            raise TemplateError("issue.html.j2, line 3: there is no filter 'daet'")
        return draft(subject=now["subject"], stamp=now["stamp"])

    with running(create_preview(make, token="k3y")) as url:
        page, _ = enter(browser, url)
        press(page, "Phone")
        now.update(subject="The second subject", stamp="2")
        page.get_by_text("The second subject").first.wait_for(timeout=5000)
        assert pressed(page)[1] == "Phone", "the view is kept"
        assert page.evaluate("document.activeElement.textContent") == "Phone", "so is the place of the keyboard"

        now["broken"] = True
        page.get_by_text("there is no filter").wait_for(timeout=5000)
        now["broken"] = False
        page.get_by_text("The second subject").first.wait_for(timeout=5000)
        page.context.close()


# ------------------------------------------------------------------------------------------------ the site


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
    page.get_by_role("heading", name="Undone").wait_for()

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
