"""Short forms a text explains: "Government Digital Service (GDS)"."""

from __future__ import annotations

import re

# So well known that they need no explaining where a text takes the trouble.
_KNOWN = frozenset(
    "US UK UN EU USA UAE BBC CNN NBC CBS ABC AP AFP FBI CIA NASA NATO HIV AIDS DNA TV CEO GPS PIN VAT".split()
)
_EXPLAINED = re.compile(r"\(([A-Z][A-Za-z&-]{1,7})\)")
_SHORT_FORM = re.compile(r"\b[A-Z][A-Za-z&-]{0,6}[A-Z]\b")


def explained_forms(text: str) -> dict[str, str]:
    """Each short form *text* explains in parentheses, and the words it stands for.

    The words are found from the right, each letter of the short form in turn, the first of them at a word's beginning
    (Schwartz and Hearst 2003, "A simple algorithm for identifying abbreviation definitions in biomedical text").
    """
    forms: dict[str, str] = {}
    for found in _EXPLAINED.finditer(text):
        short = found[1]
        if sum(c.isupper() for c in short) < 2 or short in _KNOWN or short in forms:
            continue
        before = text[max(0, found.start() - 120) : found.start()].rstrip()
        before = " ".join(before.split("\n")[-1].split()[-min(len(short) + 5, 2 * len(short)) :])
        if long := _long_form(short, before):
            forms[short] = long
    return forms


def _long_form(short: str, before: str) -> str:
    at = len(before)
    for nth in range(len(short) - 1, -1, -1):
        letter = short[nth].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (before[at].lower() != letter or (nth == 0 and at > 0 and before[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return ""
    return before[at:] if " " in before[at:] else ""


def short_forms(text: str) -> set[str]:
    """The short forms that stand in *text*, explained or not."""
    return set(_SHORT_FORM.findall(text))
