"""Which of a page's words are the article's, and that they stay as the page prints them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from digest.collect import read_article
from digest.collect.pages import read_page
from digest.model import Article

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
ONE = (
    "The council counted every lamp in the town last winter and found that one in nine was out, most of them by the "
    "river where the path floods and nobody had walked with a list since the flood."
)
TWO = (
    "“We never asked anybody before,” said Ana Ruiz, who runs the depot and signs for every lamp that leaves it, “and "
    "so nobody ever told us which ones were broken or for how long they had been.”"
)
THREE = (
    "A list of the lamps hangs in the library from Monday on, with a pencil on a string beside it, and the council "
    "promises to read it out at every meeting until the last of them is lit again."
)
PROSE = f"<p>{ONE}</p><p>{TWO}</p><p>{THREE}</p>"


def read(body: str) -> Article:
    return read_article(
        f"<!doctype html><html lang=en><head><title>Town counts its lamps</title></head><body>{body}</body></html>",
        url="https://harbournotes.example/lamps",
        seen=SEEN,
    )


def paragraphs(body: str) -> list[str]:
    return read(f"<article><h1>Town counts its lamps</h1>{body}</article>").text.split("\n\n")


def test_a_sentence_keeps_the_words_of_a_link_inside_it():
    linked = TWO.replace(
        "runs the depot", "<span class=link><a href=/depot>runs the depot by the old harbour wall</a></span>"
    )
    assert paragraphs(f"<p>{ONE}</p><p>{linked}</p><p>{THREE}</p>") == [
        ONE,
        TWO.replace("runs the depot", "runs the depot by the old harbour wall"),
        THREE,
    ]


def test_what_opens_on_hover_is_not_printed_into_the_sentence():
    card = (
        "<span class='tooltip-content'><img src=a.jpg> Ana Ruiz <a href=/r>All about Ana Ruiz and her lamps</a></span>"
    )
    assert paragraphs(f"<p>{ONE}</p><p>{TWO.replace('Ana Ruiz', f'Ana Ruiz{card}')}</p><p>{THREE}</p>") == [
        ONE,
        TWO,
        THREE,
    ]


def test_a_quoted_post_between_two_paragraphs_stays():
    post = "<div class=embed><blockquote class=tweet><p>Lamps! <a href=https://t.example/1>t.example/1</a></p>— Bo Lee (@bo)</blockquote></div>"
    assert paragraphs(f"<p>{ONE}</p>{post}<p>{TWO}</p><p>{THREE}</p>") == [
        ONE,
        "Lamps! t.example/1",
        "— Bo Lee (@bo)",
        TWO,
        THREE,
    ]


def test_text_in_no_paragraph_of_its_own_stays():
    assert (
        paragraphs(f"<div>{ONE}<br><br><img src=a.jpg><center><em>A lamp</em></center><br>{TWO}<br><br>{THREE}</div>")[
            0
        ]
        == ONE
    )


def test_cards_and_headings_that_link_to_other_pages_are_removed_with_a_reason():
    more = (
        "<div><a href=/a><h3>Harbour wall falls into the harbour again</h3></a></div>"
        "<div><h3><a href=/b>Ferry finds its captain after all these years</a></h3></div>"
    )
    article = read(f"<article><h1>Town counts its lamps</h1>{PROSE}{more}</article>")
    assert article.text == "\n\n".join((ONE, TWO, THREE))
    assert {r.reason for r in article.removed} <= {"link to more", "repeats the title"}


def test_a_linked_heading_over_prose_stays():
    assert "The second lamp, by the old harbour wall" in paragraphs(
        f"{PROSE}<h2><a href=/b>The second lamp, by the old harbour wall</a></h2><p>{ONE.replace('council', 'mayor')}</p>"
    )


def test_of_several_article_elements_the_one_with_the_heading_counts():
    other = TWO.replace("Ana Ruiz", "Bo Lee").replace("lamp", "boat")
    pages = f"<article class=a><h1>Town counts its lamps</h1>{PROSE}</article><article class=b><p>{other}</p></article>"
    assert "boat" not in read(f"<div>{pages}</div>").text


# What the readers of other hands choose cannot be told beforehand: here it is given.


@pytest.fixture
def chosen(monkeypatch):
    """Called with texts: what both readers are to find on the page."""
    from digest.collect.pages import text

    return lambda *texts: monkeypatch.setattr(text, "_read", lambda tree, blocks: list(texts))


@pytest.mark.parametrize(
    "passed_over",
    [f"<p>{ONE}</p>{{}}<p>{THREE}</p>", f"<div>{ONE}<br>{{}}<br>{THREE}</div>"],
    ids=["a paragraph", "bare text"],
)
def test_prose_passed_over_between_two_paragraphs_of_one_kind_is_filled_in(chosen, passed_over):
    chosen(ONE, THREE)
    inner = f"<p>{TWO}</p>" if passed_over.startswith("<p>") else TWO
    assert paragraphs(passed_over.format(inner)) == [ONE, TWO, THREE]


@pytest.mark.parametrize(
    "between",
    [
        f"<aside><p>{TWO}</p></aside>",
        f"<div class='share'><p>{TWO}</p></div>",
        f"<p><a href=/b>{TWO}</a></p>",
        "<p>Photo by Ana Ruiz</p>",
        f"<p hidden>{TWO}</p>",
        f"<figure><blockquote>{TWO}</blockquote></figure>",
        f"<div><section><p>{TWO}</p></section></div>",
    ],
    ids=["aside", "share", "link", "short", "hidden", "figure", "elsewhere"],
)
def test_what_is_no_prose_of_the_article_is_not_filled_in(chosen, between):
    chosen(ONE, THREE)
    assert paragraphs(f"<p>{ONE}</p>{between}<p>{THREE}</p>") == [ONE, THREE]


def test_paragraphs_of_another_article_element_are_removed_with_a_reason(chosen):
    other = TWO.replace("lamp", "boat")
    chosen(ONE, TWO, THREE, other)
    article = read(f"<div><article><h1>Lamps</h1>{PROSE}</article><article><p>{other}</p></article></div>")
    assert article.text == "\n\n".join((ONE, TWO, THREE))
    assert [(r.text, r.reason) for r in article.removed] == [(other, "another article")]


def test_what_stands_before_the_articles_own_container_is_removed(chosen):
    chosen("Our new boat is out", ONE, TWO, THREE)
    assert read(f"<h2>Our new boat is out</h2><div><h1>Lamps</h1>{PROSE}</div>").text == "\n\n".join((ONE, TWO, THREE))


def test_half_an_article_in_an_element_called_related_stays(chosen):
    chosen(ONE, TWO, THREE)
    assert paragraphs(f"<div><p>{ONE}</p></div><div class=related><p>{TWO}</p><p>{THREE}</p></div>") == [
        ONE,
        TWO,
        THREE,
    ]


def test_a_newsletter_box_inside_an_article_is_no_text():
    box = "<div class='newsletter-box'><p>Lamps every Monday, from the harbour to your breakfast table, for free.</p></div>"
    assert paragraphs(f"<p>{ONE}</p><p>{TWO}</p>{box}<p>{THREE}</p>") == [ONE, TWO, THREE]


def test_an_article_in_an_element_called_newsletter_is_an_article():
    assert read(f"<div class=newsletter><h1>Town counts its lamps</h1>{PROSE}</div>").text == "\n\n".join(
        (ONE, TWO, THREE)
    )


def test_a_pull_quote_is_removed_and_the_paragraph_stays():
    article = read(
        f"<article><h1>Town counts its lamps</h1><p>{ONE}</p><p>We never asked anybody before, said Ana Ruiz</p><p>{TWO}</p><p>{THREE}</p></article>"
    )
    assert article.text == "\n\n".join((ONE, TWO, THREE))
    assert ("We never asked anybody before, said Ana Ruiz", "pull quote: repeats the text") in [
        (r.text, r.reason) for r in article.removed
    ]


SEEDS = (
    f"<html lang=en><head><title>Lamps</title><meta name=robots content='max-snippet:9'></head><body><article><h1>Lamps"
    f"</h1>{PROSE}<ul><li>a<li>b</ul><table><tr><td>1<td>2</table><figure><img src=a.jpg><figcaption>Foto: A</figcaption>"
    f"</figure></article></body></html>"
).encode()


def broken(rng: random.Random) -> bytes:
    """The page, damaged in one of the ways pages are."""
    at = rng.randrange(len(SEEDS))
    flipped = bytearray(SEEDS)
    for _ in range(20):
        flipped[rng.randrange(len(flipped))] = rng.randrange(256)
    return rng.choice(
        [
            SEEDS[:at],
            bytes(flipped),
            SEEDS[:at] + b"<div>" * 5000 + SEEDS[at:],
            SEEDS[:at] + b"\x00" * 9 + SEEDS[at:],
            SEEDS[:at] + b"<p class='" + b"x " * 50_000 + b"'>" + SEEDS[at:],
            SEEDS.decode().encode(rng.choice(["utf-16", "utf-32", "cp037", "shift_jis"]), "replace"),
            SEEDS[at:] + SEEDS[:at],
            SEEDS.replace(b"<p", rng.choice([b"<table><td", b"<a href=x", b"<svg", b"<!--", b"<article"])),
        ]
    )


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_page_is_read_as_far_as_it_goes(seed):
    rng = random.Random(seed)
    reading = read_page(broken(rng), url=rng.choice(["https://a.example/x", "http://[bad/", "", None]))
    assert all(paragraph.text for paragraph in reading.paragraphs)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"<", b"<!doctype html>", "\ud800<p>x", "<b>" * 5000 + "lamp " * 99, "<ul><li>" * 3000],
    ids=range(7),
)
def test_what_is_hardly_a_page_is_no_crash(data):
    read_page(data)
