"""A whole issue of ten stories, invented, with every feature the mail can show: for tests and benches of `render`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from digest.config import Config, parse_config
from digest.model import (
    Article,
    Excerpt,
    Issue,
    Item,
    ItemForm,
    Pick,
    Quote,
    Region,
    Span,
    Story,
    Summary,
)

TOML = """
[newsletter]
name = "The Weekly Ledger"
from = "The Weekly Ledger <ledger@ledger.example.com>"
reply_to = "Mara Lindqvist <mara@ledger.example.com>"
postal_address = \"\"\"Ledger Press Ltd
12 Example Street
London EC1A 1AA
United Kingdom\"\"\"
language = "en-GB"
zone = "Europe/London"
day = "monday"
editor = "Mara Lindqvist"

[site]
url = "https://ledger.example.com"
"""

FIELDS = {
    "EMAIL": "sam@reader.example.org",
    "WHY": "you signed up.",
    "GREETING": "",
    "LEAVE": "https://ledger.example.com/leave/0123456789abcdef0123456789abcdef",
    "PREFS": "https://ledger.example.com/preferences/0123456789abcdef0123456789abcdef",
}


def make_config(site: bool = True, **theme: str) -> Config:
    text = TOML if site else TOML.replace('url = "https://ledger.example.com"', "")
    if theme:
        text += "\n[theme]\n" + "\n".join(f'{key} = "{value}"' for key, value in theme.items())
    return parse_config(text)


def make_article(title: str, text: str, outlet: str, url: str | None, day: int, **more: Any) -> Article:
    values: dict[str, Any] = {
        "id": hashlib.sha256(f"{url}{title}".encode()).hexdigest()[:16],
        "version": 1,
        "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        "url": url,
        "canonical": url,
        "title": title,
        "standfirst": "",
        "text": text,
        "regions": (Region("body", Span(0, len(text))),),
        "authors": (),
        "outlet": outlet,
        "source": "pasted",
        "published": datetime(2015, 9, day, 9, 30, tzinfo=UTC),
        "published_precision": "minute",
        "seen": datetime(2015, 9, 26, tzinfo=UTC),
        "language": "en",
        "image": None,
        "paywall": "open",
        "license": None,
    }
    return Article(**{**values, **more})


def excerpt(article: Article, text: str) -> Excerpt:
    start = article.text.index(text)
    return Excerpt(article.id, Span(start, start + len(text)), text)


def make_quote(article: Article, *texts: str, speaker: str | None, role: str | None, marks: bool = True) -> Quote:
    spans = tuple(excerpt(article, text).span for text in texts)
    outer = tuple(Span(s.start - 1, s.end + 1) for s in spans) if marks else ()
    return Quote(article.id, spans, texts, speaker, None, role, None, 0.9, outer)


def make_item(
    article: Article,
    section: str,
    *sentences: str,
    form: ItemForm = "item",
    quotes: tuple[Quote, ...] = (),
    note: str = "",
    minutes: int = 3,
    also: tuple[Article, ...] = (),
) -> Item:
    summary = Summary("editorial", tuple(excerpt(article, s) for s in sentences), quotes)
    pick = Pick(Story(article, also), 1.0, ("it is new",), section)
    return Item(pick, form, summary, note, minutes, article.outlet or "the editors" * article.own)


LEAD_TEXT = """Harbour cities on both sides of the North Sea will publish their tide and traffic records in one \
common register from January, after ministers from six governments met the registrars in Aldmoor on Friday. \
The register had been promised twice and put off twice.

The plan is for each port to send its own figures, corrected or not, and to let anyone read them within the hour \
‘without asking a soul for leave’. Nobody knows yet what it will cost.

“Without plain, early and honest numbers our harbours would be guessing at the weather and at each other. By \
sharing records and trading clerks we build registers that are the best they can be.” So said Matilda Hartwell, the \
UK harbours minister."""

LEAD_QUOTE = (
    "Without plain, early and honest numbers our harbours would be guessing at the weather and at each other. By "
    "sharing records and trading clerks we build registers that are the best they can be."
)


def sample_issue(**changes: Any) -> Issue:
    lead = make_article(
        "UK and North Sea ministers agree to share their harbour records",
        LEAD_TEXT,
        "Civic Wire",
        "https://civicwire.example.com/harbour-records",
        25,
    )
    letters = make_article(
        "The council that rewrote its letters",
        "Norwick council rewrote its 40 most-sent letters with the people who get them. Calls asking what a letter "
        "meant fell by half in ten weeks. The shortest, 31 words long, was also answered fastest. More will follow.",
        "Commonplace",
        "https://commonplace.example.org/council-letters",
        24,
        authors=("Ruth Adeyemi",),
    )
    port = make_article(
        "The port that published every delay",
        "For six months the harbour office has put each late berth on a public page, with its cause and cost. "
        "Complaints fell by a third. “Nobody argues with a number they can look up themselves.” So says Inge "
        "Halvorsen, harbour master.",
        "Harbour Notes",
        "https://harbournotes.example.com/every-delay",
        24,
        authors=("Ana Ruiz",),
    )
    sleeper = make_article(
        "Night trains are filling up again",
        "Bookings on the four remaining sleeper routes rose for the third year running. Operators say the limit is "
        "no longer demand but coaches, the newest of which are twenty years old.",
        "Sleeper Post",
        "https://sleeperpost.example.com/filling-up",
        23,
        paywall="closed",
    )
    tram = make_article(
        "In Norderhaven fährt die Straßenbahn leiser",
        "Seit Juli schleift ein eigener Wagen nachts die Gleise. In den sechs lautesten Kurven sank der Pegel um "
        "neun Dezibel, und die Zahl der Beschwerden ging auf ein Viertel zurück.",
        "Weserblatt",
        "https://weserblatt.example.org/leise-bahn",
        22,
        language="de",
        authors=("Jette Brandt",),
    )
    library = make_article(
        "The library that lends out heat pumps",
        "Households in Aldmoor can borrow a portable heat pump for a weekend before they decide on one. Of the "
        "first 60 borrowers, 22 have since placed an order. “A warm kitchen persuades better than a leaflet.” "
        "So says Tomas Reyl, librarian.",
        "Brickwork",
        "https://brickwork.example.org/heat-pumps",
        23,
    )
    shade = make_article(
        "Shade comes first as bus stops are redrawn",
        "Carrow will move 140 bus stops by a few metres each, to where trees or walls give shade at four in the "
        "afternoon. The work costs less than one new shelter.",
        "Street Level",
        "https://streetlevel.example.com/shade-first",
        21,
        authors=("Ines Vidal",),
    )
    links = [
        make_article(title, "Some text.", outlet, url, day)
        for title, outlet, url, day in (
            (
                "Why the tide gauge at Port Ellery reads low",
                "Tidewater",
                "https://tidewater.example.com/ellery",
                24,
            ),
            (
                "Retired phones find work counting bats",
                "Field Desk",
                "https://fielddesk.example.org/bats",
                22,
            ),
            (
                "A map is a public record, a court rules",
                "Open Bench",
                "https://openbench.example.org/map",
                21,
            ),
        )
    ]
    others = tuple(
        make_article("Delays at the port", "Text.", outlet, f"https://example.org/{n}", 24)
        for n, outlet in enumerate(("Dockside Daily", "The Pilot"))
    )
    lead_sentences = (
        LEAD_TEXT[: LEAD_TEXT.index(" The register")],
        "The plan is for each port to send its own "
        "figures, corrected or not, and to let anyone read them within the hour ‘without asking a soul for leave’.",
    )
    items = (
        make_item(
            lead,
            "Government",
            *lead_sentences,
            form="lead",
            quotes=(make_quote(lead, LEAD_QUOTE, speaker="Matilda Hartwell", role="UK harbours minister"),),
        ),
        make_item(
            letters,
            "Government",
            "Norwick council rewrote its 40 most-sent letters with the people who get them.",
            "Calls asking what a letter meant fell by half in ten weeks.",
            "The shortest, 31 words long, was also answered fastest.",
            minutes=4,
        ),
        make_item(
            port,
            "Transport",
            "For six months the harbour office has put each late berth on a public page, with its cause and cost.",
            "Complaints fell by a third.",
            quotes=(
                make_quote(
                    port,
                    "Nobody argues with a number they can look up themselves.",
                    speaker="Inge Halvorsen",
                    role="harbour master",
                ),
            ),
            minutes=2,
            also=others,
        ),
        make_item(sleeper, "Transport", *_sentences(sleeper), minutes=6),
        make_item(tram, "Transport", *_sentences(tram)),
        make_item(
            library,
            "Cities",
            *_sentences(library)[:2],
            quotes=(
                make_quote(
                    library,
                    "A warm kitchen persuades better than a leaflet.",
                    speaker="Tomas Reyl",
                    role="librarian",
                ),
            ),
        ),
        make_item(
            shade,
            "Cities",
            *_sentences(shade),
            note="The report counts eleven stops in full sun on line 4. We rode it in July and found nine: two are "
            "closed.",
            minutes=5,
        ),
        *(make_item(a, "", form="link", minutes=n) for a, n in zip(links, (4, 3, 2), strict=True)),
    )
    issue = Issue(
        slug="2015-W39",
        number=112,
        since=datetime(2015, 9, 20, 22, 59, 59, tzinfo=UTC),
        until=datetime(2015, 9, 27, 22, 59, 59, tzinfo=UTC),
        title="The Weekly Ledger",
        subject="North Sea ministers agree to share harbour records",
        preheader="Plus: a port that published every delay, a library that lends out heat pumps, and a quieter tram.",
        intro="Ten stories, most about people who show their numbers.",
        sections=("Government", "Transport", "Cities"),
        items=items,
        edits=(),
        audience="everyone subscribed",
    )
    return replace(issue, **changes)


def _sentences(article: Article) -> tuple[str, ...]:
    return tuple(part.rstrip(".") + "." for part in article.text.split(". ") if part)
