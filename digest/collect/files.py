"""The files an editor has: one text or page a file, and saved feeds. One bad file never stops the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.address import web_address
from digest.collect.feeds import parse_feed
from digest.collect.reading import MAX_BYTES
from digest.errors import DigestError, ReadError, SourceError, told_bug
from digest.model import Article

TEXTS = {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".eml"}
FEEDS = {".xml", ".rss", ".atom", ".rdf", ".json"}

_BESIDE = frozenset(
    ".png .jpg .jpeg .gif .webp .avif .svg .ico .css .js .mjs .map .woff .woff2 .ttf .otf .mp3 .mp4 .ogg .webm".split()
)
"""What a saved page has beside it; nobody expects it to be read."""


def read_source_file(
    path: Path,
    *,
    seen: datetime,
    source: str | None = None,
    outlet: str | None = None,
    zone: ZoneInfo | None = None,
    own: bool = False,
) -> list[Article]:
    """The articles in one file: one for a text, page or mail, any number for a saved feed.

    Raises ReadError or SourceError naming the file.
    """
    from digest.collect import article_from_entry, read_article

    data = _read(path)
    name = source or printable(path)
    if path.suffix.lower() not in FEEDS:
        return [read_article(data, path=path, outlet=outlet, source=name, seen=seen, zone=zone, own=own)]
    try:
        feed = parse_feed(data)
    except SourceError as error:
        raise SourceError(f"{printable(path)}: {error}", hint=error.hint) from error
    articles = []
    for entry in feed.entries:
        if entry.content.strip() or entry.summary.strip() or entry.title:
            articles.append(article_from_entry(entry, feed, source=name, outlet=outlet, seen=seen, own=own))
    return articles


def read_folder(
    path: Path,
    *,
    seen: datetime,
    source: str | None = None,
    outlet: str | None = None,
    zone: ZoneInfo | None = None,
    own: bool = False,
) -> Iterator[tuple[str, Article | DigestError]]:
    """Every article in *path* (a folder with all below it, or one file), by file name, each with its file's path
    inside *path*; what cannot be read comes as the error it raised. Hidden files and files of other kinds are passed
    over.

    Raises SourceError if there is no such folder or file, or nothing in it to read.
    """
    try:
        exists, single = path.exists(), path.is_file()
        files = [path] if single else sorted(p for p in _files(path) if p.suffix.lower() in TEXTS | FEEDS)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error
    if not exists:
        raise SourceError(f"there is no file or folder {path}", hint="check `path` under [[sources]] in digest.toml")
    if not files:
        kinds = " ".join(sorted(TEXTS | FEEDS))
        raise SourceError(f"{path} holds no file to read", hint=f"put articles there; these kinds are read: {kinds}")
    for file in files:
        name = printable(file.name if single else file.relative_to(path))
        try:
            for article in read_source_file(
                file, seen=seen, source=source or printable(path), outlet=outlet, zone=zone, own=own
            ):
                yield name, _with_picture_below(article, name)
        except (ReadError, SourceError) as error:
            yield name, error
        except Exception as error:  # a bug, here or in a library: it costs this file only
            yield name, ReadError(f"{name}: {told_bug(error)}")


def _with_picture_below(article: Article, name: str) -> Article:
    """A picture beside the file *name* is known by its path inside the folder from here on."""
    image = article.image
    if image is None or web_address(image.url):
        return article
    return replace(article, image=replace(image, url=(Path(name).parent / image.url).as_posix()))


def passed_over(path: Path) -> list[str]:
    """The files in the folder *path* of kinds that are not read, by name; what belongs to saved pages aside."""
    read = TEXTS | FEEDS | _BESIDE
    return sorted(printable(p.relative_to(path)) for p in _files(path) if p.suffix.lower() not in read)


def printable(path: Path | str) -> str:
    """*path* as text that can be stored: a byte in it that is no UTF-8 as ``\\udcff``."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _files(top: Path) -> Iterator[Path]:
    for path in top.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(top).parts)
        if not hidden and (path.is_file() or path.is_symlink()):
            yield path


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReadError(
            f"{printable(path)} cannot be read: {error.strerror}", hint="check its name and permissions"
        ) from error
    if len(data) > MAX_BYTES:
        raise ReadError(
            f"{printable(path)} is larger than {MAX_BYTES // 1_000_000} MB", hint="an article is a few pages of text"
        )
    return data
