"""Words, stop words and light stems: enough to compare sentences, in any language that writes words."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from digest.text.stopwords import STOP_WORDS

# Vowel signs and points that belong to a letter, and the joiner that holds a Persian word together.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u200c\u200d"
_TONES = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
_SIGNS = (  # of the scripts of India; the danda and the digits between them are none
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b3c-\u0b4d\u0b82\u0bbe-\u0bcd\u0c00-\u0c03\u0c3e-\u0c4d\u0c81-\u0c83\u0cbc-\u0ccd"
    "\u0d00-\u0d03\u0d3b-\u0d4d\u0dca-\u0ddf" + _TONES
)
_LETTERS = rf"[^\W_]++(?:[{_MARKS}{_SIGNS}]++[^\W_]*+)*+"
# In Hebrew a double mark inside a word makes an abbreviation of it.
_WORD = re.compile(rf"{_LETTERS}(?:(?:['’.,-]|(?<=[א-ת])[\"״׳](?=[א-ת])){_LETTERS})*")
_PIECE = re.compile(r"(?<!\S)(?:(?!\s)[\W_])*+[^\W_]")  # where one begins that holds a letter or a digit
_HAN_KANA = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_THAI = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # and Lao, Burmese, Khmer
_WIDE = re.compile(rf"[{_HAN_KANA}]|[{_THAI}][{_TONES}]*")

# Korean sets its case endings on the word itself: "정부는", "정부가".
_PARTICLE = re.compile(r"(?<=[가-힣]{2})(?:에서|에게|까지|부터|으로|처럼|보다|은|는|이|가|을|를|에|의|도|와|과|로|만)$")
_NO_WORDS: frozenset[str] = frozenset()


def tokens(text: str) -> list[str]:
    """The words of *text*, lower case, in order; characters of scripts without blanks stand alone."""
    text = text.casefold().replace("’", "'")
    return _WORD.findall(_WIDE.sub(r" \g<0> ", text) if _WIDE.search(text) else text)


def count_words(text: str) -> int:
    """Words as a reader counts them; where a script has no blanks, two characters are one word (Thai: four)."""
    if not _WIDE.search(text):
        return len(_PIECE.findall(text))
    wide = "".join(_WIDE.findall(text))
    thai = sum("\u0e00" <= c <= "\u17ff" and c.isalnum() for c in wide)
    han = sum(c > "\u17ff" for c in wide)
    return len(_PIECE.findall(_WIDE.sub(" ", text))) + (han + 1) // 2 + (thai + 3) // 4


def stop_words(language: str) -> frozenset[str]:
    """Words that carry no subject matter; empty for a language without a list."""
    return STOP_WORDS.get(language, _NO_WORDS)


# Snowball's names. Porter's older algorithm for English: the summaries of news score higher by it.
_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "porter",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


@lru_cache(maxsize=1 << 16)
def stem(word: str, language: str = "en") -> str:
    """*word*, lower case, without its endings (Snowball); its first letters where none are known for *language*.

    Never empty for a word.
    """
    if language == "ko":
        return _PARTICLE.sub("", word)
    word = word.removesuffix("'s") or word
    if language in _ALGORITHMS:
        return _stemmer(_ALGORITHMS[language])(word) or word
    return word if len(word) <= 6 else word[: max(5, len(word) - 3)][:8]


@lru_cache(maxsize=1 << 16)
def light_stem(word: str, language: str = "en") -> str:
    """*word*, lower case, without its commonest endings in English, its stem elsewhere.

    For telling one event from another: with Porter's stems two events of one kind look more alike (`bench.stories`).
    """
    if language != "en":
        return stem(word, language)
    word = word.removesuffix("'s") or word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ingly", "edly", "ing", "ed", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            return word[:-1] if word[-1] == word[-2] and word[-1] not in "ls" else word
    return word[:-1] if len(word) > 5 and word.endswith("e") else word


@lru_cache
def _stemmer(algorithm: str) -> Callable[[str], str]:
    import snowballstemmer  # 10 ms: late

    found: Callable[[str], str] = snowballstemmer.stemmer(algorithm).stemWord
    return found


def stems(text: str, language: str = "en") -> list[str]:
    """Stems of the words that carry meaning, in order."""
    skip = stop_words(language)
    return [stem(word, language) for word in tokens(text) if word not in skip]
