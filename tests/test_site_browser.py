"""The reader's whole way in a real browser, and every page looked at by axe: phone and desktop, light and dark."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digest.address import parse_address
from digest.config import load_config
from digest.dispatch.errands import run_errands
from digest.send.transports.maildir import Maildir
from digest.store import open_store
from digest.web.person import person_text
from digest.web.site import create_site
from tests.command_line import ROOT, Run, run_in
from tests.conftest import absent
from tests.site_newsletter import Newsletter
from tests.web_browser import running, sideways

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core, from where the e-mail gate is installed (DIGEST_AXE names another place)."""
    path = Path(os.environ.get("DIGEST_AXE", ROOT / "build/gate/node_modules/axe-core/axe.min.js"))
    if not path.is_file():
        absent(f"axe-core is not at {path} (.ci/run installs it)")
    return path.read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------ axe


def apart(act: Callable[[], object]) -> None:
    """In a thread of its own: playwright's has an event loop already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


@dataclass
class Pages:
    url: str
    leave: str
    preferences: str
    more: list[str]

    @property
    def paths(self) -> list[str]:
        return [self.leave, self.preferences, *self.more]


@pytest.fixture(scope="module", params=["en-GB", "ar"])
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    news = Newsletter(tmp_path_factory.mktemp("axe"), site='languages = ["en-GB", "de"]')
    path = news.folder / "digest.toml"
    path.write_text(path.read_text().replace("[newsletter]", f'[newsletter]\nlanguage = "{request.param}"', 1))
    someone = news.add("ann@example.net")
    left, bounced = news.add("bob@example.net"), news.add("cy@example.net")
    with open_store(news.folder) as store:
        store.subscribers.set_membership(left.id, "unsubscribed", how="page", who="bob", at=datetime.now(UTC))
        store.subscribers.set_block(bounced.id, "bounced", how="report", who="relay", at=datetime.now(UTC))
    news.sign_up("eve@example.net")
    news.ask("ann@example.net", "erase")
    news.clock.at = datetime.now(UTC)
    apart(news.run)
    links = [news.link(mail) for mail in news.mails()]
    own = (f"/leave/{someone.token}", f"/preferences/{someone.token}")
    with running(create_site(news.folder, load_config(news.folder))) as url:
        yield Pages(
            url,
            *own,
            [
                "/",
                "/leave",
                f"/preferences/{left.token}",
                *links,
                "/data",
                "/issues",
                "/nowhere",
                "/preferences",
                f"/leave/{someone.token[:-1]}",
                f"/preferences/{bounced.token}",
                f"/confirm/{'0' * 32}",
            ],
        )


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1280)])
def test_axe_finds_nothing_on_any_page(pages: Pages, browser: Any, axe: str, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    found = []

    def look(where: str) -> None:
        page.evaluate(axe)
        violations = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + n.failureSummary).join(' | ')))"
        )
        found.extend(f"{where}: {violation}" for violation in violations)
        assert sideways(page) <= 0, f"{where} is wider than {width}"

    for path in pages.paths if width == 320 else pages.paths[:3]:
        page.goto(pages.url + path)
        look(path)
    page.goto(f"{pages.url}/")
    page.evaluate("document.querySelector('form').noValidate = true")
    page.fill("#address", "no address")
    page.click("button[type=submit]")
    look("a sign-up with a fault")
    for path in (pages.leave, pages.preferences):
        page.goto(pages.url + path)
        page.click("main button")
        look(f"{path} after its button")
    context.close()
    assert found == []


# ------------------------------------------------------------------------------------------------ the whole way


@pytest.fixture
def news(tmp_path: Path) -> Run:
    shutil.copy(ROOT / "digest.toml", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return run_in(tmp_path)


NEXT = """Council counts its street benches

Outlet: Ward Notes
URL: https://ward.example/benches
Date: 25 March 2026

The council published the figures on its street benches as open data in a spreadsheet. Volunteers counted 117 benches,
and tenants measured how far apart they stand.

The committee put the readings on the public record. Complaints about a missing bench fell by a third.
"""


def mail_what_is_due(folder: Path) -> None:
    with open_store(folder) as store:
        outbox = Maildir(folder / "var/outbox/site")
        config = load_config(folder)
        told = partial(person_text, config, now=datetime.now(UTC))
        run_errands(folder, config, store, lambda: outbox, in_full=told, now=lambda: datetime.now(UTC))


def letters_to(folder: Path, box: str, who: str) -> list[str]:
    from email import message_from_bytes, policy

    found = [message_from_bytes(f.read_bytes(), policy=policy.default) for f in (folder / box / "new").glob("*.eml")]
    bodies = [mail.get_body(("html",)) for mail in found if mail["To"] and who in mail["To"]]
    return [body.get_content() for body in bodies if body is not None]


def test_sign_up_confirm_choose_receive_and_leave(news: Run, tmp_path: Path, browser: Any) -> None:
    """Without a script: the pages work in a browser that runs none."""
    text = (tmp_path / "digest.toml").read_text(encoding="utf-8")
    languages = 'url = "https://ledger.example.com"\nlanguages = ["en-GB", "de"]'
    text = text.replace('url = "https://ledger.example.com"', languages).replace("min_items = 3", "min_items = 1")
    (tmp_path / "digest.toml").write_text(text, encoding="utf-8")
    with open_store(tmp_path, create=True) as store:
        mara, now = parse_address("mara@example.org"), datetime.now(UTC)
        store.subscribers.add(mara, "Mara", how="editor", wording="", who="editor", at=now)
    config = load_config(tmp_path)
    who = "ann@example.net"
    page = browser.new_context(java_script_enabled=False).new_page()
    with running(create_site(tmp_path, config)) as url:

        def open_link(html: str, path: str) -> None:
            [found] = set(re.findall(rf'href="https://ledger\.example\.com(/{path}/[0-9a-f]{{32}})"', html))
            page.goto(url + found)

        page.goto(url)
        page.get_by_label("Your e-mail address").fill(who)
        page.get_by_label("Your name").fill("Ann Lee")
        page.wait_for_timeout(2100)  # a form sent faster than a person types is shown again
        page.get_by_role("button", name="Sign up").click()
        assert "One more step" in page.content()

        apart(lambda: mail_what_is_due(tmp_path))
        [confirmation] = letters_to(tmp_path, "var/outbox/site", who)
        open_link(confirmation, "confirm")
        page.get_by_role("button", name="Yes, send it to me").click()
        assert "You are on the list" in page.content()

        page.get_by_role("link", name="Change what you get").click()
        for topic in ("Government", "Transport", "Nature"):
            page.get_by_label(topic).uncheck()
        page.get_by_label("Language of headings and notes").select_option("de")
        page.get_by_role("button", name="Save").click()
        assert "Gespeichert" in page.content()  # and from here on the page speaks German

        news("weekly", "--week", "2026-W12")
        news("approve", "--yes")
        news("send", "--yes")
        [issue] = letters_to(tmp_path, "var/outbox/2026-W12", who)
        [other] = letters_to(tmp_path, "var/outbox/2026-W12", "mara@example.org")
        assert "In dieser Ausgabe" in issue or "Diese Woche" in issue or "Lesen bei" in issue
        assert "Cities" in issue and "Transport" not in issue and "Transport" in other

        token = re.findall(r"/leave/([0-9a-f]{32})", issue)[0]
        one_click = page.request.post(f"{url}/leave/{token}", form={"List-Unsubscribe": "One-Click"})
        assert one_click.status == 200

        page.goto(f"{url}/issues/2026-W12")
        assert "Port Ellery" in page.content()
        assert "ann@example.net" not in page.content() and token not in page.content()
        (tmp_path / "examples/week/articles/benches.txt").write_text(NEXT, encoding="utf-8")
        news("weekly", "--week", "2026-W13")
        news("approve", "--yes")
        news("send", "--yes")
        assert letters_to(tmp_path, "var/outbox/2026-W13", who) == []
        assert len(letters_to(tmp_path, "var/outbox/2026-W13", "mara@example.org")) == 1
