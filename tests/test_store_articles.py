"""A publisher's limit outlives every other text of its article, until an editor has a right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from digest.model import ExcerptLimit
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
