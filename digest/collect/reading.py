"""What every reader hands over, and the one place where it becomes an `Article`.

A reader (`plain`, `markdown`, `pages`, `eml`, `feeds`) answers a `Reading`; `assemble` cleans it once: NFC, no
control characters, paragraphs split by one blank line, regions, identity, language. Touches no file or socket.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.address import web_address
from digest.collect.urls import canonical_url
from digest.errors import ReadError
from digest.model import Article, ExcerptLimit, Image, Paywall, Precision, Region, RegionKind, Removed, Span

MAX_BYTES = 15_000_000
"""More than any article or feed: what is longer is something else."""

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BLANKS = re.compile(r"[ \t]{2,}")
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    kind: RegionKind = "body"
    label: str = ""  # why it is not body: the heading an opinion part stood under, "behind the paywall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One text as its reader understood it. '' and None mean: the source does not say."""

    paragraphs: tuple[Paragraph, ...]
    title: str = ""
    standfirst: str = ""
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    url: str | None = None
    published: datetime | None = None
    precision: Precision | None = None
    language: str | None = None
    image: Image | None = None
    no_pictures: str = ""  # whose wish it is that nobody shows them
    paywall: Paywall = "unknown"
    license: str | None = None
    limit: ExcerptLimit | None = None
    right: str = ""  # why more may be excerpted than a visitor sees
    sender: str = ""  # the domain that mailed it
    removed: tuple[Removed, ...] = ()
    warnings: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """*text* on one line: NFC, no control or invisible direction characters, single blanks.

    Titles and names end up in mail headers, where a line break would start a new header.
    """
    text = unicodedata.normalize("NFC", SURROGATE.sub("\ufffd", text))
    return " ".join(_INVISIBLE.sub("", _CONTROL.sub(" ", text)).split())


def clean_paragraph(text: str) -> str:
    """*text* as one paragraph of an article: on one line, NFC, no-break blanks kept as the source has them."""
    text = unicodedata.normalize("NFC", SURROGATE.sub("\ufffd", text))
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return _BLANKS.sub(" ", text).strip()


def body(texts: Iterable[str]) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(text) for text in texts)


def assemble(
    reading: Reading,
    *,
    source: str,
    seen: datetime,
    where: str,
    url: str | None = None,
    outlet: str | None = None,
    authors: Sequence[str] = (),
    identity: str | None = None,
    own: bool = False,
) -> Article:
    """The Article. *url*, *outlet*, *authors* from the caller win over what the text says of itself.

    identity: what tells this article from others where its address does not (a feed's entry id).
    Raises ReadError, its sentence beginning with *where*, if no text is left.
    """
    from digest.text.language import detect_language

    text, regions = _lay_out(reading.paragraphs)
    if not text:
        raise ReadError(
            f"{where} holds no article text",
            hint="paste the article's words, title first, or give the page it stands on",
        )
    title = one_line(reading.title) or _first_words(text)
    address = web_address(url) or web_address(reading.url)
    canonical = canonical_url(web_address(reading.url) or address) if address else None
    key = identity or canonical or f"{source}\n{title}"
    return Article(
        id=article_id(key),
        version=1,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        url=address,
        canonical=canonical,
        title=title,
        standfirst=one_line(reading.standfirst),
        text=text,
        regions=regions,
        authors=tuple(dict.fromkeys(filter(None, map(one_line, authors or reading.authors)))),
        outlet=one_line(outlet or reading.outlet or "") or None,
        source=source,
        published=reading.published,
        published_precision=reading.precision if reading.published else None,
        seen=seen,
        language=detect_language(f"{title}\n{text[:1000]}", hint=reading.language),
        image=_image(reading),
        paywall=reading.paywall,
        license=one_line(reading.license or "") or None,
        removed=reading.removed,
        warnings=reading.warnings,
        own=own,
        limit=reading.limit,
        right=one_line(reading.right),
        sender=reading.sender,
    )


def _image(reading: Reading) -> Image | None:
    image = reading.image
    if image is None or not (web_address(image.url) or is_beside(image.url)):
        return None
    return replace(
        image,
        alt=one_line(image.alt),
        credit=one_line(image.credit),
        license=one_line(image.license),
        reserved=reading.no_pictures or image.reserved,
    )


def is_beside(path: str) -> bool:
    """Whether *path* names a file beside or below another one, on any system."""
    return bool(path) and not re.search(r"[:\\\x00-\x1f\ud800-\udfff]|^[/~]", path) and ".." not in path.split("/")


def _lay_out(paragraphs: Iterable[Paragraph]) -> tuple[str, tuple[Region, ...]]:
    """The text, and regions that hold every character of it but the blank lines between two regions."""
    pieces: list[str] = []
    regions: list[Region] = []
    at = 0
    for paragraph in paragraphs:
        words = clean_paragraph(paragraph.text)
        if not words:
            continue
        if pieces:
            at += 2
        pieces.append(words)
        end = at + len(words)
        last = regions[-1] if regions else None
        if last and (last.kind, last.reason) == (paragraph.kind, one_line(paragraph.label)):
            regions[-1] = Region(last.kind, Span(last.span.start, end), last.reason)
        else:
            regions.append(Region(paragraph.kind, Span(at, end), one_line(paragraph.label)))
        at = end
    return "\n\n".join(pieces), tuple(regions)


def article_id(identity: str) -> str:
    """The id of the article that *identity* names: its address, or its source with what tells it there."""
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _first_words(text: str) -> str:
    """A title for a text that has none: its first words, cut at a blank with an ellipsis."""
    line = one_line(text.split("\n", 1)[0])
    if len(line) <= 80:
        return line
    cut = line[:80].rsplit(" ", 1)[0]
    return f"{cut.rstrip(',;:–- ')} …"
