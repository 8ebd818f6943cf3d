"""Leaving works from the first mail: a real `digest serve`, a real POST, and the next send heeds it."""

from __future__ import annotations

import email
import email.policy
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import ROOT, make_sample, run_in
from tests.test_cli_week import letters


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """The sample, its letters sent to var/outbox, and its site running."""
    make_sample(tmp_path)
    run_in(tmp_path)("approve", "--yes")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "digest", "--project", str(tmp_path), "serve", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ},
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{base}/health", timeout=2).read()
                break
            except OSError:
                time.sleep(0.1)
        yield tmp_path, base
    finally:
        server.terminate()
        server.wait(10)


def leaving_link(letter: Path, base: str) -> str:
    message = email.message_from_bytes(letter.read_bytes(), policy=email.policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<https://[^/>]+(/[^>]+)>", message["List-Unsubscribe"])
    assert found is not None
    return base + found[1]


def test_one_click_is_heeded_by_the_next_issue_and_a_look_changes_nothing(served: tuple[Path, str]) -> None:
    folder, base = served
    run = run_in(folder)
    run("send", "--yes")
    url = leaving_link(letters(folder)[0], base)
    looked = urllib.request.urlopen(url, timeout=5).read().decode()
    assert "@example.org" in looked or "@" in looked
    run("subscribers", "list")
    request = urllib.request.Request(url, data=b"List-Unsubscribe=One-Click", method="POST")
    for _ in range(2):  # idempotent
        assert urllib.request.urlopen(request, timeout=5).status == 200
    run("issues", "new", "--week", "2026-W12")
    # The event was on disk before the 200; the next command that asks who may get mail has merged it.
    out = run("subscribers", "list", "--json").stdout
    assert out.count('"unsubscribed"') == 1


def test_the_issue_can_be_read_in_the_browser(served: tuple[Path, str]) -> None:
    _, base = served
    page = urllib.request.urlopen(f"{base}/issues/2026-W12", timeout=5).read().decode()
    assert "Port Ellery" in page
    assert "__D" not in page
