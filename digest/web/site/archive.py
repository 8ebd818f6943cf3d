"""Issues for anyone's eyes: the list, each of them, and two feeds. No address, no token is in any."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import LOCKED_STATES, Variant
from digest.render.printable import one_line
from digest.render.words import long_date
from digest.web.site.look import ISSUE
from digest.web.site.people import Reader

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.config import Config
    from digest.store import Store
    from digest.web.site.front import Front

IN_A_FEED = 20
ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Entry:
    """An issue in the list."""

    slug: str
    subject: str  # or the lead's headline, where the subject was cut
    preheader: str
    language: str
    at: datetime  # when its week ended
    date: str  # the same as its language writes it


def add(app: Flask, front: Front) -> None:
    """The archive that List-Archive names, each issue, and the feeds."""
    from flask import abort, jsonify, make_response, request

    from digest.render.message import preview_html
    from digest.render.reader import own_words
    from digest.render.site_words import site_words

    config, reader, known = front.config, Reader(front.folder), dict[str, Entry]()

    def entries() -> list[Entry]:
        return reader.ask(lambda store: _entries(store, front, known), otherwise=list)

    def latest() -> Entry | None:
        return next(iter(entries()), None)

    app.extensions["latest"] = latest

    def robots(answer: Response) -> Response:
        if config.site.index:
            answer.headers["X-Robots-Tag"] = "all"
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    @app.get("/issues")
    def issues() -> Response:
        """Every issue readers have, newest first."""
        return robots(make_response(front.page("issues", issues=entries())))

    @app.get("/issues/<slug>")
    @app.get("/issues/<slug>/<key>")
    def issue(slug: str, key: str = "") -> Response:
        key = key or request.args.get("variant", "")
        variant = reader.ask(lambda store: _published(store, slug, key, config), otherwise=lambda: None)
        if variant is None:
            abort(404)
        fields = {"LEAVE": f"{front.base}/leave", "PREFS": f"{front.base}/preferences"}
        fields |= own_words(config, variant.language, email=str(site_words(variant.language)["your_address"]))
        answer = robots(make_response(preview_html(variant, fields)))
        answer.headers["Content-Security-Policy"] = ISSUE
        return answer

    @app.get("/feed.atom")
    def atom() -> Response:
        answer = robots(make_response(_atom(front, entries()[:IN_A_FEED])))
        answer.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
        return answer

    @app.get("/feed.json")
    def json_feed() -> Response:
        """JSON Feed 1.1."""
        items = [
            {
                "id": f"{front.base}/issues/{entry.slug}",
                "url": f"{front.base}/issues/{entry.slug}",
                "title": entry.subject,
                "content_text": entry.preheader or entry.subject,
                "date_published": entry.at.isoformat(),
                "language": entry.language,
            }
            for entry in entries()[:IN_A_FEED]
        ]
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": config.newsletter.name,
            "home_page_url": f"{front.base}/",
            "feed_url": f"{front.base}/feed.json",
            "description": config.newsletter.tagline,
            "language": config.newsletter.language,
            "authors": [{"name": config.newsletter.editor or config.newsletter.name}],
            "items": items,
        }
        answer = robots(jsonify(feed))
        answer.headers["Content-Type"] = "application/feed+json; charset=utf-8"
        return answer


def _published(store: Store, slug: str, key: str, config: Config) -> Variant | None:
    """The variant as it was approved, addressed to nobody, with what was found wrong since; None for no such issue, or
    one nobody has approved yet."""
    stored = store.issues.get(slug)
    if stored is None or stored.state not in LOCKED_STATES:
        return None
    variant = next((v for v in store.issues.rendered(slug).variants if v.key == key), None)
    if variant is None:
        return None
    from digest.render.archive import archived
    from digest.render.reader import for_everybody
    from digest.render.site_words import site_words
    from digest.render.view import issue_day

    date = long_date(issue_day(store.issues.issue(slug), config), variant.language)
    variant = for_everybody(variant, str(site_words(variant.language)["public"]).format(date=date))
    corrections = store.corrections.of(slug)
    if not corrections:
        return variant

    return replace(variant, html=archived(variant, store.issues.issue(slug), corrections, config))


def _entries(store: Store, front: Front, known: dict[str, Entry]) -> list[Entry]:
    """Every number that began to leave, newest first. What has begun to leave never changes: *known* keeps it."""
    from digest.render.view import issue_day

    left = [stored for stored in store.issues.numbers() if stored.state in ("sending", "paused", "sent")]
    for stored in left:
        if stored.slug not in known:
            first = store.issues.rendered(stored.slug).variants[0]
            whole = store.issues.issue(stored.slug)
            # A subject fits an inbox's line; here is room for the whole headline.
            short = first.subject.endswith("…") and whole.items
            known[stored.slug] = Entry(
                stored.slug,
                one_line(whole.items[0].article.title) if short else first.subject,
                whole.preheader,
                first.language,
                stored.until,
                long_date(issue_day(whole, front.config), front.language()),
            )
    return [_without_names(store, known[stored.slug], front) for stored in reversed(left)]


def _without_names(store: Store, entry: Entry, front: Front) -> Entry:
    """*entry*; where a story was taken off its page, without the words that may name it."""
    if any(correction.kind == "takedown" for correction in store.corrections.of(entry.slug)):
        return replace(entry, subject=f"{front.config.newsletter.name}, {entry.date}", preheader="")
    return entry


def _atom(front: Front, entries: list[Entry]) -> bytes:
    """RFC 4287. An entry's id is its address, which never changes."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed", {"xml:lang": front.config.newsletter.language})

    def put(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        child = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        child.text = "".join(c for c in text if c >= " " or c in "\t\n") or None
        return child

    put(feed, "title", front.config.newsletter.name)
    if front.config.newsletter.tagline:
        put(feed, "subtitle", front.config.newsletter.tagline)
    put(feed, "id", f"{front.base}/issues")
    put(
        feed, "updated", (entries[0].at if entries else datetime.fromisoformat("2000-01-01T00:00:00+00:00")).isoformat()
    )
    put(feed, "link", rel="self", type="application/atom+xml", href=f"{front.base}/feed.atom")
    put(feed, "link", rel="alternate", type="text/html", href=f"{front.base}/issues")
    put(put(feed, "author"), "name", front.config.newsletter.editor or front.config.newsletter.name)
    for entry in entries:
        item = put(feed, "entry")
        put(item, "title", entry.subject)
        put(item, "id", f"{front.base}/issues/{entry.slug}")
        put(item, "updated", entry.at.isoformat())
        put(item, "link", rel="alternate", type="text/html", href=f"{front.base}/issues/{entry.slug}")
        put(item, "summary", entry.preheader or entry.subject)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))
