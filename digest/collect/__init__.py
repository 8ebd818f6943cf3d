"""Bytes -> `Article`: every way a text comes in, and the only place where it is cleaned.

Reading order: `reading` (what all readers answer, and `assemble`), then `plain`, `markdown`, `pages`, `feeds` with
`jsonfeed`, `eml` with `forwards` and `mailings`; `repeats` knows pull quotes, `wishes` what a publisher allows, `urls`
when two addresses are one. `files` and `http` fetch the bytes, `schedule` says when a source is asked next, `worker`
reads strangers' bytes elsewhere. Knows no database and no clock: `seen` is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.collect.dates import as_utc
from digest.collect.feeds import Entry, Feed, parse_feed
from digest.collect.files import passed_over, printable, read_folder, read_source_file
from digest.collect.plain import clean_paragraphs
from digest.collect.reading import MAX_BYTES, Reading, assemble, body
from digest.collect.urls import canonical_url, host_of
from digest.errors import ReadError
from digest.model import Article, ExcerptLimit, Image, stricter

__all__ = [
    "GUESSED",
    "Entry",
    "Feed",
    "article_from_entry",
    "canonical_url",
    "entry_of",
    "parse_feed",
    "passed_over",
    "read_article",
    "read_folder",
    "read_source_file",
]

_KINDS = {
    "html": "html", "htm": "html", "xhtml": "html", "txt": "txt", "text": "txt", "plain": "txt",
    "md": "md", "markdown": "md", "eml": "eml",
}  # fmt: skip

DAMAGED = "some bytes are not UTF-8 and stand as �; check the words around them"
GUESSED = "not UTF-8: its encoding was guessed; check its accents and quotation marks"

_FOREIGN = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a ZIP, Word or EPUB file"), (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"), (b"\x1f\x8b", "a gzip file"),
    (b"{\\rtf", "an RTF file"), (b"SQLite format 3", "a database"), (b"\x7fELF", "a program"),
)  # fmt: skip


def read_article(
    data: bytes | str,
    *,
    url: str | None = None,
    kind: str | None = None,
    path: Path | str | None = None,
    outlet: str | None = None,
    authors: Sequence[str] = (),
    source: str = "pasted",
    seen: datetime | None = None,
    zone: ZoneInfo | None = None,
    own: bool = False,
) -> Article:
    """The article in *data*: a page, plain text, Markdown or a saved mail, told apart by *kind*, *path*'s suffix, or
    by looking. *url*, *outlet* and *authors*, where given, win over what the text says of itself.

    seen: when it became new; None: now. zone: whose clock a date without a zone was; None leaves it naive.
    Raises ReadError if there is no text in it, or it is no text at all.
    """
    where, source = printable(path or url or "the text"), printable(source)
    kind = _kind(data, kind, path, where)
    reading = _read(data, kind, url)
    if zone and reading.published and reading.published.tzinfo is None and reading.precision != "day":
        reading = replace(reading, published=reading.published.replace(tzinfo=zone))
    seen = seen or datetime.now(UTC)
    return assemble(reading, source=source, seen=seen, where=where, url=url, outlet=outlet, authors=authors, own=own)


def article_from_entry(
    entry: Entry,
    feed: Feed,
    *,
    source: str,
    outlet: str | None = None,
    seen: datetime,
    page: Reading | None = None,
    own: bool = False,
    identity: str | None = None,
    limit: ExcerptLimit | None = None,
) -> Article:
    """The article an entry brings. *page*: the page behind its link, for teasers; its text is taken where it is
    longer, and the feed's date beats the page's. *identity*: what tells it from others, where neither its address
    nor its id does. *limit*: what the feed's own server lets others excerpt.

    Raises ReadError if neither holds any text.
    """
    from digest.collect.paragraphs import html_paragraphs

    link = entry.address
    texts = max(html_paragraphs(entry.content), html_paragraphs(entry.summary), key=_length)
    paragraphs, removed = clean_paragraphs(texts, without=(entry.title,))
    reading = Reading(paragraphs=paragraphs, removed=removed, image=entry.image, language=feed.language)
    if page is not None:
        if _length(p.text for p in page.paragraphs) > _length(texts):
            reading = replace(page, image=_better(page.image, entry.image))
        else:
            reading = replace(
                reading,
                image=_better(page.image, entry.image),
                no_pictures=page.no_pictures,
                paywall=page.paywall,
                limit=page.limit,
            )
    if _length(p.text for p in reading.paragraphs) == 0 and entry.title:
        reading = replace(reading, paragraphs=body([entry.title]))
    reading = replace(
        reading,
        title=entry.title or reading.title,
        authors=entry.authors or reading.authors,
        outlet=_outlet(reading.outlet, feed, host_of(link)),
        published=_published(entry) or reading.published,
        precision=entry.precision if entry.published else reading.precision,
        limit=stricter(reading.limit, limit),
    )
    return assemble(
        reading,
        source=source,
        seen=seen,
        where=f"the entry “{entry.title or entry.id or link or '?'}” of {source}",
        url=link,
        outlet=outlet,
        identity=identity or _identity(entry, feed, source, link),
        own=own,
    )


def _better(of_page: Image | None, of_feed: Image | None) -> Image | None:
    """The page's picture, unless only the feed says under which license its own may be printed."""
    if of_page and of_feed and of_feed.license and not of_page.license:
        return replace(of_feed, alt=of_page.alt) if of_page.url == of_feed.url else of_feed
    return of_page or of_feed


def _outlet(printed: str | None, feed: Feed, host: str) -> str | None:
    """What the feed calls itself, so that all its entries have one outlet; what the page says (*printed*) where the
    feed gathers from other sites and the page says more than its *host*."""
    home = host_of(feed.link)
    foreign = bool(home) and not f".{host}".endswith(f".{home}") and not f".{home}".endswith(f".{host}")
    first, second = (printed, feed.title) if foreign and printed != host else (feed.title, printed)
    return first or second or None


def entry_of(article: Article) -> Entry:
    """The entry that brought a stored *article*, as far as it tells: for one whose page is asked for again."""
    import html

    return Entry(
        id=None,
        link=article.url,
        title=article.title,
        published=as_utc(article.published) if article.published else None,
        updated=None,
        authors=article.authors,
        summary="".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in article.text.split("\n\n")),
        content="",
        precision=article.published_precision,
        image=article.image,
    )


def _published(entry: Entry) -> datetime | None:
    """Naive where the feed gives a day only: whose midnight that is, it does not say."""
    if entry.published and entry.precision == "day":
        return entry.published.replace(tzinfo=None)
    return entry.published


def _identity(entry: Entry, feed: Feed, source: str, link: str | None) -> str | None:
    """None where the address tells the article apart; else what does: the feed's own id, else the text.

    Some feeds link every entry to one page, some reuse one id for all.
    """
    if link and link.startswith(("http://", "https://")) and canonical_url(link) not in feed.shared:
        return None
    if entry.id and entry.id not in feed.shared:
        return f"{source}\n{entry.id}"
    return f"{source}\n{entry.title}\n{entry.content or entry.summary}"


def _length(texts: Iterable[str]) -> int:
    return sum(map(len, texts))


# ------------------------------------------------------------------------------------------- which reader


def _read(data: bytes | str, kind: str, url: str | None) -> Reading:
    if kind == "html":
        from digest.collect.pages import read_page

        return read_page(data, url=url)
    if kind == "eml":
        from digest.collect.eml import read_eml

        return read_eml(data.encode("utf-8", "replace") if isinstance(data, str) else data)
    text, warning = (data, "") if isinstance(data, str) else _decode(data)
    if kind == "md":
        from digest.collect.markdown import read_markdown

        reading = read_markdown(text)
    else:
        from digest.collect.plain import read_plain

        reading = read_plain(text.removeprefix("\ufeff"))
    return replace(reading, warnings=(*reading.warnings, warning)) if warning else reading


def _kind(data: bytes | str, kind: str | None, path: Path | str | None, where: str) -> str:
    if len(data) > MAX_BYTES:
        raise ReadError(f"{where} is larger than {MAX_BYTES // 1_000_000} MB", hint="an article is a few pages of text")
    if isinstance(data, bytes):
        _refuse_foreign(data, where)
    if kind is not None:
        if kind.lower() not in _KINDS:
            raise ReadError(f"{where}: there is no kind {kind!r}", hint="one of html, txt, md, eml")
        return _KINDS[kind.lower()]
    suffix = Path(path).suffix.lower().removeprefix(".") if path else ""
    return _KINDS.get(suffix) or _sniff(data)


def _refuse_foreign(data: bytes, where: str) -> None:
    name = next((name for mark, name in _FOREIGN if data.startswith(mark)), None)
    if name is None and b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "a binary file"
    if name:
        raise ReadError(f"{where} is {name}, not a text", hint="save it as text, Markdown or HTML, or paste its words")


def _sniff(data: bytes | str) -> str:
    head = data[:4000].decode("utf-8", "replace") if isinstance(data, bytes) else data[:4000]
    head = head.lstrip("\ufeff \t\r\n")
    if re.match(
        r"(?is)(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|article|main|div|p|h1)\b", head
    ):
        return "html"
    if re.match(r"(?:---|\+\+\+)\s*\n|#{1,6}\s+\S", head):
        return "md"
    header = re.match(r"(?:[\w-]+:[ \t].*(?:\r?\n[ \t].*)*\r?\n)+\r?\n", head)
    if header and re.search(r"(?im)^(?:received|mime-version|message-id|return-path|delivered-to):", header[0]):
        return "eml"
    return "txt"


def _decode(data: bytes) -> tuple[str, str]:
    """The text, and a warning where its encoding was guessed or some of it is damaged."""
    for mark, name in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"", "utf-8-sig"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(name), ""
            except UnicodeDecodeError:
                continue
    text = data.decode("utf-8", "replace")
    strange = sum(not c.isascii() for c in text)
    if text.count("\ufffd") * 4 <= strange:  # in another encoding hardly a letter would come out
        return text, DAMAGED
    from digest.collect.pages import guess_text

    return guess_text(data), GUESSED
