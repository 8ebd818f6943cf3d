"""Who is who in a text, its words and its language."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text.language import detect_language, primary_tag
from digest.text.names import Person, find_mentions, find_people
from digest.text.words import count_words, stems


def person(text: str, name: str) -> Person:
    return next(p for p in find_people(text) if p.name == name)


ROLES = [
    ("UK Cabinet Office minister Matthew Hancock met with the mayor.", "Matthew Hancock", "UK Cabinet Office minister"),
    ("He met the US chief technology officer Megan Smith.", "Megan Smith", "US chief technology officer"),
    ("Sarah Jones, chief economist at Acme Bank, said so.", "Sarah Jones", "chief economist at Acme Bank"),
    ("They asked farmer Ivor Pugh.", "Ivor Pugh", "farmer"),
    ("Senator Ted Cruz left.", "Ted Cruz", "Senator"),
    ("Rosa Klein, 44, the founder, was there.", "Rosa Klein", "founder"),
    ("“So,” said Inge Halvorsen, harbour master of Port Ellery.", "Inge Halvorsen", "harbour master of Port Ellery"),
    ("Tobias Renn, manager at Corliss and Dray, laughed.", "Tobias Renn", "manager at Corliss and Dray"),
    ("Helen Roe, a beekeeper in Kell, was there.", "Helen Roe", "beekeeper in Kell"),
    ("Gwen Lee’s gauge held 61. Lee, treasurer of the club, goes out.", "Gwen Lee", "treasurer of the club"),
    ("Der Datenschützer Dr. Beat Rüegg widerspricht.", "Beat Rüegg", "Datenschützer"),
    ("„Ja“, sagt Ole Petersen, Sprecher des Verbands.", "Ole Petersen", "Sprecher des Verbands"),
    ("« Oui », dit Solange Perrin, cheffe de la cantine.", "Solange Perrin", "cheffe de la cantine"),
]


@pytest.mark.parametrize(("text", "name", "role"), ROLES)
def test_a_role_is_read_before_the_name_and_after_it(text: str, name: str, role: str) -> None:
    found = person(text, name)
    assert found.role == role
    assert found.role_span is not None
    assert found.role_span.of(text) == role


def test_a_surname_and_a_title_lead_to_the_full_name() -> None:
    text = "Bill Harker backed it. His wife, Joan Harker, did not. Mrs Harker left; Harker stayed."
    joan = person(text, "Joan Harker")
    assert joan.gender == "f"
    assert "Mrs Harker".split()[1] in [span.of(text) for span in joan.mentions[1:]]


def test_a_word_that_only_opens_a_sentence_is_no_name() -> None:
    text = "Delegates asked Ann Lee. The delegates left. Following Lee on stage, and following custom, Bob Dunn sang."
    assert [p.name for p in find_people(text)] == ["Ann Lee", "Bob Dunn"]
    text = "Interestingly Ann Lee stayed. Continued Bob Dunn: “So did I.” Emily Stone left."
    assert [p.name for p in find_people(text)] == ["Ann Lee", "Bob Dunn", "Emily Stone"]


def test_los_angeles_keeps_its_article() -> None:
    assert [m.name for m in find_mentions("The Los Angeles Times met Ann Lee.")] == ["Los Angeles Times", "Ann Lee"]


def test_initials_and_junior_belong_to_the_name() -> None:
    assert person("It was J. R. McAllister Jr., 71.", "J. R. McAllister Jr.").surname == "mcallister"


def test_an_organization_is_no_person() -> None:
    assert person("Acme Bank rose.", "Acme Bank").kind == "organization"


@pytest.mark.shared
def test_the_seed_articles_people_have_their_roles(bench_data: Path) -> None:
    text = (bench_data / "seed" / "article.txt").read_text("utf-8")
    roles = {p.name: p.role for p in find_people(text) if p.role}
    assert roles == {
        "Matthew Hancock": "UK Cabinet Office minister",
        "Megan Smith": "US chief technology officer",
        "Shaun Donovan": "White House Office of Management and Budget director",
    }


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("AbC. ,'’é-\n\"")), max_size=150) | st.text(max_size=150))
def test_people_are_verbatim_in_any_text(text: str) -> None:
    for found in find_people(text):
        assert found.span.of(text) == found.name
        if found.role_span is not None:
            assert found.role_span.of(text) == found.role


def test_words_are_counted_as_a_reader_counts() -> None:
    assert count_words("It costs 3.5 percent — more, he said.") == 7
    assert count_words("田中市長") == 2


def test_stems_join_the_forms_of_a_word() -> None:
    assert stems("The governments announced plans") == stems("government announces plan")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The governments of both countries met on Monday to talk about the plan.", "en"),
        ("Die Regierungen beider Länder haben sich am Montag getroffen.", "de"),
        ("Les gouvernements des deux pays se sont réunis lundi à Paris.", "fr"),
    ],
)
def test_a_language_is_found(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_short_text_has_the_language_its_source_says() -> None:
    assert detect_language("OK", hint="de-AT") == "de"
    assert detect_language("OK") == "und"
    assert primary_tag("not a tag") == ""
