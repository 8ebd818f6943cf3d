"""The word lists a speaker of a language can extend."""

from __future__ import annotations

import pytest

from digest.text.speech import SECTIONS, Roles, languages, parse_lists, speech
from tests.command_line import ROOT


def test_english_and_six_more_languages_have_every_list() -> None:
    assert languages()[0] == "en"
    for language in ("en", "de", "fr", "es", "it", "pt", "nl"):
        own = speech(language)
        assert own.says < own.cues and own.according and own.roles and own.he and own.she and own.says_nothing


def test_a_word_that_is_another_one_elsewhere_counts_only_in_its_language() -> None:
    assert "so" in speech("de").says
    assert "so" not in speech().says
    assert "said" in speech("de").says, "English stands in every language's papers"


def test_an_unknown_language_has_the_words_of_all() -> None:
    assert speech("und") == speech("ja") == speech()
    assert {"said", "sagte", "déclaré", "dijo"} <= speech("und").says


def test_a_file_is_entries_parted_by_commas_or_lines_with_remarks() -> None:
    lists = parse_lists("# a remark\n[says]\nsaid, says\ntold  # or tells\n[according to]\nin the  words of,\n")
    assert lists == {"says": ["said", "says", "told"], "according to": ["in the words of"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [("[says]\nsaid\n[verbs]\nx", "xx.txt:3: no section [verbs]"), ("said\n", "xx.txt:1: entries before")],
)
def test_a_wrong_line_is_named(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"xx\.txt") as error:
        parse_lists(text, "xx.txt")
    assert str(error.value).startswith(told)


ROLES = {
    "*Leiter(in)": (["Leiter", "Schulleiterin", "Projekt-Leiter"], ["schulleiter", "Leitern"]),
    "president(e)": (["president", "Presidente"], ["presidents", "ex-president"]),
    "*keeper": (["housekeeper", "keeper"], ["keepers"]),
}


@pytest.mark.parametrize("entry", ROLES)
def test_a_star_is_any_beginning_and_brackets_an_ending(entry: str) -> None:
    yes, no = ROLES[entry]
    assert [word in Roles([entry]) for word in (*yes, *no)] == [True] * len(yes) + [False] * len(no)


def test_the_docs_tell_of_every_section() -> None:
    text = (ROOT / "docs" / "quotes.md").read_text("utf-8")
    assert [name for name in SECTIONS if f"`[{name}]`" not in text] == []
