"""What a mail server says: read, cleaned, judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Accepted, Deferred, Rejected, Reply
from digest.send.replies import cut_addresses, is_last_line, outcome_of, parse_reply, pauses_issue

REPLIES = {
    "plain": ([b"250 Ok"], Reply(250, "", "Ok")),
    "code alone": ([b"354"], Reply(354, "", "")),
    "enhanced": ([b"250 2.0.0 Ok: queued as 4F2"], Reply(250, "2.0.0", "Ok: queued as 4F2")),
    "enhanced alone": ([b"250 2.1.5"], Reply(250, "2.1.5", "")),
    "a version is no enhanced code": ([b"220 1.2.3.4 ready"], Reply(220, "", "1.2.3.4 ready")),
    "two lines, the code said twice": (
        [b"550-5.7.26 Unauthenticated mail", b"550 5.7.26 is not accepted"],
        Reply(550, "5.7.26", "Unauthenticated mail is not accepted"),
    ),
    "address": (
        [b"550 5.1.1 <jo@example.org>: no such user"],
        Reply(550, "5.1.1", "[address]: no such user"),
    ),
    "address of a list bounce": (
        [b"550 bounces+ab12=jo=x.org@news.example unknown"],
        Reply(550, "", "[address] unknown"),
    ),
    "quoted address": ([b'550 "jo e"@example.org is full'], Reply(550, "", "[address] is full")),
    "bytes that are no UTF-8": ([b"451 caf\xe9"], Reply(451, "", "caf\ufffd")),
    "control characters": ([b"451 a\x1b[31mb\tc"], Reply(451, "", "a [31mb c")),
}


@pytest.mark.parametrize(("lines", "expected"), REPLIES.values(), ids=REPLIES)
def test_reply_is_read(lines: list[bytes], expected: Reply) -> None:
    assert parse_reply(lines) == expected


def test_local_part_alone_is_cut_too() -> None:
    reply = parse_reply([b"550 5.1.1 Mailbox Jo.Doe does not exist"], hide=("jo.doe@example.org", "jo.doe"))
    assert reply.words == "Mailbox [address] does not exist"


@pytest.mark.parametrize("lines", [[b"hello"], [b"99 x"], [b"250-a", b"550 b"], [b"2500 x"], []])
def test_what_is_no_reply_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ValueError, match="SMTP reply"):
        parse_reply(lines)


@pytest.mark.parametrize(
    ("line", "last"), [(b"250-PIPELINING", False), (b"250 DSN", True), (b"250", True), (b"250-", False)]
)
def test_last_line_has_no_hyphen(line: bytes, last: bool) -> None:
    assert is_last_line(line) is last


@given(
    before=st.text(max_size=40),
    local=st.text("abcdefghij.+=_-'", min_size=1, max_size=20),
    domain=st.text("abcdefghij-", min_size=1, max_size=20),
    after=st.text(max_size=40),
)
def test_no_address_survives(before: str, local: str, domain: str, after: str) -> None:
    """Whatever stands around it, an address is not in the words kept."""
    assert f"{local}@{domain}" not in cut_addresses(f"{before} {local}@{domain} {after}")


PAUSING = {
    "Outlook's bulk rule": (Reply(550, "5.7.515", "Access denied"), True),
    "Gmail, unauthenticated": (Reply(550, "5.7.26", ""), True),
    "Gmail, rate": (Reply(421, "4.7.28", ""), True),
    "login wanted": (Reply(530, "5.7.0", "Authentication required"), True),
    "login refused": (Reply(535, "5.7.8", "bad"), True),
    "too large": (Reply(552, "5.3.4", ""), True),
    "no such user": (Reply(550, "5.1.1", "User unknown"), False),
    "full mailbox": (Reply(452, "4.2.2", ""), False),
    "refused by the reader's own rule": (Reply(550, "5.7.1", ""), False),
    "accepted": (Reply(250, "2.0.0", ""), False),
}


@pytest.mark.parametrize(("reply", "pauses"), PAUSING.values(), ids=PAUSING)
def test_answers_about_the_sender_pause_the_issue(reply: Reply, pauses: bool) -> None:
    assert (pauses_issue(reply) is not None) is pauses


def test_reply_class_decides_the_outcome() -> None:
    assert outcome_of(Reply(250)) == Accepted(Reply(250))
    assert outcome_of(Reply(421)) == Deferred(Reply(421))
    assert outcome_of(Reply(554)) == Rejected(Reply(554))
    assert outcome_of(Reply(354)) is None
