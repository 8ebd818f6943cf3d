"""A newsletter with its site, a clock that can be turned, and its outbox, for the site's tests."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from digest.address import parse_address
from digest.config import Config, load_config
from digest.dispatch.errands import Done, run_errands
from digest.dispatch.keys import make_keys
from digest.model import Subscriber
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from digest.store.holdings import Holding
from digest.web.person import person_text
from digest.web.site import create_site

START = datetime(2026, 3, 20, 9, tzinfo=UTC)
TOML = """
[newsletter]
name = "The Weekly Ledger"
from = "The Weekly Ledger <ledger@example.org>"
reply_to = "Mara <editor@example.org>"
postal_address = "Ledger Press, 12 Example Street, London"
[site]
url = "https://ledger.example.org"
{site}
[[sections]]
name = "Transport"
[[sections]]
name = "Cities"
{more}
"""


_EMPTY: list[bytes] = []  # a database with nothing in it: making the tables takes longer than most tests


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Newsletter:
    """One folder, with the site as a client."""

    folder: Path
    site: str = ""
    more: str = ""
    clock: Clock = field(default_factory=Clock)
    config: Config = field(init=False)
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "digest.toml").write_text(TOML.format(site=self.site, more=self.more), encoding="utf-8")
        make_keys(self.folder)
        self.config = load_config(self.folder)
        if not _EMPTY:
            with open_store(self.folder, create=True):
                pass
            _EMPTY.append((self.folder / "subscribers.db").read_bytes())
        (self.folder / "subscribers.db").write_bytes(_EMPTY[0])
        self.client = create_site(self.folder, self.config, now=self.clock).test_client()

    def add(self, address: str, **more: Any) -> Subscriber:
        with open_store(self.folder) as store:
            evidence = {"how": "import", "wording": "", "who": "editor", "at": START}
            return store.subscribers.add(parse_address(address), "", **{**evidence, **more})

    def known(self, address: str) -> Subscriber | None:
        with open_store(self.folder) as store:
            store.requests.merge()
            return store.subscribers.get(parse_address(address))

    def events(self, address: str) -> list[tuple[str, Mapping[str, str]]]:
        with open_store(self.folder) as store:
            return [(e.kind, e.payload or {}) for e in store.consent.of(parse_address(address))]

    def run(self) -> Done:
        """What `digest serve` does every second."""
        with open_store(self.folder) as store:
            return run_errands(
                self.folder,
                self.config,
                store,
                lambda: Maildir(self.folder / "var/outbox/site"),
                in_full=self.in_full,
                now=self.clock,
            )

    def in_full(self, held: Holding) -> str:
        return person_text(self.config, held, now=self.clock())

    def form(self, path: str = "/") -> dict[str, str]:
        """The hidden fields of a form that was open for as long as a person needs."""
        page = self.client.get(path).text
        self.clock.later(seconds=5)
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)
        assert stamp is not None
        return {"stamp": stamp[1], "homepage": ""}

    def sign_up(self, address: str, ip: str = "192.0.2.7", **typed: Any) -> Any:
        data = {"address": address, "topics": ["Transport", "Cities"], **self.form(), **typed}
        return self.client.post("/join", data=data, environ_base={"REMOTE_ADDR": ip})

    def ask(self, address: str, what: str, ip: str = "192.0.2.7") -> Any:
        data = {"address": address, what: "page", **self.form("/data")}
        return self.client.post("/data", data=data, environ_base={"REMOTE_ADDR": ip})

    def mails(self, to: str = "") -> list[EmailMessage]:
        files = sorted((self.folder / "var/outbox/site/new").glob("*.eml"))
        read = [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]
        return [mail for mail in read if not to or mail["To"] == to]

    def link(self, mail: EmailMessage) -> str:
        """The path behind the mail's one button."""
        body = mail.get_body(("plain",))
        assert body is not None
        [found] = re.findall(r"https://ledger\.example\.org(/\S+)", body.get_content())
        return str(found)
