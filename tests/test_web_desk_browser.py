"""The desk in a real browser: an issue made by mouse, by keyboard, on a tablet; a server that dies, a second window."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from digest.model import Editor
from digest.web.preview import Workshop, create_preview
from digest.week import open_project
from tests.test_web_preview_browser import axe
from tests.web_browser import running, sideways
from tests.web_newsletter import NOW, SLUG, make_newsletter

FAULTS = (
    "axe.run(document, {iframes: false, resultTypes: ['violations']})"
    ".then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + n.failureSummary).join(' | ')))"
)
NOTHING_UNSAVED = "!Object.keys(localStorage).some(name => name.startsWith('unsaved:'))"
__all__ = ["axe"]  # a fixture
pytestmark = pytest.mark.browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_newsletter(tmp_path)


def desk_of(folder: Path) -> Any:
    return create_preview(Workshop(folder, SLUG), token="k3y", editor=Editor("Mara"), now=lambda: NOW)


def window(browser: Any, url: str, *, width: int = 1440, touch: bool = False, scheme: str = "light") -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, has_touch=touch, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{url}/?token=k3y")
    page.wait_for_url(f"{url}/")
    page.wait_for_selector("#story-1")
    return page


def until(page: Any, claim: str) -> None:
    for _ in range(600):
        if page.evaluate(claim):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never came true: {claim}")


def saved_at(page: Any, number: int) -> None:
    """Until the page stands at that revision."""
    until(page, f"document.querySelector('[data-revision]')?.dataset.revision === '{number}'")


def saved(page: Any, number: int) -> None:
    """Until the page stands at that revision, and has nothing left to save."""
    saved_at(page, number)
    until(page, NOTHING_UNSAVED)


def edits(folder: Path) -> list[tuple[str, str]]:
    with open_project(folder) as project:
        made = project.store.issues.edits(SLUG)
        return [(e.kind, e.value.partition(" ")[0] if e.kind == "move" else e.value) for e in made]


def titles(page: Any) -> list[str]:
    return list(page.locator("#stories .stories:not(.near) h4").all_inner_texts())


def test_an_issue_made_with_the_mouse(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url)
        before = titles(page)
        page.click("#down-1")
        saved(page, 1)
        until(page, f"document.querySelector('#story-2 h4').innerText === {before[0]!r}")
        grip, aim = page.locator("#story-2 .grip"), page.locator("#story-1").bounding_box()
        grip.hover()
        page.mouse.down()
        page.mouse.move(aim["x"] + 40, aim["y"] + 30)
        page.mouse.move(aim["x"] + 40, aim["y"] + 4)
        page.mouse.up()
        saved(page, 2)
        until(page, f"document.querySelector('#story-1 h4').innerText === {before[0]!r}")
        page.click("#story-1 .cuts a >> nth=0")
        page.wait_for_selector("#source .choice")
        page.click(".choice[aria-checked=false] >> nth=2")
        saved(page, 3)
        words = page.locator(".choice[aria-checked=true]").last.inner_text().strip()[:30]
        until(page, f"document.getElementById('frame').contentDocument?.body.innerText.includes({words!r})")
        page.click(".tabs [value=words]")
        page.fill("#words-subject", "The port that hid nothing")
        saved(page, 4)
        page.click("#undo")
        until(page, "document.getElementById('words-subject').value === ''")
        page.click("#redo")
        until(page, "document.getElementById('words-subject').value === 'The port that hid nothing'")
        assert [kind for kind, _ in edits(folder)] == ["move", "move", "sentences", "subject"]
        assert page.inner_text("#unsaved") == ""


def test_an_issue_made_by_the_keyboard_alone(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url)
        before = titles(page)
        page.keyboard.press("j")
        page.keyboard.press("Alt+ArrowDown")
        saved(page, 1)
        until(page, "document.activeElement.id === 'at-2'")
        page.keyboard.press("n")
        page.wait_for_selector("#source .choice")
        page.locator(".choice[aria-checked=false] >> nth=1").focus()
        page.keyboard.press("Space")
        saved(page, 2)
        assert page.evaluate("document.activeElement.className") == "choice"
        page.keyboard.press("Control+z")
        saved(page, 3)
        page.keyboard.press("e")
        page.locator("#words-intro").focus()
        page.keyboard.type("Ten stories about people who count.")
        saved(page, 4)
        assert edits(folder)[0] == ("move", "2") and edits(folder)[-1][0] == "intro"
        assert titles(page)[1] == before[0]


def test_a_tablet_with_touch(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, width=768, touch=True)
        assert sideways(page) == 0
        page.tap("#down-1")
        saved(page, 1)
        page.tap("#story-1 .cuts a >> nth=0")
        page.wait_for_selector("#source .choice")
        page.tap(".choice[aria-checked=false] >> nth=0")
        saved(page, 2)
        assert sideways(page) == 0


def test_what_is_typed_while_the_server_is_away_is_kept_and_saved_when_it_is_back(browser: Any, folder: Path) -> None:
    app = desk_of(folder)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = window(browser, f"http://127.0.0.1:{server.server_port}")
    page.click(".tabs [value=words]")
    server.shutdown()
    server.server_close()
    page.fill("#words-subject", "Typed into the dark")
    page.wait_for_selector("#unsaved:has-text('does not answer')")
    again = make_server("127.0.0.1", server.server_port, app, threaded=True)
    threading.Thread(target=again.serve_forever, daemon=True).start()
    saved(page, 1)
    assert edits(folder) == [("subject", "Typed into the dark")]
    until(page, "document.getElementById('unsaved').innerText === ''")
    again.shutdown()
    again.server_close()


@pytest.mark.parametrize("has_heard", [True, False], ids=["that hears of it", "that hears of nothing"])
def test_a_second_window_overwrites_nothing_unless_its_editor_says_so(
    browser: Any, folder: Path, has_heard: bool
) -> None:
    with running(desk_of(folder)) as url:
        one, two = window(browser, url), window(browser, url)
        if not has_heard:
            two.route("**/api/changes*", lambda route: route.abort())
            two.reload()
        for page in (one, two):
            page.click(".tabs [value=words]")
        two.locator("#words-subject").focus()
        two.keyboard.type("Two")
        one.fill("#words-subject", "One’s")
        one.keyboard.press("Tab")
        until(two, "document.getElementById('unsaved').innerText.includes('meanwhile')")
        two.keyboard.type("’s own")
        two.keyboard.press("Tab")
        two.wait_for_timeout(1500)
        assert edits(folder) == [("subject", "One’s")], "typing on writes over nobody"
        assert two.input_value("#words-subject") == "Two’s own", "what was typed stays"
        two.click("#unsaved button")
        until(two, "document.getElementById('unsaved').innerText === ''")
        until(one, "document.getElementById('words-subject').value === 'Two’s own'")
        assert edits(folder)[-1] == ("subject", "Two’s own")


def test_two_windows_of_one_browser_keep_what_is_typed_apart(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        one = window(browser, url)
        two = one.context.new_page()
        two.goto(f"{url}/")
        for page in (one, two):
            page.click(".tabs [value=words]")
            page.route("**/api/edit", lambda route: route.abort())
        one.fill("#words-subject", "One’s")
        two.fill("#words-subject", "Two’s")
        for page in (one, two):
            page.wait_for_selector("#unsaved:has-text('does not answer')")
        one.unroute_all()
        one.reload()
        saved_at(one, 1)
        assert edits(folder) == [("subject", "One’s")], "its own words, not those of the window that is open"
        two.unroute_all()
        until(two, "document.getElementById('unsaved').innerText.includes('meanwhile')")
        assert two.input_value("#words-subject") == "Two’s", "what was typed stays"
        two.close()
        one.reload()
        until(one, "document.getElementById('unsaved').innerText.includes('meanwhile')")
        assert one.input_value("#words-subject") == "Two’s", "what a closed window left is found again"
        assert edits(folder) == [("subject", "One’s")]


def test_a_desk_by_plain_http_keeps_clicks_and_words(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url)
        page.add_init_script("delete Navigator.prototype.locks; delete Crypto.prototype.randomUUID;")  # as off loopback
        page.reload()
        assert page.evaluate("!navigator.locks && !crypto.randomUUID")
        page.click("#down-1")
        saved(page, 1)
        page.click(".tabs [value=words]")
        page.route("**/api/edit", lambda route: route.abort())
        page.fill("#words-subject", "Typed by VPN")
        page.wait_for_selector("#unsaved:has-text('does not answer')")
        page.unroute_all()
        page.reload()
        saved(page, 2)
        assert edits(folder)[-1] == ("subject", "Typed by VPN")


def test_words_are_saved_beside_what_others_change_elsewhere(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        one, two = window(browser, url), window(browser, url)
        two.click(".tabs [value=words]")
        two.locator("#words-intro").focus()
        two.keyboard.type("Good morn")
        one.click("#down-1")
        until(one, "Number(document.querySelector('[data-revision]')?.dataset.revision) >= 1")
        two.keyboard.type("ing.")
        until(two, NOTHING_UNSAVED)
        assert dict(edits(folder)) == {"move": "2", "intro": "Good morning."}
        assert two.inner_text("#unsaved") == ""


def test_what_was_clicked_while_the_desk_was_dead_is_done_by_the_next_one(browser: Any, folder: Path) -> None:
    server = make_server("127.0.0.1", 0, desk_of(folder), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = window(browser, f"http://127.0.0.1:{server.server_port}")
    first = titles(page)[0]
    server.shutdown()
    server.server_close()
    page.click("#down-1")
    page.wait_for_selector("#unsaved:has-text('does not answer')")
    other = create_preview(Workshop(folder, SLUG), token="n3w", editor=Editor("Mara"), now=lambda: NOW)
    again = make_server("127.0.0.1", server.server_port, other, threaded=True)
    threading.Thread(target=again.serve_forever, daemon=True).start()
    page.wait_for_selector("#unsaved:has-text('does not know this window')")
    page.goto(f"http://127.0.0.1:{again.server_port}/?token=n3w")
    page.wait_for_url(f"http://127.0.0.1:{again.server_port}/")
    page.wait_for_selector("#story-1")
    until(page, f"document.querySelector('#story-2 h4')?.innerText === {first!r}")
    assert edits(folder) == [("move", "2")]
    until(page, f"JSON.parse(localStorage.getItem('waiting:{SLUG}')).length === 0")
    again.shutdown()
    again.server_close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_has_no_fault_that_axe_finds(browser: Any, folder: Path, axe: str, scheme: str) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url, scheme=scheme)
        page.click("#story-1 .cuts a >> nth=0")
        page.wait_for_selector("#source .choice")
        page.evaluate(axe)
        assert page.evaluate(FAULTS) == []
        page.click(".tabs [value=words]")
        assert page.evaluate(FAULTS) == []
