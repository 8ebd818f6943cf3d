"""Letters in doubt, looked up where nobody of ours wrote a line: Postfix's log and a mailbox in Dovecot."""

from __future__ import annotations

import json
import os
import smtplib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import error_of, run_in
from tests.dispatch_newsletter import make_newsletter
from tests.mail_servers import dovecot, make_certificate, missing, postfix
from tests.test_send_smtp import free_port

if missing() and not os.environ.get("CI"):
    pytest.skip(missing(), allow_module_level=True)

READERS = (*(f"reader{n}@example.org" for n in range(5)), "unknown-1@example.org", "later-1@example.org")


@dataclass(frozen=True)
class Servers:
    smtp: int
    lmtp: int
    imap: int
    log: Path


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    assert not missing(), missing()
    with tempfile.TemporaryDirectory(prefix="digest-mta-") as name:  # not pytest's own: closed to the servers' users
        folder = Path(name)
        folder.chmod(0o755)
        certificate, key = make_certificate(folder)
        smtp, lmtp, imap = free_port(), free_port(), free_port()
        with (
            dovecot(folder / "dovecot", lmtp, imap),
            postfix(folder / "postfix", smtp, lmtp, certificate, key),
        ):
            yield Servers(smtp, lmtp, imap, folder / "postfix" / "maillog")


def copied_and_sent(servers: Servers, tmp_path: Path) -> tuple[Path, Path]:
    """The newsletter that sent its issue by Postfix, and an older copy of it, put back: all in doubt."""
    folder, again = tmp_path / "n", tmp_path / "again"
    make_newsletter(folder, READERS)
    run_in(folder)("backup", str(tmp_path / "copy"))
    run_in(folder)("send", "--yes", "--smtp", f"127.0.0.1:{servers.smtp}", "--connections", "2", code=5)
    run_in(tmp_path)("restore", str(tmp_path / "copy"), str(again))
    return folder, again


def states(folder: Path) -> dict[str, str]:
    rows = json.loads(run_in(folder)("deliveries", "list", "--json").stdout)
    return {row["address"]: row["state"] for row in rows}


def test_postfix_own_log_settles_what_a_restored_copy_does_not_know(servers: Servers, tmp_path: Path) -> None:
    sent, again = copied_and_sent(servers, tmp_path)
    assert set(states(again).values()) == {"uncertain"}
    run = run_in(again)
    out = run("deliveries", "resolve", "--log", str(servers.log), "--complete").stdout
    assert "5 have it, 2 do not." in out
    taken = {who for who, state in states(sent).items() if state == "accepted"}
    assert {who for who, state in states(again).items() if state == "accepted"} == taken
    assert "queue id" in run("deliveries", "show", "reader1@example.org").stdout


def test_mailbox_in_dovecot_is_asked_for_the_message_id(servers: Servers, tmp_path: Path) -> None:
    _, again = copied_and_sent(servers, tmp_path)
    run = run_in(again)
    doubts = json.loads(run("deliveries", "list", "--json").stdout)
    assert len(doubts) == 7
    ask = ("deliveries", "resolve", "--imap", f"127.0.0.1:{servers.imap}", "--user", "reader2@example.org")
    assert "password is not set" in error_of(run(*ask, ok=False))
    assert "cannot be asked" in error_of(run(*ask, ok=False, env={"DIGEST_IMAP_PASSWORD": "wrong"}))
    secret = {"DIGEST_IMAP_PASSWORD": "pass"}
    assert "no mailbox Nowhere" in error_of(run(*ask, "--mailbox", "Nowhere", ok=False, env=secret))
    with smtplib.LMTP("127.0.0.1", servers.lmtp) as lmtp:  # another letter is no proof
        lmtp.sendmail(
            "a@b.example", ["reader2@example.org"], "Message-ID: <other@b.example>\r\nSubject: x\r\n\r\nx\r\n"
        )
    for _ in range(50):  # Postfix hands over in its own time
        if "1 have it, 0 do not." in run(*ask, env=secret).stdout:
            break
    assert states(again)["reader2@example.org"] == "accepted"
    assert list(states(again).values()).count("uncertain") == 6
    assert "proved: the mailbox INBOX on 127.0.0.1" in run("deliveries", "show", "reader2@example.org").stdout
