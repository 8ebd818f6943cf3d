"""How often does an article hold a word or a phrase? By stem, in the article's own language.

What is more than words (``#ad``, ``C++``) or of a script without blanks counts as it is written.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from digest.model import Article
from digest.text.words import light_stem

TITLE = 3  # a word of the title counts as so many of the text
LONG = 5  # letters from which a word with two more is still that word; Korean ones have more

_WORD = re.compile(r"\w+(?:[-’']\w+)*")
_PLAIN = re.compile(rf"{_WORD.pattern}(?:\s+{_WORD.pattern})*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")


class Matcher:
    """Words and phrases, ready to be counted in many articles."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if word.strip()]
        self._literal = {
            word: as_written(word)
            for word in self._words
            if _UNSPACED.search(word) or not _PLAIN.fullmatch(word.strip())
        }
        self._stemmed: dict[str, dict[str, list[tuple[tuple[str, ...], str]]]] = {}

    def count(self, article: Article) -> dict[str, int]:
        """How often each word occurs, those that do not left out; a phrase only as one."""
        found: Counter[str] = Counter()
        by_first = self._by_first(article.language)
        for text, worth in ((article.title, TITLE), (article.text, 1)):
            low = text.casefold()
            stems = [light_stem(w, article.language) for w in _WORD.findall(low)]
            for place, first in enumerate(stems):
                for parts, word in by_first.get(first, ()):
                    if tuple(stems[place : place + len(parts)]) == parts:
                        found[word] += worth
            for word, pattern in self._literal.items():
                if times := len(pattern.findall(low)):
                    found[word] += worth * times
        return dict(found)

    def _by_first(self, language: str) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """First stem -> the stemmed words and phrases that begin with it."""
        if language not in self._stemmed:
            table: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
            for word in self._words:
                parts = tuple(light_stem(w, language) for w in _WORD.findall(word.casefold()))
                if word not in self._literal:
                    table[parts[0]].append((parts, word))
            self._stemmed[language] = table
        return self._stemmed[language]


def as_written(word: str) -> re.Pattern[str]:
    """Finds *word*, with a short ending at most, in casefolded text; inside other letters only in scripts that set
    no blanks between words."""
    word = word.strip().casefold()
    if _UNSPACED.search(word):
        return re.compile(re.escape(word))
    before = r"(?<!\w)" if word[:1].isalnum() else ""
    ending = r"\w*" if word[-1:] >= "\u1100" else r"\w{0,2}" if len(word.split()[-1]) >= LONG else "s?"
    return re.compile(before + re.escape(word) + (rf"{ending}(?!\w)" if word[-1:].isalnum() else ""))
