"""Approving and sending in a real browser: by mouse, by keyboard alone, stopped half-way, by two people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from digest.model import Editor
from digest.web.preview import Workshop, create_preview
from digest.week import open_project
from tests.test_web_desk_browser import FAULTS, axe, until, window
from tests.test_web_desk_sending import counts, join, setting, state
from tests.web_browser import running, sideways
from tests.web_newsletter import NOW, SLUG, Post, make_newsletter

__all__ = ["axe"]  # a fixture
pytestmark = pytest.mark.browser


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIGEST_NOW", NOW.isoformat())  # the clock of the send that the desk begins
    return make_newsletter(tmp_path)


def desk_of(folder: Path, name: str = "Mara") -> Any:
    return create_preview(Workshop(folder, SLUG), token="k3y", mail_test=Post(), editor=Editor(name), now=lambda: NOW)


def is_sound(page: Any, axe: str, part: str = "#send", schemes: Sequence[str] = ("light",)) -> None:
    """Nothing axe finds in *part*, nothing wider than the window: in *schemes*, at each width, at twice the size."""
    page.evaluate(axe)
    faults = FAULTS.replace("document", f"'{part}'")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(faults) == []
    for width in (390, 768, 720, 1440):  # 720: a window of 1440 px at 200 %
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways(page) == 0


def shown(page: Any, state: str) -> None:
    page.wait_for_selector(f".standing[data-state={state}]")


def test_from_the_draft_to_the_last_reader_with_the_mouse(browser: Any, folder: Path, axe: str) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url)
        page.click(".tabs [value=words]")
        page.fill("#words-subject", "Ships")
        page.click(".tabs [value=send]")
        page.fill(".waive input[name=words]", "one word says it")
        is_sound(page, axe, schemes=("light", "dark"))
        page.click(".waive button")
        page.wait_for_selector("#waived")
        page.fill("#send-test-address", "mara@example.org")
        page.click("#send-test-button")
        page.click("#approve:not([disabled])")
        shown(page, "approved")
        assert page.inner_text("#send-said") == "Approved for 2 readers. Nothing has been sent."
        assert "Any edit takes that back" in page.inner_text(".locked")
        is_sound(page, axe, "body")
        page.fill("#at", "2026-03-22T20:10")
        page.click("#schedule")
        shown(page, "scheduled")
        assert "in 2 h 10 min" in page.inner_text("#send-body")
        page.fill("#number", "3")
        page.click("#begin")
        page.wait_for_selector("#send-said.bad")
        assert page.input_value("#number") == "3" and state(folder) == "scheduled"
        page.fill("#number", "2")
        page.click("#begin")
        shown(page, "sent")
        page.wait_for_selector(".tabs [value=words]", state="detached")  # the page was loaded anew
        assert "2 written to var/outbox" in page.inner_text(".legend")
        is_sound(page, axe, schemes=("dark", "light"))
        page.click(".tabs [value=stories]")
        page.click("#correct-2 summary")
        page.fill("#correct-words-2", "It was nine ships, not eleven.")
        page.click("#correct-2 [value=correction]")
        page.wait_for_selector("#story-2 .since .note")
        assert "It was nine ships" in page.inner_text("#story-2")
        is_sound(page, axe, "#story-2")


def tab_to(page: Any, id: str) -> None:
    for _ in range(80):
        if page.evaluate("document.activeElement?.id") == id:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{id} is not reached")


def test_from_the_draft_to_the_last_reader_by_the_keyboard_alone(browser: Any, folder: Path) -> None:
    with running(desk_of(folder)) as url:
        page = window(browser, url)
        page.keyboard.press("a")
        page.wait_for_selector("#send-test-address")
        tab_to(page, "send-test-address")
        page.keyboard.type("mara@example.org")
        page.keyboard.press("Enter")
        page.wait_for_selector("#approve:not([disabled])")
        tab_to(page, "approve")
        page.keyboard.press("Enter")
        shown(page, "approved")
        assert page.evaluate("document.activeElement.id") == "send-title"
        tab_to(page, "number")
        page.keyboard.type("2")
        page.keyboard.press("Enter")
        shown(page, "sent")
        assert counts(folder) == {"accepted": 2}


def test_an_issue_is_stopped_while_it_leaves(browser: Any, folder: Path) -> None:
    join(folder, 398)
    setting(folder, "# rate = 14 ", "rate = 20 ")
    with running(desk_of(folder)) as url:
        page = window(browser, url)
        page.keyboard.press("a")
        page.fill("#send-test-address", "mara@example.org")
        page.click("#send-test-button")
        page.click("#approve:not([disabled])")
        page.fill("#number", "400")
        page.click("#begin")
        page.wait_for_selector(".legend >> text=written to var/outbox")
        page.click("#stop-summary")
        before = page.inner_text(".legend")
        until(page, f"document.querySelector('.legend').innerText !== {before!r}")  # the question stays open
        assert page.evaluate("document.activeElement.id") == "stop-summary"
        assert "will not get it. There is no way back." in page.inner_text("#stop")
        page.click("#stop-it")
        shown(page, "cancelled")
        told = page.inner_text("#send-said")
    got = counts(folder)
    assert got["accepted"] + got["cancelled"] == 400 and 0 < got["accepted"] < 400
    assert told == f"Stopped: {got['cancelled']} readers will not get it; what has left has left."


def test_two_people_approve_each_at_their_own_desk(browser: Any, folder: Path) -> None:
    setting(folder, 'approval = "one"', 'approval = "two"')
    with running(desk_of(folder, "Mara")) as first, running(desk_of(folder, "Tomas")) as second:
        mara, tomas = window(browser, first), window(browser, second)
        for page in (mara, tomas):
            page.keyboard.press("a")
            page.wait_for_selector("#approve")
        mara.fill("#send-test-address", "mara@example.org")
        mara.click("#send-test-button")
        mara.click("#approve:not([disabled])")
        tomas.wait_for_selector("text=Mara approved these very bytes at 18:00")  # without loading it anew
        mara.wait_for_selector("text=it waits for a second person")
        assert mara.is_disabled("#approve")
        tomas.click("#approve:not([disabled])")
        shown(mara, "approved")
    with open_project(folder) as project:
        known = project.store.issues.get(SLUG)
        assert known is not None and known.approved_by == "Tomas"
