"""The site under nonsense: no fault of ours, nothing changed by looking, nothing said of who is on the list."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.store import inbox
from tests.site_newsletter import Newsletter

ANN = "ann@example.net"
WORDS = st.text(max_size=60) | st.sampled_from(
    ["One-Click", "page", "x\r\nSet-Cookie: a=b", "\u202e", "\x00", "a" * 5000, "2026-13-45", "9999-12-31", "-1", ANN]
)
FIELDS = st.sampled_from(
    "List-Unsubscribe leave rejoin save confirm erase show address name topics language length until stamp homepage".split()
)
FORMS = st.dictionaries(FIELDS | st.text(max_size=10), WORDS, max_size=8)
TOKENS = st.sampled_from(["ann", "0" * 32]) | st.text(string.hexdigits + "/.%é ", max_size=40)
PATHS = st.sampled_from(
    "/ /join /leave /leave/{t} /rejoin/{t} /preferences/{t} /confirm/{t} /erase/{t} /data /issues /issues/{t} /issues/a/{t} "
    "/feed.atom /feed.json /robots.txt /health /style.css /inbox /inbox/{t} /{t}".split()
)


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsletter]:
    newsletter = Newsletter(tmp_path_factory.mktemp("fuzz"), site='languages = ["en-GB", "de"]')
    newsletter.add(ANN)
    yield newsletter


def at(news: Newsletter, path: str, token: str) -> str:
    known = news.known(ANN)
    assert known is not None
    return path.replace("{t}", known.token if token == "ann" else token)


def size(folder: Path) -> int:
    return sum(inbox.sizes(folder).values())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, token=TOKENS, form=FORMS, multipart=st.booleans())
def test_no_request_is_a_fault_of_ours(
    news: Newsletter, path: str, token: str, form: dict[str, str], multipart: bool
) -> None:
    news.clock.later(minutes=10)
    kind = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
    # As a browser sends it: no halves of surrogate pairs.
    data = {k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in form.items()}
    answer = news.client.post(at(news, path, token), data=data, content_type=kind)
    assert answer.status_code in {200, 308, 400, 404, 405, 410, 413, 429}
    assert not any("\n" in value for value in answer.headers.values())
    assert "Set-Cookie" not in answer.headers


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), kind=st.text(string.ascii_letters + "/-;=", max_size=40))
def test_no_body_is_a_fault_of_ours(news: Newsletter, data: bytes, kind: str) -> None:
    for path in ("/leave/" + "0" * 32, "/join", "/data", "/preferences/" + "0" * 32):
        answer = news.client.post(path, data=data, content_type=kind)
        assert answer.status_code in {200, 400, 413, 429}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, token=TOKENS, query=FORMS, method=st.sampled_from(["GET", "HEAD", "OPTIONS"]))
def test_looking_changes_nothing(news: Newsletter, path: str, token: str, query: dict[str, str], method: str) -> None:
    before = size(news.folder)
    asked = {k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in query.items()}
    answer = news.client.open(at(news, path, token), method=method, query_string=asked)
    assert answer.status_code < 500
    assert size(news.folder) == before


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    local=st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20),
    button=st.sampled_from(["show", "erase"]),
)
def test_no_page_says_whether_an_address_is_on_the_list(news: Newsletter, local: str, button: str) -> None:
    news.clock.later(hours=24)
    stranger = f"{local}@example.org"
    for ask in (lambda a: news.sign_up(a), lambda a: news.ask(a, button)):
        known, unknown = ask(ANN), ask(stranger)
        assert known.status_code == unknown.status_code == 200
        assert known.text.replace(ANN, "X") == unknown.text.replace(stranger, "X")
        assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]
