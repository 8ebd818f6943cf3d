"""The headline as readers saw it: stated titles less the site's name, then the heading most like them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any

from digest.collect.pages.blocks import key_of
from digest.collect.pages.marks import Marks, text_of
from digest.collect.reading import one_line

_SEPARATORS = re.compile(r"\s+[-–—|•·:»«/~]{1,2}\s+|\s*\|\s*|:\s+|\s+::\s+")
_CJK_OUTLET = re.compile(r"^[^\W\da-z]{2,8}(?:网|網|报|報|新闻|新聞|ニュース)$", re.IGNORECASE)
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:standfirst|dek|strapline|sub-?headline|sub-?line|article-?sub-?title|entry-?subtitle|"
    r"alternativeHeadline|entradilla|chapo|chapeau|vorspann)(?:$|[\s_-])",
    re.IGNORECASE,
)


def find_title(tree: Any, marks: Marks, guess: Callable[[str], str], *, outlet: str, host: str) -> str:
    """'' where the page names none. *guess*: what another reader takes for the `title`; asked where none is stated."""
    names = _site_keys(outlet, host)
    written = one_line("".join(tree.xpath("//head/title[1]//text()")))
    stated = marks.meta("og:title") or text_of(marks.article.get("headline"))
    offers = [stated or guess("title"), written, text_of(marks.article.get("headline"))]
    bare = [_without_site(one_line(offer), names) for offer in offers if offer]
    bare = [title for title in bare if title and key_of(title) not in names]
    marked = {one_line("".join(h.itertext())) for h in tree.xpath("//h1[@itemprop='headline']")} - {""}
    if len(marked) == 1:  # the page says so itself
        return marked.pop()
    headings = _headings(tree, names)
    if not bare:
        return headings[0] if headings else written
    near = max(headings, key=lambda h: _likeness(h, bare), default="")
    return near if near and _likeness(near, bare) >= 0.6 else bare[0]


def find_standfirst(tree: Any, title: str) -> str:
    """The line under the heading, as far as the page marks it; a description nobody sees printed is none."""
    for element in tree.iter("p", "h2", "h3", "div", "span"):
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        if _STANDFIRST.search(names):
            line = one_line("".join(element.itertext()))
            if 20 <= len(line) <= 350 and key_of(line) != key_of(title):
                return line
    return ""


def _likeness(heading: str, titles: Sequence[str]) -> float:
    best = 0.0
    for title in titles:
        a, b = key_of(heading), key_of(title)
        if min(len(a), len(b)) >= 12 and (a.startswith(b) or b.startswith(a)):
            best = max(best, 0.9 * min(len(a), len(b)) / max(len(a), len(b)) + 0.1)
        best = max(best, difflib.SequenceMatcher(None, a, b, autojunk=False).ratio())
    return best


def _headings(tree: Any, names: set[str]) -> list[str]:
    found = []
    for heading in tree.xpath("//h1 | //*[@itemprop='headline']")[:20]:
        text = one_line("".join(heading.xpath(".//text()[not(ancestor::script or ancestor::style)]")))
        if 3 <= len(text) <= 250 and key_of(text) not in names:
            found.append(text)
    return found


def _site_keys(outlet: str, host: str) -> set[str]:
    labels = host.split(".")
    keys = {key_of(outlet), key_of(host), key_of(labels[0]), key_of(".".join(labels[-2:]))}
    if len(labels) > 1:
        keys |= {key_of(labels[-2])}
    return {key for key in keys if len(key) > 1}


def _without_site(title: str, names: set[str]) -> str:
    """*title* less a tail or head that is the site's name, however often it stands there."""
    glued = re.search(r"^(.+\S)[-_|－–—](\S[^-_|－–—]*)$", title)
    if glued and (key_of(glued[2]) in names or _CJK_OUTLET.search(glued[2])):  # such titles set no blanks
        title = glued[1]
    for _ in range(3):
        cuts = list(_SEPARATORS.finditer(title))
        for cut in (*reversed(cuts), *cuts):
            head, tail = title[: cut.start()], title[cut.end() :]
            if head and _names_site(tail, names):
                title = head
                break
            if tail and _names_site(head, names) and ":" not in cut[0]:
                title = tail
                break
        else:
            break
    return title.strip()


def _names_site(piece: str, names: set[str]) -> bool:
    key = key_of(piece)
    if not key:
        return False
    if key in names:
        return True
    return any(
        len(name) > 3 and (name in key or key in name) and min(len(name), len(key)) / max(len(name), len(key)) >= 0.5
        for name in names
    )
