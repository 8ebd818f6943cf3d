"""What an editor does to an issue: chosen, undone, decided on again, compared, carried elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import editing
from digest.compose import as_value, differences, replay, spans_of, with_choices
from digest.condense import printable_quotes
from digest.errors import DigestError, IssueError
from digest.model import Article, Edit, EditKind, Item, Region, Span
from digest.week import Project, build_draft, findings, open_project, target, unfit_edits
from tests.web_newsletter import NOW, SLUG, make_newsletter

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_newsletter(tmp_path_factory.mktemp("editing"))


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "newsletter"
    shutil.copytree(made, folder)
    with open_project(folder) as opened:
        yield opened


def edit(kind: str, number: int, *, value: str = "x", target: str = "") -> Edit:
    return Edit(number, SLUG, kind, target, value, "Mara", NOW)  # type: ignore[arg-type]


def put(project: Project, kind: EditKind, target: str, value: str, *, saw: str = "", who: str = "Mara") -> Edit:
    return editing.add_edit(project, SLUG, kind, target, value, who=who, at=LATER, saw=saw)


def lead(project: Project) -> Item:
    """The first story as the draft has it now, made and kept."""
    win, _ = target(project, now=NOW, week=SLUG)
    draft = build_draft(project, win, SLUG, now=NOW)
    assert draft is not None
    project.store.issues.save_draft(draft.issue, draft.rendered, picks=draft.picks, at=LATER)
    return draft.issue.items[0]


def changed(article: Article, text: str) -> Article:
    """A newer version of *article* with that text."""
    return replace(article, text=text, text_hash=f"hash of {text[:20]}", regions=(Region("body", Span(0, len(text))),))


# ------------------------------------------------------------------------------------------------ undo and redo


def test_each_undo_takes_the_newest_edit_and_each_redo_brings_one_back() -> None:
    a, b, c = edit("subject", 1), edit("intro", 2), edit("note", 3)
    undo, redo = edit("undo", 9), edit("redo", 9)
    assert replay([a, b, c, undo, undo]) == ([a], [c, b])
    assert replay([a, b, c, undo, undo, redo]) == ([a, b], [c])
    assert replay([a, undo, undo, redo, redo]) == ([a], [])


def test_something_new_ends_what_could_be_redone() -> None:
    a, b, c = edit("subject", 1), edit("intro", 2), edit("note", 3)
    assert replay([a, b, edit("undo", 9), c, edit("redo", 9)]) == ([a, c], [])


@given(st.lists(st.sampled_from(["subject", "undo", "redo"])))
def test_an_undo_and_a_redo_leave_everything_as_it_was(kinds: list[str]) -> None:
    history = [edit(kind, n) for n, kind in enumerate(kinds)]
    done, undone = replay(history)
    again = replay([*history, edit("undo", 99), edit("redo", 99)])
    assert again == (done, undone) if done else again[0] == undone[-1:]
    assert len(done) + len(undone) <= kinds.count("subject")


def test_undo_goes_back_to_what_the_rules_made_and_says_when_there_is_no_more(project: Project) -> None:
    put(project, "subject", "", "One")
    put(project, "subject", "", "Two")
    assert editing.undo(project, SLUG, who="Mara", at=LATER).value == "Two"
    assert [e.value for e in project.store.issues.edits(SLUG)] == ["One"]
    editing.undo(project, SLUG, who="Mara", at=LATER)
    with pytest.raises(IssueError, match="nothing is left to undo"):
        editing.undo(project, SLUG, who="Mara", at=LATER)
    assert editing.redo(project, SLUG, who="Mara", at=LATER).value == "One"
    assert [e.kind for e in project.store.issues.history(SLUG)] == ["subject", "subject", "undo", "undo", "redo"]


def test_an_undo_withdraws_the_approval_too(project: Project) -> None:
    put(project, "subject", "", "One")
    lead(project)
    known = project.store.issues.get(SLUG)
    assert known is not None
    project.store.issues.approve(SLUG, fingerprint=known.fingerprint, who="Mara", at=LATER)
    editing.undo(project, SLUG, who="Mara", at=LATER)
    known = project.store.issues.get(SLUG)
    assert known is not None and known.state == "draft"


def test_who_saw_an_older_state_overwrites_nothing(project: Project) -> None:
    seen = project.store.issues.revision(SLUG)
    put(project, "subject", "", "Ruth’s", who="Ruth")
    with pytest.raises(IssueError, match="Ruth has changed 2026-W12 meanwhile"):
        editing.add_edit(project, SLUG, "subject", "", "Mara’s", who="Mara", at=LATER, after=seen)
    assert [e.value for e in project.store.issues.history(SLUG)] == ["Ruth’s"]


# ------------------------------------------------------------------------------------------------ choosing


def test_chosen_sentences_are_printed_in_the_articles_order_and_no_others(project: Project) -> None:
    article = lead(project).article
    wanted = [editing.sentences_of(article)[n] for n in (1, 3)]
    put(project, "sentences", article.id, editing.choose_sentences(article, [4, 2, 4]), saw=article.text_hash)
    printed = lead(project).summary.sentences
    assert [excerpt.span for excerpt in printed] == wanted
    assert [excerpt.text for excerpt in printed] == [span.of(article.text) for span in wanted]
    editing.undo(project, SLUG, who="Mara", at=LATER)
    assert [excerpt.span for excerpt in lead(project).summary.sentences] != wanted


def test_another_quote_or_none(project: Project) -> None:
    article = lead(project).article
    other = printable_quotes(article)[1]
    put(project, "quote", article.id, editing.choose_quote(article, 2), saw=article.text_hash)
    assert [q.spans for q in lead(project).summary.quotes] == [other.spans]
    put(project, "quote", article.id, "none", saw=article.text_hash)
    assert lead(project).summary.quotes == ()


def test_a_corrected_speaker_stands_in_brackets_and_holds_for_that_quote_alone(project: Project) -> None:
    item = lead(project)
    article, quote = item.article, item.summary.quotes[0]
    put(project, "speaker", article.id, f"{quote.spans[0].start} Ada Holm", saw=article.text_hash)
    again = lead(project).summary.quotes[0]
    assert (again.speaker, again.by_editor, again.role) == ("Ada Holm", ("speaker",), quote.role)
    html = project.store.issues.rendered(SLUG).variants[0].html
    assert "[Ada" in html and f"[{quote.role}" not in html
    put(project, "quote", article.id, editing.choose_quote(article, 2), saw=article.text_hash)
    assert lead(project).summary.quotes[0].by_editor == ()


@pytest.mark.parametrize(("numbers", "words"), [([0], "no sentence 0"), ([1, 999], "no sentence 999")])
def test_a_number_there_is_not_is_named(project: Project, numbers: list[int], words: str) -> None:
    with pytest.raises(IssueError, match=words):
        editing.choose_sentences(lead(project).article, numbers)


def test_a_choice_for_another_text_does_not_count(project: Project) -> None:
    item = lead(project)
    choice = replace(edit("sentences", 1, value="0-9", target=item.article.id), saw="another text")
    assert with_choices(item.summary, item.article, [choice], list) == item.summary


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 90)).map(lambda p: Span(p[0], p[0] + p[1]))))
def test_spans_come_back_as_they_were_written(spans: list[Span]) -> None:
    assert spans_of(as_value(spans)) == tuple(sorted(spans))


def test_what_is_no_span_is_said() -> None:
    for value in ("", "x", "1", "1-", "9-3", "-1-4"):
        if value:
            with pytest.raises(DigestError, match="no places in a text"):
                spans_of(value)


# ------------------------------------------------------------------------------------------------ a source that changed


def test_after_a_change_elsewhere_in_the_text_the_choice_can_be_kept(project: Project) -> None:
    article = lead(project).article
    kept = put(project, "sentences", article.id, editing.choose_sentences(article, [2, 4]), saw=article.text_hash)
    before = [e.text for e in lead(project).summary.sentences]
    project.store.articles.add(changed(article, f"A line that was not there before.\n\n{article.text}"))
    lead(project)
    (conflict,) = unfit_edits(project, SLUG)
    assert (conflict.edit, conflict.why) == (kept, "changed") and conflict.value
    assert [f.rule for f in findings(project, SLUG) if f.rule == "edit-unfit"] == ["edit-unfit"]
    editing.keep(project, SLUG, kept.id, who="Mara", at=LATER)
    assert [e.text for e in lead(project).summary.sentences] == before
    assert unfit_edits(project, SLUG) == []


def test_where_the_words_are_gone_the_edit_can_only_be_dropped(project: Project) -> None:
    article = lead(project).article
    kept = put(project, "sentences", article.id, editing.choose_sentences(article, [2]), saw=article.text_hash)
    text = editing.sentences_of(article)[1].of(article.text)
    put(project, "lead", article.id, "yes")
    project.store.articles.add(changed(article, article.text.replace(text, "It is one page.")))
    lead(project)
    with pytest.raises(IssueError, match="do not stand in"):
        editing.keep(project, SLUG, kept.id, who="Mara", at=LATER)
    editing.drop(project, SLUG, kept.id, who="Mara", at=LATER)
    assert unfit_edits(project, SLUG) == []


def test_a_note_on_a_story_that_is_gone_is_named_and_can_be_dropped(project: Project) -> None:
    article = lead(project).article
    note = put(project, "note", article.id, "We counted nine.", saw=article.text_hash)
    put(project, "drop", article.id, "yes")
    lead(project)
    (conflict,) = unfit_edits(project, SLUG)
    assert (conflict.edit.id, conflict.why) == (note.id, "gone")
    with pytest.raises(IssueError, match="of an article that is not in 2026-W12"):
        editing.keep(project, SLUG, note.id, who="Mara", at=LATER)
    editing.drop(project, SLUG, note.id, who="Mara", at=LATER)
    assert unfit_edits(project, SLUG) == []


# ------------------------------------------------------------------------------------------------ comparing, carrying


def test_what_the_editors_made_of_it(project: Project) -> None:
    article = lead(project).article
    put(project, "subject", "", "A port that hides nothing")
    put(project, "sentences", article.id, editing.choose_sentences(article, [2]), saw=article.text_hash)
    lead(project)
    found = editing.compare(project, (SLUG, 0), (SLUG, None))
    assert {d.what for d in found} == {"subject", "sentence"}
    assert next(d for d in found if d.what == "subject").after == "A port that hides nothing"
    assert [d.after for d in found if d.after and d.where] == [editing.sentences_of(article)[1].of(article.text)]
    assert editing.compare(project, (SLUG, 2), (SLUG, None)) == []
    with pytest.raises(IssueError, match="has 2 edits in force, not 3"):
        editing.compare(project, (SLUG, 3), (SLUG, None))


def test_a_story_moved_is_one_difference_not_one_for_each_it_passed(project: Project) -> None:
    lead(project)
    issue = project.store.issues.issue(SLUG)
    moved = replace(issue, items=(*issue.items[1:4], issue.items[0], *issue.items[4:]))
    assert [(d.what, d.where) for d in differences(issue, moved)] == [("place", issue.items[0].article.title)]


def test_edits_are_carried_over_once_with_who_made_them(project: Project, made: Path, tmp_path: Path) -> None:
    article = lead(project).article
    put(project, "note", article.id, "Ruth’s note", who="Ruth")
    put(project, "subject", "", "Undone")
    editing.undo(project, SLUG, who="Mara", at=LATER)
    text = editing.export_edits(project, SLUG)
    shutil.copytree(made, tmp_path / "other")
    with open_project(tmp_path / "other") as other:
        assert editing.import_edits(other, SLUG, text, who="Mara", at=LATER) == 1
        assert editing.import_edits(other, SLUG, text, who="Mara", at=LATER) == 0
        (edit,) = other.store.issues.edits(SLUG)
    assert (edit.kind, edit.value, edit.who, edit.at) == ("note", "Ruth’s note", "Ruth", LATER)


def test_a_file_with_one_bad_edit_adds_none(project: Project) -> None:
    put(project, "subject", "", "One")
    held = json.loads(editing.export_edits(project, SLUG))
    editing.undo(project, SLUG, who="Mara", at=LATER)
    (good,) = held["edits"]
    for bad in (
        {"kind": "rewrite"},
        {"kind": "move", "value": "up"},
        {"kind": "quote", "value": "9-3"},
        {"kind": "undo"},
    ):
        text = json.dumps({**held, "edits": [good, {**good, **bad}]})
        with pytest.raises(DigestError, match="edit 2 of the file is none"):
            editing.import_edits(project, SLUG, text, who="Mara", at=LATER)
    for text in ("", "[]", '{"format": "digest edits 1"}', '{"format": "x", "edits": []}'):
        with pytest.raises(DigestError):
            editing.import_edits(project, SLUG, text, who="Mara", at=LATER)
    assert project.store.issues.edits(SLUG) == []
