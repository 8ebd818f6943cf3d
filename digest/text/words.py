"""Words, stop words and light stems: enough to compare sentences, in any language that writes words."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’.,-](?=[^\W_])[^\W_]+)*")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]")

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "a about above after again against all also am an and any are as at be because been before being "
        "below between both "
        "but by can could did do does doing down during each few for from further had has have having he "
        "her here hers "
        "herself him himself his how i if in into is it its itself just may me might more most must my "
        "myself no nor not now "
        "of off on once one only or other our ours ourselves out over own said same say says she should so "
        "some such than "
        "that the their theirs them themselves then there these they this those through to told too under "
        "until up us very "
        "was we were what when where which while who whom why will with would you your yours it's he's "
        "she's that's i'm "
        "they're we're don't didn't can't won't isn't wasn't".split()
    ),
    "de": frozenset(
        "aber als am an auch auf aus bei bin bis das dass dem den der des die dies diese dieser du durch "
        "ein eine einem einen "
        "einer eines er es für hat haben hatte ich ihr im in ist ja kann mehr mit nach nicht noch nur oder "
        "sagte sein sich "
        "sie sind so über um und uns unter vom von vor war was wenn werden wie wir wird wurde zu zum "
        "zur".split()
    ),
    "fr": frozenset(
        "à a ai au aussi aux avec ce ces cette c'est d dans de des du elle en est et être eu il ils je l "
        "la le les leur lui "
        "mais me n ne nous on ont ou où par pas plus pour qu que qui s sa se ses si son sont sur un une "
        "vous y était".split()
    ),
    "es": frozenset(
        "a al como con cuando de del desde dijo donde el ella en entre era es esta este fue ha han hay la "
        "las le les lo los "
        "más me muy no nos o para pero por que quien se ser si sin sobre son su sus también un una uno y "
        "ya".split()
    ),
    "it": frozenset(
        "a al alla anche che ci come con da dal dei del della di e è gli ha hanno i il in io la le lo ma "
        "nel nella non o per "
        "più quando questo se sei si sono su sua suo un una uno".split()
    ),
    "pt": frozenset(
        "a ao as com como da das de do dos e é ela ele em entre era essa este foi há isso mais mas na nas "
        "no nos o os ou para "
        "pela pelo por que se sem ser seu sua são também um uma".split()
    ),
    "nl": frozenset(
        "aan als bij dat de der die dit door een en er haar had heeft het hij hun ik in is kan maar meer "
        "met na naar niet nog "
        "of om ook op over te tot uit van voor was wat we werd zei zich zij zijn".split()
    ),
}
_NO_WORDS: frozenset[str] = frozenset()


def tokens(text: str) -> list[str]:
    """The words of *text*, lower case, in order; characters of scripts without blanks stand alone."""
    words: list[str] = []
    for word in _WORD.findall(text.casefold().replace("’", "'")):
        words.extend(word if _WIDE.match(word) else (word,))
    return words


def count_words(text: str) -> int:
    """Words as a reader counts them; where a script has no blanks, two characters are one word."""
    total = wide = 0
    for piece in text.split():
        found = len(_WIDE.findall(piece))
        if found:
            wide += found
        elif any(c.isalnum() for c in piece):
            total += 1
    return total + (wide + 1) // 2


def stop_words(language: str) -> frozenset[str]:
    """Words that carry no subject matter; empty for a language without a list."""
    return STOP_WORDS.get(language, _NO_WORDS)


@lru_cache(maxsize=1 << 15)
def stem(word: str, language: str = "en") -> str:
    """A light stem: endings off in English, the first letters elsewhere. Never empty for a word."""
    if language != "en":
        return word if len(word) <= 6 else word[: max(5, len(word) - 3)][:8]
    if word.endswith("'s"):
        word = word[:-2]
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


def stems(text: str, language: str = "en") -> list[str]:
    """Stems of the words that carry meaning, in order."""
    skip = stop_words(language)
    return [stem(word, language) for word in tokens(text) if word not in skip]
