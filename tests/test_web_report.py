"""The report page: it adds up, tells refusals in their words, names no reader, and reads well anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.address import Address
from digest.config import load_config
from digest.dispatch.standing import causes, look
from digest.model import DeliveryState
from digest.store import open_store
from digest.store.accounts import Said
from digest.web.report import SLIVER, Bar, Pace, domains, parts, report_page, ticks
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter
from tests.web_browser import ARGS, sideways

MINUTE = timedelta(minutes=1)


def sent(folder: Path, readers: int = 40) -> str:
    """The page of an issue that went out over some minutes, was paused in between, and met with trouble."""
    make_newsletter(folder, 1)
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "draft", who="Mara", at=NOW)
        for n in range(1, readers):
            address = Address(f"secret{n}", ("web.example", "post.example")[n % 2])
            store.subscribers.add(address, "", how="import", wording="test", who="test", at=NOW)
        store.subscribers.remove(Address("secret1", "post.example"), who="Mara", at=NOW)
        store.ledger.freeze(SLUG, "", NOW)
        known = store.issues.get(SLUG)
        assert known is not None
        store.issues.approve(SLUG, fingerprint=known.fingerprint, who="Mara <b>Lindqvist</b>", at=NOW)
        store.issues.set_state(SLUG, "sending", who="Mara", at=NOW)
        at = NOW
        for row in store.ledger.lease(SLUG, "one", readers, NOW):
            at += MINUTE / 2
            if row.ordinal == 20:
                store.ledger.commit(SLUG, "one", [], [], at)
                store.issues.set_state(SLUG, "paused", who="Mara", at=at, reason="a slip")
                at += 5 * MINUTE
                store.issues.set_state(SLUG, "sending", who="Mara", at=at)
            state: DeliveryState = ("deferred", "rejected", "uncertain")[row.ordinal] if row.ordinal < 3 else "accepted"
            said = ("451 later <script>alert(1)</script>", "550 5.1.1 no such user", "cut off", "250 Ok")
            due = at + MINUTE if state == "deferred" else None
            store.ledger.commit(SLUG, "one", [row.ordinal], [], at)
            store.ledger.commit(SLUG, "one", [], [(row.ordinal, state, said[min(row.ordinal, 3)], due)], at)
        return report_page(store, load_config(folder), look(store, SLUG, at), now=at)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    file = folder / "report.html"
    file.write_text(sent(folder / "n"), "utf-8")
    return file


def test_the_page_adds_up_and_tells_who_did_what(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "Your relay accepted 36 of 39 letters" in text
    assert "40 subscribers = <b>39 planned</b> + 1 left out: 1 unsubscribed" in text
    assert "paused by Mara: a slip" in text and "half had it by" in text
    assert "550 5.1.1 no such user" in text


def test_the_page_names_no_reader_and_runs_nothing(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "secret" not in text and "reader0@" not in text
    assert "<script" not in text and "<b>Lindqvist" not in text
    assert not re.search(r"(?:src|href)=\"(?!data:)", text)


@contextmanager
def shown(page: Path, chromium: str, width: int = 1000, scheme: str = "light") -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGS)
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        opened = context.new_page()
        opened.goto(page.as_uri())
        yield opened
        browser.close()


CONTRAST = """
() => {
  const channel = c => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
  const light = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number); return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b) };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05) };
  const card = getComputedStyle(document.querySelector('.sheet')).backgroundColor;
  const text = [...document.querySelectorAll('.sheet *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.tagName !== 'title');
  const marks = [...document.querySelectorAll('rect:not(.pause)')];
  return {
    text: Math.min(...text.map(e => ratio(getComputedStyle(e).color, card))),
    marks: Math.min(...marks.map(e => ratio(getComputedStyle(e).fill, card))),
    kinds: new Set(marks.map(e => getComputedStyle(e).fill)).size,
  };
}
"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out_in_either_scheme(page: Path, chromium: str, scheme: str) -> None:
    """WCAG 2.2: 1.4.3 for text, 1.4.11 for graphics."""
    with shown(page, chromium, scheme=scheme) as opened:
        seen = opened.evaluate(CONTRAST)
    assert seen["text"] >= 4.5 and seen["marks"] >= 3
    assert seen["kinds"] == 4  # accepted, again, refused, in doubt


@pytest.mark.browser
def test_the_page_fits_a_phone_and_speaks_to_a_screen_reader(page: Path, chromium: str) -> None:
    with shown(page, chromium, width=320) as opened:
        assert sideways(opened) == 0
        tree = opened.locator("body").aria_snapshot()
        assert opened.locator("h1").count() == 1 and opened.locator("html").get_attribute("lang") == "en"
    assert 'img "36 accepted by your relay, 1 will be tried again, 1 refused, 1 we cannot know"' in tree
    assert "The same as numbers" in tree


def test_a_page_before_anything_left_is_a_page_too(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    with open_store(tmp_path) as store:
        text = report_page(store, load_config(tmp_path), look(store, SLUG, NOW), now=NOW)
    assert "Your relay accepted 0 of 2 letters" in text and "Accepted over time" not in text


# ------------------------------------------------------------------------------------------------ the arithmetic


def test_the_smallest_part_of_a_bar_is_seen_and_the_bar_is_whole() -> None:
    made = parts({"accepted": 1_000_000, "uncertain": 1, "rejected": 0})
    assert [part.number for part in made] == [1_000_000, 1]
    assert made[-1].width >= SLIVER * 0.99
    assert made[-1].start + made[-1].width == pytest.approx(100, abs=0.01)


def test_small_domains_are_one_line_and_nobody_is_lost() -> None:
    table: dict[str, dict[DeliveryState, int]] = {f"d{n}.example": {"accepted": 100 - n} for n in range(30)}
    made = domains(table)
    assert made[-1].name == "18 other domains"
    assert sum(domain.readers for domain in made) == sum(100 - n for n in range(30))


def test_times_along_the_chart_read_well_by_the_newsletters_clock() -> None:
    begin = datetime(2015, 9, 24, 6, 57, tzinfo=UTC)
    bars = tuple(Bar(begin + n * MINUTE, 1, 50.0) for n in range(40))
    pace = Pace(MINUTE, bars, (), 2, begin, begin + 40 * MINUTE, begin)
    found = [(along, f"{at:%H:%M}") for along, at in ticks(pace, ZoneInfo("Asia/Kolkata"))]
    assert [at for _, at in found] == ["12:30", "12:40", "12:50", "13:00"]
    assert found[0][0] == pytest.approx(100 * 3 / 40)


def test_answers_that_differ_in_names_of_queues_only_are_one_cause() -> None:
    said = [
        Said("rejected", "550 5.1.1 no such user 4D2F", 2, ("a.example",)),
        Said("rejected", "550 5.1.1 no such user 9A01", 3, ("b.example",)),
        Said("rejected", "550 5.7.1 no such user 9A01", 1, ("b.example",)),
    ]
    first, second = causes(said)
    assert (first.readers, first.words, first.domains) == (5, "550 5.1.1 no such user 9A01", ("b.example", "a.example"))
    assert second.readers == 1
