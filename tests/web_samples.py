"""A small issue for the web tests: invented articles, and a mail as a template might make it."""

from __future__ import annotations

import hashlib
import html
from datetime import UTC, datetime

from digest.model import (
    Article,
    Excerpt,
    Issue,
    Item,
    Pick,
    Quote,
    Region,
    Rendered,
    Span,
    Story,
    Summary,
    Variant,
)

SEEN = datetime(2026, 3, 20, 7, tzinfo=UTC)
TOKENS = {name: f"__D3a1ec392_{name}__" for name in ("EMAIL", "LEAVE", "PREFS")}

PORT = (
    "The harbor office has published every late berth since September, with its cause and its cost.\n\n"
    "Complaints fell by a third in the six months that followed. “Nobody argues with a number they can look up "
    "themselves,” said Inge Halvorsen, the harbor master. The list is a plain table, one row for each ship.\n\n"
    "The office will add repair costs in May.\n\n"
    "Correction: an earlier version named the wrong pier."
)
LETTERS = (
    "The council rewrote its 40 most sent letters with the people who get them. "
    "Calls asking what a letter meant fell by half in ten weeks. "
    "The shortest, 31 words long, was also answered fastest."
)
PUMPS = (
    "Households can borrow a portable heat pump for a weekend before they decide on one. "
    "Of the first 60 borrowers, 22 have since placed an order. "
    "“A warm kitchen persuades better than a leaflet,” said Tomas Reyl, librarian."
)
TRAINS = "Bookings on the four remaining sleeper routes rose for the third year running. The newest coach is twenty."
TRAM = "Seit Juli schleift ein eigener Wagen nachts die Gleise. Die Zahl der Beschwerden ging auf ein Viertel zurück."


def article(title: str, text: str, outlet: str | None, day: int, *, language: str = "en", aside: str = "") -> Article:
    slug = "-".join(title.lower().split())[:30].strip("-<>()\"'")
    body = text.find(aside) if aside else len(text)
    regions = [Region("body", Span(0, body))]
    if aside:
        regions.append(Region("aside", Span(body, len(text)), "a correction notice"))
    url = f"https://{(outlet or 'unknown').split()[0].lower()}.example.org/{slug}?week=12&from=list"
    return Article(
        id=hashlib.sha256(title.encode()).hexdigest()[:16],
        version=1,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        url=url,
        canonical=url,
        title=title,
        standfirst="",
        text=text,
        regions=tuple(regions),
        authors=(),
        outlet=outlet,
        source="articles",
        published=datetime(2026, 3, day, 9, tzinfo=UTC),
        published_precision="day",
        seen=SEEN,
        language=language,
        image=None,
        paywall="open",
        license=None,
    )


def excerpt(whole: Article, words: str) -> Excerpt:
    start = whole.text.index(words)
    return Excerpt(whole.id, Span(start, start + len(words)), words)


def quote(whole: Article, words: str, speaker: str, role: str) -> Quote:
    said, name, what = (excerpt(whole, w).span for w in (words, speaker, role))
    return Quote(whole.id, (said,), (words,), speaker, name, role, what, 0.9)


def item(whole: Article, score: float, section: str, sentences: list[str], quotes: tuple[Quote, ...] = ()) -> Item:
    reasons = (
        f"matches the brief in {len(sentences) + 1} words: figures, delay",
        "covered by 3 outlets",
        "published 2 days before the issue",
    )
    summary = Summary("editorial", tuple(excerpt(whole, s) for s in sentences), quotes)
    form = "item" if sentences else "link"
    return Item(Pick(Story(whole), score, reasons, section), form, summary, "", 3, whole.outlet or "")


def issue() -> Issue:
    port = article("The port that published every delay", PORT, "Harbor Notes", 17, aside="Correction:")
    letters = article("The council that rewrote its letters", LETTERS, "Commonplace", 18)
    pumps = article("The library that lends out heat pumps", PUMPS, "Brickwork", 16)
    trains = article("Night trains are filling up again", TRAINS, "Sleeper Post", 16)
    tram = article("In Norderhaven fährt die Straßenbahn leiser", TRAM, "Weserblatt", 15, language="de")
    halvorsen = quote(
        port, "Nobody argues with a number they can look up themselves,", "Inge Halvorsen", "the harbor master"
    )
    reyl = quote(pumps, "A warm kitchen persuades better than a leaflet,", "Tomas Reyl", "librarian")
    items = (
        item(
            port,
            8.42,
            "Transport",
            [PORT.split("\n\n")[0], "Complaints fell by a third in the six months that followed."],
            (halvorsen,),
        ),
        item(
            trains, 5.1, "Transport", ["Bookings on the four remaining sleeper routes rose for the third year running."]
        ),
        item(tram, 3.3, "Transport", ["Seit Juli schleift ein eigener Wagen nachts die Gleise."]),
        item(letters, 6.75, "Cities", ["Calls asking what a letter meant fell by half in ten weeks."]),
        item(pumps, 6.02, "Cities", ["Of the first 60 borrowers, 22 have since placed an order."], (reyl,)),
    )
    return Issue(
        slug="2026-W12",
        number=112,
        since=datetime(2026, 3, 15, 23, tzinfo=UTC),
        until=datetime(2026, 3, 22, 23, tzinfo=UTC),
        title="The Weekly Ledger",
        subject="The port that published every delay",
        preheader="Plus: night trains fill up, a library lends out heat pumps, and a quieter tram.",
        intro="Five stories, most about people who show their numbers.",
        sections=("Transport", "Cities"),
        items=items,
        edits=(),
        audience="everyone subscribed",
    )


def mail(whole: Issue) -> str:
    stories = "".join(
        f'<tr><td style="padding:16px 20px;border-top:1px solid #ddd5c7" class="line"><h2 class="ink" style="margin:0;font:bold 21px/27px Georgia,serif;color:#1f1d1a">'
        f'<a class="ink" style="color:#1f1d1a;text-decoration:none" href="{html.escape(i.article.url or "")}">{html.escape(i.article.title)}</a></h2>'
        + "".join(
            f'<p class="ink" style="font:17px/26px Georgia,serif;color:#1f1d1a">{html.escape(s.text)}</p>'
            for s in i.summary.sentences
        )
        + "</td></tr>"
        for i in whole.items
    )
    return f"""<!DOCTYPE html>
<html lang="en-GB" dir="ltr">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{html.escape(whole.subject)}</title>
<style>
:root{{color-scheme:light dark}}
@media screen and (min-width:601px){{.mast{{font-size:46px !important;line-height:54px !important}}}}
@media (prefers-color-scheme:dark){{
.page{{background-color:#141311 !important}}
.card{{background-color:#1e1c1a !important}}
.ink{{color:#efe9df !important}}
}}
</style>
</head>
<body class="page" style="margin:0;background-color:#f3efe8">
<div lang="en-GB" role="article" aria-label="{html.escape(whole.title)}">
<table class="card" role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background-color:#ffffff">
<tr><td align="center" style="padding:20px"><h1 class="mast ink" style="margin:0;font:bold 33px/40px Georgia,serif;color:#1f1d1a">{html.escape(whole.title)}</h1></td></tr>
{stories}
<tr><td style="padding:20px"><p class="ink" style="font:14px/22px Arial,sans-serif;color:#5c574f">You get this because you signed up with {TOKENS["EMAIL"]}.
<a href="https://ledger.example.com/issues/2015-W39">View in browser</a> <a href="{TOKENS["PREFS"]}">What you get</a> <a href="{TOKENS["LEAVE"]}">Unsubscribe</a></p></td></tr>
</table>
</div>
</body>
</html>
"""


def rendered(whole: Issue) -> Rendered:
    text = f"{whole.title.upper()}\n\n" + "\n\n".join(
        f"{i.article.title}\n" + "\n".join(s.text for s in i.summary.sentences) for i in whole.items
    )
    text += f"\n\nYou signed up with {TOKENS['EMAIL']}.\nUnsubscribe: {TOKENS['LEAVE']}\n"
    variant = Variant("", "en-GB", whole.sections, whole.subject, mail(whole), text, TOKENS)
    return Rendered(whole.slug, "5" * 64, (variant,))
