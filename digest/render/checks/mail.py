"""One variant's HTML, read once: its elements, what a reader sees of them, and where a finding has its place.

lxml stays in here and in the modules that walk its elements. Broken HTML is mended as browsers mend it; nothing is
raised for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from digest.model import Issue, Item, Variant
from digest.render.checks.css import Sheet, declarations, parse_sheet
from digest.render.checks.rules import Place
from digest.render.printable import headline, web_address

_BLANK = re.compile(r"[ \t\r\n\f\x0b\u00a0]+")
_UNSEEN = frozenset({"style", "script", "title", "head", "template", "noscript"})
_INLINE = frozenset({"a", "strong", "em", "b", "i", "span", "small", "sup", "sub", "bdi", "bdo", "cite", "q", "u"})
FILLER = re.compile(r"[\u034f\u200b-\u200d\u2007\u00ad\ufeff\u2060]")


@dataclass(frozen=True)
class Mail:
    """*variant* of *issue*, parsed. `elements` are in document order."""

    issue: Issue
    variant: Variant
    root: Any  # an lxml element; None where there is no HTML at all
    elements: tuple[Any, ...] = field(repr=False)

    @cached_property
    def sheets(self) -> tuple[tuple[Any, Sheet], ...]:
        """Every ``<style>`` outside comments, parsed."""
        return tuple((e, parse_sheet(e.text or "")) for e in self.elements if e.tag == "style")

    @cached_property
    def body(self) -> Any:
        return next((e for e in self.elements if e.tag == "body"), None)

    @cached_property
    def hidden(self) -> frozenset[Any]:
        """The elements nobody sees: not displayed by their own style or one around them, or no part of the page."""
        unseen: set[Any] = set()
        for element in self.elements:
            above = element.getparent()
            if above in unseen or element.tag in _UNSEEN or _not_displayed(element):
                unseen.add(element)
        return frozenset(unseen)

    @cached_property
    def words(self) -> tuple[tuple[Any, str], ...]:
        """(element, text) for every piece of text a reader sees, in order; the element is the one around it."""
        return tuple(self._words())

    def _words(self) -> Iterator[tuple[Any, str]]:
        from lxml import etree

        if self.root is None:
            return
        for event, element in etree.iterwalk(self.root, events=("start", "end")):
            around = element if event == "start" else element.getparent()
            text = element.text if event == "start" else element.tail
            if text and not text.isspace() and around is not None and around not in self.hidden:
                yield around, text

    @cached_property
    def seen(self) -> str:
        """What a reader sees, blanks made one; a tag that begins a block counts as a blank."""
        return squeeze(text_of(self.root, skip=self.hidden)) if self.root is not None else ""

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The items of the issue that this variant holds: their headline, address or a sentence is in a part of it."""
        both = (self.seen, squeeze(self.variant.text))
        links = {e.get("href") for e in self.elements if e.tag == "a"}
        return tuple(item for item in self.issue.items if _is_in(item, both, links, self.variant.text))

    @cached_property
    def said(self) -> str:
        """Every word that is an article's or the editors': what the template did not make. One field a line."""
        said = [*strings_of(self.issue).values(), *self.issue.sections]
        for item in self.issue.items:
            for article in item.pick.story.articles():
                said += [article.title, article.outlet or "", *article.authors]
            said += [item.article.text, item.note, item.credit, item.pick.section]
            said += [words or "" for quote in item.summary.quotes for words in (quote.speaker, quote.role)]
        return "\n".join(said)

    # -------------------------------------------------------------------------------------------- places

    @cached_property
    def _homes(self) -> Mapping[Any, str]:
        """The elements that hold one item's headline and no other heading -> the item's article id."""
        titles = {squeeze(headline(item.article.title)): item.article.id for item in self.items}
        held: dict[Any, list[str]] = {}
        for head in (e for e in self.elements if re.fullmatch(r"h[1-6]", e.tag)):
            article = titles.get(squeeze(text_of(head)), "")
            for element in (head, *head.iterancestors()):
                held.setdefault(element, []).append(article)
        return {element: ids[0] for element, ids in held.items() if len(ids) == 1 and ids[0]}

    @cached_property
    def _foot(self) -> frozenset[Any]:
        """What stands below the last item."""
        last = max((n for n, e in enumerate(self.elements) if e in self._homes), default=len(self.elements))
        below = self.elements[last + 1 :]
        return frozenset(e for e in below if not any(above in self._homes for above in e.iterancestors()))

    @cached_property
    def _titles(self) -> Mapping[str, str]:
        return {item.article.id: headline(item.article.title) or item.article.id for item in self.issue.items}

    def home(self, article: str) -> Any | None:
        """The largest element that holds that item's headline and no other heading; None where it has none."""
        own = [element for element, id in self._homes.items() if id == article]
        return next((e for e in own if e.getparent() is None or e.getparent() not in own), None)

    def place(self, element: Any) -> Place:
        """Where *element* is: the item it belongs to, else the line of the HTML, said if it is below all items."""
        line = element.sourceline or 0
        article = next((self._homes[e] for e in (element, *element.iterancestors()) if e in self._homes), "")
        if article:
            return Place(self._titles[article], article, line)
        return Place(f"foot of the mail, HTML line {line}", "", line) if element in self._foot else at_line(line)


def strings_of(value: Any) -> dict[str, str]:
    """The fields of a dataclass that are words: name -> what it holds."""
    held = ((f.name, getattr(value, f.name)) for f in fields(value))
    return {name: words for name, words in held if isinstance(words, str)}


def at_line(line: int) -> Place:
    return Place(f"HTML, line {line}", "", line)


def place_of(item: Item) -> Place:
    """What a finding about *item* calls it."""
    article = item.article
    return Place(headline(article.title) or article.url or article.id, article.id)


def read(issue: Issue, variant: Variant) -> Mail:
    """*variant* as `Mail`, whatever stands in it."""
    from lxml import etree

    html = variant.html.replace("\x00", "\ufffd").encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(html, parser) if html.strip() else None
    elements = tuple(e for e in root.iter() if isinstance(e.tag, str)) if root is not None else ()
    return Mail(issue, variant, root, elements)


def text_of(element: Any, *, skip: frozenset[Any] = frozenset()) -> str:
    """The text inside *element* without that of *skip*; the begin and end of a block are blanks."""
    parts: list[str] = []
    waiting: list[tuple[Any, bool]] = [(element, True)]
    while waiting:
        current, opens = waiting.pop()
        block = not isinstance(current.tag, str) or current.tag not in _INLINE
        if opens and isinstance(current.tag, str) and current not in skip and current.tag not in _UNSEEN - {"head"}:
            parts.append(" " * block + (current.text or ""))
            waiting.append((current, False))
            waiting += [(child, True) for child in reversed(current)]
            continue
        parts.append(" " * block)
        if current is not element:
            parts.append(current.tail or "")
    return "".join(parts)


def squeeze(text: str) -> str:
    """*text* with every run of blanks, no-break ones too, as one blank."""
    return _BLANK.sub(" ", text).strip(" ")


def name_of(link: Any) -> str:
    """What a screen reader calls *link*: its label, else its words and its pictures' alt texts."""
    label = (link.get("aria-label") or "").strip()
    if label:
        return squeeze(label)
    alts = [e.get("alt") or "" for e in link.iter() if e.tag == "img"]
    return squeeze(" ".join([text_of(link), *alts]))


def _not_displayed(element: Any) -> bool:
    style = element.get("style")
    return bool(style) and any(d.name == "display" and d.value.lower() == "none" for d in declarations(style))


def _is_in(item: Item, seen: tuple[str, str], links: set[str | None], text: str) -> bool:
    title, url = squeeze(headline(item.article.title)), web_address(item.article.url)
    if (title and any(title in part for part in seen)) or (url and (url in links or url in text)):
        return True
    return any(squeeze(e.text) in part for e in item.summary.sentences for part in seen)
