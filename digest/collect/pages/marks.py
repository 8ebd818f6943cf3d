"""What a page says of itself for machines: `<meta>` elements and JSON-LD, gathered once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_ARTICLE_TYPES = re.compile(r"Article|BlogPosting|Report|Review|LiveBlog|NewsStory|Recipe", re.IGNORECASE)
_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*$")
_DANGLING = re.compile(r",\s*(?=[}\]])")


class Marks:
    """article: the JSON-LD object that describes the article, {} where there is none. objects: all of them."""

    def __init__(self, tree: Any) -> None:
        self._metas: dict[str, list[str]] = {}
        for meta in tree.iter("meta"):
            content = (meta.get("content") or "").strip()
            for name in {(meta.get(a) or "").strip().lower() for a in ("property", "name", "itemprop")} - {""}:
                if content:
                    self._metas.setdefault(name, []).append(content)
        self.objects = [item for data in _scripts(tree) for item in _objects(data)]
        self._by_id = {item["@id"]: item for item in self.objects if isinstance(item.get("@id"), str) and len(item) > 1}
        self.article: dict[str, Any] = next((item for item in self.objects if _ARTICLE_TYPES.search(kind(item))), {})

    def meta(self, *names: str) -> str:
        """The first of those `<meta>` elements that says something, else ''."""
        return next((self._metas[name][0] for name in names if name in self._metas), "")

    def resolve(self, value: Any) -> list[Any]:
        """*value* as a list, each `{"@id": …}` replaced by the object it names."""
        values = value if isinstance(value, list) else [] if value is None else [value]
        return [
            self._by_id.get(one["@id"], one) if isinstance(one, dict) and isinstance(one.get("@id"), str) else one
            for one in values
        ]

    def first_object(self, value: Any) -> dict[str, Any]:
        return next((one for one in self.resolve(value) if isinstance(one, dict)), {})


def kind(item: dict[str, Any]) -> str:
    """An object's types in one string."""
    return str(item.get("@type") or "")


def text_of(value: Any) -> str:
    """*value* if it is a text, or the `name` or `@value` of an object; else ''."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return value if isinstance(value, str) else ""


def _scripts(tree: Any) -> Iterator[Any]:
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json" or not script.text:
            continue
        text = _WRAPPING.sub("", _WRAPPING.sub("", script.text))
        for written in (text, _DANGLING.sub("", text)):
            try:
                yield json.loads(written, strict=False)
            except (ValueError, RecursionError):
                continue
            break


def _objects(data: Any, depth: int = 4) -> Iterator[dict[str, Any]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            for name in ("@graph", "mainEntity", "mainEntityOfPage"):
                if depth and isinstance(item.get(name), list | dict):
                    yield from _objects(item[name], depth - 1)
