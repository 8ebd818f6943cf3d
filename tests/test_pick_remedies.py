"""Scores an editor can check, what is said of the lead, and remedies that do what they say."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from digest.model import Article, Brief, ExcerptLimit, Pick, SectionBrief
from digest.pick import pick_week
from tests.make import NOW, article
from tests.test_pick import COUNCIL, PORT, PORT_AGAIN, edit


def topic(name: str, outlet: str, number: int = 0, days_old: float = 1) -> Article:
    """A report on one made-up topic; those of one *name* are one story, in different words."""
    words = " ".join(f"{name}{n}" for n in range(20))
    own = " ".join(f"{name}{outlet.replace(' ', '')}{number}x{n}" for n in range(14))
    return article(f"{name} by {outlet} {number}", f"{own} {words} {own}", outlet=outlet, days_old=days_old)


def story(name: str, outlets: int) -> list[Article]:
    return [topic(name, f"{name} paper {n}") for n in range(outlets)]


def titles(picks: list[Pick]) -> list[str]:
    return [p.story.lead.title.split()[0] for p in picks if p.lost is None]


def miss_of(picks: list[Pick], name: str) -> Pick:
    return next(p for p in picks if p.lost and p.story.lead.title.startswith(name))


BIG, MIDDLE, SMALL = story("alpha", 4), story("bravo", 3), story("delta", 1)


def test_a_score_is_the_product_of_its_terms() -> None:
    brief = Brief(line="alpha1 bravo2", sections=(SectionBrief("One", ("alpha3", "bravo3")),))
    for pick in pick_week([*BIG, *MIDDLE, *SMALL], brief=brief, now=NOW, limit=2):
        assert pick.score == math.prod(pick.terms.values())
        assert list(pick.terms)[:4] == ["coverage", "fit to the brief", "source weight", "recency"]


def test_as_many_more_outlets_as_the_remedy_names_bring_a_story_in() -> None:
    picks = pick_week([*BIG, *MIDDLE, *SMALL], brief=Brief(), now=NOW, limit=2)
    miss = miss_of(picks, "delta")
    assert miss.lost == "score 0.98, the last pick has 2.94"
    assert miss.remedy.startswith("needs 1.96 more: 3 more outlets")
    assert titles(pick_week([*BIG, *MIDDLE, *story("delta", 4)], brief=Brief(), now=NOW, limit=2)).count("delta") == 1
    assert "delta" not in titles(pick_week([*BIG, *MIDDLE, *story("delta", 2)], brief=Brief(), now=NOW, limit=2))


def test_the_fit_the_remedy_names_brings_a_story_in() -> None:
    asked = Brief(keywords={"alpha1": 0.1, "bravo1": 0.1})
    mine = [*story("alpha", 1), *story("bravo", 1), *SMALL]
    miss = miss_of(pick_week(mine, brief=asked, now=NOW, limit=2), "delta")
    needed = float(re.findall(r"a fit of ([\d.]+) instead of 0.2\d", miss.remedy)[0])
    better = pick_week(mine, brief=replace(asked, keywords={**asked.keywords, "delta1": 5.0}), now=NOW, limit=2)
    delta = next(p for p in better if p.story.lead.title.startswith("delta"))
    assert delta.terms["fit to the brief"] >= needed
    assert delta.lost is None


def test_the_source_weight_the_remedy_names_brings_a_story_in() -> None:
    mine = [*story("alpha", 2), *story("bravo", 2), *(replace(a, source="mine") for a in SMALL)]
    miss = miss_of(pick_week(mine, brief=Brief(), now=NOW, limit=2), "delta")
    needed = float(re.findall(r"a source weight of ([\d.]+) instead of 1.00", miss.remedy)[0])
    for weight, enters in ((needed, True), (needed - 0.02, False)):
        picks = pick_week(mine, brief=Brief(source_weights={"mine": weight}), now=NOW, limit=2)
        assert ("delta" in titles(picks)) is enters


@pytest.mark.parametrize("other", ["alpha", "bravo"])
def test_a_source_weight_that_lifts_a_better_story_of_the_source_too_is_no_remedy(other: str) -> None:
    mine = [*story("alpha", 2), *story("bravo", 1), topic("delta", "D", days_old=2), topic("echo", "E", days_old=3)]
    mine = [replace(a, source="mine") if a.title.split()[0] in {other, "delta"} else a for a in mine]
    miss = miss_of(pick_week(mine, brief=Brief(), now=NOW, limit=2), "delta")
    named = re.findall(r"a source weight of ([\d.]+) instead of 1.00", miss.remedy)
    assert bool(named) is (other == "alpha")
    for weight in map(float, named or ["1.03"]):
        picks = pick_week(mine, brief=Brief(source_weights={"mine": weight}), now=NOW, limit=2)
        assert ("delta" in titles(picks)) is bool(named)


def test_every_miss_with_a_score_can_be_pinned() -> None:
    miss = miss_of(pick_week([*BIG, *MIDDLE, *SMALL], brief=Brief(), now=NOW, limit=2), "delta")
    assert miss.remedy.endswith("or `digest pin`")
    pinned = pick_week([*BIG, *MIDDLE, *SMALL], brief=Brief(), now=NOW, limit=2, edits=[edit("pin", SMALL[0].id)])
    assert sorted(titles(pinned)) == ["alpha", "delta"]


ONE_PAPER = [topic(name, "The Paper", days_old=n) for n, name in enumerate(("alpha", "bravo", "delta", "echo"), 1)]


def test_the_limit_the_remedy_names_brings_an_outlets_next_story_in() -> None:
    picks = pick_week(ONE_PAPER, brief=Brief(source_limit=2), now=NOW)
    for name, limit in (("delta", 3), ("echo", 4)):
        miss = miss_of(picks, name)
        assert miss.lost == "The Paper has 2 picks already ([brief] source_limit)"
        assert f"raise [brief] source_limit to {limit}" in miss.remedy
        assert name in titles(pick_week(ONE_PAPER, brief=Brief(source_limit=limit), now=NOW))
        assert name not in titles(pick_week(ONE_PAPER, brief=Brief(source_limit=limit - 1), now=NOW))


def test_dropping_one_of_the_outlets_picks_makes_room_for_its_next_only() -> None:
    picks = pick_week(ONE_PAPER, brief=Brief(source_limit=2), now=NOW)
    named = f"drop one of: “{ONE_PAPER[0].title}”, “{ONE_PAPER[1].title}”"
    assert named in miss_of(picks, "delta").remedy
    assert named not in miss_of(picks, "echo").remedy
    for victim in ONE_PAPER[:2]:
        again = pick_week(ONE_PAPER, brief=Brief(source_limit=2), now=NOW, edits=[edit("drop", victim.id)])
        assert "delta" in titles(again)
        assert "echo" not in titles(again)


def test_a_story_too_weak_for_the_room_is_not_said_to_lose_to_its_outlets_limit() -> None:
    mine = [*story("kilo", 3), topic("alpha", "P"), topic("bravo", "P", days_old=2), topic("delta", "P", days_old=6)]
    miss = miss_of(pick_week(mine, brief=Brief(source_limit=2), now=NOW, limit=3), "delta")
    assert miss.lost == "score 0.88, the last pick has 0.96"
    assert "room for P ([brief] source_limit)" in miss.remedy


def test_a_drop_taken_back_lets_the_story_in_again() -> None:
    drop = edit("drop", SMALL[0].id)
    (dropped,) = pick_week(SMALL, brief=Brief(), now=NOW, edits=[drop])
    assert (dropped.lost, dropped.remedy) == ("dropped by Mara", "`digest drop --undo` takes the drop back")
    (undone,) = pick_week(SMALL, brief=Brief(), now=NOW, edits=[drop, replace(drop, value="")])
    assert undone.lost is None


def test_pins_that_fill_the_issue_are_said_to() -> None:
    edits = [edit("pin", BIG[0].id), edit("pin", MIDDLE[0].id)]
    miss = miss_of(pick_week([*BIG, *MIDDLE, *SMALL], brief=Brief(), now=NOW, limit=2, edits=edits), "delta")
    assert miss.lost == "the editor’s pins fill the issue (2 of 2)"


def test_a_picked_story_has_no_remedy() -> None:
    assert {p.remedy for p in pick_week(BIG, brief=Brief(), now=NOW)} == {""}


def test_at_most_ten_near_misses_are_kept_and_all_unfit_ones_follow() -> None:
    near = [topic(f"topic{chr(97 + n)}q", f"Paper {n}") for n in range(14)]
    old = [article(f"Old {n}", COUNCIL, days_old=30) for n in range(12)]
    lost = [p.lost or "" for p in pick_week([*near, *old], brief=Brief(), now=NOW, limit=2) if p.lost]
    assert [text[:5] for text in lost] == ["score"] * 10 + ["old: "] * 12


def test_sections_take_turns_where_scores_are_close() -> None:
    sections = (SectionBrief("One", ("alpha1", "bravo1")), SectionBrief("Two", ("delta1",)))
    mine = [topic("alpha", "A", days_old=1), topic("bravo", "B", days_old=1.1), topic("delta", "C", days_old=1.5)]
    picks = pick_week(mine, brief=Brief(sections=sections), now=NOW, limit=2)
    assert sorted(p.section for p in picks if p.lost is None) == ["One", "Two"]
    assert miss_of(picks, "bravo").terms["variety"] == 0.95


# ------------------------------------------------------------------------------------------------ the lead


def both(closed: Article, other: Article, *edits: str) -> Pick:
    (pick,) = pick_week([closed, other], brief=Brief(), now=NOW, edits=[edit(kind, closed.id) for kind in edits])
    return pick


OPEN = article("Open report", PORT, outlet="Harbour Notes")
CLOSED = article("Closed report", PORT_AGAIN, outlet="Dockside Daily", paywall="closed")


@pytest.mark.parametrize("kind", ["pin", "lead"])
def test_an_article_the_editor_names_leads_its_story_and_the_open_report_is_named(kind: str) -> None:
    assert both(CLOSED, OPEN).story.lead == OPEN
    pick = both(CLOSED, OPEN, kind)
    assert (pick.story.lead, pick.story.also) == (CLOSED, (OPEN,))
    assert "behind a paywall; open report: Harbour Notes, “Open report”" in pick.reasons


def test_a_closed_article_without_an_open_report_says_so() -> None:
    (pick,) = pick_week([CLOSED], brief=Brief(), now=NOW)
    assert "behind a paywall; no open report of it" in pick.reasons


def test_an_article_that_may_not_be_excerpted_says_whose_wish_that_is() -> None:
    shut = replace(OPEN, limit=ExcerptLimit(0, "the page says nosnippet"))
    (pick,) = pick_week([shut], brief=Brief(), now=NOW)
    assert "headline and link only: the page says nosnippet" in pick.reasons
    (allowed,) = pick_week([replace(shut, right="we asked")], brief=Brief(), now=NOW)
    assert not any(r.startswith("headline and link only") for r in allowed.reasons)


def test_the_last_of_two_pins_in_a_story_leads_it() -> None:
    edits = [edit("pin", OPEN.id), edit("pin", CLOSED.id)]
    (pick,) = pick_week([OPEN, CLOSED], brief=Brief(), now=NOW, edits=edits)
    assert pick.story.lead == CLOSED
    (back,) = pick_week([OPEN, CLOSED], brief=Brief(), now=NOW, edits=[*edits, edit("pin", CLOSED.id, "")])
    assert back.story.lead == OPEN


def test_a_named_lead_leads_its_story_whatever_is_pinned_after_it() -> None:
    edits = [edit("lead", CLOSED.id), edit("pin", OPEN.id)]
    (pick,) = pick_week([OPEN, CLOSED], brief=Brief(), now=NOW, edits=edits)
    assert pick.story.lead == CLOSED


def test_an_excerpt_on_the_outlets_own_second_page_adds_no_coverage() -> None:
    again = article("Port, short", PORT[: len(PORT) * 3 // 4], outlet="Harbour Notes")
    (pick,) = pick_week([OPEN, again], brief=Brief(), now=NOW)
    assert pick.terms["coverage"] == 1.0


def test_the_picks_are_the_same_in_every_process() -> None:
    program = (
        "from tests.test_pick_remedies import *\n"
        "week = [*BIG, *MIDDLE, *SMALL, *ONE_PAPER, OPEN, CLOSED]\n"
        "print(pick_week(week, brief=Brief(line='alpha1 bravo2 port'), now=NOW, limit=3))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
    assert answers.pop() != b""
