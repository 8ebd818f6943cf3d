"""Every language of the site has every word, and fills the same blanks."""

from __future__ import annotations

import string
import tomllib

import pytest

from digest.render.site_words import SITE, site_language, site_languages
from digest.render.words import known_languages

ENGLISH = tomllib.loads((SITE / "en.toml").read_text("utf-8"))


def blanks(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


def test_the_site_speaks_the_mails_languages() -> None:
    assert site_languages() == known_languages()
    assert (site_language("de-AT"), site_language("tlh")) == ("de-AT", "en")


@pytest.mark.parametrize("tag", sorted(site_languages()))
def test_a_language_of_the_site_is_complete(tag: str) -> None:
    words = tomllib.loads((SITE / f"{tag}.toml").read_text("utf-8"))
    assert list(words) == list(ENGLISH)
    for name, phrase in ENGLISH.items():
        if isinstance(phrase, dict):
            assert list(words[name]) == list(phrase) and all(words[name].values()), name
        else:
            assert words[name].strip() and blanks(words[name]) == blanks(phrase), name
