"""The editor's preview: what it shows, and what it lets nobody do."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from digest.errors import TemplateError
from digest.model import NOSNIPPET, Excerpt, Summary
from digest.web.preview import Draft, create_preview, mark_tokens, open_links_outside, point_at, repaint, trace
from tests.web_samples import HOSTILE, TOKENS, draft, excerpt, issue

TOKEN = "k3y"


def preview(given: Draft | None = None) -> FlaskClient:
    shown = given or draft()
    client = create_preview(lambda: shown, token=TOKEN).test_client()
    assert client.get(f"/?token={TOKEN}").status_code == 200
    return client


# ------------------------------------------------------------------------------------------------ the door


def test_nobody_gets_in_without_the_token() -> None:
    client = create_preview(draft, token=TOKEN).test_client()

    for path in ("/", "/mail", "/text", "/source", "/excerpts", "/stamp", "/?token=wrong", "/?token=", "/?token=é"):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "delay" not in answer.text


def test_the_token_is_swapped_for_a_strict_cookie() -> None:
    client = create_preview(draft, token=TOKEN).test_client()

    answer = client.get(f"/?token={TOKEN}")

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert 'content="0;url=/"' in answer.text, "the address with the token is left at once"
    assert client.get("/").status_code == 200


def test_a_cookie_of_another_start_opens_nothing() -> None:
    client = preview()
    name = next(iter(client._cookies.values())).key  # type: ignore[union-attr]
    client.set_cookie(name, "older")

    assert client.get("/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example:80", "127.0.0.1.evil.example", "127.0.0.1:9999", "localhost.", "", "10.0.0.1"]
)
def test_a_foreign_host_name_is_refused(host: str) -> None:
    """DNS rebinding: a page on another name that resolves to this machine."""
    assert preview().get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("base", ["http://127.0.0.1:8025", "http://localhost:8025"])
def test_this_machines_own_names_are_welcome(base: str) -> None:
    client = create_preview(draft, token=TOKEN).test_client()

    assert client.get(f"/?token={TOKEN}", base_url=base).status_code == 200


@pytest.mark.parametrize("path", ["/", "/mail", "/text", "/stamp"])
def test_nothing_can_be_changed_through_the_preview(path: str) -> None:
    assert preview().post(path).status_code == 405


# ------------------------------------------------------------------------------------------------ the page


def test_the_page_explains_every_pick_and_near_miss() -> None:
    page = preview().get("/").text

    for item in issue().items:
        assert item.article.title in page
        assert f"{item.pick.score:.2f}" in page
        for reason in item.pick.reasons:
            assert reason in page
    for lost in ("0.32 points behind the last story taken", "its outlet already has 2 stories"):
        assert lost in page


def test_the_page_shows_the_inbox_line_with_its_lengths() -> None:
    page = preview().get("/").text

    assert '<p class="who">The Weekly Ledger</p>' in page
    assert "<b>35</b> characters, fits most phones" in page
    assert "<b>79</b> characters, fills the line" in page


@pytest.mark.parametrize(("length", "verdict"), [(0, "missing"), (5, "short"), (50, "cut on phones"), (90, "long")])
def test_a_subject_is_judged_by_its_length(length: int, verdict: str) -> None:
    given = draft(subject="x" * length)

    assert f"<b>{length}</b> characters, {verdict}" in re.sub(r"whole on a desk, ", "", preview(given).get("/").text)


def test_the_page_says_what_to_mend() -> None:
    page = preview().get("/").text

    assert "1 to mend before it can be sent" in page
    assert "set newsletter.postal_address in digest.toml" in page


def test_an_issue_without_findings_says_so() -> None:
    assert "Nothing to mend." in preview(draft(findings=())).get("/").text


def test_the_page_says_who_gets_it_and_who_does_not() -> None:
    page = re.sub(r"\s+", " ", preview().get("/").text)

    assert "<b>412</b> readers" in page
    assert "left out: 4 bounced" in page


def test_words_from_a_feed_stay_words() -> None:
    page = preview().get("/").text

    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_the_view_lives_in_the_address_and_works_without_scripts() -> None:
    page = preview().get("/?view=text&scheme=light&width=desktop&width=phone&scheme=dark").text

    pressed = re.findall(r'name="(\w+)" value="(\w+)" aria-pressed="true"', page)
    assert set(pressed) == {("view", "text"), ("width", "phone"), ("scheme", "dark")}
    assert 'src="/text?scheme=dark' in page


@pytest.mark.parametrize("query", ["view=evil", "scheme=%22", "width=1", "variant=none", "at=-1", "at=99999", "at=x"])
def test_an_unknown_view_falls_back_to_the_usual(query: str) -> None:
    assert preview().get(f"/?{query}").status_code == 200
    assert preview().get(f"/mail?{query}").status_code in {200, 404}


def test_a_fault_of_the_program_is_told_plainly(caplog: pytest.LogCaptureFixture) -> None:
    def faulty() -> Draft:
        raise ZeroDivisionError("a bug")

    client = create_preview(faulty, token=TOKEN).test_client()
    client.get(f"/?token={TOKEN}")

    page = client.get("/")
    assert page.status_code == 500
    assert "The program has a fault" in page.text and "Traceback" not in page.text
    assert "ZeroDivisionError" in caplog.text


def test_a_draft_that_cannot_be_made_is_explained_and_watched() -> None:
    def broken() -> Draft:
        raise TemplateError("issue.html.j2, line 3: unknown filter 'daet'", hint="did you mean 'date'?")

    client = create_preview(broken, token=TOKEN).test_client()
    client.get(f"/?token={TOKEN}")

    page = client.get("/")
    assert page.status_code == 500
    assert "unknown filter &#39;daet&#39;" in page.text and "did you mean &#39;date&#39;?" in page.text
    stamp = re.search(r'data-stamp="([^"]+)"', page.text)
    assert stamp and client.get("/stamp").json == {"stamp": stamp[1]}, "the page reloads when the fault is mended"


# ------------------------------------------------------------------------------------------------ the frames


def test_the_mail_can_run_nothing() -> None:
    client = preview()

    rules = client.get("/mail").headers["Content-Security-Policy"]

    assert rules.startswith("default-src 'none'; img-src https: data:; style-src 'unsafe-inline'")
    assert "sandbox allow-popups" in rules
    sandbox = re.search(r'<iframe[^>]*sandbox="([^"]*)"', client.get("/").text)
    assert sandbox and "allow-scripts" not in sandbox[1] and "allow-same-origin" not in sandbox[1]


@pytest.mark.parametrize(
    "path", ["/", "/mail", "/text", "/source", "/excerpts", "/stamp", "/static/preview.js", "/nowhere"]
)
def test_every_answer_carries_the_safety_headers(path: str) -> None:
    with preview().get(path) as answer:
        headers = answer.headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_app_runs_its_own_files_only() -> None:
    answer = preview().get("/")

    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text)


def test_the_mail_has_stand_ins_for_each_readers_values() -> None:
    client = preview()

    for path in ("/mail", "/text"):
        page = client.get(path).text
        assert "reader@example.org" in page
        assert "/stand-in/leave" in page
        assert not any(token in page for token in TOKENS.values())
    assert "does nothing" in client.get("/stand-in/leave").text


def test_the_source_shows_the_tokens_still_open() -> None:
    page = preview().get("/source").text

    assert f'<mark title="EMAIL">{TOKENS["EMAIL"]}</mark>' in page
    assert "@media (prefers-color-scheme:dark)" in page


def test_each_excerpt_is_shown_with_its_place() -> None:
    page = preview().get("/excerpts").text

    for item in issue().items:
        for sentence in item.summary.sentences:
            assert f"[{sentence.span.start}:{sentence.span.end}]" in page
    assert "differs" not in page


def test_an_excerpt_that_differs_from_its_article_stands_out() -> None:
    first = issue().items[0]
    true = excerpt(first.article, "Complaints fell by a third in the six months that followed.")
    forged = Excerpt(true.article, true.span, true.text.replace("third", "fifth"))
    changed = replace(first, summary=Summary("editorial", (forged,), ()))

    [cut] = trace(changed).cuts
    page = preview(replace(draft(), issue=replace(issue(), items=(changed,)))).get("/excerpts").text

    assert not cut.verbatim
    assert "differs: the article has “Complaints fell by a third" in page


def test_an_article_is_shown_whole_with_its_excerpts_marked() -> None:
    first = issue().items[0]

    paragraphs = trace(first).paragraphs

    assert "\n\n".join("".join(p.text for p in paragraph) for paragraph in paragraphs) == first.article.text
    marked = [p.text for paragraph in paragraphs for p in paragraph if "summary" in p.kinds]
    assert marked == [s.text for s in first.summary.sentences]
    assert paragraphs[-1][0].region == "aside"


def test_what_a_publisher_reserves_is_not_shown() -> None:
    first = issue().items[0]
    *report, last = first.article.regions
    reserved = replace(first.article, regions=(*report, replace(last, reason=NOSNIPPET)))
    changed = replace(first, pick=replace(first.pick, story=replace(first.pick.story, lead=reserved)))
    page = preview(replace(draft(), issue=replace(issue(), items=(changed,)))).get("/excerpts").text
    assert html.escape(last.span.of(first.article.text)) not in page
    assert "[reserved by its publisher]" in page


# ------------------------------------------------------------------------------------------------ the copy


DARK = "@media (prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    ("query", "scheme", "shown"),
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
def test_the_copy_answers_the_question_for_colors(query: str, scheme: str, shown: str) -> None:
    assert repaint(f"<style>{query}{{a{{b:c}}}}</style>", scheme) == f"<style>{shown}{{a{{b:c}}}}</style>"


def test_no_style_keeps_what_is_written_inline() -> None:
    mail = '<style>a{}</style><STYLE type="text/css">\nb{}</STYLE ><p style="color:red">x</p>'

    assert repaint(mail, "none") == '<p style="color:red">x</p>'


def test_a_link_in_the_mail_opens_elsewhere() -> None:
    assert open_links_outside("<html><head><title>").startswith('<html><head><base target="_blank">')


def test_a_story_is_found_in_the_mail_by_its_link() -> None:
    mail = '<a class="x" href="https://a.example/?b=1&amp;c=2">x</a><a href="https://a.example/?b=1&amp;c=2">y</a>'

    assert point_at(mail, "https://a.example/?b=1&c=2") == mail.replace("<a ", '<a id="here" ', 1)
    assert point_at(mail, "https://a.example/") == mail
    assert point_at(mail, None) == mail


def test_tokens_are_told_apart_from_the_rest_of_a_line() -> None:
    assert mark_tokens("to __T1__!", {"EMAIL": "__T1__"}) == [("to ", ""), ("__T1__", "EMAIL"), ("!", "")]


# ------------------------------------------------------------------------------------------------ the files


def test_own_files_stay_small() -> None:
    """The app must be there at once: no more than 30 KB of its own."""
    static = Path(__file__).resolve().parent.parent / "digest" / "web" / "static"

    assert sum(f.stat().st_size for f in static.glob("preview.*")) < 30_000
