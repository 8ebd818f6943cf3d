"""What is not the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text.boilerplate import clean_lines, find_regions, opinion_label, why_removed

LEFTOVERS = {
    "By Jane Roe": "by-line",
    "By. Daily Mail Reporter.": "by-line",
    "PUBLISHED: 14:11 EST, 25 October 2013": "date line",
    "Last updated at 1:25 AM on 3rd August 2011.": "date line",
    "25 September 2015 | 2:57 pm – Source:": "date and source line",
    "Scroll down for video": "caption",
    "Leave a Reply": "comment form",
    "Your email address will not be published.": "comment form",
    "Sorry we are not currently accepting comments on this article.": "comment form",
    "Share this article on Facebook": "share line",
    "Sign up for our weekly newsletter": "subscribe line",
    "We use cookies to make this site better.": "cookie notice",
    "© 2015 Halden News": "copyright line",
    "Read more: what the council decided": "link to more",
    "Source: Halden Water": "source line",
    "CNN's Jane Roe contributed to this report.": "credit line",
    "* * *": "ornament",
}
PROSE = [
    "By the end of March the bridge was open.",
    "By Monday, most of the town had left.",
    "Comments made by the mayor were booed.",
    "Read more books, the minister told children.",
    "The group said it would share this with the police.",
    "Published on Monday, the report blames nobody.",
    "Source code is read by few of them.",
    "More than 40 people were hurt.",
    "Join the queue, said the clerk, and wait.",
    "On 25 September 2015 the two governments met.",
]


@pytest.mark.parametrize(("line", "reason"), LEFTOVERS.items())
def test_a_leftover_is_known_with_its_reason(line: str, reason: str) -> None:
    assert why_removed(line) == reason


@pytest.mark.parametrize("line", PROSE)
def test_prose_that_looks_like_a_leftover_stays(line: str) -> None:
    assert why_removed(line) == ""


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Author’s view: The two have long been friends.", "Author’s view"),
        ("Kommentar: Das reicht nicht.", "Kommentar"),
        ("L’avis de l’auteur : cela ne suffit pas.", "L’avis de l’auteur"),
        ("Opinión: no basta.", "Opinión"),
        ("Opinion", "Opinion"),
    ],
)
def test_an_opinion_part_is_known_by_its_label(line: str, label: str) -> None:
    found, at = opinion_label(line)
    assert found == label
    assert not line[at:].startswith((":", " "))


def test_a_sentence_that_begins_with_the_word_opinion_opens_no_opinion_part() -> None:
    assert opinion_label("Opinion is divided in the town.") == ("", 0)


def test_lines_of_a_wrapped_paragraph_become_one_paragraph_again() -> None:
    lines = [
        "The council of the town has met for the third time this year to talk",
        "about the bridge that was closed in spring after a part of it fell",
        "into the river.",
        "",
        "It did not agree.",
    ]
    cleaned = clean_lines(lines)
    assert [p.text for p in cleaned.paragraphs] == [" ".join(lines[:3]), "It did not agree."]
    assert [p.number for p in cleaned.paragraphs] == [1, 5]


def test_what_follows_the_comment_form_is_no_article() -> None:
    cleaned = clean_lines(["The bridge is open.", "", "Leave a Reply", "", "Great news, I drove over it twice!"])
    assert [p.text for p in cleaned.paragraphs] == ["The bridge is open."]
    assert [r.line for r in cleaned.removed] == [3, 5]


def test_inside_a_paragraph_a_notice_is_an_aside() -> None:
    text = "The train was late. Scroll down for video. Nobody was told why."
    kinds = [(r.kind, r.span.of(text)) for r in find_regions(text)]
    assert kinds == [
        ("body", "The train was late."),
        ("aside", "Scroll down for video."),
        ("body", "Nobody was told why."),
    ]


@pytest.mark.shared
def test_the_seed_article_is_cleaned_as_an_editor_would(bench_data: Path) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    gold = json.loads((bench_data / "seed" / "gold.json").read_text("utf-8"))
    cleaned = clean_lines(text.split("\n"))
    assert [(r.line, r.text) for r in cleaned.removed] == [(r["line"], r["text"]) for r in gold["removed"]]
    assert [r.reason for r in cleaned.removed] == [
        "media notice",
        "date and source line",
        "comment form",
        "comment form",
    ]
    assert [p.text for p in cleaned.paragraphs if p.kind == "opinion"] == gold["opinion"]["text"]
    assert [p.text for p in cleaned.paragraphs if p.kind == "body"] == [
        gold["title"],
        gold["standfirst"],
        *gold["body"],
    ]
    assert cleaned.opinion_label == gold["opinion"]["label"]
    assert cleaned.date_line is not None
    assert cleaned.date_line[0] == gold["published_line"]


@pytest.mark.shared
def test_the_seed_articles_raw_text_has_the_same_body(bench_data: Path) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    gold = json.loads((bench_data / "seed" / "gold.json").read_text("utf-8"))
    regions = find_regions(text)
    assert [r.span.of(text) for r in regions if r.kind == "body"] == gold["body"]
    assert [r.span.of(text) for r in regions if r.kind == "opinion"] == gold["opinion"]["text"]


LINES = st.lists(
    st.sampled_from([*LEFTOVERS, *PROSE, "", "Opinion: no.", "A headline", "“Yes,” he said."]) | st.text(max_size=40),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_every_line_is_kept_or_removed_and_regions_are_disjoint(lines: list[str]) -> None:
    cleaned = clean_lines(lines)
    numbers = [r.line for r in cleaned.removed]
    assert numbers == sorted(set(numbers))
    text = "\n".join(lines)
    reach = 0
    for region in find_regions(text):
        assert region.span.start >= reach
        assert region.span.of(text).strip()
        reach = region.span.end
