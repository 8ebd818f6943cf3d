"""`digest editors`, and a desk that listens for them: who gets a link, what is refused, what a terminal is told."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from digest.cli.previewing import serve_desk
from digest.errors import DigestError
from digest.week import open_project
from tests.command_line import ROOT, Run, error_of, make_sample, run_in

LINK = re.compile(r"^  (\S+)/enter#(\S{32})$", re.M)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    make_sample(tmp_path)
    return tmp_path


@pytest.fixture
def run(sample: Path) -> Run:
    return run_in(sample)


def append(folder: Path, text: str) -> None:
    with (folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "digest.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_an_editor_is_added_listed_given_a_new_link_and_removed(run: Run) -> None:
    said = run("editors", "add", "Ruth Ellwood", "--may", "people,edit").stdout
    assert said.startswith("Ruth Ellwood may change the issue; and see and manage who is subscribed.")
    ((_, first),) = LINK.findall(said)
    (listed,) = json.loads(run("editors", "list", "--json").stdout)
    assert (listed["name"], listed["rights"], listed["seen"]) == ("Ruth Ellwood", ["edit", "people"], None)
    assert re.search(r"Ruth Ellwood +edit, people +\S+ +never", run("editors", "list").stdout)
    ((_, second),) = LINK.findall(run("editors", "link", "ruth ellwood").stdout)
    assert second != first
    assert "Ruth Ellwood cannot enter any more" in run("editors", "remove", "RUTH ELLWOOD").stdout
    assert json.loads(run("editors", "list", "--json").stdout) == []
    assert "no editor is called" in error_of(run("editors", "link", "Ruth Ellwood", ok=False))
    run("editors", "add", "Ruth Ellwood")  # may come back, by another link


def test_who_is_added_may_edit_and_no_more_unless_it_is_said(run: Run) -> None:
    assert run("editors", "add", "Ruth").stdout.startswith("Ruth may change the issue.\n")
    assert json.loads(run("editors", "list", "--json").stdout)[0]["rights"] == ["edit"]


def test_what_cannot_be_is_said_and_nobody_is_added(run: Run) -> None:
    run("editors", "add", "Mara")
    for args, code, told in (
        (["add", "Ruth", "--may", "send"], 2, "none of edit, approve, people"),
        (["add", "Ruth", "--may", ","], 2, "at least one"),
        (["add", ""], 1, "1 to 80 characters"),
        (["add", "R\nE"], 1, "line break"),
        (["add", "x" * 81], 1, "1 to 80 characters"),
        (["add", "mara"], 1, "Mara is an editor already"),
        (["remove", "Nobody"], 1, "digest editors list"),
    ):
        assert told in run("editors", *args, code=code).stderr
    assert [e["name"] for e in json.loads(run("editors", "list", "--json").stdout)] == ["Mara"]


def test_two_editors_are_the_two_people_whose_approval_is_asked(sample: Path, run: Run) -> None:
    edit(sample, 'approval = "one"', 'approval = "two"')
    assert "a second person must approve it" in run("approve", "--yes", who="Ruth").stdout
    assert "a second person must approve it" in run("approve", "--yes", who="Ruth").stdout
    assert "First approved by Ruth." in run("approve", "--yes", who="Ada").stdout


@pytest.mark.parametrize(
    ("listen", "url", "told"),
    [
        ("127.0.0.1:8100", "", "no editor has a link"),
        ("0.0.0.0:8100", "", "would be in the clear"),
        ("[::]:8100", "", "would be in the clear"),
        ("desk.example.org:8100", "", "would be in the clear"),
        ("192.168.1.5:8100", "", "would be in the clear"),
        ("0.0.0.0:8100", "https://desk.example.org", "no editor has a link"),
        ("8100", "", "like 127.0.0.1:8100"),
        ("127.0.0.1:99999", "", "like 127.0.0.1:8100"),
        ("127.0.0.1:8100", "http://desk.example.org", "desk.url"),
        ("127.0.0.1:8100", "http://8.8.8.8:8100", "desk.url"),
        ("127.0.0.1:8100", "https://desk.example.org/below", "desk.url"),
        ("127.0.0.1:8100", "https://", "desk.url"),
        ("127.0.0.1:8100", "http://100.64.0.5:8100", "no editor has a link"),
    ],
)
def test_a_desk_for_others_is_never_in_the_clear_nor_without_links(
    sample: Path, listen: str, url: str, told: str
) -> None:
    if url:
        append(sample, f'\n[desk]\nurl = "{url}"\n')
    with pytest.raises(DigestError) as refused, open_project(sample) as project:
        serve_desk(project, "last", listen=listen)
    assert told in f"{refused.value} {refused.value.hint}"


def test_listen_and_port_are_not_both_named(run: Run) -> None:
    assert "names the port itself" in run("desk", "--listen", "127.0.0.1:8100", "--port", "8025", code=2).stderr


def test_a_link_names_the_address_that_the_desk_has(sample: Path, run: Run) -> None:
    append(sample, '\n[desk]\nurl = "https://desk.example.org/"\n')
    ((address, _),) = LINK.findall(run("editors", "add", "Ruth").stdout)
    assert address == "https://desk.example.org"


def test_a_desk_behind_a_proxy_lets_in_by_a_link_alone(sample: Path, run: Run) -> None:
    """A real server, spoken to as a proxy does that brings https to it."""
    append(sample, '\n[desk]\nurl = "https://desk.example.org"\n')
    ((home, key),) = LINK.findall(run("editors", "add", "Ruth").stdout)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "digest", "--project", str(sample), "desk", "--listen", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ask(path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", data, {"Host": "desk.example.org", **headers}
        )
        try:
            with urllib.request.build_opener(Still).open(request, timeout=20) as answer:
                return answer.status, answer.headers.get("Set-Cookie", "") or answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Set-Cookie", "")

    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert "https://desk.example.org, for 1 editor, each by their link" in line, line
        assert ask("/") == (403, "")
        assert ask("/", Host=f"127.0.0.1:{port}")[0] == 400
        assert ask("/enter", {"key": key}, Origin="http://desk.example.org")[0] == 403
        status, cookie = ask("/enter", {"key": key}, Origin=home)
        assert status == 303 and "; Secure; HttpOnly; " in cookie
        status, page = ask("/", Cookie=cookie.partition(";")[0])
        assert status == 200 and "<span>Ruth</span>" in page
        assert ask("/frame/mail", Cookie=cookie.partition(";")[0])[1].count(f"{home}/stand-in/") > 0
        run("editors", "remove", "Ruth")
        assert ask("/", Cookie=cookie.partition(";")[0])[0] == 403
        server.send_signal(signal.SIGINT)
        told, errors = server.communicate(timeout=20)
    finally:
        server.kill()
        server.wait()
    assert (server.returncode, errors) == (0, "") and key not in line + told


class Still(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: object) -> None:
        return None


def test_a_copy_that_is_put_back_says_that_its_editors_may_enter(
    sample: Path, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ((_, key),) = LINK.findall(run("editors", "add", "Ruth").stdout)
    away = tmp_path_factory.mktemp("away")
    run("backup", str(away / "all.tar.gz"))
    said = run("restore", str(away / "all.tar.gz"), str(away / "back")).stdout
    assert "1 editor may enter the desk, as on that day: `digest editors list`." in said
    with open_project(away / "back") as project:
        known = project.store.editors.with_key(key)
        assert known is not None and known.editor.name == "Ruth"
