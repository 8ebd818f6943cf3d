"""What follows from what came back: who is blocked, when, by what proof, and how it is undone."""

from __future__ import annotations

import mailbox
import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.address import parse_address
from digest.config import load_config, parse_config
from digest.dispatch import keys, locks, returns
from digest.dispatch.letters import Mailroom
from digest.dispatch.mailbox import Folder, Mbox, source_of
from digest.errors import ConfigError, IssueError, SendError
from digest.send.bounces import Return
from digest.send.transports.maildir import Maildir
from digest.store import Store, open_store
from tests.command_line import error_of, run_in
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter
from tests.returned import FOLDER, KEY, READERS, answers, blocks, make_returns, message, returned, take_in
from tests.test_bounces_read import REAL, damaged

GONE = "550 5.1.1 user unknown"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("returns") / "n"
    make_returns(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """An issue accepted for all READERS; nothing came back yet."""
    shutil.copytree(made, tmp_path / "n")
    return tmp_path / "n"


def events(store: Store, address: str) -> list[str]:
    return [event.kind for event in store.consent.of(parse_address(address))]


# ------------------------------------------------------------------------------------------------ what cannot be read


def test_a_message_that_cannot_be_read_is_told_and_keeps_no_other_from_being_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = returns.read_return

    def stumbling(data: bytes) -> Return:
        if b"hostile" in data:
            raise RecursionError("maximum recursion depth exceeded")
        return read(data)

    monkeypatch.setattr(returns, "read_return", stumbling)
    report = take_in(folder, b"From: a@b.example\nSubject: hostile\n\n", returned(1, "5.1.1", GONE))
    ((place, verdict, why),) = report.for_a_person
    assert (place, verdict) == ("0", "unreadable")
    assert why.startswith("a bug of this program, please report it: RecursionError: maximum")
    assert blocks(folder) == {READERS[0]: "bounced"}


def test_a_message_of_3000_parts_inside_each_other_stops_no_run(folder: Path) -> None:
    place = folder / "back"
    place.mkdir()
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000))
    (place / "1.eml").write_bytes(b"From: a@b.example\nSubject: hostile\n" + deep)
    (place / "2.eml").write_bytes(returned(1, "5.1.1", GONE))
    said = run_in(folder)("bounces", "ingest", str(place)).stdout
    assert "  1.eml: a person wrote: hostile" in said
    assert blocks(folder) == {READERS[0]: "bounced"}


def test_a_file_that_is_no_mail_is_named_once(folder: Path) -> None:
    place = folder / "back"
    place.mkdir()
    (place / "old.zip").write_bytes(b"PK\x03\x04" + bytes(200))
    run = run_in(folder)
    assert "  old.zip: is no mail\n" in run("bounces", "ingest", str(place)).stdout
    assert "old.zip" not in run("bounces", "ingest", str(place)).stdout


# ------------------------------------------------------------------------------------------------ what counts


def test_no_such_mailbox_blocks_its_reader_and_nobody_else(folder: Path) -> None:
    report = take_in(folder, returned(1, "5.1.1", GONE))
    assert blocks(folder) == {READERS[0]: "bounced"}
    assert [(str(e.address), e.effect) for e in report.effects] == [(READERS[0], "bounced")]
    with open_store(folder) as store:
        assert events(store, READERS[0]) == ["subscribed", "bounced"]
        assert store.consent.verify() == []
        assert store.returns.counts(SLUG) == {"hard": 1}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("4.4.1", "connection timed out"),
        ("5.2.2", "552 5.2.2 mailbox full"),
        ("5.7.1", "550 5.7.1 rejected as spam"),
        ("5.1.2", "550 5.1.2 host unknown"),
        ("5.0.0", "554 no"),
    ],
)
def test_one_return_of_any_other_kind_blocks_nobody(folder: Path, status: str, words: str) -> None:
    take_in(folder, returned(1, status, words))
    assert blocks(folder) == {}
    with open_store(folder) as store:
        assert sum(store.returns.counts(SLUG).values()) == 1


def test_a_delay_and_a_success_are_no_returns(folder: Path) -> None:
    report = take_in(
        folder, returned(1, "4.4.1", "timed out", action="delayed"), returned(2, "2.0.0", "ok", action="delivered")
    )
    assert (report.verdicts["delayed"], report.verdicts["delivered"]) == (1, 1)
    with open_store(folder) as store:
        assert store.returns.all() == []


def test_a_complaint_blocks_at_once_though_the_provider_hid_the_address(folder: Path) -> None:
    assert READERS[1].encode() not in message("arf-abuse-redacted")
    take_in(folder, message("arf-abuse-redacted"))
    assert blocks(folder) == {READERS[1]: "complained"}


def test_a_surer_report_of_the_same_letter_takes_the_vague_ones_place(folder: Path) -> None:
    take_in(folder, returned(1, "5.0.0", "554 no"))
    take_in(folder, returned(1, "5.1.1", GONE))
    assert blocks(folder) == {READERS[0]: "bounced"}
    with open_store(folder) as store:
        assert store.returns.counts(SLUG) == {"hard": 1}


def test_a_letter_in_doubt_that_comes_back_was_accepted(folder: Path) -> None:
    with open_store(folder) as store:
        store.conn.execute("INSERT OR IGNORE INTO legal_move VALUES (3, 8)")
        store.conn.execute("UPDATE delivery_row SET state = 8, answered = NULL WHERE ordinal = 0")
        store.conn.execute("DELETE FROM legal_move WHERE came = 3 AND became = 8")
    take_in(folder, returned(1, "5.2.2", "full"))
    with open_store(folder) as store:
        (row,) = [d for d in store.ledger.deliveries(SLUG) if d.ordinal == 0]
        assert (row.state, row.reply) == ("accepted", "proved: it came back")


# ------------------------------------------------------------------------------------------------ again and again


def issues_later(folder: Path, number: int) -> list[str]:
    """So many more issues, a week apart, accepted for everybody; their slugs."""
    slugs = [f"2015-W{40 + n}" for n in range(number)]
    with open_store(folder) as store, store.transaction():
        store.conn.execute("DROP TRIGGER delivery_moves")
        for n, slug in enumerate(slugs, 1):
            at = int((NOW + timedelta(days=7 * n)).timestamp() * 1e6)
            store.conn.execute(
                """INSERT INTO issue (slug, state, since, until, made_at)
                   SELECT ?, 'sent', since, until, made_at FROM issue WHERE slug = ?""",
                (slug, SLUG),
            )
            store.conn.execute(
                """INSERT INTO delivery_row (issue, ordinal, subscriber, variant, state, at)
                   SELECT (SELECT id FROM issue WHERE slug = ?), ordinal, subscriber, variant, 3, ?
                   FROM delivery_row WHERE issue = (SELECT id FROM issue WHERE slug = ?)""",
                (slug, at, SLUG),
            )
    return slugs


def test_a_mailbox_gone_in_vague_words_is_left_after_five_letters(folder: Path) -> None:
    slugs = [SLUG, *issues_later(folder, 4)]
    for n, slug in enumerate(slugs):
        assert blocks(folder) == {}, f"after {n} letters"
        take_in(folder, returned(1, "5.1.2", "550 host unknown", slug=slug), at=NOW + timedelta(days=7 * n, hours=1))
    assert blocks(folder) == {READERS[0]: "bounced"}


def test_a_backlog_read_on_one_day_counts_by_the_days_of_its_letters(folder: Path) -> None:
    slugs = [SLUG, *issues_later(folder, 4)]
    take_in(folder, *(returned(1, "5.1.2", "host unknown", slug=s) for s in slugs), at=NOW + timedelta(days=29))
    assert blocks(folder) == {READERS[0]: "bounced"}


def test_a_letter_that_stayed_says_that_the_reader_is_there_again(folder: Path) -> None:
    slugs = issues_later(folder, 2)
    take_in(folder, returned(1, "5.1.1", GONE), at=NOW + timedelta(days=20))
    assert blocks(folder) == {}, "an old report, and letters of two weeks stayed since"
    take_in(folder, returned(1, "5.1.1", GONE, slug=slugs[1]), at=NOW + timedelta(days=20))
    assert blocks(folder) == {READERS[0]: "bounced"}


def test_temporary_failures_never_end_it(folder: Path) -> None:
    slugs = [SLUG, *issues_later(folder, 12)]
    take_in(folder, *(returned(1, "4.4.7", "expired", slug=s) for s in slugs), at=NOW + timedelta(days=90))
    assert blocks(folder) == {}


def test_a_provider_that_loses_everybody_in_a_day_blocks_nobody(tmp_path: Path) -> None:
    make_returns(tmp_path / "n", [f"reader{n}@big.example" for n in range(12)])
    report = take_in(tmp_path / "n", *(returned(n, "5.1.1", GONE) for n in range(1, 13)))
    assert blocks(tmp_path / "n") == {}
    assert report.held == {"big.example": 12}


def test_what_a_server_refuses_while_it_is_sent_counts_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, ["gone@a.example", "spam@b.example", "full@c.example", "there@d.example"])
    said = ["550 5.1.1 no such user", "554 5.7.1 spam", "552 5.2.2 mailbox full"]
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "sending", who="test", at=NOW)
        rows = store.ledger.lease(SLUG, "w", 4, NOW)
        refused = [(r.ordinal, "rejected", words, None) for r, words in zip(rows, said, strict=False)]
        store.ledger.commit(SLUG, "w", [3], refused, NOW)
    assert take_in(folder).verdicts["refused"] == 0, "nobody accepted it yet: it may not be about the readers"
    with open_store(folder) as store:
        store.ledger.commit(SLUG, "w", [], [(3, "accepted", "250 ok", None)], NOW)
    with locks.sending(folder):
        assert take_in(folder).verdicts["refused"] == 0, "the send at work may yet find that all are refused so"
    assert take_in(folder).verdicts["refused"] == 2
    assert blocks(folder) == {"gone@a.example": "bounced"}
    assert take_in(folder).verdicts["refused"] == 0


# ------------------------------------------------------------------------------------------------ proof


def test_every_message_without_a_mark_of_ours_does_nothing(folder: Path) -> None:
    foreign = [a["file"] for a in answers() if not a["ours"]]
    assert len(foreign) >= 12
    report = take_in(folder, *map(message, foreign))
    assert blocks(folder) == {}
    with open_store(folder) as store:
        assert store.returns.all() == []
    assert report.verdicts["no mark"] == 7


def test_every_message_with_one_finds_its_reader(folder: Path) -> None:
    """Each alone: the right person, and an effect exactly where the answer says so."""
    wrong = []
    with open_store(folder) as store:
        for answer in (a for a in answers() if a["ours"] and a["kind"] in ("bounce", "complaint", "leave")):
            report = returns.Report()
            reader = returns.Reader(folder, store, report, NOW)
            try:
                with store.transaction():
                    reader.take(returns._read(returns.Message("", message(answer["file"]))))
                    found = store.returns.all()
                    raise returns._DryRun
            except returns._DryRun:
                who = answer.get("recipient") or READERS[_reader_of(answer["file"])]
                if [str(f.address) for f in found] != [who] or (found[0].grade or None) != answer.get("grade"):
                    wrong.append((answer["file"], dict(report.verdicts), found))
    assert not wrong


def _reader_of(name: str) -> int:
    """Of a reply, whose address is its From line's."""
    sender = re.search(rb"(?m)^From: .*<(.*)>", message(name))
    assert sender is not None
    return READERS.index(sender[1].decode())


@pytest.fixture(scope="module")
def foreign(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same newsletter with another key: no mark in any of the messages is its own."""
    folder = tmp_path_factory.mktemp("foreign") / "n"
    shutil.copytree(made, folder)
    (folder / "keys" / "message.key").write_bytes(b"x" * 32)
    return folder


def test_no_message_with_marks_of_another_key_does_anything(foreign: Path) -> None:
    report = take_in(foreign, *REAL)
    assert blocks(foreign) == {}
    assert report.verdicts["no mark"] > 150


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.lists(damaged(), min_size=1, max_size=4))
def test_no_damage_makes_up_a_mark_of_ours(foreign: Path, data: Sequence[bytes]) -> None:
    take_in(foreign, *data)
    assert blocks(foreign) == {}
    with open_store(foreign) as store:
        assert store.returns.all() == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=damaged())
def test_no_damage_to_a_message_of_ours_stops_the_run(marked: Path, data: bytes) -> None:
    """Whom it blocks had a letter, and what is kept holds no address."""
    take_in(marked, data)
    with open_store(marked) as store:
        for one in store.returns.all(limit=3):
            assert str(one.address) not in one.evidence + one.words


@pytest.fixture(scope="module")
def marked(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("marked") / "n"
    shutil.copytree(made, folder)
    return folder


def test_marks_of_two_readers_prove_nothing(folder: Path) -> None:
    two = ", ".join(f"bounces+{keys.bounce_token(SLUG, n, KEY)}@news.example" for n in (1, 2))
    assert take_in(folder, returned(1, "5.1.1", GONE, to=two)).verdicts["no mark"] == 1
    assert blocks(folder) == {}


def test_without_a_bounce_address_our_message_id_and_the_address_are_the_proof(folder: Path) -> None:
    take_in(folder, message("message-id-is-the-proof"), message("envelope-id-is-the-proof"))
    assert blocks(folder) == {READERS[7]: "bounced", READERS[8]: "bounced"}


# ------------------------------------------------------------------------------------------------ leaving


def test_a_reader_who_only_asks_to_leave_has_left(folder: Path) -> None:
    take_in(folder, message("leave-english"), message("mail-how-to-unsubscribe"), message("vacation-says-unsubscribe"))
    assert blocks(folder) == {READERS[0]: "left"}
    with open_store(folder) as store:
        assert events(store, READERS[0]) == ["subscribed", "unsubscribed"]


def test_nobody_can_have_somebody_else_leave(folder: Path) -> None:
    report = take_in(folder, message("leave-forged-no-reference"), message("leave-forged-other-letter"))
    assert blocks(folder) == {}
    assert [what for _, what, _ in report.for_a_person] == ["asks to leave", "asks to leave"]
    forwarded = (
        f"From: friend@elsewhere.example\nTo: bounces+{keys.bounce_token(SLUG, 2, KEY)}@news.example\n\nunsubscribe"
    )
    assert take_in(folder, forwarded.encode()).verdicts == {"asks to leave": 1}, (
        "a letter's mark alone is not its reader"
    )
    assert blocks(folder) == {}


def test_leaving_by_mail_as_our_header_asks_works_from_any_address(folder: Path) -> None:
    with open_store(folder) as store:
        token = next(p.token for p in store.subscribers.all() if str(p.address) == READERS[3])
    mail = message("leave-by-mail-token").replace(b"00000000000000000000000000000007", token.encode())
    take_in(folder, mail)
    assert blocks(folder) == {READERS[3]: "left"}


# ------------------------------------------------------------------------------------------------ undoing, forgetting


def test_what_followed_can_be_undone_and_is_written_down(folder: Path) -> None:
    take_in(folder, returned(1, "5.1.1", GONE), message("arf-abuse-redacted"), message("leave-japanese"))
    assert blocks(folder) == {READERS[0]: "bounced", READERS[1]: "complained", READERS[7]: "left"}
    with open_store(folder) as store:
        for one in store.returns.all():
            if one.effect:
                returns.undo(store, one.id, who="Mara", now=NOW)
        assert events(store, READERS[0]) == ["subscribed", "bounced", "unblocked"]
        assert store.consent.verify() == []
        with pytest.raises(IssueError, match="undone already, by Mara"):
            returns.undo(store, 1, who="Mara", now=NOW)
    assert blocks(folder) == {}
    take_in(folder, returned(1, "5.2.2", "full"))
    assert blocks(folder) == {}, "what was undone counts no more"


def test_a_message_read_twice_changes_nothing_the_second_time(folder: Path, tmp_path: Path) -> None:
    """Also where another mailbox keeps it with other line ends and notes of its own."""
    first = take_in(folder, *REAL[:60])
    before = blocks(folder)
    box = mailbox.mbox(tmp_path / "mbox")
    for data in REAL[:60]:
        box.add(b"X-Status: R\n" + data.replace(b"\r\n", b"\n"))
    box.close()
    with open_store(folder) as store:
        again = returns.ingest(folder, store, Mbox(tmp_path / "mbox"), now=NOW)
    assert (first.read, again.read, again.verdicts["seen"]) == (60, 60, 60)
    assert blocks(folder) == before


def test_a_dry_run_says_the_same_and_changes_nothing(folder: Path) -> None:
    with open_store(folder) as store:
        said = returns.ingest(folder, store, Folder(FOLDER), now=NOW, dry_run=True)
        assert store.returns.all() == [] and blocks(folder) == {}
        done = returns.ingest(folder, store, Folder(FOLDER), now=NOW)
    assert said.verdicts == done.verdicts and len(said.effects) == len(done.effects) > 10


def test_an_erased_reader_is_in_nothing_that_is_kept(folder: Path) -> None:
    with open_store(folder) as store:
        returns.ingest(folder, store, Folder(FOLDER), now=NOW)
        kept = "\n".join(f"{r.words}\n{r.evidence}" for r in store.returns.all()).casefold()
        for reader in READERS:
            assert reader.casefold() not in kept
        for n in range(1, len(READERS) + 1):
            assert keys.bounce_token(SLUG, n, KEY) not in kept
        for reader in READERS:
            assert store.subscribers.get(parse_address(reader)) is not None
            store.erasure.erase(parse_address(reader), who="Mara", at=NOW)
        assert all(not r.evidence and not r.words and r.address is None for r in store.returns.all())
    bytes_left = (folder / "subscribers.db").read_bytes() + b"".join(f.read_bytes() for f in folder.glob("*.db-wal"))
    for reader in READERS[:9]:
        assert reader.encode() not in bytes_left and reader.encode().partition(b"@")[2] not in bytes_left
    assert take_in(folder, returned(1, "5.1.1", "another report")).verdicts["erased"] == 1


# ------------------------------------------------------------------------------------------------ the command line


def test_the_commands_tell_and_undo(folder: Path, tmp_path: Path) -> None:
    run = run_in(folder)
    maildir = mailbox.Maildir(tmp_path / "box", create=True)
    for data in (
        returned(1, "5.1.1", GONE),
        message("arf-abuse-redacted"),
        message("forged-no-mark"),
        message("mail-praise"),
    ):
        maildir.add(data)
    files = sorted(p.read_bytes() for p in (tmp_path / "box").rglob("*") if p.is_file())
    out = run("bounces", "ingest", str(tmp_path / "box")).stdout
    assert "4 messages read" in out and f"{READERS[0]}: blocked: bounced" in out
    assert "1  reports without a mark of ours, ignored" in out and "a person wrote: Re: The week's numbers" in out
    assert files == sorted(p.read_bytes() for p in (tmp_path / "box").rglob("*") if p.is_file())
    assert "of these 1 came back: 1 no such mailbox" in run("status").stdout
    assert "It came back" in run("deliveries", "show", READERS[0]).stdout
    number = run("bounces", "list", "--reader", READERS[0]).stdout.splitlines()[1].split()[0]
    assert "550 5.1.1 user unknown" in run("bounces", "show", number).stdout
    assert f"{READERS[0]} gets mail again" in run("bounces", "undo", number).stdout
    assert blocks(folder) == {READERS[1]: "complained"}


def test_what_cannot_be_read_is_said(folder: Path) -> None:
    run = run_in(folder)
    assert "there is no mailbox /nowhere" in error_of(run("bounces", "ingest", "/nowhere", ok=False))
    assert "nothing that came back has the number 7" in error_of(run("bounces", "undo", "7", ok=False))
    for where, said in {
        "imap://mail.example": "names no user",
        "imap://u:secret@mail.example": "does not belong on a command line",
        "imap://u@mail.example:x": "no address of a mailbox",
        "imap://u@mail.example": "password is not set",
    }.items():
        with pytest.raises(SendError, match=said):
            source_of(where)


@pytest.mark.parametrize("address", [f"{'b' * 34}@news.example", "bounces nobody@news.example", "böunces@news.example"])
def test_an_address_without_room_for_a_mark_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"bounces\.address"):
        parse_config(f'[newsletter]\nname = "x"\nfrom = "a@news.example"\n[bounces]\naddress = "{address}"\n')


def test_each_letter_names_its_reader_on_the_envelope(folder: Path) -> None:
    out = folder / "var" / "outbox" / SLUG
    assert Maildir(out).folder == out
    with open_store(folder) as store:
        mail = Mailroom(load_config(folder), store.issues.rendered(SLUG), keys.load(folder).message)
        letter = mail.letter(
            ordinal=0, subscriber=4, address=parse_address(READERS[3]), name="", token="0" * 32, variant="", date=NOW
        )
    local, _, domain = letter.envelope.sender.partition("@")
    assert domain == "news.example" and len(local) <= 64
    assert keys.read_bounce_token(local.removeprefix("bounces+"), [SLUG], KEY) == (SLUG, 4)
    assert local not in b"".join(letter.chunks).decode()
