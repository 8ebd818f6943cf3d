"""The issue put together: forms, order, defaults, the editor's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose import Placed, compose_issue, cut_at_word, lay_out, layout_of, move_value, read_move
from digest.config import Quoting
from digest.model import Article, Edit, Excerpt, ExcerptLimit, Issue, ItemForm, Pick, Region, Span, Summary
from digest.render.checks.sources import quoting
from digest.text.limits import allowance
from digest.week import condense_items
from tests.make import NOW, pick
from tests.render_samples import make_config, sample_issue

SECTIONS = ["Government", "Transport", "Nature"]


def edit(kind: str, target: str, value: str) -> Edit:
    return Edit(1, "2026-W12", kind, target, value, "Mara", NOW)  # type: ignore[arg-type]


def week() -> list[Pick]:
    places = ["Transport", "Nature", "Government", "", "Transport", "Nature", "Government", "Nature", "Transport", ""]
    return [pick(f"Story number {n}", section) for n, section in enumerate(places, 1)]


def issue(edits: list[Edit] | None = None) -> Issue:
    edits = edits or []
    placed = lay_out(week(), edits=edits, sections=SECTIONS)
    summaries = {
        p.pick.story.lead.id: Summary("test", (Excerpt(p.pick.story.lead.id, Span(0, 5), "Story"),), ()) for p in placed
    }
    return compose_issue(
        placed,
        summaries,
        slug="2026-W12",
        number=7,
        since=NOW - timedelta(days=7),
        until=NOW,
        title="The Weekly Ledger",
        edits=edits,
    )


def test_the_lead_and_six_items_have_summaries_the_rest_are_links_at_the_end() -> None:
    forms = [i.form for i in issue().items]
    assert forms == ["lead"] + ["item"] * 6 + ["link"] * 3


def test_sections_stand_together_the_leads_first_then_as_configured() -> None:
    assert issue().sections == ("Transport", "Government", "Nature", "In brief")
    sections = [i.pick.section for i in issue().items]
    assert sections == sorted(sections, key=issue().sections.index)


def test_without_edits_the_subject_is_the_leads_title_and_the_preheader_names_the_next() -> None:
    made = issue()
    assert made.subject == "Story number 1"
    assert made.preheader.startswith("Also: Story number 5; Story number 3")
    assert made.intro == ""


def test_the_editors_words_win_and_empty_words_take_them_back() -> None:
    assert issue([edit("subject", "", "Ten stories")]).subject == "Ten stories"
    assert issue([edit("subject", "", "Ten stories"), edit("subject", "", "")]).subject == "Story number 1"


def test_a_note_stands_at_its_article() -> None:
    target = week()[1].story.lead.id
    notes = {i.article.id: i.note for i in issue([edit("note", target, "We counted nine.")]).items if i.note}
    assert notes == {target: "We counted nine."}


def test_a_moved_article_takes_the_place_and_the_section_that_stands_there() -> None:
    target = week()[2].story.lead.id
    made = issue([edit("move", target, "1")])
    assert made.items[0].article.id == target
    assert made.items[0].form == "lead"
    assert [i.form for i in made.items].count("lead") == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 12)), max_size=8))
def test_moves_never_lose_or_double_a_story(steps: list[tuple[int, int]]) -> None:
    edits = [edit("move", week()[n].story.lead.id, str(place)) for n, place in steps]
    made = issue(edits)
    assert sorted(i.article.title for i in made.items) == sorted(p.story.lead.title for p in week())
    assert [i.form for i in made.items].count("lead") == 1 and made.items[0].form == "lead"
    order = [i.pick.section for i in made.items]
    assert order == sorted(order, key=made.sections.index)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 60, "short"),
        ("the harbour office publishes", 18, "the harbour…"),
        ("the harbour, an office", 13, "the harbour…"),
        ("unbreakable" * 3, 10, "unbreakab…"),
    ],
)
def test_a_title_is_cut_at_a_word(text: str, width: int, expected: str) -> None:
    assert cut_at_word(text, width) == expected


@given(st.text(min_size=0, max_size=200), st.integers(5, 80))
def test_a_cut_title_never_grows_past_its_width(text: str, width: int) -> None:
    assert len(cut_at_word(text, width)) <= width


def reserved(one: Pick) -> Pick:
    lead = replace(one.story.lead, limit=ExcerptLimit(0, "the page says nosnippet"))
    return replace(one, story=replace(one.story, lead=lead))


def test_a_headline_without_words_is_a_link_and_leads_only_where_an_editor_says_so() -> None:
    picks = week()
    picks[0] = reserved(picks[0])
    target = picks[0].story.lead.id
    placed = lay_out(picks, sections=SECTIONS)
    assert placed[0].pick.story.lead.title == "Story number 2"
    assert next(p.form for p in placed if p.pick.story.lead.id == target) == "link"
    placed = lay_out(picks, sections=SECTIONS, edits=[edit("lead", target, "yes")])
    assert (placed[0].pick.story.lead.id, placed[0].form) == (target, "lead")


# ------------------------------------------------------------------------------------------------ layouts and limits


def test_the_links_layout_keeps_every_link_in_its_section() -> None:
    placed = lay_out(week(), sections=SECTIONS, layout=layout_of("links"))
    assert [p.form for p in placed] == ["lead", *["link"] * (len(placed) - 1)]
    assert {p.pick.section for p in placed if p.pick.section in SECTIONS} > {placed[0].pick.section}


def test_an_essay_has_four_long_items() -> None:
    placed = lay_out(week(), sections=SECTIONS, layout=layout_of("essay"))
    assert sum(p.form != "link" for p in placed) == 4


def test_a_layout_of_ones_own_is_composed_as_a_briefing() -> None:
    assert layout_of("broadsheet") == layout_of("briefing")


def long_article(words: int, **more: Any) -> Article:
    text = " ".join(f"word{n}" for n in range(words))
    made = week()[0].story.lead
    return replace(made, text=text, regions=(Region("body", Span(0, len(text))),), **more)


@pytest.mark.parametrize(
    ("words", "form", "more", "allowed"),
    [
        (1000, "item", {}, 100),
        (1000, "lead", {}, 120),
        (200, "item", {}, 50),
        (200, "lead", {}, 70),
        (10, "item", {}, 2),
        (1000, "item", {"own": True}, None),
        (1000, "item", {"license": "https://creativecommons.org/licenses/by/4.0/"}, None),
        (1000, "item", {"license": "CC BY-SA 4.0"}, None),
        (1000, "item", {"license": "CC0"}, None),
        (1000, "item", {"license": "Open Government Licence v3.0"}, None),
        (1000, "item", {"license": "CC BY-NC 4.0"}, 100),
        (1000, "item", {"license": "https://creativecommons.org/licenses/by-nd/4.0/"}, 100),
        (1000, "item", {"license": "Creative Commons Attribution-NonCommercial"}, 100),
        (1000, "item", {"license": "All rights reserved"}, 100),
        (1000, "item", {"outlet": "Strict"}, 30),
        (1000, "item", {"outlet": "Strict", "own": True}, 30),
    ],
)
def test_how_many_words_an_item_may_print(words: int, form: ItemForm, more: Any, allowed: int | None) -> None:
    quoting = Quoting(outlets={"Strict": 30})
    assert allowance(long_article(words, **more), form, quoting).most == allowed


@pytest.mark.parametrize(
    "limits",
    [
        Quoting(),
        Quoting(max_words=20, lead_max_words=30),
        Quoting(max_share=0.6, lead_max_share=0.9, quotes=2),
        Quoting(outlets={"Commonplace": 12, "Civic Wire": 60}, quotes=0),
    ],
)
def test_what_is_composed_is_never_more_than_the_check_allows(limits: Quoting) -> None:
    """Both ask one rule, so that a finding of the check means a change by hand, or of [quoting]."""
    config = replace(make_config(), quoting=limits)
    placed = [Placed(i.pick, i.form) for i in sample_issue().items]
    summaries = condense_items(placed, config)
    assert any(s.sentences for s in summaries.values())
    for item in sample_issue().items:
        summary = summaries.get(item.article.id, Summary("none", (), ()))
        assert list(quoting(replace(item, summary=summary), summary.quotes, config)) == []


def test_only_the_report_counts_for_the_share() -> None:
    half = long_article(400)
    cut = half.text.index("word200")
    regions = (Region("body", Span(0, cut)), Region("opinion", Span(cut, len(half.text)), "Author’s view"))
    assert allowance(replace(half, regions=regions), "item", Quoting()).most == 50


def test_a_story_moved_beside_another_stays_beside_it_when_another_lead_changes_the_order() -> None:
    """A place by number alone would put it among the stories of another section."""
    picks = week()
    ids = [p.pick.story.lead.id for p in lay_out(picks, sections=SECTIONS)]
    first, second = ids[0], ids[1]
    moved = edit("move", first, move_value(ids, first, 2))
    order = [p.pick.story.lead.id for p in lay_out(picks, edits=[moved], sections=SECTIONS)]
    assert order[:2] == [second, first]
    other = next(p for p in picks if p.section == "Nature")
    led = [other, *(p for p in picks if p is not other)]
    again = lay_out(led, edits=[moved], sections=SECTIONS)
    at = [p.pick.story.lead.id for p in again]
    assert at[0] == other.story.lead.id
    assert at.index(first) == at.index(second) + 1
    assert {p.pick.section for p in again if p.pick.story.lead.id in (first, second)} == {"Transport"}


@pytest.mark.parametrize("value", ["", "0", "x", "2 beside a", "2 before", "2 before a b"])
def test_what_is_no_place_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is no place"):
        read_move("a", value)
