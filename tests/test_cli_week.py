"""The week end to end, by the command line, on the sample newsletter: real files, a real database."""

from __future__ import annotations

import email
import email.policy
import http.server
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from tests.command_line import LATER, ROOT, error_of, make_sample, run_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample newsletter with its readers and its draft, made once."""
    folder = tmp_path_factory.mktemp("ledger")
    make_sample(folder)
    return folder


@pytest.fixture
def sample(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the made sample, to spoil."""
    folder = tmp_path / "ledger"
    shutil.copytree(made, folder)
    yield folder


def letters(folder: Path) -> list[Path]:
    return sorted((folder / "var" / "outbox").rglob("new/*.eml"))


def test_weekly_ends_with_the_table_the_subject_the_html_and_the_promise(sample: Path) -> None:
    out = run_in(sample)("weekly", "--week", "2026-W12").stdout
    assert "The Weekly Ledger, No. " in out and "2026-W12" in out
    assert "3 outlets" in out
    assert "Subject:" in out and "issue.html" in out
    assert "6 waiting, 0 left out" in out
    assert "Nothing has been sent." in out


def test_an_endless_headline_is_cut_in_tables_only(sample: Path) -> None:
    run, title = run_in(sample), " ".join(["Word"] * 40)
    (sample / "long.txt").write_text(f"{title}\n\n" + "The trees were counted again on Friday. " * 20, "utf-8")
    run("articles", "add", str(sample / "long.txt"), "--outlet", "Harbour", "--url", "https://a.example/long")
    assert "Word…" in run("articles", "list").stdout.replace("\n", " ")
    assert run("articles", "list").stdout.count("Word") == 20
    assert title in {a["title"] for a in json.loads(run("articles", "list", "--json").stdout)}


def test_edits_are_for_the_newest_issue_while_the_week_has_none(sample: Path) -> None:
    run, later = run_in(sample), "2026-03-25T09:00:00+00:00"  # the week after the draft’s
    run("approve", "--yes", now=later)
    out = run("edit", "subject", "Trees", now=later).stdout
    assert "2026-W12 was approved; the approval is withdrawn" in out
    assert "Run `digest build --week 2026-W12` to see it" in out
    run("pin", "trees", now=later)
    assert "2026-W12: undone: pin" in run("edits", "undo", now=later).stdout
    run("build", "--week", "2026-W12", now=later)
    assert "“Trees”" in run("status", now=later).stdout


def test_an_edit_of_a_week_without_a_draft_says_so(sample: Path) -> None:
    run, later = run_in(sample), "2026-03-25T09:00:00+00:00"
    out = run("edit", "--week", "2026-W13", "subject", "Rain", now=later).stdout
    assert "2026-W13: subject is now “Rain”. There is no draft of 2026-W13 yet" in out
    run("pick", now=later)  # shows the week’s own candidates: its numbers are of that week
    assert "2026-W13: pinned" in run("pin", "1", now=later).stdout
    run("skip", "--week", "2026-W12", now=later)
    assert "2026-W13: subject" in run("edit", "subject", "Wind", now=later).stdout


def test_every_time_is_said_by_the_newsletters_clock(sample: Path) -> None:
    config = sample / "digest.toml"
    config.write_text(config.read_text("utf-8").replace('"Europe/London"', '"Pacific/Auckland"'), "utf-8")
    run, week, evening = run_in(sample), ("--week", "2026-W12"), "2026-03-22T18:30:00+00:00"
    run("pin", "trees", *week, now=evening)
    assert "2026-03-23 07:30" in run("edits", "list").stdout
    assert "2026-03-23 07:30" in run("why", "trees", *week).stdout
    run("weekly", *week)
    assert "2026-03-22 23:59" in run("issues", "list").stdout
    assert json.loads(run("issues", "list", "--json").stdout)[-1]["until"] == "2026-03-22T10:59:59+00:00"
    assert "no issue is called" in error_of(run("check", "2026-03-21", ok=False))
    run("issues", "show", "2026-03-22")
    run("approve", "--yes", now=evening)
    assert "on 2026-03-23 07:30" in run("status").stdout
    assert "after 2026-04-05 23:59" in run("skip", "--week", "2026-W14").stdout


@pytest.mark.parametrize(
    "typed",
    [
        ("edit", "subject", "Berths \udcff"),
        ("edit", "note", "1", "Berths\n"),
        ("articles", "fill", "1", "--outlet", "\udcff"),
        ("articles", "fill", "1", "--author", "\udcff"),
        ("articles", "fill", "1", "--right", "a\nb"),
        ("skip", "--reason", "\udcff"),
    ],
)
def test_words_that_cannot_be_kept_or_printed_are_refused(sample: Path, typed: tuple[str, ...]) -> None:
    told = error_of(run_in(sample)(*typed, ok=False))
    assert "is not in UTF-8" in told or "holds a line break" in told


def test_a_stale_file_is_said_to_be_old_and_not_dropped_silently(sample: Path) -> None:
    out = run_in(sample)("weekly", "--week", "2026-W12").stdout
    assert re.search(r"old: 2026-02-24, not in this issue: “.+” \(examples/week/articles\)", out)


def test_running_it_again_rebuilds_the_same_draft_and_queues_nobody_twice(sample: Path) -> None:
    run = run_in(sample)
    html = sample / "var/issues/2026-W12/issue.html"
    first = html.read_bytes()
    run("weekly", "--week", "2026-W12")
    assert html.read_bytes() == first
    assert json.loads(run("queue", "--json").stdout)["counts"]["waiting"] == 6


def test_three_years_on_the_same_week_comes_out_the_same(made: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    later.mkdir()
    shutil.copy(ROOT / "digest.toml", later)
    shutil.copytree(ROOT / "examples", later / "examples")
    run_in(later)("weekly", "--week", "2026-W12", now="2029-03-20T18:00:00+00:00")
    page = "var/issues/2026-W12/issue.html"
    assert (later / page).read_bytes() == (made / page).read_bytes()


def test_the_picks_are_those_the_samples_answers_expect(sample: Path) -> None:
    report = json.loads(run_in(sample)("weekly", "--week", "2026-W12", "--json").stdout)
    assert len(report["picks"]) == 10
    assert report["sent"] == 0
    answers = json.loads((ROOT / "tests/data/expected_week.json").read_text("utf-8"))
    rows = answers["articles"] if isinstance(answers, dict) else answers
    by_title = {row["title"]: row for row in rows}
    for pick in report["picks"]:
        row = by_title[pick["title"]]
        assert not row.get("stale") and not row.get("blocked"), pick["title"]
        assert pick["outlet"] == row["outlet"], pick["title"]
    lead = report["picks"][0]
    assert {a["outlet"] for a in [lead, *lead["also"]]} == {"Harbour Notes", "Dockside Daily", "The Pilot"}


def test_every_excerpt_of_the_issue_is_cut_from_its_article(sample: Path) -> None:
    run = run_in(sample)
    issue = json.loads(run("issues", "show", "--json").stdout)
    cut = 0
    for item in issue["items"]:
        text = json.loads(run("articles", "show", item["article"], "--json").stdout)["text"]
        for excerpt in item["excerpts"]:
            assert text[excerpt["start"] : excerpt["end"]] == excerpt["text"]
            cut += 1
        for quote in item["quotes"]:
            for (start, end), piece in zip(quote["spans"], quote["texts"], strict=True):
                assert text[start:end] == piece
                cut += 1
    assert cut >= 12


def test_edits_survive_a_new_weekly(sample: Path) -> None:
    run = run_in(sample)
    run("edit", "--week", "2026-W12", "subject", "Ships", "that", "were", "late")
    run("drop", "registrar OR", "--week", "2026-W12", ok=False)
    run("drop", "2", "--week", "2026-W12")
    run("edit", "--week", "2026-W12", "note", "1", "We counted nine.")
    out = run("weekly", "--week", "2026-W12").stdout
    assert "Subject:   Ships that were late" in out
    assert "We counted nine." in (sample / "var/issues/2026-W12/issue.html").read_text("utf-8")
    kinds = [e["kind"] for e in json.loads(run("edits", "list", "--json").stdout)]
    assert kinds == ["subject", "drop", "note"]


def test_the_picks_are_numbered_as_the_issue_numbers_its_stories(sample: Path) -> None:
    run = run_in(sample)
    run("move", "9", "3", "--week", "2026-W12")
    run("build", "--week", "2026-W12")
    picked = [r["title"] for r in json.loads(run("pick", "--week", "2026-W12", "--json").stdout) if not r["lost"]]
    assert picked == [item["title"] for item in json.loads(run("issues", "show", "--json").stdout)["items"]]


def test_a_draft_of_the_week_before_is_told_of(sample: Path) -> None:
    run = run_in(sample)
    monday = "2026-03-23T08:00:00+00:00"
    assert "2026-W12 is a draft still" in run("weekly", now=monday).stdout
    run("skip", "--week", "2026-W12")
    assert "a draft still" not in run("weekly", now=monday).stdout


def test_why_explains_a_pick_and_a_near_miss(sample: Path) -> None:
    run = run_in(sample)
    rows = json.loads(run("pick", "--week", "2026-W12", "--json").stdout)
    assert "picked" in run("why", "1", "--week", "2026-W12").stdout
    missed = next(n for n, r in enumerate(rows, 1) if r["lost"])
    assert "not picked: " in run("why", str(missed), "--week", "2026-W12").stdout


def test_approve_send_and_send_again(sample: Path) -> None:
    run = run_in(sample)
    assert "is a draft" in run("send", "--yes", ok=False).stderr
    assert "6 readers" in run("approve", "--yes").stdout
    out = run("send", "--yes").stdout
    assert "6  written to var/outbox" in out
    assert len(letters(sample)) == 6
    run("send", "--yes")
    assert len(letters(sample)) == 6
    message = email.message_from_bytes(letters(sample)[0].read_bytes(), policy=email.policy.default)
    assert [p.get_content_type() for p in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    status = json.loads(run("status", "--json").stdout)
    assert status["state"] == "sent"
    assert status["candidates"] == status["planned"] + sum(status["excluded"].values())


def test_one_error_is_one_error(sample: Path) -> None:
    run = run_in(sample)
    run("sources", "block", "docksidedaily.example.com")
    for command in ("check", "approve"):
        assert "2026-W12 has 1 error\n" in error_of(run(command, ok=False))


def test_once_out_weekly_changes_nothing_and_says_so(sample: Path) -> None:
    run = run_in(sample)
    run("approve", "--yes")
    out = run("weekly", "--week", "2026-W12").stdout
    assert "2026-W12 is approved. Nothing was changed." in out
    run("send", "--yes")
    assert "is sent: what readers have cannot be edited" in run("drop", "1", "--week", "2026-W12", ok=False).stderr


def test_an_edit_takes_the_approval_back(sample: Path) -> None:
    run = run_in(sample)
    run("approve", "--yes")
    run("edit", "--week", "2026-W12", "subject", "Another")
    assert "is a draft" in run("send", "--yes", ok=False).stderr


def test_who_leaves_after_approval_is_left_out(sample: Path) -> None:
    run = run_in(sample)
    run("approve", "--yes")
    address = json.loads(run("subscribers", "list", "--json").stdout)[0]["address"]
    run("subscribers", "remove", address, "--yes")
    assert "1  left out" in run("send", "--yes").stdout
    assert len(letters(sample)) == 5


def test_an_empty_week_queues_nobody(sample: Path) -> None:
    out = run_in(sample)("weekly", "--week", "2026-W30").stdout
    assert "No issue this week" in out and "Nothing was queued" in out


def test_skip_closes_the_week(sample: Path) -> None:
    run = run_in(sample)
    assert "2026-W12 is skipped" in run("skip", "--week", "2026-W12").stdout
    assert "2026-W12 is skipped. Nothing was changed." in run("weekly", "--week", "2026-W12").stdout


def test_pasted_text_comes_in_with_its_outlet(sample: Path) -> None:
    run = run_in(sample)
    pasted = "A title of its own\n\nThe ferry left at noon with forty people. It came back at six with all of them.\n"
    out = run("articles", "add", "-", "--outlet", "Harbour Notes", given=pasted).stdout
    assert "“A title of its own” (Harbour Notes)" in out


def test_the_seed_summarized_by_the_command_line(bench_data: Path, sample: Path) -> None:
    out = run_in(sample)("summarize", str(bench_data / "seed" / "article.txt")).stdout
    assert "cynical" not in out and "argued" not in out
    assert "government" in out


# ------------------------------------------------------------------------------------------------ bad input


def test_no_newsletter_here(tmp_path: Path) -> None:
    assert "there is no digest.toml" in error_of(run_in(tmp_path)("weekly", ok=False))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (("limit = 10", "limmit = 10"), "did you mean 'limit'?"),
        (("[week]", "[week"), "no valid TOML"),
        (('zone = "Europe/London"', 'zone = "Europe/Londn"'), "there is no time zone"),
    ],
)
def test_a_broken_configuration_is_named_by_key(sample: Path, spoil: tuple[str, str], words: str) -> None:
    file = sample / "digest.toml"
    file.write_text(file.read_text("utf-8").replace(*spoil), "utf-8")
    assert words in error_of(run_in(sample)("weekly", ok=False))


def test_one_broken_source_never_stops_the_others(sample: Path) -> None:
    (sample / "examples/week/harbour.xml").write_text("<!DOCTYPE html><html><body>Not found</body></html>")
    done = run_in(sample)("weekly", "--week", "2026-W12")
    assert "! examples/week/harbour.xml" in done.stdout and "HTML" in done.stdout
    assert "Subject:" in done.stdout


def test_an_empty_file_is_named(sample: Path) -> None:
    (sample / "examples/week/articles/empty.txt").write_text("")
    assert "empty.txt" in run_in(sample)("weekly", "--week", "2026-W12").stdout


def test_a_foreign_database_is_refused_and_left_as_it_is(sample: Path) -> None:
    for old in sample.glob("subscribers.db*"):
        old.unlink()
    with closing(sqlite3.connect(sample / "subscribers.db")) as other:
        other.execute("CREATE TABLE mine (x)")
    before = (sample / "subscribers.db").read_bytes()
    assert "subscribers.db" in error_of(run_in(sample)("weekly", ok=False))
    assert (sample / "subscribers.db").read_bytes() == before


def test_bad_lines_of_a_csv_are_written_out_and_the_good_ones_go_in(sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("address,name\nana@example.net,Ana\nnobody,\nana@example.net,Again\nx\r\ny@example.net,\n")
    out = run_in(sample)("subscribers", "import", str(file), "--yes").stdout
    assert "1 imported." in out or "2 imported." in out
    rejected = file.with_name("people.rejected.csv").read_text("utf-8")
    assert "nobody" in rejected and rejected.startswith("line,address,why")


def test_header_injection_in_an_address_and_a_subject_is_refused(sample: Path) -> None:
    run = run_in(sample)
    assert "control characters" in error_of(run("subscribers", "add", "a@b.org\r\nBcc: c@d.org", ok=False))
    assert "line break" in error_of(run("edit", "--week", "2026-W12", "subject", "Hello\r\nBcc: x@y.org", ok=False))


def test_a_relay_that_is_not_there_loses_nothing(sample: Path) -> None:
    run = run_in(sample)
    run("approve", "--yes")
    error = error_of(run("send", "--yes", "--smtp", "127.0.0.1:9", ok=False))
    assert "127.0.0.1:9" in error
    assert "6  written to var/outbox" in run("send", "--yes").stdout


def test_a_title_that_looks_like_a_token_stays_text(sample: Path) -> None:
    run = run_in(sample)
    html = (sample / "var/issues/2026-W12/issue.html").read_text("utf-8")
    assert "__D" not in html
    text = "{{ LEAVE }} __D00000000_LEAVE__ %%EMAIL%% late berths and delays\n\n" + "The harbour published delays. " * 9
    run("articles", "add", "-", "--outlet", "X", given=text, now="2026-03-20T12:00:00+00:00")
    run("lead", "%%EMAIL%%", "--week", "2026-W12")
    run("weekly", "--week", "2026-W12")
    html = (sample / "var/issues/2026-W12/issue.html").read_text("utf-8")
    assert "__D00000000_LEAVE__" in html and "%%EMAIL%%" in html


def test_help_lists_every_command_in_its_group(sample: Path) -> None:
    out = run_in(sample)("--help").stdout
    for group in ("Every week:", "People:", "Setting up:", "Looking closer:"):
        assert group in out


def test_init_makes_a_newsletter_that_works(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    out = run_in(tmp_path)("init", str(folder), "--defaults").stdout
    assert "Next: " in out
    assert {p.name for p in folder.iterdir()} >= {"digest.toml", "keys", "var", "subscribers.db"}
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700
    assert "No issue this week" in run_in(folder)("weekly").stdout
    assert (folder / "var").stat().st_mode & 0o777 == 0o700
    assert "is there already" in error_of(run_in(tmp_path)("init", str(folder), "--defaults", ok=False))


def test_a_backup_comes_back_whole(sample: Path, tmp_path: Path) -> None:
    run = run_in(sample)
    run("backup", str(tmp_path / "all.tar.gz"))
    run("restore", str(tmp_path / "all.tar.gz"), str(tmp_path / "back"))
    assert json.loads(run_in(tmp_path / "back")("queue", "--json").stdout)["counts"]["waiting"] == 6


# ------------------------------------------------------------------------------------------------ feeds by http


class Feed(http.server.BaseHTTPRequestHandler):
    """Serves the sample's feed with an ETag, and answers 304 to whoever knows it."""

    asked: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        known = self.headers.get("If-None-Match") == '"one"'
        self.asked.append(304 if known else 200)
        self.send_response(304 if known else 200)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.end_headers()
        if not known:
            self.wfile.write((ROOT / "examples/week/harbour.xml").read_bytes())

    def log_message(self, *_: object) -> None:
        return


def test_a_feed_is_read_by_http_once_and_then_asked_politely(tmp_path: Path) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        run = run_in(tmp_path)
        run("init", str(tmp_path), "--defaults")
        url = f"http://127.0.0.1:{server.server_port}/feed.xml"
        with (tmp_path / "digest.toml").open("a") as file:
            file.write(f'\n[[sources]]\nurl = "{url}"\nallow_private = true\n')
        first = json.loads(run("collect", "--json", now="2026-03-22T18:00:00+00:00").stdout)
        again = json.loads(run("collect", "--json", now="2026-03-22T19:00:00+00:00").stdout)
        told = {"source": url, "changed": 0, "error": "", "hint": ""}
        assert first == [{**told, "found": 4, "new": 4, "note": ""}]
        assert again == [{**told, "found": 0, "new": 0, "note": "unchanged"}]
        assert Feed.asked == [200, 304]
        rows = json.loads(run("articles", "list", "--json").stdout)
        assert {r["outlet"] for r in rows} == {"Harbour Notes"}
    finally:
        server.shutdown()
        server.server_close()


def test_a_feed_in_ones_own_network_is_refused_unless_allowed(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    run("init", str(tmp_path), "--defaults")
    assert "private address" in error_of(run("sources", "add", "http://127.0.0.1:9/feed.xml", ok=False))
    run("sources", "add", "http://127.0.0.1:9/feed.xml", "--unchecked")
    assert "cannot be read" in error_of(run("sources", "check", ok=False))


# ------------------------------------------------------------------------------------------------ approval


def test_two_people_approve_where_two_are_asked_for(sample: Path) -> None:
    file = sample / "digest.toml"
    file.write_text(file.read_text("utf-8").replace('approval = "one"', 'approval = "two"'), "utf-8")
    assert 'approval = "two"' in file.read_text("utf-8")
    run = run_in(sample)
    assert "a second person must approve it too" in run("approve", "--yes").stdout
    assert "a second person must approve it too" in run("approve", "--yes", who="MARA").stdout
    assert "is a draft" in run("send", "--yes", ok=False).stderr
    assert "First approved by Mara." in run("approve", "--yes", who="Tomas").stdout
    assert "6  written to var/outbox" in run("send", "--yes").stdout


def test_mail_to_readers_by_smtp_needs_a_way_to_leave_a_test_does_not(sample: Path) -> None:
    file = sample / "digest.toml"
    text = file.read_text("utf-8").replace('transport = "maildir"', 'transport = "smtp"')
    text += '\n[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
    file.write_text(text, "utf-8")
    run = run_in(sample)
    run("approve", "--yes")
    assert "/health does not answer" in error_of(run("send", "--yes", ok=False))
    assert "127.0.0.1:9" in error_of(run("test", "editor@example.org", ok=False))


def test_all_the_words_can_be_edited_in_one_small_file(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = sample / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/^intro:.*/intro: Ten stories./; s/^note 2:.*/note 2: Ours./" "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    run = run_in(sample)
    assert "2 changed" in run("edit", "--week", "2026-W12").stdout
    run("build", "--week", "2026-W12")
    html = (sample / "var/issues/2026-W12/issue.html").read_text("utf-8")
    assert "Ten stories." in html and "Ours." in html


# ------------------------------------------------------------------------------------------------ what a reader tried


def test_who_left_the_old_provider_does_not_come_back_by_an_import(sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(
        "Email Address,First Name,Status,UNSUB_TIME,MEMBER_RATING\n"
        "m1@example.net,Ann,subscribed,,2\nm2@example.net,Bo,unsubscribed,,2\n"
        "m3@example.net,Cy,cleaned,,1\nm4@example.net,Di,,2025-01-01,1\n"
    )
    run = run_in(sample)
    out = run("subscribers", "import", str(file), "--yes").stdout
    assert "1 new" in out and "3 kept out" in out and "columns not used: MEMBER_RATING" in out
    people = {p["address"]: p for p in json.loads(run("subscribers", "list", "--json").stdout)}
    assert people["m1@example.net"]["name"] == "Ann"
    for gone in ("m2@example.net", "m3@example.net", "m4@example.net"):
        assert (people[gone]["membership"], people[gone]["name"]) == ("unsubscribed", "")
    assert people["m3@example.net"]["block"] == "bounced"


def test_our_own_export_comes_back_as_it_was(sample: Path, tmp_path: Path) -> None:
    run = run_in(sample)
    first = json.loads(run("subscribers", "list", "--json").stdout)[0]["address"]
    run("subscribers", "remove", first, "--yes")
    run("subscribers", "export", str(tmp_path / "all.csv"))
    other = tmp_path / "other"
    run_in(tmp_path)("init", str(other), "--defaults")
    out = run_in(other)("subscribers", "import", str(tmp_path / "all.csv"), "--yes").stdout
    assert "an export of digest" in out and "5 new" in out and "1 kept out" in out


def test_a_spreadsheets_csv_is_read(sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "excel.csv"
    file.write_bytes("E-Mail;Vorname\r\ng@example.net;Günter\r\n".encode("cp1252"))
    run = run_in(sample)
    assert "1 imported." in run("subscribers", "import", str(file), "--yes").stdout
    assert "Günter" in run("subscribers", "list", "--json").stdout


def test_a_name_that_matches_nothing_is_said_also_beside_undated_texts(sample: Path) -> None:
    run = run_in(sample)
    run("articles", "add", "-", given="A text without a date\n\nThe ferry left at noon with forty people on board.\n")
    assert "no article is called" in error_of(run("lead", "no such thing", ok=False))


def test_a_link_can_be_filled_in_and_corrected_but_is_a_web_address(sample: Path) -> None:
    run = run_in(sample)
    run("articles", "add", "-", given="A ferry tale\n\nThe ferry left at noon with forty people on board.\n")
    assert "is no web address" in error_of(run("articles", "fill", "ferry tale", "--url", "javascript:x", ok=False))
    run("articles", "fill", "ferry tale", "--outlet", "Wrong", "--url", "https://example.org/1")
    out = run("articles", "fill", "ferry tale", "--outlet", "Harbour Notes").stdout
    assert "Harbour Notes, https://example.org/1." in out


def test_pasted_texts_without_an_outlet_do_not_shut_each_other_out(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    run = run_in(folder)
    run_in(tmp_path)("init", str(folder), "--defaults")
    for number, words in enumerate(("ferry left harbour", "council rewrote letters", "toads crossed roads", "bees")):
        text = f"Story {number} of {words}\n\nThe {words} on Monday, and {words} again on Friday, as people said.\n"
        run("articles", "add", "-", given=text)
    assert len(json.loads(run("weekly", "--json").stdout)["picks"]) == 4


def test_an_edit_says_that_the_approval_is_withdrawn(sample: Path) -> None:
    run = run_in(sample)
    run("approve", "--yes")
    assert "the approval is withdrawn" in run("edit", "--week", "2026-W12", "subject", "Another").stdout


def test_those_in_doubt_are_listed_and_a_person_decides(sample: Path) -> None:
    """The receiver accepts some letters and cuts the line before it says so."""
    run = run_in(sample)
    run("approve", "--yes")
    with sink("--fault", "drop-after-accept:0.5", "--seed", "5") as (port, log):
        run("send", "--yes", "--smtp", f"127.0.0.1:{port}", "--connections", "1", code=4)
        accepted = len(log.read_text().splitlines())
    rows = json.loads(run("deliveries", "list", "--state", "uncertain", "--json").stdout)
    assert accepted == 6 and 2 <= len(rows) < 6
    assert f"{len(rows)}  we cannot know" in run("status").stdout
    run("deliveries", "resolve", "--as", "accepted", "--reader", rows[0]["address"])
    run("deliveries", "resolve", "--as", "missing", "--reader", rows[1]["address"])
    run("deliveries", "resend-missed", "--yes")
    with sink() as (port, log):
        run("send", "--yes", "--smtp", f"127.0.0.1:{port}", code=0 if len(rows) == 2 else 4)
        assert len(log.read_text().splitlines()) == 1
    counts = json.loads(run("status", "--json").stdout)["deliveries"]
    assert counts["accepted"] == 6 - len(rows) + 2
    assert counts.get("uncertain", 0) == len(rows) - 2


def test_pause_waits_resume_goes_on_and_stop_is_final(sample: Path) -> None:
    run = run_in(sample)
    run("approve", "--yes")
    assert "is approved: there is nothing to pause" in error_of(run("pause", ok=False))
    run("send", "--yes", "--smtp", "127.0.0.1:9", ok=False)  # nobody reached: it stays approved
    assert "is approved: there is nothing to pause" in error_of(run("pause", ok=False))
    run("send", "--at", LATER, "--yes")
    run("pause", "--reason", "a slip on page one")
    assert "paused: a slip on page one" in run("status").stdout
    run("send", "--yes", code=3)
    assert letters(sample) == []
    run("resume")
    run("stop", "--yes")
    assert "6  cancelled" in run("status").stdout
    run("send", "--yes", code=6)
    assert letters(sample) == []


@contextmanager
def sink(*options: str) -> Iterator[tuple[int, Path]]:
    """A recording SMTP server on loopback: its port, and its log with a line for each letter accepted."""
    import socket
    import tempfile

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "accepted.jsonl"
        log.touch()
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/smtp_sink.py"), "--port", str(port), "--log", str(log), *options],
            stdout=subprocess.PIPE,
        )
        try:
            assert server.stdout is not None
            server.stdout.readline()
            yield port, log
        finally:
            server.terminate()
            server.communicate(timeout=10)


def test_init_copies_the_templates_and_the_newsletters_own_win(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    run_in(tmp_path)("init", str(folder), "--defaults", "--templates")
    page = folder / "templates" / "email" / "briefing" / "issue.html.j2"
    page.write_text(page.read_text("utf-8").replace("</body>", "<p>Printed at home</p></body>"), "utf-8")
    shutil.copytree(ROOT / "examples/week/articles", folder / "articles")
    with (folder / "digest.toml").open("a") as file:
        file.write('\n[[sources]]\npath = "articles"\n')
    run = run_in(folder)
    run("weekly", "--week", "2026-W12")
    assert "Printed at home" in (folder / "var/issues/2026-W12/issue.html").read_text("utf-8")
    page.write_text("{% if %}", "utf-8")
    assert "issue.html.j2" in error_of(run("build", "--week", "2026-W12", ok=False))


def test_init_takes_an_opml_list(tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_text(
        '<opml version="2.0"><body><outline text="Notes" type="rss" xmlUrl="https://example.org/feed.xml"/></body></opml>'
    )
    folder = tmp_path / "mine"
    answers = (
        f"The Ledger\nLedger <l@example.org>\nbad\nl@example.org\n1 Quay\nen-GB\nUTC\nfriday\n{tmp_path}/list.opml\n"
    )
    run_in(tmp_path)("init", str(folder), given=answers)
    text = (folder / "digest.toml").read_text("utf-8")
    assert 'url = "https://example.org/feed.xml"' in text and 'day = "friday"' in text
    assert "https://example.org/feed.xml" in run_in(folder)("sources", "list").stdout


def test_an_unreadable_file_is_named_and_the_others_are_read(sample: Path) -> None:
    """A link to itself cannot be read by anybody, root included."""
    loop = sample / "examples/week/articles/loop.txt"
    loop.symlink_to(loop)
    out = run_in(sample)("weekly", "--week", "2026-W12").stdout
    assert "loop.txt cannot be read" in out
    assert "Subject:" in out


def test_a_draft_is_told_with_what_check_finds_in_it(sample: Path) -> None:
    with (sample / "digest.toml").open("a") as file:
        file.write(f'\n[alerts]\ncommand = ["{sys.executable}", "catch.py"]\n')
    (sample / "catch.py").write_text("import sys\nopen('told.json', 'w').write(sys.stdin.read())\n")
    run = run_in(sample)
    run("sources", "block", "docksidedaily.example.com")
    run("weekly", "--week", "2026-W12")
    told = json.loads((sample / "told.json").read_text("utf-8"))
    assert told["alert"] == "draft" and told["title"].startswith("2026-W12 is ready, ")
    assert len(told["findings"]) == len(json.loads(run("check", "--json").stdout)) and told["waiting"] == 6
    (sample / "told.json").unlink()
    run("weekly", "--week", "2026-W12", "--dry-run")
    assert not (sample / "told.json").exists()
