"""Letters to mail servers nobody here wrote: Postfix, and behind it Dovecot."""

from __future__ import annotations

import imaplib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli import cli
from digest.config import load_config
from digest.dispatch import keys
from digest.dispatch.mailbox import source_of
from digest.dispatch.returns import ingest
from digest.errors import SendError
from digest.send.relays import relay_id
from digest.send.transports.smtp import Smtp, SmtpSettings
from digest.store import open_store
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, send
from tests.dkim_letters import rejected_by_dkimpy
from tests.mail_servers import dovecot, found_by_imap, make_certificate, missing, postfix
from tests.test_send_smtp import free_port

if missing() and not os.environ.get("CI"):
    pytest.skip(missing(), allow_module_level=True)

READERS = (*(f"reader{n}@example.org" for n in range(12)), "unknown-1@example.org", "later-1@example.org")


@dataclass(frozen=True)
class Servers:
    smtp: SmtpSettings
    imap: int
    mail: Path  # everybody's Maildir


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    assert not missing(), missing()
    # Not pytest's own folder: the servers' users may not look into it.
    with tempfile.TemporaryDirectory(prefix="digest-mta-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        certificate, key = make_certificate(folder)
        port, lmtp, imap = free_port(), free_port(), free_port()
        with (
            dovecot(folder / "dovecot", lmtp, imap),
            postfix(folder / "postfix", port, lmtp, certificate, key),
        ):
            yield Servers(
                SmtpSettings("localhost", port, "starttls", cafile=str(certificate)), imap, folder / "dovecot" / "mail"
            )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_newsletter(tmp_path / "n", READERS)
    return tmp_path / "n"


def states(folder: Path) -> dict[str, tuple[str, str]]:
    """Address -> state and reply."""
    with open_store(folder) as store:
        people = {s.id: str(s.address) for s in store.subscribers.all()}
        return {people[d.subscriber]: (d.state, d.reply) for d in store.ledger.deliveries(SLUG)}


def test_postfix_takes_an_issue_encrypted_and_every_answer_finds_its_row(servers: Servers, folder: Path) -> None:
    report = send(folder, Smtp(servers.smtp))
    assert (report.accepted, report.rejected, report.deferred, report.uncertain) == (12, 1, 1, 0)
    found = states(folder)
    assert found["reader3@example.org"][0] == "accepted"
    assert "queued as" in found["reader3@example.org"][1]
    assert found["unknown-1@example.org"][0] == "rejected"
    assert found["unknown-1@example.org"][1].startswith("550 5.1.1 [address]: Recipient address rejected")
    assert found["later-1@example.org"][0] == "deferred"


def test_a_letter_is_found_by_its_message_id_where_it_was_delivered(servers: Servers, folder: Path) -> None:
    send(folder, Smtp(servers.smtp))
    with open_store(folder) as store:
        delivery = store.ledger.deliveries(SLUG)[5]
    message_id = keys.message_id(SLUG, delivery.subscriber, keys.load(folder).message, "news.example")
    (letter,) = found_by_imap(servers.imap, "reader5@example.org", "Message-ID", message_id)
    assert b"with ESMTPS" in letter, "Postfix notes that it came encrypted"
    assert b"A line that begins with a dot" in letter


def test_a_signature_survives_postfix_and_dovecot(servers: Servers, tmp_path: Path) -> None:
    folder = tmp_path / "n"
    make_newsletter(folder, ["signed@example.org"])
    with (folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write('[smtp]\nprofile = "postfix"\n[dkim]\nsign = "own"\n')
    keys.make_dkim_key(folder, "digest")
    send(folder, Smtp(servers.smtp))
    (letter,) = found_by_imap(servers.imap, "signed@example.org", "DKIM-Signature", "news.example")
    assert letter.index(b"Received:") < letter.index(b"DKIM-Signature:")
    assert rejected_by_dkimpy(keys.load_dkim_key(folder, "digest"), [letter]) == []
    ((_, reply),) = states(folder).values()
    name = relay_id(load_config(folder).smtp, reply)
    assert name and name.encode() in letter, "Postfix notes its queue id"
    told = CliRunner().invoke(cli, ["--project", str(folder), "deliveries", "show", name, SLUG])
    assert f"The relay calls it {name}." in told.stdout


def test_what_comes_back_names_the_letter_it_was(servers: Servers, tmp_path: Path) -> None:
    """Our ENVID and ORCPT, in a delivery report of a real server (RFC 3461, 3464)."""
    make_newsletter(tmp_path / "n", ["nobody@gone.example"])
    assert send(tmp_path / "n", Smtp(servers.smtp)).accepted == 1
    reports = found_by_imap(servers.imap, "ledger@news.example", "Auto-Submitted", "auto-replied")
    message_id = keys.message_id(SLUG, 1, keys.load(tmp_path / "n").message, "news.example")
    (report,) = [r for r in reports if message_id.strip("<>").encode() in r]
    assert f"Original-Envelope-Id: {message_id.strip('<>')}".encode() in report
    assert b"Original-Recipient: rfc822;nobody@gone.example" in report
    assert b"Status: 5.1.1" in report


def test_every_report_of_postfix_finds_its_reader_over_imap_and_in_files(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "n"
    gone = {f"reader{n}@gone.example" for n in range(9)}
    make_newsletter(folder, sorted(gone | {f"back{n}@example.org" for n in range(3)}))
    with (folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write('[bounces]\naddress = "bounces@news.example"\n')
    assert send(folder, Smtp(servers.smtp)).accepted == 12
    user = "bounces@news.example"
    for _ in range(100):
        if len(found_by_imap(servers.imap, user, "Subject", "Undelivered")) == 9:
            break
        time.sleep(0.2)
    with imaplib.IMAP4("127.0.0.1", servers.imap) as box:
        box.login(user, "pass")
        box.create("Done")
    monkeypatch.setenv("DIGEST_IMAP_PASSWORD", "pass")
    where = f"imap://{user}@127.0.0.1:{servers.imap}/INBOX"
    with open_store(folder) as store:
        # The clock says when they were read, not when the letters were: those are of 2015.
        first = ingest(folder, store, source_of(where, mark_seen=True, move_to="Done"), now=NOW)
        assert {str(p.address) for p in store.subscribers.all() if p.block == "bounced"} == gone
        assert (first.read, first.verdicts["returned"]) == (9, 9)
        assert ingest(folder, store, source_of(where), now=NOW).read == 0
        again = ingest(folder, store, source_of(str(servers.mail / user / ".Done")), now=NOW)
        assert (again.read, again.verdicts["seen"]) == (9, 9)
        assert {r.status for r in store.returns.all()} == {"5.1.1"}


def test_a_certificate_nobody_vouches_for_gets_no_mail(servers: Servers, folder: Path) -> None:
    with pytest.raises(SendError, match="cannot be trusted"):
        send(folder, Smtp(SmtpSettings("localhost", servers.smtp.port, "starttls")))
    with open_store(folder) as store:
        assert store.ledger.counts(SLUG) == {"waiting": len(READERS)}


def test_many_letters_over_few_connections_all_arrive(servers: Servers, tmp_path: Path) -> None:
    make_newsletter(tmp_path / "n", [f"many{n}@example.org" for n in range(150)], kilobytes=30)
    report = send(tmp_path / "n", Smtp(replace(servers.smtp, connections=3)))
    assert (report.accepted, report.uncertain) == (150, 0)
    assert len(found_by_imap(servers.imap, "many149@example.org", "Subject", "numbers")) == 1
