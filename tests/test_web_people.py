"""The two pages about people: growth drawn, and what is held about one; readable by anybody, in either scheme."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.config import load_config
from digest.store import open_store
from digest.store.statistics import LeaversOfIssue, PeopleCounted, WeekOfPeople
from digest.web.people import MOST_BARS, people_page, points, steps_of
from digest.web.person import person_page
from tests.dispatch_newsletter import NOW
from tests.test_standards_people import lived
from tests.test_web_report import CONTRAST, shown
from tests.web_browser import sideways


def weeks(number: int) -> tuple[WeekOfPeople, ...]:
    return tuple(WeekOfPeople(date(2024, 1, 1) + timedelta(days=7 * n), 3, 1, 2 * (n + 1)) for n in range(number))


def test_a_long_history_is_drawn_in_fewer_bars_that_still_add_up() -> None:
    steps, size = steps_of(weeks(200))
    assert len(steps) <= MOST_BARS and size == 4
    assert sum(s.joined - s.left for s in steps) == steps[-1].members == 400
    assert steps_of(()) == ((), 1) and points((), 0) == ""
    line = [tuple(map(float, p.split(","))) for p in points(steps, 400).split()]
    assert line[-1][1] == 0 and all(0 <= x <= 100 and 0 <= y <= 100 for x, y in line)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("people")
    address = lived(folder / "n")
    counted = PeopleCounted(
        140, 120, {"subscribed": 120, "unsubscribed": 20}, weeks(60), (LeaversOfIssue("2015-W39", 100, 2),),
        (("", 100), ("de", 20)), (("", 90), ("Ports <b>", 30)),
    )  # fmt: skip
    config = load_config(folder / "n")
    with open_store(folder / "n") as store:
        held = store.holdings.of(address)
        assert held is not None
        made = {"person": person_page(config, held, now=NOW), "people": people_page(config, counted, of="", now=NOW)}
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in made}


def test_the_pages_run_nothing_and_load_nothing(pages: dict[str, Path]) -> None:
    for page in pages.values():
        text = page.read_text("utf-8")
        assert "<script" not in text and "Ports <b>" not in text and 'href="data:,"' in text
        assert "http" not in text.replace("Content-Security-Policy", "").replace("http-equiv", "")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["person", "people"])
def test_text_and_marks_stand_out_and_a_phone_shows_it_all(pages: dict[str, Path], chromium: str, name: str) -> None:
    for scheme in ("light", "dark"):
        with shown(pages[name], chromium, width=320, scheme=scheme) as opened:
            seen: Any = opened.evaluate(CONTRAST)
            assert sideways(opened) == 0 and seen["text"] >= 4.5
            assert opened.locator("h1").count() == 1
            if name == "people":
                assert seen["marks"] >= 3 and "The same as numbers" in opened.locator("body").aria_snapshot()
