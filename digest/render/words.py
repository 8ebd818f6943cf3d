"""The mail's own fixed words, and dates, languages and lists as a language writes them.

Knows the newsletter's language and zone; never changes a publisher's text. Babel stays in here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "ps", "sd", "ug", "ur", "yi"})


LANGUAGES = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class Words:
    """Every phrase of the mail that is ours, from ``languages/TAG.toml``. Braces are filled by ``str.format``."""

    in_this_issue: str
    in_brief: str
    this_week: str
    number: str  # {number}
    label: str  # {name} {number}: what a screen reader announces
    also: str  # begins the preheader
    read: str  # {outlet}
    read_named: str  # {outlet} {title}: where one outlet stands twice
    closed: str
    metered: str
    in_language: str  # {language}
    editors: str  # who is credited for an own text
    covered: str  # {outlets}
    comma: str  # between a speaker and the role
    others: str
    note: str
    correction: str
    taken_down: str  # {date}
    correction_of: str  # {title}: the subject of a letter that corrects one story
    corrections_of: str  # {number}: the same, of several
    corrected: str  # {number} {date}: of the issue corrected
    corrected_page: str  # {number}: the words of the link there
    own_words: str  # in place of provenance, where nothing is cut from an article
    sign_off: str
    next_issue: str  # {day}
    reply: str
    editor: str
    about: str
    forwarded: str
    sign_up: str
    why: str  # {name} {reason}: why they get this
    sent_to: str  # {email}
    view: str
    prefs: str
    leave: str
    provenance: str
    picture: str  # {credit}: whose it is
    marks: tuple[str, str]  # round a quote
    minutes: Mapping[str, str]  # plural form -> {minutes} {outlet}
    reasons: Mapping[str, str]  # how the consent came in: signed_up, import, editor


_WEEKDAY_COMMA = re.compile(r"^(\w+), (\d)")  # British print has none; "Monday, September 28" keeps it
_YEAR = re.compile(r"(,| 'de')?\s*y+年?")
_MARKS = {
    "zh": ("“", "”"),
    "ru": ("«", "»"),
    "pl": ("„", "”"),
    "sv": ("”", "”"),
}


def primary(language: str) -> str:
    """``en`` of ``en-GB``."""
    return language.replace("_", "-").split("-")[0].lower()


def is_spoken(tag: str) -> bool:
    """Whether *tag* names a language: not none, several or an unknown one (ISO 639-2: zxx, mul, mis, und)."""
    return primary(tag) not in {"", "und", "zxx", "mul", "mis"}


@lru_cache(maxsize=64)
def words_for(language: str) -> Words:
    """The mail's words in *language*, in English where we have no others."""
    data = tomllib.loads((LANGUAGES / f"{primary(spoken(language))}.toml").read_text("utf-8"))
    return Words(**{**data, "marks": tuple(data["marks"])})


def spoken(language: str) -> str:
    """The language our fixed words are in: *language*, or ``en`` where there is no file for it."""
    return language if primary(language) in known_languages() else "en"


@lru_cache(maxsize=1)
def known_languages() -> frozenset[str]:
    """The primary tags of the languages the mail speaks."""
    return frozenset(path.stem for path in LANGUAGES.glob("*.toml"))


def plural(forms: Mapping[str, str], count: int, language: str) -> str:
    """The one of *forms* that *language* uses with *count* (Unicode CLDR plural rules)."""
    return forms.get(str(_locale(spoken(language)).plural_form(count)), forms["other"])


def word(name: str, language: str) -> str:
    """One of `Words` by its name. Raises AttributeError for a name that is none."""
    return str(getattr(words_for(language), name))


def marks_for(language: str) -> tuple[str, str]:
    """The opening and closing quotation mark of *language*."""
    return _MARKS.get(primary(language)) or words_for(language).marks


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, for the attribute dir."""
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=64)
def _locale(language: str) -> Any:
    """Babel's locale of *language*; without the region, or English, where Babel knows no such one."""
    from babel import Locale, UnknownLocaleError  # 60 ms: late

    for tag in (language.replace("_", "-"), primary(language), "en"):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("Babel knows English")


def long_date(day: date, language: str) -> str:
    """``25 September 2015``"""
    from babel.dates import format_date

    return str(format_date(day, "long", locale=_locale(spoken(language))))


def day_and_month(day: date, language: str) -> str:
    """``25 Sept``: short, for a line of facts."""
    from babel.dates import format_skeleton

    return str(format_skeleton("MMMd", day, locale=_locale(spoken(language))))


def full_date(day: date, language: str) -> str:
    """``Monday 28 September 2015``"""
    return _formatted(day, language, _full_pattern(language))


def weekday_date(day: date, language: str) -> str:
    """``Monday 5 October``"""
    return _formatted(day, language, _YEAR.sub("", _full_pattern(language)))


def _full_pattern(language: str) -> str:
    return str(_locale(spoken(language)).date_formats["full"].pattern)


def _formatted(day: date, language: str, pattern: str) -> str:
    from babel.dates import format_date

    text = str(format_date(day, pattern, locale=_locale(spoken(language))))
    return _WEEKDAY_COMMA.sub(r"\1 \2", text) if primary(spoken(language)) == "en" else text


def language_name(tag: str, language: str) -> str:
    """*tag*'s name as *language* writes it inside a sentence: ``German``, ``allemand``; the tag where none is known."""
    name = _locale(spoken(language)).languages.get(primary(tag))
    return str(name) if name else tag


def listed(names: Sequence[str], language: str) -> str:
    """``A, B and C``; '' for none."""
    from babel.lists import format_list

    if not names:
        return ""
    # plain "en" is British here, without a comma before "and"; Babel's would be American
    return str(format_list(list(names), locale=_locale("en-GB" if spoken(language) == "en" else language)))
