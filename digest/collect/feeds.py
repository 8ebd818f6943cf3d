"""RSS and Atom -> `Feed`. The only user of feedparser; JSON Feed is read in `jsonfeed`.

feedparser is asked to parse and nothing else: no sanitizing, no resolving. Told the fetch address it would resolve
entry *ids* too, and a feed that moves would announce everything anew; so links are joined here.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from digest.collect.dates import YEARS, as_utc, read_date
from digest.collect.reading import MAX_BYTES, one_line
from digest.collect.urls import canonical_url, join_url
from digest.errors import SourceError
from digest.model import Image, Precision

FULL_WORDS = 150
"""From this many words on, an entry's content counts as the article itself and no teaser."""

_CUT_SHORT = re.compile(
    r"(?:\[(?:…|\.\.\.|&#8230;|&hellip;)\]|(?:continue reading|read more|read the full|weiterlesen|lire la suite|seguir"
    r" leyendo|leggi tutto|continua a leggere|czytaj dalej|читать далее)\W*)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the feed gives it. Texts may be HTML; title and authors are plain, on one line."""

    id: str | None  # exactly as in the feed; None: it gives none
    link: str | None  # absolute where a base was known
    title: str
    published: datetime | None  # UTC; the updated date where there is no published one
    updated: datetime | None  # UTC
    authors: tuple[str, ...]
    summary: str
    content: str
    enclosures: tuple[str, ...] = ()
    external_url: str | None = None  # a link blog's subject: the article itself
    precision: Precision | None = None  # of published; None exactly when that is None
    image: Image | None = None

    @property
    def is_full(self) -> bool:
        """Its words look like the whole article: long enough (a summary must be twice as long as a content to be
        taken for one), and not ending in "read more"."""
        from digest.text.words import count_words

        texts = ((self.content, FULL_WORDS), (self.summary, 2 * FULL_WORDS))
        plain = [(plain_text(markup), least) for markup, least in texts if markup]
        return any(count_words(text) >= least and not _CUT_SHORT.search(text[-200:]) for text, least in plain)

    @property
    def address(self) -> str | None:
        """Where the article stands: a link blog's entries link to themselves, their subject is elsewhere."""
        return self.external_url or self.link

    @property
    def key(self) -> str:
        """What tells this entry from the feed's others: its own id, else its link, else its words."""
        return self.id or (canonical_url(self.address) if self.address else "") or self.hash

    @property
    def hash(self) -> str:
        """Changes when the title, the address or the words do; a touched date is no change."""
        words = (self.title, canonical_url(self.address or ""), self.summary, self.content)
        return hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Feed:
    title: str
    language: str | None  # as declared
    entries: tuple[Entry, ...]
    ttl: timedelta | None = None  # how long the publisher asks to leave it alone
    link: str | None = None  # the site's page
    warnings: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()  # what tells no entry apart, see `shared_marks`

    def longer_key(self, entry: Entry) -> str:
        """*entry*'s key with the first of its address, title and words that no other entry has."""
        marks = ((entry.address, canonical_url(entry.address or "")), (entry.title, entry.title))
        own = next((mark for mark, compared in marks if mark and compared not in self.shared), entry.hash)
        return f"{entry.key}\n{own}"


def shared_marks(entries: Sequence[Entry], link: str | None) -> frozenset[str]:
    """The keys, addresses and titles that several of *entries* have (some feeds link every entry to one page, some
    reuse one id for all), and the site's own page."""
    marks = Counter(mark for entry in entries for mark in {entry.key, canonical_url(entry.address or ""), entry.title})
    home = {canonical_url(link)} if link else set()
    return frozenset(home | {mark for mark, times in marks.items() if times > 1})


def parse_feed(data: bytes | str, *, url: str | None = None, content_type: str | None = None) -> Feed:
    """The feed in *data*: RSS 0.9x to 2.0, Atom, RDF, JSON Feed; broken XML as far as it goes.

    url: where it was fetched, the base of its relative links. content_type: the HTTP header; its charset wins.
    Raises SourceError where there is no feed, saying what there is instead.
    """
    where = url or "the feed"
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    charset = "utf-8" if isinstance(data, str) else _charset(content_type)
    if not raw.strip():
        raise SourceError(f"{where} is empty", hint="open the address in a browser: is the feed still there?")
    if len(raw) > MAX_BYTES:
        raise SourceError(f"{where} is larger than {MAX_BYTES // 1_000_000} MB", hint="this is no news feed")
    raw, charset = _as_utf8(raw, charset)
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        from digest.collect.jsonfeed import parse_json_feed

        return parse_json_feed(raw, url=url)
    if _is_html(raw):
        raise SourceError(f"{where} is an HTML page, not a feed", hint=_feed_hint(raw, url))
    parsed = _parse(raw, charset, where)
    if not parsed["entries"] and (mended := _mend(raw)) != raw:
        parsed = _parse(mended, charset, where)
    if not dict.get(parsed, "version") and not parsed["entries"]:
        raise SourceError(f"{where} is no feed", hint="give the address of an RSS, Atom or JSON feed")
    return _feed(parsed, url)


_UNSHOWN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL | re.IGNORECASE)


def plain_text(markup: str) -> str:
    """*markup* without tags and entities, on one line."""
    return one_line(html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", " ", _UNSHOWN.sub(" ", markup))))


def plain_title(markup: str) -> str:
    """A title without its tags; entities that were escaped twice are undone too."""
    text = re.sub(r"</?[a-zA-Z][^<>]*>", "", _SCRIPT.sub(" ", markup))
    return one_line(html.unescape(text))


# ------------------------------------------------------------------------------------------- before parsing


def _charset(content_type: str | None) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type or "", re.IGNORECASE)
    return found[1] if found else None


def _as_utf8(raw: bytes, charset: str | None) -> tuple[bytes, str | None]:
    """UTF-16 and UTF-32 recoded, so that what follows may look for ASCII; other bytes as they are."""
    marks = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    found = next((name for mark, name in marks.items() if raw.startswith(mark)), None)
    found = found or {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(raw[:2])
    if not found:
        return raw, charset
    text = re.sub(r"^\s*<\?xml.*?\?>", "", raw.decode(found, "replace").lstrip("\ufeff"), flags=re.DOTALL)
    return text.encode("utf-8", "replace"), "utf-8"


def _is_html(raw: bytes) -> bool:
    head = re.sub(rb"^(?:\xef\xbb\xbf|\s+|<\?.*?\?>|<!--.*?-->)+", b"", raw[:20_000], flags=re.DOTALL)
    return bool(re.match(rb"<(?:!doctype\s+html|html|head|body)\b", head, re.IGNORECASE))


def _feed_hint(raw: bytes, url: str | None) -> str:
    """Where the page itself says its feed is."""
    named = _links_to_feeds(raw, url)
    if named:
        return f"the page names its feed: {named[0]}"
    return "look on the page for a link named RSS, Atom or feed, and give that address"


_USUAL_PLACES = ("feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.json")


def named_feeds(raw: bytes, url: str) -> list[str] | None:
    """Where the feed of the HTML page at *url* may be: the addresses it names, comment feeds last, then the usual
    places. None where *raw* is no HTML page."""
    if not _is_html(raw):
        return None
    named = sorted(_links_to_feeds(raw, url), key=lambda link: "comment" in link.lower())
    usual = [link for place in _USUAL_PLACES if (link := join_url(url, f"/{place}"))]
    return list(dict.fromkeys([*named, *usual]))


def _links_to_feeds(raw: bytes, url: str | None) -> list[str]:
    found = []
    for tag in re.findall(rb"<(?:link|a)\b[^>]*>", raw[:400_000], re.IGNORECASE):
        text = tag.decode("utf-8", "replace")
        kind = re.search(r"type\s*=\s*[\"']?application/(?:rss\+xml|atom\+xml|feed\+json)", text, re.IGNORECASE)
        href = re.search(r"href\s*=\s*[\"']?([^\"'\s>]+)", text, re.IGNORECASE)
        address = join_url(url, html.unescape(href[1])) if kind and href else None
        if address:
            found.append(address)
    return found


_ENTITY = re.compile(rb"<!ENTITY\s+[^\s%>]+\s+(?P<quote>[\"'])(?P<value>.*?)(?P=quote)\s*>", re.DOTALL)


def _without_bombs(raw: bytes) -> bytes:
    """Entity declarations that refer to other entities or hold long texts taken out: they only ever blow up."""

    def judge(match: re.Match[bytes]) -> bytes:
        value = match["value"]
        return b"" if len(value) > 200 or re.search(rb"&(?!#)", value) else match[0]

    return _ENTITY.sub(judge, raw) if b"<!ENTITY" in raw else raw


_NUMBERED = re.compile(rb"&#(?:x([0-9a-f]+)|([0-9]+));?", re.IGNORECASE)


def _without_nonsense(raw: bytes) -> bytes:
    """Numbers that stand for no character (XML 1.0, 4.1: halves of a surrogate pair, beyond Unicode) as U+FFFD: one of
    them would cost the whole feed."""

    def judge(match: re.Match[bytes]) -> bytes:
        digits, base = (match[1], 16) if match[1] else (match[2], 10)
        number = int(digits, base) if len(digits) < 12 else sys.maxunicode + 1
        return match[0] if number <= sys.maxunicode and not 0xD800 <= number <= 0xDFFF else b"&#xFFFD;"

    return _NUMBERED.sub(judge, raw)


def _mend(raw: bytes) -> bytes:
    """Two repairs for feeds nothing else can read: a doubled XML declaration, and `rss:` as a prefix bound to
    nothing."""
    raw = re.sub(rb"<\?xml\?xml[^>]*>|<!--.*?-->", b"", raw, flags=re.DOTALL)
    if b"xmlns:rss" not in raw:
        raw = re.sub(rb"(</?)rss:", rb"\1", raw)
        raw = re.sub(rb"\srss:version=[\"']?([\d.]+)[\"']?", rb' version="\1"', raw)
    return raw.lstrip()


def _parse(raw: bytes, charset: str | None, where: str) -> Any:
    import feedparser

    headers = {"content-type": f"application/xml; charset={charset}"} if charset else {}
    # BytesIO: a plain string would be taken for an address or a file name.
    try:
        return feedparser.parse(
            io.BytesIO(_without_nonsense(_without_bombs(raw.lstrip()))),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # on torn markup feedparser itself fails, in many ways (KeyError, AssertionError ...)
        raise SourceError(
            f"{where} is too broken to read ({type(error).__name__}: {error})", hint="tell the publisher, or try later"
        ) from error


# ------------------------------------------------------------------------------------------- after parsing


def _feed(parsed: Any, url: str | None) -> Feed:
    channel = parsed["feed"]
    link = join_url(url, dict.get(channel, "link"))
    base = url or link
    ttl = str(dict.get(channel, "ttl") or "")
    entries = tuple(_entry(e, base) for e in parsed["entries"])
    warnings = []
    if dict.get(parsed, "bozo") and not isinstance(parsed["bozo_exception"], _overridden()):
        warnings.append(f"the feed is not well-formed: {parsed['bozo_exception']}")
    if not entries:
        warnings.append("the feed holds no entries")
    return Feed(
        title=plain_title(dict.get(channel, "title") or ""),
        language=dict.get(channel, "language") or None,
        entries=entries,
        ttl=timedelta(minutes=min(int(ttl), 60 * 24 * 30)) if re.fullmatch(r"\d{1,9}", ttl) else None,
        link=link,
        warnings=tuple(warnings),
        shared=shared_marks(entries, link),
    )


def _overridden() -> type[Exception]:
    """feedparser's note that the header's charset differs from the declared one: nothing to report."""
    import feedparser

    return feedparser.CharacterEncodingOverride  # type: ignore[no-any-return]


def _entry(entry: Any, base: str | None) -> Entry:
    updated = _moment(entry, "updated")
    published = _moment(entry, "published") or _moment(entry, "created") or updated
    return Entry(
        id=dict.get(entry, "id") or None,
        link=join_url(base, dict.get(entry, "link")),
        title=plain_title(dict.get(entry, "title") or ""),
        published=published[0] if published else None,
        updated=updated[0] if updated else None,
        authors=_authors(entry),
        summary=dict.get(entry, "summary") or "",
        content=_content(entry),
        enclosures=tuple(
            address
            for item in dict.get(entry, "links") or []
            if dict.get(item, "rel") == "enclosure" and (address := join_url(base, dict.get(item, "href")))
        ),
        precision=published[1] if published else None,
        image=_image(entry, base),
    )


def _moment(entry: Any, name: str) -> tuple[datetime, Precision] | None:
    """feedparser's reading, else our month tables'."""
    raw = dict.get(entry, name)
    ours = read_date(raw)
    parsed = dict.get(entry, f"{name}_parsed")
    if parsed and parsed[0] in YEARS:
        return as_utc(datetime(*parsed[:6])), ours[1] if ours else "second"
    return (as_utc(ours[0]), ours[1]) if ours else None


def _authors(entry: Any) -> tuple[str, ...]:
    from digest.collect.credits import clean_authors

    people = dict.get(entry, "authors") or []
    names = [dict.get(person, "name") or "" for person in people if isinstance(person, dict)]
    return clean_authors(names or [dict.get(entry, "author") or ""])


def _content(entry: Any) -> str:
    texts = [dict.get(item, "value") or "" for item in dict.get(entry, "content") or []]
    return max(texts, key=len, default="")


def _image(entry: Any, base: str | None) -> Image | None:
    """The entry's first picture. Credit and license (Media RSS) stand with the entry, so they count only where it has
    a single picture."""
    single = max(len(dict.get(entry, name) or []) for name in ("media_content", "media_thumbnail")) == 1
    for name in ("media_content", "media_thumbnail"):
        for item in dict.get(entry, name) or []:
            kind = str(dict.get(item, "type") or dict.get(item, "medium") or "image")
            address = join_url(base, dict.get(item, "url"))
            if address and kind.startswith("image"):
                return Image(
                    address,
                    _pixels(dict.get(item, "width")),
                    _pixels(dict.get(item, "height")),
                    credit=_media_credit(entry) if single else "",
                    license=_media_license(entry) if single else "",
                )
    for item in dict.get(entry, "links") or []:
        address = join_url(base, dict.get(item, "href"))
        if address and dict.get(item, "rel") == "enclosure" and str(dict.get(item, "type") or "").startswith("image/"):
            return Image(address)
    return None


def _media_credit(entry: Any) -> str:
    said = dict.get(entry, "media_credit") or []
    return "; ".join(one_line(str(dict.get(item, "content") or "")) for item in said[:3]).strip("; ")


def _media_license(entry: Any) -> str:
    """The address of the license, else its name."""
    for name, keys in (("media_license", ("href", "content")), ("media_copyright", ("url",))):
        said = dict.get(entry, name) or {}
        found = next((str(dict.get(said, key)) for key in keys if dict.get(said, key)), "")
        if found:
            return found
    return ""


def _pixels(value: Any) -> int | None:
    text = str(value or "")
    return int(text) if re.fullmatch(r"[1-9]\d{0,4}", text) else None
