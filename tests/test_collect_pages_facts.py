"""What a page says of itself: when, who, whose, and its picture."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from digest.collect import read_article
from digest.collect.credits import clean_authors
from digest.model import Article, Image

SEEN = datetime(2026, 3, 22, tzinfo=UTC)
PROSE = (
    "<p>The council counted every lamp in the town last winter and found that one in nine was out, most of them by the "
    "river where the path floods and nobody had walked with a list since the flood.</p>"
    "<p>“We never asked anybody before,” said Ana Ruiz, who runs the depot and signs for every lamp that leaves it, “and "
    "so nobody ever told us which ones were broken or for how long.”</p>"
)


def read(
    *,
    head: str = "",
    before: str = "",
    after: str = "",
    ld: object = None,
    url: str = "https://notes.example/lamps",
    lang: str = "en",
) -> Article:
    script = f'<script type="application/ld+json">{json.dumps(ld)}</script>' if ld else ""
    return read_article(
        f"<!doctype html><html lang={lang}><head><title>Town counts its lamps</title>{head}{script}</head><body><article>"
        f"<h1>Town counts its lamps</h1>{before}{PROSE}{after}</article><footer>© 2019 Notes</footer></body></html>",
        url=url,
        seen=SEEN,
    )


def article(**more: object) -> dict[str, object]:
    return {"@type": "NewsArticle", **more}


# ------------------------------------------------------------------------------------------------ when


WHEN = {
    "json-ld": ({"ld": article(datePublished="2026-03-18T06:40:00+01:00")}, "2026-03-18T06:40:00+01:00"),
    "json-ld of the page": (
        {"ld": {"@graph": [{"@type": "WebPage", "datePublished": "2026-03-18"}]}},
        "2026-03-18T00:00:00",
    ),
    "a time element": ({"before": "<time datetime='2026-03-18T06:40:00Z'>today</time>"}, "2026-03-18T06:40:00+00:00"),
    "the page's own data": (
        {"head": '<script>var d = {"publishedAt": "2026-03-18T06:40:00Z"}</script>'},
        "2026-03-18T06:40:00+00:00",
    ),
    "a line under the heading": ({"before": "<div>18. März 2026, 6.40 Uhr</div>", "lang": "de"}, "2026-03-18T06:40:00"),
    "a line after the text": ({"after": "<div>Published: March 18, 2026</div>"}, "2026-03-18T00:00:00"),
    "its address": ({"url": "https://notes.example/2026/03/18/lamps"}, "2026-03-18T00:00:00"),
}


@pytest.mark.parametrize(("page", "moment"), WHEN.values(), ids=WHEN.keys())
def test_a_page_says_when_it_came_out(page, moment):
    assert read(**page).published == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"before": "<div>Updated March 18, 2026</div>"},
        {"before": "<div>03/04/2026</div>"},
        {"head": '<script>var d = [{"publishedAt": "2026-03-18"}, {"publishedAt": "2026-03-11"}]</script>'},
        {"after": "<p>It was lit again on the day of the flood, they say, and on no other day since then, ever.</p>"},
    ],
    ids=["a copyright year", "only a change", "two ways to read it", "dates of many articles", "prose"],
)
def test_a_page_that_does_not_say_when_has_no_date(page):
    assert read(**page).published is None


# ------------------------------------------------------------------------------------------------ who


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("Ana Ruiz | Coast Media for Notes.example", ("Ana Ruiz",)),
        ("Ana Ruiz for The Pilot", ("Ana Ruiz",)),
        ("Coast Media for The Pilot", ()),
        ("Ana Ruiz for President", ("Ana Ruiz for President",)),
        ("Notes", ()),
        ("notes.example", ()),
    ],
)
def test_an_outlet_is_no_author(name, people):
    assert clean_authors([name], outlet="The Pilot", host="notes.example") == people


def test_a_name_only_the_system_knows_is_no_author():
    assert read(ld=article(author={"@type": "Person", "name": "anaruiz"})).authors == ()


def test_a_short_name_the_page_prints_is_an_author():
    assert read(ld=article(author={"@type": "Person", "name": "lampy"}), before="<div>by Lampy</div>").authors == (
        "lampy",
    )


def test_an_author_given_by_reference_is_found():
    graph = [article(author={"@id": "#a"}), {"@type": "Person", "@id": "#a", "name": "Ana J. Ruiz"}]
    assert read(ld={"@graph": graph}).authors == ("Ana J. Ruiz",)


def test_a_dangling_comma_does_not_hide_what_json_ld_says():
    head = '<script type="application/ld+json">{"@type": "NewsArticle", "author": "Ana J. Ruiz",}</script>'
    assert read(head=head).authors == ("Ana J. Ruiz",)


@pytest.mark.parametrize("license", ["https://a.example/by", {"@type": "CreativeWork", "url": "https://a.example/by"}])
def test_json_ld_states_the_license(license):
    assert read(ld=article(license=license)).license == "https://a.example/by"


# ------------------------------------------------------------------------------------------------ the picture

OG = '<meta property="og:image" content="/i/lamp.jpg">'
SIZE = '<meta property="og:image:width" content="1200"><meta property="og:image:height" content="630px">'
ALT = '<meta property="og:image:alt" content="A street lamp, unlit">'
OBJECT = {"@type": "ImageObject", "url": "https://notes.example/i/lamp.jpg", "width": {"value": 900}, "height": "600"}
FIGURE = "<figure><img src='/i/lamp-300x200.jpg' alt='A lamp' width=300 height=200><figcaption>A lamp. Photo: Bo Lee</figcaption></figure>"
LAMP = "https://notes.example/i/lamp.jpg"

PICTURES = {
    "Open Graph": ({"head": OG + SIZE + ALT}, Image(LAMP, 1200, 630, "A street lamp, unlit")),
    "JSON-LD": (
        {"ld": article(image={**OBJECT, "caption": "A lamp", "creditText": "Bo Lee"})},
        Image(LAMP, 900, 600, "A lamp", "Bo Lee"),
    ),
    "JSON-LD's creator": (
        {"ld": article(image={**OBJECT, "creator": {"@type": "Person", "name": "Bo Lee"}})},
        Image(LAMP, 900, 600, "", "Bo Lee"),
    ),
    "one completes the other": ({"head": OG, "ld": article(image=OBJECT)}, Image(LAMP, 900, 600)),
    "the same picture in the text": ({"head": OG + SIZE, "after": FIGURE}, Image(LAMP, 1200, 630, "A lamp", "Bo Lee")),
    "only a figure": (
        {"after": FIGURE},
        Image("https://notes.example/i/lamp-300x200.jpg", 300, 200, "A lamp", "Bo Lee"),
    ),
    "a logo is passed over": (
        {"head": OG.replace("lamp", "site-logo"), "after": FIGURE},
        Image("https://notes.example/i/lamp-300x200.jpg", 300, 200, "A lamp", "Bo Lee"),
    ),
    "words that repeat the headline describe nothing": (
        {"head": OG + ALT.replace("A street lamp, unlit", "Town Counts Its Lamps!")},
        Image(LAMP),
    ),
    "another picture's credit": ({"head": OG, "after": FIGURE.replace("lamp-", "boat-")}, Image(LAMP)),
}


@pytest.mark.parametrize(("page", "image"), PICTURES.values(), ids=PICTURES.keys())
def test_the_lead_picture_has_what_the_page_says_of_it(page, image):
    assert read(**page).image == image


@pytest.mark.parametrize("name", ["logo.png", "placeholder.jpg", "default-image.jpg", "site_logo.svg", "drawing.svg"])
def test_a_logo_or_placeholder_is_no_lead_picture(name):
    assert read(head=OG.replace("lamp.jpg", name)).image is None


def test_a_tiny_picture_is_no_lead_picture():
    assert read(head=OG + SIZE.replace("1200", "64")).image is None


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("A lamp. Foto: Jürg Bänziger", "Jürg Bänziger"),
        ("Crédit photo : Ana Ruiz", "Ana Ruiz"),
        ("A lamp (AP Photo/Bo Lee)", "AP Photo/Bo Lee"),
        ("A lamp © Bo Lee", "© Bo Lee"),
        ("A lamp <span class=credit>Bo Lee/Harbour Press</span>", "Bo Lee/Harbour Press"),
        ("A lamp, which the photo shows unlit", ""),
    ],
)
def test_a_caption_says_whose_picture_it_is(caption, credit):
    figure = f"<figure><img src='/i/lamp.jpg'><figcaption>{caption}</figcaption></figure>"
    image = read(after=figure).image
    assert image is not None
    assert image.credit == credit
