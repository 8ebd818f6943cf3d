"""A correction mailed to those who have the issue: who gets it, what it says, and what it leaves as it was."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from digest.address import parse_address
from digest.compose import compose_correction
from digest.config import load_config
from digest.correcting import mail_correction
from digest.dispatch.keys import make_keys
from digest.dispatch.local import send_issue
from digest.errors import IssueError
from digest.model import Correction, DeliveryState, Wish
from digest.render.check import check_issue, verify_verbatim, visible_text
from digest.render.email import render_correction
from digest.render.words import known_languages, words_for
from digest.send.transports.maildir import Maildir
from digest.web.preview import Workshop
from digest.web.site import create_site
from digest.week import Project, open_project, run_week, target
from tests.command_line import Run, error_of, run_in
from tests.dispatch_newsletter import accepted, sink
from tests.render_samples import make_config, sample_issue
from tests.web_newsletter import NOW, ROOT, SLUG, make_newsletter

LETTER = f"{SLUG}-correction"
LATER = NOW + timedelta(days=1)
NINE = "It was nine ships, not eleven: the port had counted two of them twice."
WISHES = {
    "ada": Wish(),
    "ben": Wish(),
    "cleo": Wish(),
    "dora": Wish(),
    "emil": Wish("", ("Nature",)),
    "fritz": Wish("de", ("Transport",)),
    "lea": Wish("", (), True),
}
"""Who was subscribed when the issue left: ben's server refuses it, of cleo nobody can know, dora leaves after it."""


def address(name: str) -> str:
    return f"{name}@{name}.example"


@contextmanager
def opened(folder: Path) -> Iterator[Project]:
    with open_project(folder) as project:
        yield project


@cache
def _sent() -> Path:
    """A newsletter whose issue went out to them, through a relay that refuses one and loses its voice at another."""
    around = Path(tempfile.mkdtemp(prefix="digest-correction-"))
    atexit.register(shutil.rmtree, around, ignore_errors=True)
    folder = around / "n"
    folder.mkdir()
    text = (ROOT / "digest.toml").read_text("utf-8")
    (folder / "digest.toml").write_text(text.replace("# languages = []", 'languages = ["en-GB", "de"]'), "utf-8")
    shutil.copytree(ROOT / "examples", folder / "examples")
    make_keys(folder)
    with open_project(folder, create=True) as project:
        for name, wish in WISHES.items():
            project.store.subscribers.add(
                parse_address(address(name)),
                "",
                how="import",
                wording="",
                who="Mara",
                at=NOW,
                language=wish.language,
                topics=wish.topics,
                length="lead" if wish.lead_only else "full",
            )
        run_week(project, now=NOW, week=SLUG)
    run = run_in(folder)
    run("approve", "--yes", now=NOW.isoformat())
    first, second = around / "first", around / "second"
    refusals = ("--refuse", "ben@", "550 5.7.1 not from you", "--refuse", "cleo@", "451 4.7.1 later")
    with sink(first, *refusals) as port:
        run("send", "--yes", "--smtp", f"127.0.0.1:{port}", code=5, now=NOW.isoformat())
    with sink(second, "--fault", "drop-after-accept:1.0") as port:
        at = (NOW + timedelta(hours=2)).isoformat()
        run("send", "--yes", "--smtp", f"127.0.0.1:{port}", code=4, now=at)
    with open_project(folder) as project:
        dora = project.store.subscribers.get(parse_address(address("dora")))
        assert dora is not None
        project.store.subscribers.set_membership(dora.id, "unsubscribed", how="page", who="", at=LATER)
        new = parse_address(address("gina"))
        project.store.subscribers.add(new, "", how="import", wording="", who="Mara", at=LATER)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(_sent(), tmp_path / "n")
    return tmp_path / "n"


@pytest.fixture
def run(folder: Path) -> Run:
    """`digest …` in that folder, a day later unless said otherwise."""
    plain = run_in(folder)

    def later(*args: str, **more: Any) -> Any:
        return plain(*args, **{"now": LATER.isoformat(), **more})

    return later


def states(folder: Path, slug: str) -> dict[str, DeliveryState]:
    with opened(folder) as project:
        people = {person.id: person.address.local for person in project.store.subscribers.all()}
        return {people[d.subscriber]: d.state for d in project.store.ledger.deliveries(slug)}


def drafted(folder: Path, *numbers: int, words: str = NINE, at: datetime = LATER) -> None:
    """Each of those items of the issue corrected by mail."""
    with opened(folder) as project:
        for number in numbers:
            article = project.store.issues.issue(SLUG).items[number - 1].article
            correction = Correction(0, SLUG, article.id, "correction", words, "Mara", at)
            mail_correction(project, correction, now=at)


def left(folder: Path, slug: str = LETTER) -> None:
    """The letter is approved, and has left for all."""
    config = load_config(folder)
    with opened(folder) as project:
        project.store.ledger.freeze(slug, "", LATER)
        fingerprint = project.store.issues.rendered(slug).fingerprint
        project.store.issues.approve(slug, fingerprint=fingerprint, who="Mara", at=LATER)
    send_issue(folder, config, slug, Maildir(folder / "var/outbox" / slug), now=lambda: LATER)


def test_the_issue_went_out_as_these_tests_suppose(folder: Path) -> None:
    gone = states(folder, SLUG)
    assert gone == {
        **dict.fromkeys(("ada", "dora", "emil", "fritz", "lea"), "accepted"),
        "ben": "rejected",
        "cleo": "uncertain",
    }


def test_exactly_those_who_have_the_issue_get_it_and_once(folder: Path, run: Run, tmp_path: Path) -> None:
    before = run("status", SLUG, "--json").stdout
    said = run("correct", "last", "1", NINE, "--mail").stdout
    assert f"{LETTER}: “Correction: Port Ellery listed" in said and "4 readers. Nothing has been sent." in said
    run("approve", LETTER, "--yes")
    for _ in range(2):
        with sink(tmp_path / "log") as port:
            run("send", LETTER, "--yes", "--smtp", f"127.0.0.1:{port}")
    assert accepted(tmp_path / "log") == {address(name): 1 for name in ("ada", "cleo", "fritz", "lea")}
    with opened(folder) as project:
        account = project.store.ledger.account(LETTER)
        assert account.excluded == {f"did not get {SLUG}": 2, "the story was not in their issue": 1, "unsubscribed": 1}
        assert (account.candidates, account.by_state) == (8, {"accepted": 4})
        assert project.store.accounts.illegal_moves() == []
    assert run("status", SLUG, "--json").stdout == before


def test_each_gets_the_letter_of_the_variant_they_had(folder: Path) -> None:
    drafted(folder, 1, 2)
    with opened(folder) as project:
        issue, rendered = project.store.issues.issue(LETTER), project.store.issues.rendered(LETTER)
        titles = [item.article.title for item in issue.items]
        seen = {v.key: [t for t in titles if t in " ".join(v.text.split())] for v in rendered.variants}
        assert seen == {"": titles, "language-de_topics-transport": titles, "lead-only": titles[:1]}
        german = next(v for v in rendered.variants if v.language == "de")
        assert german.subject == "Korrekturen zu Nr. 1" and f"Korrektur: {NINE}" in visible_text(german.html)
        assert next(v for v in rendered.variants if v.key == "lead-only").subject.startswith("Correction: Port")
        assert [f for f in check_issue(issue, rendered, project.config) if f.severity == "error"] == []
        verify_verbatim(issue, rendered)


def test_the_letter_says_what_was_wrong_and_where_and_prints_nothing_of_an_article_but_its_headline(
    folder: Path,
) -> None:
    drafted(folder, 1)
    with opened(folder) as project:
        item = project.store.issues.issue(SLUG).items[0]
        variant = project.store.issues.rendered(LETTER).variants[0]
    for text in (visible_text(variant.html).replace("\u00a0", " "), " ".join(variant.text.split())):
        assert "Something was wrong in No. 1 of 22 March 2026, which we sent you." in text
        assert item.article.title in text
        assert all(" ".join(e.text.split()) not in text for e in item.summary.sentences)
    assert item.article.url and f'href="{item.article.url}"' in variant.html and item.article.url in variant.text
    page = f"https://ledger.example.com/issues/{SLUG}"
    assert f'href="{page}"' in variant.html and f"\n{page}\n" in variant.text
    assert {"LEAVE", "PREFS", "EMAIL", "WHY"} <= set(variant.tokens)


@pytest.mark.parametrize("language", sorted(known_languages()))
def test_a_letter_speaks_each_language_and_has_no_error(language: str) -> None:
    sent, config, words = sample_issue(), make_config(), words_for(language)
    articles = [sent.items[0].article.id, sent.items[1].article.id]
    made = [Correction(n, sent.slug, article, "correction", NINE, "Mara", LATER) for n, article in enumerate(articles)]
    for about in (made[:1], made):
        letter = compose_correction(
            sent,
            about,
            slug=f"{sent.slug}-correction",
            at=LATER,
            one=words.correction_of,
            several=words.corrections_of,
        )
        rendered = render_correction({("", language): letter}, sent, config)
        assert [f.what for f in check_issue(letter, rendered, config) if f.severity == "error"] == []
        said = visible_text(rendered.variants[0].html)
        assert words.correction.replace("\u00a0", " ") in said.replace("\u00a0", " ") and words.own_words in said


def test_what_is_corrected_before_approval_comes_into_one_letter_and_nothing_twice(folder: Path, run: Run) -> None:
    page = folder / "var/issues" / LETTER / "issue.html"
    drafted(folder, 1)
    first = page.read_bytes()
    assert "1 correction, 4 readers" in run("correct", SLUG, "1", NINE, "--mail").stdout
    drafted(folder, 1, at=LATER + timedelta(days=2))
    assert page.read_bytes() == first
    with opened(folder) as project:
        assert len(project.store.corrections.of(SLUG)) == 1
        fingerprint = project.store.issues.rendered(LETTER).fingerprint
        project.store.issues.approve(LETTER, fingerprint=fingerprint, who="Mara", at=LATER)
    said = run("correct", SLUG, "2", "The figure is for May.", "--mail").stdout
    assert "was approved; the approval is withdrawn" in said and "2 corrections" in said
    with opened(folder) as project:
        assert [(k.slug, k.state) for k in project.store.issues.letters_about(SLUG)] == [(LETTER, "draft")]
        assert project.store.issues.issue(LETTER).subject == "Corrections to No. 1"


def test_once_it_is_out_the_next_correction_is_a_letter_of_its_own(folder: Path, run: Run) -> None:
    drafted(folder, 1)
    left(folder)
    assert "is sent already" in run("correct", SLUG, "1", NINE, "--mail").stdout
    assert f"{LETTER}-2: “Correction:" in run("correct", SLUG, "2", "In May.", "--mail").stdout
    with opened(folder) as project:
        assert [len(project.store.issues.issue(k.slug).items) for k in project.store.issues.letters_about(SLUG)] == [
            1,
            1,
        ]
    run("stop", f"{LETTER}-2", "--yes")
    assert f"{LETTER}-3: “Correction:" in run("correct", SLUG, "2", "In May.", "--mail").stdout


def test_the_newsletters_numbers_windows_and_archive_are_as_if_there_were_no_letter(folder: Path, run: Run) -> None:
    def seen() -> tuple[object, ...]:
        with opened(folder) as project:
            issues, at = project.store.issues, LATER + timedelta(days=5)
            return (
                issues.last_until(),
                issues.next_number(1),
                issues.past_articles(),
                target(project, now=at),
                target(project, now=at, week=SLUG),
                issues.rendered(SLUG),
                [c.words for c in project.store.corrections.unprinted("2026-W13")],
            )

    run("correct", SLUG, "1", NINE)
    before = seen()
    drafted(folder, 1)
    left(folder)
    assert seen() == before
    assert NINE in str(before[-1])
    assert f"{SLUG} is sent" in run("status").stdout
    assert f"{SLUG} is sent" in run("status", "1").stdout
    assert run("issues", "new", "--week", SLUG).stdout.startswith((f"{SLUG}-2: ", "No second issue"))
    site = create_site(folder, load_config(folder)).test_client()
    for path in ("/issues", "/feed.atom", "/feed.json", "/"):
        page = site.get(path).text
        assert SLUG in page and LETTER not in page
    assert NINE in site.get(f"/issues/{LETTER}").text


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["correct", SLUG, "1", "--mail"], 1, "no words to print"),
        (["correct", SLUG, "1", "Gone.", "--mail", "--take-down"], 2, "is not mailed"),
        (["correct", LETTER, "1", "No.", "--mail"], 1, f"is a letter about {SLUG}"),
        (["build", "--week", LETTER], 1, "is no week"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, run: Run, args: list[str], code: int, told: str) -> None:
    drafted(folder, 1)
    assert told in run(*args, code=code).stderr


def test_a_letter_is_looked_at_tested_approved_and_listed_by_its_name(folder: Path, run: Run) -> None:
    drafted(folder, 1, words="Nine.")
    assert "nothing to mend" in run("check", LETTER, "--strict").stdout
    assert f"A test of {LETTER} is in var/outbox" in run("test", "me@example.org", LETTER).stdout
    assert LETTER in run("issues", "list").stdout
    assert f"Next: `digest approve {LETTER}`." in run("status", LETTER).stdout
    assert f"Next: `digest send {LETTER}`." in run("approve", LETTER, "--yes").stdout
    shown = Workshop(folder, LETTER).show()
    assert shown.fault is None and shown.draft is not None and shown.draft.issue.corrects == SLUG


def test_its_words_are_those_of_the_corrections_and_are_not_edited(folder: Path) -> None:
    from digest.editing import add_edit

    drafted(folder, 1)
    with opened(folder) as project, pytest.raises(IssueError, match="says what `digest correct` was given"):
        add_edit(project, LETTER, "subject", "", "Another", who="Mara", at=LATER)


def test_it_waits_until_the_issue_has_left_for_all(tmp_path: Path) -> None:
    """Else who gets the issue after its audience is frozen would never get the correction."""
    shutil.copytree(_sent(), tmp_path / "n")
    run = run_in(tmp_path / "n")
    with opened(tmp_path / "n") as project:
        ordinal = next(d.ordinal for d in project.store.ledger.deliveries(SLUG, "rejected"))
        project.store.accounts.send_again(SLUG, [ordinal], "", LATER)
        project.store.issues.set_state(SLUG, "sending", who="Mara", at=LATER)
    drafted(tmp_path / "n", 1)
    assert f"{SLUG} is still to leave for 1" in error_of(run("approve", LETTER, "--yes", ok=False))
    run("stop", SLUG, "--yes")
    assert "Approved by Mara for 4 readers" in run("approve", LETTER, "--yes").stdout


def test_who_has_a_stopped_issue_can_be_told_what_was_wrong_with_it(folder: Path, run: Run) -> None:
    with opened(folder) as project:
        project.store.issues.set_state(SLUG, "sending", who="Mara", at=LATER)
        project.store.ledger.stop(SLUG, who="Mara", at=LATER)
    assert "is cancelled: nobody has it yet" in error_of(run("correct", SLUG, "1", NINE, ok=False))
    said = run("correct", SLUG, "1", NINE, "--mail").stdout
    assert "4 readers" in said and "The page of" not in said


def test_where_nobody_has_the_issue_nothing_is_kept(tmp_path: Path) -> None:
    run = run_in(make_newsletter(tmp_path))
    with opened(tmp_path) as project:
        known = project.store.issues.get(SLUG)
        assert known is not None
        project.store.issues.approve(SLUG, fingerprint=known.fingerprint, who="Mara", at=NOW)
        project.store.issues.set_state(SLUG, "sending", who="Mara", at=NOW)
    assert f"nobody has {SLUG}" in error_of(run("correct", SLUG, "1", NINE, "--mail", ok=False))
    with opened(tmp_path) as project:
        assert project.store.corrections.of(SLUG) == [] and project.store.issues.letters_about(SLUG) == []
