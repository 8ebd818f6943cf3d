"""Web pages: what is the article, and what the page says of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.collect import canonical_url, read_article
from digest.errors import ReadError
from digest.model import Article

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
PROSE = (
    "The council counted every lamp in the town last winter and found that one in nine was out, most of them by the "
    "river where the path floods and nobody had walked with a list since the flood.",
    "“We never asked anybody before,” said Ana Ruiz, who runs the depot and signs for every lamp that leaves it, "
    "“and so nobody ever told us which ones were broken or for how long.”",
    "A list of the lamps hangs in the library from Monday on, with a pencil on a string beside it, and the council "
    "promises to read it out at every meeting until the last of them is lit again.",
)
LD = """{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Harbour Notes"},{"@type":"NewsArticle",
"headline":"Town counts its lamps","datePublished":"2026-03-18T06:40:00+01:00","isAccessibleForFree":"False",
"author":[{"@type":"Person","name":"By Ana J. Ruiz"},{"@type":"Organization","name":"Harbour Notes"}]}]}"""


def page(
    *,
    title: str = "Town counts its lamps - Harbour Notes",
    h1: str = "Town counts its lamps",
    head: str = "",
    before: str = "",
) -> str:
    prose = "".join(f"<p>{p}</p>" for p in PROSE)
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>{head}</head><body>"
        f"<nav><ul><li><a href=/>Home</a><li><a href=/sport>Sport</a></ul></nav><article><h1>{h1}</h1>{before}{prose}"
        f"</article><footer>All rights reserved</footer></body></html>"
    )


def read(markup: str | bytes, url: str | None = "https://www.harbournotes.example/lamps") -> Article:
    return read_article(markup, url=url, seen=SEEN)


def test_the_article_is_taken_and_menu_and_footer_are_not():
    article = read(page())
    assert article.text == "\n\n".join(PROSE)
    assert article.title == "Town counts its lamps"


@pytest.mark.parametrize(
    "title",
    [
        "Town counts its lamps - Harbour Notes",
        "Town counts its lamps | harbournotes.example",
        "Harbour Notes » Town counts its lamps",
    ],
)
def test_the_site_name_is_cut_off_a_title(title):
    head = '<meta property="og:site_name" content="Harbour Notes">'
    assert read(page(title=title, h1="Harbour Notes", head=head)).title == "Town counts its lamps"


def test_a_dash_inside_a_title_stays():
    title = "Town counts its lamps - and its debts"
    assert read(page(title=f"{title} - Harbour Notes", h1=title)).title == title


def test_json_ld_gives_instant_authors_and_paywall():
    article = read(page(head=f'<script type="application/ld+json">{LD}</script>'))
    assert article.published == datetime.fromisoformat("2026-03-18T06:40:00+01:00")
    assert article.published_precision == "second"
    assert article.authors == ("Ana J. Ruiz",)
    assert article.paywall == "closed"


def test_a_stated_instant_beats_a_stated_day():
    head = (
        '<meta name="date" content="2026-03-17"><meta property="article:published_time" content="2026-03-18T06:40:00Z">'
    )
    assert read(page(head=head)).published == datetime(2026, 3, 18, 6, 40, tzinfo=UTC)


def test_a_day_alone_stays_naive():
    article = read(page(head='<meta name="date" content="2026-03-17">'))
    assert (article.published, article.published_precision) == (datetime(2026, 3, 17), "day")


def test_a_saved_page_says_itself_where_it_is_from():
    head = (
        '<link rel=canonical href="https://harbournotes.example/lamps"><meta property="og:site_name" content="Harbour Notes">'
        '<link rel=license href="https://creativecommons.org/licenses/by/4.0/">'
    )
    article = read(page(head=head), url=None)
    assert (article.url, article.outlet) == ("https://harbournotes.example/lamps", "Harbour Notes")
    assert article.license
    assert "4.0" in article.license


def test_a_front_page_named_canonical_by_mistake_is_not_believed():
    article = read(page(head='<link rel=canonical href="https://www.harbournotes.example/">'))
    assert article.canonical == "https://www.harbournotes.example/lamps"


def test_the_printed_standfirst_stands_apart_from_the_text():
    article = read(page(before="<p class=standfirst>One in nine is out, and now there is a list to prove it</p>"))
    assert article.standfirst == "One in nine is out, and now there is a list to prove it"
    assert article.standfirst not in article.text


def test_reading_aids_beside_japanese_words_are_left_out():
    ruby = "<ruby>法律<rp>(</rp><rt>ほうりつ</rt><rp>)</rp></ruby>"
    text = f"子どもを守る{ruby}ができて、親が子どもを教育するために、体罰をすることが禁止されました。" * 3
    article = read(
        f"<html lang=ja><head><title>新しい法律</title></head><body><article><h1>新しい{ruby}</h1><p>{text}</p></article></body></html>"
    )
    assert article.title == "新しい法律"
    assert "ほうりつ" not in article.text


def test_broken_markup_is_read_as_far_as_it_goes():
    markup = page(head='<script type="application/ld+json">{"@type": "NewsArticle", </script>')
    assert PROSE[0] in read(markup[: int(len(markup) * 0.8)]).text
    assert PROSE[0] in read(markup.replace("</p>", "").replace("</article>", "").encode("utf-8") + b"\xff\xfe<").text


@pytest.mark.parametrize(
    ("url", "said", "believed"),
    [
        ("https://www.notes.example/lamps?ref=1", "https://notes.example/lamps", True),
        ("https://amp.notes.example/lamps", "https://www.notes.example/lamps", True),
        ("https://city.notes.example/lamps", "https://notes.example/city/lamps", True),
        ("https://notes.example/lamps", "https://city.notes.example/lamps", True),
        ("https://notes-example.cdn.ampproject.org/c/s/notes.example/amp/lamps", "https://notes.example/lamps", True),
        ("https://other.example/lamps", "https://notes.example/lamps", False),
        ("https://notnotes.example/lamps", "https://notes.example/lamps", False),
        ("https://a.blogspot.example/lamps", "https://b.blogspot.example/lamps", False),
    ],
)
def test_a_page_may_name_an_address_of_its_own_house_only(url: str, said: str, believed: bool):
    head = f'<link rel=canonical href="{said}"><meta property="og:url" content="{said}">'
    assert read(page(head=head), url=url).canonical == canonical_url(said if believed else url)


def test_a_canonical_address_that_is_none_is_passed_over():
    head = '<link rel=canonical href="https://[harbour/"><meta property="og:url" content="https://a.example:x/">'
    assert read(page(head=head)).canonical == "https://www.harbournotes.example/lamps"


def test_a_page_that_is_only_a_head_holds_no_article():
    with pytest.raises(ReadError, match="no article text"):
        read("<html><head><title>Town counts its lamps</title><meta name=date content=2026-03-17></head></html>")


@pytest.mark.shared
def test_the_reference_pages_are_read_at_least_as_well_as_measured(bench_data):
    from bench.intake import score_pages

    score = score_pages(bench_data / "pages")
    assert score["failures"] == []
    assert score["F1"] >= 0.975
    assert score["title"] >= 25
    assert score["authors"] >= 24
    assert score["day"] >= 24
    assert score["pieces"].get("must not found", 0) <= 1
