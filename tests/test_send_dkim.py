"""Signatures as others verify them (field.md’s row "RFC 6376/8301"), and letters signed on their way out."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.address import parse_address
from digest.config import load_config
from digest.dispatch import alerts
from digest.dispatch.keys import dkim_file, load_dkim_key, make_dkim_key
from digest.dispatch.signing import signed, signer_of
from digest.dispatch.trial import send_test
from digest.errors import ConfigError, DigestError, SendError, StoreError
from digest.model import Envelope, Letter, Picture
from digest.render.message import Skeleton
from digest.send import dkim
from digest.send.relays import OWN_ID, gave_id, relay_id
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, send
from tests.dkim_letters import (
    no_opendkim,
    random_messages,
    rejected_by_dkimpy,
    rejected_by_opendkim,
    signed_message,
)

PEM = dkim.new_key()
OWN = '\n[dkim]\nsign = "own"\n'
needs_opendkim = pytest.mark.skipif(bool(no_opendkim()), reason=no_opendkim())
LETTER = (
    b"From: The Weekly Ledger <ledger@news.example>\r\nReply-To: ledger@news.example\r\nTo: reader@example.net\r\n"
    b"Subject: The week\r\nDate: Thu, 24 Sep 2015 07:00:00 +0000\r\nMessage-ID: <1@news.example>\r\n"
    b"List-Unsubscribe: <https://news.example/leave/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe week.\r\n\r\nSee you.\r\n"
)


def own_newsletter(folder: Path, readers: int, more: str = OWN) -> Path:
    """An approved issue that is signed here, with PEM."""
    make_newsletter(folder, readers)
    (folder / "digest.toml").write_text(f"{(folder / 'digest.toml').read_text('utf-8')}{more}", "utf-8")
    dkim_file(folder, "digest").write_bytes(PEM)
    return folder


def outbox(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((folder / "new").iterdir())]


# ------------------------------------------------------------------------------------------------ verified by others


@needs_opendkim
def test_rfc6376_dkimpy_and_opendkim_verify_letters_of_every_shape(tmp_path: Path) -> None:
    messages = [signed_message(PEM, message) for message in random_messages(60, seed=7)]
    assert rejected_by_dkimpy(PEM, messages) == []
    assert rejected_by_opendkim(PEM, messages, tmp_path) == []


@needs_opendkim
def test_rfc6376_every_kind_of_letter_this_program_sends_verifies(tmp_path: Path) -> None:
    """Text and HTML; the same with a picture; a test; an alert, which is plain text."""
    folder = own_newsletter(tmp_path / "n", 3, '\n[alerts]\nmail = "mara@example.org"\n' + OWN)
    config = load_config(folder)
    with open_store(folder) as store:
        rendered = store.issues.rendered(SLUG)
    send_test(folder, config, rendered, parse_address("editor@example.net"), Maildir(tmp_path / "out"), now=NOW)
    alert = alerts.draft_alert(SLUG, "The week", ["Ärger im Süden"], {})
    assert alerts.tell(folder, config, alert, lambda: Maildir(tmp_path / "alerts"), now=NOW) == []
    pictured = replace(rendered.variants[0], pictures=(Picture("logo@news.example", "image/png", "aGVsbG8="),))
    signer = signer_of(folder, config)
    assert signer is not None
    letter = signer.sign(
        Skeleton(replace(rendered, variants=(pictured,)), "", config).letter(
            ordinal=0,
            envelope=Envelope("ledger@news.example", "reader@example.net"),
            message_id="<1@news.example>",
            date=NOW,
            fields=dict.fromkeys(("LEAVE", "VIEW", "PREFS"), "")
            | {name: f"https://news.example/{path}/x" for name, path in LINKS.items()}
            | {"EMAIL": "reader@example.net"},
            one_click=True,
            to_name="Zoë",
        )
    )
    send(folder, Maildir(tmp_path / "sent"))
    messages = [
        *outbox(tmp_path / "out"),
        *outbox(tmp_path / "alerts"),
        b"".join(letter.chunks),
        *outbox(tmp_path / "sent"),
    ]
    kinds = [email.message_from_bytes(message).get_content_type() for message in messages]
    assert kinds == ["multipart/alternative", "text/plain", *["multipart/alternative"] * 4]
    assert b"multipart/related" in messages[2]
    assert rejected_by_dkimpy(PEM, messages) == []
    assert rejected_by_opendkim(PEM, messages, tmp_path) == []


LINKS = {"LEAVE": "leave", "VIEW": "issues", "PREFS": "preferences"}


def test_rfc6376_any_flipped_byte_breaks_the_signature() -> None:
    message = signed_message(PEM, LETTER)
    start = message.index(b"From: ")
    assert rejected_by_dkimpy(PEM, [message]) == []
    for at in range(start, len(message), 17):
        if message[at] in b"\r\n":  # verifiers mend line ends before they look
            continue
        changed = message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :]
        assert rejected_by_dkimpy(PEM, [changed]) == [0], changed[at - 20 : at + 20]


@needs_opendkim
def test_rfc6376_no_second_field_of_a_signed_name_can_be_added(tmp_path: Path) -> None:
    """Also of one the letter does not have: Message-ID and Date, List-* and MIME headers."""
    message = signed_message(PEM, LETTER)
    forged = [f"{name}: evil@example.com\r\n".encode() + message for name in dkim.SIGNED]
    forged += [message.replace(b"\r\n\r\n", f"\r\n{name}: evil\r\n\r\n".encode(), 1) for name in dkim.SIGNED]
    everyone = list(range(len(forged)))
    assert rejected_by_dkimpy(PEM, forged) == everyone
    assert rejected_by_opendkim(PEM, forged, tmp_path) == everyone


def test_rfc8058_both_leaving_headers_are_always_in_h() -> None:
    without = re.sub(rb"List-Unsubscribe[^\n]*\n", b"", LETTER)
    for letter, times in ((LETTER, 2), (without, 1)):
        (listed,) = re.findall(rb"\bh=([^;]*);", signed_message(PEM, letter))
        names = re.sub(rb"\s", b"", listed).split(b":")
        assert names.count(b"list-unsubscribe") == names.count(b"list-unsubscribe-post") == times


def test_rfc6376_a_relay_may_fold_headers_anew() -> None:
    message = signed_message(PEM, LETTER)
    folded = message.replace(b"From: The Weekly Ledger ", b"FROM:  The Weekly\r\n\tLedger  ")
    assert folded != message
    assert rejected_by_dkimpy(PEM, [folded]) == []


def test_rfc5322_signature_lines_are_short_and_ascii() -> None:
    head = signed_message(PEM, LETTER).partition(b"\r\nFrom:")[0]
    assert all(len(line) <= 78 and line.isascii() for line in head.split(b"\r\n"))


HEADER_TEXT = st.text(
    st.one_of(
        st.sampled_from(" \t:;=_-."),
        st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0"),
    ),
    max_size=40,
)


@settings(deadline=None)  # a busy machine
@given(
    name=st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True),
    blanks=st.sampled_from(["", " ", "\t"]),
    lines=st.lists(HEADER_TEXT, min_size=1, max_size=4),
)
def test_rfc6376_relaxed_fields_are_those_of_dkimpy(name: str, blanks: str, lines: list[str]) -> None:
    from dkim.canonicalization import Relaxed

    value = "\r\n ".join(lines).encode()
    found = dkim.relaxed(f"{name}{blanks}:".encode() + value)[1] + b"\r\n"
    (theirs,) = Relaxed.canonicalize_headers([(f"{name}{blanks}".encode(), value + b"\r\n")])
    assert found == theirs[0] + b":" + theirs[1]


@settings(deadline=None)  # a busy machine
@given(st.lists(st.sampled_from([b"a", b" ", b"\r\n", b".", b"\t"]), max_size=12).map(b"".join))
def test_rfc6376_bodies_are_hashed_as_dkimpy_does(body: bytes) -> None:
    import hashlib

    from dkim.canonicalization import Simple

    assert dkim.body_hash(body) == hashlib.sha256(Simple.canonicalize_body(body)).digest()


SIGNER = dkim.Signer(PEM, "news.example", "digest")
PIECES = [b"", b"a", b"bb\r\n", b"\r\n", b"\r\n\r\n", b"To: x\r\n", b"\r", b"\n", b"end\r\n"]


@settings(deadline=None)  # a busy machine
@example([[PIECES[4], PIECES[1], PIECES[2], PIECES[8]], [PIECES[4], PIECES[1], PIECES[2]]])
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6), min_size=1, max_size=6))
def test_letters_are_hashed_whole_whatever_they_share_and_however_they_are_cut(letters: list[list[bytes]]) -> None:
    """Each letter has the chunks of another, some equal, some not: what is kept of the last must not be used wrongly."""
    for chunks in letters:
        whole = b"From: a@b.c\r\n" + b"".join(chunks)
        head, _, body = whole.partition(b"\r\n\r\n")
        letter = Letter(0, Envelope("a@b.c", "d@e.f"), (b"From: a@b.c\r\n", *chunks), "")
        kept, fresh = SIGNER.prepare(letter), dkim.Signer.prepare(AGAIN, replace(letter, chunks=(whole,)))
        assert kept.field == fresh.field
        assert kept.data == fresh.data
        bh = re.sub(rb"\s", b"", kept.field.partition(b"bh=")[2].partition(b";")[0])
        assert base64.b64decode(bh) == dkim.body_hash(body), (head, body)


AGAIN = dkim.Signer(PEM, "news.example", "digest")


# ------------------------------------------------------------------------------------------------ on the way out


def test_approved_letters_leave_signed_once_each_and_in_order(tmp_path: Path) -> None:
    """The fingerprint and the approval are of the issue, not of the signature."""
    folder = own_newsletter(tmp_path / "n", 40)
    report = send(folder, Maildir(tmp_path / "out"))
    assert (report.accepted, report.waiting) == (40, 0)
    messages = outbox(tmp_path / "out")
    assert [message.count(b"DKIM-Signature:") for message in messages] == [1] * 40
    assert rejected_by_dkimpy(PEM, messages) == []
    names = [email.message_from_bytes(message)["To"] for message in messages]
    assert names == [f"reader{number}@example.net" for number in range(40)]


def test_the_same_letter_is_signed_with_the_same_bytes(tmp_path: Path) -> None:
    for name in ("once", "again"):
        folder = own_newsletter(tmp_path / name, 2)
        (folder / "keys" / "message.key").write_bytes(bytes(32))
        with open_store(folder) as store:
            store.conn.execute("UPDATE subscriber SET token = printf('%032x', id)")
        send(folder, Maildir(tmp_path / f"{name}.out"))
    assert outbox(tmp_path / "once.out") == outbox(tmp_path / "again.out")


def test_the_relay_signs_unless_told_otherwise(tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", 1)
    send(tmp_path / "n", Maildir(tmp_path / "out"))
    assert b"DKIM-Signature" not in outbox(tmp_path / "out")[0]


def test_without_its_key_nothing_leaves(tmp_path: Path) -> None:
    folder = own_newsletter(tmp_path / "n", 3)
    dkim_file(folder, "digest").unlink()
    with pytest.raises(StoreError, match=r"digest\.pem is missing") as told:
        send(folder, Maildir(tmp_path / "out"))
    assert "digest keys make" in told.value.hint
    with open_store(folder) as store:
        assert store.ledger.counts(SLUG) == {"waiting": 3}


@pytest.mark.parametrize("damage", [b"", b"no key", PEM[:-200]])
def test_a_damaged_key_is_said(tmp_path: Path, damage: bytes) -> None:
    folder = own_newsletter(tmp_path / "n", 1)
    dkim_file(folder, "digest").write_bytes(damage)
    with pytest.raises(SendError, match="cannot be read"):
        send(folder, Maildir(tmp_path / "out"))


def test_a_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    for key in (ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 1024)):
        pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        with pytest.raises(SendError, match="2048 bits"):
            dkim.Signer(pem, "news.example", "digest")


def test_keys_stay_and_are_their_owners_only(tmp_path: Path) -> None:
    assert make_dkim_key(tmp_path, "2027a")
    first = load_dkim_key(tmp_path, "2027a")
    assert not make_dkim_key(tmp_path, "2027a")
    assert load_dkim_key(tmp_path, "2027a") == first
    assert dkim_file(tmp_path, "2027a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "line", ['selector = "../x"', 'selector = "A"', 'selector = ""', 'domain = "no domain"', 'sign = "me"']
)
def test_settings_that_cannot_be_right_are_said(tmp_path: Path, line: str) -> None:
    make_newsletter(tmp_path, 0)
    with (tmp_path / "digest.toml").open("a") as file:
        file.write(f"\n[dkim]\n{line}\n")
    with pytest.raises(ConfigError, match=r"dkim\."):
        load_config(tmp_path)


# ------------------------------------------------------------------------------------------------ Amazon SES


def test_what_ses_overwrites_is_not_signed_and_our_id_is(tmp_path: Path) -> None:
    folder = own_newsletter(
        tmp_path / "n", 1, '\n[smtp]\nprofile = "ses"\nhost = "email-smtp.eu-west-1.amazonaws.com"\n' + OWN
    )
    text = (folder / "digest.toml").read_text("utf-8").replace("[send]\n", '[send]\ntransport = "smtp"\n')
    (folder / "digest.toml").write_text(text, "utf-8")
    send(folder, Maildir(tmp_path / "out"))
    (message,) = outbox(tmp_path / "out")
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert parsed[OWN_ID] == parsed["Message-ID"]
    there = re.sub(rb"\r\nDate: [^\r]*", b"\r\nDate: Thu, 24 Sep 2015 09:30:00 GMT", message)
    there = re.sub(rb"\r\nMessage-ID: [^\r]*", b"\r\nMessage-ID: <0102@eu-west-1.amazonses.com>", there)
    there = b"Return-Path: <0102@amazonses.com>\r\nFeedback-ID: 1.eu-west-1:AmazonSES\r\n" + there
    assert there.count(b"0102@") == 2
    assert rejected_by_dkimpy(PEM, [there]) == []
    assert rejected_by_dkimpy(PEM, [there.replace(f"{OWN_ID}: <".encode(), f"{OWN_ID}: <x".encode())]) == [0]


@pytest.mark.parametrize(
    ("reply", "name", "expected"),
    [
        ("250 2.0.0 Ok: queued as Q00100", "Q00100", True),
        ("250 2.0.0 Ok: queued as Q00100", "Q0010", False),
        ("250 2.0.0 Ok: queued as Q00100", "queued", False),
        ("250 OK id=1rXyzA-0003bC-2d", "1rXyzA-0003bC-2d", True),
        ("250 OK id=1rXyzA-0003bC-2d", "1rXyzA", False),
        ("250 Ok reader1", "reader1@example.org", False),
        (
            "250 Ok 0102018f3b6c8a11-5f1f1c9e-1f0c-4f53-9d0d-0e6f1c1f7a10-000000",
            "<0102018f3b6c8a11-5f1f1c9e-1f0c-4f53-9d0d-0e6f1c1f7a10-000000@eu-west-1.amazonses.com>",
            True,
        ),
    ],
)
def test_a_letter_is_known_by_its_id_whichever_relay_gave_it(reply: str, name: str, expected: bool) -> None:
    assert gave_id(reply, name) is expected


@pytest.mark.parametrize(
    ("profile", "reply", "expected"),
    [
        (
            "ses",
            "250 Ok 0102018f3b6c8a11-5f1f1c9e-1f0c-4f53-9d0d-0e6f1c1f7a10-000000",
            "0102018f3b6c8a11-5f1f1c9e-1f0c-4f53-9d0d-0e6f1c1f7a10-000000",
        ),
        ("postfix", "250 2.0.0 Ok: queued as 4Xq1nT2z3Yz9rr", "4Xq1nT2z3Yz9rr"),
        ("postfix", "250 2.0.0 stored in the outbox", ""),
        ("generic", "250 2.0.0 Ok: queued as 4Xq1nT2z3Yz9rr", ""),
    ],
)
def test_the_relays_own_id_is_found_in_its_answer(profile: str, reply: str, expected: str) -> None:
    from digest.config import Smtp

    assert relay_id(Smtp(profile=profile), reply) == expected  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ the threads


def letter(number: int) -> Letter:
    return Letter(number, Envelope("ledger@news.example", "r@example.net"), (LETTER,), f"<{number}@news.example>")


def test_an_error_of_the_source_comes_after_the_letters_before_it() -> None:
    async def source() -> AsyncIterator[Letter]:
        for number in range(20):
            yield letter(number)
        raise DigestError("the disk is full")

    async def run() -> list[int]:
        found: list[int] = []
        with pytest.raises(DigestError, match="the disk is full"):
            async for one in signed(source(), dkim.Signer(PEM, "news.example", "digest")):  # type: ignore[arg-type]
                found.append(one.ordinal)
        return found

    assert asyncio.run(run()) == list(range(20))


def test_a_letter_leaves_while_the_next_is_not_written_yet() -> None:
    async def run() -> int:
        gate = asyncio.Event()

        async def source() -> AsyncIterator[Letter]:
            yield letter(0)
            await gate.wait()
            yield letter(1)

        letters = signed(source(), dkim.Signer(PEM, "news.example", "digest"))  # type: ignore[arg-type]
        first = await asyncio.wait_for(anext(letters), 10)
        gate.set()
        assert (await asyncio.wait_for(anext(letters), 10)).ordinal == 1
        return first.ordinal

    assert asyncio.run(run()) == 0


def test_letters_nobody_asks_for_any_more_are_let_go() -> None:
    closed = []

    async def source() -> AsyncIterator[Letter]:
        try:
            for number in range(1000):
                yield letter(number)
        finally:
            closed.append(True)

    async def run() -> None:
        letters = signed(source(), dkim.Signer(PEM, "news.example", "digest"))  # type: ignore[arg-type]
        await anext(letters)
        await letters.aclose()

    asyncio.run(run())
    assert closed == [True]
