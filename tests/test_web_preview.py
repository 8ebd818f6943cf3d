"""The editor's preview: what it shows, what a reader would get, and what it lets nobody do."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from digest.address import parse_address
from digest.dispatch import keys
from digest.dispatch.letters import Mailroom
from digest.model import NOSNIPPET, Excerpt, Removed, Summary
from digest.store import open_store
from digest.web.guard import csrf_word
from digest.web.preview import Workshop, create_preview
from digest.web.preview.app import with_code
from digest.web.preview.evidence import cuts_of, evidence_of
from digest.web.preview.findings import notes_of
from digest.web.preview.frame import framed, marked, repaint
from digest.web.preview.inbox import CLIENTS, Line, first_words, fit, rows, width_px
from digest.web.preview.scores import terms_of
from tests.web_newsletter import NOW, SLUG, Post, edit_templates, make_newsletter, own_templates
from tests.web_samples import excerpt, issue

TOKEN = "k3y"
FRAMES = ("/frame/mail", "/frame/text", "/frame/source", "/frame/headers", "/frame/message")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsletter nobody changes."""
    return make_newsletter(tmp_path_factory.mktemp("newsletter"))


@pytest.fixture(scope="module")
def workshop(folder: Path) -> Workshop:
    return Workshop(folder, SLUG)


@pytest.fixture
def client(workshop: Workshop) -> FlaskClient:
    return entered(workshop)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A newsletter of the test's own, to change."""
    yield make_newsletter(tmp_path)


def entered(workshop: Workshop, post: Post | None = None) -> FlaskClient:
    client = create_preview(workshop, token=TOKEN, mail_test=post, now=lambda: NOW).test_client()
    assert client.get(f"/?token={TOKEN}").status_code == 200
    return client


def said(page: str) -> str:
    """The words of *page*, blanks as one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def pre(page: str) -> str:
    """What stands in the page's <pre>, as a browser reads it."""
    (text,) = re.findall(r"<pre[^>]*>\n(.*)</pre>", page, re.S)
    return html.unescape(text)


# ------------------------------------------------------------------------------------------------ the door


def test_nobody_gets_in_without_the_token(workshop: Workshop) -> None:
    client = create_preview(workshop, token=TOKEN).test_client()

    for path in ("/", *FRAMES, "/api/changes", "/api/readers", "/?token=wrong", "/?token=", "/?token=é"):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "Ellery" not in answer.text


def test_the_token_is_swapped_for_a_strict_cookie(workshop: Workshop) -> None:
    client = create_preview(workshop, token=TOKEN).test_client()

    answer = client.get(f"/?token={TOKEN}")

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert 'content="0;url=/"' in answer.text, "the address with the token is left at once"
    assert client.get("/").status_code == 200


def test_a_cookie_of_another_start_opens_nothing(client: FlaskClient) -> None:
    name = next(iter(client._cookies.values())).key  # type: ignore[union-attr]
    client.set_cookie(name, "older")

    assert client.get("/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example:80", "127.0.0.1.evil.example", "127.0.0.1:9999", "localhost.", "", "10.0.0.1"]
)
def test_a_foreign_host_name_is_refused(client: FlaskClient, host: str) -> None:
    """DNS rebinding: a page on another name that resolves to this machine."""
    assert client.get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("base", ["http://127.0.0.1:8025", "http://localhost:8025"])
def test_this_machines_own_names_are_welcome(workshop: Workshop, base: str) -> None:
    client = create_preview(workshop, token=TOKEN).test_client()

    assert client.get(f"/?token={TOKEN}", base_url=base).status_code == 200


@pytest.mark.parametrize("path", ["/", *FRAMES, "/api/changes", "/api/readers", "/stand-in/leave"])
def test_looking_changes_nothing_and_only_looking_is_allowed(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"csrf": csrf_word(TOKEN)}).status_code == 405


@pytest.mark.parametrize(
    ("word", "origin"),
    [
        ("", ""),
        ("wrong", ""),
        (TOKEN, ""),
        (csrf_word("other"), ""),
        (csrf_word(TOKEN), "https://evil.example"),
        (csrf_word(TOKEN), "null"),
    ],
)
def test_a_form_of_another_site_does_nothing(workshop: Workshop, word: str, origin: str) -> None:
    post = Post()
    headers = {"Origin": origin} if origin else {}

    answer = entered(workshop, post).post("/api/test", data={"csrf": word, "address": "a@example.org"}, headers=headers)

    assert answer.status_code == 403
    assert post.sent == []


@pytest.mark.parametrize("path", ["/", *FRAMES, "/api/changes", "/static/preview/desk.js", "/nowhere"])
def test_every_answer_carries_the_safety_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_desk_runs_its_own_files_only(client: FlaskClient) -> None:
    answer = client.get("/?at=1.1")

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<[^>]+\s(on\w+|style)=", answer.text)


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_runs_no_script_and_sends_no_form(client: FlaskClient, path: str) -> None:
    csp = client.get(path).headers["Content-Security-Policy"]

    assert "script-src" not in csp and "default-src 'none'" in csp and "form-action 'none'" in csp
    (sandbox,) = re.findall(r"sandbox ([^;]*)", csp)
    assert "allow-scripts" not in sandbox and "allow-forms" not in sandbox and "allow-top" not in sandbox


def test_pictures_come_from_the_mail_and_our_own_site_and_only_when_asked_for(client: FlaskClient) -> None:
    def allowed(query: str) -> str:
        (sources,) = re.findall(
            r"img-src ([^;]*)", client.get(f"/frame/mail{query}").headers["Content-Security-Policy"]
        )
        return sources

    assert allowed("") == allowed("?pictures=off") == "'none'"
    assert allowed("?pictures=on") == "data: https://ledger.example.com"


# ------------------------------------------------------------------------------------------------ the evidence


def test_the_desk_explains_every_pick_and_near_miss(client: FlaskClient, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    words = said(client.get("/").text)

    for item in draft.issue.items:
        assert " · ".join(item.pick.reasons) in words
        assert f"Score {item.pick.score:.2f}" in words
        for cut in cuts_of(item):
            assert " ".join(cut.text.split()) in words
    assert draft.near_misses
    for pick in draft.near_misses:
        assert pick.story.lead.title in words
        assert f"Not picked: {pick.lost}" in words


def test_the_terms_of_a_score_multiply_to_it_and_say_what_they_mean(workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    for item in draft.issue.items:
        product = 1.0
        for term in terms_of(item.pick):
            assert term.words
            product *= term.factor
        assert product == pytest.approx(item.pick.score)


def test_a_sentence_leads_to_its_place_in_the_source(client: FlaskClient, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    place, item = next((n, i) for n, i in enumerate(draft.issue.items, 1) if len(i.summary.sentences) > 1)
    cut = cuts_of(item)[1]

    page = client.get(f"/?at={place}.2").text

    (marked_words,) = re.findall(r'<mark class="sentence here" id="cut-2">([^<]*)</mark>', page)
    assert html.unescape(marked_words) == cut.text == cut.span.of(item.article.text)
    assert f"characters {cut.span.start:,} to {cut.span.end:,} · verbatim" in said(page)


def test_what_was_cut_away_is_shown_with_its_reason(own: Path) -> None:
    shown = Workshop(own, SLUG)
    draft = shown.show().draft
    assert draft is not None
    with_removed = next(n for n, i in enumerate(draft.issue.items, 1) if i.article.removed)
    article = draft.issue.items[with_removed - 1].article

    words = said(entered(shown).get(f"/?at={with_removed}").text)

    for removed in article.removed:
        assert " ".join(removed.text.split()) in words
        assert removed.reason in words


def test_an_aside_says_why_it_is_not_used() -> None:
    first = issue().items[0]

    evidence = evidence_of(first)

    whole = "\n\n".join("".join(piece.text for piece in p.pieces) for p in evidence.paragraphs)
    assert whole == first.article.text
    assert [p.why for p in evidence.paragraphs] == ["", "", "", "a correction notice"]
    marks = [piece.text for p in evidence.paragraphs for piece in p.pieces if "sentence" in piece.kinds]
    assert marks == [s.text for s in first.summary.sentences]


def test_an_excerpt_that_differs_from_its_article_stands_out() -> None:
    first = issue().items[0]
    true = excerpt(first.article, "Complaints fell by a third in the six months that followed.")
    forged = Excerpt(true.article, true.span, true.text.replace("third", "fifth"))

    [cut] = cuts_of(replace(first, summary=Summary("editorial", (forged,), ())))

    assert not cut.verbatim
    assert cut.found == true.text


def test_what_a_publisher_reserves_is_not_shown() -> None:
    first = issue().items[0]
    *report, last = first.article.regions
    reserved = replace(
        first.article,
        regions=(*report, replace(last, reason=NOSNIPPET)),
        removed=(Removed(3, "kept back", NOSNIPPET),),
    )
    evidence = evidence_of(replace(first, pick=replace(first.pick, story=replace(first.pick.story, lead=reserved))))

    assert evidence.paragraphs[-1].pieces[0].text == "[reserved by its publisher]"
    assert evidence.removed == ((3, "[reserved by its publisher]", NOSNIPPET),)


def test_words_from_a_feed_stay_words(client: FlaskClient, workshop: Workshop) -> None:
    draft = workshop.show().draft
    assert draft is not None
    number = next(n for n, i in enumerate(draft.issue.items, 1) if "hostile" in (i.article.url or ""))

    for path in ("/", f"/?at={number}.1", *FRAMES):
        page = client.get(path).text
        assert not re.search(r"<script(?! type=\"module\" src=)|<img (?!src=\"/static)", page), path
    assert "&lt;script&gt;document.title" in client.get("/").text


def test_what_the_check_found_is_said_with_its_remedy_and_leads_to_its_story(own: Path) -> None:
    config = own / "digest.toml"
    config.write_text(
        re.sub(r"(?m)^postal_address.*$", 'postal_address = ""', config.read_text("utf-8")), encoding="utf-8"
    )
    from digest.week import open_project

    shown = Workshop(own, SLUG)
    draft = shown.show().draft
    assert draft is not None
    nameless = draft.issue.items[0].article
    with open_project(own) as project:
        project.store.articles.correct(replace(nameless, url="", canonical=""))
    now = shown.show().draft
    assert now is not None

    notes = notes_of(now.findings, now.issue.items)
    page = said(entered(shown).get("/").text)

    assert any("postal" in note.what for note in notes)
    about = [note for note in notes if note.story and now.issue.items[note.story - 1].article.id == nameless.id]
    assert about and about[0].is_error
    assert [note.is_error for note in notes] == sorted((note.is_error for note in notes), reverse=True)
    for note in notes:
        assert " ".join(note.what.split()) in page
        assert set(re.findall(r"\w+", note.remedy)) <= set(re.findall(r"\w+", page))


def test_a_command_in_a_remedy_is_set_as_code_and_nothing_else_is_markup() -> None:
    assert with_code("`digest pin` <b>&") == "<code>digest pin</code> &lt;b&gt;&amp;"


# ------------------------------------------------------------------------------------------------ what a reader gets


def letter_to(folder: Path, workshop: Workshop, number: int) -> bytes:
    """The letter as the sender writes it for that subscriber."""
    draft = workshop.show().draft
    assert draft is not None
    with open_store(folder) as store:
        person = store.subscribers.by_id(number)
        rows_ = store.ledger.deliveries(SLUG)
        how = store.consent.how(number)
    assert person is not None
    ordinal = next((row.ordinal for row in rows_ if row.subscriber == number), 0)
    letter = Mailroom(draft.config, draft.rendered, keys.load(folder).message).letter(
        ordinal=ordinal,
        subscriber=person.id,
        address=person.address,
        name=person.name,
        token=person.token,
        variant="",
        how=how,
        date=NOW.astimezone(draft.config.zone).replace(microsecond=0),
    )
    return b"".join(letter.chunks)


def parts_of(raw: bytes) -> dict[str, str]:
    """The letter's texts by their type, as a mail program takes them out."""
    parts = [part for part in message_from_bytes(raw).walk() if not part.is_multipart()]
    bodies = [(part.get_content_type(), part.get_payload(decode=True)) for part in parts]
    return {kind: body.decode().replace("\r\n", "\n") for kind, body in bodies if isinstance(body, bytes)}


@pytest.mark.parametrize("number", [1, 2])
def test_a_reader_gets_what_the_preview_shows_byte_for_byte(
    client: FlaskClient, folder: Path, workshop: Workshop, number: int
) -> None:
    raw = letter_to(folder, workshop, number)
    parts = parts_of(raw)

    def shown(view: str) -> str:
        return client.get(f"/frame/{view}?reader={number}").text

    assert pre(shown("message")) == raw.decode()
    assert pre(shown("text")) == parts["text/plain"]
    source = "\n".join(
        html.unescape(re.sub(r"</?mark[^>]*>", "", line))
        for line in re.findall(r"<li><code>(.*)</code></li>", shown("source"))
    )
    assert source == parts["text/html"]


def test_in_the_mail_only_the_readers_own_links_lead_elsewhere(
    client: FlaskClient, folder: Path, workshop: Workshop
) -> None:
    page = parts_of(letter_to(folder, workshop, 1))["text/html"]

    shown = client.get("/frame/mail?reader=1&look=light").text

    added = '<base target="_blank"><meta name="referrer" content="no-referrer">'
    assert added in shown
    back = re.sub(r"<base .*?</style>", "", shown, count=1)
    with open_store(folder) as store:
        token = store.subscribers.by_id(1).token  # type: ignore[union-attr]
    assert token in page and token not in shown
    for name, where in (
        ("leave", f"leave/{token}"),
        ("preferences", f"preferences/{token}"),
        ("view", f"issues/{SLUG}"),
    ):
        back = back.replace(f"http://localhost/stand-in/{name}", f"https://ledger.example.com/{where}")
    assert back == repaint(page, "light")


def test_the_headers_are_those_of_the_letter(client: FlaskClient, folder: Path, workshop: Workshop) -> None:
    message = message_from_bytes(letter_to(folder, workshop, 1), policy=policy.compat32)
    page = client.get("/frame/headers?reader=1").text

    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.S)

    assert [(n, html.unescape(v)) for n, v in found] == [(n, v.replace("\r\n", "\n")) for n, v in message.items()]


def test_without_a_reader_the_links_are_nobodys(client: FlaskClient) -> None:
    page = pre(client.get("/frame/text").text)

    assert "/leave/" + "0" * 32 in page
    assert "does nothing" in client.get("/stand-in/leave").text


def test_it_says_who_would_get_nothing(client: FlaskClient) -> None:
    assert "Would get it" in said(client.get("/?reader=1").text)
    assert "Would get nothing: unsubscribed" in said(client.get("/?reader=3").text)
    assert "to a reader who does not exist" in said(client.get("/?reader=99").text)


def test_a_subscriber_is_found_by_address_or_name(client: FlaskClient) -> None:
    def found(words: str) -> list[str]:
        return [r["address"] for r in client.get("/api/readers", query_string={"words": words}).json["readers"]]  # type: ignore[index]

    assert found("RUTH") == found("ellw") == ["ruth@example.org"]
    assert found("lia@ex") == ["jülia@example.org"]
    assert found("%") == found("nobody") == []


def test_a_test_is_mailed_as_it_is_shown(workshop: Workshop) -> None:
    post, draft = Post(), workshop.show().draft
    assert draft is not None

    answer = (
        entered(workshop, post).post("/api/test", data={"csrf": csrf_word(TOKEN), "address": "me@example.org"}).json
    )

    assert answer == {"ok": True, "said": f"A test of {SLUG} is in var/outbox for me@example.org."}
    assert post.sent == [(draft.rendered, parse_address("me@example.org"))]


def test_a_test_to_no_address_says_so(workshop: Workshop) -> None:
    post = Post()

    answer = entered(workshop, post).post("/api/test", data={"csrf": csrf_word(TOKEN), "address": "me"}).json

    assert answer is not None and not answer["ok"] and "me" in answer["said"]
    assert post.sent == []


def test_the_command_serves_mails_a_test_and_ends_quietly(own: Path) -> None:
    command = [sys.executable, "-m", "digest", "--project", str(own), "preview", "--no-open", "--port", "0"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "DIGEST_NOW": NOW.isoformat()}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    try:
        assert server.stdout is not None
        (address,) = re.findall(r"http://\S+", server.stdout.readline())
        base = address.partition("/?")[0]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        opener.open(address, timeout=10).close()
        with opener.open(base, timeout=10) as answer:
            (word,) = re.findall(r'name="csrf" value="(\w+)"', answer.read().decode())
        form = urllib.parse.urlencode({"csrf": word, "address": "me@example.org"}).encode()
        with opener.open(f"{base}/api/test", form, timeout=20) as answer:
            assert json.load(answer)["ok"]
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=20)
    finally:
        server.kill()
        server.wait()

    assert (server.returncode, errors) == (0, "")
    (letter,) = (own / "var/outbox" / f"{SLUG}-test" / "new").iterdir()
    message = message_from_bytes(letter.read_bytes(), policy=policy.default)
    assert message["To"] == "me@example.org" and message["Subject"].startswith("[Test] ")


# ------------------------------------------------------------------------------------------------ following the files


def test_a_changed_template_shows_at_the_next_look(own: Path) -> None:
    shown = Workshop(own, SLUG)
    own_templates(own)
    client, before = entered(shown), shown.show()

    edit_templates(own, lambda text: text.replace("</body>", "<p>Printed on recycled electrons.</p></body>"))

    assert shown.show().stamp != before.stamp
    assert "recycled electrons" in client.get("/frame/mail").text


def test_a_broken_template_is_named_over_the_last_good_draft(own: Path) -> None:
    shown = Workshop(own, SLUG)
    own_templates(own)
    client = entered(shown)
    good = client.get("/frame/mail").text

    edit_templates(own, lambda text: text.replace("</body>", "\n{{ page.oops }}</body>"))
    page = client.get("/")

    assert page.status_code == 200
    fault = shown.show().fault
    assert fault is not None and fault.file.startswith("templates/email/") and fault.line
    assert [text for n, text in fault.around if n == fault.line] == ["{{ page.oops }}</body>"]
    words = said(page.text)
    assert f"{fault.file}, line {fault.line}" in words and "What to do: mend that line" in words
    assert client.get("/frame/mail").text == good

    edit_templates(own, lambda text: text.replace("\n{{ page.oops }}", ""))
    assert shown.show().fault is None
    assert "Not shown yet" not in said(client.get("/").text)


@pytest.mark.parametrize(
    ("wrong", "line", "what"),
    [
        ("limit = 10 ", "limitt = 10 ", "limitt"),
        ("limit = 10 ", "limit = ten ", "no valid TOML"),
        ('zone = "Europe/London"', 'zone = "Europe/Lundun"', "Europe/Lundun"),
    ],
)
def test_a_broken_setting_is_named_with_its_line(own: Path, wrong: str, line: str, what: str) -> None:
    shown, config = Workshop(own, SLUG), own / "digest.toml"
    assert shown.show().fault is None

    config.write_text(config.read_text("utf-8").replace(wrong, line, 1), encoding="utf-8")

    now = shown.show()
    assert now.draft is not None and now.fault is not None
    assert what in now.fault.what and now.fault.file == "digest.toml"
    assert any(line in text for n, text in now.fault.around if n == now.fault.line)


def test_a_template_broken_from_the_start_shows_the_draft_as_it_was_kept(own: Path) -> None:
    own_templates(own)
    edit_templates(own, lambda text: "{% if %}" + text)

    now = Workshop(own, SLUG).show()

    assert now.fault is not None and now.draft is not None
    assert now.draft.rendered.variants[0].html


def test_an_edit_shows_at_the_next_look(own: Path) -> None:
    from digest.editing import add_edit
    from digest.week import open_project

    shown = Workshop(own, SLUG)
    client, before = entered(shown), shown.show()

    with open_project(own) as project:
        add_edit(project, SLUG, "subject", "", "A subject of my own for this week", who="Mara", at=NOW)

    assert shown.show().stamp != before.stamp
    assert "A subject of my own for this week" in said(client.get("/").text)


def test_what_chooses_is_heeded_although_picks_are_kept(own: Path) -> None:
    from digest.editing import add_edit
    from digest.week import open_project

    shown = Workshop(own, SLUG)
    draft = shown.show().draft
    assert draft is not None
    first, second = (item.article for item in draft.issue.items[:2])

    def titles() -> list[str]:
        now = shown.show().draft
        assert now is not None
        return [item.article.title for item in now.issue.items]

    with open_project(own) as project:
        add_edit(project, SLUG, "intro", "", "Good morning.", who="Mara", at=NOW)
        assert titles()[0] == first.title
        add_edit(project, SLUG, "drop", first.id, "yes", who="Mara", at=NOW)
        assert first.title not in titles()
        project.store.articles.correct(replace(second, title="Another headline for the same text"))
        assert "Another headline for the same text" in titles()
    config = own / "digest.toml"
    config.write_text(
        config.read_text("utf-8").replace("blocked = [", 'blocked = ["Another headline", '), encoding="utf-8"
    )
    assert "Another headline for the same text" not in titles()


def test_somebody_reading_the_database_changes_nothing(own: Path) -> None:
    shown = Workshop(own, SLUG)
    before = shown.show()

    with sqlite3.connect(own / "subscribers.db") as other:
        other.execute("SELECT count(*) FROM article").fetchone()
        assert shown.show() is before
    other.close()


def test_the_page_is_told_as_soon_as_something_changed(own: Path) -> None:
    shown = Workshop(own, SLUG)
    own_templates(own)
    client, before = entered(shown), shown.show()
    edit = threading.Thread(
        target=lambda: (time.sleep(0.2), edit_templates(own, lambda t: t.replace("</body>", "<p>New</p></body>")))
    )
    edit.start()

    answer = client.get(f"/api/changes?seen={before.stamp}").json

    edit.join()
    assert answer is not None and answer["stamp"] == shown.show().stamp != before.stamp


def test_an_issue_that_is_gone_says_so(own: Path) -> None:
    answer = entered(Workshop(own, "2026-W40")).get("/")

    assert answer.status_code == 200
    assert "2026-W40 is gone" in said(answer.text)


# ------------------------------------------------------------------------------------------------ the copy in the frame


DARK = "@media (prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    ("query", "look", "shown"),
    [
        (DARK, "dark", "@media all"),
        (DARK, "light", "@media not all"),
        ("@media (prefers-color-scheme:dark)", "dark", "@media all"),
        ("@media screen and (prefers-color-scheme: dark)", "dark", "@media screen"),
        ("@media screen and (prefers-color-scheme: dark)", "light", "@media not all"),
        ("@media (prefers-color-scheme: light)", "light", "@media all"),
        ("@media (prefers-color-scheme: light)", "dark", "@media not all"),
        ("@media screen and (min-width:601px)", "dark", "@media screen and (min-width:601px)"),
    ],
)
def test_the_copy_answers_the_question_for_colors(query: str, look: str, shown: str) -> None:
    assert repaint(f"<style>{query}{{a{{b:c}}}}</style>", look) == f"<style>{shown}{{a{{b:c}}}}</style>"


def test_no_style_keeps_what_is_written_inline() -> None:
    mail = '<style>a{}</style><STYLE type="text/css">\nb{}</STYLE ><p style="color:red">x</p>'

    assert repaint(mail, "none") == '<p style="color:red">x</p>'


def test_a_link_in_the_mail_opens_elsewhere_and_nothing_connects_ahead() -> None:
    page = framed(
        '<html><head><base href="https://evil.example"><link rel=preconnect href=https://evil.example><title>'
    )

    assert page.startswith('<html><head><base target="_blank">')
    assert "evil" not in page


def test_a_readers_values_are_told_apart_from_the_rest_of_a_line() -> None:
    assert marked("to a@b.org!", [("EMAIL", "a@b.org")]) == [("to ", ""), ("a@b.org", "EMAIL"), ("!", "")]


# ------------------------------------------------------------------------------------------------ the inbox


def test_the_inbox_line_is_cut_where_each_program_cuts_it() -> None:
    subject = "Port Ellery listed every late ship, and complaints fell by a third in half a year"
    found = {row.client.key: row for row in rows("The Weekly Ledger", subject, "Also: " + "words " * 60)}

    assert found["gmail-desktop"].subject == subject and found["gmail-desktop"].snippet.endswith("…")
    for key in ("gmail-phone", "apple-phone", "apple-desktop"):
        row = found[key]
        assert row.subject.endswith("…") and 25 < len(row.subject) < 60
        assert subject.startswith(row.subject.removesuffix("…"))
        assert subject.endswith(row.lost)
    assert len(found["apple-phone"].snippet) > 1.5 * len(found["gmail-phone"].snippet)


@pytest.mark.parametrize("text", ["", "W" * 90, "i" * 300, "日本語の件名" * 12, "é" * 90, "🚢" * 60, "e\u0301" * 90])
def test_no_line_is_wider_than_its_room(text: str) -> None:
    for client in CLIENTS:
        for line in (client.sender, client.subject):
            shown = fit(text, line)
            assert width_px(shown, line) <= line.width_px * line.rows
            assert shown == text or shown.endswith("…")


def test_a_wide_script_takes_more_room() -> None:
    line = Line(15, 300)

    assert len(fit("件" * 90, line)) < len(fit("a" * 90, line)) < len(fit("i" * 90, line))


def test_the_first_words_are_the_preheader_and_end_with_its_filler() -> None:
    mail = "<html><head><title>T</title><style>a{}</style></head><body><div>Also: this.&nbsp;"
    mail += "&#8199;&#65279;&#847; " * 70 + "</div><p>Dear reader</p></body></html>"

    assert first_words(mail) == "Also: this."
    assert first_words("<body><p>Dear <b>reader</b></p>\n<p>x") == "Dear reader x"


# ------------------------------------------------------------------------------------------------ the files


def test_the_docs_name_the_same_keys_as_the_desk(client: FlaskClient) -> None:
    def keys_in(text: str, key: str, row: str) -> list[tuple[list[str], str]]:
        return [(re.findall(key, cell), words) for cell, words in re.findall(row, text)]

    page = html.unescape(client.get("/").text)
    docs = (Path(__file__).resolve().parent.parent / "docs/preview.md").read_text("utf-8")

    shown = keys_in(page, r"<kbd>(.*?)</kbd>", r'<tr><th scope="row">(<kbd>.*?)</th><td>(.*?)</td></tr>')
    assert shown[:-2] == keys_in(docs, r"`(.*?)`", r"\| (`.*?`) \| (.*?) \|")[-len(shown) : -2]
    assert len(shown) == 12


@pytest.mark.parametrize("name", ["../site.css", "preview/../../server.py", "site.css", "preview", "%2e%2e/server.py"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_own_files_stay_small() -> None:
    """The desk must be there at once: no more than 92 KB of its own, editing and sending included."""
    static = Path(__file__).resolve().parent.parent / "digest" / "web" / "static" / "preview"

    assert 0 < sum(f.stat().st_size for f in static.iterdir()) < 92_000
