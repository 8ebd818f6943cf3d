"""The week at the desk, asked for as its page asks for it: found, chosen, looked at closer; an article added to it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from digest.model import Article, Editor
from digest.pick import Choice
from digest.web.guard import CSRF, csrf_word
from digest.web.preview import create_preview
from digest.web.preview.adding import MOST_BYTES
from digest.week import choose, open_project, target
from tests.test_web_desk import TOKEN, Page, edits
from tests.web_newsletter import NOW, SLUG, make_newsletter

PASTED = """Seven villages count their hedgehogs

Outlet: Field Desk
Date: 20 March 2026

Seven villages along the river counted every hedgehog for a year and published the figures as open data. The count cost £40, most of it for batteries.

“We expected thirty and met four hundred,” said Ida Marsh, who led the count.

Author’s view: It was high time that somebody did.

Share this article
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Page]:
    yield Page(make_newsletter(tmp_path))


def rows(desk: Page, **asked: str) -> list[tuple[str, str]]:
    """(headline, what is said of it) of each row."""
    page = desk.client.get("/week", query_string=asked).text
    parts = re.split(r"<li data-article", page)[1:]
    return [
        (_text(re.search(r"<h3>(.*?)</h3>", part, re.S)), _text(re.search(r'<p class="because">(.*?)</p>', part, re.S)))
        for part in parts
    ]


def _text(found: re.Match[str] | None) -> str:
    assert found is not None
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[1])).replace("\u00a0", " ").replace("&nbsp;", " ").strip()


def post(desk: Page, path: str, *, code: int = 200, **fields: Any) -> dict[str, Any]:
    answer = desk.client.post(f"/api/{path}", data={CSRF: csrf_word(TOKEN), **fields})
    assert answer.status_code == code, answer.text
    return dict(answer.get_json())


def test_every_story_of_the_week_says_why_it_is_in_the_issue_or_not(desk: Page) -> None:
    with open_project(desk.folder) as project:
        win, slug = target(project, now=NOW, week=SLUG)
        everything = choose(project, win, slug, near_misses=None)
    picks = [p for p in everything if any(win.since < a.seen <= win.until for a in p.story.articles())]
    found = rows(desk)
    assert len(found) == len(picks)
    printed = [title for title, why in found if why.startswith("Story ")]
    assert len(printed) == len(desk.items()) and found[0][1].startswith("Story 1 ")
    said = dict(found)
    for pick in picks:
        if pick.lost:
            words = re.sub(r"`(.*?)`", r"\1", pick.lost).replace("“", "").split(";")[0][:30]
            title = next(t for t in said if t[:15] == pick.story.lead.title[:15])
            assert words in said[title].replace("“", ""), "in the words of `digest why`"


def test_the_week_is_searched_in_title_outlet_author_section_and_text(desk: Page) -> None:
    article = desk.article()
    sentence = article.text.split(". ")[2][:40]
    for words in (article.title, article.outlet or "", article.authors[0], sentence.upper(), "Transport"):
        assert article.title[:20] in " ".join(title for title, _ in rows(desk, find=words)), words
    assert rows(desk, find="no such word anywhere") == []
    assert len(rows(desk, find=f"{article.outlet} nosuchword")) == 0, "each of the words"


def test_the_week_is_shown_in_parts(desk: Page) -> None:
    every = rows(desk)
    assert [*rows(desk, **{"from": "0", "count": "3"}), *rows(desk, **{"from": "3", "count": "100"})] == every
    inside, near = rows(desk, show="in"), rows(desk, show="out")
    assert len(inside) == len(desk.items()) and not {t for t, _ in inside} & {t for t, _ in near}
    assert rows(desk, show="pinned") == rows(desk, show="dropped") == []


def test_a_near_miss_is_pinned_made_the_lead_and_dropped_from_its_row(desk: Page) -> None:
    draft = desk.workshop.show().draft
    assert draft is not None and isinstance(draft.found, Choice)
    missed = draft.found.waiting[0].story.lead
    desk.send(kind="pin", article=missed.id, value="yes")
    assert missed.id in [item.article.id for item in desk.items()]
    assert [t[:20] for t, _ in rows(desk, show="pinned")] == [missed.title[:20]]
    desk.send(kind="lead", article=missed.id, value="yes")
    assert desk.article(1).id == missed.id
    desk.send(kind="drop", article=missed.id, value="yes")
    assert rows(desk, show="dropped")[0][1] == "Not picked: dropped by Mara"
    desk.send(kind="drop", article=missed.id, value="")
    assert rows(desk, show="dropped") == []


def test_a_candidate_is_read_with_what_would_be_printed_of_it_and_what_would_change_its_mind(desk: Page) -> None:
    draft = desk.workshop.show().draft
    assert draft is not None and isinstance(draft.found, Choice)
    pick = draft.found.explained(draft.found.waiting[0])
    page = desk.client.get("/", query_string={"at": pick.story.lead.id, "panel": "source"}).text
    source = page[page.index('id="source"') :]
    assert "not in the issue" in source and "would be printed" in source
    assert re.search(r'<mark class="sentence', source)
    assert "What would change that" in source and 'id="source-pin"' in source
    assert 'role="checkbox"' not in source, "its sentences are chosen once it is in the issue"
    assert desk.client.get("/", query_string={"at": "0123456789abcdef"}).status_code == 200, "one that is gone"


def test_the_pictures_say_their_values_as_text(desk: Page) -> None:
    page = desk.client.get("/").text
    days = re.search(r'<desc id="days-text">(.*?)</desc>', page, re.S)
    assert days is not None
    found = [tuple(map(int, pair)) for pair in re.findall(r": (\d+) found, (\d+) in the issue", days[1])]
    assert len(found) == 7 and sum(n for _, n in found) >= len(desk.items()) and all(n >= m for n, m in found)
    assert "Words of this issue and of those before it" in page and "This issue: " in page


def test_pasted_text_is_shown_as_it_is_read(desk: Page) -> None:
    said = post(desk, "read", text=PASTED)
    assert said["fields"] == {"outlet": "Field Desk", "link": "", "authors": "", "day": "2026-03-20"}
    shown = re.sub(r"<[^>]+>", "", said["reading"])
    for words in ("Seven villages count", "not used: Author’s view", "Share this article", "Ida Marsh"):
        assert words in shown, words
    assert re.search(r'<mark class="[a-z ]*sentence', said["reading"])
    assert edits(desk) == [] and "hedgehog" not in desk.client.get("/week").text, "nothing is kept yet"


def test_an_article_is_added_with_what_was_corrected_and_had_in_the_issue(desk: Page) -> None:
    saw = post(desk, "read", text=PASTED)["saw"]
    fields = {"outlet": "River Post", "link": "https://river.example.org/hedgehogs", "authors": "Ida Marsh, Jo Fenn"}
    said = post(desk, "add", text=PASTED, saw=saw, day="2026-03-19", pin="yes", **fields)
    kept = _stored(desk, said["article"])
    assert (kept.outlet, kept.url, kept.authors) == ("River Post", fields["link"], ("Ida Marsh", "Jo Fenn"))
    assert kept.published is not None and f"{kept.published:%Y-%m-%d}" == "2026-03-19"
    assert kept.published_precision == "day" and kept.source == "pasted"
    assert edits(desk) == [("pin", "yes")] and kept.id in [item.article.id for item in desk.items()]
    assert len(rows(desk, find="hedgehogs")) == 1


def test_a_file_is_added_and_one_that_is_no_text_says_what_to_do(desk: Page) -> None:
    page = (
        f"<html><body><article><h1>{PASTED.splitlines()[0]}</h1><p>{PASTED.splitlines()[5]}</p></article></body></html>"
    )
    said = post(desk, "read", file=(io.BytesIO(page.encode()), "page.html"))
    assert "open data" in said["reading"]
    wrong = post(desk, "read", code=422, file=(io.BytesIO(b"%PDF-1.7 x"), "paper.pdf"))
    assert "is a PDF, not a text" in wrong["said"] and "paste its words" in wrong["said"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": " "}, "no article text"),
        ({"text": "http://127.0.0.1:9/page"}, "private"),
        ({"text": PASTED, "outlet": "", "link": "ftp://x", "authors": "", "day": ""}, "no web address"),
        ({"text": PASTED, "outlet": "", "link": "", "authors": "", "day": "2026-02-31"}, "no day"),
    ],
    ids=["nothing", "an address at home", "a link that is none", "a day that is none"],
)
def test_what_cannot_be_read_is_said_and_nothing_is_kept(desk: Page, fields: dict[str, str], words: str) -> None:
    before = len(rows(desk))
    for path in ("read", "add"):
        assert words in post(desk, path, code=422, **fields)["said"]
    assert len(rows(desk)) == before


def test_a_publisher_that_is_left_alone_is_not_added(desk: Page) -> None:
    toml = desk.folder / "digest.toml"
    toml.write_text(toml.read_text("utf-8") + '\n[[block]]\ndomain = "river.example.org"\n', encoding="utf-8")
    link = {"outlet": "River Post", "link": "https://river.example.org/a", "authors": "", "day": ""}
    saw = post(desk, "read", text=PASTED)["saw"]
    assert "blocked: river.example.org" in post(desk, "add", code=422, text=PASTED, saw=saw, **link)["said"]
    assert "blocked" in post(desk, "read", code=422, text="https://river.example.org/a")["said"]


def test_what_reads_otherwise_than_it_was_shown_is_not_kept(desk: Page) -> None:
    said = post(desk, "add", code=409, text=PASTED, saw="another", outlet="", link="", authors="", day="")
    assert "reads otherwise now" in said["said"]


def test_only_those_two_addresses_take_a_large_text_and_they_say_where_it_ends(desk: Page) -> None:
    long = f"A long read\n\n{'The council counted every train it missed. ' * 20_000}"
    assert post(desk, "read", text=long)["ok"]
    over = post(desk, "read", code=413, text="x" * (MOST_BYTES + 40_000))
    assert "5 MB" in over["said"] and "Paste" in over["said"]
    form = {CSRF: csrf_word(TOKEN), "kind": "subject", "value": "x" * 20_000, "revision": "0"}
    assert desk.client.post("/api/edit", data=form).status_code == 413


def test_who_may_only_look_adds_nothing(desk: Page) -> None:
    reader = Editor("Ruth", frozenset())
    client = create_preview(desk.workshop, token=TOKEN, editor=reader, now=lambda: NOW).test_client()
    client.get(f"/?token={TOKEN}")
    form = {CSRF: csrf_word(TOKEN), "text": PASTED}
    assert [client.post(f"/api/{path}", data=form).status_code for path in ("read", "add")] == [403, 403]
    page = client.get("/").text
    assert "add-article" not in page and "week-pin" not in page and 'id="candidates"' in page


def test_the_users_sample_reads_as_it_should(desk: Page, bench_data: Path) -> None:
    said = post(desk, "read", text=(bench_data / "seed/article.txt").read_text("utf-8"))
    shown = said["reading"]
    assert said["fields"]["day"] == "2015-09-25"
    assert "UK and US government tech chiefs meet" in shown and 'class="standfirst"' in shown
    opinion = re.search(r'<p class="aside"><span class="why-not" lang="en">not used: (.*?)</span>', shown)
    assert opinion is not None and "view" in opinion[1].casefold()
    removed = shown[shown.index('class="removed"') :]
    assert "Leave a Reply" in removed and "Click Here" in removed
    assert "Matthew Hancock" in shown and '<li class="quote">' in shown


def _stored(desk: Page, id: str) -> Article:
    with open_project(desk.folder) as project:
        found = project.store.articles.get(id)
    assert found is not None
    return found
