"""Feeds and lists of feeds: sound, awkward and hostile."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect import article_from_entry, parse_feed
from digest.collect.opml import Subscription, parse_opml, write_opml
from digest.collect.pages import read_page
from digest.errors import ReadError, SourceError

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
LONG = "<p>" + "The council counted every lamp in the town and found that one in nine was out. " * 12 + "</p>"


def item(number: int, *, title: str = "", extra: str = "") -> str:
    return (
        f"<item><title>{title or f'Story {number}'}</title><link>https://notes.example.org/{number}?utm_source=rss</link>"
        f"<guid isPermaLink='false'>n{number}</guid><pubDate>Wed, 18 Mar 2026 0{number % 10}:00:00 +0100</pubDate>"
        f"<description>Teaser {number}</description>{extra}</item>"
    )


def rss(*items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    return (
        f'{head}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Harbour Notes'
        f"</title><link>https://notes.example.org/</link><ttl>60</ttl>{''.join(items)}</channel></rss>"
    ).encode()


TEN = rss(*map(item, range(10)))


@pytest.mark.shared
def test_every_reference_feed_is_read_as_its_truth_says(bench_data):
    from bench.intake import score_feeds

    score = score_feeds(bench_data / "feeds")
    assert score["wrong"] == []
    assert score["entries"] == 82


@pytest.mark.shared
def test_every_reference_list_gives_its_feeds(bench_data):
    for row in json.loads((bench_data / "feeds/opml_truth.json").read_text(encoding="utf-8")):
        found = parse_opml((bench_data / "feeds" / row["file"]).read_bytes())
        assert [{"title": f.title, "url": f.url, "groups": list(f.groups)} for f in found.feeds] == row["feeds"]
        assert bool(found.warnings) == ("note" in row)


@pytest.mark.shared
def test_every_reference_feed_cut_anywhere_is_a_feed_or_a_clear_error(bench_data):
    for path in sorted((bench_data / "feeds").glob("*.xml")) + sorted((bench_data / "feeds").glob("*.json")):
        data = path.read_bytes()
        if path.name == "truth.json" or path.name == "opml_truth.json":
            continue
        for share in (0.3, 0.6, 0.9):
            try:
                parse_feed(data[: int(len(data) * share)])
            except SourceError as error:
                assert error.hint


def test_a_feed_gives_title_page_ttl_and_entries():
    feed = parse_feed(TEN)
    assert (feed.title, feed.link, feed.ttl) == ("Harbour Notes", "https://notes.example.org/", timedelta(hours=1))
    first = feed.entries[0]
    assert (first.id, first.title) == ("n0", "Story 0")
    assert first.published == datetime(2026, 3, 17, 23, tzinfo=UTC)


def test_a_feed_cut_at_sixty_percent_keeps_its_whole_entries_and_warns():
    feed = parse_feed(TEN[: int(len(TEN) * 0.6)])
    assert len(feed.entries) in (5, 6)
    assert feed.entries[4].id == "n4"
    assert feed.warnings


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Salt & pepper", "Salt & pepper"),
        ("Salt &amp;amp; pepper", "Salt & pepper"),
        ("Bell \x07 rings", "Bell rings"),
        ("A &lt;b&gt;bold&lt;/b&gt; title", "A bold title"),
        ("<![CDATA[ Two\nlines ]]>", "Two lines"),
        ("5 < 7 in &#x1F3B5;", "5 < 7 in 🎵"),
    ],
    ids=["bare ampersand", "escaped twice", "control byte", "markup", "line break", "bare less-than"],
)
def test_an_awkward_title_is_read_and_its_entry_kept(title, wanted):
    feed = parse_feed(rss(item(1), item(2, title=title), item(3)))
    assert [e.id for e in feed.entries] == ["n1", "n2", "n3"]
    assert feed.entries[1].title == wanted


@pytest.mark.parametrize(
    "before", [b"\n\n ", b"<!-- hello -->\n", b"\xef\xbb\xbf"], ids=["blank lines", "comment", "BOM"]
)
def test_what_stands_before_the_declaration_does_no_harm(before):
    assert len(parse_feed(before + TEN).entries) == 10


def test_the_headers_charset_wins_over_a_wrong_declaration():
    data = rss(item(1, title="Señal")).decode().encode("iso-8859-1")
    assert parse_feed(data, content_type="text/xml; charset=ISO-8859-1").entries[0].title == "Señal"


def test_an_html_page_is_named_as_one_with_the_feed_it_points_to():
    page = '<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head>'
    with pytest.raises(SourceError, match="HTML page, not a feed") as caught:
        parse_feed(page.encode(), url="https://notes.example.org/blog/")
    assert "https://notes.example.org/feed.xml" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"  ", b"hello", b"{}", b'{"items": 3}', b"{broken", b"<catalog/>", b"\x00\x01"])
def test_what_is_no_feed_is_an_error_with_a_way_out(data):
    with pytest.raises(SourceError) as caught:
        parse_feed(data, url="https://notes.example.org/feed")
    assert caught.value.hint


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_a_source_error(data):
    try:
        parse_feed(data)
    except SourceError as error:
        assert error.hint


def test_markup_on_which_the_parser_itself_fails_is_a_source_error():
    torn = rss(item(1, extra="</media:player>")).replace(b"<rss ", b"<rss xmlns:media='http://search.yahoo.com/mrss/' ")
    with pytest.raises(SourceError, match="too broken to read"):
        parse_feed(torn)


def test_a_link_below_an_entry_and_the_title_again_are_no_part_of_its_text():
    [article] = articles(
        rss(item(1, extra=f"<content:encoded><![CDATA[<h1>Story 1</h1>{LONG}<p>Read more</p>]]></content:encoded>"))
    )
    assert article.text.startswith("The council")
    assert article.text.endswith("was out.")
    assert sorted(r.text for r in article.removed) == ["Read more", "Story 1"]


def bomb(nested: bool) -> bytes:
    if nested:
        declared = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
        title = "&a9;"
    else:
        declared, title = f'<!ENTITY a0 "{"x" * 100_000}">', "&a0;" * 5_000
    return rss(item(1, title=title), item(2), head=f'<?xml version="1.0"?><!DOCTYPE rss [{declared}]>')


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "long"])
def test_an_entity_bomb_costs_little_and_the_entries_stay(nested):
    began = time.perf_counter()
    feed = parse_feed(bomb(nested))
    assert time.perf_counter() - began < 1.0
    assert feed.entries[-1].id == "n2"
    assert all(len(e.title) < 100_000 for e in feed.entries)


def test_an_id_stays_as_written_wherever_the_feed_was_fetched():
    feeds = [
        parse_feed(TEN.replace(b">n1<", b">t3_glv<"), url=u) for u in ("https://a.example/f", "https://b.example/g")
    ]
    assert {f.entries[1].id for f in feeds} == {"t3_glv"}


# ------------------------------------------------------------------------------------------------ entries to articles


def articles(data: bytes, **options):
    feed = parse_feed(data, url="https://notes.example.org/feed.xml")
    return [
        article_from_entry(e, feed, source="https://notes.example.org/feed.xml", seen=SEEN, **options)
        for e in feed.entries
    ]


def test_a_full_entry_is_an_article_with_the_feeds_outlet():
    [article] = articles(rss(item(1, extra=f"<content:encoded><![CDATA[{LONG}]]></content:encoded>")))
    assert article.text.startswith("The council counted every lamp")
    assert (article.outlet, article.title) == ("Harbour Notes", "Story 1")
    assert article.canonical == "https://notes.example.org/1"
    assert "<p>" not in article.text


def test_a_teaser_is_told_from_a_whole_text():
    feed = parse_feed(rss(item(1), item(2, extra=f"<content:encoded><![CDATA[{LONG}]]></content:encoded>")))
    cut = parse_feed(rss(item(3, extra=f"<content:encoded><![CDATA[{LONG} <p>Read more</p>]]></content:encoded>")))
    assert [e.is_full for e in (*feed.entries, *cut.entries)] == [False, True, False]


def test_the_page_behind_a_teaser_gives_the_text_and_the_feed_the_date():
    prose = "".join(
        f"<p>Paragraph {n} of the page says that the lamps by the river have been dark since the flood.</p>"
        for n in range(6)
    )
    page = f"<html><head><meta name=date content=2020-01-01></head><body><article><h1>Other</h1>{prose}</article></body></html>"
    [article] = articles(rss(item(1)), page=read_page(page))
    assert article.text.count("\n\n") == 5
    assert (article.title, article.published) == ("Story 1", datetime(2026, 3, 18, 0, tzinfo=UTC))


def test_entries_that_share_a_link_or_an_id_are_articles_of_their_own():
    same_link = rss(*map(item, range(3))).replace(b"/0?", b"/x?").replace(b"/1?", b"/x?").replace(b"/2?", b"/x?")
    assert len({a.id for a in articles(same_link)}) == 3
    same_both = same_link.replace(b">n0<", b">n<").replace(b">n1<", b">n<").replace(b">n2<", b">n<")
    assert len({a.id for a in articles(same_both)}) == 3


def test_what_an_entry_reserves_is_left_out_of_it():
    markup = "<p>Kept as it is.</p><p data-nosnippet>Not this.</p><p>Nor <b data-nosnippet='false'>these words</b> of it.</p>"
    [article] = articles(rss(item(1).replace("Teaser 1", f"<![CDATA[{markup}]]>")))
    assert article.text == "Kept as it is.\n\nNor of it."


@pytest.mark.parametrize(
    ("home", "named", "outlet"),
    [
        ("https://notes.example.org/", "", "Harbour Notes"),  # the page says nothing: its host would be taken
        ("https://notes.example.org/", "The Harbour Notes Site", "Harbour Notes"),
        ("https://www.example.org/", "The Harbour Notes Site", "Harbour Notes"),
        ("https://planet.example.com/", "", "Harbour Notes"),
        ("https://planet.example.com/", "The Pilot", "The Pilot"),  # a feed that gathers from others
    ],
)
def test_teasers_and_whole_texts_of_a_feed_have_one_outlet(home, named, outlet):
    site = f"<meta property='og:site_name' content='{named}'>" if named else ""
    page = f"<html><head>{site}</head><body><article><h1>Story 1</h1>{LONG}</article></body></html>"
    feed = rss(item(1)).replace(b"<item>", f"<link>{home}</link><item>".encode(), 1)
    [article] = articles(feed, page=read_page(page, url="https://notes.example.org/1"))
    assert article.outlet == outlet


def test_a_title_holds_no_script():
    title = (
        "Bold &lt;b&gt;AT&amp;amp;T&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;&lt;style&gt;p {}&lt;/style&gt;now"
    )
    [article] = articles(rss(item(1, title=title)))
    assert article.title == "Bold AT&T now"


def test_an_entry_without_a_title_is_titled_by_its_first_words():
    [article] = articles(rss(item(1).replace("<title>Story 1</title>", "")))
    assert article.title == "Teaser 1"


def test_an_entry_without_any_text_is_an_error_naming_it():
    with pytest.raises(ReadError, match="n1"):
        articles(rss("<item><guid isPermaLink='false'>n1</guid></item>"))


def test_a_line_break_in_an_author_or_title_never_reaches_the_article():
    [article] = articles(rss(item(1, title="a&#13;&#10;Bcc: x@y.example", extra="<author>Ana&#10;Ruiz</author>")))
    assert "\n" not in article.title + "".join(article.authors)


# ------------------------------------------------------------------------------------------------ JSON Feed and OPML


def test_a_json_feed_with_numbers_for_ids_and_text_content_is_read():
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "T",
        "items": [{"id": 7, "url": "/a", "content_text": "One.\n\nTwo < 3.", "date_published": "2026-03-18"}],
    }
    feed = parse_feed(json.dumps(data).encode(), url="https://notes.example.org/feed.json")
    [entry] = feed.entries
    assert (entry.id, entry.link, entry.precision) == ("7", "https://notes.example.org/a", "day")
    article = article_from_entry(entry, feed, source="s", seen=SEEN)
    assert article.text == "One.\n\nTwo < 3."
    assert article.published == datetime(2026, 3, 18)


def test_a_list_written_is_read_back():
    feeds = (
        Subscription("https://a.example/f?x=1&y=2", "Ä & B", ("Ports",), "https://a.example/"),
        Subscription("https://b.example/f", "B"),
    )
    found = parse_opml(write_opml("Mine <all>", feeds))
    assert (found.title, found.feeds) == ("Mine <all>", feeds)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<rss/>",
        b'<!DOCTYPE o [<!ENTITY a "b">]><opml><body/></opml>',
        pytest.param(b"<opml><body>%b%b</body></opml>" % (b"<outline>" * 5000, b"</outline>" * 5000), id="nested"),
    ],
)
def test_what_is_no_list_is_an_error_naming_the_file(data):
    with pytest.raises(SourceError, match=r"mine\.opml") as caught:
        parse_opml(data, where="mine.opml")
    assert caught.value.hint
