"""`pick`, `why` and `brief` by the command line: every choice explained, and what would change it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.config import load_config
from tests.command_line import Run, error_of, make_sample, run_in
from tests.local_web import LocalWeb, page, words

NOW = "2026-03-22T20:00:00+00:00"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger")
    make_sample(folder)
    return folder


@pytest.fixture
def sample(made: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "ledger"
    shutil.copytree(made, folder)
    yield folder


@pytest.fixture
def run(sample: Path) -> Run:
    return run_in(sample)


def why(run: Run, words: str) -> str:
    return run("why", words, "--week", "2026-W12").stdout


def test_why_gives_the_terms_whose_product_is_the_score(run: Run) -> None:
    told = json.loads(run("why", "every late ship", "--week", "2026-W12", "--json").stdout)
    product = 1.0
    for factor in told["terms"].values():
        product *= factor
    assert told["lost"] is None
    assert told["score"] == pytest.approx(product, abs=0.001)
    out = why(run, "every late ship")
    assert "picked, number 1 of 10 by score" in out
    assert "coverage" in out and "fit to the brief" in out
    assert "also: " in out


def test_why_of_a_report_beside_the_lead_names_the_story_that_holds_it(run: Run) -> None:
    assert "its story is told by Harbour Notes" in why(run, "Pilots back")


def test_every_story_of_the_week_is_explained_not_only_the_nearest(run: Run) -> None:
    rows = json.loads(run("articles", "list", "--json").stdout)
    for row in rows:
        out = why(run, row["id"])
        assert "picked" in out.splitlines()[1]
        assert "not picked" not in out or "what would change that: " in out


def test_what_an_editor_did_is_part_of_the_reason(run: Run) -> None:
    missed = next(p for p in json.loads(run("pick", "--week", "2026-W12", "--json").stdout) if p["lost"])
    run("pin", missed["id"], "--week", "2026-W12", now=NOW)
    out = why(run, missed["id"])
    assert "picked, number" in out
    assert "pinned by the editor" in out
    assert "edit: pin, by Mara, 2026-03-22 20:00" in out


def test_a_publishers_wish_is_shown_by_why_and_printed_as_a_link_only(run: Run, sample: Path) -> None:
    with LocalWeb() as web:
        head = '<meta name="robots" content="nosnippet"><meta name="date" content="2026-03-19">'
        web["/story"] = page("Port Ellery harbour counts its berths and delays in public figures", words(7, 6), head)
        run("articles", "add", f"{web.url}/story", "--outlet", "Closed Shop", "--allow-private", now=NOW)
    run("pin", "counts its berths", "--week", "2026-W12")
    run("weekly", "--week", "2026-W12")
    out = why(run, "counts its berths")
    assert "headline and link only: the page says nosnippet" in out
    shown = json.loads(run("issues", "show", "2026-W12", "--json").stdout)
    (item,) = [i for i in shown["items"] if i["title"].startswith("Port Ellery harbour counts")]
    assert item["form"] == "link"
    html = (sample / "var/issues/2026-W12/issue.html").read_text("utf-8")
    assert "counts its berths" in html
    assert "Fact 7-0" not in html


def test_another_language_is_left_out_until_the_newsletter_reads_it(run: Run, sample: Path) -> None:
    config = sample / "digest.toml"
    config.write_text(
        config.read_text("utf-8").replace('languages = ["en", "de", "fr"]', 'languages = ["en"]'), "utf-8"
    )
    told = json.loads(run("why", "Norderhaven", "--week", "2026-W12", "--json").stdout)
    assert "written in de" in told["lost"]
    assert '"de"' in told["remedy"]


def test_a_slip_is_picked_once_what_its_remedy_says_is_done(run: Run) -> None:
    link = "https://slips.example.org/?a=1&b=2"
    run("articles", "add", "-", "--url", link, "--outlet", "Slips", now=NOW, given="A slip of a title\n\nMore soon.\n")
    told = json.loads(run("why", link, "--week", "2026-W12", "--json").stdout)
    assert told["lost"] == "too short to summarize: 2 words"
    (command,) = re.findall("`digest (articles add .*?)`", told["remedy"])
    run(
        *shlex.split(command),
        given="A slip of a title\n\n" + "The harbour counts its ships every day of the year. " * 9,
    )
    again = json.loads(run("why", link, "--week", "2026-W12", "--json").stdout)
    assert "too short" not in (again["lost"] or "")
    assert again["terms"]


def test_a_language_is_told_by_the_newsletters_where_none_is_named(run: Run, sample: Path) -> None:
    config = sample / "digest.toml"
    config.write_text(re.sub(r"(?m)^languages = .*\n", "", config.read_text("utf-8")), "utf-8")
    told = json.loads(run("why", "Norderhaven", "--week", "2026-W12", "--json").stdout)
    assert "[week] languages is not set: only en, the newsletter’s language" in told["lost"]
    assert 'write languages = ["en", "de"] under [week]' in told["remedy"]


def test_a_draft_whose_source_changed_says_so(run: Run, sample: Path) -> None:
    damp = sample / "examples/week/articles/damp.txt"
    damp.write_text(damp.read_text("utf-8") + "\n\nCorrection: the readings were taken in sixty-one homes.\n", "utf-8")
    run("collect", now=NOW)
    out = run("check").stdout
    assert "its source has changed since: version 2, this issue cites version 1" in out
    run("weekly", "--week", "2026-W12")
    assert "has changed since" not in run("check").stdout


NOUNS = "apple bridge candle dragon engine falcon garden hammer island jacket kettle ladder mirror needle oyster pepper"


def test_words_are_suggested_from_past_issues_with_their_evidence(tmp_path: Path) -> None:
    """Eight stories of sixteen were picked for the word "keeper"; "lighthouse" stands in the same ones."""
    run = run_in(tmp_path)
    run("init", str(tmp_path), "--defaults")
    text = (tmp_path / "digest.toml").read_text("utf-8").replace("limit = 10 ", "limit = 8 ")
    text = text.replace("[brief.keywords]\n", "[brief.keywords]\nkeeper = 1.0\n")
    (tmp_path / "digest.toml").write_text(f'{text}\n[[sources]]\npath = "in"\nown = true\n', "utf-8")
    (tmp_path / "in").mkdir()
    for number, noun in enumerate(NOUNS.split()):
        who = "keeper of the lighthouse" if number % 2 else "old farmer"
        says = (
            f"The {noun} of the {who} was {noun}-like for {number + 7} days, and every {noun}ist of {noun}ton saw it."
        )
        (tmp_path / "in" / f"{noun}.txt").write_text(f"{noun.title()}\n\n{says} {says.upper()}", "utf-8")
    assert "no past issue" in error_of(run("brief", "suggest", ok=False))
    run("weekly")
    run("approve", "--yes")
    found = json.loads(run("brief", "suggest", "--json").stdout)
    assert [(row["word"], row["picked"], row["passed"]) for row in found] == [("lighthouse", 8, 0)]
    assert "1 word was added to [brief.keywords]" in run("brief", "suggest", "--add").stdout
    assert load_config(tmp_path).brief.keywords == {"keeper": 1.0, "lighthouse": found[0]["weight"]}
    shown = json.loads(run("brief", "show", "--json").stdout)
    assert shown["keywords"] == dict(load_config(tmp_path).brief.keywords)
    assert run("brief", "suggest", "--add").stdout.startswith("Nothing new: ")


def test_a_number_means_its_list_and_the_lists_week(run: Run) -> None:
    run("pick", "--week", "2026-W12")
    assert run("drop", "2").stdout.startswith("2026-W12: dropped")
    assert "build --week 2026-W12" in run("drop", "2", "--undo").stdout
    assert run("pin", "2", "--week", "2026-W11").stdout.startswith("2026-W11: pinned")
