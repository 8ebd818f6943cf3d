"""A page's tree -> its blocks: every stretch of text a reader may see, with the element it stands in.

Readers of other hands say which blocks are the article; its words are always taken from here, as the page prints them.
Iterative: pages nest thousands of elements deep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BLOCK_TAGS = frozenset(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr
    ul""".split()
)
_SILENT = frozenset(
    """audio button canvas embed head iframe input math noscript object script select style svg template textarea title
    video""".split()
)
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# What opens beside a word only while the pointer rests on it: inside a sentence it would be printed in its midst.
_ON_HOVER = re.compile(
    r"(?:^|[\s_-])(?:tooltip|popover|hover-?card|rollover|flyout)[\w-]*[_-](?:block|body|box|card|content|inner|text)"
    r"(?:$|\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Text between two block-level tags or line breaks, blanks collapsed."""

    text: str
    node: Any  # the innermost block-level element around it
    linked: int  # how many of its characters are inside links
    labels: frozenset[str]  # of the labelled elements any of its characters are inside
    cut: bool  # something inside it that nobody sees was left out
    hidden: bool  # in an element that is not shown, as what a paywall closes often is

    @property
    def is_link(self) -> bool:
        """Whether next to nothing of it is outside links."""
        return self.linked >= 0.9 * len(self.text)

    @property
    def is_linky(self) -> bool:
        return self.linked > 0.5 * len(self.text)


def key_of(text: str) -> str:
    """The letters and digits of *text* in one case: what stays the same however it is set."""
    return re.sub(r"[\W_]+", "", text.casefold())


def around(node: Any) -> Iterator[Any]:
    """*node* and all elements it is inside, the innermost first."""
    while node is not None:
        yield node
        node = node.getparent()


def leads_away(element: Any) -> bool:
    """Whether *element* is a link; to a place on the page itself it is none."""
    return element.tag == "a" and not (element.get("href") or "#").startswith("#")


def find_blocks(tree: Any, labels: Mapping[Any, str]) -> list[Block]:
    """The blocks of *tree* in order. *labels*: elements whose text is to be known again."""
    walk = _Walk(tree, labels)
    stack: list[tuple[Any, bool]] = [(tree, True)]
    while stack:
        element, entering = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else None
        after = element.tail if element is not tree else None
        if not entering:
            walk.leave(element)
            walk.add(after)
        elif tag is None or tag in _SILENT:
            walk.add(after)
        elif tag == "br":
            walk.end()
            walk.add(after)
        elif tag not in BLOCK_TAGS and (_is_unseen(element) or _ON_HOVER.search(element.get("class") or "")):
            walk.cut = True
            walk.add(after)
        else:
            walk.enter(element)
            walk.add(element.text)
            stack.append((element, False))
            stack.extend((child, True) for child in reversed(element))
    walk.end()
    return walk.blocks


def _is_unseen(element: Any) -> bool:
    return element.get("hidden") is not None or bool(_UNSEEN.search(element.get("style") or ""))


class _Walk:
    """The block being read, and what is open around it."""

    def __init__(self, tree: Any, labels: Mapping[Any, str]) -> None:
        self.blocks: list[Block] = []
        self.cut = False
        self._known = labels
        self._pieces: list[str] = []
        self._linked = 0
        self._said: set[str] = set()
        self._nodes = [tree]
        self._links = 0
        self._unseen = 0
        self._labels: list[str] = []

    def enter(self, element: Any) -> None:
        if element.tag in BLOCK_TAGS:
            self.end()
            self._nodes.append(element)
            self._unseen += _is_unseen(element)
        self._links += leads_away(element)
        if element in self._known:
            self._labels.append(self._known[element])

    def leave(self, element: Any) -> None:
        if element.tag in BLOCK_TAGS:
            self.end()
            self._nodes.pop()
            self._unseen -= _is_unseen(element)
        self._links -= leads_away(element)
        if element in self._known:
            self._labels.remove(self._known[element])

    def add(self, text: str | None) -> None:
        if text:
            self._pieces.append(text)
            words = len(text.strip())
            if words:
                self._linked += words if self._links else 0
                self._said.update(self._labels)

    def end(self) -> None:
        text = " ".join("".join(self._pieces).split())
        if text:
            said = frozenset(self._said)
            self.blocks.append(Block(text, self._nodes[-1], self._linked, said, self.cut, self._unseen > 0))
        self._pieces.clear()
        self._said.clear()
        self._linked, self.cut = 0, False
