"""Months and weekdays as some twenty languages write them: enough to know a date line and to read it.

From Unicode's CLDR (calendar names, format and stand-alone, wide and abbreviated).
"""

from __future__ import annotations

import re
import unicodedata

# Cut to what tells the months of a language apart, without accents and in lower case; January first. The longest stem
# that fits wins.
_STEMS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",  # en, and the Latin months of most others
    "gen feb mar apr mag giu lug ago set ott nov dic",  # it
    "ene feb mar abr may jun jul ago sept oct nov dic",  # es
    "jan fev mar abr mai jun jul ago set out nov dez",  # pt
    "janv fevr mars avr mai juin juil aout sept oct nov dec",  # fr
    "jan feb marz apr mai juni juli aug sep okt nov dez",  # de
    "jan feb maart apr mei juni juli aug sep okt nov dec",  # nl
    "jan feb mars apr maj juni juli aug sep okt nov dec",  # sv, da
    "jan feb mars apr mai juni juli aug sep okt nov des",  # nb
    "sty lut marz kwi maj cze lip sie wrz paz lis gru",  # pl
    "ian feb mar apr mai iun iul aug sep oct noi dec",  # ro
    "led uno bre dub kve cervna cervence srp zar rij lis pro",  # cs
    "oca sub mart nis may haz tem agu eyl eki kas ara",  # tr
    "tammi helmi maalis huhti touko kesa heina elo syys loka marras joulu",  # fi
    "янв фев мар апр мая июн июл авг сен окт ноя дек",  # ru
    "січ лют бер кві тра чер лип сер вер жов лис гру",  # uk
    "ιαν φεβ μαρ απρ μαι ιουν ιουλ αυγ σεπ οκτ νοε δεκ",  # el
    "يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر نوفمبر ديسمبر",  # ar: Egypt, the Gulf
    "جانفي فيفري مارس افريل ماي جوان جويلية اوت سبتمبر اكتوبر نوفمبر ديسمبر",  # ar: Tunisia, Algeria
)
_LEVANT = (
    "كانون الثاني", "شباط", "اذار", "نيسان", "ايار", "حزيران",
    "تموز", "اب", "ايلول", "تشرين الاول", "تشرين الثاني", "كانون الاول",
)  # fmt: skip
"""ar: the Levant and Iraq. Known by the whole name: some are told apart by their second word."""

_WHOLE = {name: number for number, name in enumerate(_LEVANT, 1)}

_MONTHS = {stem: number for stems in reversed(_STEMS) for number, stem in enumerate(stems.split(), 1)}

_WEEKDAYS = """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
    lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo
    lunedì martedì mercoledì giovedì venerdì sabato domenica
    segunda-feira terça-feira quarta-feira quinta-feira sexta-feira segunda terça quarta quinta sexta
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    poniedziałek wtorek środa czwartek piątek sobota niedziela
    måndag tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag
    maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai
    понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс
    понеділок вівторок середа четвер п'ятниця субота неділя
    pazartesi salı çarşamba perşembe cuma cumartesi pazar
    الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد
"""

# A stem's letters as they are written: with any accent, in Arabic with any hamza.
_WRITTEN = {
    "a": "[aàáâãäåā]", "c": "[cçčć]", "e": "[eéèêëě]", "i": "[iíìîïı]", "l": "[lł]", "n": "[nñń]", "o": "[oóòôöø]",
    "r": "[rř]", "s": "[sśšş]", "u": "[uúùûüů]", "y": "[yý]", "z": "[zžźż]", "ι": "[ιί]", "α": "[αά]", "ο": "[οό]",
    "υ": "[υύ]", "ε": "[εέ]", "ا": "[اأإآ]",
}  # fmt: skip


def _written(stem: str) -> str:
    return "".join(_WRITTEN.get(letter, re.escape(letter)) for letter in stem)


_NAMES = sorted({*_MONTHS, *_WHOLE}, key=len, reverse=True)
MONTH = rf"(?:{'|'.join(map(_written, _NAMES))})\w{{0,9}}\.?"
"""A pattern for a month's name, whole or cut short. Write it into patterns that ignore case."""

WEEKDAY = rf"(?:{'|'.join(sorted(map(re.escape, _WEEKDAYS.split()), key=len, reverse=True))})\b\.?"


def month_of(name: str) -> int | None:
    """1 to 12 for a month's name or a beginning of it, in any of the languages known here."""
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if not unicodedata.combining(c))
    plain = plain.replace("ł", "l")
    if plain in _WHOLE:
        return _WHOLE[plain]
    for length in range(len(plain), 2, -1):
        if plain[:length] in _MONTHS:
            return _MONTHS[plain[:length]]
    return None
