"""What a visitor of a page may not see, and what nobody may excerpt."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from digest.collect import read_article
from digest.model import PAYWALLED, Article, ExcerptLimit

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
FREE = (
    "The council counted every lamp in the town last winter and found that one in nine was out, most of them by the "
    "river where the path floods and nobody had walked with a list since the flood."
)
SHUT = (
    "“We never asked anybody before,” said Ana Ruiz, who runs the depot and signs for every lamp that leaves it, “and "
    "so nobody ever told us which ones were broken or for how long they had been.”"
)
LAST = (
    "A list of the lamps hangs in the library from Monday on, with a pencil on a string beside it, and the council "
    "promises to read it out at every meeting until the last of them is lit again."
)


def read(body: str, *, head: str = "", **ld: object) -> Article:
    data = json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", **ld})
    return read_article(
        f"<!doctype html><html lang=en><head><title>Town counts its lamps</title>{head}"
        f'<script type="application/ld+json">{data}</script></head><body><article><h1>Town counts its lamps</h1>'
        f"{body}</article></body></html>",
        url="https://harbournotes.example/lamps",
        seen=SEEN,
    )


def closed_part(selector: object) -> dict[str, object]:
    part = {"@type": "WebPageElement", "isAccessibleForFree": "False", "cssSelector": selector}
    return {"isAccessibleForFree": False, "hasPart": part}


def regions(article: Article) -> list[tuple[str, str, str]]:
    return [(r.kind, r.reason, r.span.of(article.text)) for r in article.regions]


SELECTORS = {
    "class": ".paywall",
    "id": "#rest",
    "tag and class": "div.paywall",
    "two classes": ".meter.paywall",
    "one of a list": ".nowhere, .paywall",
    "a list": [".nowhere", "#rest"],
}


@pytest.mark.parametrize("selector", SELECTORS.values(), ids=SELECTORS.keys())
def test_the_part_a_page_marks_as_closed_stays_in_the_text_as_an_aside(selector):
    article = read(
        f'<p>{FREE}</p><div class="paywall meter" id=rest><p>{SHUT}</p><p>{LAST}</p></div>', **closed_part(selector)
    )
    assert regions(article) == [("body", "", FREE), ("aside", PAYWALLED, f"{SHUT}\n\n{LAST}")]
    assert (article.paywall, article.limit) == ("closed", None)


def test_a_closed_part_the_page_hides_is_closed_too():
    body = f'<p>{FREE}</p><p>{LAST}</p><div class=paywall style="display:none"><p>{SHUT}</p></div>'
    article = read(body, **closed_part(".paywall"))
    assert SHUT not in "".join(span.of(article.text) for span in article.body())


def test_a_paragraph_closed_from_its_middle_on_is_closed():
    article = read(f"<p>{FREE}</p><p>{SHUT} <span class=paywall>{LAST}</span></p>", **closed_part(".paywall"))
    assert [kind for kind, _, _ in regions(article)] == ["body", "aside"]


def test_a_metered_page_is_metered_and_its_closed_part_an_aside():
    head = '<meta property="article:content_tier" content="metered">'
    article = read(
        f"<p>{FREE}</p><div class=paywall><p>{SHUT}</p></div><p>{LAST}</p>", head=head, **closed_part(".paywall")
    )
    assert article.paywall == "metered"
    assert [kind for kind, _, _ in regions(article)] == ["body", "aside", "body"]


@pytest.mark.parametrize(
    ("tier", "state"), [("free", "open"), ("metered", "metered"), ("locked", "closed"), ("", "unknown")]
)
def test_a_page_states_its_tier(tier, state):
    head = f'<meta property="article:content_tier" content="{tier}">'
    assert read(f"<p>{FREE}</p><p>{SHUT}</p>", head=head).paywall == state


@pytest.mark.parametrize(
    ("free", "state"), [(True, "open"), ("True", "open"), ("http://schema.org/False", "closed"), ("?", "unknown")]
)
def test_json_ld_states_whether_a_page_is_free(free, state):
    assert read(f"<p>{FREE}</p><p>{SHUT}</p>", isAccessibleForFree=free).paywall == state


UNCLEAR = ExcerptLimit(0, "behind a paywall; the page does not mark what is free")


@pytest.mark.parametrize("selector", [".nowhere", "article > p", ".paywall, div p", None])
def test_of_a_closed_page_that_does_not_mark_its_free_part_nothing_is_excerpted(selector):
    article = read(
        f"<div class=paywall><p>{FREE}</p></div>"
        + f"<p>{SHUT}</p><p>{LAST}</p>" * 3
        + f"<p>{LAST[:-1]}, twice.</p>" * 3
        + "".join(f"<p>{n}. {FREE} {SHUT} {n}</p>" for n in range(3)),
        **closed_part(selector),
    )
    assert article.limit == UNCLEAR


def test_a_served_stub_is_what_everybody_sees():
    article = read(f"<p>{FREE}</p><p>{SHUT}</p>", isAccessibleForFree=False, wordCount=900)
    assert (article.paywall, article.limit) == ("closed", None)
    assert len(article.body()) == 1


def test_less_than_half_of_the_stated_words_are_a_stub():
    prose = "".join(f"<p>{n}. {FREE} {SHUT}</p>" for n in range(4))
    assert read(prose, isAccessibleForFree=False, wordCount=2000).limit is None
    assert read(prose, isAccessibleForFree=False, wordCount="400").limit == UNCLEAR


def test_a_subscription_does_not_lift_what_must_not_be_excerpted():
    body = f"<p>{FREE}</p><div class=paywall><div data-nosnippet><p>{SHUT}</p></div></div><p>{LAST}</p>"
    assert [reason for _, reason, _ in regions(read(body, **closed_part(".paywall")))] == ["", "data-nosnippet", ""]


@pytest.mark.parametrize(
    "body",
    [
        f"<div data-nosnippet><p>{SHUT}</p></div>",
        f"<p data-nosnippet>{SHUT}</p>",
        f"<p>{SHUT[:90]}<span data-nosnippet='false'>{SHUT[90:120]}</span>{SHUT[120:]}</p>",
    ],
    ids=["around a paragraph", "a paragraph", "a part of one"],
)
def test_a_paragraph_with_words_not_to_be_excerpted_is_an_aside(body):
    article = read(f"<p>{FREE}</p>{body}<p>{LAST}</p>")
    assert regions(article) == [("body", "", FREE), ("aside", "data-nosnippet", SHUT), ("body", "", LAST)]


def test_an_article_carries_what_its_page_allows():
    head = '<meta name="robots" content="max-snippet:40">'
    assert read(f"<p>{FREE}</p><p>{SHUT}</p>", head=head).excerpt_chars() == 40


@pytest.mark.parametrize(
    ("mark", "paywall"),
    [
        ('<meta itemprop="isAccessibleForFree" content="false">', "closed"),
        ('<link property="isAccessibleForFree" href="http://schema.org/False">', "closed"),
        ('<span itemprop="isAccessibleForFree">False</span>', "closed"),
        ('<meta itemprop="isAccessibleForFree" content="True">', "open"),
    ],
)
def test_a_paywall_stated_in_the_elements_themselves_is_known(mark: str, paywall: str) -> None:
    assert read(f"{mark}<p>{FREE}</p><p>{SHUT}</p><p>{LAST}</p>").paywall == paywall
