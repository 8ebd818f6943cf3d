"""A real Dovecot on loopback, for looking letters up over IMAP: any user, password "pass"."""

from __future__ import annotations

import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONF = """
base_dir = {run}
log_path = {run}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{mail}/%u
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u allow_all_users=yes
}}
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
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


@contextmanager
def dovecot(letters: dict[str, list[Path]]) -> Iterator[int]:
    """Serves *letters* (user -> files); the port."""
    with tempfile.TemporaryDirectory() as place:  # not pytest's own, which is closed to Dovecot's users
        Path(place).chmod(0o755)
        with _serving(Path(place), letters) as port:
            yield port


@contextmanager
def _serving(folder: Path, letters: dict[str, list[Path]]) -> Iterator[int]:
    nobody = pwd.getpwnam("nobody")
    mail, run = folder / "mail", folder / "run"
    run.mkdir(parents=True)
    for user, files in letters.items():
        for box in ("new", "cur", "tmp"):
            (mail / user / box).mkdir(parents=True)
        for file in files:
            shutil.copy(file, mail / user / "new" / file.name)
    for place in (mail, *mail.rglob("*")):
        shutil.chown(place, nobody.pw_uid, nobody.pw_gid)
        place.chmod(0o700 if place.is_dir() else 0o600)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = folder / "dovecot.conf"
    conf.write_text(CONF.format(run=run, mail=mail, uid=nobody.pw_uid, gid=nobody.pw_gid, port=port))
    subprocess.run(["dovecot", "-c", str(conf)], check=True)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        subprocess.run(["doveadm", "-c", str(conf), "stop"], check=False)
