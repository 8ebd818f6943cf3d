"""What a mail server says: read, cleaned, judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Accepted, Deferred, Rejected, Reply
from digest.send.replies import (
    asks_for_less,
    cut_addresses,
    is_last_line,
    outcome_of,
    parse_reply,
    pauses_issue,
    read_reply,
)

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


SAID_BY_RELAYS = {
    "SES, quota of the day": (Reply(454, "4.7.0", "Throttling failure: Daily message quota exceeded."), "pause"),
    "SES, rate": (Reply(454, "4.7.0", "Throttling failure: Maximum sending rate exceeded."), "slower"),
    "SES, sandbox": (
        Reply(554, "", "Message rejected: Email address is not verified. The following identities failed the check"),
        "pause",
    ),
    "SES, stopped": (Reply(554, "", "Sending paused for this account."), "pause"),
    "SendGrid, sender": (Reply(550, "", "The from address does not match a verified Sender Identity."), "pause"),
    "Mailgun, sandbox": (Reply(421, "", "Sandbox subdomains are for test purposes only."), "pause"),
    "Postmark, sender": (Reply(550, "5.7.1", "The 'From' address is not a Sender Signature on your account"), "pause"),
    "Gmail as a relay": (Reply(550, "5.4.5", "Daily user sending limit exceeded."), "pause"),
    "the login cannot be judged now": (Reply(454, "4.7.0", "Temporary authentication failure"), "slower"),
    "a provider's rate": (Reply(421, "4.7.0", "Too many messages, slow down"), "slower"),
    "SPF by RFC 7372": (Reply(550, "5.7.23", ""), "pause"),
    "a reader's quota": (Reply(452, "4.2.2", "The recipient's inbox is over quota"), ""),
    "a reader's quota, for good": (Reply(552, "5.2.2", "mailbox full, quota exceeded"), ""),
    "a reader who gets too much": (Reply(450, "4.2.1", "The user is receiving mail too quickly"), ""),
    "the sender's domain": (Reply(450, "4.1.8", "Sender address rejected: Domain not found"), "pause"),
    "a reader not verified yet": (Reply(450, "4.1.1", "Recipient address rejected: unverified address"), ""),
    "the same without a code": (Reply(550, "", "Recipient address rejected: unverified address"), ""),
    "no such user": (Reply(550, "5.1.1", "unknown user"), ""),
    "greylisted": (Reply(451, "4.7.1", "Greylisting in action, please come back later"), ""),
}


@pytest.mark.parametrize(("reply", "means"), SAID_BY_RELAYS.values(), ids=SAID_BY_RELAYS)
def test_what_relays_say_about_us_is_told_from_what_they_say_about_readers(reply: Reply, means: str) -> None:
    found = "pause" if pauses_issue(reply) else "slower" if asks_for_less(reply) else ""
    assert found == means


def test_a_pause_says_what_to_do() -> None:
    why = pauses_issue(Reply(550, "5.7.26", "unauthenticated"))
    assert why is not None
    assert "SPF" in why.partition(": ")[2]


def test_a_reply_seen_before_still_hides_the_next_reader() -> None:
    lines = [b"550 5.1.1 no mailbox jo here"]
    assert read_reply(lines, "ann@example.org").words == "no mailbox jo here"
    assert read_reply(lines, "jo@example.org").words == "no mailbox [address] here"
