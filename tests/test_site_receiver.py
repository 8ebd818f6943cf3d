"""A receiver takes wishes while the newsletter's machine sleeps, holds nobody, and loses nothing; and the kill tests."""

from __future__ import annotations

import re
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.address import parse_address
from digest.cli.serving import receiver_toml
from digest.config import load_config
from digest.dispatch.pulling import pull
from digest.dispatch.sealing import public_key
from digest.errors import ConfigError, SourceError
from digest.store import inbox, open_store
from digest.store.inbox import Inbox, InboxEvent, InboxFull
from digest.web.site import create_site
from tests.command_line import run_in
from tests.site_newsletter import START, Newsletter
from tests.site_receiver import SECRET, Served, leave_under_kills
from tests.web_browser import running

ANN = "ann@example.net"


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    return Newsletter(tmp_path / "news", site='languages = ["en-GB", "de"]')


@pytest.fixture
def receiver(news: Newsletter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsletter:
    """The newsletter, its site being a receiver elsewhere."""
    monkeypatch.setenv("DIGEST_RECEIVER_SECRET", SECRET)
    there = tmp_path / "there"
    there.mkdir()
    (there / "digest.toml").write_text(receiver_toml(news.config, public_key(news.folder)), encoding="utf-8")
    news.client = create_site(there, load_config(there), receiver=True, now=news.clock).test_client()
    return news


@pytest.fixture
def served(receiver: Newsletter) -> Iterator[str]:
    with running(receiver.client.application) as url:
        yield url


def place(news: Newsletter) -> Path:
    return news.folder.parent / "there" / "inbox"


def membership(news: Newsletter, address: str) -> str:
    known = news.known(address)
    return known.membership if known else "nobody"


def test_the_whole_way_through_a_receiver(receiver: Newsletter, served: str) -> None:
    """Sign up there, the mail comes from here, confirm and choose there, leave there."""
    assert receiver.sign_up(ANN).status_code == 200
    pull(receiver.folder, served, secret=SECRET)
    receiver.run()
    assert membership(receiver, ANN) == "unconfirmed"
    link = receiver.link(receiver.mails()[0])
    assert receiver.client.get(link).status_code == 200
    assert receiver.client.post(link, data={"confirm": "page"}).status_code == 200
    pull(receiver.folder, served, secret=SECRET)
    receiver.run()
    known = receiver.known(ANN)
    assert known is not None and known.membership == "subscribed"
    receiver.clock.later(minutes=1)
    receiver.client.post(f"/preferences/{known.token}", data={"save": "page", "topics": "Cities", "language": "de"})
    receiver.client.post(f"/leave/{known.token}", data={"List-Unsubscribe": "One-Click"})
    pull(receiver.folder, served, secret=SECRET)
    receiver.run()
    known = receiver.known(ANN)
    assert known is not None
    assert (known.membership, known.topics, known.language) == ("unsubscribed", ("Cities",), "de")


def test_a_receiver_holds_nothing_of_anybody(receiver: Newsletter) -> None:
    receiver.sign_up(ANN, name="Annabel Lee")
    receiver.ask(ANN, "show")
    for file in place(receiver).parent.rglob("*"):
        if file.is_file():
            assert b"ann@" not in file.read_bytes().lower() and b"annabel" not in file.read_bytes().lower()
    for file in place(receiver).iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    assert not (place(receiver).parent / "subscribers.db").exists()


def test_what_was_fetched_is_gone_there_and_fetching_again_changes_nothing(receiver: Newsletter, served: str) -> None:
    receiver.sign_up(ANN)
    first = pull(receiver.folder, served, secret=SECRET)
    assert first.fetched > 0 and inbox.files_in(place(receiver)) == {}
    receiver.run()
    assert pull(receiver.folder, served, secret=SECRET).fetched == 0
    receiver.run()
    assert len(receiver.mails()) == 1


def test_a_pull_that_died_before_the_receiver_forgot_does_nothing_twice(receiver: Newsletter, served: str) -> None:
    someone = receiver.add("bob@example.net")
    receiver.client.post(f"/leave/{someone.token}", data={"leave": "page"})
    receiver.sign_up(ANN)
    kept = receiver.folder.parent / "kept"
    shutil.copytree(place(receiver), kept)
    pull(receiver.folder, served, secret=SECRET)
    receiver.run()
    shutil.copytree(kept, place(receiver), dirs_exist_ok=True)  # it never heard that it may forget
    pull(receiver.folder, served, secret=SECRET)
    receiver.run()
    assert len(receiver.mails(ANN)) == 1
    assert [kind for kind, _ in receiver.events("bob@example.net")] == ["subscribed", "left"]


def test_a_pull_that_died_in_the_middle_of_a_line_goes_on_there(receiver: Newsletter, served: str) -> None:
    people = [receiver.add(f"reader{n}@example.net") for n in range(5)]
    for person in people:
        receiver.client.post(f"/leave/{person.token}", data={"leave": "page"})
    [file] = place(receiver).iterdir()
    begun = inbox.folder_of(receiver.folder) / file.name
    begun.parent.mkdir(parents=True)
    begun.write_bytes(file.read_bytes()[:200])
    receiver.run()
    pull(receiver.folder, served, secret=SECRET)
    receiver.run()
    assert begun.read_bytes().count(b"\n") == 5
    assert {membership(receiver, str(p.address)) for p in people} == {"unsubscribed"}


def test_what_comes_between_fetching_and_forgetting_stays(receiver: Newsletter) -> None:
    one, two = receiver.add("a@example.net"), receiver.add("b@example.net")
    receiver.client.post(f"/leave/{one.token}", data={"leave": "page"})
    [file] = place(receiver).iterdir()
    fetched = file.stat().st_size
    receiver.client.post(f"/leave/{two.token}", data={"leave": "page"})
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert receiver.client.delete(f"/inbox/{file.name}?size={fetched}", headers=headers).status_code == 409
    assert file.read_bytes().count(b"\n") == 2


def test_copies_of_the_inbox_do_as_well_as_the_web(receiver: Newsletter) -> None:
    someone = receiver.add(ANN)
    receiver.client.post(f"/leave/{someone.token}", data={"leave": "page"})
    [file] = place(receiver).iterdir()
    for source in (file, place(receiver), place(receiver).parent):
        pull(receiver.folder, str(source))
    receiver.run()
    assert membership(receiver, ANN) == "unsubscribed"


@pytest.mark.parametrize("name", ["{} (1).jsonl", "copy.jsonl", "Wünsche.txt", "{}.bak"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_copy_is_read_whatever_it_is_called(receiver: Newsletter, name: str, cut: bool) -> None:
    someone = receiver.add("bob@example.net")
    receiver.client.post(f"/leave/{someone.token}", data={"leave": "page"})
    receiver.sign_up(ANN)
    for number, file in enumerate(sorted(place(receiver).iterdir())):
        copy = receiver.folder.parent / f"{number}{name.format(file.stem)}"
        copy.write_bytes(file.read_bytes().rstrip(b"\n") if cut else file.read_bytes())
        pulled = [pull(receiver.folder, str(copy)) for _ in range(2)]
        assert [(p.files, p.wishes) for p in pulled] == [(1, 1), (1, 0)]
    receiver.run()
    assert membership(receiver, "bob@example.net") == "unsubscribed"
    assert len(receiver.mails(ANN)) == 1
    assert not list(inbox.folder_of(receiver.folder).glob("join-*"))  # the sealed ones go, as any


@pytest.mark.parametrize("held", ["root:x:0:0:root:/root:/bin/bash\n", "", '{"kind": "leave"}\n', "\x00\ud7ff"])
def test_a_file_that_holds_no_wish_is_no_inbox_file(tmp_path: Path, held: str) -> None:
    news = Newsletter(tmp_path / "news")
    (tmp_path / "passwd").write_text(held, encoding="utf-8")
    with pytest.raises(SourceError, match="is no inbox file"):
        pull(news.folder, str(tmp_path / "passwd"))
    assert inbox.files(news.folder) == []


def test_a_pull_says_what_came_though_another_did_it_first(receiver: Newsletter) -> None:
    someone = receiver.add(ANN)
    receiver.client.post(f"/leave/{someone.token}", data={"leave": "page"})
    [file] = place(receiver).iterdir()
    copy = receiver.folder.parent / "copy.jsonl"
    copy.write_bytes(file.read_bytes())
    pull(receiver.folder, str(file))
    receiver.run()
    said = run_in(receiver.folder)("events", "pull", str(copy)).stdout
    assert "1 file, 1 wish new here." in said and "were done before" in said


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong wrong wrong wrong", f"Basic {SECRET}", "Bearer é"])
def test_without_the_secret_there_is_nothing(receiver: Newsletter, header: str) -> None:
    someone = receiver.add(ANN)
    receiver.client.post(f"/leave/{someone.token}", data={"leave": "page"})
    [file] = place(receiver).iterdir()
    for method, path in (("GET", "/inbox"), ("GET", f"/inbox/{file.name}"), ("DELETE", f"/inbox/{file.name}?size=1")):
        answer = receiver.client.open(path, method=method, headers={"Authorization": header})
        assert answer.status_code == 404 and someone.token not in answer.text
    assert file.exists()


@pytest.mark.parametrize("name", ["../digest.toml", "%2e%2e/digest.toml", "digest.toml", ".jsonl", "a/b.jsonl"])
def test_no_file_but_the_inboxs_can_be_asked_for(receiver: Newsletter, name: str) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert receiver.client.get(f"/inbox/{name}", headers=headers).status_code == 404


def test_a_wrong_secret_and_a_plain_address_are_explained(receiver: Newsletter, served: str) -> None:
    with pytest.raises(SourceError, match="secret is another one"):
        pull(receiver.folder, served, secret="another secret entirely")
    with pytest.raises(ConfigError, match="in the clear"):
        pull(receiver.folder, "http://receiver.example.org", secret=SECRET)
    with pytest.raises(ConfigError, match="DIGEST_RECEIVER_SECRET"):
        pull(receiver.folder, "https://receiver.example.org")
    with pytest.raises(SourceError, match="there is no"):
        pull(receiver.folder, "nowhere")


def test_a_receiver_without_the_newsletters_key_does_not_start(news: Newsletter) -> None:
    with pytest.raises(ConfigError, match="seal_to") as error:
        create_site(news.folder, news.config, receiver=True)
    assert "digest keys receiver" in error.value.hint


def test_a_flood_fills_no_disk_and_is_told_to_come_back(tmp_path: Path) -> None:
    full = Inbox(tmp_path, limit=2000, own_files=True)
    event = InboxEvent(START, "leave", "0a" * 16, "page")
    with pytest.raises(InboxFull):
        for _ in range(100):
            full.append(event)
    assert sum(inbox.files_in(tmp_path).values()) <= 2000
    sealed = InboxEvent(START, "join", "0b" * 16, "page", None, "x" * 400)
    half = Inbox(tmp_path / "two", limit=2000, own_files=True)
    half.append(sealed)
    with pytest.raises(InboxFull):
        half.append(sealed)
    half.append(event)  # leaving has the other half


def test_a_full_receiver_says_so(receiver: Newsletter) -> None:
    receiver.client.application.extensions["front"].inbox.limit = 50
    answer = receiver.client.post(f"/leave/{'0a' * 16}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_the_commands_print_the_receivers_config_and_fetch(tmp_path: Path) -> None:
    news, there = tmp_path / "news", tmp_path / "there"
    newsletter = Newsletter(news)
    someone = newsletter.add(ANN)
    run = run_in(news)
    there.mkdir()
    (there / "digest.toml").write_text(run("keys", "receiver").stdout, encoding="utf-8")
    server = Served.start(there, "--receiver")
    try:
        assert server.post(f"/leave/{someone.token}", leave="page") == 200
        out = run("events", "pull", server.url, env={"DIGEST_RECEIVER_SECRET": SECRET}).stdout
    finally:
        server.end()
    assert "1 wish taken over" in out
    assert membership(newsletter, ANN) == "unsubscribed"
    assert "0 wishes taken over" in run("events", "merge").stdout


def test_a_receiver_does_not_start_without_a_secret(tmp_path: Path) -> None:
    news = Newsletter(tmp_path)
    toml = receiver_toml(news.config, public_key(news.folder))
    (tmp_path / "digest.toml").write_text(toml, encoding="utf-8")
    said = run_in(tmp_path)("serve", "--receiver", ok=False, env={"DIGEST_RECEIVER_SECRET": "short"}).stderr
    assert re.search("DIGEST_RECEIVER_SECRET is not set", said)


def test_the_server_itself_mails_the_confirmation_within_seconds(tmp_path: Path) -> None:
    news = Newsletter(tmp_path)
    server = Served.start(tmp_path)
    try:
        with urllib.request.urlopen(f"{server.url}/", timeout=20) as page:
            found = re.search(r'name="stamp" value="([^"]+)"', page.read().decode())
        assert found is not None
        time.sleep(2.1)  # as long as a person needs
        fields = {"address": ANN, "topics": "Cities", "stamp": found[1], "homepage": ""}
        assert server.post("/join", **fields) == 200
        for _ in range(200):
            if news.mails(ANN):
                break
            time.sleep(0.1)
        [mail] = news.mails(ANN)
        assert server.post(news.link(mail), confirm="page") == 200
    finally:
        server.end()
    assert membership(news, ANN) == "subscribed"


# ------------------------------------------------------------------------------------------------ killed


def test_three_kills_lose_no_leave_that_was_answered(tmp_path: Path) -> None:
    news = Newsletter(tmp_path)
    with open_store(tmp_path) as store, store.transaction():
        tokens = [
            store.subscribers.add(
                parse_address(f"reader{n}@example.net"), "", how="import", wording="", who="-", at=START
            ).token
            for n in range(3000)
        ]
    answered = leave_under_kills(tmp_path, tokens, kills=3)
    assert answered
    with open_store(tmp_path) as store:
        store.requests.merge()
        left = {person.token for person in store.subscribers.all() if person.membership == "unsubscribed"}
        assert store.consent.verify() == []
    assert answered <= left
    assert news.config.newsletter.name
