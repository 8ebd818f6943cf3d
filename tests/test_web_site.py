"""The subscriber's pages: one-click leaving as RFC 8058 has it, and issues for anyone's eyes."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from digest.address import parse_address
from digest.config import parse_config
from digest.errors import DigestError
from digest.render import render_issue
from digest.store import open_store
from digest.web.server import serve
from digest.web.site import create_site
from tests.render_samples import make_config, sample_issue
from tests.web_samples import TOKENS, issue, rendered

CONFIG = parse_config(
    """
[newsletter]
name = "The Weekly Ledger"
from = "The Weekly Ledger <ledger@example.org>"
postal_address = "Ledger Press, 12 Example Street, London"
[site]
url = "https://ledger.example.org"
"""
)
NOBODY = "0" * 32
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def newsletter(folder: Path, *, at: datetime, state: str = "approved") -> str:
    """A folder with one subscriber and one issue; gives the subscriber's token."""
    with open_store(folder, create=True) as store:
        someone = store.subscribers.add(
            parse_address("mara@example.org"), "Mara", how="import", wording="", who="editor", at=at
        )
        store.issues.save_draft(issue(), rendered(issue()))
        if state != "draft":
            store.issues.set_state(issue().slug, state, who="editor", at=at)  # type: ignore[arg-type]
    return someone.token


@pytest.fixture
def reader(tmp_path: Path) -> tuple[FlaskClient, str, Path]:
    token = newsletter(tmp_path, at=datetime(2026, 3, 20, tzinfo=UTC))
    return create_site(tmp_path, CONFIG).test_client(), token, tmp_path


def wishes(folder: Path) -> list[dict[str, str]]:
    files = sorted((folder / "var" / "inbox").glob("*.jsonl")) if (folder / "var" / "inbox").is_dir() else []
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


Reader = tuple[FlaskClient, str, Path]


# ------------------------------------------------------------------------------------------------ leaving


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(reader: Reader, method: str) -> None:
    """Mail scanners open every link they find."""
    client, token, folder = reader

    for path in (f"/leave/{token}", f"/rejoin/{token}", f"/preferences/{token}"):
        client.open(path, method=method.upper())

    assert wishes(folder) == []


def test_the_page_shows_whose_it_is_and_no_more(reader: Reader) -> None:
    client, token, _ = reader

    page = client.get(f"/leave/{token}").text

    assert "m•••@example.org" in page
    assert "mara" not in page.lower()
    assert page.count("<button") == 1


@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_leaves_in_both_encodings(reader: Reader, encoding: str) -> None:
    client, token, folder = reader

    answer = client.post(f"/leave/{token}", data=ONE_CLICK, content_type=encoding)

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers and "Location" not in answer.headers
    [wish] = wishes(folder)
    assert (wish["kind"], wish["token"], wish["how"]) == ("leave", token, "one-click")
    assert datetime.fromisoformat(wish["at"]).tzinfo is not None


def test_the_button_of_the_page_leaves(reader: Reader) -> None:
    client, token, folder = reader

    answer = client.post(f"/leave/{token}", data={"leave": "page"})

    assert answer.status_code == 200 and "You have left" in answer.text
    assert [w["how"] for w in wishes(folder)] == ["page"]


def test_leaving_twice_is_answered_alike(reader: Reader) -> None:
    client, token, _ = reader

    first, second = (client.post(f"/leave/{token}", data=ONE_CLICK) for _ in range(2))

    assert (first.status_code, first.text) == (second.status_code, second.text)


def test_what_was_pressed_is_what_the_list_learns(reader: Reader) -> None:
    client, token, folder = reader

    def membership() -> str:
        with open_store(folder) as store:
            store.requests.merge(inbox.read(folder))
            found = store.subscribers.by_token(token)
            assert found is not None
            return found.membership

    from digest.store import inbox

    client.post(f"/leave/{token}", data=ONE_CLICK)
    assert membership() == "unsubscribed"
    client.post(f"/rejoin/{token}", data={"rejoin": "page"})
    assert membership() == "subscribed"


def test_undo_is_written_down(reader: Reader) -> None:
    client, token, folder = reader

    assert f'action="/rejoin/{token}"' in client.post(f"/leave/{token}", data={"leave": "page"}).text
    answer = client.post(f"/rejoin/{token}", data={"rejoin": "page"})

    assert answer.status_code == 200 and "Welcome back" in answer.text
    assert [w["kind"] for w in wishes(folder)] == ["leave", "rejoin"]


@pytest.mark.parametrize("data", [{}, {"List-Unsubscribe": "No"}, {"other": "x"}])
def test_a_request_that_says_nothing_changes_nothing(reader: Reader, data: dict[str, str]) -> None:
    client, token, folder = reader

    assert client.post(f"/leave/{token}", data=data).status_code == 400
    assert client.post(f"/rejoin/{token}", data=data).status_code == 400
    assert wishes(folder) == []


def test_an_unknown_token_gets_the_same_answers(reader: Reader) -> None:
    client, known, _ = reader

    assert client.get(f"/leave/{NOBODY}").status_code == client.get(f"/leave/{known}").status_code == 200
    answer = client.post(f"/leave/{NOBODY}", data=ONE_CLICK)
    assert answer.status_code == 200 and "You have left" in answer.text


@pytest.mark.parametrize("around", ["{}>", "{}.", "{}%20", "%3C{}%3E", "({}),", "“{}”", "{}%0D%0A"])
@pytest.mark.parametrize("one_click", [True, False])
def test_what_a_mail_program_leaves_around_a_token_or_makes_of_its_case_does_no_harm(
    reader: Reader, around: str, one_click: bool
) -> None:
    client, token, folder = reader

    for written in (token, token.upper()):
        answer = client.post(f"/leave/{around.format(written)}", data=ONE_CLICK if one_click else {"leave": "page"})
        assert answer.status_code == 200 and "You have left" in answer.text

    assert [w["token"] for w in wishes(folder)] == [token, token]


@pytest.mark.parametrize("damage", ["short", "long", "hole", "x", "é", "none"])
def test_no_leave_is_confirmed_for_a_token_that_was_cut_short(reader: Reader, damage: str) -> None:
    """Its shape says that it is nobody's: that betrays no one, and a 200 would be a lie."""
    client, token, folder = reader
    cut = {"short": token[:-1], "long": f"{token}0", "hole": f"{token[:9]}%20{token[9:]}", "none": "%3E"}.get(
        damage, damage
    )

    answers = [
        client.post(f"/leave/{cut}", data=ONE_CLICK),
        client.post(f"/leave/{cut}", data={"leave": "page"}),
        client.post(f"/rejoin/{cut}", data={"rejoin": "page"}),
        client.post(f"/preferences/{cut}", data={"save": "page"}),
        *(client.get(f"/{page}/{cut}") for page in ("leave", "rejoin", "preferences", "confirm", "erase")),
    ]

    for answer in answers:
        assert answer.status_code == 404 and "This link is not whole" in answer.text
        assert "You have left" not in answer.text
    assert all("ledger@example.org" in answer.text for answer in answers)
    assert wishes(folder) == []


@pytest.mark.parametrize("token", [NOBODY, "not-a-token"])
def test_a_token_that_is_nobodys_is_not_kept(reader: Reader, token: str) -> None:
    """Nothing of strangers, and nothing of people who were erased."""
    client, _, folder = reader

    client.post(f"/leave/{token}", data=ONE_CLICK)
    client.post(f"/rejoin/{token}", data={"rejoin": "page"})

    assert wishes(folder) == []


def test_leaving_works_while_the_database_cannot_be_read(tmp_path: Path) -> None:
    client = create_site(tmp_path, CONFIG).test_client()

    answer = client.post(f"/leave/{NOBODY}", data=ONE_CLICK)

    assert answer.status_code == 200
    assert [w["token"] for w in wishes(tmp_path)] == [NOBODY]


def test_leaving_works_while_the_database_is_damaged(reader: Reader) -> None:
    client, token, folder = reader
    for part in folder.glob("subscribers.db*"):
        part.write_bytes(b"no database " * 1000)

    assert client.post(f"/leave/{token}", data=ONE_CLICK).status_code == 200
    assert [w["token"] for w in wishes(folder)] == [token]


def test_a_wish_that_cannot_be_kept_is_not_confirmed(reader: Reader) -> None:
    """200 means it is on disk; anything else lets the mail provider try again."""
    client, token, folder = reader
    (folder / "var").mkdir(exist_ok=True)
    (folder / "var" / "inbox").write_text("a file where the folder should be")

    answer = client.post(f"/leave/{token}", data=ONE_CLICK)

    assert answer.status_code == 500
    assert "Traceback" not in answer.text and "var" not in answer.text
    assert client.get("/health").status_code == 503


def test_many_leave_at_once_and_none_is_lost(reader: Reader) -> None:
    client, token, folder = reader
    app = client.application

    def leave() -> None:
        assert app.test_client().post(f"/leave/{token}", data=ONE_CLICK).status_code == 200

    threads = [threading.Thread(target=leave) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(wishes(folder)) == 16


def test_a_large_body_is_refused(reader: Reader) -> None:
    client, token, folder = reader

    answer = client.post(f"/leave/{token}", data={"List-Unsubscribe": "One-Click", "x": "y" * 70_000})

    assert answer.status_code == 413 and "<h1>" in answer.text
    assert wishes(folder) == []


def test_a_mistyped_name_from_a_config_stays_words(tmp_path: Path) -> None:
    config = replace(CONFIG, newsletter=replace(CONFIG.newsletter, name="<b>Ledger</b>"))

    assert "<b>Ledger" not in create_site(tmp_path, config).test_client().get(f"/leave/{NOBODY}").text


# ------------------------------------------------------------------------------------------------ issues


def test_an_approved_issue_is_shown_without_anyones_values(reader: Reader) -> None:
    client, token, _ = reader

    answer = client.get("/issues/2026-W12")

    assert answer.status_code == 200
    assert "The port that published every delay" in answer.text
    assert "signed up with your address" in answer.text
    assert "https://ledger.example.org/leave" in answer.text
    assert token not in answer.text and not any(t in answer.text for t in TOKENS.values())
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_public_issue_tells_no_stranger_that_they_signed_up(tmp_path: Path) -> None:
    made, config = sample_issue(), make_config()
    with open_store(tmp_path, create=True) as store:
        store.issues.save_draft(made, render_issue(made, config))
        store.issues.set_state(made.slug, "approved", who="editor", at=datetime(2026, 3, 20, tzinfo=UTC))
    client = create_site(tmp_path, config).test_client()

    page = client.get(f"/issues/{made.slug}").text

    assert "This is the issue of 28 September 2015 as everybody may read it." in page
    assert "You get" not in page and "Sent to" not in page and "your address" not in page
    prefs = client.get(urlsplit(re.findall(r'href="([^"]+/preferences)"', page)[0]).path)
    assert prefs.status_code == 200 and "a link at its foot to change what you get" in prefs.text
    assert "take you off the list" not in prefs.text


def test_a_draft_is_nobodys_business(tmp_path: Path) -> None:
    newsletter(tmp_path, at=datetime(2026, 3, 20, tzinfo=UTC), state="draft")
    client = create_site(tmp_path, CONFIG).test_client()

    assert client.get("/issues/2026-W12").status_code == 404
    assert client.get("/issues/2026-W12").text == client.get("/issues/1999-W01").text


# ------------------------------------------------------------------------------------------------ the rest


@pytest.mark.parametrize(("state", "listed"), [("draft", False), ("approved", False), ("sending", True)])
def test_the_archive_lists_what_readers_have(tmp_path: Path, state: str, listed: bool) -> None:
    at = datetime(2026, 3, 20, tzinfo=UTC)
    newsletter(tmp_path, at=at, state="draft" if state == "draft" else "approved")
    if listed:
        with open_store(tmp_path) as store:
            store.issues.set_state("2026-W12", state, who="editor", at=at)  # type: ignore[arg-type]
    config = replace(CONFIG, newsletter=replace(CONFIG.newsletter, day="monday"))
    page = create_site(tmp_path, config).test_client().get("/issues").text
    assert ('href="/issues/2026-W12"' in page) == listed
    assert ("There is no issue yet." in page) != listed
    assert ("23 March 2026" in page) == listed  # the Monday that is printed on it


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/leave",
        f"/leave/{NOBODY}",
        f"/preferences/{NOBODY}",
        "/health",
        "/robots.txt",
        "/nowhere",
        "/issues/2026-W12",
    ],
)
def test_every_answer_carries_the_safety_headers(reader: Reader, path: str) -> None:
    headers = reader[0].get(path).headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert path.startswith("/issues") or headers["Cache-Control"] == "no-store"


def test_the_site_has_no_script_and_names_its_language(reader: Reader) -> None:
    for path in ("/", "/leave", f"/leave/{NOBODY}", f"/preferences/{NOBODY}", "/nowhere"):
        page = reader[0].get(path).text
        assert '<html lang="en-GB" dir="ltr"' in page
        assert "<script" not in page and "style=" not in page


def test_health_and_robots(reader: Reader) -> None:
    client = reader[0]

    assert client.get("/health").json == {"status": "ok"}
    assert "Disallow: /leave\n" in client.get("/robots.txt").text


def test_the_style_has_the_newsletters_own_colors(tmp_path: Path) -> None:
    config = replace(CONFIG, theme=replace(CONFIG.theme, accent="#123456"))

    assert "--accent:#123456" in create_site(tmp_path, config).test_client().get("/style.css").text


@pytest.mark.parametrize("asked", ["/news/leave/" + NOBODY, "/leave/" + NOBODY])
def test_the_site_may_stand_below_a_path(tmp_path: Path, asked: str) -> None:
    """The proxy in front may or may not cut the path off."""
    config = replace(CONFIG, site=replace(CONFIG.site, url="https://example.org/news"))

    page = create_site(tmp_path, config).test_client().get(asked)

    assert page.status_code == 200
    assert f'action="/news/leave/{NOBODY}"' in page.text


def test_an_error_tells_the_log_no_token_and_what_to_do(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    client, token, folder = reader
    (folder / "var").mkdir(exist_ok=True)
    (folder / "var" / "inbox").write_text("")

    client.post(f"/leave/{token}", data=ONE_CLICK)

    assert "POST leave failed" in caplog.text
    assert f"{folder}/var/inbox cannot be written (" in caplog.text and "Traceback" not in caplog.text
    assert token not in caplog.text


# ------------------------------------------------------------------------------------------------ the server


SERVER = """
import sys
from pathlib import Path
from digest.web import create_site, serve
from tests.test_web_site import CONFIG
serve(create_site(Path(sys.argv[1]), CONFIG), "127.0.0.1", 0, ready=lambda port: print(port, flush=True))
"""


def test_the_real_server_answers_and_ends_quietly(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            assert answer.status == 200
            assert "waitress" not in str(answer.headers).lower()
        halves = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
        for half in halves:  # who sends half a request, again and again, keeps nobody out
            half.sendall(b"POST /leave/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nList")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            assert answer.status == 200
        for half in halves:
            half.close()
        server.send_signal(2)
        _, errors = server.communicate(timeout=10)
    finally:
        server.kill()
        server.wait()

    assert (server.returncode, errors) == (0, "")


def test_a_taken_port_is_explained(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DigestError, match="another program has it") as error:
            serve(create_site(tmp_path, CONFIG), "127.0.0.1", port)
    assert error.value.hint


def test_web_costs_nothing_until_it_is_used() -> None:
    code = "import digest.web, sys; print([m for m in ('flask', 'waitress', 'jinja2', 'werkzeug') if m in sys.modules])"
    root = Path(__file__).resolve().parent.parent

    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"
