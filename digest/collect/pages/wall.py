"""Whether a page is behind a paywall, and which of its elements are (schema.org `isAccessibleForFree`, `hasPart`;
Google's "Structured data for subscription and paywalled content")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from digest.collect.pages.marks import Marks, text_of
from digest.model import ExcerptLimit, Paywall

_STUB_WORDS = 150
"""A text of fewer words, on a page that does not mark its free part, is the free part."""

_SIMPLE = re.compile(r"(?P<tag>[a-zA-Z][a-zA-Z0-9]*|\*)?(?P<names>(?:[.#][\w-]+)*)")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_TIERS: dict[str, Paywall] = {"free": "open", "metered": "metered", "locked": "closed"}
"""The values of `<meta property="article:content_tier">` (Facebook's and The New York Times' publishers' tags)."""


@dataclass(frozen=True, slots=True)
class Wall:
    state: Paywall
    elements: tuple[Any, ...]  # what a visitor without a subscription does not see
    is_marked: bool  # the page names its closed part, in selectors we understand

    def limit(self, text: str, stated_words: int) -> ExcerptLimit | None:
        """None where it is known what a visitor sees: the part not marked, or a served stub. *stated_words*: the
        whole article's, 0 where the page does not say."""
        if self.state != "closed" or self.is_marked or words_in(text) < max(_STUB_WORDS, stated_words / 2):
            return None
        return ExcerptLimit(0, "behind a paywall; the page does not mark what is free")


def find_wall(tree: Any, marks: Marks) -> Wall:
    said = {free for item in (*marks.objects, *_microdata(tree)) for free in _free(item)}
    tier = _TIERS.get(marks.meta("article:content_tier").lower())
    state: Paywall = tier or "unknown"
    if False in said:
        state = "metered" if tier == "metered" else "closed"
    elif True in said and state == "unknown":
        state = "open"
    elements: list[Any] = []
    paths = [path for item in marks.objects for path in _closed_paths(item)]
    for path in paths:
        elements += tree.xpath(path) if path else []
    if state not in {"closed", "metered"}:
        return Wall(state, (), False)
    return Wall(state, tuple(elements), bool(elements) and all(paths))


def words_in(text: str) -> int:
    """Words; of a script that sets no blanks, half its characters."""
    wide = len(_WIDE.findall(text))
    return len(re.findall(r"[^\W_]+", _WIDE.sub(" ", text))) + wide // 2


def stated_words(marks: Marks) -> int:
    """JSON-LD's `wordCount`, 0 where there is none."""
    said = str(marks.article.get("wordCount") or "").strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0


def _parts(item: dict[str, Any]) -> list[dict[str, Any]]:
    parts = item.get("hasPart")
    return [part for part in (parts if isinstance(parts, list) else [parts]) if isinstance(part, dict)]


def _microdata(tree: Any) -> Iterator[dict[str, Any]]:
    """What is said in HTML's own attributes (microdata, RDFa) instead of JSON-LD."""
    for element in tree.xpath("//*[@itemprop='isAccessibleForFree' or @property='isAccessibleForFree']"):
        said = element.get("content") or element.get("href") or "".join(element.itertext())
        yield {"isAccessibleForFree": said}


def _free(item: dict[str, Any]) -> Iterator[bool]:
    for one in (item, *_parts(item)):
        free = one.get("isAccessibleForFree")
        if isinstance(free, bool):
            yield free
        word = text_of(free).strip().lower().rsplit("/", 1)[-1]  # also written http://schema.org/False
        if word in {"true", "false"}:
            yield word == "true"


def _closed_paths(item: dict[str, Any]) -> Iterator[str]:
    """XPaths of the parts that are not free; '' for a selector that is not simple."""
    for part in _parts(item):
        if False in set(_free({"isAccessibleForFree": part.get("isAccessibleForFree")})):
            selectors = part.get("cssSelector")
            for selector in selectors if isinstance(selectors, list) else [selectors]:
                if isinstance(selector, str):
                    yield from map(_xpath, selector.split(","))


def _xpath(selector: str) -> str:
    """`tag`, `.class`, `#id` and compounds of them (CSS Selectors 4, 5 and 6) as XPath; '' for anything else."""
    simple = _SIMPLE.fullmatch(selector.strip())
    if not simple or not simple[0]:
        return ""
    tests = ""
    for mark, name in re.findall(r"([.#])([\w-]+)", simple["names"]):
        has_class = f"[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
        tests += f"[@id='{name}']" if mark == "#" else has_class
    return f"//{(simple['tag'] or '*').lower()}{tests}"
