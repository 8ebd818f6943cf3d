"""An issue that must wait: for its pace, for a domain, for a person, for the morning."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.config import load_config
from digest.dispatch.local import Report, send_issue
from digest.dispatch.standing import end_rests
from digest.errors import IssueError, SendError
from digest.model import Deferred, Letter, Outcome, Rejected, Reply
from digest.send.transports.seam import LoginRefused
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, accepted, make_newsletter, send, sink, to_sink
from tests.test_dispatch_local import OK, Answers, everyone_accepts, state_of

TOO_FAST = Deferred(Reply(454, "4.7.0", "Throttling failure: Maximum sending rate exceeded."))
LATER = Deferred(Reply(421, "4.7.0", "try later"))


def resume(folder: Path, at: datetime = NOW) -> None:
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "sending", who="editor", at=at)


def readers_of(domains: int, number: int) -> list[str]:
    return [f"reader{n}@provider{n % domains}.example" for n in range(number)]


def domain_of(letter: Letter) -> str:
    return letter.envelope.recipient.partition("@")[2]


# ------------------------------------------------------------------------------------------------ ours or theirs


def test_the_same_refusal_everywhere_pauses_the_issue_and_uses_nobody_up(tmp_path: Path) -> None:
    make_newsletter(tmp_path, readers_of(8, 60))
    refusing = Answers(lambda letter: Rejected(Reply(554, "5.7.1", f"content refused, ref {letter.ordinal}Q")))
    report = send(tmp_path, refusing)
    assert "refused alike" in report.paused_reason
    assert "digest resume" in report.paused_reason
    assert (report.rejected, report.waiting) == (0, 60)
    with open_store(tmp_path) as store:
        assert {s.block for s in store.subscribers.all()} == {"none"}
    resume(tmp_path)
    assert send(tmp_path, everyone_accepts()).accepted == 60


ALIKE = {
    "nobody is known": ("--refuse", ".", "550 5.1.1 user unknown"),
    "nobody is known any more": ("--refuse", "reader([4-9].|1..)@", "550 5.1.1 user unknown"),
    "all are full": ("--refuse", ".", "552 5.2.2 mailbox full"),
    "no relaying": ("--refuse", "reader([4-9].|1..)@", "550 5.7.1 relaying denied"),
    "the letter is not liked": ("--refuse-dot", ".", "554 5.6.0 broken"),
    "spam, of a sudden": ("--refuse-dot", "reader([4-9].|1..)@", "550 5.7.1 looks like spam"),
}


@pytest.mark.parametrize("refusing", ALIKE.values(), ids=ALIKE)
def test_whoever_was_refused_alike_waits_again_however_many_letters_were_under_way(
    tmp_path: Path, refusing: tuple[str, ...]
) -> None:
    make_newsletter(tmp_path / "n", readers_of(8, 120))
    log = tmp_path / "log"
    with sink(log, *refusing, "--reply-delay", "5") as port:
        report = send(tmp_path / "n", to_sink(port, 16))
    assert "refused alike" in report.paused_reason
    assert (report.rejected, report.uncertain) == (0, 0)
    assert report.accepted + report.waiting == 120
    assert report.accepted == 0 if refusing[1] == "." else 0 < report.accepted <= 40
    resume(tmp_path / "n")
    with sink(log) as port:
        report = send(tmp_path / "n", to_sink(port, 16))
    assert (report.accepted, report.suppressed, report.paused_reason) == (120, 0, "")
    assert set(accepted(log).values()) == {1}
    with open_store(tmp_path / "n") as store:
        assert {s.block for s in store.subscribers.all()} == {"none"}


def test_who_is_gone_is_still_blocked_once_the_others_have_it(tmp_path: Path) -> None:
    """Mailboxes gone here and there, and then the relay knows nobody: only the former are the readers' matter."""
    make_newsletter(tmp_path / "n", readers_of(8, 120))
    gone, log = ("--refuse", "reader(3|21)@", "550 5.1.1 user unknown"), tmp_path / "log"
    with sink(log, *gone, "--refuse", "reader([4-9].|1..)@", "550 5.1.1 user unknown") as port:
        report = send(tmp_path / "n", to_sink(port, 2))
    assert (report.rejected, report.accepted + report.waiting) == (2, 118)
    with open_store(tmp_path / "n") as store:
        assert not store.returns.all(), "a person looks first"
    resume(tmp_path / "n")
    with sink(log, *gone) as port:
        assert send(tmp_path / "n", to_sink(port, 2)).accepted == 118
    with open_store(tmp_path / "n") as store:
        blocked = [str(s.address) for s in store.subscribers.all() if s.block == "bounced"]
    assert blocked == ["reader3@provider3.example", "reader21@provider5.example"]


def test_refusals_of_one_provider_reject_its_readers_and_nobody_waits(tmp_path: Path) -> None:
    make_newsletter(tmp_path, readers_of(4, 60))
    no = Rejected(Reply(554, "5.7.1", "refused"))
    report = send(tmp_path, Answers(lambda letter: no if domain_of(letter) == "provider1.example" else OK))
    assert (report.accepted, report.rejected, report.paused_reason) == (45, 15, "")


def test_a_login_lost_on_the_way_pauses_the_issue(tmp_path: Path) -> None:
    class LosesItsLogin(Answers):
        async def carry(self, letters, journal):  # type: ignore[no-untyped-def]
            letter = await anext(letters)
            await journal.may_finish(letter.ordinal)
            journal.outcome(letter.ordinal, OK)
            raise LoginRefused("relay:587 refuses the login of eve", hint="check the password")

    make_newsletter(tmp_path, 5)
    with pytest.raises(SendError, match="refuses the login"):
        send(tmp_path, LosesItsLogin(lambda letter: OK))
    with open_store(tmp_path) as store:
        known = store.issues.get(SLUG)
        assert known is not None
        assert known.state == "paused"
        assert "check the password" in (known.paused_reason or "")
        assert store.ledger.counts(SLUG) == {"accepted": 1, "waiting": 4}


def test_a_relay_that_finds_us_too_fast_gets_less_in_this_run_and_the_next(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3, send="rate = 200")
    report = send(tmp_path, Answers(lambda letter: TOO_FAST if letter.ordinal == 0 else OK))
    assert (report.accepted, report.deferred) == (2, 1)
    with open_store(tmp_path) as store:
        assert store.state.get("pace")["total"]["slowed_to"] == 100
    report = send(tmp_path, everyone_accepts(), at=NOW + timedelta(minutes=1))
    assert report.accepted == 3, "it goes again soon"
    with open_store(tmp_path) as store:
        assert store.state.get("pace")["total"]["slowed_to"] == 100


# ------------------------------------------------------------------------------------------------ one domain


def test_a_domain_that_puts_everything_off_rests_and_the_others_go_on(tmp_path: Path) -> None:
    make_newsletter(tmp_path, readers_of(2, 600))
    transport = Answers(lambda letter: LATER if domain_of(letter) == "provider0.example" else OK)
    report = send(tmp_path, transport)
    assert report.accepted == 300
    assert report.deferred < 20, "after a few letters it is left in peace"
    assert report.waiting == 300 - report.deferred
    again = everyone_accepts()
    send(tmp_path, again)
    assert again.carried == [], "also by the next run"


def test_a_person_ends_a_domains_rest_while_the_others_are_sent_to(tmp_path: Path) -> None:
    make_newsletter(tmp_path, readers_of(2, 600))
    carried: list[str] = []

    def answer(letter: Letter) -> Outcome:
        carried.append(domain_of(letter))
        if len(carried) == 150:  # `deliveries retry`, in a second terminal
            with open_store(tmp_path) as store:
                store.accounts.retry_now(SLUG, NOW)
                end_rests(store, {"provider0.example"})
        return LATER if carried[-1] == "provider0.example" and len(carried) < 150 else OK

    assert send(tmp_path, Answers(answer)).accepted == 600


def test_a_domain_with_a_limit_of_its_own_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    make_newsletter(tmp_path, readers_of(2, 12), send='domains = { "provider0.example" = 5 }')
    transport = everyone_accepts()
    started = time.monotonic()
    assert send(tmp_path, transport).accepted == 12
    assert time.monotonic() - started > 0.9, "six letters at five a second"
    first = [domain_of(letter) for letter in transport.carried[:9]]
    assert first.count("provider1.example") == 6


# ------------------------------------------------------------------------------------------------ people and clocks


@pytest.mark.parametrize("word", ["paused", "stopped"])
def test_a_pause_or_stop_is_heard_within_a_second_however_slow_the_pace(tmp_path: Path, word: str) -> None:
    make_newsletter(tmp_path, 20, send="rate = 0.05")
    said = threading.Event()

    def person() -> None:
        time.sleep(0.7)
        with open_store(tmp_path) as store:
            if word == "paused":
                store.issues.set_state(SLUG, "paused", who="editor", at=NOW, reason="a typo")
            else:
                store.ledger.stop(SLUG, who="editor", at=NOW)
        said.set()

    thread = threading.Thread(target=person)
    thread.start()
    report = send(tmp_path, everyone_accepts())
    thread.join()
    assert said.is_set()
    assert report.seconds < 10, "the next letter was due in twenty seconds"
    assert (report.accepted, report.waiting or report.cancelled) == (1, 19)


def test_no_letter_leaves_in_quiet_hours(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 3, send='quiet = "06:00-09:30"')  # NOW is 07:00 UTC
    quiet = everyone_accepts()
    assert send(tmp_path, quiet).waiting == 3
    assert quiet.carried == []
    assert send(tmp_path, everyone_accepts(), at=NOW + timedelta(hours=3)).accepted == 3


def interrupted(folder: Path) -> None:
    """Five of twenty have it, and then the machine was off."""
    make_newsletter(folder, 20)
    send(folder, everyone_accepts(), limit=5)


def test_an_issue_that_stood_still_for_long_asks_before_it_goes_on(tmp_path: Path) -> None:
    interrupted(tmp_path)
    late = NOW + timedelta(hours=26)
    transport = everyone_accepts()
    with pytest.raises(IssueError, match="26 hours ago") as caught:
        send(tmp_path, transport, at=late)
    assert "digest stop" in caught.value.hint
    assert transport.carried == []
    assert state_of(tmp_path) == "paused"
    resume(tmp_path, late)
    assert send(tmp_path, everyone_accepts(), at=late + timedelta(minutes=1)).accepted == 20


def test_an_issue_that_stood_still_for_a_while_just_goes_on(tmp_path: Path) -> None:
    interrupted(tmp_path)
    assert send(tmp_path, everyone_accepts(), at=NOW + timedelta(hours=5)).accepted == 20


def test_an_issue_that_waited_for_the_morning_asks_nobody(tmp_path: Path) -> None:
    interrupted(tmp_path)  # at 07:00
    toml = tmp_path / "digest.toml"
    toml.write_text(toml.read_text("utf-8").replace("[send]", '[send]\nquiet = "08:00-18:00"'), "utf-8")
    assert send(tmp_path, everyone_accepts(), at=NOW + timedelta(hours=11)).accepted == 20


@pytest.mark.parametrize(
    ("limit", "late", "told"),
    [
        ("30m", timedelta(minutes=31), "31 minutes ago"),
        ("0.01h", timedelta(seconds=40), "1 minute ago"),
        ("1d", timedelta(hours=30), "30 hours ago"),
        ("2.5d", timedelta(days=3), "3 days ago"),
    ],
)
def test_how_late_is_too_late_is_said_in_minutes_hours_or_days(
    tmp_path: Path, limit: str, late: timedelta, told: str
) -> None:
    make_newsletter(tmp_path, 2, send=f'not_later_than = "{limit}"')
    send(tmp_path, everyone_accepts(), limit=1)
    with pytest.raises(IssueError, match=f" {told}"):
        send(tmp_path, everyone_accepts(), at=NOW + late)


def test_who_never_wants_to_be_asked_is_not(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 20, send='not_later_than = ""')
    send(tmp_path, everyone_accepts(), limit=5)
    assert send(tmp_path, everyone_accepts(), at=NOW + timedelta(days=30)).accepted == 20


def test_retries_are_late_by_nature_and_ask_nobody(tmp_path: Path) -> None:
    make_newsletter(tmp_path, 2)
    send(tmp_path, Answers(lambda letter: LATER if letter.ordinal == 0 else OK))
    assert send(tmp_path, everyone_accepts(), at=NOW + timedelta(hours=12)).accepted == 2


def test_a_start_long_after_it_was_meant_asks(tmp_path: Path) -> None:
    def start(at: datetime) -> Report:
        return send_issue(
            tmp_path, load_config(tmp_path), SLUG, everyone_accepts(), now=lambda: at, intended=NOW - timedelta(days=3)
        )

    make_newsletter(tmp_path, 3)
    with pytest.raises(IssueError, match="3 days ago"):
        start(NOW)
    resume(tmp_path)
    assert start(NOW + timedelta(minutes=5)).accepted == 3


def test_a_relay_elsewhere_gets_fourteen_letters_a_second(tmp_path: Path) -> None:
    class Elsewhere(Answers):
        is_local = False

    make_newsletter(tmp_path, 15)
    started = time.monotonic()
    assert send(tmp_path, Elsewhere(lambda letter: OK), at=datetime.now(UTC)).accepted == 15
    assert time.monotonic() - started > 0.9
