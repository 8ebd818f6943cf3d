"""`digest subscribers set`: what one person gets, as they asked for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.address import Address
from digest.cli import cli
from digest.model import Subscriber, Wish
from digest.store import open_store
from tests.command_line import ROOT

ANN = Address("ann", "example.org")
NOW = "2026-03-22T18:00:00+00:00"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`digest …` in a newsletter with the sample's settings and one reader, ann."""
    monkeypatch.setenv("DIGEST_NOW", NOW)
    monkeypatch.setenv("DIGEST_EDITOR", "Mara")
    (tmp_path / "digest.toml").write_text((ROOT / "digest.toml").read_text("utf-8"), "utf-8")

    def run(*args: str) -> Result:
        return CliRunner().invoke(cli, ["--project", str(tmp_path), "subscribers", *args])

    assert run("add", str(ANN), "--name", "Ann Lee").exit_code == 0
    return run


def ann(folder: Path) -> Subscriber:
    with open_store(folder) as store:
        found = store.subscribers.get(ANN)
    assert found is not None
    return found


def test_all_that_a_person_may_ask_for_is_kept_and_told(run: Run, tmp_path: Path) -> None:
    done = run("set", str(ANN), "--topics", "transport", "--topics", "Cities", "--language", "de", "--length", "lead",
               "--name", "Ann", "--pause-until", "2026-04-01")  # fmt: skip
    person = ann(tmp_path)
    assert person.wish == Wish("de", ("Transport", "Cities"), lead_only=True)
    assert (person.name, person.paused_until) == ("Ann", datetime(2026, 3, 31, 23, tzinfo=UTC))  # midnight in London
    assert "Transport, Cities; the lead only; own words in de" in done.output
    assert "no mail before 2026-04-01 00:00" in done.output
    assert "every issue approved from now on" in done.output


def test_all_of_it_can_be_taken_back(run: Run, tmp_path: Path) -> None:
    run("set", str(ANN), "--topics", "Cities", "--language", "de", "--length", "lead", "--pause-until", "2026-04-01")
    run("set", str(ANN), "--all-topics", "--language", "", "--length", "full", "--no-pause", "--name", "")
    person = ann(tmp_path)
    assert (person.wish, person.name, person.paused_until) == (Wish(), "", None)


def test_each_change_of_what_they_want_is_one_event_of_their_consent(run: Run, tmp_path: Path) -> None:
    run("set", str(ANN), "--topics", "Cities")
    run("set", str(ANN), "--topics", "Cities")  # nothing new
    run("set", str(ANN), "--name", "Ann")
    run("set", str(ANN), "--pause-until", "2026-04-01")
    with open_store(tmp_path) as store:
        events = store.consent.of(ANN)
        assert [e.kind for e in events] == ["subscribed", "wish", "paused"]
        assert events[1].payload is not None
        assert (events[1].payload["who"], events[1].payload["topics"]) == ("Mara", '["Cities"]')
        assert store.consent.verify() == []
        assert store.consent.how(1) == "editor"


def test_without_options_it_says_what_they_get(run: Run) -> None:
    said = run("set", str(ANN)).output
    assert said == "ann@example.org, called Ann Lee: every section; the whole issue; the newsletter’s language.\n"


def test_who_gets_no_mail_is_told_so(run: Run) -> None:
    run("remove", str(ANN), "--yes")
    assert "They get no mail all the same: unsubscribed." in run("set", str(ANN), "--length", "lead").output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--topics", "Gardening"), "there is no section 'Gardening'"),
        (("--topics", "Cities", "--all-topics"), "contradict each other"),
        (("--pause-until", "2026-04-01", "--no-pause"), "contradict each other"),
        (("--language", "nl"), "the mail has no words in 'nl'"),
        (("--language", "de_../x"), "the mail has no words in"),
        (("--pause-until", "next week"), "'next week' is no day"),
        (("--pause-until", "2026-03-22"), "has begun already"),
        (("--name", "Ann\nBcc: x@example.org"), "line break"),
    ],
)
def test_what_makes_no_sense_changes_nothing(run: Run, tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    before = ann(tmp_path)
    done = run("set", str(ANN), "--length", "lead", *args)
    assert done.exit_code == 1 and said in done.output
    assert ann(tmp_path) == before


def test_somebody_unknown_is_named(run: Run) -> None:
    done = run("set", "nobody@example.org", "--length", "lead")
    assert "nobody@example.org is not known here" in done.output
