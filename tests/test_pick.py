"""Choosing: the window, stories, copies, the brief, limits, the editor's word, and a reason for everything."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.model import Brief, Edit, SectionBrief
from digest.pick import Survey, group_stories, pick_week
from tests.make import NOW, article

PORT = (
    "The harbour office in Port Ellery has put every late berth of the past six months on a public page, with the "
    "cause and the cost of each delay. Complaints to the office fell by a third after the page went up in January. "
    "Shipping agents in Port Ellery said the harbour page had ended quarrels about who was to blame for delays."
)
PORT_AGAIN = (
    "Port Ellery now publishes each late berth, its cause and its cost on a page that anyone can read. Agents in "
    "Port Ellery say quarrels about delays have stopped since January, and complaints to the harbour fell by a third."
)
COUNCIL = (
    "Norwick council rewrote its forty most sent letters with the people who get them. Calls asking what a letter "
    "meant fell by half in ten weeks. The shortest letter, thirty-one words long, was also the one answered fastest."
)


def lost(picks: list, title: str) -> str:
    return next(p.lost or "" for p in picks if p.story.lead.title == title)


def edit(kind: str, target: str, value: str = "yes") -> Edit:
    return Edit(1, "2026-W12", kind, target, value, "Mara", NOW)  # type: ignore[arg-type]


def test_reports_of_one_event_are_one_story() -> None:
    stories = group_stories(
        [
            article("Port publishes every delay", PORT, outlet="Harbour Notes"),
            article("Council rewrites its letters", COUNCIL, outlet="Commonplace"),
            article("Every late berth is public now", PORT_AGAIN, outlet="Dockside Daily"),
        ]
    )
    assert sorted(len(s.articles()) for s in stories) == [1, 2]


def test_stories_a_week_apart_are_not_merged() -> None:
    stories = group_stories([article("A", PORT, days_old=6), article("B", PORT_AGAIN, outlet="Other", days_old=1)])
    assert len(stories) == 2


def test_a_copy_counts_for_less_than_an_outlet() -> None:
    copied = [article("Port", PORT, outlet="A"), article("The port", PORT, outlet="B")]
    told = [article("Port", PORT, outlet="A"), article("The berths", PORT_AGAIN, outlet="B")]
    (copy,) = pick_week(copied, brief=Brief(), now=NOW)
    (twice,) = pick_week(told, brief=Brief(), now=NOW)
    assert copy.reasons[0] == "1 outlet, 1 copy"
    assert twice.reasons[0] == "2 outlets"
    assert copy.score < twice.score


def test_an_old_article_is_said_to_be_old_with_its_date() -> None:
    picks = pick_week([article("Stale", COUNCIL, days_old=25)], brief=Brief(), now=NOW)
    assert lost(picks, "Stale").startswith("old: 2026-02-25")


def test_the_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    since = NOW - timedelta(days=7)
    on_the_line = replace(article("Start", COUNCIL), seen=since)
    at_the_end = replace(article("End", PORT), seen=NOW)
    picks = pick_week([on_the_line, at_the_end], brief=Brief(), now=NOW, since=since)
    assert [p.story.lead.title for p in picks if p.lost is None] == ["End"]


def test_blocked_words_keep_an_article_out() -> None:
    picks = pick_week([article("Sponsored: berths", PORT)], brief=Brief(blocked=("sponsored",)), now=NOW)
    assert lost(picks, "Sponsored: berths") == "blocked: holds “sponsored”"


def test_keywords_raise_a_story_and_are_named() -> None:
    both = [article("Port", PORT, outlet="A"), article("Council", COUNCIL, outlet="B")]
    picks = pick_week(both, brief=Brief(keywords={"letter": 1.0}), now=NOW)
    assert picks[0].story.lead.title == "Council"
    assert "matches: letter" in picks[0].reasons
    assert "matches nothing in the brief" in picks[1].reasons


def test_one_outlet_gets_no_more_than_its_share() -> None:
    texts = [f"{word} " * 30 for word in ("alpha", "bravo", "charlie")]
    mine = [article(t.split()[0].title(), t, outlet="One") for t in texts]
    picks = pick_week(mine, brief=Brief(source_limit=2), now=NOW)
    assert [p.lost for p in picks] == [None, None, "One has 2 picks already ([brief] source_limit)"]


def test_nothing_from_a_past_issue_comes_again_not_even_as_a_copy() -> None:
    past = [article("Port", PORT, outlet="A", days_old=9)]
    again = article("The same under another name", PORT, outlet="B")
    picks = pick_week([again], brief=Brief(), now=NOW, past=past)
    assert "already in a past issue" in lost(picks, again.title)


def test_a_pin_wins_over_the_window_and_a_drop_over_the_score() -> None:
    old, good = article("Old", COUNCIL, days_old=30), article("Good", PORT)
    picks = pick_week([old, good], brief=Brief(), now=NOW, edits=[edit("pin", old.id), edit("drop", good.id)])
    assert [p.story.lead.title for p in picks if p.lost is None] == ["Old"]
    assert lost(picks, "Good") == "dropped by Mara"


def test_an_edit_taken_back_is_as_if_never_made() -> None:
    good = article("Good", PORT)
    picks = pick_week([good], brief=Brief(), now=NOW, edits=[edit("drop", good.id), edit("drop", good.id, "")])
    assert picks[0].lost is None


@pytest.mark.parametrize(
    ("edits", "second", "reasons"),
    [
        ([("lead", "yes"), ("lead", "")], False, ()),
        ([("lead", "yes"), ("pin", "")], False, ()),
        ([("pin", "yes"), ("lead", "yes"), ("lead", "")], True, ("pinned by the editor",)),
        ([("pin", "yes"), ("lead", "yes"), ("pin", "")], False, ()),
        ([("lead", "yes"), ("drop", "yes"), ("drop", "")], True, ("pinned by the editor", "lead by the editor")),
        ([("lead", "yes"), ("drop", "yes"), ("pin", "yes")], True, ("pinned by the editor",)),
        ([("pin", "yes"), ("drop", "yes")], False, ()),
    ],
    ids=lambda e: ", ".join(kind + (" --undo" if not value else "") for kind, value in e) if type(e) is list else None,
)
def test_what_is_taken_back_leaves_what_was_said_before(
    edits: list[tuple[str, str]], second: bool, reasons: tuple[str, ...]
) -> None:
    mine = [article("First", PORT, days_old=0), article("Second", COUNCIL, outlet="B", days_old=5)]
    said = [edit(kind, mine[1].id, value) for kind, value in edits]
    found = pick_week(mine, brief=Brief(), now=NOW, limit=1, edits=said)[0]
    assert (found.story.lead.title == "Second") == second
    assert tuple(r for r in found.reasons if "by the editor" in r) == reasons


def test_a_negative_weight_is_none() -> None:
    first, second = article("First", PORT, source="a"), article("Second", COUNCIL, outlet="B", source="b")
    _, miss = pick_week([first, second], brief=Brief(source_weights={"b": -1.0}), now=NOW, limit=1)
    assert (miss.lost, miss.remedy) == ("score 0.00, the last pick has 0.98", "needs 0.98 more; or `digest pin`")


def test_the_editors_lead_comes_first() -> None:
    first, second = article("First", PORT, days_old=0), article("Second", COUNCIL, outlet="B", days_old=5)
    picks = pick_week([first, second], brief=Brief(), now=NOW, edits=[edit("lead", second.id)])
    assert picks[0].story.lead.title == "Second"
    assert picks[0].reasons[-1] == "lead by the editor"


def test_a_source_may_have_its_own_section() -> None:
    brief = Brief(sections=(SectionBrief("Transport", ("berth",)),), source_sections={"notes": "Nature"})
    mine = [article("A", PORT, source="notes"), article("B", PORT_AGAIN, outlet="X", days_old=6)]
    sections = {p.story.lead.title: p.section for p in pick_week(mine, brief=brief, now=NOW)}
    assert sections == {"A": "Nature", "B": "Transport"}


def test_the_order_of_the_articles_changes_nothing() -> None:
    mine = [
        article(f"Story {n}", f"{PORT if n % 3 else COUNCIL} Number {n}.", outlet=f"Outlet {n % 4}", days_old=n / 3)
        for n in range(12)
    ]
    expected = pick_week(mine, brief=Brief(line="harbour letters"), now=NOW)
    for seed in range(5):
        shuffled = list(mine)
        random.Random(seed).shuffle(shuffled)
        assert pick_week(shuffled, brief=Brief(line="harbour letters"), now=NOW) == expected


def test_the_last_word_on_any_report_of_a_story_counts() -> None:
    """A pin on one report has the story back that was dropped by another one."""
    from digest.model import Edit, Story
    from digest.pick.wishes import read_wishes

    one, other = article("The ferry sails again"), article("Ferry service resumes")
    story = Story(one, (other,))

    def said(*words: tuple[str, str]) -> str | None:
        edits = [Edit(n, "2026-W12", kind, target, "yes", "Mara", NOW) for n, (kind, target) in enumerate(words)]  # type: ignore[arg-type]
        return read_wishes(edits).dropped(story)

    assert said(("drop", one.id)) == "Mara"
    assert said(("drop", one.id), ("pin", other.id)) is None
    assert said(("pin", other.id), ("drop", one.id)) == "Mara"
    assert said() is None


def test_a_week_surveyed_once_is_picked_from_as_if_it_were_read_anew() -> None:
    """Whatever the edits are, and whatever they were before."""
    told = [article(f"Report {n} of berth {n // 3}", f"{PORT} Berth {n // 3}.", outlet=f"Outlet {n}") for n in range(9)]
    others = [article(f"Count {n}", f"{COUNCIL} {n} " * (n + 1), outlet=f"Paper {n % 4}", days_old=n) for n in range(9)]
    short, old = article("Slip", "Three words only."), article("Old", PORT_AGAIN.replace("Ellery", "Vik"), days_old=9)
    week, past = [*told, *others, short, old], [article("Count 2", f"{COUNCIL} 2 " * 3, outlet="Paper 2", days_old=9)]
    brief = Brief(line="ports and councils", source_limit=2)
    survey = Survey(week, brief=brief, now=NOW, past=past)
    rng = random.Random(5)
    for _ in range(12):
        edits = [
            edit(rng.choice(["pin", "drop", "lead"]), rng.choice(week).id, rng.choice(["yes", ""])) for _ in range(6)
        ]
        again = survey.choose(limit=4, edits=edits).picks(None)
        assert again == pick_week(week, brief=brief, now=NOW, past=past, limit=4, edits=edits, near_misses=None)
