"""Sending an approved issue: what may be sent, who gets it, and what is booked."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.address import parse_address
from digest.dispatch import locks
from digest.dispatch.local import send_issue
from digest.dispatch.standing import look
from digest.errors import IssueError, SendError
from digest.model import Accepted, Deferred, IssueState, Letter, Outcome, Rejected, Reply, Unknown
from digest.send.transports.maildir import Maildir
from digest.send.transports.seam import Journal
from digest.store import inbox, open_store
from tests.dispatch_newsletter import NOW, ROOT, SLUG, accepted, make_newsletter, send, sink, to_sink

OK = Accepted(Reply(250, "2.0.0", "Ok"))


class Answers:
    """A transport that answers each letter as *answer* says, one at a time."""

    def __init__(self, answer: Callable[[Letter], Outcome]) -> None:
        self._answer = answer
        self.carried: list[Letter] = []

    async def reach(self) -> None:
        pass

    def halt(self) -> None:
        pass

    async def carry(self, letters: AsyncIterator[Letter], journal: Journal) -> None:
        async for letter in letters:
            if await journal.may_finish(letter.ordinal):
                self.carried.append(letter)
                journal.outcome(letter.ordinal, self._answer(letter))


def everyone_accepts() -> Answers:
    return Answers(lambda letter: OK)


def state_of(folder: Path) -> str:
    with open_store(folder) as store:
        known = store.issues.get(SLUG)
        assert known is not None
        return known.state


def token_of(folder: Path, address: str) -> str:
    with open_store(folder) as store:
        reader = store.subscribers.get(parse_address(address))
        assert reader is not None
        return reader.token


# ------------------------------------------------------------------------------------------------ the plain case


def test_every_reader_is_booked_as_the_receiver_counts(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 50)
    with sink(tmp_path / "log") as port:
        report = send(tmp_path / "n", to_sink(port))
    assert report.accepted == len(accepted(tmp_path / "log")) == 50
    assert state_of(tmp_path / "n") == "sent"


def test_sending_a_sent_issue_again_sends_nothing(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3)
    send(tmp_path, everyone_accepts())
    again = everyone_accepts()
    assert send(tmp_path, again).accepted == 3
    assert again.carried == []


def test_letter_carries_its_readers_own_links_and_one_click(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    transport = everyone_accepts()
    send(tmp_path, transport)
    (letter,) = transport.carried
    message = email.message_from_bytes(b"".join(letter.chunks), policy=email.policy.default)
    token = token_of(tmp_path, "reader0@example.net")
    assert message["List-Unsubscribe"] == f"<https://news.example/leave/{token}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"] == letter.message_id
    body = message.get_body(("plain",))
    assert body is not None
    for line in ("reader0@example.net", f"https://news.example/preferences/{token}"):
        assert line in body.get_content().splitlines()


def test_without_a_site_people_leave_by_mail(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1, site="")
    transport = everyone_accepts()
    send(tmp_path, transport)
    message = email.message_from_bytes(b"".join(transport.carried[0].chunks), policy=email.policy.default)
    token = token_of(tmp_path, "reader0@example.net")
    assert message["List-Unsubscribe"] == f"<mailto:ledger@news.example?subject=unsubscribe%20{token}>"
    assert message["List-Unsubscribe-Post"] is None


def test_letters_to_files_are_whole_messages(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 5)
    report = send(tmp_path, Maildir(tmp_path / "var" / "outbox" / SLUG))
    files = list((tmp_path / "var" / "outbox" / SLUG / "new").iterdir())
    assert report.accepted == len(files) == 5
    for file in files:
        assert email.message_from_bytes(file.read_bytes(), policy=email.policy.default).defects == []


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_pause_as_the_relay_lets_us_in_holds(tmp_path: Path, state: IssueState) -> None:
    make_newsletter(tmp_path, 5)
    transport = everyone_accepts()

    async def reach() -> None:
        with open_store(tmp_path) as store:
            store.issues.set_state(SLUG, state, who="Mara", at=NOW, reason="a wrong name")

    transport.reach = reach  # type: ignore[method-assign]
    send(tmp_path, transport)
    assert state_of(tmp_path) == state and not transport.carried


def test_progress_ends_at_everyone(tmp_path: Path) -> None:
    from digest.config import load_config
    from digest.dispatch.local import send_issue

    make_newsletter(tmp_path, 30)
    told: list[tuple[int, int]] = []
    send_issue(
        tmp_path,
        load_config(tmp_path),
        SLUG,
        everyone_accepts(),
        now=lambda: NOW,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == sorted(told)
    assert told[-1] == (30, 30)


# ------------------------------------------------------------------------------------------------ what may be sent


@pytest.mark.parametrize(
    ("change", "into"),
    [
        ("<h1>The week.</h1>", "<h1>The weak.</h1>"),  # the text stored
        ("The Weekly Ledger <ledger@news.example>", "Another <ledger@news.example>"),  # From
        ("https://news.example", "https://elsewhere.example"),  # where people leave
    ],
    ids=["text", "from", "site"],
)
def test_what_was_not_approved_is_refused(tmp_path: Path, change: str, into: str) -> None:
    make_newsletter(tmp_path, 2)
    toml = tmp_path / "digest.toml"
    toml.write_text(toml.read_text().replace(change, into))
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as db:
        db.execute("UPDATE issue SET rendered = replace(rendered, ?, ?)", (change, into))
        db.commit()
    transport = everyone_accepts()
    with pytest.raises(IssueError, match="no longer what was approved"):
        send(tmp_path, transport)
    assert transport.carried == []


def test_draft_is_refused(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    with open_store(tmp_path) as store:
        store.issues.set_state(SLUG, "draft", who="editor", at=NOW)
    with pytest.raises(IssueError, match="is draft") as caught:
        send(tmp_path, everyone_accepts())
    assert "digest approve" in caught.value.hint


def test_two_senders_at_once_are_refused(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    with locks.sending(tmp_path), pytest.raises(SendError, match="another `digest send`"):
        send(tmp_path, everyone_accepts())


# ------------------------------------------------------------------------------------------------ answers


def by_number(**answers: Outcome) -> Answers:
    """Answers by the reader's number, ``r1=…``; all others accept."""
    return Answers(lambda letter: answers.get(f"r{letter.envelope.recipient[6:].split('@')[0]}", OK))


def test_each_answer_finds_its_row(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 5)
    report = send(
        tmp_path,
        by_number(
            r1=Deferred(Reply(451, "4.3.0", "later")),
            r2=Rejected(Reply(550, "5.1.1", "no such user")),
            r3=Unknown("lost"),
        ),
    )
    assert (report.accepted, report.deferred, report.rejected, report.uncertain) == (2, 1, 1, 1)
    assert state_of(tmp_path) == "sending"


def test_deferred_letter_is_carried_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    send(tmp_path, by_number(r0=Deferred(Reply(451, "4.3.0", "later"))))
    early = everyone_accepts()
    send(tmp_path, early, at=NOW + timedelta(minutes=29))
    assert early.carried == []
    report = send(tmp_path, everyone_accepts(), at=NOW + timedelta(minutes=31))
    assert (report.accepted, report.deferred) == (2, 0)
    assert state_of(tmp_path) == "sent"


def test_letter_deferred_for_five_days_is_given_up(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    busy = Answers(lambda letter: Deferred(Reply(451, "4.3.0", "later")))
    at = NOW
    while (report := send(tmp_path, busy, at=at)).deferred:
        with open_store(tmp_path) as store:
            due = store.ledger.next_due(SLUG)
        assert due is not None
        at = due
    assert report.rejected == 1
    assert timedelta(days=4) < at - NOW <= timedelta(days=5)


def test_answer_about_the_sender_pauses_the_issue_and_uses_nobody_up(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 300)
    refusal = Rejected(Reply(550, "5.7.26", "unauthenticated"))
    transport = by_number(r5=refusal)
    report = send(tmp_path, transport)
    assert "neither SPF nor DKIM" in report.paused_reason
    assert report.rejected == 0
    assert report.waiting > 280
    with pytest.raises(IssueError, match="is paused"):
        send(tmp_path, everyone_accepts())
    with open_store(tmp_path) as store:
        store.issues.set_state(SLUG, "sending", who="editor", at=NOW)
    assert send(tmp_path, everyone_accepts()).accepted == 300


def test_a_letter_that_cannot_be_written_is_nobodys_refusal(tmp_path: Path) -> None:
    """A name from before names were looked at: no domain is blamed for it, and no return counts against its reader."""
    make_newsletter(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as db:
        db.execute("UPDATE subscriber SET name = 'A' || char(13, 10) || 'Bcc: v@example.com' WHERE id = 2")
        db.commit()
    report = send(tmp_path, everyone_accepts())
    assert (report.accepted, report.rejected, report.paused_reason) == (2, 1, "")
    with open_store(tmp_path) as store:
        (cause,) = look(store, SLUG, NOW).causes
        assert store.returns.all() == [] == store.returns.refusals()
    assert cause.words.startswith("could not be written: 'A\\r\\nBcc") and cause.domains == ()


def test_letter_in_doubt_is_held(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    send(tmp_path, by_number(r0=Unknown("lost")))
    again = everyone_accepts()
    report = send(tmp_path, again)
    assert (report.uncertain, again.carried) == (1, [])


def test_letter_in_doubt_goes_again_with_the_same_message_id_where_the_editor_says_so(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1, send='uncertain = "resend"')
    first, second = Answers(lambda letter: Unknown("lost")), everyone_accepts()
    send(tmp_path, first)
    assert send(tmp_path, second).accepted == 1
    assert first.carried[0].message_id == second.carried[0].message_id


def test_letter_in_doubt_goes_again_by_an_editors_word(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    send(tmp_path, by_number(r0=Unknown("lost")))
    assert state_of(tmp_path) == "sent"
    with open_store(tmp_path) as store:
        store.ledger.settle_uncertain(SLUG, 0, "waiting", "editor", NOW)
    again = everyone_accepts()
    assert send(tmp_path, again).accepted == 2
    assert [letter.ordinal for letter in again.carried] == [0]
    assert state_of(tmp_path) == "sent"


# ------------------------------------------------------------------------------------------------ while it runs


def test_reader_who_leaves_while_it_runs_gets_nothing(tmp_path: Path) -> None:
    """The click lands in the inbox after the row was leased: the dot is refused."""
    make_newsletter(tmp_path, 10)
    token = token_of(tmp_path, "reader7@example.net")

    def leave_early(letter: Letter) -> Outcome:
        if letter.ordinal == 2:
            inbox.append(tmp_path, {"at": NOW.isoformat(), "kind": "leave", "token": token, "how": "one-click"})
        return OK

    transport = Answers(leave_early)
    report = send(tmp_path, transport)
    assert (report.accepted, report.suppressed) == (9, 1)
    assert "reader7@example.net" not in {letter.envelope.recipient for letter in transport.carried}


@pytest.mark.parametrize("end", ["paused", "cancelled", "refused"])
def test_an_end_opens_no_connection_for_the_letters_that_wait(tmp_path: Path, end: str) -> None:
    """A slow server, four letters on their way when somebody pauses or stops the issue, or an answer does."""
    folder, log, opened = tmp_path / "n", tmp_path / "log", tmp_path / "opened"
    config = make_newsletter(folder, 60)
    slow = ("--reply-delay", "100", "--opened", str(opened))
    refusing = ("--refuse", "reader9@", "550 5.7.26 no SPF") if end == "refused" else ()

    def say_so(done: int, every: int) -> None:
        with open_store(folder) as store:
            if end == "paused":
                store.issues.set_state(SLUG, "paused", who="editor", at=NOW, reason="a typo")
            elif end == "cancelled":
                store.ledger.stop(SLUG, who="editor", at=NOW)

    with sink(log, *slow, *refusing) as port:
        report = send_issue(folder, config, SLUG, to_sink(port), now=lambda: NOW, progress=say_so)
    assert len(opened.read_text().splitlines()) <= 4
    assert report.accepted == len(accepted(log)) < 30
    assert report.accepted + report.waiting + report.cancelled + report.deferred == 60


def test_issue_paused_while_it_runs_waits(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 20)

    def pause(letter: Letter) -> Outcome:
        if letter.ordinal == 4:
            with open_store(tmp_path) as store:
                store.issues.set_state(SLUG, "paused", who="editor", at=NOW, reason="a typo")
        return OK

    report = send(tmp_path, Answers(pause))
    assert (report.accepted, report.waiting, report.paused_reason) == (5, 15, "a typo")
    with open_store(tmp_path) as store:
        store.issues.set_state(SLUG, "sending", who="editor", at=NOW)
    assert send(tmp_path, everyone_accepts()).accepted == 20


def test_issue_stopped_while_it_runs_ends(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 20)

    def stop(letter: Letter) -> Outcome:
        if letter.ordinal == 4:
            with open_store(tmp_path) as store:
                store.ledger.stop(SLUG, who="editor", at=NOW)
        return OK

    report = send(tmp_path, Answers(stop))
    assert (report.accepted, report.cancelled, report.waiting) == (5, 15, 0)
    assert state_of(tmp_path) == "cancelled"


def test_limit_carries_that_many_and_the_rest_later(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 20)
    assert send(tmp_path, everyone_accepts(), limit=7).accepted == 7
    report = send(tmp_path, everyone_accepts())
    assert (report.accepted, report.waiting) == (20, 0)


def test_server_that_is_not_there_leaves_everyone_waiting(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 5)
    with pytest.raises(SendError, match=r"no mail server at 127\.0\.0\.1:9"):
        send(tmp_path, to_sink(9))
    with open_store(tmp_path) as store:
        assert store.ledger.counts(SLUG) == {"waiting": 5}


def test_interrupt_lets_letters_in_hand_finish(tmp_path: Path) -> None:
    """Ctrl-C: the run ends in order, nobody is in doubt, and the next run goes on."""
    make_newsletter(tmp_path / "n", 2000)
    log = tmp_path / "log"
    with sink(log, "--reply-delay", "3") as port:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.dispatch_newsletter", str(tmp_path / "n"), f"{port}/4"], cwd=ROOT
        )
        while not log.stat().st_size:
            time.sleep(0.002)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(timeout=10) == 0
        first = accepted(log)
        assert 0 < len(first) < 2000
        with open_store(tmp_path / "n") as store:
            assert store.ledger.counts(SLUG) == {"accepted": len(first), "waiting": 2000 - len(first)}


def test_readers_lost_by_faults_of_the_server_are_none(tmp_path: Path) -> None:
    """Temporary refusals and dropped links: every reader has it, waits for it, or is in doubt; none has it twice."""
    make_newsletter(tmp_path / "n", 500)
    faults = ["--fault", "tempfail:0.03", "--fault", "drop-in-data:0.02", "--fault", "drop-after-accept:0.02"]
    with sink(tmp_path / "log", *faults, "--max-per-connection", "40") as port:
        first = send(tmp_path / "n", to_sink(port))
        last = send(tmp_path / "n", to_sink(port), at=NOW + timedelta(hours=1))
    got = accepted(tmp_path / "log")
    assert first.deferred > 0
    assert max(got.values()) == 1
    assert last.accepted + last.deferred + last.uncertain == 500
    assert last.accepted <= len(got) <= last.accepted + last.uncertain


def test_a_broken_transport_keeps_what_was_booked(tmp_path: Path) -> None:
    """A bug in the transport keeps its traceback; rows it had in hand wait again."""

    class Broken(Answers):
        async def carry(self, letters: AsyncIterator[Letter], journal: Journal) -> None:
            letter = await anext(letters)
            await journal.may_finish(letter.ordinal)
            journal.outcome(letter.ordinal, OK)
            await asyncio.sleep(0)
            raise ZeroDivisionError

    make_newsletter(tmp_path, 3)
    with pytest.raises(ZeroDivisionError):
        send(tmp_path, Broken(lambda letter: OK))
    with open_store(tmp_path) as store:
        assert store.ledger.counts(SLUG) == {"accepted": 1, "waiting": 2}


def test_report_tells_the_time_of_the_run(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 1)
    assert 0 < send(tmp_path, everyone_accepts(), at=datetime.now(UTC)).seconds < 10
