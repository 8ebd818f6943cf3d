"""The desk that others enter: the door a personal link opens, and what each right lets an editor do, by every address."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from digest.editing import add_edit
from digest.model import RIGHTS, Right
from digest.web.entrance import SILENCE, is_at
from digest.web.guard import CSRF
from digest.web.preview import Workshop, create_preview
from digest.week import open_project
from tests.test_web_desk_browser import FAULTS
from tests.test_web_desk_sending import ORDERS
from tests.test_web_preview_browser import axe
from tests.web_browser import running
from tests.web_newsletter import NOW, SLUG, Post, make_newsletter

__all__ = ["axe"]  # a fixture
HOME = "https://desk.example.org"
READER = "ruth@example.org"


class Desk:
    """A desk that others enter at HOME, and its clock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at, self.post = folder, NOW, Post()
        self.app: Flask = create_preview(Workshop(folder, SLUG), address=HOME, mail_test=self.post, now=lambda: self.at)

    def link(self, name: str, rights: Iterable[Right] = RIGHTS) -> str:
        """The key of a new editor's link."""
        with open_project(self.folder) as project:
            return project.store.editors.add(name, frozenset(rights), who="Mara", at=NOW)

    def visitor(self) -> Visitor:
        return Visitor(self.app.test_client())

    def entered(self, name: str, rights: Iterable[Right] = RIGHTS) -> Visitor:
        found = self.visitor()
        assert found.enter(self.link(name, rights)).status_code == 303
        return found


class Visitor:
    """Somebody's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, base_url=HOME, **more)

    def enter(self, key: str, origin: str | None = HOME) -> Any:
        headers = {"Origin": origin} if origin else {}
        return self.client.post("/enter", base_url=HOME, data={"key": key}, headers=headers)

    def page(self, query: str = "") -> str:
        answer = self.get(f"/{query}")
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def post(self, path: str, **fields: str) -> Any:
        page = self.page()
        (csrf,) = set(re.findall(r'(?:data-csrf|name="csrf" value)="([0-9a-f]{64})"', page))
        (revision,) = re.findall(r'data-revision="(\d+)"', page)
        form = {CSRF: csrf, "revision": revision, **fields}
        return self.client.post(path, base_url=HOME, data=form, headers={"Origin": HOME})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(make_newsletter(tmp_path))


# ------------------------------------------------------------------------------------------------ the door


def test_a_link_opens_the_desk_and_its_name_stands_beside_what_is_edited(desk: Desk) -> None:
    ruth = desk.entered("Ruth Ellwood")
    assert "<span>Ruth Ellwood</span>" in ruth.page()
    assert ruth.post("/api/edit", kind="subject", value="Hers").get_json()["ok"]
    with open_project(desk.folder) as project:
        assert [(e.who, e.value) for e in project.store.issues.edits(SLUG)] == [("Ruth Ellwood", "Hers")]


@pytest.mark.parametrize(
    "path", ["/", "/frame/mail", "/frame/message", "/api/readers?words=r", "/api/changes", "/nowhere"]
)
def test_nobody_sees_anything_without_a_link(desk: Desk, path: str) -> None:
    desk.link("Ruth")
    answer = desk.visitor().get(path)
    assert answer.status_code == 403 and "not signed in" in answer.text and SLUG not in answer.text


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(desk: Desk) -> None:
    set_cookie = desk.visitor().enter(desk.link("Ruth")).headers["Set-Cookie"]
    assert set_cookie.startswith("__Host-digest-desk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(set_cookie.split("; "))
    assert "Domain" not in set_cookie and "Expires" not in set_cookie


def test_the_key_is_in_no_address_and_only_its_hash_in_the_folder(desk: Desk) -> None:
    key = desk.link("Ruth")
    assert len(key) >= 22  # 128 bits in base64
    page = desk.visitor().get("/enter")
    assert page.headers["Referrer-Policy"] == "same-origin" and page.headers["Cache-Control"] == "no-store"
    assert desk.visitor().get(f"/enter?key={key}").status_code == 200
    assert desk.visitor().get(f"/?token={key}").status_code == 403
    assert desk.visitor().enter(key).headers["Location"] == "/"
    held = b"".join(path.read_bytes() for path in desk.folder.glob("subscribers.db*"))
    assert key.encode() not in held


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://desk.example.org", f"{HOME}.evil.example"]
)
def test_no_other_site_signs_anybody_in(desk: Desk, origin: str | None) -> None:
    visitor = desk.visitor()
    assert visitor.enter(desk.link("Ruth"), origin).status_code == 403
    assert visitor.get("/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "desk.example.org.evil.example", "desk.example.org:8443", ""]
)
def test_under_another_name_nothing_answers(desk: Desk, host: str) -> None:
    ruth = desk.entered("Ruth")
    for path in ("/", "/enter", "/static/preview/desk.js", "/stand-in/view"):
        assert ruth.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    ("address", "host", "good"),
    [
        (HOME, "desk.example.org", True),
        (HOME, "DESK.example.org:443", True),
        (HOME, "desk.example.org:80", False),
        (HOME, "a@desk.example.org", False),
        (HOME, "desk.example.org/", False),
        (HOME, "desk.example.org:x", False),
        (HOME, "[::1", False),
        (HOME, "desk.example.org\uff0f", False),
        ("http://127.0.0.1:8100", "localhost:8100", True),
        ("http://127.0.0.1:8100", "[::1]:8100", True),
        ("http://127.0.0.1:8100", "127.0.0.1", False),
        ("http://127.0.0.1:8100", "evil.example:8100", False),
        ("http://100.64.0.5:8100", "100.64.0.5:8100", True),
        ("http://100.64.0.5:8100", "127.0.0.1:8100", False),
    ],
)
def test_which_hosts_are_the_desks(address: str, host: str, good: bool) -> None:
    assert is_at(address, host) is good


def test_a_form_of_another_session_changes_nothing(desk: Desk) -> None:
    ruth, ada = desk.entered("Ruth"), desk.entered("Ada")
    (csrf,) = re.findall(r'data-csrf="([0-9a-f]+)"', ada.page())
    form = {CSRF: csrf, "revision": "0", "kind": "subject", "value": "forged"}
    for headers in ({"Origin": HOME}, {}):
        assert ruth.client.post("/api/edit", base_url=HOME, data=form, headers=headers).status_code == 403
    form[CSRF] = re.findall(r'data-csrf="([0-9a-f]+)"', ruth.page())[0]
    evil = {"Origin": "https://evil.example"}
    assert ruth.client.post("/api/edit", base_url=HOME, data=form, headers=evil).status_code == 403


def test_guesses_are_slowed_down_and_the_right_key_still_enters_elsewhere(desk: Desk) -> None:
    key = desk.link("Ruth")
    visitor = desk.visitor()
    codes = [visitor.enter(f"guess {number}").status_code for number in range(22)]
    assert codes == [403] * 20 + [429] * 2
    assert visitor.enter(key).status_code == 429
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    answer = desk.visitor().client.post(
        "/enter", base_url=HOME, data={"key": key}, headers={"Origin": HOME}, environ_base=elsewhere
    )
    assert answer.status_code == 303


@pytest.mark.parametrize("key", ["", "\ud800", "x" * 5000, "Ü"])
def test_what_is_no_key_opens_nothing(desk: Desk, key: str) -> None:
    desk.link("Ruth")
    assert desk.visitor().enter(key.encode("utf-8", "surrogatepass").decode("latin-1")).status_code == 403


def test_a_session_ends_with_silence_and_news_that_a_page_asks_for_are_none(desk: Desk) -> None:
    ruth = desk.entered("Ruth")
    for _ in range(3):  # a day and more, in use
        desk.at += SILENCE - timedelta(minutes=1)
        ruth.page()
    desk.at += SILENCE - timedelta(minutes=1)
    assert ruth.get("/api/changes").status_code == 200
    assert ruth.get("/", headers={"Sec-Fetch-Dest": "empty"}).status_code == 200
    desk.at += timedelta(minutes=2)
    assert ruth.get("/api/changes").status_code == 403
    assert ruth.get("/").status_code == 403


def test_who_is_removed_is_out_at_once_and_so_is_an_older_link(desk: Desk) -> None:
    old = desk.link("Ruth")
    ruth, ada = desk.visitor(), desk.entered("Ada")
    ruth.enter(old)
    with open_project(desk.folder) as project:
        new = project.store.editors.renew("ruth")
    assert ruth.get("/").status_code == 403
    assert [ruth.enter(key).status_code for key in (old, new)] == [403, 303]
    with open_project(desk.folder) as project:
        project.store.editors.remove("Ruth", who="Mara", at=NOW)
    assert ruth.get("/").status_code == 403 and ruth.enter(new).status_code == 403
    assert ada.page()


def test_signing_out_ends_that_session_and_no_other(desk: Desk) -> None:
    key = desk.link("Ruth")
    office, home = desk.visitor(), desk.visitor()
    office.enter(key), home.enter(key)
    cookie = office.client.get_cookie("__Host-digest-desk", domain="desk.example.org")
    assert cookie is not None
    assert "You have signed out" in office.post("/sign-out").text
    office.client.set_cookie("__Host-digest-desk", cookie.value, domain="desk.example.org", secure=True)
    assert office.get("/").status_code == 403 and home.page()


def test_when_somebody_was_last_at_the_desk_is_known_to_ten_minutes(desk: Desk) -> None:
    def seen() -> datetime | None:
        with open_project(desk.folder) as project:
            return project.store.editors.all()[0].seen_at

    key, ruth = desk.link("Ruth"), desk.visitor()
    assert seen() is None
    ruth.enter(key)
    desk.at += timedelta(minutes=9)
    ruth.page()
    assert seen() == NOW
    desk.at += timedelta(minutes=1)
    ruth.get("/api/changes")
    assert seen() == NOW
    ruth.page()
    assert seen() == desk.at


def test_what_is_wrong_with_the_folder_is_told_to_editors_alone(desk: Desk) -> None:
    key = desk.link("Ruth")
    (desk.folder / "subscribers.db").write_bytes(b"no database at all" * 999)
    for file in desk.folder.glob("subscribers.db-*"):
        file.unlink()
    answer = desk.visitor().enter(key)
    assert answer.status_code == 503 and str(desk.folder) not in answer.text and "subscribers.db" not in answer.text


# ------------------------------------------------------------------------------------------------ rights

ASKED: dict[str, Right] = {
    "POST /api/edit": "edit",
    "POST /api/undo": "edit",
    "POST /api/redo": "edit",
    "POST /api/test": "approve",
    "GET /api/readers": "people",
    "POST /correct": "approve",
    **{f"POST /send/{order}": "approve" for order in ORDERS},
}


@pytest.mark.parametrize("right", RIGHTS)
def test_each_address_asks_for_its_right(desk: Desk, right: Right) -> None:
    editor, fields = desk.entered("Ruth", [right]), {"kind": "subject", "value": "x", "address": "me@example.org"}
    for asked, needed in ASKED.items():
        method, path = asked.split()
        answer = editor.post(path, **fields) if method == "POST" else editor.get(f"{path}?words=ruth")
        assert (answer.status_code != 403) is (needed == right), (asked, answer.text)
        if answer.status_code == 403:
            assert answer.get_json()["said"].startswith("You may") and READER not in answer.text
    assert bool(desk.post.sent) is (right == "approve")


def test_whatever_changes_something_is_refused_without_any_right(desk: Desk) -> None:
    editor = desk.entered("Ruth", [])
    free = {"let_enter", "sign_out"}  # the door
    changing = [
        rule
        for rule in desk.app.url_map.iter_rules()
        if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"} and rule.endpoint not in free
    ]
    assert len(changing) >= 4
    for rule in changing:
        assert not rule.arguments, f"{rule}: say here what stands for {rule.arguments}"
        answer = editor.post(rule.rule, kind="subject", value="x", address="me@example.org")
        assert answer.status_code == 403, f"{rule}: {answer.status_code} {answer.text}"
    assert not desk.post.sent


def test_who_may_not_edit_has_no_tools(desk: Desk) -> None:
    page = desk.entered("Ruth", ["approve", "people"]).page("?at=1.1")
    assert "You may look at this issue, not change it." in page
    assert "data-edit" not in page and "data-words" not in page and 'role="checkbox"' not in page


def test_who_may_not_see_people_sees_none(desk: Desk) -> None:
    with open_project(desk.folder) as project:
        (number,) = [s.id for s in project.store.subscribers.find(READER, 2)]
    for rights, seen in ((["edit", "approve"], False), (["people"], True)):
        editor = desk.entered(f"With {rights}", rights)  # type: ignore[arg-type]
        page = editor.page(f"?panel=readers&reader={number}")
        assert (READER in page, 'id="find"' in page) == (seen, seen)
        for view in ("mail", "text", "source", "headers", "message"):
            letter = editor.get(f"/frame/{view}?reader={number}").text
            assert seen or (READER not in letter and "Ruth Ellwood" not in letter)
        assert ("Ruth Ellwood" in editor.get(f"/frame/headers?reader={number}").text) is seen


# ------------------------------------------------------------------------------------------------ several at once


def test_who_else_edited_is_shown_and_named_when_it_is_undone(desk: Desk) -> None:
    ruth, ada = desk.entered("Ruth"), desk.entered("Ada")
    ruth.post("/api/edit", kind="intro", value="Good morning.")
    told = '<p id="others" role="status" data-part="others">Ruth: intro, 19:00</p>'
    assert told.replace("19:00", f"{NOW.astimezone(zone(desk)):%H:%M}") in ada.page()
    assert 'data-part="others"></p>' in ruth.page()
    assert ada.post("/api/undo").get_json()["said"] == "Undone: intro, by Ruth"
    assert "Ada: undo, " in ruth.page()


def test_words_that_somebody_else_wrote_meanwhile_are_not_overwritten(desk: Desk) -> None:
    ruth, ada = desk.entered("Ruth"), desk.entered("Ada")
    ruth.post("/api/edit", kind="intro", value="Hers.", base="")
    answer = ada.post("/api/edit", kind="intro", value="His.", base="")
    assert answer.status_code == 409 and "Ruth has written here meanwhile" in answer.get_json()["said"]


def test_an_edit_at_the_terminal_is_somebody_elses(desk: Desk) -> None:
    ruth = desk.entered("Ruth")
    with open_project(desk.folder) as project:
        add_edit(project, SLUG, "subject", "", "Mara’s", who="Mara", at=NOW - timedelta(days=2))
    assert re.search(r"Mara: subject, \d\d:00 on 20\sMarch\s2026", ruth.page())


def zone(desk: Desk) -> Any:
    with open_project(desk.folder) as project:
        return project.config.zone


# ------------------------------------------------------------------------------------------------ in a browser


@pytest.fixture
def served(desk: Desk) -> Iterator[tuple[Desk, str]]:
    """The same, on a port of this machine, as at the end of a tunnel."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_preview(Workshop(desk.folder, SLUG), address=f"http://127.0.0.1:{port}", now=lambda: desk.at)
    with running(app, port=port) as url:
        yield desk, url


@pytest.mark.browser
def test_a_link_is_opened_the_key_leaves_the_address_and_two_make_one_issue(
    browser: Any, served: tuple[Desk, str], axe: str
) -> None:
    desk, url = served

    def enter(name: str) -> Any:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{url}/enter#{desk.link(name)}", wait_until="commit")
        page.wait_for_url(f"{url}/")
        page.wait_for_selector("#story-1")
        return page

    ruth, ada = enter("Ruth Ellwood"), enter("Ada Holm")
    ruth.go_back()
    assert "#" not in ruth.url
    ruth.goto(f"{url}/enter")
    ruth.evaluate(axe)
    assert ruth.evaluate(FAULTS) == []
    ruth.goto(f"{url}/")
    ruth.click("#down-1")
    ada.wait_for_selector("#others:has-text('Ruth Ellwood: move, ')")
    assert ruth.inner_text("#others") == ""
    ada.click("#undo")
    ada.wait_for_selector("#done:has-text(', by Ruth Ellwood')")
    ada.evaluate(axe)
    assert ada.evaluate(FAULTS) == []
    with open_project(desk.folder) as project:
        project.store.editors.remove("Ruth Ellwood", who="Mara", at=NOW)
    ruth.click("#down-1")
    ruth.wait_for_selector("#unsaved:has-text('does not know this window')")
    ada.click("text=Sign out")
    ada.wait_for_selector("h1:has-text('You have signed out')")
    ada.goto(f"{url}/")
    ada.wait_for_selector("h1:has-text('not signed in')")


@pytest.mark.browser
def test_without_scripts_the_key_is_typed(browser: Any, served: tuple[Desk, str]) -> None:
    desk, url = served
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{url}/enter")
    page.fill("#key", "wrong")
    page.click("text=Enter >> nth=-1")
    page.wait_for_selector("[role=alert]:has-text('opens nothing')")
    page.fill("#key", desk.link("Ruth"))
    page.press("#key", "Enter")
    page.wait_for_url(f"{url}/")
    page.click("text=Sign out")
    page.wait_for_selector("h1:has-text('You have signed out')")
