"""Where sentences begin and end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text.sentences import split_paragraphs, split_sentences

CASES = {
    "two plain ones": ["The plan is new.", "It costs money."],
    "a title": ["Mr. Lee met Dr. Hu on Monday.", "They talked."],
    "initials": ["J. R. McAllister built it.", "The bridge held."],
    "a country": ["The U.S. Senate voted.", "Nobody was surprised."],
    "a country at the end": ["She lives in the U.S.", "He does not."],
    "a clock": ["It opened at 9 a.m. on Friday.", "Few came."],
    "a firm": ["Acme Inc. bought Halden Ltd. shares.", "Prices rose."],
    "decimals": ["Rates rose to 3.5 percent.", "Markets fell."],
    "the stop before the mark": ["“We won.”", "Nobody else did."],
    "speech that goes on": ["“Why me?” Smith asked.", "No one knew."],
    "speech in lower case": ["“Why me?” he asked.", "No one knew."],
    "a brand": ["The firm grew.", "iPhone sales did not."],
    "a number": ["No. 10 was silent.", "Ministers were not."],
    "an ellipsis": ["They waited…", "Nothing came."],
    "a bracket": ["It failed (again).", "They stopped."],
    "an opening mark": ["He left.", "‘We stay,’ she said."],
    "Japanese": ["橋ができた。", "市長は喜んだ。"],
    "Arabic": ["هل هذا صحيح؟", "نعم."],
}


@pytest.mark.parametrize("sentences", CASES.values(), ids=CASES.keys())
def test_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    glue = "" if any("\u3040" <= c <= "\u9fff" for c in sentences[0]) else " "
    text = glue.join(sentences)
    assert [s.of(text) for s in split_sentences(text)] == sentences


def test_a_german_ordinal_is_no_end() -> None:
    text = "Am 3. Oktober war Feiertag. Alle ruhten."
    assert [s.of(text) for s in split_sentences(text, "de")] == ["Am 3. Oktober war Feiertag.", "Alle ruhten."]


def test_a_japanese_quote_is_not_cut_inside() -> None:
    text = "市長は「完成させたい。来年だ。」と述べた。次の話。"
    assert [s.of(text) for s in split_sentences(text)] == ["市長は「完成させたい。来年だ。」と述べた。", "次の話。"]


def test_a_headline_without_a_stop_does_not_run_into_the_next_paragraph() -> None:
    text = "Chiefs meet to talk\n\nThey met on Monday."
    assert [s.of(text) for s in split_sentences(text)] == ["Chiefs meet to talk", "They met on Monday."]


def test_a_wrapped_line_is_no_end() -> None:
    text = "The council of the town has met for the third time this\nyear to talk about the bridge. It did."
    assert len(split_sentences(text)) == 2


TEXTS = st.text(alphabet=st.sampled_from(list('aBé. .!?…"“”‘’()\n\n 。」「1,')), max_size=200) | st.text(max_size=200)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_spans_are_ordered_disjoint_trimmed_and_inside_one_paragraph(text: str) -> None:
    spans = split_sentences(text)
    paragraphs = split_paragraphs(text)
    reach = 0
    for span in spans:
        piece = span.of(text)
        assert piece and piece == piece.strip()
        assert span.start >= reach
        assert any(p.holds(span) for p in paragraphs)
        reach = span.end
    assert "".join("".join(s.of(text) for s in spans).split()) == "".join(text.split())


@pytest.mark.shared
def test_boundaries_agree_with_checked_articles(bench_data: Path) -> None:
    """F1 of at least 99 on Wikinews and 99.5 on the BBC lines."""
    hits: dict[str, list[int]] = {}
    for line in (bench_data / "summaries" / "sentences.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        count = hits.setdefault(row["source"], [0, 0, 0])
        for paragraph in row["paragraphs"]:
            text, gold, at = " ".join(paragraph), set(), 0
            for sentence in paragraph[:-1]:
                gold.add(at + len(sentence))
                at += len(sentence) + 1
            found = {s.end for s in split_sentences(text)[:-1]}
            count[0] += len(gold & found)
            count[1] += len(found - gold)
            count[2] += len(gold - found)
    scores = {source: 200 * a / (2 * a + b + c) for source, (a, b, c) in hits.items()}
    assert scores["wikinews"] >= 99.0
    assert scores["bbc100"] >= 99.5
