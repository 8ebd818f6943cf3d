"""The mail's own fixed words, and dates, languages and lists as a language writes them.

Knows the newsletter's language and zone; never changes a publisher's text. Babel stays in here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Words:
    """Every phrase of the mail that is ours. Braces are filled by ``str.format``."""

    in_this_issue: str
    in_brief: str
    this_week: str
    number: str  # {number}
    label: str  # {name} {number}: what a screen reader announces
    read: str  # {outlet}
    read_named: str  # {outlet} {title}: where one outlet stands twice
    minutes: str  # {minutes}
    closed: str
    metered: str
    in_language: str  # {language}
    also: str  # begins the preheader
    editors: str  # who is credited for an own text
    covered: str  # {outlets}
    others: str
    note: str
    sign_off: str
    next_issue: str  # {day}
    reply: str
    editor: str
    about: str
    why: str  # {name} {email}
    view: str
    prefs: str
    leave: str
    provenance: str
    marks: tuple[str, str]  # round a quote


WORDS = {
    "en": Words(
        in_this_issue="In this issue",
        in_brief="In brief",
        this_week="This week",
        number="No. {number}",
        label="{name}, number {number}",
        read="Read at {outlet}",
        read_named="Read at {outlet}: {title}",
        minutes="{minutes} min",
        closed="subscription",
        metered="metered",
        in_language="in {language}",
        also="Also:",
        editors="the editors",
        covered="Also covered by {outlets}",
        others="others",
        note="Editor’s note:",
        sign_off="That was the week.",
        next_issue="The next issue comes on {day}.",
        reply="Something wrong, or missing? Reply to this e-mail: a person reads every answer.",
        editor="editor",
        about="About this mail",
        why="You get {name} because you signed up with {email}.",
        view="View in browser",
        prefs="Change what you get",
        leave="Unsubscribe",
        provenance="Summaries are the publishers’ own sentences, credited above each; notes are ours.",
        marks=("“", "”"),
    ),
    "de": Words(
        in_this_issue="In dieser Ausgabe",
        in_brief="Kurz notiert",
        this_week="Diese Woche",
        number="Nr. {number}",
        label="{name}, Nummer {number}",
        read="Lesen bei {outlet}",
        read_named="Lesen bei {outlet}: {title}",
        minutes="{minutes} Min.",
        closed="Abonnement",
        metered="begrenzt frei",
        in_language="auf {language}",
        also="Außerdem:",
        editors="die Redaktion",
        covered="Auch bei {outlets}",
        others="andere",
        note="Anmerkung der Redaktion:",
        sign_off="Das war die Woche.",
        next_issue="Die nächste Ausgabe kommt am {day}.",
        reply="Etwas stimmt nicht oder fehlt? Antworten Sie auf diese Mail: Ein Mensch liest jede Antwort.",
        editor="Redaktion",
        about="Über diese Mail",
        why="Sie erhalten {name}, weil Sie sich mit {email} angemeldet haben.",
        view="Im Browser ansehen",
        prefs="Ändern, was Sie bekommen",
        leave="Abbestellen",
        provenance="Die Zusammenfassungen sind Sätze der genannten Medien im Wortlaut; Anmerkungen sind von uns.",
        marks=("„", "“"),
    ),
    "fr": Words(
        in_this_issue="Dans ce numéro",
        in_brief="En bref",
        this_week="Cette semaine",
        number="Nº {number}",
        label="{name}, numéro {number}",
        read="Lire sur {outlet}",
        read_named="Lire sur {outlet} : {title}",
        minutes="{minutes} min",
        closed="abonnés",
        metered="accès limité",
        in_language="en {language}",
        also="Aussi :",
        editors="la rédaction",
        covered="Également traité par {outlets}",
        others="d’autres",
        note="Note de la rédaction :",
        sign_off="C’était la semaine.",
        next_issue="Le prochain numéro arrive le {day}.",
        reply="Une erreur, un oubli ? Répondez à ce message : quelqu’un lit chaque réponse.",
        editor="rédaction",
        about="À propos de ce message",
        why="Vous recevez {name} parce que vous vous êtes inscrit avec {email}.",
        view="Voir dans le navigateur",
        prefs="Modifier ce que vous recevez",
        leave="Se désabonner",
        provenance="Les résumés sont les phrases mêmes des médias cités ; les notes sont de nous.",
        marks=("«\u202f", "\u202f»"),
    ),
    "es": Words(
        in_this_issue="En este número",
        in_brief="En breve",
        this_week="Esta semana",
        number="N.º {number}",
        label="{name}, número {number}",
        read="Leer en {outlet}",
        read_named="Leer en {outlet}: {title}",
        minutes="{minutes} min",
        closed="suscripción",
        metered="acceso limitado",
        in_language="en {language}",
        also="También:",
        editors="la redacción",
        covered="También en {outlets}",
        others="otros",
        note="Nota de la redacción:",
        sign_off="Esta fue la semana.",
        next_issue="El próximo número llega el {day}.",
        reply="¿Algo está mal o falta? Responda a este correo: una persona lee cada respuesta.",
        editor="redacción",
        about="Sobre este correo",
        why="Recibe {name} porque se suscribió con {email}.",
        view="Ver en el navegador",
        prefs="Cambiar lo que recibe",
        leave="Darse de baja",
        provenance="Los resúmenes son frases textuales de los medios citados; las notas son nuestras.",
        marks=("«", "»"),
    ),
}

_WEEKDAY_COMMA = re.compile(r"^(\w+), (\d)")  # British print has none; "Monday, September 28" keeps it
_YEAR = re.compile(r"(,| 'de')?\s*y+")
_MARKS = {
    "ja": ("「", "」"),
    "zh": ("“", "”"),
    "it": ("«", "»"),
    "ru": ("«", "»"),
    "pl": ("„", "”"),
    "sv": ("”", "”"),
}


def primary(language: str) -> str:
    """``en`` of ``en-GB``."""
    return language.replace("_", "-").split("-")[0].lower()


def words_for(language: str) -> Words:
    """The mail's words in *language*, in English where we have no others."""
    return WORDS.get(primary(language), WORDS["en"])


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


def _spoken(language: str) -> str:
    """The language our fixed words are in; dates must not be in another one than the sentence round them."""
    return language if primary(language) in WORDS else "en"


def long_date(day: date, language: str) -> str:
    """``25 September 2015``"""
    from babel.dates import format_date

    return str(format_date(day, "long", locale=_locale(_spoken(language))))


def full_date(day: date, language: str) -> str:
    """``Monday 28 September 2015``"""
    return _formatted(day, language, _full_pattern(language))


def weekday_date(day: date, language: str) -> str:
    """``Monday 5 October``"""
    return _formatted(day, language, _YEAR.sub("", _full_pattern(language)))


def _full_pattern(language: str) -> str:
    return str(_locale(_spoken(language)).date_formats["full"].pattern)


def _formatted(day: date, language: str, pattern: str) -> str:
    from babel.dates import format_date

    text = str(format_date(day, pattern, locale=_locale(_spoken(language))))
    return _WEEKDAY_COMMA.sub(r"\1 \2", text) if primary(_spoken(language)) == "en" else text


def language_name(tag: str, language: str) -> str:
    """*tag*'s name as *language* writes it inside a sentence: ``German``, ``allemand``; the tag where none is known."""
    name = _locale(_spoken(language)).languages.get(primary(tag))
    return str(name) if name else tag


def listed(names: Sequence[str], language: str) -> str:
    """``A, B and C``; '' for none."""
    from babel.lists import format_list

    if not names:
        return ""
    locale = _locale(_spoken(language))
    # en-GB writes no comma before "and"; Babel's plain "en" would
    return str(format_list(list(names), locale=_locale("en-GB") if primary(str(locale)) == "en" else locale))
