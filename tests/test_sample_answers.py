"""The sample week's quotes: who says what, and as what, in every file that lists its answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest import find_quotes
from digest.collect import read_source_file
from digest.model import Article

ROOT = Path(__file__).resolve().parent.parent
WEEK = ROOT / "examples" / "week"
SEEN = datetime(2026, 3, 22, 12, tzinfo=UTC)
ROWS: list[dict[str, Any]] = json.loads((ROOT / "tests/data/expected_week.json").read_text("utf-8"))["articles"]


def read(row: dict[str, Any]) -> Article:
    (article,) = [a for a in read_source_file(WEEK / row["file"], seen=SEEN) if a.title == row["title"]]
    return article


@pytest.mark.parametrize("row", [r for r in ROWS if "quotes" in r], ids=lambda r: r["title"][:30])
def test_every_quote_of_an_article_is_found_with_its_speaker_and_role(row: dict[str, Any]) -> None:
    """Piece for piece, in order: a split quote's pieces count one by one."""
    found = [(text, q.speaker, q.role) for q in find_quotes(read(row)) for text in q.texts]
    assert found == [(text, q["speaker"], q["role"]) for q in row["quotes"] for text in q["texts"]]


@pytest.mark.parametrize("row", [r for r in ROWS if "not_quotes" in r], ids=lambda r: r["title"][:30])
def test_words_nobody_is_credited_with_are_no_quotes(row: dict[str, Any]) -> None:
    found = [text for q in find_quotes(read(row)) for text in q.texts]
    assert not set(row["not_quotes"]) & set(found)
