"""Every language of the mail is complete, and says what it says in its own forms."""

from __future__ import annotations

import re
import string
from dataclasses import fields, replace
from datetime import date

import pytest
from babel import Locale

from digest.render import render_issue
from digest.render.words import (
    LANGUAGES,
    Words,
    day_and_month,
    direction,
    full_date,
    known_languages,
    listed,
    plural,
    weekday_date,
    words_for,
)
from tests.render_samples import make_config, sample_issue

ALL = sorted(known_languages())
DAY = date(2015, 10, 5)
ENGLISH = words_for("en")


def blanks(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("tag", ALL)
def test_a_language_has_every_word_and_no_other(tag: str) -> None:
    import tomllib

    data = tomllib.loads((LANGUAGES / f"{tag}.toml").read_text("utf-8"))
    assert list(data) == [f.name for f in fields(Words) if f.name in data]
    assert set(data) == {f.name for f in fields(Words)}
    assert set(data["reasons"]) == set(ENGLISH.reasons)
    for phrase in (*data.values(), *data["minutes"].values(), *data["reasons"].values()):
        assert phrase and (not isinstance(phrase, str) or phrase.strip())


@pytest.mark.parametrize("tag", ALL)
def test_a_language_fills_the_same_blanks_as_english(tag: str) -> None:
    for field in fields(Words):
        english, here = getattr(ENGLISH, field.name), getattr(words_for(tag), field.name)
        if isinstance(english, str):
            assert blanks(here) == blanks(english), field.name
    for form, phrase in words_for(tag).minutes.items():
        assert blanks(phrase) >= {"outlet"}, form
        assert blanks(phrase) <= {"outlet", "minutes"}, form


@pytest.mark.parametrize("tag", ALL)
def test_a_language_has_the_plural_forms_of_its_rules(tag: str) -> None:
    assert set(words_for(tag).minutes) == {*Locale.parse(tag).plural_form.tags, "other"}


@pytest.mark.parametrize("tag", ALL)
def test_leaving_is_found_by_those_who_look_for_the_english_word(tag: str) -> None:
    assert "unsubscribe" in words_for(tag).leave.lower()


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "دقيقة واحدة في"),
        (2, "دقيقتان في"),
        (3, "{minutes} دقائق في"),
        (11, "{minutes} دقيقة في"),
        (100, "{minutes} دقيقة في"),
    ],
)
def test_arabic_counts_in_its_six_forms(minutes: int, said: str) -> None:
    assert plural(words_for("ar").minutes, minutes, "ar") == f"{said} {{outlet}}"


@pytest.mark.parametrize(
    ("tag", "full", "short", "weekday", "names"),
    [
        ("en-GB", "Monday 5 October 2015", "5 Oct", "Monday 5 October", "A, B and C"),
        ("en-US", "Monday, October 5, 2015", "Oct 5", "Monday, October 5", "A, B, and C"),
        ("de", "Montag, 5. Oktober 2015", "5. Okt.", "Montag, 5. Oktober", "A, B und C"),
        ("fr", "lundi 5 octobre 2015", "5 oct.", "lundi 5 octobre", "A, B et C"),
        ("es", "lunes, 5 de octubre de 2015", "5 oct", "lunes, 5 de octubre", "A, B y C"),
        ("it", "lunedì 5 ottobre 2015", "5 ott", "lunedì 5 ottobre", "A, B e C"),
        ("ar", "الاثنين، 5 أكتوبر 2015", "5 أكتوبر", "الاثنين، 5 أكتوبر", "A وB وC"),
        ("ja", "2015年10月5日月曜日", "10月5日", "10月5日月曜日", "A、B、C"),
    ],
)
def test_dates_and_lists_are_written_as_the_language_writes_them(
    tag: str, full: str, short: str, weekday: str, names: str
) -> None:
    assert (full_date(DAY, tag), day_and_month(DAY, tag), weekday_date(DAY, tag)) == (full, short, weekday)
    assert listed(["A", "B", "C"], tag) == names


@pytest.mark.parametrize("tag", ["en-GB", "en-US", *ALL])
def test_a_mail_says_its_language_and_direction_and_leaves_no_blank_open(tag: str) -> None:
    config = make_config()
    config = replace(config, newsletter=replace(config.newsletter, language=tag))
    (variant,) = render_issue(sample_issue(), config).variants
    assert f'<html lang="{tag}" dir="{direction(tag)}"' in variant.html
    assert 'role="article" aria-roledescription="email" aria-label=' in variant.html
    assert not re.search(r"\{\w+\}", variant.html.partition("<body")[2] + variant.text)
