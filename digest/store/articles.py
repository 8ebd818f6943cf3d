"""Articles as they were cleaned, once; a changed text is a new version beside the old one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from digest.model import Article, stricter
from digest.store.codec import from_json, instant, to_json

if TYPE_CHECKING:
    from digest.store import Store

_NEWEST = """SELECT data FROM article AS a
             WHERE version = (SELECT max(version) FROM article AS b WHERE b.id = a.id)"""


class Articles:
    """Every listing gives the newest version of each article, by the time it was first seen.

    A publisher's limit, once known, outlives every text that comes in later without a word of it: the stricter one
    counts, and only an editor's right lifts it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.conn

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

    def revise(self, article: Article) -> Article:
        """*article* as its own source has it now: a new version where the text is another one, and its facts in any
        case; what its editors know of it (outlet, names, a right) stays."""
        with self._store.transaction():
            known = self.get(article.id)
            if known is None:
                return self.add(article)
            told = replace(
                article,
                version=known.version,
                seen=known.seen,
                outlet=known.outlet or article.outlet,
                authors=known.authors or article.authors,
                published=known.published or article.published,
                published_precision=known.published_precision or article.published_precision,
                own=known.own,
                limit=stricter(known.limit, article.limit),
                right=known.right or article.right,
            )
            return self._keep(known, told if told.text_hash == known.text_hash else _next_version(known, told))

    def _keep(self, known: Article | None, stored: Article) -> Article:
        if stored != known:
            self._write(stored)
        return stored

    def correct(self, article: Article) -> Article:
        """*article*'s facts (outlet, link, authors …) in place of those stored; its text and version stay."""
        with self._store.transaction():
            self._write(article)
        return article

    def _write(self, article: Article) -> None:
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

    def find(self, words: str) -> list[Article]:
        """Those with every word in the title, ignoring case, or with this URL or id."""
        wanted = words.casefold().split()
        return [
            a
            for a in self.all()
            if words in (a.id, a.url, a.canonical) or (wanted and all(w in a.title.casefold() for w in wanted))
        ]

    def _read(self, sql: str, values: Iterable[str] = ()) -> list[Article]:
        return [from_json(Article, data) for (data,) in self._conn.execute(sql, tuple(values))]


def _next_version(known: Article, changed: Article) -> Article:
    return replace(
        changed,
        version=known.version + 1,
        seen=known.seen,
        limit=stricter(known.limit, changed.limit),
        right=known.right or changed.right,
    )


def _completed(known: Article, again: Article) -> Article:
    """*known* with what it did not know taken from *again*; nothing known is changed."""
    return replace(
        known,
        url=known.url or again.url,
        canonical=known.canonical or again.canonical,
        standfirst=known.standfirst or again.standfirst,
        authors=known.authors or again.authors,
        outlet=known.outlet or again.outlet,
        published=known.published or again.published,
        published_precision=known.published_precision or again.published_precision,
        image=known.image or again.image,
        license=known.license or again.license,
        own=known.own or again.own,
        limit=stricter(known.limit, again.limit),
        right=known.right or again.right,
        paywall=known.paywall if known.paywall != "unknown" else again.paywall,
    )
