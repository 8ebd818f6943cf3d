"""Articles as they were cleaned, once; a changed text is a new version beside the old one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import NOSNIPPET, PAYWALLED, Article, Image, Region, Span, stricter
from digest.store.codec import from_json, instant, to_json

if TYPE_CHECKING:
    from digest.store import Store

_NEWEST = """SELECT data FROM article AS a
             WHERE version = (SELECT max(version) FROM article AS b WHERE b.id = a.id)"""


class Articles:
    """Every listing gives the newest version of each article, by the time it was first seen.

    What is known of an article outlives every text that comes in later without a word of it: link, outlet, names,
    date, a right. So does what its publisher reserves: of two limits the stricter one counts, a paragraph once marked
    as not to be excerpted stays marked, and only an editor's right lifts a limit.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn
        self.source_rights: Mapping[str, str] = {}  # source -> why more of its articles may be excerpted; never stored

    def add(self, article: Article) -> Article:
        """*article* as it is now stored.

        Known with the same text: the stored one, its unknown facts (outlet, date, …) filled in from this one.
        Known with another text: a new version, first seen when the first one was, so that no article is new twice.
        """
        with self._store.transaction():
            known = self.get(article.id)
            if known is None:
                stored = replace(article, version=1)
            elif known.text_hash == article.text_hash:
                stored = _completed(known, article)
            else:
                stored = _next_version(known, article)
            return self._keep(known, stored)

    def complete(self, article: Article) -> Article:
        """The same article out of another source: what was unknown of it is filled in. Its text becomes a new
        version only where the stored one is a teaser, less than half as long."""
        with self._store.transaction():
            known = self.get(article.id)
            if known is None or len(article.text) > 2 * len(known.text):
                return self.add(article)
            return self._keep(known, _completed(known, article))

    def revise(self, article: Article, *, whole: bool = True) -> Article:
        """*article* as its own source has it now: a new version where the text is another one, and its facts in any
        case. Outlet, names, date and whether it is the editors' own stay as they are known.

        whole: the text is all there is of it; else a part, and a longer one that is known stays.
        """
        with self._store.transaction():
            known = self.get(article.id)
            if known is None:
                return self.add(article)
            told = replace(
                _filled(article, known),
                version=known.version,
                seen=known.seen,
                outlet=known.outlet or article.outlet,
                authors=known.authors or article.authors,
                published=known.published or article.published,
                published_precision=known.published_precision or article.published_precision,
                own=known.own,
            )
            if not whole and len(known.text) > len(article.text):
                return self._keep(known, replace(_completed(known, told), title=told.title, url=told.url))
            if told.text_hash != known.text_hash:
                return self._keep(known, _next_version(known, told))
            return self._keep(known, replace(told, regions=_reserving(told, known, (NOSNIPPET,))))

    def _keep(self, known: Article | None, stored: Article) -> Article:
        if stored != known:
            self._write(stored)
        return self._with_rights([stored])[0]

    def correct(self, article: Article) -> Article:
        """*article*'s facts (outlet, link, authors …) in place of those stored; its text and version stay."""
        with self._store.transaction():
            return self._keep(None, article)

    def _write(self, article: Article) -> None:
        article = replace(article, source_right="")
        self._conn.execute(
            "INSERT OR REPLACE INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                article.id,
                article.version,
                article.text_hash,
                article.canonical,
                article.title,
                article.source,
                instant(article.seen),
                to_json(article),
            ),
        )

    def get(self, id: str) -> Article | None:
        """The newest version; None for an unknown id."""
        return next(iter(self._read(f"{_NEWEST} AND id = ?", (id,))), None)

    def versions(self, id: str) -> list[Article]:
        return self._read("SELECT data FROM article WHERE id = ? ORDER BY version", (id,))

    def all(self) -> list[Article]:
        return self._read(f"{_NEWEST} ORDER BY seen, id")

    def between(self, since: datetime, until: datetime) -> list[Article]:
        """First seen after *since*, up to and including *until*."""
        return self._read(f"{_NEWEST} AND seen > ? AND seen <= ? ORDER BY seen, id", (instant(since), instant(until)))

    def stamp(self) -> str:
        """Another one whenever any version of an article, or what brought it, is another; SHA-256, hex."""
        found = hashlib.sha256()
        for (data,) in self._conn.execute("SELECT CAST(data AS BLOB) FROM article ORDER BY id, version"):
            found.update(data)
        for article, source in self._conn.execute("SELECT article, source FROM entry ORDER BY article, source"):
            found.update(f"{article}\0{source}\n".encode())
        return found.hexdigest()

    def _read(self, sql: str, values: Iterable[str] = ()) -> list[Article]:
        return self._with_rights([from_json(Article, data) for (data,) in self._conn.execute(sql, tuple(values))])

    def _with_rights(self, articles: list[Article]) -> list[Article]:
        """*articles*, each with the right to a source that brought it, first or again."""
        rights = self.source_rights
        if not rights:
            return articles
        sql = """SELECT article, source FROM entry WHERE source IN (SELECT value FROM json_each(?))
                 AND article IN (SELECT value FROM json_each(?))"""
        asked = json.dumps(list(rights)), json.dumps([a.id for a in articles])
        brought: dict[str, str] = dict(self._conn.execute(sql, asked))
        held = [rights.get(a.source) or rights.get(brought.get(a.id, ""), "") for a in articles]
        return [replace(a, source_right=right) for a, right in zip(articles, held, strict=True)]


def _next_version(known: Article, changed: Article) -> Article:
    return replace(
        _filled(changed, known),
        version=known.version + 1,
        seen=known.seen,
        regions=_reserving(changed, known, (NOSNIPPET,)),
        image=_image(changed.image, known.image) if changed.image else None,
    )


def _completed(known: Article, again: Article) -> Article:
    """*known* with what it did not know taken from *again*, and set aside what *again* reserves; else unchanged."""
    return replace(
        _filled(known, again),
        regions=_reserving(known, again, (NOSNIPPET, PAYWALLED)),
        standfirst=known.standfirst or again.standfirst,
        image=_image(again.image, known.image) if again.source == known.source else _image(known.image, again.image),
        license=known.license or again.license,
        paywall=again.paywall if known.paywall == "unknown" or again.paywall == "closed" else known.paywall,
    )


def _image(image: Image | None, other: Image | None) -> Image | None:
    """*image*, or *other* where only that one may be printed; what one says of the same picture is kept where the other
    says nothing, and what either reserves stays reserved."""
    if image is None or other is None:
        return image or other
    if other.license and not image.license and other.url != image.url:
        image, other = other, image
    reserved = image.reserved or other.reserved
    if other.url != image.url:
        return replace(image, reserved=reserved)
    return replace(
        image,
        width_px=image.width_px or other.width_px,
        height_px=image.height_px or other.height_px,
        alt=image.alt or other.alt,
        credit=image.credit or other.credit,
        license=image.license or other.license,
        reserved=reserved,
    )


def _filled(article: Article, other: Article) -> Article:
    """*article*, and where it says nothing of itself, what *other* knows of it; of limits the stricter one."""
    return replace(
        article,
        url=article.url or other.url,
        canonical=article.canonical or other.canonical,
        authors=article.authors or other.authors,
        outlet=article.outlet or other.outlet,
        published=article.published or other.published,
        published_precision=article.published_precision or other.published_precision,
        own=article.own or other.own,
        limit=stricter(article.limit, other.limit),
        right=article.right or other.right,
    )


def _reserving(article: Article, other: Article, reasons: Collection[str]) -> tuple[Region, ...]:
    """The regions of *article*, each paragraph that *other* sets aside for one of *reasons* set aside here too."""
    reserved = {
        paragraph: region.reason
        for region in other.regions
        if region.kind == "aside" and region.reason in reasons
        for paragraph in region.span.of(other.text).split("\n\n")
    }
    if not reserved:
        return article.regions
    regions: list[Region] = []
    for region in article.regions:
        at = region.span.start
        for paragraph in region.span.of(article.text).split("\n\n"):
            kind, reason, end = region.kind, region.reason, at + len(paragraph)
            if paragraph in reserved and (kind != "aside" or reserved[paragraph] == NOSNIPPET):
                kind, reason = "aside", reserved[paragraph]
            if regions and (regions[-1].kind, regions[-1].reason) == (kind, reason):
                at = regions.pop().span.start
            regions.append(Region(kind, Span(at, end), reason))
            at = end + 2
    return tuple(regions)
