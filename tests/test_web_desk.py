"""The desk's changes, asked for as its page asks for them: kept, refused, undone; and nothing by a preview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from digest.editing import add_edit, sentences_of
from digest.model import Article, Editor
from digest.web.guard import CSRF, csrf_word
from digest.web.preview import Workshop, create_preview
from digest.week import open_project
from tests.web_newsletter import NOW, SLUG, make_newsletter

TOKEN = "k3y"


class Page:
    """The desk, and what its page knows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.workshop = folder, Workshop(folder, SLUG)
        app = create_preview(self.workshop, token=TOKEN, editor=Editor("Mara"), now=lambda: NOW)
        self.client: FlaskClient = app.test_client()
        self.client.get(f"/?token={TOKEN}")

    @property
    def revision(self) -> str:
        (found,) = re.findall(r'data-revision="(\d+)"', self.client.get("/").text)
        return str(found)

    def items(self) -> list[Any]:
        draft = self.workshop.show().draft
        assert draft is not None
        return list(draft.issue.items)

    def article(self, number: int = 1) -> Article:
        found = self.items()[number - 1].article
        assert isinstance(found, Article)
        return found

    def send(
        self, path: str = "edit", *, code: int = 200, revision: str | None = None, **fields: str
    ) -> dict[str, Any]:
        form = {CSRF: csrf_word(TOKEN), "revision": self.revision if revision is None else revision, **fields}
        answer = self.client.post(f"/api/{path}", data=form)
        assert answer.status_code == code, answer.text
        return dict(answer.get_json())

    def of(self, number: int = 1) -> dict[str, str]:
        article = self.article(number)
        return {"article": article.id, "saw": article.text_hash}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Page]:
    yield Page(make_newsletter(tmp_path))


def edits(desk: Page) -> list[tuple[str, str]]:
    with open_project(desk.folder) as project:
        return [(e.kind, e.value) for e in project.store.issues.edits(SLUG)]


def test_words_are_kept_as_an_edit_in_the_editors_name_and_shown_at_once(desk: Page) -> None:
    said = desk.send(kind="subject", value="  The port that\nhid nothing ")
    assert said["ok"] and str(said["revision"]) == desk.revision
    assert edits(desk) == [("subject", "The port that hid nothing")]
    assert "The port that hid nothing" in desk.client.get("/").text
    with open_project(desk.folder) as project:
        assert [e.who for e in project.store.issues.history(SLUG)] == ["Mara"]


@pytest.mark.parametrize("broken", ['limit = "x"', "limit = ", "[nonsense]\nlimit = 10"], ids=str)
def test_a_broken_setting_is_said_over_every_panel_of_the_last_good_draft(desk: Page, broken: str) -> None:
    config, headline = desk.folder / "digest.toml", desk.article().title
    assert headline in desk.client.get("/").text
    near = rows_out(desk)
    config.write_text(re.sub(r"(?m)^limit = 10\b", broken, config.read_text("utf-8"), count=1), encoding="utf-8")
    for panel in ("stories", "week", "source", "words", "check", "send"):
        answer = desk.client.get("/", query_string={"panel": panel, "at": near})
        assert answer.status_code == 200 and "cannot be shown yet" not in answer.text, panel
        assert "digest.toml" in answer.text and headline in answer.text, panel
    for part in ("/week", "/send", "/report", "/frame/mail"):
        assert "cannot be shown yet" not in desk.client.get(part).text, part


def rows_out(desk: Page) -> str:
    """The id of an article that is not in the issue."""
    draft = desk.workshop.show().draft
    assert draft is not None
    return draft.near_misses[0].story.lead.id


def test_a_text_keeps_its_paragraphs(desk: Page) -> None:
    desk.send(kind="intro", value="One\nline.\r\n\r\n\r\nAnother.")
    assert edits(desk) == [("intro", "One line.\n\nAnother.")]


def test_a_story_is_moved_dropped_and_had_back(desk: Page) -> None:
    first, second = desk.article(1), desk.article(2)
    desk.send(kind="move", article=first.id, value="2")
    assert [desk.article(n).id for n in (1, 2)] == [second.id, first.id]
    desk.send(kind="drop", article=first.id, value="yes")
    assert first.id not in [item.article.id for item in desk.items()]
    assert ">Dropped</button>" in desk.client.get("/").text
    desk.send(kind="drop", article=first.id, value="")
    assert first.id in [item.article.id for item in desk.items()]


def test_a_sentence_is_turned_over_and_a_passage_added(desk: Page) -> None:
    places = sentences_of(desk.article())
    before = {e.span for e in desk.items()[0].summary.sentences}
    other = next(p for p in places if not any(p.overlaps(span) for span in before))
    turn = {"start": str(other.start), "end": str(other.end)}
    desk.send(kind="sentences", value="turn", **turn, **desk.of())
    assert {e.span for e in desk.items()[0].summary.sentences} == before | {other}
    desk.send(kind="sentences", value="turn", **turn, **desk.of())
    assert {e.span for e in desk.items()[0].summary.sentences} == before
    desk.send(kind="sentences", value="add", start=str(places[1].start), end=str(places[2].start + 1), **desk.of())
    assert {places[1], places[2]} <= {e.span for e in desk.items()[0].summary.sentences}
    assert edits(desk)[-1][0] == "sentences"


def test_the_source_says_which_sentences_and_quotes_can_be_chosen(desk: Page) -> None:
    page = desk.client.get("/?at=1.1&panel=source").text
    assert page.count('role="checkbox"') == len(sentences_of(desk.article()))
    assert page.count('aria-checked="true"') >= len(desk.items()[0].summary.sentences)
    (other,) = re.findall(r'data-edit="quote" data-value="([\d -]+)"', page)[:1]
    desk.send(kind="quote", value=other, **desk.of())
    quote = desk.items()[0].summary.quotes[0]
    desk.send(kind="speaker", value="Ada Holm", start=str(quote.spans[0].start), **desk.of())
    assert desk.items()[0].summary.quotes[0].speaker == "Ada Holm"
    assert "Yours: in brackets" in desk.client.get("/?at=1.1").text


def test_who_saw_an_older_state_is_told_and_overwrites_nothing(desk: Page) -> None:
    seen = desk.revision
    with open_project(desk.folder) as project:
        add_edit(project, SLUG, "subject", "", "Ruth’s", who="Ruth", at=NOW)
    said = desk.send(kind="subject", value="Mara’s", revision=seen, code=409)
    assert said["stale"] and "Ruth has changed 2026-W12 meanwhile" in said["said"]
    assert edits(desk) == [("subject", "Ruth’s")]


def test_undo_and_redo_say_what_they_did_and_when_there_is_no_more(desk: Page) -> None:
    desk.send(kind="note", article=desk.article().id, value="We counted nine.")
    assert desk.send("undo")["said"].startswith("Undone: note of “")
    assert edits(desk) == []
    assert "nothing is left to undo" in desk.send("undo", code=422)["said"]
    assert desk.send("redo")["said"].startswith("Done again: note of “")
    assert edits(desk) == [("note", "We counted nine.")]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "subject", "value": "x" * 2001},
        {"kind": "subject", "value": "a\x07b"},
        {"kind": "rewrite", "value": "x"},
        {"kind": "move", "value": "0"},
        {"kind": "move", "value": "-1"},
        {"kind": "sentences", "value": "turn", "start": "x", "end": "9"},
        {"kind": "sentences", "value": "turn", "start": "9", "end": "3"},
        {"kind": "quote", "value": "<script>"},
        {"kind": "quote", "value": "900000-900009"},
        {"kind": "speaker", "value": "x", "start": "²"},
        {"kind": "role", "value": "x", "start": "900000"},
        {"kind": "speaker", "value": "x", "start": ""},
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_and_changes_nothing(desk: Page, fields: dict[str, str]) -> None:
    assert desk.send(code=422, **{**desk.of(), **fields})["said"]
    assert edits(desk) == []


def test_a_text_that_changed_meanwhile_is_not_cut_at_old_places(desk: Page) -> None:
    said = desk.send(
        kind="sentences", value="turn", start="0", end="9", article=desk.article().id, saw="older", code=409
    )
    assert "has another text now" in said["said"]


def test_without_the_pages_word_nothing_is_changed(desk: Page) -> None:
    for path in ("edit", "undo", "redo"):
        assert (
            desk.client.post(f"/api/{path}", data={"kind": "subject", "value": "x", "revision": "0"}).status_code == 403
        )
    assert edits(desk) == []


def test_what_readers_have_is_shown_and_not_edited(desk: Page) -> None:
    with open_project(desk.folder) as project:
        known = project.store.issues.get(SLUG)
        assert known is not None
        project.store.issues.approve(SLUG, fingerprint=known.fingerprint, who="Mara", at=NOW)
        for state in ("sending", "sent"):
            project.store.issues.set_state(SLUG, state, who="Mara", at=NOW)  # type: ignore[arg-type]
    page = desk.client.get("/?at=1.1").text
    assert "what readers have is not edited" in page and "data-edit" not in page and "data-words" not in page
    assert "cannot be edited" in desk.send(kind="subject", value="x", code=422)["said"]


def test_a_preview_has_no_hands(desk: Page) -> None:
    client = create_preview(desk.workshop, token=TOKEN, now=lambda: NOW).test_client()
    client.get(f"/?token={TOKEN}")
    page = client.get("/?at=1.1").text
    assert "data-edit" not in page and "edit.js" not in page and 'role="checkbox"' not in page
    assert client.post("/api/edit", data={CSRF: csrf_word(TOKEN)}).status_code == 404
