"""When two addresses are one article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect import canonical_url

CASES = {
    "https://Example.ORG/a?utm_source=x&id=7&fbclid=1#top": "https://example.org/a?id=7",
    "https://m.example.org/a": "https://example.org/a",
    "https://en.m.wikipedia.org/wiki/Ship": "https://en.wikipedia.org/wiki/Ship",
    "https://example.org/story/amp/": "https://example.org/story",
    "https://example.org/story.amp.html": "https://example.org/story.html",
    "https://example.org/story?amp=1&p=2": "https://example.org/story?p=2",
    "https://www.google.com/amp/s/example.org/story/amp": "https://example.org/story",
    "https://example-org.cdn.ampproject.org/c/s/example.org/story": "https://example.org/story",
    "http://example.org:80": "http://example.org/",
    "https://example.org:8443/x": "https://example.org:8443/x",
    "https://example.org/news/index.html": "https://example.org/news/",
    "https://müller.example/ä%c3%bc": "https://xn--mller-kva.example/%C3%A4%C3%BC",
    "https://example.org/a?b=1&b=2": "https://example.org/a?b=1&b=2",
    "https://m.com/a": "https://m.com/a",
    " https://example.org/a\n": "https://example.org/a",
    "mailto:a@example.org": "mailto:a@example.org",
    "https://[broken": "https://[broken",
    "": "",
}


@pytest.mark.parametrize(("url", "wanted"), CASES.items(), ids=list(CASES))
def test_an_address_loses_what_does_not_tell_articles_apart(url, wanted):
    assert canonical_url(url) == wanted


@given(
    st.from_regex(
        r"https?://(m\.|amp\.)?[a-z]{1,9}\.[a-z]{2,3}(:\d{1,4})?(/[a-zA-Z0-9%é._-]{0,8}){0,3}(/amp|/index\.html)?(\?[a-z_=&0-9]{0,20})?",
        fullmatch=True,
    )
    | st.text(max_size=60)
)
def test_canonical_twice_is_canonical_once(url):
    assert canonical_url(canonical_url(url)) == canonical_url(url)
