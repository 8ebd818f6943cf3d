"""Words as they are counted and compared, in scripts with and without blanks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.words import STOP_WORDS, count_words, stem, stems, stop_words, tokens

COUNTS = {
    "田中市長": 2,
    "iPhoneの発売": 3,
    "정부는 오늘 서울에서 회의를 열었다.": 5,
    "وصل الوزير إلى المدينة.": 4,
    'צה"ל הודיע על כך': 4,
    "डॉक्टर ने कहा कि वह आएगा।": 6,
    "می‌شود گفت": 2,
    "ประเทศไทย": 3,
    "— … !": 0,
    "": 0,
}


@pytest.mark.parametrize(("text", "words"), COUNTS.items(), ids=lambda v: str(v))
def test_words_are_counted_by_blanks_or_by_characters(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में डॉक्टर", ["हिन्दी", "में", "डॉक्टर"]),
        ("정부는 말했다", ["정부는", "말했다"]),
        ("2015年iPhone発売", ["2015", "年", "iphone", "発", "売"]),
        ('צה"ל הודיע', ['צה"ל', "הודיע"]),
        ("می‌شود گفت", ["می‌شود", "گفت"]),
        ("مُحَمَّد قال", ["مُحَمَّد", "قال"]),
        ("don’t stop 3.5 e-mails", ["don't", "stop", "3.5", "e-mails"]),
    ],
)
def test_a_word_is_not_cut_at_its_vowel_signs(text: str, words: list[str]) -> None:
    assert tokens(text) == words


def test_a_script_without_blanks_stands_character_by_character_with_its_signs() -> None:
    assert tokens("ที่ดี") == ["ที่", "ดี"]


@pytest.mark.parametrize("language", sorted(STOP_WORDS))
def test_a_stop_word_is_written_as_tokens_come(language: str) -> None:
    words = stop_words(language)
    assert all(tokens(word) == [word] for word in words if "'" not in word)
    assert len(words) >= 40


def test_stop_words_leave_the_subject() -> None:
    assert len(stems("Рада и мэр не за мост", "ru")) == 3
    assert len(stems("Τα νέα της πόλης", "el")) == 2


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "govern governed governing government’s governments"),
        ("de", "Hafen Hafens"),
        ("fr", "nation nations"),
        ("es", "puerto puertos"),
        ("it", "porto porti"),
        ("pt", "cidade cidades"),
        ("nl", "krant kranten"),
        ("ru", "мост моста мостом"),
        ("ar", "مدينة المدينة"),
        ("tr", "kitap kitaplar"),
    ],
)
def test_the_forms_of_a_word_have_one_stem(language: str, forms: str) -> None:
    assert len(set(stems(forms, language))) == 1


def test_a_stem_is_never_empty() -> None:
    assert stem("'s") and all(stem(word, "ar") for word in tokens("ال و في"))


def test_a_korean_word_is_the_same_with_every_ending() -> None:
    assert stems("정부는 정부가 정부에서", "ko") == ["정부"] * 3


@given(st.text(max_size=100))
def test_counting_and_reading_never_fail(text: str) -> None:
    assert count_words(text) >= 0
    assert all(tokens(text))
