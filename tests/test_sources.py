"""From asked to stored: politeness, identity, wishes and faults of sources, against a real server and database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.collect import Feed
from digest.config import load_config
from digest.config_edit import rename_source
from digest.model import Article
from digest.sources import Collected, read_sources
from digest.store import Store, open_store
from digest.week import open_project
from tests.local_web import Answer, LocalWeb, item, page, rss, words

NOW = datetime(2026, 3, 20, 18, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True) as opened:
        yield opened


def newsletter(folder: Path, *urls: str, more: str = "", keys: str = "") -> None:
    """A newsletter of these feeds."""
    sources = "".join(f'\n[[sources]]\nurl = "{url}"\nallow_private = true\n{keys}' for url in urls)
    head = '[newsletter]\nname = "The Ledger"\nfrom = "Ledger <ledger@example.org>"\n'
    (folder / "digest.toml").write_text(f"{head}{more}{sources}", "utf-8")


def collect(store: Store, now: datetime = NOW, *, asked: bool = False) -> list[Collected]:
    config = load_config(store.folder)
    return read_sources(
        store, config, store.folder, now=now, seen=now, asked=asked, progress=lambda step, done, total: None
    )


def stored(store: Store) -> dict[str, Article]:
    return {article.title: article for article in store.articles.all()}


# ------------------------------------------------------------------------------------------- politeness


def test_an_unchanged_feed_answers_304_and_brings_nothing_twice(web: LocalWeb, store: Store) -> None:
    for name in ("a", "b"):
        feed = rss(item(ord(name), link=f"https://{name}.example/1", guid=f"{name}1"))
        web[f"/{name}.xml"] = Answer(feed, headers={"ETag": f'"{name}"'})
    newsletter(store.folder, f"{web.url}/a.xml", f"{web.url}/b.xml")
    first, second = collect(store), collect(store, NOW + DAY)
    assert [(c.found, c.new) for c in first] == [(1, 1), (1, 1)]
    assert web.statuses == [200, 200, 304, 304]
    assert [(c.new, c.changed, c.note) for c in second] == [(0, 0, "unchanged")] * 2


def test_a_busy_server_is_left_alone_until_it_said(web: LocalWeb, store: Store) -> None:
    web["/feed.xml"] = Answer("busy", 429, {"Retry-After": "7200"})
    newsletter(store.folder, f"{web.url}/feed.xml")
    (busy,) = collect(store)
    assert "429" in busy.error
    web["/feed.xml"] = rss(item(1, link="https://a.example/1"))
    (resting,) = collect(store, NOW + HOUR)
    assert (resting.error, resting.note) == ("", "rests until 2026-03-20 20:00 (the server’s Retry-After)")
    assert len(web.asked) == 1
    (read,) = collect(store, NOW + 2 * HOUR)
    assert (read.error, read.new) == ("", 1)


@pytest.mark.parametrize(
    ("headers", "channel", "rest", "whose"),
    [
        ({"Cache-Control": "public, max-age=3600"}, "", HOUR, "max-age"),
        ({}, "<ttl>90</ttl>", 1.5 * HOUR, "ttl"),
        ({"Cache-Control": "max-age=60"}, "<ttl>120</ttl>", 2 * HOUR, "ttl"),
        ({"Cache-Control": "max-age=31536000"}, "", DAY, "max-age"),
        ({"Date": "Fri, 20 Mar 2026 18:00:00 GMT", "Expires": "Fri, 20 Mar 2026 19:00:00 GMT"}, "", HOUR, "max-age"),
    ],
)
def test_what_a_publisher_asks_about_the_next_visit_is_heeded(
    web: LocalWeb, store: Store, headers: dict[str, str], channel: str, rest: timedelta, whose: str
) -> None:
    web["/feed.xml"] = Answer(rss(item(1, link="https://a.example/1"), extra=channel), headers=headers)
    newsletter(store.folder, f"{web.url}/feed.xml")
    collect(store)
    (early,) = collect(store, NOW + rest - timedelta(seconds=1))
    assert whose in early.note
    assert len(web.asked) == 1
    collect(store, NOW + rest)
    assert len(web.asked) == 2


def test_somebody_who_asks_by_name_is_not_kept_waiting(web: LocalWeb, store: Store) -> None:
    web["/feed.xml"] = Answer(rss(item(1, link="https://a.example/1")), headers={"Cache-Control": "max-age=3600"})
    newsletter(store.folder, f"{web.url}/feed.xml")
    collect(store)
    collect(store, NOW + timedelta(minutes=1), asked=True)
    assert len(web.asked) == 2


def test_a_feed_that_is_gone_is_not_asked_again_until_somebody_checks(web: LocalWeb, store: Store) -> None:
    web["/feed.xml"] = Answer("gone", 410)
    newsletter(store.folder, f"{web.url}/feed.xml")
    (gone,) = collect(store)
    (still,) = collect(store, NOW + DAY)
    assert "gone for good (410" in gone.error
    assert still.error == "gone for good since 2026-03-20 18:00 (410)"
    assert "sources check" in still.hint
    assert len(web.asked) == 1
    web["/feed.xml"] = rss(item(1, link="https://a.example/1"))
    (back,) = collect(store, NOW + 2 * DAY, asked=True)
    assert (back.error, back.new) == ("", 1)
    assert collect(store, NOW + 3 * DAY)[0].error == ""


def test_a_move_for_good_seen_twice_is_written_into_the_configuration(web: LocalWeb, store: Store) -> None:
    old, new = f"{web.url}/old.xml", f"{web.url}/new.xml"
    web["/old.xml"] = Answer("", 301, {"Location": "/new.xml"})
    web["/new.xml"] = rss(item(1, link="https://a.example/1", guid="1"))
    newsletter(store.folder, old, keys='outlet = "Notes" # theirs\n')
    (first,) = collect(store)
    assert "has moved to" in first.note
    assert load_config(store.folder).sources[0].url == old
    (second,) = collect(store, NOW + DAY)
    assert f"digest.toml now says {new}" in second.note
    text = (store.folder / "digest.toml").read_text("utf-8")
    assert (old in text, f'url = "{new}"' in text, "# theirs" in text) == (False, True, True)
    web["/new.xml"] = rss(item(1, link="https://a.example/1", guid="1"), item(2, link="https://a.example/2", guid="2"))
    (third,) = collect(store, NOW + 2 * DAY)
    assert (third.found, third.new) == (2, 1)
    assert {a.source for a in store.articles.all()} == {new}


def test_a_move_written_into_the_configuration_and_not_yet_into_the_database_is_the_same_source(
    web: LocalWeb, store: Store
) -> None:
    """By an editor, or by a run that was killed in between; the entries have no links to be known by."""
    old, new = f"{web.url}/old.xml", f"{web.url}/new.xml"
    web["/old.xml"] = Answer("", 301, {"Location": "/new.xml"})
    web["/new.xml"] = rss(item(1, guid="1"), item(2, guid="2"))
    newsletter(store.folder, old)
    collect(store)
    rename_source(store.folder, old, new)
    (again,) = collect(store, NOW + DAY)
    assert (again.found, again.new) == (2, 0)
    assert {a.source for a in store.articles.all()} == {new} and len(store.articles.all()) == 2


def test_a_passing_redirect_changes_nothing(web: LocalWeb, store: Store) -> None:
    web["/old.xml"] = Answer("", 302, {"Location": "/new.xml"})
    web["/new.xml"] = rss(item(1, link="https://a.example/1"))
    newsletter(store.folder, f"{web.url}/old.xml")
    assert [collect(store, NOW + n * DAY)[0].note for n in range(3)] == [""] * 3
    assert load_config(store.folder).sources[0].url == f"{web.url}/old.xml"


def test_a_source_that_holds_no_feed_three_times_is_left_alone(web: LocalWeb, store: Store) -> None:
    web["/feed.xml"] = "<html><body>We are closed.</body></html>"
    newsletter(store.folder, f"{web.url}/feed.xml")
    errors = [collect(store, NOW + n * DAY)[0].error for n in range(4)]
    assert all("HTML page" in error for error in errors)
    assert errors[3].startswith("no feed 3 times in a row")
    assert len(web.asked) == 3


# ------------------------------------------------------------------------------------------- faults


def test_one_broken_source_never_stops_the_others(web: LocalWeb, store: Store) -> None:
    good = rss(item(1, link="https://a.example/1"), item(2, link="https://a.example/2"))
    web["/good.xml"] = good
    web["/loop.xml"] = Answer("", 302, {"Location": "/loop.xml"})
    web["/torn.xml"] = rss(item(3, link="https://b.example/3"), item(4, link="https://b.example/4"))[:-260]
    web["/latin.xml"] = Answer(
        rss(item(5, link="https://c.example/5", title="Caf\u00e9")).replace('encoding="utf-8"', "").encode("latin-1"),
        headers={"Content-Type": "text/xml; charset=iso-8859-1"},
    )
    web["/junk.xml"] = b"\x00\x01\x02" * 500
    web["/inward.xml"] = Answer("", 302, {"Location": "http://169.254.169.254/"})
    names = ["good", "loop", "torn", "latin", "junk", "missing", "inward"]
    newsletter(store.folder, *(f"{web.url}/{name}.xml" for name in names))
    found = dict(zip(names, collect(store), strict=True))
    assert {name for name, c in found.items() if c.error} == {"loop", "junk", "missing", "inward"}
    assert "redirects more than" in found["loop"].error
    assert "404" in found["missing"].error
    assert {"Story number 1", "Story number 2", "Story number 3", "Café"} <= stored(store).keys()


def test_killed_while_collecting_the_next_run_finds_everything_once(web: LocalWeb, tmp_path: Path) -> None:
    """A feed's answer may not be remembered before its articles are stored."""
    held = [True]

    def slow(_: object) -> Answer:
        time.sleep(2.0 if held[0] else 0.0)
        return Answer(page("Story number 1", words(1, 8)))

    teaser = item(1, link=f"{web.url}/story", guid="1", body="<p>A teaser.</p>")
    web["/feed.xml"] = Answer(rss(teaser, item(2, link="https://a.example/2")), headers={"ETag": '"1"'})
    web["/story"] = slow
    newsletter(tmp_path, f"{web.url}/feed.xml")
    env = {**os.environ, "DIGEST_NOW": NOW.isoformat()}
    command = [sys.executable, "-m", "digest", "--project", str(tmp_path), "collect"]
    running = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while "/story" not in web.asked and time.monotonic() < until:
        time.sleep(0.02)
    assert "/story" in web.asked
    running.send_signal(signal.SIGKILL)
    running.wait()
    held[0] = False
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    with open_store(tmp_path) as store:
        assert sorted(stored(store)) == ["Story number 1", "Story number 2"]
        assert "Fact 1-7" in stored(store)["Story number 1"].text


@pytest.mark.parametrize(
    ("headers", "note"),
    [
        ({"Retry-After": "99999999999999999999"}, "rests until 2026-03-27 18:00"),
        ({"Retry-After": "9" * 400}, "rests until 2026-03-27 18:00"),
        ({"Retry-After": "²"}, "unchanged"),
        ({"Retry-After": "Sun, 01 Jan 99999999999 00:00:00 +99999999999"}, "unchanged"),
        ({"Cache-Control": "max-age=²"}, "unchanged"),
        ({"Expires": "31 Dec 9999 23:00 -9999"}, "unchanged"),
    ],
)
def test_a_header_nobody_can_reckon_with_costs_nothing(
    web: LocalWeb, store: Store, headers: dict[str, str], note: str
) -> None:
    web["/feed.xml"] = Answer(rss(item(1, guid="1")), headers={"ETag": '"1"', **headers})
    newsletter(store.folder, f"{web.url}/feed.xml")
    assert [(c.error, c.new) for c in collect(store)] == [("", 1)]
    assert collect(store, NOW + HOUR)[0].note.startswith(note)


def test_halves_of_surrogate_pairs_in_a_feed_cost_neither_it_nor_the_others(web: LocalWeb, store: Store) -> None:
    keys = ("id", "url", "image", "title", "content_text", "summary", "language", "external_url", "tags")
    items = ",".join(
        f'{{"title": "Story {key}", "content_text": "Some words of {key} here.", "id": "{key}", "{key}": "x\\ud800"}}'
        for key in keys
    )
    web["/feed.json"] = (
        f'{{"version": "https://jsonfeed.org/version/1.1", "title": "N\\udfff", "language": "\\ud800", "items": [{items}]}}'
    )
    web["/feed.xml"] = rss(item(1, guid="1&#xD800;", title="Story&#xD800; &#x110000; &#99999999999999;"), item(2))
    newsletter(store.folder, f"{web.url}/feed.json", f"{web.url}/feed.xml")
    assert [(c.error, c.new) for c in collect(store)] == [("", len(keys)), ("", 2)]
    assert "Story\ufffd \ufffd \ufffd" in stored(store)


@pytest.mark.parametrize("date", ["31 Dec 9999 23:00 -1200", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+12:00"])
def test_a_date_that_is_none_costs_neither_its_entry_nor_the_others(web: LocalWeb, store: Store, date: str) -> None:
    web["/feed.xml"] = rss(item(1, guid="1", date=date), item(2, guid="2"))
    newsletter(store.folder, f"{web.url}/feed.xml")
    assert [(c.error, c.new) for c in collect(store)] == [("", 2)]
    assert stored(store)["Story number 1"].published is None


def test_a_bug_that_one_source_meets_is_told_with_its_name_and_the_others_go_on(
    web: LocalWeb, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = store.folder / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("A title\n\nSome words about the berths.", "utf-8")
    web["/a.xml"], web["/b.xml"] = rss(item(1)), rss(item(2))
    newsletter(store.folder, f"{web.url}/a.xml", f"{web.url}/b.xml")
    with (store.folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\npath = "texts"\n')

    real = Feed.longer_key

    def broken(*values: object, **more: object) -> str:
        if "Story number 2" in str(values):
            return real(*values)  # type: ignore[arg-type]
        raise KeyError("nobody expected this")

    monkeypatch.setattr(Feed, "longer_key", broken)
    monkeypatch.setattr("digest.collect.read_folder", broken)
    a, b, files = collect(store)
    for found in (a, files):
        assert "a bug of this program, please report it: KeyError: 'nobody expected this'" in found.error
        assert store.sources.state(found.source).last_error == found.error
    assert (b.error, b.new) == ("", 1)
    monkeypatch.undo()
    assert [(c.error, c.new) for c in collect(store, NOW + DAY)] == [("", 1), ("", 0), ("", 1)]


@pytest.mark.parametrize("written", ["sources = [{{url = {url!r}, allow_private = true}}]", "read-only"])
def test_a_move_digest_toml_cannot_be_told_is_a_note(web: LocalWeb, store: Store, written: str) -> None:
    web["/old.xml"] = Answer("", 301, {"Location": "/new.xml"})
    web["/new.xml"] = rss(item(1, guid="1"))
    newsletter(store.folder, f"{web.url}/old.xml")
    if written == "read-only":
        store.folder.chmod(0o500)
    else:
        text = written.format(url=f"{web.url}/old.xml")
        (store.folder / "digest.toml").write_text(
            f'{text}\n[newsletter]\nname = "The Ledger"\nfrom = "Ledger <ledger@example.org>"\n', "utf-8"
        )
    try:
        collect(store)
        (found,) = collect(store, NOW + DAY)
    finally:
        store.folder.chmod(0o700)
    assert (found.error, found.found) == ("", 1)
    if os.geteuid() or written != "read-only":  # root may write everywhere
        assert f"write {web.url}/new.xml instead of {web.url}/old.xml in digest.toml" in found.note


# ------------------------------------------------------------------------------------------- identity


def feed_now(web: LocalWeb, store: Store, now: datetime, *items: str) -> Collected:
    web["/feed.xml"] = rss(*items)
    newsletter(store.folder, f"{web.url}/feed.xml")
    return collect(store, now)[0]


def test_an_entry_whose_address_changes_is_the_same_article(web: LocalWeb, store: Store) -> None:
    feed_now(web, store, NOW, item(1, link="http://a.example/draft-slug", guid="1"))
    later = feed_now(web, store, NOW + DAY, item(1, link="https://a.example/final-slug", guid="1"))
    (article,) = store.articles.all()
    assert (later.new, later.changed) == (0, 0)
    assert (article.url, article.version, article.seen) == (
        "https://a.example/final-slug",
        1,
        datetime(2026, 3, 18, 6, tzinfo=UTC),
    )


def test_changed_words_are_a_new_version_seen_when_the_first_was(web: LocalWeb, store: Store) -> None:
    feed_now(web, store, NOW, item(1, link="https://a.example/1", guid="1"))
    (before,) = store.articles.all()
    changed = feed_now(
        web,
        store,
        NOW + DAY,
        item(1, link="https://a.example/1", guid="1", body=words(1) + "<p>Corrected: it was nine.</p>"),
    )
    (after,) = store.articles.all()
    assert (changed.new, changed.changed) == (0, 1)
    assert (after.version, after.seen) == (2, before.seen)
    assert [v.text for v in store.articles.versions(after.id)] == [before.text, after.text]


def test_a_touched_date_is_no_change(web: LocalWeb, store: Store) -> None:
    feed_now(web, store, NOW, item(1, link="https://a.example/1", guid="1"))
    again = feed_now(
        web, store, NOW + DAY, item(1, link="https://a.example/1", guid="1", date="Fri, 20 Mar 2026 06:00:00 GMT")
    )
    assert (again.new, again.changed) == (0, 0)
    assert store.articles.all()[0].version == 1


def test_an_entry_that_changes_at_every_look_is_followed_for_a_while_only(
    web: LocalWeb, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.sources.MOST_CHANGES", 3)
    for n in range(6):
        body = words(1) + f"<p>It is {n} o’clock now at the pier.</p>"
        feed_now(web, store, NOW + n * HOUR, item(1, link="https://a.example/1", guid="1", body=body))
    assert store.articles.all()[0].version == 4


def test_one_id_for_every_entry_does_not_make_them_one_article(web: LocalWeb, store: Store) -> None:
    items = [item(n, link=f"https://a.example/{n}", guid="same") for n in (1, 2, 3)]
    assert feed_now(web, store, NOW, *items).new == 3
    assert feed_now(web, store, NOW + DAY, *items).new == 0


def test_an_id_used_again_for_another_article_brings_a_new_one(web: LocalWeb, store: Store) -> None:
    feed_now(web, store, NOW, item(1, link="https://a.example/1", guid="latest"))
    assert feed_now(web, store, NOW + DAY, item(2, link="https://a.example/2", guid="latest")).new == 1
    assert feed_now(web, store, NOW + 2 * DAY, item(2, link="https://a.example/2", guid="latest")).new == 0
    assert sorted(stored(store)) == ["Story number 1", "Story number 2"]


def test_entries_that_all_link_to_one_page_and_reuse_an_id_stay_apart(web: LocalWeb, store: Store) -> None:
    feed_now(web, store, NOW, item(1, link="https://a.example/all", guid="x"))
    assert (
        feed_now(
            web, store, NOW + DAY, item(2, link="https://a.example/all", guid="x", title="Quite another one")
        ).changed
        == 1
    )
    # The address is the same, so the source may have corrected its title: the text is kept as a version.
    assert [a.version for a in store.articles.all()] == [2]


def test_entries_without_an_id_that_all_link_to_one_page_are_articles_of_their_own(web: LocalWeb, store: Store) -> None:
    items = [item(n, link="https://a.example/all") for n in range(1, 5)]
    assert feed_now(web, store, NOW, *items[:1]).new == 1
    assert feed_now(web, store, NOW + DAY, *items[:3]).new == 2
    assert feed_now(web, store, NOW + 2 * DAY, *reversed(items)).new == 1
    changed = item(3, link="https://a.example/all", body=words(3) + "<p>Corrected: it was nine.</p>")
    again = feed_now(web, store, NOW + 3 * DAY, *items[:2], changed, items[3])
    assert (again.new, again.changed, len(store.articles.all())) == (0, 1, 4)


def test_without_id_and_address_the_words_are_the_identity(web: LocalWeb, store: Store) -> None:
    assert feed_now(web, store, NOW, item(1), item(2)).new == 2
    assert feed_now(web, store, NOW + DAY, item(1), item(2), item(3)).new == 1


def test_the_same_page_out_of_two_feeds_is_one_article(web: LocalWeb, store: Store) -> None:
    web["/a.xml"] = rss(item(1, link="https://a.example/1?utm_source=a#top"))
    web["/b.xml"] = rss(item(1, link="https://a.example/1", body="<p>Only a short teaser of it.</p>"))
    newsletter(store.folder, f"{web.url}/a.xml", f"{web.url}/b.xml")
    assert [c.new for c in collect(store)] == [1, 0]
    (article,) = store.articles.all()
    assert (article.version, "Fact 1-0" in article.text) == (1, True)


def test_on_a_first_import_the_date_says_what_is_new_and_later_the_first_sight(web: LocalWeb, store: Store) -> None:
    old, future = "Mon, 05 Jan 2026 06:00:00 GMT", "Mon, 05 Jan 2037 06:00:00 GMT"
    feed_now(
        web, store, NOW,
        item(1, guid="1", link="https://a.example/1", date=old), item(2, guid="2", link="https://a.example/2", date=""),
        item(3, guid="3", link="https://a.example/3", date=future),
    )  # fmt: skip
    feed_now(
        web, store, NOW + DAY,
        item(4, guid="4", link="https://a.example/4", date=old), item(5, guid="5", link="https://a.example/5", date=future),
    )  # fmt: skip
    seen = {title[-1]: article.seen for title, article in stored(store).items()}
    assert seen == {"1": datetime(2026, 1, 5, 6, tzinfo=UTC), "2": NOW, "3": NOW, "4": NOW + DAY, "5": NOW + DAY}


# ------------------------------------------------------------------------------------------- files


LAMPS, FERRY = (
    f"{facts} The office said so on a public page this week, with the cause and the cost of each. " * 3
    for facts in ("The town counted 212 lamps on the quay.", "The ferry ran late on nine days of ten.")
)


@pytest.fixture
def texts(store: Store) -> Path:
    """A folder that is the newsletter's only source."""
    newsletter(store.folder, more='\n[[sources]]\npath = "texts"\n')
    (store.folder / "texts").mkdir()
    return store.folder / "texts"


def collected(store: Store, now: datetime = NOW) -> tuple[int, int, int]:
    found = collect(store, now)[0]
    assert found.error == ""
    return found.found, found.new, found.changed


def test_two_files_of_one_title_are_two_articles_and_stay_as_they_are(store: Store, texts: Path) -> None:
    (texts / "a.txt").write_text(f"This week\n\n{LAMPS}\n", "utf-8")
    (texts / "b.txt").write_text(f"This week\n\n{FERRY}\n", "utf-8")
    assert [collected(store, NOW + n * HOUR) for n in range(3)] == [(2, 2, 0), (2, 0, 0), (2, 0, 0)]
    (texts / "b.txt").write_text(f"This week\n\n{FERRY}\n\nCorrected: it was eight days.\n", "utf-8")
    assert collected(store, NOW + DAY) == (2, 0, 1)
    (texts / "a.txt").rename(texts / "c.txt")
    (texts / "b.txt").rename(texts / "d.txt")
    assert collected(store, NOW + 2 * DAY) == (2, 0, 0)
    assert sorted(a.version for a in store.articles.all()) == [1, 2]


def test_two_files_of_one_address_do_not_take_turns(store: Store, texts: Path) -> None:
    for name, text in (("a.txt", LAMPS), ("b.txt", FERRY)):
        (texts / name).write_text(f"This week\nhttps://a.example/1\n\n{text}\n", "utf-8")
    assert [collected(store, NOW + n * HOUR) for n in range(3)] == [(2, 1, 1), (2, 0, 0), (2, 0, 0)]


def test_a_file_whose_title_is_mended_is_the_same_article_and_one_used_again_is_not(store: Store, texts: Path) -> None:
    (texts / "latest.txt").write_text(f"Lamsp counted\n\n{LAMPS}\n", "utf-8")
    collected(store)
    (texts / "latest.txt").write_text(f"Lamps counted\n\n{LAMPS}\n", "utf-8")
    assert collected(store, NOW + DAY)[1] == 0
    (texts / "latest.txt").write_text(f"Ferry late\n\n{FERRY}\n", "utf-8")
    assert collected(store, NOW + 2 * DAY)[1] == 1
    assert collected(store, NOW + 3 * DAY) == (1, 0, 0)


def test_files_known_by_their_title_only_are_known_still(store: Store, texts: Path) -> None:
    """A database of before files were known by their paths."""
    (texts / "a.txt").write_text(f"This week\n\n{LAMPS}\n", "utf-8")
    (texts / "b.txt").write_text(f"Next week\n\n{FERRY}\n", "utf-8")
    collected(store)
    with store.transaction():
        store.conn.execute("DELETE FROM entry")
    assert collected(store, NOW + DAY) == (2, 0, 0)


def test_what_a_folder_holds_besides_is_said_in_one_line_and_so_is_a_guessed_encoding(
    store: Store, texts: Path
) -> None:
    (texts / "a.txt").write_bytes(f"Caf\u00e9 counted\n\n{LAMPS} Caf\u00e9.\n".encode("latin-1"))
    for name in ("one.pdf", "two.docx", "three", "picture.png", ".hidden"):
        (texts / name).write_bytes(b"%PDF-1.7")
    assert [c.note for c in collect(store)][1:] == [
        "a.txt is not UTF-8: its encoding was guessed; check its accents and quotation marks",
        "3 files passed over (.docx, .pdf, no suffix): save them as text, Markdown or HTML",
    ]
    assert len(collect(store, NOW + DAY)) == 2


def test_a_file_whose_name_is_no_utf_8_is_read(store: Store, texts: Path) -> None:
    try:
        (texts / os.fsdecode(b"bad\xff.txt")).write_text(f"This week\n\n{LAMPS}\n", "utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert [collected(store, NOW + n * HOUR) for n in range(2)] == [(1, 1, 0), (1, 0, 0)]


# ------------------------------------------------------------------------------------------- pages behind teasers


def teaser(web: LocalWeb, number: int = 1, **more: str) -> str:
    return item(
        number, link=f"{web.url}/story{number}", guid=str(number), body="<p>A teaser, no more. Read more</p>", **more
    )


def test_the_page_behind_a_teaser_is_read_in_full(web: LocalWeb, store: Store) -> None:
    web["/story1"] = page("Story number 1", words(1, 8))
    feed_now(web, store, NOW, teaser(web))
    assert "Fact 1-7" in store.articles.all()[0].text
    assert web.asked == ["/feed.xml", "/.well-known/tdmrep.json", "/robots.txt", "/story1"]


def test_a_page_robots_txt_closes_is_left_alone_and_the_teaser_stays(web: LocalWeb, store: Store) -> None:
    web["/robots.txt"] = "User-agent: newsletter-digest\nDisallow: /story"
    web["/story1"] = page("Story number 1", words(1, 8))
    feed_now(web, store, NOW, teaser(web))
    assert store.articles.all()[0].text.startswith("A teaser, no more.")
    assert "/story1" not in web.asked


def test_a_page_that_could_not_be_had_is_asked_for_again(web: LocalWeb, store: Store) -> None:
    web["/story1"] = Answer("later", 503)
    feed_now(web, store, NOW, teaser(web))
    web["/story1"] = page("Story number 1", words(1, 8))
    again = feed_now(web, store, NOW + DAY, teaser(web))
    assert (again.new, again.changed) == (0, 1)
    assert "Fact 1-7" in store.articles.all()[0].text
    web.asked.clear()
    feed_now(web, store, NOW + 2 * DAY, teaser(web))
    assert web.asked == ["/feed.xml"]


@pytest.mark.parametrize("headers", [{"ETag": '"1"'}, {"ETag": '"1"', "Cache-Control": "max-age=86400"}])
def test_a_page_is_asked_for_again_though_its_feed_is_unchanged_or_rests(
    web: LocalWeb, store: Store, headers: dict[str, str]
) -> None:
    web["/feed.xml"] = Answer(rss(teaser(web), teaser(web, 2)), headers=headers)
    web["/story1"] = web["/story2"] = Answer("later", 503)
    newsletter(store.folder, f"{web.url}/feed.xml")
    collect(store)
    web["/story1"] = page("Story number 1", words(1, 8))
    (again,) = collect(store, NOW + HOUR)
    assert (again.error, again.new, again.changed) == ("", 0, 1)
    assert "Fact 1-7" in stored(store)["Story number 1"].text
    assert stored(store)["Story number 1"].outlet == "Harbour Notes"
    web["/story2"] = Answer("gone", 404)
    collect(store, NOW + 2 * HOUR)
    web.asked.clear()
    (last,) = collect(store, NOW + 3 * HOUR)
    assert (last.changed, [path for path in web.asked if "story" in path]) == (0, [])
    web["/feed.xml"] = rss(teaser(web), teaser(web, 2))
    assert collect(store, NOW + 3 * DAY)[0].changed == 0


def test_a_host_of_pages_that_is_busy_is_left_alone_until_it_said(web: LocalWeb, store: Store) -> None:
    for n in range(1, 7):
        web[f"/story{n}"] = Answer("busy", 429, {"Retry-After": "3600"})
    web["/feed.xml"] = Answer(rss(*(teaser(web, n) for n in range(1, 7))), headers={"ETag": '"1"'})
    newsletter(store.folder, f"{web.url}/feed.xml")
    asked = []
    for later in (timedelta(0), timedelta(minutes=30), HOUR):
        web.asked.clear()
        assert collect(store, NOW + later)[0].error == ""
        asked.append(sum("story" in path for path in web.asked))
    assert asked == [1, 0, 1]
    for n in range(1, 7):
        web[f"/story{n}"] = page(f"Story number {n}", words(n, 8))
    assert collect(store, NOW + 2 * HOUR)[0].changed == 6


def test_an_entry_that_is_only_a_link_brings_the_page_behind_it(web: LocalWeb, store: Store) -> None:
    bare = "".join(f"<item><link>{web.url}/story{n}</link></item>" for n in (1, 2, 3))
    web["/feed.xml"] = Answer(rss(bare), headers={"ETag": '"1"', "Cache-Control": "max-age=86400"})
    web["/story1"] = page("Story number 1", words(1, 8))
    web["/story2"] = Answer("later", 503)
    newsletter(store.folder, f"{web.url}/feed.xml")
    (found,) = collect(store)
    assert (found.error, found.new) == ("", 1)
    assert found.note == "2 entries with only a link, whose page could not be had"
    web["/story2"] = page("Story number 2", words(2, 8))
    assert collect(store, NOW + HOUR)[0].new == 1
    assert sorted(stored(store)) == ["Story number 1", "Story number 2"]


def test_pages_of_old_entries_are_not_fetched(web: LocalWeb, store: Store) -> None:
    web["/story1"] = page("Story number 1", words(1, 8))
    feed_now(web, store, NOW, teaser(web, date="Mon, 05 Jan 2026 06:00:00 GMT"))
    assert "/story1" not in web.asked


def test_a_page_made_to_break_its_reader_costs_only_itself(web: LocalWeb, store: Store) -> None:
    web["/story1"] = "<html><body>" + "<div>" * 60_000 + "deep" + "</html>"
    web["/story2"] = page("Story number 2", words(2, 8))
    found = feed_now(web, store, NOW, teaser(web, 1), teaser(web, 2))
    assert (found.error, found.new) == ("", 2)
    assert "Fact 2-7" in stored(store)["Story number 2"].text


# ------------------------------------------------------------------------------------------- wishes


@pytest.mark.parametrize(
    ("head", "headers", "files", "reason"),
    [
        ('<meta name="robots" content="nosnippet">', {}, {}, "nosnippet"),
        ("", {"X-Robots-Tag": "nosnippet"}, {}, "nosnippet"),
        ("", {"tdm-reservation": "1"}, {}, "text and data mining"),
        (
            "",
            {},
            {"/.well-known/tdmrep.json": '[{"location": "/story1", "tdm-reservation": 1}]'},
            "text and data mining",
        ),
    ],
)
def test_what_a_publisher_reserves_is_known_with_the_reason(
    web: LocalWeb, store: Store, head: str, headers: dict[str, str], files: dict[str, str], reason: str
) -> None:
    web["/story1"] = Answer(page("Story number 1", words(1, 8), head), headers=headers)
    for path, text in files.items():
        web[path] = text
    feed_now(web, store, NOW, teaser(web))
    (article,) = store.articles.all()
    assert article.excerpt_chars() == 0
    assert article.limit is not None
    assert reason in article.limit.reason


def test_what_a_site_reserves_counts_for_a_feed_that_brings_the_whole_text(web: LocalWeb, store: Store) -> None:
    web["/.well-known/tdmrep.json"] = (
        '[{"location": "/shut/", "tdm-reservation": 1}, {"location": "/", "tdm-reservation": 0}]'
    )
    whole = words(1, 8)
    feed_now(
        web, store, NOW,
        item(1, link=f"{web.url}/open/1", body=whole), item(2, link=f"{web.url}/shut/2", body=words(2, 8)),
    )  # fmt: skip
    assert {title: a.excerpt_chars() for title, a in stored(store).items()} == {
        "Story number 1": None,
        "Story number 2": 0,
    }
    assert web.asked == ["/feed.xml", "/.well-known/tdmrep.json"]


def test_a_feeds_own_server_may_reserve_its_entries(web: LocalWeb, store: Store) -> None:
    web["/feed.xml"] = Answer(rss(item(1, link="https://a.example/1")), headers={"X-Robots-Tag": "max-snippet: 90"})
    newsletter(store.folder, f"{web.url}/feed.xml")
    collect(store)
    assert store.articles.all()[0].excerpt_chars() == 90


def test_an_editors_right_to_a_source_lifts_its_limits_while_digest_toml_says_so(web: LocalWeb, store: Store) -> None:
    """Also of what another source brought first; and another text of it changes nothing."""
    ours, theirs = f"{web.url}/feed.xml", f"{web.url}/theirs.xml"
    for path in ("/feed.xml", "/theirs.xml"):
        web[path] = Answer(rss(item(1, link="https://a.example/1")), headers={"X-Robots-Tag": "nosnippet"})

    def allowed() -> int | None:
        with open_project(store.folder) as project:
            (found,) = project.store.articles.all()
            assert project.store.articles.get(found.id) == found
            return found.excerpt_chars()

    for urls in ((theirs,), (theirs, ours)):
        newsletter(store.folder, *urls, keys='right = "we subscribe"\n')
        collect(store)
        assert allowed() is None
    newsletter(store.folder, theirs, ours)
    assert allowed() == 0
    with (store.folder / "digest.toml").open("a", encoding="utf-8") as file:
        file.write('right = "we subscribe"\n')  # of the second, which brought it again
    assert allowed() is None
    web["/theirs.xml"] = rss(item(1, link="https://a.example/1", body=words(1, 9)))
    collect(store, NOW + DAY)
    assert allowed() is None
    newsletter(store.folder, theirs, ours)
    assert allowed() == 0


def test_a_page_that_fails_for_once_leaves_the_text_it_gave_until_it_is_back(web: LocalWeb, store: Store) -> None:
    def entry(title: str, teaser: str) -> None:
        web["/feed.xml"] = rss(item(1, link=f"{web.url}/a", guid="1", title=title, body=f"<p>{teaser}</p>"))

    entry("Berths", "A teaser.")
    web["/a"] = page("Berths", words(1, 8))
    newsletter(store.folder, f"{web.url}/feed.xml")
    collect(store)
    (whole,) = store.articles.all()
    web["/a"] = Answer("busy", 503)
    for day, title in enumerate(("Late berths", "Later berths"), 1):
        entry(title, f"Another teaser, the {day}. one.")
        collect(store, NOW + day * DAY)
        (now,) = store.articles.all()
        assert (now.title, now.text, now.version) == (title, whole.text, 1)
    web["/a"] = page("Berths", words(1, 9))
    collect(store, NOW + 3 * DAY)
    (now,) = store.articles.all()
    assert (now.version, "Fact 1-8" in now.text) == (2, True)


def test_nothing_of_a_blocked_domain_is_collected(web: LocalWeb, store: Store) -> None:
    web["/feed.xml"] = rss(item(1, link="https://news.spam.example/1"), item(2, link="https://notspam.example/2"))
    block = '\n[[block]]\ndomain = "spam.example"\nreason = "asked us not to"\n'
    newsletter(store.folder, f"{web.url}/feed.xml", "https://feeds.spam.example/all.xml", more=block)
    ours, theirs = collect(store)
    assert list(stored(store)) == ["Story number 2"]
    assert "1 entry left out, blocked: spam.example (asked us not to)" in ours.note
    assert theirs.error == "blocked: spam.example (asked us not to)"
