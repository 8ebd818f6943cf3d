"""Every way a send can end has its exit code, its words and its line of JSON; real processes, a real receiver."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.address import parse_address
from digest.dispatch.way import remember, way_now, way_on
from digest.errors import IssueError
from digest.store import open_store
from tests.command_line import LATER, Run, error_of, run_in
from tests.dispatch_newsletter import NOW, SLUG, accepted, make_newsletter, send, sink, to_sink
from tests.forker import Child, start


def by(port: int, connections: int = 1) -> tuple[str, ...]:
    return ("--smtp", f"127.0.0.1:{port}", "--connections", str(connections))


def newsletter(folder: Path, readers: int = 12, domains: int = 6, **more: Any) -> Run:
    make_newsletter(folder, [f"reader{n}@d{n % domains}.example" for n in range(readers)], **more)
    return run_in(folder)


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def told(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("status", "--json").stdout)
    return found


ENDS = {
    "done": ([], 0, "done"),
    "a refusal about the sender": (["--refuse", "reader3@", "550 5.7.26 no SPF"], 3, "paused"),
    "the same refusal everywhere": (["--refuse", ".", "550 5.3.0 go away"], 3, "paused"),
    "no answer to the dot": (["--fault", "drop-after-accept:0.5", "--seed", "5"], 4, "in doubt"),
    "later": (["--refuse", "reader3@", "451 4.7.1 later"], 5, "unfinished"),
}


@pytest.mark.parametrize(("options", "code", "event"), ENDS.values(), ids=ENDS)
def test_the_code_and_the_last_line_say_how_it_ended(tmp_path: Path, options: list[str], code: int, event: str) -> None:
    run = newsletter(tmp_path / "n")
    with sink(tmp_path / "log", *options) as port:
        out = run("send", "--yes", "--json", *by(port), code=code).stdout
    assert events(out)[-1]["event"] == event
    assert events(run("status", "--follow", "--json", code=code).stdout)[-1]["event"] == event if code != 5 else True


def test_what_cannot_begin_or_go_on_says_so_in_json_too(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "n")
    done = run("send", "--yes", "--json", "--smtp", "127.0.0.1:9", ok=False)
    begun, failed = events(done.stdout)
    assert (begun["event"], failed["event"], failed["deliveries"]) == ("begun", "failed", {"waiting": 12})
    assert failed["error"] in done.stderr and failed["hint"]


def test_a_paused_or_stopped_issue_is_not_sent_and_the_code_says_which(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "n")
    run("send", "--at", LATER, "--yes")
    run("pause", "--reason", "a slip")
    assert "is paused: a slip" in error_of(run("send", "--yes", code=3))
    run("stop", "--yes")  # of a paused one
    assert "is cancelled" in error_of(run("send", "--yes", code=6))
    assert "nothing to resume" in error_of(run("resume", ok=False))


def test_a_login_lost_on_the_way_is_a_pause(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "n")
    with sink(tmp_path / "log", "--refuse", "reader5@", "530 5.7.0 log in first") as port:
        run("send", "--yes", *by(port), code=3)
    assert told(run)["verdict"] == "paused"


def test_the_worst_of_several_sends_gives_the_code() -> None:
    from digest.cli.telling import worst_code

    assert [worst_code(c) for c in ([], [0, 5], [5, 4, 3], [5, 1, 3], [4, 6])] == [0, 5, 3, 1, 6]


def test_an_issue_for_nobody_is_sent_at_once(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "none", readers=0)
    assert "0 subscribers = 0 planned + 0 left out" in run("send", "--yes").stdout
    run = newsletter(tmp_path / "left", readers=1)
    run("subscribers", "remove", "reader0@d0.example", "--yes")
    assert "1  left out" in run("send", "--yes").stdout
    assert told(run)["verdict"] == "done"


# ------------------------------------------------------------------------------------------------ signals


def begun(folder: Path, log: Path, port: int, connections: int = 1) -> Child:
    child = start("digest", ["--project", str(folder), "send", "--yes", *by(port, connections)], env=os.environ)
    while log.stat().st_size == 0 and child.poll() is None:
        time.sleep(0.01)
    return child


def test_one_interrupt_finishes_the_letters_in_hand(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=100), tmp_path / "log"
    with sink(log, "--reply-delay", "20") as port:
        child = begun(tmp_path / "n", log, port)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait() == 5
    assert told(run)["deliveries"]["accepted"] == len(accepted(log)) < 100


def test_a_second_interrupt_ends_at_once_and_says_who_is_in_doubt(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n"), tmp_path / "log"
    with sink(log, "--hold", ".", "99") as port, (tmp_path / "err").open("w") as complaints:
        args = ["--project", str(tmp_path / "n"), "send", "--yes", *by(port)]
        child = start("digest", args, env=os.environ, stderr=complaints)
        while log.stat().st_size == 0 and child.poll() is None:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGINT)
        time.sleep(0.1)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait() == 5
    assert "Traceback" not in (tmp_path / "err").read_text()
    run("send", "--yes", "--smtp", "127.0.0.1:9", ok=False)  # finds what the other left
    assert told(run)["deliveries"] == {"waiting": 11, "uncertain": 1}


# ------------------------------------------------------------------------------------------------ slow receivers


def test_a_slow_answer_is_neither_a_second_letter_nor_a_stop_for_the_others(tmp_path: Path) -> None:
    """The 250 for one letter comes when nearly all the others are through."""
    run, log = newsletter(tmp_path / "n", readers=40), tmp_path / "log"
    with sink(log, "--hold", "reader3@", "36") as port:
        run("send", "--yes", *by(port, 4))
    assert set(accepted(log).values()) == {1} and len(accepted(log)) == 40
    assert told(run)["deliveries"] == {"accepted": 40}


def test_an_answer_that_comes_seconds_late_doubles_nobody(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=3), tmp_path / "log"
    with sink(log, "--reply-delay", "600", "--no-pipelining") as port:
        run("send", "--yes", *by(port, 3))
    assert set(accepted(log).values()) == {1} and told(run)["deliveries"] == {"accepted": 3}


# ------------------------------------------------------------------------------------------------ a hostile world


def test_a_folder_nobody_can_write_to_is_named(tmp_path: Path) -> None:
    """Root writes everywhere; where keys/ cannot be made, the file system says so to root, too."""
    run = newsletter(tmp_path / "n", readers=1)
    shutil.rmtree(tmp_path / "n" / "keys")
    (tmp_path / "n" / "keys").write_text("no folder")
    assert "keys cannot be made" in error_of(run("status", ok=False))


def test_a_database_that_stays_locked_ends_the_send_and_the_next_one_goes_on(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=40), tmp_path / "log"
    with sink(log, "--reply-delay", "20") as port:
        child = begun(tmp_path / "n", log, port)
        with closing(sqlite3.connect(tmp_path / "n" / "subscribers.db", isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout = 5000")
            other.execute("BEGIN IMMEDIATE")
            assert child.wait() == 1
            other.execute("ROLLBACK")
        run("send", "--yes", *by(port), code=4)
    got = told(run)["deliveries"]
    assert set(accepted(log).values()) == {1} and got["uncertain"] == 1 and got["accepted"] + 1 == 40


def test_a_relay_that_was_not_there_is_named_until_a_send_does_better(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "n")
    run("send", "--yes", "--smtp", "127.0.0.1:9", ok=False)
    assert "The last `digest send` ended early: there is no mail server at 127.0.0.1:9" in run("status").stdout
    with sink(tmp_path / "log", "--refuse", "reader3@", "451 4.7.1 later") as port:
        assert "ended early" not in run("send", "--yes", *by(port), code=5).stdout


def wait_for(file: Path, words: str) -> None:
    until = time.monotonic() + 20
    while words not in (seen := file.read_text()):
        assert time.monotonic() < until, seen
        time.sleep(0.02)


def test_after_a_killed_send_whoever_follows_is_told_and_no_older_reason_is(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=60), tmp_path / "log"
    run("send", "--yes", "--smtp", "127.0.0.1:9", ok=False)
    with sink(log, "--hold", "reader9@", "99") as port:
        sending = begun(tmp_path / "n", log, port)
        with (tmp_path / "seen").open("w") as seen:
            following = start("digest", ["--project", str(tmp_path / "n"), "status", "--follow"], stdout=seen)
            wait_for(tmp_path / "seen", "letters a second")
            os.kill(sending.pid, signal.SIGKILL)
            sending.wait()
            wait_for(tmp_path / "seen", "No `digest send` is at work")
            assert "ended early" not in run("status").stdout
            run("stop", "--yes")
            assert following.wait() == 6, "until then it looked on: a timer might have gone on with it"
    assert "ended early" not in (tmp_path / "seen").read_text()


def test_a_timer_is_silent_in_quiet_hours_and_a_person_is_told_how_long(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "n", readers=2, send='quiet = "22:00-07:00"')
    night = "2015-09-24T23:30:00+00:00"
    assert "nothing leaves before 07:00" in run("send", "--yes", now=night, code=5).stdout
    assert run("send", "--due", now=night).stdout == ""
    run("send", "--due", now="2015-09-25T07:00:00+00:00")
    assert told(run)["deliveries"] == {"accepted": 2}


def test_of_five_timers_at_once_one_sends_and_the_others_are_silent(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=10), tmp_path / "log"
    with sink(log, "--refuse", ".", "451 4.7.1 later") as port:
        run("send", "--yes", *by(port), code=5)
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    env = {**os.environ, "DIGEST_NOW": at}
    with sink(log, "--reply-delay", "50") as port, ExitStack() as stack:
        args = ["--project", str(tmp_path / "n"), "send", "--due", *by(port)]
        said = [stack.enter_context((tmp_path / f"said{n}").open("w")) for n in range(5)]
        timers = [start("digest", args, env=env, stdout=out, stderr=out) for out in said]
        assert [timer.wait() for timer in timers] == [0] * 5
    assert [(tmp_path / f"said{n}").read_text() != "" for n in range(5)].count(True) == 1
    assert sorted(accepted(log).values()) == [1] * 10


# ------------------------------------------------------------------------------------------------ sent again


def test_who_was_given_up_is_sent_it_again_by_code_and_starts_afresh(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=4), tmp_path / "log"
    with sink(log, "--refuse", "reader3@", "450 4.2.2 mailbox full") as port:
        for hours in range(0, 200, 12):
            send(tmp_path / "n", to_sink(port), at=NOW + timedelta(hours=hours))
    row = json.loads(run("deliveries", "list", "--state", "rejected", "--json").stdout)[0]
    assert row["reply"].startswith("gave up after ") and row["attempts"] > 5
    assert told(run)["verdict"] == "done"
    with sink(log) as port:
        assert "1 reader would be sent it" in run("deliveries", "resend-missed", "--refused", "450", "--dry-run").stdout
        assert "1 reader waits" in run("deliveries", "resend-missed", "--refused", "450 4.2.2", "--yes").stdout
        assert (told(run)["state"], told(run)["verdict"]) == ("sending", "unfinished")
        assert json.loads(run("deliveries", "list", "--state", "waiting", "--json").stdout)[0]["attempts"] == 0
        run("send", "--due", *by(port))  # a timer's business
    assert set(accepted(log).values()) == {1} and len(accepted(log)) == 4


def test_a_dry_run_of_resolve_settles_nobody(tmp_path: Path) -> None:
    run = newsletter(tmp_path / "n")
    with sink(tmp_path / "log", "--fault", "drop-after-accept:0.5", "--seed", "5") as port:
        run("send", "--yes", *by(port), code=4)
    before = told(run)["deliveries"]
    out = run("deliveries", "resolve", "--as", "missing", "--dry-run").stdout
    assert f"{before['uncertain']} do not." in out and "A dry run: nothing was changed." in out
    assert told(run)["deliveries"] == before


# ------------------------------------------------------------------------------------------------ a new relay


def relayed(folder: Path, port: int, line: str = "") -> Callable[..., Any]:
    """The newsletter with this machine's relay in its digest.toml."""
    run = newsletter(folder, readers=60, site="", send=f'transport = "smtp"\n{line}')
    with (folder / "digest.toml").open("a") as file:
        file.write(f'\n[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nusername = ""\n')
    return run


def bounce(folder: Path, readers: range, kind: Any = "bounced") -> None:
    with open_store(folder) as store:
        for number in readers:
            person = store.subscribers.get(parse_address(f"reader{number}@d{number % 6}.example"))
            assert person is not None
            store.subscribers.set_block(person.id, kind, how="mail", who="", at=datetime.now(UTC))


def test_a_new_relay_gets_its_first_letters_and_the_issue_waits_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with sink(log) as port:
        run = relayed(tmp_path / "n", port, "new_relay = 25")
        assert "127.0.0.1 is new: after 25 letters the issue waits for you" in run("status").stdout
        out = run("send", "--yes", code=3).stdout
        assert len(accepted(log)) == 25
        assert "127.0.0.1 is new, and its first 25 letters are out" in out and "`digest resume`" in out
        run("resume")
        run("send", "--yes")
    assert len(accepted(log)) == 60 and set(accepted(log).values()) == {1}


def test_the_trial_goes_on_after_an_interruption_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with sink(log, "--reply-delay", "100") as port:
        run = relayed(tmp_path / "n", port, "new_relay = 25")
        child = start("digest", ["--project", str(tmp_path / "n"), "send", "--yes"], env=os.environ)
        while log.read_text().count("\n") < 5:
            time.sleep(0.01)
        child.terminate()
        assert child.wait() in (3, 5)  # 3: it was through before it heard
        run("send", "--yes", code=3)
    assert len(accepted(log)) == 25


@pytest.mark.parametrize("line", ["", "new_relay = 0"])
def test_this_machines_relay_has_no_trial_unless_it_is_asked_for(tmp_path: Path, line: str) -> None:
    with sink(tmp_path / "log") as port:
        relayed(tmp_path / "n", port, line)("send", "--yes")
    assert len(accepted(tmp_path / "log")) == 60


def test_too_many_that_come_back_pause_the_rest_and_again_when_they_double(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with sink(log) as port:
        run = relayed(tmp_path / "n", port, "new_relay = 30")
        run("send", "--yes", code=3)
        run("resume")
        bounce(tmp_path / "n", range(2))
        assert "warning: 2 of 30 letters bounced: over 5 % harms" in run("status").stdout
        bounce(tmp_path / "n", range(2, 6))
        run("send", "--yes", code=3)
        assert "6 of 30 letters bounced (10 % is too much)" in told(run)["paused_reason"]
        assert len(accepted(log)) == 30
        run("resume")
        run("send", "--yes")
    assert len(accepted(log)) == 60


def test_two_complaints_of_thirty_pause_and_one_only_warns(tmp_path: Path) -> None:
    with sink(tmp_path / "log") as port:
        run = relayed(tmp_path / "n", port, "new_relay = 30")
        run("send", "--yes", code=3)
        run("resume")
        bounce(tmp_path / "n", range(1), "complained")
        assert "1 of 30 called it spam" in run("status").stdout
        bounce(tmp_path / "n", range(1, 2), "complained")
        run("send", "--yes", code=3)
    assert "2 of 30 readers called it spam" in told(run)["paused_reason"]
    assert told(run)["issue"] == SLUG


# ------------------------------------------------------------------------------------------------ the way it began


def files_of(folder: Path) -> int:
    return len(list((folder / "var" / "outbox").rglob("*.eml")))


def test_a_timer_goes_on_by_the_relay_an_issue_was_begun_with(tmp_path: Path) -> None:
    """Killed on the way; digest.toml writes files, and nobody tells the timer of the relay."""
    run, log = newsletter(tmp_path / "n", readers=40), tmp_path / "log"
    with sink(log, "--reply-delay", "20") as port:
        child = begun(tmp_path / "n", log, port)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        out = run("send", "--due", code=4).stdout
        assert f"It goes on by the relay at 127.0.0.1:{port}, as it began" in out
    assert files_of(tmp_path / "n") == 0
    assert set(accepted(log).values()) == {1} and len(accepted(log)) in (39, 40)


def test_another_way_than_it_began_by_is_a_persons_word(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=6, send='not_later_than = ""'), tmp_path / "log"
    toml, later = tmp_path / "n" / "digest.toml", "2099-01-01T00:00:00+00:00"
    with sink(log, "--refuse", "reader[34]@", "451 4.7.1 later") as port:
        run("send", "--yes", *by(port), code=5)
        before = toml.read_text()
        smtp = '\n[smtp]\nhost = "127.0.0.1"\nport = 9\n'
        toml.write_text(before.replace("[send]", '[send]\ntransport = "smtp"') + smtp)
        refused = error_of(run("send", "--due", now=later, code=1))
        assert f"began by the relay at 127.0.0.1:{port}, and digest.toml now says the relay at 127.0.0.1:9" in refused
        assert "--as-configured" in refused
    toml.write_text(before)
    assert files_of(tmp_path / "n") == 0
    out = run("send", "--yes", "--as-configured", now=later).stdout
    assert "goes on by files in var/outbox" in out and files_of(tmp_path / "n") == 2
    assert len(accepted(log)) == 4
    out = run("status").stdout
    assert "4  accepted by your relay" in out and "2  written to var/outbox" in out
    assert "written to var/outbox" in run("deliveries", "show", "3").stdout
    page = (tmp_path / "n" / "var" / "issues" / SLUG / "report.html").read_text()
    assert "Your relay accepted 4 of 6 letters; 2 are written to" in page


def test_files_are_not_followed_by_a_relay_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    files = make_newsletter(folder, 1)
    relay = replace(files, send=replace(files.send, transport="smtp"), smtp=replace(files.smtp, host="a.example"))
    other = replace(relay, smtp=replace(files.smtp, host="b.example"))
    with open_store(folder) as store:
        assert way_on(store, relay, SLUG) == way_now(relay)  # nothing has left yet
        remember(store, SLUG, way_now(files))
        with pytest.raises(IssueError, match=r"began by files in var/outbox, and .* the relay at a\.example:587"):
            way_on(store, relay, SLUG)
        remember(store, SLUG, way_now(relay))
        assert way_on(store, other, SLUG) == way_now(other)
        with pytest.raises(IssueError, match="now says files"):
            way_on(store, files, SLUG)


# ------------------------------------------------------------------------------------------------ nobody lets us in


@contextmanager
def answering(words: str) -> Iterator[int]:
    """A server that says *words* to everybody, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(words.encode())
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(100)

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def waiting(folder: Path) -> Iterator[Child]:
    """A send that waits for a greeting which never comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        child = start("digest", ["--project", str(folder), "send", "--yes", *by(port)], env=os.environ)
        with server.accept()[0]:
            yield child


@pytest.mark.parametrize("reply", ["220 here\r\n554 5.7.1 no EHLO for you\r\n", "554 5.3.0 no mail from you\r\n", ""])
def test_a_start_that_fails_leaves_the_issue_as_it_was(tmp_path: Path, reply: str) -> None:
    run = newsletter(tmp_path / "n")
    with answering(reply) as port:
        run("send", "--yes", "--smtp", f"127.0.0.1:{port}", code=1)
    assert (told(run)["state"], told(run)["deliveries"]) == ("approved", {"waiting": 12})
    assert run("send", "--due").stdout == ""
    run("send", "--at", LATER, "--yes")
    run("send", "--yes", "--smtp", "127.0.0.1:9", code=1)
    run("send", "--yes", "--smtp", "mail.example.com:25", code=1)
    assert told(run)["state"] == "scheduled"
    with open_store(tmp_path / "n") as store:
        assert not store.ledger.has_left(SLUG)
        store.issues.set_state(SLUG, "draft", who="editor", at=datetime.now(UTC))  # it may be edited


@pytest.mark.parametrize(
    ("command", "code", "state"), [("pause", 3, "paused"), ("stop", 6, "cancelled"), ("", 5, "approved")]
)
def test_who_waits_for_a_greeting_heeds_a_person(tmp_path: Path, command: str, code: int, state: str) -> None:
    run = newsletter(tmp_path / "n")
    with waiting(tmp_path / "n") as child:
        if command:
            assert "It has ended" in run(command, *["--yes"] * (command == "stop")).stdout
        else:
            os.kill(child.pid, signal.SIGINT)
        assert child.wait() == code
    assert told(run)["state"] == state
    if state == "paused":
        assert "is approved, as it was" in run("resume").stdout
        assert run("send", "--due").stdout == "" and files_of(tmp_path / "n") == 0  # it was to go by that relay


def test_an_issue_under_way_heeds_a_person_while_it_waits_for_a_greeting_too(tmp_path: Path) -> None:
    run, log = newsletter(tmp_path / "n", readers=30), tmp_path / "log"
    with sink(log) as port:
        send(tmp_path / "n", to_sink(port), at=datetime.now(UTC), limit=10)
    with waiting(tmp_path / "n") as child:
        assert "It has ended; 10 were accepted" in run("pause").stdout
        assert child.wait() == 3
    assert told(run)["deliveries"] == {"accepted": 10, "waiting": 20}
