"""Real mail servers on loopback: Postfix, which hands its mail to Dovecot by LMTP, where IMAP finds it again.

Each keeps all its state in one folder, starts no service of the system, and mails nobody outside. They need Debian's
postfix, dovecot-core, dovecot-lmtpd and dovecot-imapd, and root.
"""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
myhostname = mx.example.net
mydestination =
alias_maps =
local_recipient_maps =
recipient_delimiter = +
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/conf/answers
smtpd_reject_unlisted_recipient = no
virtual_mailbox_domains = example.org news.example
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
relay_domains = gone.example
relay_recipient_maps =
transport_maps = inline:{{ {{gone.example = error:5.1.1 no such mailbox}} }}
default_transport = error:5.7.1 no mail leaves this machine
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_security_level = may
smtpd_client_connection_rate_limit = 0
"""
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
ANSWERS = "/^unknown-/ 550 5.1.1 no such user\n/^later-/ 450 4.2.0 try again later\n"
DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
auth_username_format = %Lu
recipient_delimiter = +
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def missing() -> str:
    """Why these servers cannot be started here; '' when they can."""
    absent = [program for program in ("postfix", "dovecot") if shutil.which(program) is None]
    if absent:
        return f"needs {' and '.join(absent)} (apt-get install postfix dovecot-core dovecot-lmtpd dovecot-imapd)"
    return "" if os.getuid() == 0 else "needs root"


@contextmanager
def dovecot(folder: Path, lmtp: int, imap: int) -> Iterator[None]:
    """Takes mail for anybody on port *lmtp*, and shows it to user ADDRESS, password "pass", on port *imap*."""
    nobody = pwd.getpwnam("nobody")
    for part in ("mail", "run"):
        (folder / part).mkdir(parents=True)
    os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    config = folder / "dovecot.conf"
    config.write_text(DOVECOT.format(folder=folder, lmtp=lmtp, imap=imap, uid=nobody.pw_uid, gid=nobody.pw_gid))
    subprocess.run(["dovecot", "-c", str(config)], check=True)
    try:
        await_port(lmtp)
        await_port(imap)
        yield
    finally:
        subprocess.run(["doveadm", "-c", str(config), "stop"], check=False, capture_output=True)


@contextmanager
def postfix(folder: Path, port: int, lmtp: int, certificate: Path, key: Path) -> Iterator[None]:
    """A relay on *port*: unknown-…@ is refused at RCPT, later-…@ put off, anyone@gone.example bounced after it was
    taken; all other mail to example.org and news.example goes to *lmtp*."""
    for part in ("conf", "spool", "data"):
        (folder / part).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    shutil.copy(certificate, folder / "cert.pem")
    shutil.copy(key, folder / "key.pem")
    (folder / "conf" / "main.cf").write_text(POSTFIX.format(folder=folder, lmtp=lmtp))
    (folder / "conf" / "master.cf").write_text(SERVICES.format(port=port))
    (folder / "conf" / "answers").write_text(ANSWERS)
    command = ["/usr/sbin/postfix", "-c", str(folder / "conf")]
    subprocess.run([*command, "set-permissions"], check=False, capture_output=True)
    subprocess.run([*command, "start"], check=True, capture_output=True)
    try:
        await_port(port)
        yield
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def await_port(port: int) -> None:
    for _ in range(100):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on {port}")


def found_by_imap(imap: int, address: str, header: str, value: str, *, within_s: float = 20) -> list[bytes]:
    """The messages in *address*'s mailbox whose *header* holds *value*, as soon as there are any."""
    until = time.monotonic() + within_s
    while True:
        with imaplib.IMAP4("127.0.0.1", imap) as box:
            box.login(address, "pass")
            box.select("INBOX", readonly=True)
            numbers = box.search(None, "HEADER", header, f'"{value}"')[1][0].split()
            found = [box.fetch(number, "(RFC822)")[1][0][1] for number in numbers]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.2)
