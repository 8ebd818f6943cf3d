"""What publishers wish: robots rules, text not to be excerpted, reservations of text and data mining."""

from __future__ import annotations

import json

import lxml.html
import pytest

from digest.collect.wishes import limit_from_headers, limit_from_page, tdm_reserved, unquotable
from digest.model import ExcerptLimit, stricter


def meta(*pairs: tuple[str, str]):
    lines = "".join(f'<meta name="{name}" content="{content}">' for name, content in pairs)
    return lxml.html.document_fromstring(f"<html><head>{lines}</head><body><p>Lamps.</p></body></html>")


PAGES = {
    "nosnippet": ([("robots", "noarchive, NOSNIPPET")], 0, "the page says nosnippet"),
    "max-snippet": ([("Robots", "max-snippet:50")], 50, "the page says max-snippet:50"),
    "a blank after the colon": ([("robots", "max-snippet: 50")], 50, "the page says max-snippet:50"),
    "max-snippet of 0": ([("robots", "max-snippet:0")], 0, "the page says max-snippet:0"),
    "the strictest of one element": ([("robots", "max-snippet:90, max-snippet:40")], 40, "max-snippet:40"),
    "the strictest of two": ([("robots", "max-snippet:-1"), ("robots", "nosnippet")], 0, "nosnippet"),
    "our own name": ([("newsletter-digest", "nosnippet"), ("robots", "all")], 0, "nosnippet"),
    "a search engine's": ([("robots", "index, follow"), ("googlebot", "nosnippet")], 0, "the page says nosnippet"),
    "no comma": ([("robots", "noindex nosnippet")], 0, "the page says nosnippet"),
    "no comma before a number": ([("robots", "noindex max-snippet: 40 noarchive")], 40, "max-snippet:40"),
    "a reservation": ([("tdm-reservation", "1")], 0, "the page reserves text and data mining"),
    "a reservation beside a limit": ([("robots", "max-snippet:9"), ("tdm-reservation", " 1 ")], 0, "data mining"),
}


@pytest.mark.parametrize(("pairs", "chars", "reason"), PAGES.values(), ids=PAGES.keys())
def test_a_page_states_how_much_of_it_may_be_shown(pairs, chars, reason):
    limit = limit_from_page(meta(*pairs))
    assert limit is not None
    assert limit.chars == chars
    assert reason in limit.reason


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("robots", "none")],
        [("robots", "noindex, nofollow")],
        [("robots", "max-snippet:-1")],
        [("robots", "max-snippet:many")],
        [("robots", "max-snippet:²")],
        [("bingbot", "nosnippet")],
        [("robots", "nosnippets, no-nosnippet")],
        [("newsletter-digest", "max-snippet:-1"), ("robots", "nosnippet")],
        [("tdm-reservation", "0")],
    ],
)
def test_what_is_no_limit_for_us_limits_nothing(pairs):
    assert limit_from_page(meta(*pairs)) is None


HEADERS = {
    "for everybody": (["noarchive, nosnippet"], None, 0),
    "for us": (["newsletter-digest: nosnippet"], None, 0),
    "a value after a colon": (["max-snippet: 20"], None, 20),
    "our value after two colons": (["Newsletter-Digest: noarchive, max-snippet: 20"], None, 20),
    "ours wins over everybody's": (["nosnippet", "newsletter-digest: max-snippet:30"], None, 30),
    "a date with colons before it": (["unavailable_after: 25 Jun 2030 15:00:00 PST, nosnippet"], None, 0),
    "a second robot in one field": (["googlebot: nosnippet, newsletter-digest: max-snippet:7"], None, 7),
    "a reservation": ([], "1", 0),
    "for a search engine": (["googlebot: nosnippet, max-snippet: 20"], None, 0),
    "for another robot": (["otherbot: nosnippet, max-snippet: 20"], None, None),
    "no reservation": ([], "0", None),
    "nothing": ([], None, None),
}


@pytest.mark.parametrize(("values", "mining", "chars"), HEADERS.values(), ids=HEADERS.keys())
def test_header_fields_state_how_much_may_be_shown(values, mining, chars):
    limit = limit_from_headers(values, mining)
    assert (limit.chars if limit else None) == chars


RULES = [
    {"location": "/open/", "tdm-reservation": 0},
    {"location": "/news/*/free$", "tdm-reservation": 0},
    {"location": "/news/", "tdm-reservation": 1, "tdm-policy": "https://a.example/policy.json"},
    {"location": "*.pdf$", "tdm-reservation": "1"},
    {"location": "/imprint$", "tdm-reservation": 1},
]


@pytest.mark.parametrize(
    ("path", "reserved"),
    [
        ("/open/lamps", False),
        ("/news/lamps", True),
        ("/news/", True),
        ("/news", False),
        ("/news/lamps/free", False),
        ("/news/lamps/free/2", True),
        ("/papers/lamps.pdf", True),
        ("/papers/lamps.pdf?page=2", False),
        ("/imprint", True),
        ("/imprint/2", False),
        ("/", False),
    ],
)
def test_the_first_rule_of_a_sites_file_that_fits_the_path_counts(path, reserved):
    assert tdm_reserved(json.dumps(RULES).encode(), path) is reserved


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b'{"location": "/", "tdm-reservation": 1}',
        b'["/"]',
        b'[{"location": 3, "tdm-reservation": 1}]',
        b'[{"location": "/", "tdm-reservation": true}]',
        b"[" * 100_000,
    ],
    ids=range(9),
)
def test_a_sites_file_that_is_none_reserves_nothing(data):
    assert tdm_reserved(data, "/lamps") is False


def test_the_stricter_of_two_limits_is_the_smaller_one():
    none, some = ExcerptLimit(0, "nosnippet"), ExcerptLimit(50, "max-snippet:50")
    assert stricter(none, some) == stricter(some, none) == none
    assert stricter(None, some) == stricter(some, None) == some
    assert stricter(None, None) is None


def test_data_nosnippet_counts_on_any_element_whatever_its_value():
    tree = lxml.html.document_fromstring(
        "<body><p data-nosnippet>a</p><div data-nosnippet>b</div><span data-nosnippet='false'>c</span>"
        "<section data-nosnippet=''>d</section></body>"
    )
    assert [element.text for element in unquotable(tree)] == ["a", "b", "c", "d"]
