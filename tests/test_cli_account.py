"""What people see of a send, and what they decide: status, deliveries, pause from a second terminal, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.address import parse_address
from digest.config import load_config
from digest.dispatch import keys
from digest.dispatch.orders import moment
from digest.model import LEGAL_MOVES
from digest.store import open_store
from tests.command_line import LATER, Run, error_of, run_in
from tests.dispatch_newsletter import NOW, SLUG, accepted, make_newsletter, sink
from tests.forker import Child, start

AT = NOW.isoformat()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_newsletter(tmp_path / "n", 8)
    return tmp_path / "n"


def to(port: int, connections: int = 1) -> tuple[str, ...]:
    return ("--smtp", f"127.0.0.1:{port}", "--connections", str(connections))


def status(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("status", "--json").stdout)
    return found


def in_doubt(folder: Path, log: Path, *, seed: int = 5) -> tuple[list[str], list[str]]:
    """Sends to a receiver that takes every letter and often cuts the line: who is in doubt, who has it."""
    run = run_in(folder)
    with sink(log, "--fault", "drop-after-accept:0.5", "--seed", str(seed)) as port:
        run("send", "--yes", *to(port), code=4)
    rows = json.loads(run("deliveries", "list", "--state", "uncertain", "--json").stdout)
    return [row["address"] for row in rows], list(accepted(log))


def message_id(folder: Path, address: str) -> str:
    with open_store(folder) as store:
        found = store.subscribers.get(parse_address(address))
        assert found is not None
    sender = load_config(folder).newsletter.sender.address
    return keys.message_id(SLUG, found.id, keys.load(folder).message, sender.domain)


# ------------------------------------------------------------------------------------------------ status and codes


def test_status_adds_up_before_sending_and_after(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    run("subscribers", "remove", "reader7@example.net", "--yes")
    before = run("status").stdout
    assert "8 subscribers = 8 planned + 0 left out" in before and "8  waiting" in before
    assert "Nothing has been sent. Next: `digest send`." in before
    with sink(tmp_path / "log") as port:
        out = run("send", "--yes", *to(port)).stdout
    assert "7  accepted by your relay" in out and "1  left out since (unsubscribed)" in out
    told = status(run)
    assert told["verdict"] == "done"
    assert told["candidates"] == told["planned"] + sum(told["excluded"].values())
    assert sum(told["deliveries"].values()) == told["planned"]
    assert told["deliveries"]["accepted"] == len(accepted(tmp_path / "log"))


def test_trouble_is_told_in_the_relays_words_with_its_domains(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    with sink(tmp_path / "log", "--fault", "tempfail:1") as port:
        out = run("send", "--yes", *to(port), code=5).stdout
    assert "8  will be tried again at example.net: 451 4.3.0 try later" in out
    assert "the next is tried again" in out
    assert [c["readers"] for c in status(run)["causes"]] == [8]


def test_send_has_an_exit_code_for_each_end(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    in_doubt(folder, tmp_path / "log")  # 4, see there
    run("deliveries", "resolve", "--as", "accepted", "--yes")
    run("send", "--yes", code=0)
    assert "is sent: there is nothing to pause" in error_of(run("pause", code=1))


def test_status_that_follows_ends_with_the_code_of_what_it_saw(folder: Path) -> None:
    run = run_in(folder)
    run("send", "--at", LATER, "--yes")
    run("pause", "--reason", "a slip on page one")
    last = json.loads(run("status", "--follow", "--json", code=3).stdout.splitlines()[-1])
    assert (last["event"], last["paused_reason"]) == ("paused", "a slip on page one")
    run("stop", "--yes")
    assert f"{SLUG} is cancelled: 8 cancelled." in run("status", "--follow", code=6).stdout


def test_send_prints_what_happens_as_lines_of_json(folder: Path, tmp_path: Path) -> None:
    with sink(tmp_path / "log") as port:
        out = run_in(folder)("send", "--yes", "--json", *to(port)).stdout
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["event"] for e in events] == ["begun", "progress", "done"] or events[1]["event"] == "progress"
    assert events[0]["deliveries"] == {"waiting": 8} and events[-1]["deliveries"] == {"accepted": 8}
    assert (events[-2]["done"], events[-2]["all"]) == (8, 8)


# ------------------------------------------------------------------------------------------------ a second terminal


def begin(folder: Path, port: int, log: Path) -> Child:
    """A `digest send` at work, with some letters gone already."""
    sending = start(
        "digest",
        ["--project", str(folder), "send", "--yes", *to(port)],
        env={**os.environ, "DIGEST_EDITOR": "Mara"},
    )
    while log.read_text().count("\n") < 3 and sending.poll() is None:
        time.sleep(0.01)
    return sending


@pytest.fixture
def many(tmp_path: Path) -> Path:
    make_newsletter(tmp_path / "n", 400)
    return tmp_path / "n"


def test_pause_in_a_second_terminal_ends_the_send_and_resume_loses_nobody(many: Path, tmp_path: Path) -> None:
    run, log = run_in(many), tmp_path / "log"
    with sink(log, "--reply-delay", "20") as port:
        sending = begin(many, port, log)
        out = run("pause", "--reason", "wait").stdout
        gone = len(accepted(log))
        sending.wait(60)
        assert "It has ended" in out and 0 < gone < 400
        assert len(accepted(log)) == gone
        assert sending.returncode == 3
        assert "is paused: wait" in error_of(run("send", "--yes", code=3))
    assert f"{400 - gone} readers wait" in run("resume").stdout
    with sink(log) as port:
        run("send", "--yes", *to(port, 4))
    assert len(accepted(log)) == 400 and set(accepted(log).values()) == {1}


def test_stop_in_a_second_terminal_is_final(many: Path, tmp_path: Path) -> None:
    run, log = run_in(many), tmp_path / "log"
    with sink(log, "--reply-delay", "20") as port:
        sending = begin(many, port, log)
        run("stop", "--yes")
        gone = len(accepted(log))
        sending.wait(60)
        assert (len(accepted(log)), sending.returncode) == (gone, 6)
        told = status(run)
        assert told["deliveries"] == {"accepted": gone, "cancelled": 400 - gone}
    assert "nothing to stop" in error_of(run("stop", "--yes", ok=False))


def test_status_follows_a_send_at_work_to_its_end(tmp_path: Path) -> None:
    many, log = tmp_path / "n", tmp_path / "log"
    make_newsletter(many, 200)
    with sink(log, "--reply-delay", "15") as port:
        sending = begin(many, port, log)
        lines = run_in(many)("status", "--follow", "--json").stdout.splitlines()
        sending.wait(60)
    seen = [json.loads(line) for line in lines]
    numbers = [event["deliveries"].get("accepted", 0) for event in seen]
    assert numbers == sorted(numbers) and numbers[-1] == 200 and len(seen) >= 3
    at_work = [event for event in seen if event["process"] == sending.pid]
    assert at_work and all(event["per_second"] > 0 for event in at_work if event["deliveries"].get("accepted"))
    assert any(event["done_at"] for event in at_work)
    assert seen[-1]["event"] == "done"


# ------------------------------------------------------------------------------------------------ deliveries


def test_rows_are_listed_by_state_domain_and_reader(folder: Path) -> None:
    run = run_in(folder)
    run("subscribers", "add", "ann@elsewhere.example")
    run("subscribers", "remove", "reader1@example.net", "--yes")
    run("send", "--yes")

    def names(*args: str) -> list[str]:
        return [row["address"] for row in json.loads(run("deliveries", "list", "--json", *args).stdout)]

    for word in ("suppressed", "left out since", "left-out-since"):
        assert names("--state", word) == ["reader1@example.net"]
    assert len(names("--state", "Accepted by your relay")) == 7 and names("--state", "in hand") == []
    assert "suppressed (left out since)" in run("deliveries", "list", "--state", "lost", code=2).stderr
    assert len(names("--domain", "EXAMPLE.net")) == 8 and names("--domain", "elsewhere.example") == []
    assert names("--reader", "reader2@example.net", "--reader", "Reader3@example.net") == [
        "reader2@example.net",
        "reader3@example.net",
    ]
    out = run("deliveries", "list", "--limit", "3").stdout
    assert out.count("@example.net") == 3 and "and more" in out


def test_who_was_left_out_is_listed_with_the_reason(tmp_path: Path) -> None:
    run = run_in(tmp_path / "n")
    make_newsletter(tmp_path / "n", 3)
    with open_store(tmp_path / "n") as store:
        store.issues.set_state(SLUG, "draft", who="x", at=NOW)
    run("subscribers", "remove", "reader1@example.net", "--yes")
    run("approve", "--yes")
    rows = json.loads(run("deliveries", "list", "--state", "left-out", "--json").stdout)
    assert rows == [{"address": "reader1@example.net", "reason": "unsubscribed"}]
    told = error_of(run("deliveries", "show", "reader1@example.net", ok=False))
    assert "was left out of 2015-W39: unsubscribed" in told


def test_one_delivery_is_shown_with_its_whole_history(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    with sink(tmp_path / "log", "--fault", "tempfail:1") as port:
        run("send", "--yes", *to(port), code=5)
    run("deliveries", "retry")
    with sink(tmp_path / "log") as port:
        run("send", "--yes", *to(port))
    told = json.loads(run("deliveries", "show", "reader2@example.net", "--json").stdout)
    assert [m["became"] for m in told["history"]] == ["leased", "sending", "deferred", "leased", "sending", "accepted"]
    assert told["history"][2]["reply"] == "451 4.3.0 try later"
    out = run("deliveries", "show", "2").stdout
    assert "reader2@example.net: accepted by your relay" in out and "451 4.3.0 try later" in out


def test_deferred_ones_are_tried_at_once_when_asked_to(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    with sink(tmp_path / "log", "--fault", "tempfail:1") as port:
        run("send", "--yes", *to(port), code=5)
        assert accepted(tmp_path / "log") == {}
    with sink(tmp_path / "log") as port:
        run("send", "--yes", *to(port), code=5)
        assert accepted(tmp_path / "log") == {}  # none is due
        assert "1 reader will be tried" in run("deliveries", "retry", "--reader", "reader1@example.net").stdout
        run("send", "--yes", *to(port), code=5)
        assert list(accepted(tmp_path / "log")) == ["reader1@example.net"]
        assert "nobody is waiting" in run("deliveries", "retry", "--domain", "elsewhere.example").stdout
        run("deliveries", "retry", "--domain", "example.net")
        run("send", "--yes", *to(port))
        assert len(accepted(tmp_path / "log")) == 8


# ------------------------------------------------------------------------------------------------ evidence


def test_those_the_outbox_holds_have_it(folder: Path, tmp_path: Path) -> None:
    """The letters in doubt went to files elsewhere: some of them are there."""
    doubtful, _ = in_doubt(folder, tmp_path / "log")
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    with open_store(other) as store:  # in the copy they are carried to files: the same letters under the same names
        rows = {store.subscribers.by_id(d.subscriber).address: d.ordinal for d in store.ledger.uncertain(SLUG)}  # type: ignore[union-attr]
        store.accounts.resolve(SLUG, dict.fromkeys(list(rows.values())[:2], ("waiting", "x")), NOW)
    run_in(other)("send", "--yes", "--as-configured", code=4)
    run = run_in(folder)
    outbox = other / "var" / "outbox" / SLUG
    (outbox / "new" / "note.eml").write_text("Message-ID: <another@b.example>\n\nNo letter of ours.\n")
    out = run("deliveries", "resolve", "--files", str(outbox)).stdout
    assert f"2 have it, 0 do not.\nFor {len(doubtful) - 2} we still cannot know" in out
    shown = run("deliveries", "show", doubtful[0]).stdout
    assert "proved: the file 00000" in shown and "looked up by Mara" in shown
    out = run("deliveries", "resolve", "--files", str(outbox), "--complete").stdout
    assert f"0 have it, {len(doubtful) - 2} do not." in out


def postfix(identity: str, queue: str, *, taken: bool) -> str:
    lines = [f"Sep 24 07:00:01 mx postfix/cleanup[12]: {queue}: message-id={identity}"]
    if taken:
        lines.append(
            f"Sep 24 07:00:01 mx postfix/qmgr[9]: {queue}: from=<ledger@news.example>, size=900, nrcpt=1 (queue active)"
        )
        lines.append(
            f"Sep 24 07:00:02 mx postfix/smtp[14]: {queue}: to=<a@b.example>, relay=b.example, "
            "status=sent (250 2.0.0 Ok for a@b.example)"
        )
    return "\n".join(lines)


def exim(identity: str, queue: str, *, taken: bool) -> str:
    return (
        f"2015-09-24 07:00:01 {queue} <= ledger@news.example H=a P=esmtp S=900 id={identity.strip('<>')}"
        if taken
        else ""
    )


@pytest.mark.parametrize("form", [postfix, exim])
def test_those_the_relays_log_has_taken_have_it(folder: Path, tmp_path: Path, form: Callable[..., str]) -> None:
    """Postfix names a letter before the final dot: a queue id that came to nothing proves nothing."""
    doubtful, _ = in_doubt(folder, tmp_path / "log")
    log = tmp_path / "mail.log"
    lines = [form(message_id(folder, who), f"4D{n}", taken=n == 0) for n, who in enumerate(doubtful)]
    log.write_text("\n".join([form("<another@b.example>", "9F0", taken=True), *lines]) + "\n")
    run = run_in(folder)
    assert "1 have it, 0 do not." in run("deliveries", "resolve", "--log", str(log)).stdout
    shown = run("deliveries", "show", doubtful[0]).stdout
    assert "proved: the log mail.log" in shown and "a@b.example" not in shown
    states = {r["address"]: r["state"] for r in json.loads(run("deliveries", "list", "--json").stdout)}
    assert [states[who] for who in doubtful[:2]] == ["accepted", "uncertain"]


def test_a_persons_word_is_kept_with_the_name(folder: Path, tmp_path: Path) -> None:
    doubtful, _ = in_doubt(folder, tmp_path / "log")
    run = run_in(folder)
    run("deliveries", "resolve", "--as", "accepted", "--reader", doubtful[0], who="Tomas")
    told = json.loads(run("deliveries", "show", doubtful[0], "--json").stdout)["history"][-1]
    assert (told["came"], told["became"], told["reply"]) == ("uncertain", "accepted", "they have it, says Tomas")
    assert told["at"]


def test_sending_again_reaches_only_those_proved_to_be_without(folder: Path, tmp_path: Path) -> None:
    doubtful, _ = in_doubt(folder, tmp_path / "log")
    run = run_in(folder)
    assert "nobody is proved not to have it" in run("deliveries", "resend-missed", "--yes").stdout
    run("deliveries", "resolve", "--as", "missing", "--reader", doubtful[0])
    assert "A dry run" in run("deliveries", "resend-missed", "--dry-run").stdout
    run("deliveries", "resend-missed", "--yes")
    with sink(tmp_path / "again") as port:
        run("send", "--yes", *to(port), code=4)
    assert list(accepted(tmp_path / "again")) == [doubtful[0]]
    with open_store(folder) as store:
        for row in store.accounts.rows(SLUG):
            state = "waiting"
            for move in store.ledger.history(SLUG, row.ordinal):
                assert move.came == state and move.became in LEGAL_MOVES[move.came]
                state = move.became
            assert state == row.state


def test_those_refused_for_a_mended_cause_are_sent_it_again(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "sending", who="x", at=NOW)
        store.ledger.lease(SLUG, "o", 8, NOW)
        replies = ["550 5.7.1 blocked by policy"] * 3 + ["550 5.1.1 no such user"]
        store.ledger.commit(SLUG, "o", [], [(n, "rejected", text, None) for n, text in enumerate(replies)], NOW)
        store.ledger.release("o", NOW)
    out = run("deliveries", "resend-missed", "--refused", "550 5.7.1", "--yes").stdout
    assert "3 readers wait" in out
    with sink(tmp_path / "log") as port:
        run("send", "--yes", *to(port))
    assert len(accepted(tmp_path / "log")) == 7 and "reader3@example.net" not in accepted(tmp_path / "log")


def test_who_may_get_no_mail_is_not_promised_the_letter_again(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    with sink(tmp_path / "log", "--refuse", "reader[34]@", "550 5.1.1 no such user") as port:
        run("send", "--yes", *to(port))
    again = ("deliveries", "resend-missed", "--refused", "550 5.1.1", "--yes")
    out = run(*again).stdout
    assert "2 readers without it, of whom 2 may get no mail: 2 bounced." in out
    assert "`digest bounces undo NUMBER`" in out and "Nothing was changed." in out
    assert status(run)["deliveries"] == {"accepted": 6, "rejected": 2} and status(run)["state"] == "sent"
    run("bounces", "undo", str(json.loads(run("bounces", "list", "--json").stdout)[0]["number"]))
    out = run(*again).stdout
    assert "of whom 1 may get no mail: 1 bounced." in out and "1 reader waits for the next `digest send`" in out
    with sink(tmp_path / "again") as port:
        run("send", "--yes", *to(port))
    assert len(accepted(tmp_path / "again")) == 1 and status(run)["deliveries"] == {"accepted": 7, "rejected": 1}


def test_resolve_wants_one_way_and_says_when_there_is_no_doubt(folder: Path) -> None:
    run = run_in(folder)
    run("deliveries", "resolve", code=2)
    run("deliveries", "resolve", "--outbox", "--as", "accepted", code=2)
    assert "nobody we cannot know" in run("deliveries", "resolve", "--outbox").stdout


# ------------------------------------------------------------------------------------------------ scheduled


def test_scheduled_issue_leaves_with_the_first_timer_after_its_time(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    run("send", "--at", "2015-09-24 18:00", "--yes", now=AT)
    assert "is scheduled for 2015-09-24 18:00" in run("status", now=AT).stdout
    with sink(tmp_path / "log") as port:
        assert run("send", "--due", *to(port), now="2015-09-24T17:59:00+00:00").stdout == ""
        assert accepted(tmp_path / "log") == {}
        run("send", "--due", *to(port), now="2015-09-24T18:01:00+00:00")
        assert len(accepted(tmp_path / "log")) == 8
        assert run("send", "--due", *to(port), now="2015-09-24T18:06:00+00:00").stdout == ""
    assert len(accepted(tmp_path / "log")) == 8


def test_scheduled_issue_that_was_paused_leaves_at_its_time_all_the_same(folder: Path) -> None:
    run = run_in(folder)
    run("send", "--at", "18:00", "--yes", now=AT)
    run("pause", now=AT)
    assert run("send", "--due", now="2015-09-24T18:01:00+00:00").stdout == ""
    assert "leaves at 2015-09-24 18:00" in run("resume", now="2015-09-24T17:00:00+00:00").stdout
    assert run("send", "--due", now="2015-09-24T17:05:00+00:00").stdout == ""
    run("send", "--due", now="2015-09-24T18:05:00+00:00")
    assert status(run)["deliveries"] == {"accepted": 8}


def test_dry_run_of_an_unattended_newsletter_approves_nothing(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2, send='approval = "none"')
    with open_store(tmp_path) as store:
        store.issues.set_state(SLUG, "draft", who="x", at=NOW)
    run = run_in(tmp_path)
    run("send", "--dry-run")
    assert status(run)["state"] == "draft"
    run("send", "--yes")
    assert status(run)["approved_by"].startswith("nobody")


def test_timer_that_meets_a_send_at_work_is_silent_and_alarms_nobody(many: Path, tmp_path: Path) -> None:
    file, log = alerting(many, COMMAND), tmp_path / "log"
    with sink(log, "--reply-delay", "20") as port:
        sending = begin(many, port, log)
        done = run_in(many)("send", "--due", *to(port))
        assert (done.stdout, done.stderr) == ("", "")
        assert "another `digest send` is at work" in error_of(run_in(many)("send", "--yes", *to(port), ok=False))
        sending.terminate()
        assert (sending.wait(60), caught(file)) == (5, [])
        run_in(many)("send", "--yes", "--smtp", f"127.0.0.1:{port}", "--connections", "20")
    assert set(accepted(log).values()) == {1} and [a["alert"] for a in caught(file)] == ["done"]


def test_timer_that_comes_a_day_late_pauses_the_issue_and_a_person_lets_it_go(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    run("send", "--at", "2015-09-24 18:00", "--yes", now=AT)
    done = run("send", "--due", code=3, now="2015-09-25T18:01:00+00:00")
    assert "2015-W39 waits: 8 readers were to have it on 2015-09-24 18:00" in done.stderr
    assert status(run)["state"] == "paused"
    again = run("send", "--due", code=3, now="2015-09-25T18:01:30+00:00")
    assert (again.stdout, again.stderr) == ("", "")
    run("resume", now="2015-09-25T18:02:00+00:00")
    run("pause", now="2015-09-25T18:02:10+00:00")
    run("send", "--due", now="2015-09-25T18:02:20+00:00")  # a person has: no failure
    run("resume", now="2015-09-25T18:02:30+00:00")
    run("send", "--due", now="2015-09-25T18:03:00+00:00")
    assert status(run)["deliveries"] == {"accepted": 8}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("tonight", "is no time"),
        ("2015-09-24 06:00", "is past"),
        ("2016-03-27 01:30", "clocks go forward over it"),
        ("25:00", "is no time"),
        ("2105-09-24 18:00", "more than a year ahead"),
    ],
)
def test_time_that_cannot_be_is_refused(folder: Path, typed: str, told: str) -> None:
    toml = folder / "digest.toml"
    toml.write_text(toml.read_text().replace("[newsletter]\n", '[newsletter]\nzone = "Europe/London"\n'))
    assert told in error_of(run_in(folder)("send", "--at", typed, "--yes", ok=False, now=AT))


@pytest.mark.parametrize(
    ("typed", "meant"), [("18:00", "2015-09-24 18:00"), ("9:00", "2015-09-24 09:00"), ("07:30", "2015-09-25 07:30")]
)
def test_hour_means_its_next_coming_by_the_newsletters_clock(folder: Path, typed: str, meant: str) -> None:
    toml = folder / "digest.toml"
    toml.write_text(toml.read_text().replace("[newsletter]\n", '[newsletter]\nzone = "Europe/London"\n'))
    assert f"leaves at {meant}" in run_in(folder)("send", "--at", typed, "--yes", now=AT).stdout


def test_of_a_time_that_comes_twice_the_first_still_to_come_is_meant() -> None:
    zone, typed = ZoneInfo("Europe/London"), "2015-10-25 01:30"
    first, second = datetime(2015, 10, 25, 0, 30, tzinfo=UTC), datetime(2015, 10, 25, 1, 30, tzinfo=UTC)
    assert moment(typed, zone, first - timedelta(days=1)).astimezone(UTC) == first
    for text in (typed, "01:30"):
        assert moment(text, zone, first + timedelta(minutes=10)).astimezone(UTC) == second


def test_timer_goes_on_with_what_was_deferred(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    with sink(tmp_path / "log", "--fault", "tempfail:1") as port:
        run("send", "--yes", *to(port), now=AT, code=5)
    with open_store(folder) as store:
        store.state.set("pace", None)  # the receiver’s rest is over: it is kept by the true clock
    with sink(tmp_path / "log") as port:
        assert run("send", "--due", *to(port), now="2015-09-24T07:01:00+00:00").stdout == ""
        run("send", "--due", *to(port), now="2015-09-24T08:00:00+00:00")
    assert len(accepted(tmp_path / "log")) == 8


# ------------------------------------------------------------------------------------------------ alerts

CATCH = """
import json, sys
from pathlib import Path
with Path("alerts.jsonl").open("a") as file:
    file.write(json.dumps(json.load(sys.stdin)) + "\\n")
"""


def alerting(folder: Path, *lines: str) -> Path:
    (folder / "catch.py").write_text(CATCH)
    with (folder / "digest.toml").open("a") as toml:
        toml.write("\n[alerts]\n" + "\n".join(lines) + "\n")
    return folder / "alerts.jsonl"


def caught(file: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


COMMAND = f'command = ["{sys.executable}", "catch.py"]'


def test_command_is_given_json_once_for_each_happening(folder: Path, tmp_path: Path) -> None:
    file = alerting(folder, COMMAND)
    in_doubt(folder, tmp_path / "log")
    assert [a["alert"] for a in caught(file)] == ["in doubt", "done"]
    assert caught(file)[1]["title"] == f"{SLUG} is sent" and caught(file)[1]["planned"] == 8
    run = run_in(folder)
    run("send", "--yes", code=4)
    assert len(caught(file)) == 2  # nothing new


def test_pause_and_stop_are_told_and_so_is_a_second_pause(folder: Path) -> None:
    file, run = alerting(folder, COMMAND), run_in(folder)
    run("send", "--yes", "--smtp", "127.0.0.1:9", ok=False)
    run("send", "--at", LATER, "--yes")
    for _ in range(2):
        run("pause", "--reason", "a slip")
        run("resume")
    run("stop", "--yes")
    assert [(a["alert"], a["state"]) for a in caught(file)] == [
        ("stopped", "approved"),  # the relay was not there
        ("paused", "paused"),
        ("paused", "paused"),
        ("stopped", "cancelled"),
    ]
    assert "127.0.0.1:9" in caught(file)[0]["text"]


def test_only_what_is_asked_for_is_told(folder: Path) -> None:
    file = alerting(folder, COMMAND, 'on = ["paused"]')
    run_in(folder)("send", "--yes")
    assert caught(file) == []


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ('["/no/such/program"]', "cannot be run: No such file or directory"),
        ('["sh", "-c", "echo out of paper >&2; exit 7"]', "ended with 7: out of paper"),
    ],
)
def test_alert_that_fails_is_said_and_stops_nothing(folder: Path, command: str, why: str) -> None:
    alerting(folder, f"command = {command}")
    done = run_in(folder)("send", "--yes")
    assert why in done.stderr and "8  written to var/outbox" in done.stdout


def test_command_knows_no_password_and_is_no_shell(folder: Path) -> None:
    alerting(folder, f'command = ["{sys.executable}", "env.py", "$HOME; touch owned"]')
    (folder / "env.py").write_text(
        "import os, sys\nopen('env.txt', 'w').write(f\"{os.environ.get('DIGEST_SMTP_PASSWORD')} {sys.argv[1]}\")\n"
    )
    run_in(folder)("send", "--yes", env={"DIGEST_SMTP_PASSWORD": "secret"})
    assert (folder / "env.txt").read_text() == "None $HOME; touch owned"
    assert not (folder / "owned").exists()


def test_alert_goes_by_mail_as_an_automatic_one(folder: Path) -> None:
    import email
    import email.policy

    alerting(folder, 'mail = "Mara <mara@example.org>"')
    run_in(folder)("send", "--yes")
    (file,) = (folder / "var" / "outbox" / "alerts" / "new").iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (message["Subject"], message["To"]) == (f"[The Weekly Ledger] {SLUG} is sent", "Mara <mara@example.org>")
    assert message["Auto-Submitted"] == "auto-generated" and "8 of 8 written to var/outbox" in message.get_content()


# ------------------------------------------------------------------------------------------------ found


def test_a_letter_is_found_by_its_relays_id_without_a_profile(folder: Path) -> None:
    with open_store(folder) as store:
        store.ledger.doubt_open(SLUG, "x", NOW)
        said = {n: ("accepted", f"250 2.0.0 Ok: queued as Q0010{n} in q7") for n in range(8)}
        store.accounts.resolve(SLUG, said, NOW)  # type: ignore[arg-type]
    run = run_in(folder)
    assert f"{SLUG}, row 3: " in run("deliveries", "show", "Q00103").stdout
    assert "no relay’s id is called 'Q00109'" in error_of(run("deliveries", "show", "Q00109", ok=False))
    assert "8 answers hold 'q7'" in error_of(run("deliveries", "show", "q7", ok=False))
    assert "has no row 77" in error_of(run("deliveries", "show", "77", ok=False))


# ------------------------------------------------------------------------------------------------ restored


def test_restored_newsletter_asks_before_anything_is_sent(folder: Path, tmp_path: Path) -> None:
    run_in(folder)("backup", str(tmp_path / "monday.tar.gz"))
    with sink(tmp_path / "tuesday") as port:
        run_in(folder)("send", "--yes", *to(port))
    again = tmp_path / "again"
    out = run_in(tmp_path)("restore", str(tmp_path / "monday.tar.gz"), str(again)).stdout
    assert f"{SLUG} is paused; 8 may have it or not" in out and "Nothing has been sent." in out
    run = run_in(again)
    with sink(tmp_path / "log") as port:
        assert "did it go out after that?" in error_of(run("send", "--yes", *to(port), code=3))
        run("resume")
        run("send", "--yes", *to(port), code=4)
        run("send", "--due", *to(port))
    assert accepted(tmp_path / "log") == {}


@pytest.mark.parametrize(("word", "letters"), [("all", 0), ("none", 8)])
def test_the_answer_may_be_given_with_the_restore(folder: Path, tmp_path: Path, word: str, letters: int) -> None:
    run_in(folder)("backup", str(tmp_path / "b"))
    run_in(tmp_path)("restore", str(tmp_path / "b"), str(tmp_path / "again"), "--went-out", word)
    run = run_in(tmp_path / "again")
    if word == "none":
        run("resume")
    else:
        assert f"{SLUG} is sent" in run("status").stdout
    with sink(tmp_path / "log") as port:
        run("send", "--yes", *to(port))
    assert len(accepted(tmp_path / "log")) == letters


def test_what_was_replaced_is_believed_before_a_person(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    run("backup", str(tmp_path / "b"))
    with sink(tmp_path / "log") as port:
        run("send", "--yes", *to(port))
        out = run_in(tmp_path)("restore", str(tmp_path / "b"), str(folder), "--replace", "--went-out", "none").stdout
        assert f"{SLUG}: 8 are done with, says the ledger that was replaced" in out and f"{SLUG}: it is closed" in out
        run("send", "--yes", *to(port))
    assert sorted(accepted(tmp_path / "log").values()) == [1] * 8


def test_draft_of_an_old_copy_is_not_approved_a_second_time_unasked(folder: Path, tmp_path: Path) -> None:
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "draft", who="x", at=NOW)
    run_in(folder)("backup", str(tmp_path / "b"))
    run_in(tmp_path)("restore", str(tmp_path / "b"), str(tmp_path / "again"))
    run = run_in(tmp_path / "again")
    assert "may be out since then" in error_of(run("approve", "--yes", ok=False))
    run("approve", "--yes", "--not-sent")
    run("send", "--yes")


def test_sealed_backup_takes_its_passphrase_from_the_environment(folder: Path, tmp_path: Path) -> None:
    secret = {"DIGEST_BACKUP_PASSPHRASE": "correct horse"}
    out = run_in(folder)("backup", str(tmp_path / "b"), "--passphrase", env=secret).stdout
    assert "read back and whole" in out
    run = run_in(tmp_path)
    assert "needs its passphrase" in error_of(run("restore", str(tmp_path / "b"), str(tmp_path / "x"), ok=False))
    run("restore", str(tmp_path / "b"), str(tmp_path / "x"), env=secret)
