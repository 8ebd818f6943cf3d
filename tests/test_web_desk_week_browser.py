"""The week in a real browser: found, pinned, added by paste, file and address; three columns, a tablet, a dead server."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from digest.week import open_project
from tests.local_web import LocalWeb
from tests.test_web_desk_browser import FAULTS, desk_of, edits, folder, saved, titles, until, window
from tests.test_web_desk_week import PASTED
from tests.test_web_preview_browser import axe
from tests.web_browser import running, sideways
from tests.web_newsletter import SLUG

__all__ = ["axe", "folder"]  # fixtures
pytestmark = pytest.mark.browser
KEPT = f"localStorage.getItem('adding:{SLUG}')"
SMALL = """[...document.querySelectorAll('button, input, summary, .read')].filter(one => one.checkVisibility()
  && one.getClientRects().length && !one.closest('dialog:not([open])')).filter(one => {
    const box = (one.labels?.[0]?.classList.contains('check') ? one.labels[0] : one).getBoundingClientRect();
    return box.width > 1 && box.height < 43.5 }).map(one => one.outerHTML.slice(0, 90))"""


def rows(page: Any) -> list[str]:
    return list(page.locator("#candidates h3").all_inner_texts())


def read(page: Any, text: str) -> None:
    """Opens the box, pastes *text*, waits until it is read."""
    page.click("#add-article")
    page.fill("#adding-text", text)
    page.wait_for_selector("#read-as .headline")
    until(page, "!document.getElementById('add-only').disabled")


def test_week_issue_and_source_stand_side_by_side(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=1500)
        left, middle, right = (page.locator(one).bounding_box() for one in ("#week", "#stories", "#mail"))
        assert left["x"] < middle["x"] < right["x"] and sideways(page) == 0
        page.click("#candidates li:last-child .read")
        page.wait_for_selector("#source mark.sentence, #source .candidate, #source-pin")
        assert page.locator("#source").is_visible() and not page.locator("#frame").is_visible()
        assert page.locator("#week").is_visible() and page.locator("#stories").is_visible()
        page.click("#beside-mail")
        assert page.locator("#frame").is_visible() and not page.locator("#source-scroll").is_visible()
        page.set_viewport_size({"width": 1920, "height": 1000})
        for part in ("#week", "#stories", "#source-scroll", "#frame"):
            assert page.locator(part).is_visible(), "there is room for all four"
        for width, height in ((1100, 800), (720, 450), (390, 844)):  # 720 x 450: 1440 x 900 at 200 %
            page.set_viewport_size({"width": width, "height": height})
            page.keyboard.press("Escape")
            page.click('.tabs [name="panel"][value="week"]')
            assert page.locator("#find-week").is_visible() and sideways(page) == 0
            if width < 860:
                page.click('.tabs [value="mail"]')
            box = page.locator("#frame").bounding_box()
            assert page.locator("#frame").is_visible() and box["y"] < 0.4 * height, "the mail has most of the room"


def test_the_week_is_searched_as_one_types_and_chosen_from(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=1500)
        every = rows(page)
        page.click("#show-near")
        until(page, f"document.querySelectorAll('#candidates h3').length < {len(every)}")
        missed = rows(page)[0]
        page.click("#show-all")
        page.keyboard.press("f")
        page.keyboard.type(missed.casefold())
        until(page, "document.getElementById('found-said').innerText === '1 found'")
        page.click("#candidates [data-edit=pin]")
        saved(page, 1)
        until(page, "document.querySelector('#candidates [data-edit=pin]').getAttribute('aria-pressed') === 'true'")
        until(page, f"[...document.querySelectorAll('#stories h4')].some(one => one.innerText === {missed!r})")
        page.click("#candidates [data-edit=lead]")
        saved(page, 2)
        until(page, f"document.querySelector('#story-1 h4').innerText === {missed!r}")
        page.click("#candidates [data-edit=drop]")
        saved(page, 3)
        until(page, "document.querySelector('#candidates .because').innerText.includes('dropped by Mara')")
        assert missed not in titles(page) and [kind for kind, _ in edits(folder)] == ["pin", "lead", "drop"]
        page.reload()
        assert page.input_value("#find-week") == missed.casefold(), "what was sought stays"
        page.fill("#find-week", "nosuchword")
        page.wait_for_selector("#candidates .empty")


def test_an_article_is_pasted_read_and_had_in_the_issue(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=1500)
        read(page, PASTED)
        shown = page.inner_text("#read-as")
        assert "not used: Author’s view" in shown and "Share this article" in shown and "four hundred" in shown
        assert page.input_value("#adding-outlet") == "Field Desk" and page.input_value("#adding-day") == "2026-03-20"
        page.fill("#adding-outlet", "River Post")
        until(page, "document.querySelector('#read-as .byline').innerText.startsWith('River Post')")
        until(page, "!document.getElementById('add-pinned').disabled")
        page.click("#add-pinned")
        page.wait_for_selector("#adding", state="hidden")
        until(page, "[...document.querySelectorAll('#stories h4')].some(one => one.innerText.startsWith('Seven vill'))")
        until(page, "document.querySelector('#source .headline')?.innerText.startsWith('Seven villages')")
        assert edits(folder) == [("pin", "yes")] and page.evaluate(KEPT) is None


def test_a_file_is_dropped_into_the_week_and_one_is_chosen(browser: Any, folder: Path, tmp_path: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=1500)
        page.evaluate(
            """text => { const held = new DataTransfer(); held.items.add(new File([text], 'count.txt'));
            document.getElementById('week').dispatchEvent(new DragEvent('drop', {dataTransfer: held, bubbles: true})) }""",
            PASTED,
        )
        page.wait_for_selector("#read-as .headline")
        assert page.input_value("#adding-text") == "The file count.txt"
        wrong = tmp_path / "paper.pdf"
        wrong.write_bytes(b"%PDF-1.7 x")
        page.set_input_files("#adding-file", wrong)
        page.wait_for_selector("#adding-said.bad:has-text('is a PDF')")
        assert page.is_disabled("#add-only")
        right = tmp_path / "page.html"
        right.write_text(f"<html><body><h1>A page</h1><p>{PASTED.splitlines()[5]}</p></body></html>", encoding="utf-8")
        page.set_input_files("#adding-file", right)
        until(page, "!document.getElementById('add-only').disabled")
        page.click("#add-only")
        page.wait_for_selector("#done:has-text('is in the week')")
        with open_project(folder) as project:
            assert any(a.source == "pasted" and "hedgehog" in a.text for a in project.store.articles.all())


def test_a_page_is_added_by_its_address(browser: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paragraph = PASTED.splitlines()[5]
    with running(desk_of(folder)) as url, LocalWeb() as web:
        web["/hedgehogs"] = (
            "<html><head><title>Hedgehogs counted</title></head><body><article><h1>Hedgehogs counted</h1>"
            f"<p>{paragraph}</p><p>{paragraph.replace('villages', 'towns')}</p></article></body></html>"
        )
        page = window(browser, url, width=1500)
        page.click("#add-article")
        page.fill("#adding-text", f"{web.url}/hedgehogs")
        page.wait_for_selector("#adding-said.bad:has-text('private')")
        assert web.asked == [], "nothing in the editor's own network is asked"
        monkeypatch.setattr("digest.collect.http.is_public", lambda address: True)
        page.fill("#adding-text", f"{web.url}/hedgehogs ")
        page.wait_for_selector("#read-as .headline:has-text('Hedgehogs counted')")
        assert page.input_value("#adding-link") == f"{web.url}/hedgehogs"
        until(page, "!document.getElementById('add-only').disabled")
        page.click("#add-only")
        page.wait_for_selector("#done:has-text('Hedgehogs counted')")
        assert web.asked.count("/hedgehogs") == 1, "what was shown is what is kept"


def test_what_was_pasted_outlives_the_desk(browser: Any, folder: Path) -> None:
    app = desk_of(folder)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = window(browser, f"http://127.0.0.1:{server.server_port}", width=1500)
    page.click("#add-article")
    server.shutdown()
    server.server_close()
    page.fill("#adding-text", PASTED)
    page.fill("#adding-outlet", "River Post")
    page.wait_for_selector("#adding-said:has-text('does not answer')")
    assert json.loads(page.evaluate(KEPT))["text"] == PASTED
    again = make_server("127.0.0.1", server.server_port, app, threaded=True)
    threading.Thread(target=again.serve_forever, daemon=True).start()
    page.wait_for_selector("#read-as .byline:has-text('River Post')")
    page.reload()
    page.click("#add-article")
    page.wait_for_selector("#read-as .byline:has-text('River Post')")
    assert page.input_value("#adding-text") == PASTED and page.input_value("#adding-outlet") == "River Post"
    again.shutdown()
    again.server_close()


def test_a_finger_hits_everything_on_a_tablet(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=768, touch=True)
        for panel in ("stories", "week", "mail", "words"):
            page.tap(f'.tabs [value="{panel}"]')
            assert sideways(page) == 0 and page.evaluate(SMALL) == [], panel
        page.tap('.tabs [value="week"]')
        page.tap("#add-article")
        assert page.evaluate(SMALL.replace("[...document", "[...document.getElementById('adding')")) == []


@pytest.mark.parametrize(("width", "scheme"), [(1500, "light"), (390, "dark")])
def test_the_week_has_no_fault_that_axe_finds(browser: Any, folder: Path, axe: str, width: int, scheme: str) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=width, scheme=scheme)
        if width < 860:
            page.click('.tabs [value="week"]')
        page.click("#overview summary")
        page.evaluate(axe)
        assert page.evaluate(FAULTS) == []
        read(page, PASTED)
        assert page.evaluate(FAULTS) == []
        page.click("#close-adding")
        page.click("#candidates li:last-child .read")
        page.wait_for_selector("#source-pin")
        assert page.evaluate(FAULTS) == []
