"""Paragraphs that say again, word for word, what a longer one says: pull quotes, boxes to be shared."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

REPEATS = "pull quote: repeats the text"

_LEAST = 30
"""Letters and digits; a shorter paragraph may stand in another by chance. Scripts without blanks need half."""

_MOST = 300_000
"""Characters; in a longer text only paragraphs that are the same are looked for: each is searched in all the others."""

_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WHO = re.compile(r"\s+[–—-]\s*[^–—]{2,60}$")


def find_repeats(texts: Sequence[str]) -> set[int]:
    """The places of the paragraphs that may go: each is wholly in another that stays, quotation marks, stops, case
    and a name after a dash at its end aside. Of two that are the same, the first stays."""
    keys = [_key(text) for text in texts]
    whole = "\0".join(keys)
    if len(whole) > _MOST:
        first: dict[str, int] = {}
        return {nth for nth, key in enumerate(keys) if first.setdefault(key, nth) != nth and len(key) >= _LEAST}
    begins = list(accumulate((len(key) + 1 for key in keys), initial=0))
    found: set[int] = set()
    for nth, text in enumerate(texts):
        for key in {keys[nth], _key(_WHO.sub("", text))}:
            if len(key) < (_LEAST // 2 if _WIDE.search(key) else _LEAST):
                continue
            for hit in _hits(key, whole):
                at = bisect_right(begins, hit) - 1
                longer = len(keys[at]) > len(keys[nth])
                if at != nth and at not in found and (longer or (keys[at] == keys[nth] and at < nth)):
                    found.add(nth)
                    break
    return found


def _hits(key: str, whole: str) -> Iterator[int]:
    at = whole.find(key)
    while at >= 0:
        yield at
        at = whole.find(key, at + len(key))


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
