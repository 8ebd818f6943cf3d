"""The newsletter's secrets, and who is at work in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digest.dispatch import keys, locks
from digest.errors import SendError, StoreError


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    keys.make_keys(tmp_path)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in (tmp_path / "keys").iterdir()} == {0o600}


def test_making_keys_again_keeps_them(tmp_path: Path) -> None:
    assert keys.make_keys(tmp_path) == ["message.key", "erased.key", "session.key"]
    made = keys.load(tmp_path)
    assert keys.make_keys(tmp_path) == []
    assert keys.load(tmp_path) == made


def test_secrets_do_not_show_in_a_traceback(tmp_path: Path) -> None:
    keys.make_keys(tmp_path)
    assert repr(keys.load(tmp_path)) == "Keys()"


def test_missing_key_is_named_and_not_made_anew(tmp_path: Path) -> None:
    keys.make_keys(tmp_path)
    (tmp_path / "keys" / "message.key").unlink()
    with pytest.raises(StoreError, match=r"message\.key is missing"):
        keys.load(tmp_path)


def test_message_id_is_the_same_every_time_and_another_for_everyone_else() -> None:
    key = b"k" * 32
    names = {keys.message_id(i, s, key, "news.example") for i in ("2015-W39", "2015-W40") for s in range(50)}
    assert len(names) == 100
    assert keys.message_id("2015-W39", 7, key, "news.example") in names
    assert keys.message_id("2015-W39", 7, b"x" * 32, "news.example") not in names


def test_bounce_token_says_nothing_of_the_message_id() -> None:
    key = b"k" * 32
    assert keys.bounce_token("2015-W39", 7, key)[:10] not in keys.message_id("2015-W39", 7, key, "news.example")


def test_bounce_token_is_read_back_by_whoever_has_the_key() -> None:
    key, issues = b"k" * 32, ("2015-W40", "2015-W39")
    token = keys.bounce_token("2015-W39", 1_000_007, key)
    assert keys.read_bounce_token(token, issues, key) == ("2015-W39", 1_000_007)
    assert keys.read_bounce_token(token, issues, b"x" * 32) is None
    assert keys.read_bounce_token(token, ["2015-W41"], key) is None


def test_bounce_token_with_one_digit_changed_is_nobodys() -> None:
    key = b"k" * 32
    token = keys.bounce_token("2015-W39", 7, key)
    for place, digit in enumerate(token):
        forged = f"{token[:place]}{'0' if digit != '0' else '1'}{token[place + 1 :]}"
        assert keys.read_bounce_token(forged, ["2015-W39"], key) is None


def test_second_sender_in_one_newsletter_is_refused(tmp_path: Path) -> None:
    with locks.sending(tmp_path), pytest.raises(SendError, match="another `digest send`"), locks.sending(tmp_path):
        pass
    with locks.sending(tmp_path):
        pass


def test_owner_lives_as_long_as_its_block(tmp_path: Path) -> None:
    with locks.owner(tmp_path, "test") as name:
        assert locks.is_alive(tmp_path, name)
    assert not locks.is_alive(tmp_path, name)


HOLDER = """
import subprocess, sys, time
from pathlib import Path
from digest.dispatch import locks
with locks.owner(Path(sys.argv[1]), "test") as name:
    child = subprocess.Popen(["sleep", "20"], close_fds=False)
    print(name, child.pid, flush=True)
    time.sleep(20)
"""


def test_killed_owner_is_dead_at_once_though_its_child_lives(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    name, child = holder.stdout.readline().split()
    try:
        assert locks.is_alive(tmp_path, name)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        started = time.monotonic()
        while locks.is_alive(tmp_path, name):
            assert time.monotonic() - started < 0.5
    finally:
        os.kill(int(child), signal.SIGKILL)
        holder.kill()
        holder.stdout.close()
