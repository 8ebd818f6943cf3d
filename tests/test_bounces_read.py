"""What a message that came back says: 223 shapes of it, grades, and the score."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.send.bounces import grade, read_return
from digest.send.bounces.answers import asks_to_leave
from digest.send.bounces.parts import parse, words_of
from digest.send.bounces.score import THRESHOLD, Past, has_stayed_since, is_at_once, score
from tests.returned import FOLDER, answers

ANSWERS = answers()


def test_every_message_has_an_answer() -> None:
    assert sorted(a["file"] for a in ANSWERS) == sorted(file.stem for file in FOLDER.glob("*.eml"))
    assert len(ANSWERS) >= 120


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: a["file"])
def test_a_message_is_read_as_what_it_is(answer: dict[str, Any]) -> None:
    found = read_return((FOLDER / f"{answer['file']}.eml").read_bytes())
    assert found.kind == answer["kind"]
    if answer["kind"] == "bounce":
        assert (found.failures[0].recipient, found.failures[0].grade) == (answer["recipient"], answer["grade"])


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", "550 5.1.1 user unknown", "hard"),
        ("", "550 5.1.1 <x@y>: Recipient address rejected: User unknown", "hard"),
        ("5.0.0", "550 5.1.1 unknown", "hard"),  # the receiver's own code goes before the reporter's
        ("5.1.1", "550 5.7.1 rejected by policy", "policy"),
        ("5.1.1", "550 5.1.1 blocked: your IP is on the Spamhaus list", "policy"),
        ("5.7.1", "user unknown", "policy"),  # ours, never the reader's
        ("4.2.2", "mailbox full", "soft"),
        ("5.2.2", "", "soft"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied.", "hard"),
        ("5.0.0", "554 Transaction failed", "unknown"),
        ("", "552 Requested mail action aborted: exceeded storage allocation", "soft"),
        ("", "", "unknown"),
        ("5.3.4", "message too big", "policy"),
        ("5.1.8", "bad sender’s system address", "policy"),
        ("5.99.99", "never heard of", "unknown"),
        ("", "version 5.1.10.3 of our server said no", "unknown"),  # no enhanced code: a version number
    ],
)
def test_why_a_letter_failed(status: str, words: str, expected: str) -> None:
    assert grade(status, words) == expected


# ------------------------------------------------------------------------------------------------ leaving


@pytest.mark.parametrize(
    ("body", "leaves"),
    [
        ("Unsubscribe", True),
        ("please take me off this list. Thanks, Ann", True),
        ("Bitte abmelden", True),
        ("désinscription svp", True),
        ("cancelar suscripción", True),
        ("vorrei disiscrivermi", True),
        ("配信停止してください。", True),
        ("Unsubscribe\n\nSent from my iPad", True),
        ("> unsubscribe here\n\nlovely issue", False),
        ("Please don't unsubscribe me", False),
        ("Nicht abmelden!", False),
        ("please no unsubscribe thanks", False),
        ("Stop. No more emails, thank you", True),
        ("no désabonner svp", False),
        ("non disiscrivermi per favore", False),
        ("unsubscribe?", False),
        ("Stop printing nonsense about the harbour", False),
        ("配信停止しないでください。", False),
        ("", False),
        ("unsubscribe " * 40, False),
    ],
)
def test_only_the_wish_to_leave_and_nothing_else_is_one(body: str, leaves: bool) -> None:
    data = f"From: Ann <ann@reader.example>\nSubject: Re: The week\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
    message = parse(data.encode())
    assert asks_to_leave(message, words_of(message)) is leaves


# ------------------------------------------------------------------------------------------------ the score

DAY = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)


def past(days: float, status: str = "5.0.0", grade: Any = "hard") -> Past:
    return Past(DAY + timedelta(days=days), grade, status)


def test_one_day_counts_once() -> None:
    assert score([past(0), past(0.1), past(0.2)], []) == 1
    assert score([past(0, grade="soft"), past(0.1)], []) == 1


def test_five_weekly_letters_that_come_back_are_the_end() -> None:
    assert score([past(7 * week) for week in range(5)], []) == THRESHOLD
    assert score([past(7 * week, "5.2.2", "soft") for week in range(10)], []) == THRESHOLD


def test_a_letter_that_stays_for_seven_days_wipes_the_slate() -> None:
    returns = [past(7 * week) for week in (0, 1, 2, 3, 5)]
    assert score(returns, [DAY + timedelta(days=28)]) == 1
    assert score(returns, [DAY + timedelta(days=30)]) == THRESHOLD, "five days are not seven"


def test_temporary_failures_and_policies_never_count() -> None:
    assert score([past(d, "4.4.1", "soft") for d in range(100)], []) == 0
    assert score([past(d, "5.7.1", "policy") for d in range(100)], []) == 0


def test_no_such_mailbox_is_enough_at_once_unless_a_later_letter_stayed() -> None:
    assert is_at_once("hard", "5.1.1") and not is_at_once("hard", "5.1.2") and not is_at_once("policy", "5.1.1")
    assert has_stayed_since(DAY, [DAY + timedelta(days=7)], DAY + timedelta(days=14))
    assert not has_stayed_since(DAY, [DAY + timedelta(days=7)], DAY + timedelta(days=13))


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["hard", "soft", "policy", "unknown"]))),
    st.lists(st.integers(0, 200)),
)
def test_the_score_never_exceeds_a_point_a_day(returns: list[tuple[int, Any]], stayed: list[int]) -> None:
    total = score([past(d, grade=g) for d, g in returns], [DAY + timedelta(days=d) for d in stayed])
    assert 0 <= total <= len({d for d, _ in returns})


# ------------------------------------------------------------------------------------------------ damage

REAL = [(FOLDER / f"{a['file']}.eml").read_bytes() for a in ANSWERS]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real message, cut, filled, spliced with another, its lines shuffled or its bytes changed."""
    data = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(1, 4))):
        how = draw(st.sampled_from(["cut", "fill", "splice", "drop", "double", "byte", "name"]))
        at = draw(st.integers(0, len(data)))
        if how == "cut":
            data = data[:at]
        elif how == "fill":
            data = data[:at] + draw(st.binary(max_size=40)) + data[at:]
        elif how == "splice":
            data = data[:at] + draw(st.sampled_from(REAL))[at:]
        elif how == "byte" and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        else:
            lines = data.split(b"\n")
            line = draw(st.integers(0, len(lines) - 1))
            if how == "drop":
                del lines[line]
            elif how == "double":
                lines[line:line] = [lines[line]] * 3
            else:
                lines[line] = re.sub(
                    rb"multipart/\w+|message/[\w-]+|utf-8|base64",
                    draw(st.sampled_from([b"message/rfc822", b"multipart/report", b"x", b"message/delivery-status"])),
                    lines[line],
                )
            data = b"\n".join(lines)
    return data


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_no_damage_makes_the_reader_stumble(data: bytes) -> None:
    found = read_return(data)
    found.text.encode(), found.subject.encode(), found.sender.encode()  # no halves of surrogate pairs
    assert all(f.recipient.encode() is not None and f.words.encode() is not None for f in found.failures)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_anything_is_a_message(data: bytes) -> None:
    read_return(data)


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" + b"--b\n\n" * 3000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 300,
        *(
            end.join((b"Content-Type:%smultipart/mixed; boundary=%d%s--%d" % (gap, n, end * 2, n)) for n in range(3000))
            for end, gap in ((b"\n", b" "), (b"\r", b" "), (b"\r\n", b"\r\n\t"), (b"\n", b"\x1c"))
        ),
        b"From: MAILER-DAEMON@x\nSubject: Undelivered\n\n" + b"a" * 100_000,
        b"From: MAILER-DAEMON@x\nSubject: Undelivered\n\n" + b"user address mailbox " * 5_000,
        b"From: MAILER-DAEMON@x\n\n" + b"<a@b" * 30_000,
        b"From: a@b\n\n" + b"<" * 100_000,
        b'From: a@b\n\n{"notificationType":' + b"[" * 100_000,
        b"From: MAILER-DAEMON@x\nContent-Type: text/html\n\n" + b"<style " * 10_000,
    ],
    ids=[
        "parts",
        "nesting",
        "deep",
        "deep, CR",
        "deep, folded",
        "deep, odd gap",
        "long line",
        "words",
        "addresses",
        "markup",
        "json",
        "styles",
    ],
)
def test_a_message_made_to_be_slow_is_read_in_time(data: bytes) -> None:
    """Each ends the run after a minute if a pattern takes forever; nothing is measured. Deep ones fit no stack."""
    read_return(data)
