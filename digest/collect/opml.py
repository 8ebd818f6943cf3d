"""OPML subscription lists, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from digest.collect.reading import MAX_BYTES, one_line
from digest.errors import SourceError


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list. Groups are the outlines it stands in, outermost first, then its categories."""

    url: str
    title: str
    groups: tuple[str, ...] = ()
    page: str | None = None  # the site's address; None: not given


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    title: str
    feeds: tuple[Subscription, ...]
    warnings: tuple[str, ...] = ()  # outlines with a page but no feed


def parse_opml(data: bytes | str, *, where: str = "the list") -> SubscriptionList:
    """The feeds listed. Raises SourceError naming *where* if it is no OPML."""
    if len(data) > MAX_BYTES:
        raise SourceError(f"{where} is larger than {MAX_BYTES // 1_000_000} MB", hint="this is no list of feeds")
    declares = b"<!ENTITY" in data if isinstance(data, bytes) else "<!ENTITY" in data
    if declares:  # no list needs entities; nested ones only blow up
        raise SourceError(f"{where} declares XML entities", hint="export the list again from your feed reader")
    try:
        root = ET.fromstring(data.lstrip())
    except (ET.ParseError, ValueError, LookupError) as error:
        raise SourceError(f"{where} is no OPML: {error}", hint="export it again from your feed reader") from error
    outlines = root.find("body")
    if root.tag.lower() != "opml" or outlines is None:
        raise SourceError(f"{where} is XML, but no OPML", hint="a list of feeds begins with <opml>")
    warnings: list[str] = []
    try:
        feeds = tuple(_walk(outlines, (), warnings))
    except RecursionError as error:
        raise SourceError(f"{where} nests its groups too deep", hint="this is no list of feeds") from error
    return SubscriptionList(one_line(root.findtext("head/title") or ""), feeds, tuple(warnings))


def write_opml(title: str, feeds: Iterable[Subscription]) -> bytes:
    """An OPML 2.0 list in UTF-8; feeds with a group stand inside it, the others follow at the top."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    outlines = ET.SubElement(root, "body")
    groups: dict[str, ET.Element] = {}
    for feed in feeds:
        parent = outlines
        if feed.groups:
            name = feed.groups[0]
            parent = groups.setdefault(name, ET.Element("outline", text=name))
        attributes = {"type": "rss", "text": feed.title or feed.url, "xmlUrl": feed.url}
        if feed.page:
            attributes["htmlUrl"] = feed.page
        ET.SubElement(parent, "outline", attributes)
    outlines[:0] = list(groups.values())
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _walk(parent: ET.Element, groups: tuple[str, ...], warnings: list[str]) -> Iterator[Subscription]:
    for outline in parent:
        if outline.tag.lower() != "outline":
            continue
        said = {name.lower(): value.strip() for name, value in outline.attrib.items()}
        title = one_line(said.get("title") or said.get("text") or "")
        url, page = said.get("xmlurl", ""), said.get("htmlurl") or None
        if url:
            categories = tuple(c.strip() for c in said.get("category", "").split(",") if c.strip())
            yield Subscription(url, title or url, (*groups, *categories), page)
        elif page:
            warnings.append(f"{title or page}: only a page ({page}), no feed address")
        yield from _walk(outline, (*groups, title) if title and not url else groups, warnings)
