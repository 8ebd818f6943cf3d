"""Which blocks of a page are the article: two readers of other hands choose, a few rules mend their choice.

trafilatura, set to precision; where it finds less than half of what readability-lxml finds, readability. Both drop
words inside a sentence (a link in a span) or add them, so a line they found is looked up among the page's blocks and
the block is what we keep. The rules say why each of them is there.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from digest.collect.pages.blocks import Block, around, key_of, leads_away
from digest.collect.paragraphs import html_paragraphs
from digest.model import Removed

# Both report every odd page as a warning; what matters of it is in our own answer.
for _name in ("trafilatura", "readability.readability", "htmldate"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_ENOUGH = 120
"""Characters: with fewer, what readability found is a menu or a notice."""

_A_SENTENCE = 25
"""Characters: a page with fewer holds a word of its menu."""

_PROSE = 80
"""Characters of a block that is a paragraph rather than a label or a heading."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NO_PROSE = frozenset("aside caption dl figcaption figure footer form header nav ol table ul".split())
_STOPPED = re.compile(r"[.!?…。！？؟।][\"'”’»)\]」』]*\s*$")
# An element so called, and holding little of the text, is furniture inside an article.
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:newsletter|sign-?up|subscribe|related|recirc|promo|read-?(?:more|also|next)|more-?stories|"
    r"most-?(?:read|popular)|text-?resiz|tool-?bar|author-?(?:bio|box|info)|by-?line|caption|disqus|sidebar|breadcrumb|"
    r"advert|outbrain|taboola|(?:shar(?:e|ing)|comments?)(?=[\s_-]|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of the article. at: its block's number on the page; None: found in no block."""

    text: str
    at: int | None


def choose_lines(tree: Any, blocks: Sequence[Block], *, is_live: bool) -> tuple[list[Line], tuple[Removed, ...]]:
    """The article's paragraphs in order, and those the readers chose and our rules did not; none where the page has
    no article. *is_live*: a live blog, whose posts are articles inside the article.

    May take hidden elements out of *tree*.
    """
    found = _read(tree, blocks)
    if sum(map(len, found)) < _A_SENTENCE:
        return [], ()
    placed = _place(found, blocks)
    container, held = _container(placed, blocks)
    reasons = {} if is_live else _of_other_articles(placed, blocks, tree)
    reasons |= _furniture(placed, blocks, container, held, has_headings=_holds_headings(container, tree))
    kept = [line for nth, line in enumerate(placed) if nth not in reasons]
    removed = tuple(Removed(0, placed[nth].text, reason) for nth, reason in sorted(reasons.items()))
    return _filled(kept, blocks, container, found_at={line.at for line in placed}), removed


# ------------------------------------------------------------------------------------------- two readers


def _read(tree: Any, blocks: Sequence[Block]) -> list[str]:
    """The second reader is only asked where its answer may count: its text is part of what is outside links."""
    first = _trafilatura(tree)
    length = sum(map(len, first))
    if length >= 0.5 * sum(len(block.text) - block.linked for block in blocks if not block.hidden):
        return first
    second = _readability(tree)
    longer = sum(map(len, second))
    return second if longer >= _ENOUGH and length < 0.5 * longer else first


def _trafilatura(tree: Any) -> list[str]:
    from trafilatura import bare_extraction

    found = bare_extraction(tree, favor_precision=True, include_comments=False, include_formatting=False)
    text = "" if found is None or isinstance(found, dict) else found.text
    return [line.removeprefix("- ") for line in (text or "").split("\n") if line.strip()]


def _readability(tree: Any) -> list[str]:
    import lxml.etree
    from readability import Document
    from readability.readability import Unparseable

    try:
        return html_paragraphs(Document(tree).summary(html_partial=True))
    except (Unparseable, lxml.etree.LxmlError, ValueError, TypeError):
        return []


# ------------------------------------------------------------------------------------------- as the page prints it


def _place(found: Sequence[str], blocks: Sequence[Block]) -> list[Line]:
    """*found*, each line with the block it comes from, in that block's words where the two differ."""
    keys = [key_of(block.text) for block in blocks]
    where: dict[str, list[int]] = {}
    for at, key in enumerate(keys):
        where.setdefault(key, []).append(at)
    lines = []
    last = -1
    for text in found:
        key = key_of(text)
        if not key:
            continue
        places = where.get(key)
        if places:
            last = next((at for at in places if at > last), places[0])
            lines.append(Line(text, last))
        else:
            line = _near(text, key, blocks, keys)
            last = last if line.at is None else line.at
            lines.append(line)
    return lines


def _near(text: str, key: str, blocks: Sequence[Block], keys: Sequence[str]) -> Line:
    """The block *text* is a damaged copy of; else the one it is part of or begins with, in the reader's words."""
    part = None
    probes = (key[:20], key[-20:], key[len(key) // 2 - 10 : len(key) // 2 + 10])
    for at, (block, other) in enumerate(zip(blocks, keys, strict=True)):
        if len(key) >= 40 and any(probe in other for probe in probes) and _same_words(text, block):
            return Line(block.text, at)
        if part is None and len(key) >= 12 and (key in other or (len(other) >= 12 and key.startswith(other))):
            part = at
    return Line(text, part)


def _same_words(text: str, block: Block) -> bool:
    """Whether *text* lacks a part of *block* (a link in a span), or holds what opens on hover besides."""
    if block.node.tag == "pre":
        return False
    words, wanted = Counter(text.casefold().split()), Counter(block.text.casefold().split())
    shared, size, whole = (words & wanted).total(), words.total(), wanted.total()
    lost = size <= whole <= 1.6 * size + 5 and shared >= 0.9 * size
    return lost or (block.cut and whole < size and shared >= 0.9 * whole)


# ------------------------------------------------------------------------------------------- what is not the article


def _container(lines: Sequence[Line], blocks: Sequence[Block]) -> tuple[Any, Counter[Any]]:
    """The innermost element around four fifths of the text (None: there is none), and how many characters of it each
    element holds."""
    held: Counter[Any] = Counter()
    deep: dict[Any, int] = {}
    placed = 0
    for line in lines:
        if line.at is not None:
            placed += len(line.text)
            chain = list(around(blocks[line.at].node))
            for depth, element in enumerate(reversed(chain)):
                held[element] += len(line.text)
                deep[element] = depth
    return max((e for e in held if held[e] >= 0.8 * placed), key=deep.__getitem__, default=None), held


def _of_other_articles(lines: Sequence[Line], blocks: Sequence[Block], tree: Any) -> dict[int, str]:
    """The lines in other `<article>` elements than the one with the page's heading (HTML, 4.3.2: each of them stands
    for itself), if that one has a text of its own."""
    own = next((e for h in tree.iter("h1") for e in around(h) if e.tag == "article"), None)
    if own is None:
        return {}
    inside = set(around(own))
    others, size = {}, 0
    for nth, line in enumerate(lines):
        chain = [] if line.at is None else list(around(blocks[line.at].node))
        article = next((element for element in chain if element.tag == "article"), None)
        if own in chain:
            size += len(line.text) if len(line.text) >= _PROSE else 0
        elif article is not None and article not in inside:
            others[nth] = "another article"
    return others if size >= 5 * _PROSE else {}


def _furniture(
    lines: Sequence[Line], blocks: Sequence[Block], container: Any, held: Counter[Any], *, has_headings: bool
) -> dict[int, str]:
    """The lines that are links to other pages, those in elements whose name says they are no text, and those before
    a container that holds the page's heading itself."""
    found: dict[int, str] = {}
    if container is None:
        return found
    most = held[container]
    inside = [nth for nth, line in enumerate(lines) if line.at is not None and _is_in(blocks[line.at].node, container)]
    for nth, line in enumerate(lines):
        if line.at is None:
            continue
        node = blocks[line.at].node
        if has_headings and nth < inside[0]:
            found[nth] = "before the heading"
        elif _is_teaser(blocks[line.at], lines[nth + 1 : nth + 2], blocks):
            found[nth] = "link to more"
        elif any(held[e] < 0.25 * most and _FURNITURE.search(_names(e)) for e in _up_to(node, container)):
            found[nth] = "page furniture"
    return found


def _is_teaser(block: Block, following: Sequence[Line], blocks: Sequence[Block]) -> bool:
    """A link to another page: a card (the link is around whole blocks), a heading that is a link and has nothing but
    links under it, or a sentence outside paragraphs and lists that is nothing but a link."""
    if any(leads_away(element) for element in around(block.node)):
        return True
    if not block.is_link or len(block.text.split()) < 4:
        return False
    if block.node.tag in _HEADINGS:
        at = following[0].at if following else None
        return at is None or blocks[at].is_linky
    return block.node.tag in {"div", "section"}


def _names(element: Any) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _holds_headings(container: Any, tree: Any) -> bool:
    headings = list(tree.iter("h1"))
    return bool(headings) and all(_is_in(heading, container) for heading in headings)


def _is_in(node: Any, container: Any) -> bool:
    return any(element is container for element in around(node))


def _up_to(node: Any, container: Any) -> list[Any]:
    """*node* and the elements it is inside, below *container*."""
    chain = []
    for element in around(node):
        if element is container:
            break
        chain.append(element)
    return chain


# ------------------------------------------------------------------------------------------- what they passed over


def _filled(lines: list[Line], blocks: Sequence[Block], container: Any, *, found_at: set[int | None]) -> list[Line]:
    """With what stands in the same container and was passed over: a quoted post or a paragraph between two kept
    ones, and prose at the very beginning."""
    if container is None:
        return lines
    whole: list[Line] = []
    last: int | None = None
    for line in lines:
        if line.at is not None:
            start = 0 if last is None else last + 1
            for at in range(start, line.at):
                if at not in found_at and _belongs(blocks, at, last, line.at, container):
                    whole.append(Line(blocks[at].text, at))
            last = line.at
        whole.append(line)
    return whole


def _belongs(blocks: Sequence[Block], at: int, before: int | None, after: int, container: Any) -> bool:
    block = blocks[at]
    chain = _up_to(block.node, container)
    if block.hidden:
        return False
    if block.node is not container and (not chain or chain[-1].getparent() is not container):
        return False
    if any(element.tag in _NO_PROSE or _FURNITURE.search(_names(element)) for element in chain):
        return False
    if any(element.tag == "blockquote" for element in chain):
        return before is not None
    if block.is_linky or len(block.text) < _PROSE or not _STOPPED.search(block.text):
        return False
    beside = [blocks[n].node for n in (before, after) if n is not None]
    is_sibling = block.node.tag == "p" and block.node.getparent() in {node.getparent() for node in beside}
    return is_sibling or any(block.node is node for node in beside)
