"""Near duplicates: what is a copy, and what is a second report."""

from __future__ import annotations

import random

from digest.pick.duplicates import find_copies
from tests.make import article

WORDS = [f"{first}{second}" for first in "bcdfghjklmnprst" for second in ("ad", "ek", "il", "om", "un", "ark", "est")]


def text(seed: int, length: int = 120) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) + str(rng.randrange(9)) for _ in range(length))


def copies(*texts: str) -> dict[int, int]:
    return find_copies([article(f"Number {n}", t) for n, t in enumerate(texts)])


def test_the_same_text_with_another_headline_and_a_line_of_boilerplate_is_a_copy() -> None:
    original = text(1)
    assert copies(original, f"Sign up for our letter.\n\n{original.upper()}") == {1: 0}


def test_an_excerpt_of_two_fifths_is_a_copy_whichever_comes_first() -> None:
    whole = text(1)
    part = " ".join(whole.split()[30:78])
    assert copies(whole, part) == {1: 0}
    assert copies(part, whole) == {1: 0}


def test_a_text_with_every_twelfth_word_edited_is_a_copy() -> None:
    words = text(1).split()
    words[::12] = [f"edited{n}" for n in range(len(words[::12]))]
    assert copies(text(1), " ".join(words)) == {1: 0}


def test_a_quarter_in_common_is_no_copy() -> None:
    assert copies(text(1), f"{text(2)} {' '.join(text(1).split()[:30])}") == {}


def test_texts_too_short_to_judge_are_no_copies() -> None:
    assert copies("One two three four five six seven.", "One two three four five six seven.") == {}


def test_the_same_page_is_a_copy_whatever_its_text() -> None:
    pages = [article("A", text(1), url="https://a.example/x"), article("B", text(2), url="https://a.example/x")]
    assert find_copies(pages) == {1: 0}


def test_a_copy_of_a_copy_points_to_the_first() -> None:
    assert copies(text(1), text(1), text(2), text(1)) == {1: 0, 3: 0}


def test_a_roundup_that_holds_two_reports_makes_neither_a_copy_of_the_other() -> None:
    first, second = text(1), text(2)
    assert copies(first, f"{first} {second}", second) == {1: 0}
