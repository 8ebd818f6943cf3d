"""The sample week: every file is read as `tests/data/expected_week.json` says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.collect import read_source_file
from digest.model import Article

ROOT = Path(__file__).resolve().parent.parent
WEEK = ROOT / "examples" / "week"
SEEN = datetime(2026, 3, 22, 12, tzinfo=UTC)
EXPECTED: list[dict[str, Any]] = json.loads((ROOT / "tests/data/expected_week.json").read_text(encoding="utf-8"))[
    "articles"
]


def read(row: dict[str, Any]) -> Article:
    found = read_source_file(WEEK / row["file"], seen=SEEN)
    return next((a for a in found if a.title == row["title"]), found[0])


@pytest.mark.parametrize("row", EXPECTED, ids=lambda r: f"{r['file']}-{r['title'][:20]}")
def test_every_file_of_the_sample_week_is_read_as_expected(row):
    article = read(row)
    got = {
        "title": article.title,
        "standfirst": article.standfirst,
        "authors": list(article.authors),
        "outlet": article.outlet,
        "url": article.url,
        "canonical": article.canonical,
        "published_precision": article.published_precision,
        "language": article.language,
        "paywall": article.paywall,
    }
    assert got == {key: row[key] for key in got}
    wanted = row["published"] and datetime.fromisoformat(row["published"])
    assert article.published == wanted
    assert (article.published and article.published.tzinfo is None) == (wanted and wanted.tzinfo is None)
    for piece in row.get("must", ()):
        assert piece in article.text
    for piece in row.get("must_not", ()):
        assert piece not in article.text


@pytest.mark.parametrize("row", EXPECTED, ids=lambda r: f"{r['file']}-{r['title'][:20]}")
def test_every_quote_of_the_sample_week_survives_the_cleaning(row):
    article = read(row)
    for quote in row.get("quotes", ()):
        for text in quote["texts"]:
            assert text in article.text


@pytest.mark.parametrize("row", EXPECTED, ids=lambda r: f"{r['file']}-{r['title'][:20]}")
def test_regions_hold_every_character_but_the_blank_lines_between_them(row):
    article = read(row)
    rest = article.text
    for region in reversed(article.regions):
        rest = rest[: region.span.start] + rest[region.span.end :]
    assert rest == "\n\n" * (len(article.regions) - 1)
