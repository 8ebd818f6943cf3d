"""What an issue got wrong, after readers have it: on its page, in the next issue, and never in what was sent."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest.model import Correction, Edit, Issue, Variant
from digest.render.archive import archived
from digest.render.checks.sources import visible_text
from digest.week import Project, Window, compose_week, open_project
from tests.command_line import error_of, run_in
from tests.web_newsletter import NOW, SLUG, make_newsletter

LATER = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsletter whose issue is out."""
    folder = make_newsletter(tmp_path_factory.mktemp("corrections"))
    with open_project(folder) as project:
        known = project.store.issues.get(SLUG)
        assert known is not None
        project.store.issues.approve(SLUG, fingerprint=known.fingerprint, who="Mara", at=NOW)
        for state in ("sending", "sent"):
            project.store.issues.set_state(SLUG, state, who="Mara", at=NOW)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    shutil.copytree(made, tmp_path / "newsletter")
    with open_project(tmp_path / "newsletter") as opened:
        yield opened


def page(project: Project, *kinds: str, item: int = 1) -> tuple[Issue, Variant, str]:
    """The issue, what was sent, and its page with one correction of each of *kinds* on that item."""
    issue = project.store.issues.issue(SLUG)
    variant = project.store.issues.rendered(SLUG).variants[0]
    article = issue.items[item - 1].article.id
    made = [Correction(n, SLUG, article, kind, "Nine ships & no more.", "Mara", LATER) for n, kind in enumerate(kinds)]  # type: ignore[arg-type]
    return issue, variant, archived(variant, issue, made, project.config)


def test_a_correction_stands_above_the_page_dated_and_with_its_headline(project: Project) -> None:
    issue, variant, html = page(project, "correction", item=2)
    seen = visible_text(html).strip()
    wanted = f"Correction: Nine ships & no more. ({issue.items[1].article.title}, 23 March 2026)"
    assert wanted in seen[: len(wanted) + 400]
    note = html[html.index('<div role="note"') : html.index("</div>") + 6]
    assert html.replace(note, "", 1) == variant.html


def test_without_a_correction_the_page_is_what_was_sent(project: Project) -> None:
    _, variant, html = page(project)
    assert html == variant.html


@pytest.mark.parametrize("number", [1, 3, 10])
def test_what_is_taken_down_is_gone_from_the_page_with_its_headline_and_link_and_the_others_stay(
    project: Project, number: int
) -> None:
    issue, _, html = page(project, "takedown", item=number)
    gone = issue.items[number - 1]
    seen = " ".join(visible_text(html).split())
    assert gone.article.title not in seen and (gone.article.url or "no link") not in html
    assert all(" ".join(excerpt.text.split()) not in seen for excerpt in gone.summary.sentences)
    others = [i.article.title for i in issue.items if i is not gone and i.article.title.isascii()]
    assert [title for title in others if title not in seen] == []
    assert "Taken down on 23 March 2026. Nine ships & no more." in seen


def test_a_headline_cut_short_in_the_list_of_contents_is_taken_down_too(project: Project) -> None:
    issue, variant, html = page(project, "takedown", item=1)
    begins = " ".join(issue.items[0].article.title.split()[:4])
    assert '<span class="cut">…</span>' in variant.html or 'class="cut"' in variant.html
    assert begins not in " ".join(visible_text(html).replace("\u00a0", " ").split())


def test_the_next_issue_prints_it_once_unless_its_editor_writes_another(tmp_path: Path) -> None:
    with open_project(make_newsletter(tmp_path)) as project:
        issues, made = project.store.issues, project.store.issues.issue(SLUG)
        article, rendered = made.items[0].article, project.store.issues.rendered(SLUG)
        before = replace(made, slug="2026-W11", since=NOW - timedelta(days=14), until=NOW - timedelta(days=7))
        old = replace(rendered, issue="2026-W11")
        issues.save_draft(before, old, at=before.until)
        issues.approve("2026-W11", fingerprint=old.fingerprint, who="Mara", at=before.until)
        for kind, words in (("correction", "Nine, not eleven."), ("takedown", "")):
            project.store.corrections.add(Correction(0, "2026-W11", article.id, kind, words, "Mara", NOW))  # type: ignore[arg-type]

        win = Window(SLUG, before.until, NOW)
        composed = compose_week(project, win, SLUG, picks=issues.picks(SLUG))
        assert composed is not None and composed[0].correction == f"Nine, not eleven. ({article.title})"
        own = Edit(1, SLUG, "correction", "", "Ten.", "Mara", NOW)
        composed = compose_week(project, win, SLUG, picks=issues.picks(SLUG), edits=[own])
        assert composed is not None and composed[0].correction == "Ten."

        issues.approve(SLUG, fingerprint=rendered.fingerprint, who="Mara", at=LATER)
        assert project.store.corrections.unprinted("2026-W13") == []


def test_a_correction_is_never_changed(project: Project) -> None:
    article = project.store.issues.issue(SLUG).items[0].article
    project.store.corrections.add(Correction(0, SLUG, article.id, "correction", "Nine.", "Mara", LATER))
    for sql in ("UPDATE correction SET words = 'Ten.'", "DELETE FROM correction"):
        with pytest.raises(sqlite3.IntegrityError, match="a correction is never"):
            project.store.conn.execute(sql)
    assert [c.words for c in project.store.corrections.of(SLUG)] == ["Nine."]


def test_the_command_keeps_it_and_what_was_sent_stays_as_it_was(project: Project) -> None:
    run = run_in(project.folder)
    before = project.store.issues.rendered(SLUG)
    told = run("correct", "last", "2", "It was nine ships, not eleven.").stdout
    assert "The page of 2026-W12 says so from now on" in told
    run("correct", SLUG, "1", "--take-down")
    kept = [(c.kind, c.words, c.who) for c in project.store.corrections.of(SLUG)]
    assert kept == [("correction", "It was nine ships, not eleven.", "Mara"), ("takedown", "", "Mara")]
    assert project.store.issues.rendered(SLUG) == before
    assert "no item of 2026-W12 is called '99'" in error_of(run("correct", "last", "99", "No.", ok=False))
    assert "there are no words to print" in error_of(run("correct", "last", "1", ok=False))


def test_an_issue_nobody_has_is_edited_not_corrected(tmp_path: Path) -> None:
    run = run_in(make_newsletter(tmp_path))
    assert "2026-W12 is draft: nobody has it yet" in error_of(run("correct", "last", "1", "Nine.", ok=False))
