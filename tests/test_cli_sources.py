"""Sources by the command line: found behind a home page, listed with their health, blocked, moved between readers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.config import load_config
from tests.command_line import Run, error_of, run_in
from tests.local_web import Answer, LocalWeb, item, page, rss, words

NOW = "2026-03-20T18:00:00+00:00"


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb() as running:
        yield running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = run_in(tmp_path)
    run("init", str(tmp_path), "--defaults")
    return run


def test_the_feed_behind_a_home_page_is_found_and_the_comments_are_not_taken(
    web: LocalWeb, run: Run, tmp_path: Path
) -> None:
    head = (
        '<link rel=alternate type="application/rss+xml" href="/comments/feed.xml" title="Comments">'
        '<link rel="alternate" type="application/atom+xml" href="/news.xml">'
    )
    web["/"] = page("Harbour Notes", "<p>Welcome.</p>", head)
    web["/news.xml"] = rss(item(1, link="https://a.example/1"))
    web["/comments/feed.xml"] = rss(item(2, link="https://a.example/2"))
    out = run("sources", "add", f"{web.url}/", "--allow-private").stdout
    assert "its feed is “Harbour Notes”, 1 entries" in out
    (source,) = load_config(tmp_path).sources
    assert (source.url, source.allow_private) == (f"{web.url}/news.xml", True)


def test_a_page_that_names_no_feed_is_asked_at_the_usual_places(web: LocalWeb, run: Run, tmp_path: Path) -> None:
    web["/blog"] = page("Blog", "<p>Welcome.</p>")
    web["/feed.xml"] = rss(item(1, link="https://a.example/1"))
    run("sources", "add", f"{web.url}/blog", "--allow-private")
    assert load_config(tmp_path).sources[0].url == f"{web.url}/feed.xml"


@pytest.mark.parametrize(
    ("path", "what"), [("/missing", "404"), ("/lonely", "no feed was found behind it"), ("/data", "is no feed")]
)
def test_what_is_no_source_is_refused_and_the_file_stays(
    web: LocalWeb, run: Run, tmp_path: Path, path: str, what: str
) -> None:
    web["/lonely"] = page("Lonely", "<p>Nothing.</p>")
    web["/data"] = '<?xml version="1.0"?><data><row/></data>'
    before = (tmp_path / "digest.toml").read_text("utf-8")
    assert what in error_of(run("sources", "add", f"{web.url}{path}", "--allow-private", ok=False))
    assert (tmp_path / "digest.toml").read_text("utf-8") == before


@pytest.mark.parametrize("typed", ["in", "in/", "./in", "{folder}/in"])
def test_a_folder_is_kept_under_one_name(run: Run, tmp_path: Path, typed: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("Berths\n\nThe harbour office has put every late berth on a page.")
    typed = typed.format(folder=tmp_path)
    assert "in is a source now" in run("sources", "add", typed).stdout
    assert "in is a source already" in error_of(run("sources", "add", "./in/", ok=False))
    run("sources", "check", "./in")
    assert "in is a source no more" in run("sources", "remove", "in/").stdout
    assert load_config(tmp_path).sources == ()


def test_what_is_typed_in_no_utf_8_is_refused_without_a_traceback(run: Run) -> None:
    assert "is no text" in error_of(run("sources", "block", "x.example", "--reason", "\udcff", ok=False))


def test_the_list_shows_each_sources_health(web: LocalWeb, run: Run) -> None:
    web["/good.xml"] = Answer(rss(item(1, link="https://a.example/1")), headers={"Cache-Control": "max-age=3600"})
    web["/gone.xml"] = Answer("", 410)
    for name in ("good", "gone", "missing"):
        run("sources", "add", f"{web.url}/{name}.xml", "--allow-private", "--unchecked")
    run("collect", now=NOW)
    rows = {row["source"][len(web.url) :]: row for row in json.loads(run("sources", "list", "--json", now=NOW).stdout)}
    assert {path: row["health"] for path, row in rows.items()} == {
        "/good.xml": "good",
        "/gone.xml": "stopped",
        "/missing.xml": "failing",
    }
    assert rows["/good.xml"]["last_new"] == "2026-03-20T18:00:00+00:00"
    assert rows["/good.xml"]["not_before"].startswith("2026-03-20T19:00")
    assert "404" in rows["/missing.xml"]["error"]
    shown = run("sources", "list", now=NOW).stdout
    assert "from 2026-03-20 19:00" in shown
    assert "when you check it" in shown


def test_a_check_names_what_is_broken_and_may_be_of_one_source(web: LocalWeb, run: Run) -> None:
    web["/good.xml"] = rss(item(1, link="https://a.example/1"))
    for name in ("good", "missing"):
        run("sources", "add", f"{web.url}/{name}.xml", "--allow-private", "--unchecked")
    assert "1 of 2 cannot be read" in error_of(run("sources", "check", ok=False))
    web.asked.clear()
    run("sources", "check", f"{web.url}/good.xml")
    assert web.asked == ["/good.xml"]
    assert "is no source" in error_of(run("sources", "check", "https://nowhere.example/", ok=False))


def test_a_blocked_publisher_is_refused_at_every_door_until_it_is_lifted(web: LocalWeb, run: Run) -> None:
    run("sources", "block", "https://www.spam.example/about", "--reason", "asked us not to")
    assert "blocked: spam.example (asked us not to)" in run("sources", "list").stdout
    text = "A title about ships\n\n" + "The harbour counts its ships every day of the year. " * 5
    for args in (
        ("articles", "add", "-", "--url", "https://news.spam.example/1"),
        ("articles", "add", "https://spam.example/1"),
        ("sources", "add", "https://feeds.spam.example/all.xml"),
    ):
        assert "blocked: spam.example (asked us not to)" in error_of(run(*args, given=text, ok=False))
    pasted = f"{text}\n\nhttps://spam.example/2"
    assert "blocked" in error_of(run("articles", "add", "-", given="https://spam.example/2\n" + pasted, ok=False))
    assert json.loads(run("articles", "list", "--json").stdout) == []
    run("sources", "unblock", "spam.example")
    run("articles", "add", "-", "--url", "https://spam.example/1", "--outlet", "Spam", given=text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("WWW.Example.org.", "example.org"),
        ("foo_bar.com", "foo_bar.com"),
        ("https://foo-com.cdn.ampproject.org/c/s/foo.com/x", "foo.com"),
    ],
)
def test_a_domain_is_blocked_however_it_is_typed(run: Run, tmp_path: Path, typed: str, kept: str) -> None:
    assert f"{kept} is blocked" in run("sources", "block", typed).stdout
    assert [b.domain for b in load_config(tmp_path).block] == [kept]
    run("sources", "unblock", typed)
    assert load_config(tmp_path).block == ()


@pytest.mark.parametrize(
    ("typed", "what", "hint"),
    [("*.foo.com", "needs no star", "foo.com is blocked with all below it"), ("a b", "is no domain", "example.com")],
)
def test_what_is_no_domain_is_said_of_what_was_typed(run: Run, typed: str, what: str, hint: str) -> None:
    said = error_of(run("sources", "block", typed, ok=False))
    assert what in said and hint in said
    assert "digest.toml" not in said


def test_a_block_holds_for_mail_in_a_folder_and_pasted(run: Run, tmp_path: Path) -> None:
    text = "The harbour counts its ships every day of the year. " * 9
    mail = f"From: Norwick News <news@mail.norwick.example>\nSubject: Ships\nMessage-ID: <1@x.example>\n\n{text}\n"
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/ships.eml").write_text(mail)
    run("sources", "add", "texts")
    run("sources", "block", "norwick.example")
    for args in (("-",), (str(tmp_path / "texts/ships.eml"),)):
        done = run("articles", "add", *args, given=mail, ok=False)
        assert "blocked: norwick.example" in error_of(done)
        assert "`digest sources unblock norwick.example`" in done.stderr
    assert "is left out, blocked: norwick.example" in run("collect").stdout
    assert json.loads(run("articles", "list", "--json").stdout) == []


@pytest.mark.parametrize("weight", ["inf", "nan", "-1"])
def test_a_weight_that_is_none_is_said_to_be(run: Run, tmp_path: Path, weight: str) -> None:
    (tmp_path / "texts").mkdir()
    assert "is no weight" in error_of(run("sources", "add", "texts", "--weight", weight, ok=False))


def test_a_list_of_feeds_goes_out_and_comes_back_with_its_sections(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "digest.toml").open("a") as file:
        file.write('\n[[sections]]\nname = "Nature"\n')
        file.write('\n[[sources]]\nurl = "https://a.example/f"\noutlet = "A & B"\nsection = "Nature"\n')
        file.write('\n[[sources]]\nurl = "https://b.example/f"\n')
    listed = tmp_path / "list.opml"
    listed.write_text(run("sources", "export").stdout, "utf-8")
    before = load_config(tmp_path).sources
    for source in before:
        run("sources", "remove", source.url)
    assert load_config(tmp_path).sources == ()
    assert "2 of 2 feeds are new sources" in run("sources", "import", str(listed)).stdout
    assert set(load_config(tmp_path).sources) == set(before)


def test_a_list_is_taken_without_what_is_no_address_or_blocked_and_says_so(run: Run, tmp_path: Path) -> None:
    run("sources", "block", "spam.example", "--reason", "asked us")
    urls = ["https://", "https://a b.example/x", "https://news.spam.example/f", "HTTP://c.example/F"]
    outlines = "".join(f'<outline type="rss" text="x" xmlUrl="{url}"/>' for url in urls)
    (tmp_path / "list.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    out = run("sources", "import", str(tmp_path / "list.opml")).stdout
    assert "1 of 4 feeds are new sources" in out
    for what in (
        "https:// is no web",
        "https://a b.example/x is no web",
        "news.spam.example/f, blocked: spam.example (asked",
    ):
        assert f"left out: {what}" in out or f"left out: https://{what}" in out
    assert [s.url for s in load_config(tmp_path).sources] == ["http://c.example/F"]


def test_an_address_may_be_typed_in_capitals_and_a_broken_one_is_called_so(
    web: LocalWeb, run: Run, tmp_path: Path
) -> None:
    web["/f.xml"] = rss(item(1, link="https://a.example/1"))
    web["/story"] = page("A harbour story", words(1, 6))
    run("sources", "add", f"{web.url}/f.xml".replace("http:", "HTTP:"), "--allow-private")
    assert [s.url for s in load_config(tmp_path).sources] == [f"{web.url}/f.xml"]
    run("articles", "add", f"{web.url}/story".replace("http:", "HTTP:"), "--allow-private")
    assert "there is no web address https://" in error_of(run("sources", "add", "https://", ok=False))
    assert "is no web address" in error_of(run("articles", "add", "-", "--url", "example", given="Some text", ok=False))


def test_what_to_do_about_a_broken_source_is_said(web: LocalWeb, run: Run, tmp_path: Path) -> None:
    web["/data.xml"] = '<?xml version="1.0"?><data><row/></data>'
    for name in ("data", "missing"):
        run("sources", "add", f"{web.url}/{name}.xml", "--allow-private", "--unchecked")
    run("sources", "block", "spam.example")
    with (tmp_path / "digest.toml").open("a") as file:
        file.write('\n[[sources]]\nurl = "https://spam.example/f"\n')
    for args, ok in ((("collect",), True), (("sources", "check"), False)):
        lines = run(*args, ok=ok).stdout.splitlines()
        assert f"{web.url}/missing.xml: the next run tries again" in lines
        assert "https://spam.example/f: `digest sources unblock spam.example`, or take the source out" in lines
    assert all(row["hint"] for row in json.loads(run("collect", "--json").stdout) if row["error"])


def test_an_address_in_the_own_network_is_refused_with_the_option_that_permits_it(web: LocalWeb, run: Run) -> None:
    web["/story"] = page("A harbour story", words(1, 6))
    assert "--allow-private permits it" in error_of(run("articles", "add", f"{web.url}/story", ok=False))


def test_a_day_before_the_year_1000_is_listed_with_four_digits(run: Run) -> None:
    text = "A title\n0001-01-01\n\n" + "The harbour counts its ships every day of the year. " * 5
    run("articles", "add", "-", given=text)
    assert "0001-01-01" in run("articles", "list").stdout


def test_a_page_is_taken_with_what_its_publisher_allows(web: LocalWeb, run: Run) -> None:
    web["/story"] = page("A harbour story", words(1, 6), '<meta name="robots" content="nosnippet">')
    out = run("articles", "add", f"{web.url}/story", "--outlet", "Notes", "--allow-private").stdout
    assert "headline and link only: the page says nosnippet" in out
    out = run("articles", "fill", "last", "--right", "they wrote to us").stdout
    assert "excerpted with a right: they wrote to us" in out
    assert json.loads(run("articles", "show", "last", "--json").stdout)["right"] == "they wrote to us"


def test_what_is_claimed_of_a_page_is_said_truly_and_can_be_taken_back(web: LocalWeb, run: Run) -> None:
    web["/story"] = page("A harbour story", words(1, 6), '<meta name="robots" content="nosnippet">')
    out = run("articles", "add", f"{web.url}/story", "--own", "--allow-private").stdout
    assert "excerpted as the editors’ own text, though the page says nosnippet" in out
    assert "headline and link only" not in out
    out = run("articles", "fill", "last", "--no-own").stdout
    assert "not the editors’ own text" in out
    assert "headline and link only: the page says nosnippet" in out
    assert "no right was claimed" in run("articles", "fill", "last", "--right", "").stdout
    run("articles", "fill", "last", "--right", "they wrote to us")
    assert "with a right: they wrote to us" in run("articles", "fill", "last", "--outlet", "Notes").stdout
    out = run("articles", "fill", "last", "--right", "").stdout
    assert "no right is claimed any more: it was “they wrote to us”" in out
    assert "headline and link only" in out


def test_a_text_pasted_over_a_page_that_reserves_its_words_is_reserved_too(web: LocalWeb, run: Run) -> None:
    web["/story"] = page("A harbour story", words(1, 6), '<meta name="robots" content="nosnippet">')
    run("articles", "add", f"{web.url}/story", "--allow-private")
    pasted = "A harbour story\n\n" + "The harbour counts its ships every day of the year. " * 9
    out = run("articles", "add", "-", "--url", f"{web.url}/story", given=pasted).stdout
    assert "headline and link only: the page says nosnippet" in out
    shown = json.loads(run("articles", "show", "last", "--json").stdout)
    assert (shown["version"], shown["limit"]["chars"]) == (2, 0)


def test_a_page_its_site_keeps_from_robots_is_not_taken(web: LocalWeb, run: Run) -> None:
    web["/robots.txt"] = "User-agent: *\nDisallow: /"
    web["/story"] = page("A harbour story", words(1, 6))
    done = run("articles", "add", f"{web.url}/story", "--allow-private", ok=False)
    assert "robots.txt" in error_of(done)
    assert "paste its text" in done.stderr
