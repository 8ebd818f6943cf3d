"""Under which license a picture may be printed again: what pages, feeds and editors write, read once.

Knows Creative Commons' licenses and marks (creativecommons.org/licenses), the Open Government Licence and the public
domain. What it does not know is no license that lets anybody reuse a picture. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OWN = "own"
"""What an editor writes for a picture of the newsletter's own."""


@dataclass(frozen=True, slots=True)
class License:
    """name: as it is printed, '' for the newsletter's own. url: its text, '' where it has none that is known. why_not:
    why it does not let every newsletter print the picture; '' where it does."""

    name: str
    url: str = ""
    why_not: str = ""


_CC = "https://creativecommons.org"
_CC_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<kind>by(?:-nc)?(?:-nd|-sa)?)|publicdomain/(?P<free>zero|mark))"
    r"(?:/(?P<version>[1-4]\.[05])(?:/(?P<land>[a-z]{2,3}|igo)(?=/|$))?)?",
    re.I,
)
_VERSION = r"(?:[\s,/-]*v?(?P<version>[1-4]\.[05]))?"
_CC_NAME = re.compile(
    rf"(?<!\w)(?:cc[\s-]*(?P<kind>by(?:[\s-]+(?:nc|nd|sa))*)|(?P<zero>cc[\s-]?0|cc[\s-]zero)){_VERSION}(?![\w.])", re.I
)
_CC_LONG = re.compile(
    r"creative\s+commons\s+(?P<words>attribution(?:[\s-]+(?:non-?commercial|no-?deriv\w*|share-?alike))*|zero)"
    rf"{_VERSION}",
    re.I,
)
_OGL = re.compile(
    r"(?:open[\s-]government[\s-]licen[cs]e|\bogl\b)(?:[\s/-]*(?:\(?\bogl\b\)?|uk\b|version\b))*"
    r"(?:[\s/-]*v?(?P<version>[1-3])(?:\.0)?)?",
    re.I,
)
_PUBLIC_DOMAIN = re.compile(r"\bpublic[\s-]domain\b|\bgemeinfrei\b|\bdomaine public\b|\bdominio público\b", re.I)


_NOT = re.compile(r"\b(?:not?|nor|never|without|except|unless|nicht|kein\w*|pas|no)\b", re.I)


def read_license(stated: str) -> License | None:
    """The license that *stated* (an address, a name, a line with a name in it) is; None where it is none we know."""
    if stated.strip().casefold() == OWN:
        return License("")
    found = license_in(stated)
    return None if found is None or _NOT.search(stated, 0, found[1]) else found[0]


def license_in(text: str) -> tuple[License, int, int] | None:
    """The first license named in *text*, and where its name begins and ends; None where none is."""
    if address := _CC_ADDRESS.search(text):
        kind = (address["kind"] or address["free"]).lower()
        return _creative_commons(kind, address["version"] or "", (address["land"] or "").lower()), *address.span()
    if name := _CC_NAME.search(text):
        kind = "zero" if name["zero"] else re.sub(r"[\s-]+", "-", name["kind"].lower())
        return _creative_commons(kind, name["version"] or ""), *name.span()
    if long := _CC_LONG.search(text):
        return _creative_commons(_short(long["words"]), long["version"] or ""), *long.span()
    if ogl := _OGL.search(text):
        version = ogl["version"] or ""
        url = f"https://www.nationalarchives.gov.uk/doc/open-government-licence/version/{version}/" if version else ""
        return License(f"Open Government Licence{f' v{version}.0' if version else ''}", url), *ogl.span()
    if free := _PUBLIC_DOMAIN.search(text):
        return License("public domain"), *free.span()
    return None


def _short(words: str) -> str:
    """``by-nc-sa`` for "Attribution-NonCommercial-ShareAlike"."""
    low = words.lower()
    if low == "zero":
        return "zero"
    marks = (("nc", "commercial"), ("nd", "deriv"), ("sa", "alike"))
    return "-".join(["by", *(short for short, word in marks if word in low)])


def _creative_commons(kind: str, version: str, land: str = "") -> License:
    if kind in {"zero", "mark"}:
        name = "CC0 1.0" if kind == "zero" else "public domain"
        return License(name, f"{_CC}/publicdomain/{kind}/1.0/")
    name = " ".join(part for part in (f"CC {kind.upper()}", version, land.upper()) if part)
    url = f"{_CC}/licenses/{kind}/{version}/{f'{land}/' if land else ''}" if version else ""
    limits = [words for mark, words in _LIMITS.items() if mark in kind.split("-")]
    return License(name, url, f"{name} {' and '.join(limits)}" if limits else "")


_LIMITS = {"nc": "forbids use for gain", "nd": "forbids changes, its size included"}
