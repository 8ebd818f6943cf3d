"""What is another in one issue than in another one, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from digest.model import Issue, Item


@dataclass(frozen=True, slots=True)
class Difference:
    what: str  # "subject", "item", "place", "sentence", "quote" …
    where: str  # the story's headline; '' for the issue itself
    before: str  # '' where there was nothing
    after: str  # '' where there is nothing any more


def differences(before: Issue, after: Issue) -> list[Difference]:
    """The issue's own words first, then story by story in the order of *after*, those that are gone last."""
    return [*_own_words(before, after), *_stories(before, after)]


def _own_words(before: Issue, after: Issue) -> Iterator[Difference]:
    for name in ("subject", "preheader", "intro", "correction"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Difference(name, "", old, new)


def _stories(before: Issue, after: Issue) -> Iterator[Difference]:
    old = {item.article.id: (number, item) for number, item in enumerate(before.items, 1)}
    both = [item.article.id for item in after.items if item.article.id in old]
    order = [item.article.id for item in before.items if item.article.id in set(both)]
    blocks = SequenceMatcher(None, order, both, autojunk=False).get_matching_blocks()
    stayed = {id for block in blocks for id in both[block.b : block.b + block.size]}
    for number, item in enumerate(after.items, 1):
        known = old.get(item.article.id)
        title = item.article.title
        if known is None:
            yield Difference("story", title, "", f"{number}. in {item.pick.section}, {item.form}")
            continue
        if item.article.id not in stayed:
            yield Difference("place", title, str(known[0]), str(number))
        yield from _parts(known[1], item)
    for number, item in old.values():
        if item.article.id not in both:
            yield Difference("story", item.article.title, f"{number}. in {item.pick.section}, {item.form}", "")


def _parts(before: Item, after: Item) -> Iterator[Difference]:
    title = after.article.title
    for what, old, new in (
        ("headline", before.article.title, title),
        ("text", before.article.text_hash[:12], after.article.text_hash[:12]),
        ("section", before.pick.section, after.pick.section),
        ("form", before.form, after.form),
        ("credit", before.credit, after.credit),
        ("note", before.note, after.note),
    ):
        if old != new:
            yield Difference(what, title, old, new)
    yield from _pieces("sentence", title, _sentences(before), _sentences(after))
    yield from _pieces("quote", title, _quotes(before), _quotes(after))


def _pieces(what: str, title: str, before: list[str], after: list[str]) -> Iterator[Difference]:
    yield from (Difference(what, title, text, "") for text in before if text not in after)
    yield from (Difference(what, title, "", text) for text in after if text not in before)


def _sentences(item: Item) -> list[str]:
    return [excerpt.text for excerpt in item.summary.sentences]


def _quotes(item: Item) -> list[str]:
    return [
        f"“{' … '.join(q.texts)}” {', '.join(filter(None, (q.speaker, q.role)))}".strip() for q in item.summary.quotes
    ]
