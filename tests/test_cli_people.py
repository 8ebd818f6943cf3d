"""The people on the command line: a list taken in and back, consent, numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.command_line import error_of, run_in
from tests.dispatch_newsletter import make_newsletter
from tests.test_people_lists import AUDIENCE, zipped


@pytest.fixture
def newsletter(tmp_path: Path) -> Path:
    folder = tmp_path / "newsletter"
    make_newsletter(folder, ["bo@example.org", "old@example.org"])
    return folder


def test_an_audience_is_shown_taken_in_proved_and_taken_back(newsletter: Path, tmp_path: Path) -> None:
    run = run_in(newsletter)
    file = tmp_path / "audience.zip"
    bad = {
        **AUDIENCE,
        "subscribed_members_export_1.csv": AUDIENCE["subscribed_members_export_1.csv"] + "=cmd()@,,,,,,,,,,\n",
    }
    file.write_bytes(zipped(bad))
    before = (newsletter / "subscribers.db").read_bytes()
    shown = run("subscribers", "import", str(file), "--dry-run").stdout
    assert "an export of Mailchimp, 3 files, those who left first" in shown
    assert (
        "OPTIN_TIME     →  joined" in shown and "keep_ip is off" in shown and "columns not used: MEMBER_RATING" in shown
    )
    assert "1 new" in shown and "1 kept out" in shown and "1 subscribed here, but left there" in shown
    assert (newsletter / "subscribers.db").read_bytes() == before and not (tmp_path / "audience.rejected.csv").exists()

    done = json.loads(run("subscribers", "import", str(file), "--basis", "double opt-in", "--json").stdout)
    assert (done["added"], done["kept_out"], done["leaving"], done["rejected"]) == (1, 1, 1, 1)
    with (tmp_path / "audience.rejected.csv").open(newline="", encoding="utf-8") as lines:
        _, (line, cell, why, part) = csv.reader(lines)
    assert (line, cell, part) == ("3", "'=cmd()@", "subscribed_members_export_1.csv") and why
    assert (tmp_path / "audience.rejected.csv").stat().st_mode & 0o777 == 0o600

    proof = run("subscribers", "consent", "ann@example.org").stdout
    for words in ("how: import", "export of: Mailchimp", "confirmed there: 2023-04-21 11:20:00", "double opt-in"):
        assert words in proof
    assert "192.0.2" not in proof

    assert "2 people are unknown here again" in run("subscribers", "undo-import", "--yes").stdout
    people = {p["address"]: p["membership"] for p in json.loads(run("subscribers", "list", "--json").stdout)}
    assert people == {"bo@example.org": "unsubscribed", "old@example.org": "subscribed"}
    assert "was undone already" in error_of(run("subscribers", "undo-import", "1", ok=False))


def test_a_name_that_would_add_a_header_is_refused(newsletter: Path) -> None:
    run = run_in(newsletter)
    said = error_of(run("subscribers", "add", "ann@example.org", "--name", "A\r\nBcc: v@example.com", ok=False))
    assert "the name holds a line break or a control character" in said
    assert "more than 100 characters" in error_of(
        run("subscribers", "set", "bo@example.org", "--name", "x" * 101, ok=False)
    )


def test_what_is_no_section_is_said_and_a_ground_nobody_stated_is_called_so(newsletter: Path) -> None:
    with (newsletter / "digest.toml").open("a", encoding="utf-8") as file:
        file.write('[[sections]]\nname = "Ports"\n')
    run = run_in(newsletter)
    said = error_of(run("subscribers", "list", "--topic", "Nope", ok=False))
    assert "there is no section 'Nope'" in said and "Ports" in said
    assert "bo@example.org" in run("subscribers", "list", "--topic", "ports").stdout
    run("subscribers", "add", "ann@example.org")
    assert "no ground stated" in run("subscribers", "consent", "ann@example.org").stdout


def test_a_restore_asks_nothing_where_yes_was_said(newsletter: Path, tmp_path: Path) -> None:
    run = run_in(newsletter)
    run("backup", str(tmp_path / "copy.tar.gz"))
    assert "is not empty" in error_of(run("restore", str(tmp_path / "copy.tar.gz"), str(newsletter), ok=False))
    assert "as it was on" in run("restore", str(tmp_path / "copy.tar.gz"), str(newsletter), "--yes").stdout


def test_numbers_as_a_table_and_a_page(newsletter: Path, tmp_path: Path) -> None:
    run = run_in(newsletter)
    assert "2 known" in run("subscribers", "stats").stdout
    run("subscribers", "stats", "--language", "en", "--html", str(tmp_path / "n.html"))
    page = (tmp_path / "n.html").read_text("utf-8")
    assert "2 subscribers" in page and "with language en" in page and "<script" not in page
    assert "example.org" not in page  # nobody is named
    assert "no day" in error_of(run("subscribers", "list", "--joined-before", "monday", ok=False))
