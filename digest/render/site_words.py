"""The words of the site's pages, and of the mails that answer what is asked there: ``languages/site/TAG.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from digest.render.words import LANGUAGES, primary

SITE = LANGUAGES / "site"


def site_words(language: str) -> Mapping[str, Any]:
    """Phrase by name, in *language*, in English where the site does not speak it; braces are still open."""
    return _read(primary(site_language(language)))


def site_language(language: str) -> str:
    """The language the site's words are in: *language*, or ``en`` where there is no file for it."""
    return language if primary(language) in site_languages() else "en"


@lru_cache(maxsize=1)
def site_languages() -> frozenset[str]:
    """The primary tags of the languages the site speaks."""
    return frozenset(path.stem for path in SITE.glob("*.toml"))


@lru_cache(maxsize=16)
def _read(tag: str) -> Mapping[str, Any]:
    return tomllib.loads((SITE / f"{tag}.toml").read_text("utf-8"))
