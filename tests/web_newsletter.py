"""A newsletter in a folder for the preview's tests: the sample's articles, one hostile text, three people, a draft."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from digest.address import Address, parse_address
from digest.dispatch.keys import make_keys
from digest.model import Rendered
from digest.render.templates import OWN, packaged_templates
from digest.week import open_project, run_week

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 3, 22, 18, tzinfo=UTC)
SLUG = "2026-W12"
HOSTILE = """<script>document.title="owned"</script><img src=https://tracker.example.net/t.gif> open data figures

Outlet: <b onclick=alert(1)>Hostile Feed
URL: https://hostile.example.net/a?x="><script>alert(2)</script>
Date: 20 March 2026

The council published the figures as open data, and the public record holds <img src="https://tracker.example.net/p.gif" onerror="parent.document.title='owned'"> each missed train. Complaints about delay were counted in a spreadsheet of the harbour council, and the measured cost of each form was published with the readings.

A second paragraph measured the delay again: 42 tenants and 17 volunteers counted what the council published about trains, rivers and harbours in the open data of the public record.

Share this article

Photograph: Nobody
"""


def make_newsletter(folder: Path) -> Path:
    """*folder* with a draft in it."""
    shutil.copytree(_newsletter(), folder, dirs_exist_ok=True)
    return folder


@cache
def _newsletter() -> Path:
    """Made once, and copied."""
    folder = Path(tempfile.mkdtemp(prefix="digest-web-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(ROOT / "digest.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "examples/week/articles/hostile.txt").write_text(HOSTILE, encoding="utf-8")
    make_keys(folder)
    with open_project(folder, create=True) as project:
        for address, name in (
            ("ruth@example.org", "Ruth Ellwood"),
            ("jülia@example.org", "Júlia"),
            ("left@example.org", ""),
        ):
            person = project.store.subscribers.add(
                parse_address(address), name, how="import", wording="", who="editor", at=NOW
            )
        project.store.subscribers.set_membership(person.id, "unsubscribed", how="page", who="", at=NOW)
        run_week(project, now=NOW, week=SLUG)
    return folder


def own_templates(folder: Path) -> None:
    """The packaged templates as the newsletter's own, to be edited."""
    shutil.copytree(packaged_templates(), folder / OWN, dirs_exist_ok=True)


def edit_templates(folder: Path, change: Callable[[str], str]) -> None:
    """*change* to every template of the mail's HTML, saved as an editor does: a new file in the old one's place."""
    for path in (folder / OWN).rglob("issue.html.j2"):
        text = path.read_text(encoding="utf-8")
        if "</body>" in text:
            fresh = path.with_suffix(".new")
            fresh.write_text(change(text), encoding="utf-8")
            fresh.replace(path)


class Post:
    """Takes a test letter in the place of a transport, and keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[Rendered, Address]] = []

    def __call__(self, rendered: Rendered, address: Address) -> str:
        self.sent.append((rendered, address))
        return f"A test of {rendered.issue} is in var/outbox for {address}."
