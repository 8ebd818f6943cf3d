"""A publisher's limit outlives every other text of its article, until an editor has a right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from digest.model import NOSNIPPET, ExcerptLimit, Region, Span
from digest.store import Store, open_store
from tests.make import article

NONE = ExcerptLimit(0, "the page says nosnippet")
FEW = ExcerptLimit(50, "the page says max-snippet:50")
LONGER = "The harbour counts its ships every day of the year. " * 9


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


@pytest.mark.parametrize("way", ["add", "complete", "revise"])
@pytest.mark.parametrize("text", ["", LONGER], ids=["same text", "another text"])
@pytest.mark.parametrize(
    ("known", "told", "kept"),
    [(NONE, None, NONE), (FEW, NONE, NONE), (NONE, FEW, NONE), (None, FEW, FEW)],
    ids=["silence", "stricter", "looser", "first word"],
)
def test_the_stricter_limit_stays(
    store: Store, way: str, text: str, known: ExcerptLimit | None, told: ExcerptLimit | None, kept: ExcerptLimit
) -> None:
    store.articles.add(replace(article("Port"), limit=known))
    now = getattr(store.articles, way)(replace(article("Port", text), limit=told))
    assert (now.limit, now.version) == (kept, 2 if text else 1)
    assert store.articles.get(now.id) == now


def test_a_right_lifts_the_limit_in_every_later_version(store: Store) -> None:
    first = store.articles.add(replace(article("Port"), limit=NONE))
    store.articles.correct(replace(first, right="they wrote to us"))
    assert store.articles.revise(article("Port", LONGER)).excerpt_chars() is None


@pytest.mark.parametrize("way", ["add", "complete", "revise"])
@pytest.mark.parametrize("text", ["", LONGER], ids=["same text", "another text"])
def test_what_editors_filled_in_outlives_a_source_that_says_nothing(store: Store, way: str, text: str) -> None:
    first = store.articles.add(article("Port"))
    told = replace(first, outlet="The Pilot", url="https://pilot.example/1", authors=("Ana Ruiz",), own=True)
    store.articles.correct(told)
    silent = replace(article("Port", text), outlet=None, url=None, authors=(), own=False)
    now = getattr(store.articles, way)(silent)
    assert (now.outlet, now.url, now.authors, now.own) == (told.outlet, told.url, told.authors, True)


def test_a_part_of_the_text_does_not_take_the_place_of_all_of_it(store: Store) -> None:
    store.articles.add(article("Port", LONGER))
    now = store.articles.revise(replace(article("Port", LONGER[:60]), title="Port, corrected"), whole=False)
    assert (now.text, now.title, now.version) == (article("Port", LONGER).text, "Port, corrected", 1)


@pytest.mark.parametrize("way", ["add", "complete", "revise"])
def test_a_paragraph_once_reserved_stays_reserved(store: Store, way: str) -> None:
    text = "The harbour counts its ships.\n\nThis is for subscribers of the harbour only."
    open_to_all = article("Port", text)
    at = open_to_all.text.index("This is for")
    end = len(open_to_all.text)
    kept = (Region("body", Span(0, at - 2)), Region("aside", Span(at, end), NOSNIPPET))
    store.articles.add(replace(open_to_all, regions=kept))
    again = replace(article("Port", f"{text}\n\nA third paragraph came later."))
    now = getattr(store.articles, way)(again)
    assert not any("subscribers" in span.of(now.text) for span in now.body())
    assert any("counts its ships" in span.of(now.text) for span in now.body())
