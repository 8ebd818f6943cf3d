"""The brief: words out of its line, what counts more, and the company a story keeps."""

from __future__ import annotations

from digest.model import Article, Brief, Pick
from digest.pick import keywords_from, pick_week
from tests.make import NOW, article

FERRY = "The ferry to Vik sails again from the north quay after the winter repairs to its engine, the company said."
BOAT = "A boat museum near the quay shows how the winter repairs to an engine were done a century ago by hand."
CHESS = "A girl of nine beat two masters at the open tournament in the old library hall on a rainy afternoon."
BREAD = "Bakers of the valley agreed on one recipe for rye bread, and will sell it under one name from autumn."


def ranked(brief: Brief, *texts: str) -> list[Pick]:
    articles = [article(t[:20], t, outlet=f"Outlet {n}") for n, t in enumerate(texts)]
    return pick_week(articles, brief=brief, now=NOW)


def fit_of(picks: list[Pick], text: str) -> float:
    return next(p.terms["fit to the brief"] for p in picks if p.story.lead.text == text)


def test_a_line_becomes_its_words_without_stop_words() -> None:
    assert keywords_from("Ports, and the ferries of our coast: AI too") == {
        "ports": 1.0,
        "ferries": 1.0,
        "coast": 1.0,
        "ai": 1.0,
    }


def test_a_line_names_a_word_once_in_whatever_form() -> None:
    assert list(keywords_from("ferry, ferries, Ferry")) == ["ferry"]


def test_a_lines_stop_words_are_those_of_its_language() -> None:
    assert list(keywords_from("Häfen und Fähren für alle", "de")) == ["häfen", "fähren", "alle"]


def test_a_word_matches_in_another_form() -> None:
    picks = ranked(Brief(line="Ferries"), CHESS, FERRY)
    assert picks[0].story.lead.text == FERRY
    assert "matches: ferries" in picks[0].reasons


def test_a_phrase_matches_only_as_one() -> None:
    picks = ranked(Brief(keywords={"rye bread": 1.0}), BREAD, CHESS)
    assert fit_of(picks, BREAD) > fit_of(picks, CHESS)
    loose = ranked(Brief(keywords={"bread rye": 1.0}), BREAD, CHESS)
    assert fit_of(loose, BREAD) == fit_of(loose, CHESS)


def test_a_word_that_every_story_holds_counts_less_than_a_rare_one() -> None:
    texts = [f"{t} So it was in the paper." for t in (FERRY, CHESS, BREAD)]
    picks = ranked(Brief(keywords={"paper": 1.0, "tournament": 1.0}), *texts)
    fits = [fit_of(picks, t) for t in texts]
    assert fits[1] - fits[0] > 2 * (fits[0] - 0.25) > 0


def test_a_story_much_like_one_on_the_brief_shares_in_its_fit_and_says_so() -> None:
    mine = [article(t[:20], t, outlet=t[:5], days_old=d) for t, d in ((CHESS, 1), (BREAD, 1), (FERRY, 1), (BOAT, 6))]
    picks = pick_week(mine, brief=Brief(line="ferry"), now=NOW)
    assert fit_of(picks, BOAT) > fit_of(picks, CHESS)
    boat = next(p for p in picks if p.story.lead.text == BOAT)
    assert f"much like a story that does: “{FERRY[:20]}”" in boat.reasons


def test_without_a_brief_every_story_fits() -> None:
    assert {p.terms["fit to the brief"] for p in ranked(Brief(), FERRY, CHESS)} == {1.0}


def test_a_brief_matches_in_a_script_without_blanks() -> None:
    text = "北港で地震があり、住宅に被害が出た。"
    mine: list[Article] = [article("北港", text, language="ja", outlet="A"), article("Chess", CHESS, outlet="B")]
    picks = pick_week(mine, brief=Brief(keywords={"地震": 1.0}), now=NOW)
    assert fit_of(picks, text) > fit_of(picks, CHESS)


def test_a_keyword_of_more_than_letters_counts_as_it_is_written() -> None:
    brief = Brief(keywords={"C++": 1.0, " #tide ": 0.9, "€uro": 0.8, " ": 1.0})
    picks = ranked(brief, f"{FERRY} C++, #tide, €uro.", f"{CHESS} C, tide, uro.")
    assert [p.reasons[1] for p in picks] == ["matches: C++,  #tide , €uro", "matches nothing in the brief"]
