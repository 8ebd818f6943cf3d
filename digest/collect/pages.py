"""A web page -> `Reading`. The only user of trafilatura and readability; nothing here opens a socket.

Text: trafilatura set to precision; where it finds less than half of what readability-lxml finds, readability's. What a
page says of itself (title, names, instant, license, paywall) is read from its own marks first.
"""

from __future__ import annotations

import difflib
import json
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from digest.collect.credits import clean_authors
from digest.collect.dates import read_date
from digest.collect.paragraphs import html_paragraphs
from digest.collect.plain import clean_paragraphs
from digest.collect.reading import Reading, one_line
from digest.collect.urls import host_of, join_url, web_address
from digest.model import Image, Paywall, Precision

# Both report every odd page as a warning; what matters of it is in our own answer.
for _name in ("trafilatura", "readability.readability", "htmldate"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_ENOUGH = 120
"""Characters: with fewer, what readability found is a menu or a notice."""

_A_SENTENCE = 25
"""Characters: a page with fewer holds a word of its menu."""

_ARTICLE_TYPES = re.compile(r"Article|BlogPosting|Report|Review|LiveBlog|NewsStory|Recipe", re.IGNORECASE)
_SEPARATORS = re.compile(r"\s+[-–—|•·:»«/~]{1,2}\s+|\s*\|\s*|:\s+|\s+::\s+")
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:standfirst|dek|strapline|sub-?headline|article-?sub-?title|entry-?subtitle|alternativeHeadline)(?:$|[\s_-])",
    re.IGNORECASE,
)
_CJK_OUTLET = re.compile(r"^[^\W\da-z]{2,8}(?:网|網|报|報|新闻|新聞|ニュース)$", re.IGNORECASE)


def read_page(data: bytes | str, *, url: str | None = None) -> Reading:
    """The article on a page. A page without one has no paragraphs."""
    from trafilatura import bare_extraction, load_html

    tree = load_html(data)
    if tree is None:
        return Reading(paragraphs=())
    _drop_ruby(tree)
    ld = _article_ld(tree)
    found = bare_extraction(
        tree, url=url, favor_precision=True, include_comments=False, with_metadata=True, include_formatting=False
    )
    facts: dict[str, Any] = found.as_dict() if found is not None and not isinstance(found, dict) else (found or {})
    texts = [line for line in (facts.get("text") or "").split("\n") if line.strip()]
    other = _readability(tree)
    if sum(map(len, other)) >= _ENOUGH and sum(map(len, texts)) < 0.5 * sum(map(len, other)):
        texts = other
    if sum(map(len, texts)) < _A_SENTENCE:
        texts = []
    canonical = _canonical(tree, url)
    host = host_of(url or canonical)
    outlet = _outlet(tree, ld, facts, host)
    title = _title(tree, facts, outlet or "", host)
    standfirst = _standfirst(tree, title)
    paragraphs, removed = clean_paragraphs(texts, without=(title, standfirst))
    moment = _instant(tree, ld) or read_date(facts.get("date"))
    return Reading(
        title=title,
        standfirst=standfirst,
        paragraphs=paragraphs,
        authors=_authors(ld, facts, outlet, host),
        outlet=outlet,
        url=canonical,
        published=moment[0] if moment else None,
        precision=moment[1] if moment else None,
        language=facts.get("language") or tree.get("lang"),
        image=Image(address) if (address := join_url(url, facts.get("image"))) else None,
        paywall=_paywall(ld),
        license=_license(tree, ld, facts),
        removed=removed,
    )


def guess_text(data: bytes) -> str:
    """*data* in the encoding it most likely is; what fits none keeps replacement characters."""
    from trafilatura.utils import decode_file

    return str(decode_file(data))


# ------------------------------------------------------------------------------------------- the text


def _drop_ruby(tree: Any) -> None:
    """Reading aids beside Japanese words: left in, every word would stand there twice."""
    for note in tree.xpath("//rt | //rp"):
        note.drop_tree()
    for base in tree.xpath("//ruby | //rb"):
        base.drop_tag()


def _readability(tree: Any) -> list[str]:
    import lxml.etree
    import lxml.html
    from readability import Document
    from readability.readability import Unparseable

    try:
        summary = Document(lxml.html.tostring(tree, encoding="unicode")).summary(html_partial=True)
    except (Unparseable, lxml.etree.LxmlError, ValueError, TypeError):
        return []
    return html_paragraphs(summary)


def _standfirst(tree: Any, title: str) -> str:
    """The line under the heading, as far as the page marks it; a description nobody sees printed is none."""
    for element in tree.xpath("//*[self::p or self::h2 or self::h3 or self::div or self::span][@class or @itemprop]"):
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        if _STANDFIRST.search(names):
            line = one_line("".join(element.itertext()))
            if 20 <= len(line) <= 350 and _key(line) != _key(title):
                return line
    return ""


# ------------------------------------------------------------------------------------------- the title


def _title(tree: Any, facts: dict[str, Any], outlet: str, host: str) -> str:
    """Without the site's name; then the heading most like it, which is what readers saw."""
    names = _site_keys(outlet, host)
    offers = [
        _meta(tree, "og:title"),
        facts.get("title") or "",
        one_line("".join(tree.xpath("//head/title[1]//text()"))),
    ]
    bare = [_without_site(one_line(offer), names) for offer in offers if offer]
    bare = [title for title in bare if title and _key(title) not in names]
    marked = {one_line("".join(h.itertext())) for h in tree.xpath("//h1[@itemprop='headline']")} - {""}
    if len(marked) == 1:  # the page says so itself
        return marked.pop()
    headings = _headings(tree, names)
    if not bare:
        return headings[0] if headings else one_line(offers[-1])
    title = bare[0]
    near = max(headings, key=lambda h: _likeness(h, bare), default="")
    return near if near and _likeness(near, bare) >= 0.6 else title


def _likeness(heading: str, titles: Sequence[str]) -> float:
    best = 0.0
    for title in titles:
        a, b = _key(heading), _key(title)
        if min(len(a), len(b)) >= 12 and (a.startswith(b) or b.startswith(a)):
            best = max(best, 0.9 * min(len(a), len(b)) / max(len(a), len(b)) + 0.1)
        best = max(best, difflib.SequenceMatcher(None, a, b, autojunk=False).ratio())
    return best


def _headings(tree: Any, names: set[str]) -> list[str]:
    found = []
    for heading in tree.xpath("//h1 | //*[@itemprop='headline']")[:20]:
        text = one_line("".join(heading.xpath(".//text()[not(ancestor::script or ancestor::style)]")))
        if 3 <= len(text) <= 250 and _key(text) not in names:
            found.append(text)
    return found


def _site_keys(outlet: str, host: str) -> set[str]:
    labels = host.split(".")
    keys = {_key(outlet), _key(host), _key(labels[0]), _key(".".join(labels[-2:]))}
    if len(labels) > 1:
        keys |= {_key(labels[-2])}
    return {key for key in keys if len(key) > 1}


def _without_site(title: str, names: set[str]) -> str:
    """*title* less a tail or head that is the site's name, however often it stands there."""
    glued = re.search(r"^(.+\S)[-_|－–—](\S[^-_|－–—]*)$", title)
    if glued and (_key(glued[2]) in names or _CJK_OUTLET.search(glued[2])):  # such titles set no blanks
        title = glued[1]
    for _ in range(3):
        cuts = list(_SEPARATORS.finditer(title))
        for cut in (*reversed(cuts), *cuts):
            head, tail = title[: cut.start()], title[cut.end() :]
            if head and _names_site(tail, names):
                title = head
                break
            if tail and _names_site(head, names) and ":" not in cut[0]:
                title = tail
                break
        else:
            break
    return title.strip()


def _names_site(piece: str, names: set[str]) -> bool:
    key = _key(piece)
    if not key:
        return False
    if key in names:
        return True
    return any(
        len(name) > 3 and (name in key or key in name) and min(len(name), len(key)) / max(len(name), len(key)) >= 0.5
        for name in names
    )


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


# ------------------------------------------------------------------------------------------- who and where


def _outlet(tree: Any, ld: dict[str, Any], facts: dict[str, Any], host: str) -> str | None:
    publisher = ld.get("publisher")
    publisher = publisher[0] if isinstance(publisher, list) and publisher else publisher
    name = publisher.get("name") if isinstance(publisher, dict) else None
    said = _meta(tree, "og:site_name") or (name if isinstance(name, str) else "") or facts.get("sitename") or ""
    return one_line(said) or host or None


def _authors(ld: dict[str, Any], facts: dict[str, Any], outlet: str | None, host: str) -> tuple[str, ...]:
    """JSON-LD's names (they keep the dots of initials), else what trafilatura found."""
    said = ld.get("author") or ld.get("creator")
    people = said if isinstance(said, list) else [said]
    names = [p.get("name") if isinstance(p, dict) and "Organization" not in str(p.get("@type")) else p for p in people]
    flat = [n for name in names for n in (name if isinstance(name, list) else [name]) if isinstance(n, str)]
    found = clean_authors(flat, outlet=outlet, host=host)
    return found or clean_authors([facts.get("author") or ""], outlet=outlet, host=host)


def _canonical(tree: Any, url: str | None) -> str | None:
    """The page's own address. A site's front page is nobody's canonical address but its own."""
    said = [*tree.xpath("//link[@rel='canonical']/@href"), _meta(tree, "og:url")]
    for link in said:
        address = web_address(join_url(url, link))
        if not address:
            continue
        path = urlsplit(address).path.strip("/")
        if path or not url or not urlsplit(url).path.strip("/"):
            return address
    return url


# ------------------------------------------------------------------------------------------- when


_DATE_META = (
    "article:published_time", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "pubdate",
    "publishdate", "publish-date", "publish_date", "dc.date.issued", "dcterms.created", "dc.date", "dcterms.date",
    "date", "article.published", "published_at", "cxenseparse:recs:publishtime",
)  # fmt: skip


def _instant(tree: Any, ld: dict[str, Any]) -> tuple[datetime, Precision] | None:
    """The best stated date: one with an offset, else one with a time, else a day."""
    offers = [read_date(text) for text in _stated_dates(tree, ld)]
    dates = [offer for offer in offers if offer and 1990 <= offer[0].year <= 2200]
    exact = next((d for d in dates if d[0].tzinfo is not None), None)
    timed = next((d for d in dates if d[1] != "day"), None)
    return exact or timed or (dates[0] if dates else None)


def _stated_dates(tree: Any, ld: dict[str, Any]) -> Iterator[str]:
    for key in ("datePublished", "dateCreated"):
        if isinstance(ld.get(key), str):
            yield ld[key]
    for name in _DATE_META:
        yield _meta(tree, name)
    for path in ("//*[@itemprop='datePublished']", "//time[@pubdate]", "//article//header//time", "//article//time"):
        for element in tree.xpath(path)[:1]:
            yield element.get("datetime") or element.get("content") or ""
    times = tree.xpath("//time[@datetime]")
    if len(times) == 1:
        yield times[0].get("datetime")


# ------------------------------------------------------------------------------------------- marks


def _article_ld(tree: Any) -> dict[str, Any]:
    """The JSON-LD object that describes the article, {} where there is none."""
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            data = json.loads(re.sub(r"^\s*(?:<!--|//<!\[CDATA\[)|(?:-->|//\]\]>)\s*$", "", script), strict=False)
        except (json.JSONDecodeError, RecursionError):
            continue
        for item in _objects(data):
            if _ARTICLE_TYPES.search(str(item.get("@type"))):
                return item
    return {}


def _objects(data: Any, depth: int = 4) -> Iterator[dict[str, Any]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            for key in ("@graph", "mainEntity", "mainEntityOfPage"):
                if depth and isinstance(item.get(key), list | dict):
                    yield from _objects(item[key], depth - 1)


def _meta(tree: Any, name: str) -> str:
    found = tree.xpath(
        "//meta[translate(@property, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')=$n"
        " or translate(@name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')=$n"
        " or translate(@itemprop, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')=$n]/@content",
        n=name,
    )
    return next((text.strip() for text in found if text.strip()), "")


def _paywall(ld: dict[str, Any]) -> Paywall:
    free = ld.get("isAccessibleForFree")
    if isinstance(free, str):
        free = {"false": False, "true": True}.get(free.strip().lower().rsplit("/", 1)[-1])
    if free is None:
        return "unknown"
    return "open" if free else "closed"


def _license(tree: Any, ld: dict[str, Any], facts: dict[str, Any]) -> str | None:
    links = tree.xpath("//a[@rel='license']/@href | //link[@rel='license']/@href")
    said = ld.get("license") or facts.get("license") or (links[0] if links else None)
    return said if isinstance(said, str) else None
