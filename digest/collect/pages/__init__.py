"""A web page -> `Reading`. The only user of trafilatura, readability and htmldate; nothing here opens a socket.

Reading order: `marks` (what the page says for machines), `blocks` (what it prints), `text` (which blocks are the
article), `title`, `facts`, `picture`, `wall`. The page is parsed once, and all of them read the one tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from digest.address import web_address
from digest.collect.pages.blocks import Block, find_blocks, key_of
from digest.collect.pages.facts import (
    LATEST,
    Beside,
    find_beside,
    find_canonical,
    find_language,
    find_license,
    find_outlet,
    guessed_authors,
    guessed_moment,
    printed_moment,
    stated_authors,
    stated_moment,
    without_logins,
)
from digest.collect.pages.marks import Marks, kind
from digest.collect.pages.picture import find_image
from digest.collect.pages.text import Line, choose_lines
from digest.collect.pages.title import find_standfirst, find_title
from digest.collect.pages.wall import find_wall, stated_words
from digest.collect.plain import keep_paragraphs
from digest.collect.reading import Paragraph, Reading, one_line
from digest.collect.urls import host_of
from digest.collect.wishes import limit_from_page, picture_wish, unquotable
from digest.model import NOSNIPPET, PAYWALLED, stricter


def read_page(data: bytes | str, *, url: str | None = None) -> Reading:
    """The article on a page. A page without one has no paragraphs."""
    from trafilatura import load_html

    tree = load_html(data)
    if tree is None:
        return Reading(paragraphs=())
    url = web_address(url)
    _drop_ruby(tree)
    marks = Marks(tree)
    wall = find_wall(tree, marks)
    # Where both apply, what must never be excerpted wins: no subscription lifts that.
    labels = dict.fromkeys(wall.elements, PAYWALLED) | dict.fromkeys(unquotable(tree), NOSNIPPET)
    blocks = find_blocks(tree, labels)
    canonical = find_canonical(tree, marks, url)
    host = host_of(url or canonical)
    stated = stated_moment(tree, marks)
    guess = _Guess(tree, canonical or url)
    outlet = find_outlet(marks) or one_line(guess.said("sitename")) or host or None
    title = find_title(tree, marks, guess.said, outlet=outlet or "", host=host)
    standfirst = find_standfirst(tree, title)
    authors = without_logins(stated_authors(marks, outlet=outlet, host=host), blocks)
    if not authors:
        authors = without_logins(guessed_authors(tree, guess.said("author"), outlet=outlet, host=host), blocks)
    language = find_language(tree, marks)
    image = find_image(tree, marks, url or canonical, title=title)
    license = find_license(tree, marks)
    limit = limit_from_page(tree)
    lines, dropped = choose_lines(tree, blocks, is_live="LiveBlog" in kind(marks.article))
    kept, removed = keep_paragraphs([line.text for line in lines], without=(title, standfirst))
    beside = _beside(lines, blocks, title)
    moment = stated or printed_moment(beside, url, language) or guessed_moment(tree, beside)
    return Reading(
        title=title,
        standfirst=standfirst,
        paragraphs=tuple(_marked(paragraph, lines[: nth + 1], blocks) for nth, paragraph in kept),
        authors=authors,
        outlet=outlet,
        url=canonical,
        published=moment[0] if moment else None,
        precision=moment[1] if moment else None,
        language=language,
        image=image,
        no_pictures=picture_wish(tree),
        paywall=wall.state,
        license=license,
        limit=stricter(limit, wall.limit(" ".join(p.text for _, p in kept), stated_words(marks))),
        removed=(*dropped, *removed),
    )


def guess_text(data: bytes) -> str:
    """*data* in the encoding it most likely is; what fits none keeps replacement characters."""
    from trafilatura.utils import decode_file

    return str(decode_file(data))


def _drop_ruby(tree: Any) -> None:
    """Reading aids beside Japanese words: left in, every word would stand there twice."""
    for note in tree.xpath("//rt | //rp"):
        note.drop_tree()
    for base in tree.xpath("//ruby | //rb"):
        base.drop_tag()


class _Guess:
    """What trafilatura takes for a page's `title`, `author` and `sitename`; looked for when first asked."""

    def __init__(self, tree: Any, url: str | None) -> None:
        self._tree, self._url = tree, url
        self._found: Any = None

    def said(self, name: str) -> str:
        """'' for what it does not find."""
        if self._found is None:
            from trafilatura.metadata import extract_metadata

            dates = {"extensive_search": False, "max_date": LATEST}
            self._found = extract_metadata(self._tree, self._url, date_config=dates)
        return getattr(self._found, name) or ""


def _beside(lines: Sequence[Line], blocks: Sequence[Block], title: str) -> Beside:
    places = [line.at for line in lines if line.at is not None]
    return find_beside(blocks, title, places[0], max(places)) if places else Beside()


def _marked(paragraph: Paragraph, lines: Sequence[Line], blocks: Sequence[Block]) -> Paragraph:
    """An aside where any of its words is in an element that is closed or not to be excerpted. *lines*: up to its own;
    one that is in no block counts to what stands before it, and to the blocks whose words it holds."""
    places = [line.at for line in lines if line.at is not None][-1:]
    labels = {label for at in places for label in blocks[at].labels}
    if lines[-1].at is None:
        key = key_of(paragraph.text)
        labels |= {label for block in blocks if block.labels and key_of(block.text) in key for label in block.labels}
    label = next((label for label in (NOSNIPPET, PAYWALLED) if label in labels), None)
    return replace(paragraph, kind="aside", label=label) if label else paragraph
