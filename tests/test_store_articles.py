"""What editors know and publishers reserve outlives every other text of an article, until an editor has a right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from digest.model import NOSNIPPET, PAYWALLED, Article, ExcerptLimit, Region, Span
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


FIRST, SECOND, THIRD = "The first pier is open.", "The second pier is closed.", "The third pier is dry."


def marked(*paragraphs: tuple[str, str], paywall: str = "open") -> Article:
    """An article of paragraphs, each with the reason it is set aside for, '' for a part of the report."""
    made = article("Port", "\n\n".join(text for text, _ in paragraphs), paywall=paywall)
    regions, at = [], 0
    for text, reason in paragraphs:
        regions.append(Region("aside" if reason else "body", Span(at, at + len(text)), reason))
        at += len(text) + 2
    return replace(made, regions=tuple(regions))


def set_aside(found: Article) -> list[tuple[str, str]]:
    assert all(a.span.end + 2 == b.span.start for a, b in pairwise(found.regions))
    return [(r.span.of(found.text), r.reason) for r in found.regions if r.kind == "aside"]


@pytest.mark.parametrize("way", ["add", "complete", "revise"])
@pytest.mark.parametrize("more", [(), (("The fourth pier is new. " * 9, ""),)], ids=["same text", "another text"])
def test_a_paragraph_once_reserved_stays_reserved(store: Store, way: str, more: tuple[tuple[str, str], ...]) -> None:
    store.articles.add(marked((FIRST, NOSNIPPET), (SECOND, ""), (THIRD, NOSNIPPET)))
    now = getattr(store.articles, way)(marked((FIRST, ""), (SECOND, ""), *more, (THIRD, "")))
    assert set_aside(now) == [(FIRST, NOSNIPPET), (THIRD, NOSNIPPET)]
    assert now == store.articles.get(now.id)


@pytest.mark.parametrize("way", ["add", "complete", "revise"])
@pytest.mark.parametrize("reason", [NOSNIPPET, PAYWALLED])
def test_an_unchanged_text_of_which_more_is_reserved_now_is_reserved(store: Store, way: str, reason: str) -> None:
    store.articles.add(marked((FIRST, ""), (SECOND, ""), (THIRD, "caption")))
    paywall = "closed" if reason == PAYWALLED else "open"
    now = getattr(store.articles, way)(marked((FIRST, ""), (SECOND, reason), (THIRD, "caption"), paywall=paywall))
    assert (set_aside(now), now.version, now.paywall) == ([(SECOND, reason), (THIRD, "caption")], 1, paywall)
