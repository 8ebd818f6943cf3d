"""Suggestions: words for the brief out of what editors picked and passed over."""

from __future__ import annotations

from digest.model import Article
from digest.pick import suggest_keywords
from tests.make import article


def report(number: int, words: str, outlet: str = "Harbour Notes") -> Article:
    filler = " ".join(f"filler{number}x{n}" for n in range(40))  # no two reports share any of it
    return article(f"Report {number}: {words}", f"{words} {filler}", outlet=outlet)


PICKED = [
    report(n, w) for n, w in enumerate(("late ferries", "the ferry timetable", "a ferry for Vik", "night trains"))
]
PASSED = [
    report(10 + n, w) for n, w in enumerate(("cup final", "new album", "royal visit", "a ferry museum", *"abcdef"))
]


def words(**more: object) -> list[str]:
    return [s.word for s in suggest_keywords(PICKED, PASSED, **more)]  # type: ignore[arg-type]


def test_a_word_of_the_picked_is_suggested_with_its_evidence() -> None:
    first = suggest_keywords(PICKED, PASSED)[0]
    assert (first.word, first.picked, first.picked_of, first.passed, first.passed_of) == ("ferry", 3, 4, 1, 10)
    assert 0.5 < first.weight < 1


def test_what_is_known_is_not_suggested_again_in_any_form() -> None:
    assert "ferry" not in words(known=["Ferries"])


def test_a_word_of_one_story_only_is_not_suggested_however_rare_elsewhere() -> None:
    many = [report(100 + n, f"quiet{n} day{n}") for n in range(60)]
    assert suggest_keywords([report(1, "night trains"), report(2, "late ferries")], many) == []


def test_stop_words_and_names_of_outlets_are_not_suggested() -> None:
    said = ("late ferries", "the ferry timetable", "a ferry for Vik", "night trains")
    mine = [
        report(20 + n, f"{words} and the Norland Gazette", outlet="Norland Gazette") for n, words in enumerate(said)
    ]
    found = {w for s in suggest_keywords(mine, PASSED) for w in s.word.split()}
    assert "ferry" in found
    assert not found & {"the", "and", "norland", "gazette"}


def test_a_phrase_stands_for_words_that_never_stand_alone() -> None:
    mine = [report(30 + n, "signal failure again") for n in range(1)] + [
        report(40 + n, f"{w} signal failure") for n, w in enumerate(("morning", "evening", "weekend"))
    ]
    found = [s.word for s in suggest_keywords(mine, PASSED)]
    assert "signal failure" in found
    assert not {"signal", "failure"} & set(found)


def test_ten_reports_of_one_event_are_one_piece_of_evidence() -> None:
    again = [article(f"Ferry sinks {n}", PICKED[0].text, outlet=f"O{n}") for n in range(10)]
    assert suggest_keywords([*PICKED, *again], PASSED)[0].picked_of == len(PICKED)


def test_reports_beside_a_picked_one_are_not_passed_over() -> None:
    beside = [article(f"Again {n}", f"{p.text} commuters", outlet="Other") for n, p in enumerate(PICKED)]
    assert suggest_keywords(PICKED, [*PASSED, *beside]) == suggest_keywords(PICKED, PASSED)


def test_suggestions_do_not_depend_on_the_order_of_the_articles() -> None:
    assert suggest_keywords(PICKED[::-1], PASSED[::-1]) == suggest_keywords(PICKED, PASSED)


def test_nothing_picked_suggests_nothing() -> None:
    assert suggest_keywords([], PASSED) == []


def test_the_limit_is_kept() -> None:
    assert len(words(limit=1)) == 1
