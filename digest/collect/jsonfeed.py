"""JSON Feed 1 and 1.1 (jsonfeed.org) -> `Feed`; forgiving where the standard is often missed."""

from __future__ import annotations

import json
from typing import Any

from digest.collect.credits import clean_authors
from digest.collect.dates import as_utc, read_date
from digest.collect.feeds import Entry, Feed, plain_title, shared_marks
from digest.collect.reading import SURROGATE
from digest.collect.urls import join_url
from digest.errors import SourceError
from digest.model import Image


def parse_json_feed(data: bytes | str, *, url: str | None = None) -> Feed:
    """The feed in *data*. Raises SourceError if it is no JSON, or JSON that is no feed."""
    where = url or "the feed"
    text = data.decode("utf-8-sig", "replace") if isinstance(data, bytes) else data
    try:
        top = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where} is broken JSON: {error}", hint="tell the publisher, or try again later") from error
    if not isinstance(top, dict) or not isinstance(top.get("items"), list):
        raise SourceError(f"{where} is JSON, but no feed", hint="a JSON Feed has a list named 'items'")
    base = url or _text(top, "feed_url") or _text(top, "home_page_url") or None
    entries = tuple(_entry(item, base) for item in top["items"] if isinstance(item, dict))
    link = join_url(base, _text(top, "home_page_url"))
    return Feed(
        title=plain_title(_text(top, "title")),
        language=_text(top, "language") or None,
        entries=entries,
        link=link,
        warnings=() if entries else ("the feed holds no entries",),
        shared=shared_marks(entries, link),
    )


def _entry(item: dict[str, Any], base: str | None) -> Entry:
    updated = read_date(_text(item, "date_modified"))
    published = read_date(_text(item, "date_published")) or updated
    return Entry(
        id=_text(item, "id") or None,
        link=join_url(base, _text(item, "url")),
        title=plain_title(_text(item, "title")),
        published=as_utc(published[0]) if published else None,
        updated=as_utc(updated[0]) if updated else None,
        authors=_authors(item),
        summary=_text(item, "summary"),
        content=_text(item, "content_html") or _text_as_html(_text(item, "content_text")),
        enclosures=tuple(
            address for one in _list(item, "attachments") if (address := join_url(base, _text(one, "url")))
        ),
        external_url=join_url(base, _text(item, "external_url")),
        precision=published[1] if published else None,
        image=_image(item, base),
    )


def _image(item: dict[str, Any], base: str | None) -> Image | None:
    address = join_url(base, _text(item, "image") or _text(item, "banner_image"))
    return Image(address) if address else None


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return SURROGATE.sub("\ufffd", str(value))  # 1.0 files number their ids


def _list(item: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = item.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    people = _list(item, "authors") or ([item["author"]] if isinstance(item.get("author"), dict) else [])
    return clean_authors([_text(person, "name") for person in people])


def _text_as_html(text: str) -> str:
    import html

    paragraphs = [p for p in text.replace("\r\n", "\n").split("\n\n") if p.strip()]
    return "".join(f"<p>{html.escape(p)}</p>" for p in paragraphs)
