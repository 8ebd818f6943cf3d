"""`digest summarize` and `digest quotes` as an editor types them, and the words an item may have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from digest.condense import READ_SENTENCES
from digest.model import SUMMARY_METHODS
from digest.text.words import count_words
from tests.command_line import ROOT, Run, error_of, run_in
from tests.local_web import LocalWeb, page

TEXT = """The harbour lists its late ships

HALDEN (AP) — The harbour of Halden listed 128 late ships in March on a page of its own. The page cost 4,000 pounds.

“We were the bad weather,” said Ana Lee, the harbour master. It could be argued that nobody reads such a page.
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return run_in(tmp_path)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "ships.txt"
    file.write_text(TEXT, "utf-8")
    return file


def test_the_summary_names_its_offsets(text: Path, run: Run) -> None:
    told = json.loads(run("summarize", str(text), "--json").stdout)
    assert told["title"] == "The harbour lists its late ships"
    assert told["sentences"][0]["text"].startswith("The harbour of Halden listed 128")
    assert "why" not in told


def test_why_names_the_rule_for_each_sentence(text: Path, run: Run) -> None:
    told = json.loads(run("summarize", str(text), "--why", "--json").stdout)
    by_text = {row["text"]: row for row in told["why"]}
    assert [t for t, row in by_text.items() if row["in"]] == [s["text"] for s in told["sentences"]]
    assert next(row["verdict"] for t, row in by_text.items() if t.startswith("It could")) == "the writer's comment"
    shown = run("summarize", str(text), "--why").stdout
    assert "the writer's comment" in shown and "quote first" in shown


def test_all_methods_stand_side_by_side(text: Path, run: Run) -> None:
    told = json.loads(run("summarize", str(text), "--compare", "--json").stdout)
    assert [row["method"] for row in told] == list(SUMMARY_METHODS)
    shown = run("summarize", "-", "--compare", given=TEXT).stdout
    assert [line[:-1] for line in shown.splitlines() if line.endswith(":")] == list(SUMMARY_METHODS)


def test_an_unknown_method_is_refused_with_the_known_ones(text: Path, run: Run) -> None:
    answer = run("summarize", str(text), "--method", "lexrank", ok=False)
    assert "lex-rank" in answer.stderr


def test_a_long_text_is_cut_and_says_so(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "long.txt"
    sentences = [f"Ship {n} of the port of Halden lay {n} hours in the fog off the coast." for n in range(400)]
    file.write_text("A title for it\n\n" + " ".join(sentences), "utf-8")
    assert f"first {READ_SENTENCES} sentences" in run("summarize", str(file)).stdout


def test_a_page_is_summarized_and_its_publishers_wish_heeded(run: Run) -> None:
    run("init", "--defaults")
    words = "The harbour of Halden listed 128 late ships in March on a page of its own, the office said. " * 6
    with LocalWeb() as web:
        web["/open"] = page("Late ships", f"<p>{words}</p>")
        web["/shut"] = page("Late ships", f"<p>{words}</p>", '<meta name="robots" content="nosnippet">')
        shown = run("summarize", f"{web.url}/open", "--allow-private").stdout
        assert "listed 128 late ships" in shown
        shut = run("summarize", f"{web.url}/shut", "--allow-private").stdout
    assert "128" not in shut and "nosnippet" in shut
    assert "open it in a browser" in run("summarize", f"{web.url}/open", "--allow-private", ok=False).stderr


def test_a_text_of_which_nothing_fits_says_so(run: Run) -> None:
    given = 'Late ships\n\n"Nobody closed this quote. And it goes on. So does the harbour.\n'
    assert "no sentence fits: --why says" in run("summarize", "-", given=given).stdout
    assert "part of a quote" in run("summarize", "-", "--why", given=given).stdout


def item_words(run: Run, place: int) -> int:
    told = json.loads(run("issues", "show", "last", "--json").stdout)
    item = told["items"][place - 1]
    texts = [e["text"] for e in item["excerpts"]] + [text for quote in item["quotes"] for text in quote["texts"]]
    return sum(map(count_words, texts))


def test_an_item_a_section_and_a_reading_time_have_their_own_budgets(run: Run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    config = (ROOT / "digest.toml").read_text("utf-8")
    (tmp_path / "digest.toml").write_text(config, "utf-8")
    run("weekly", "--week", "2026-W12")
    assert item_words(run, 2) > 30
    run("edit", "--week", "2026-W12", "words", "2", "30")
    run("build", "--week", "2026-W12")
    assert 0 < item_words(run, 2) <= 30
    run("edit", "--week", "2026-W12", "words", "2", "6s")
    run("build", "--week", "2026-W12")
    assert 0 < item_words(run, 2) <= 230 * 6 // 60
    for wrong in ("9", "2s", "many", "-5"):
        assert "is no budget of words" in error_of(run("edit", "words", "2", "--", wrong, ok=False))
    run("edit", "--week", "2026-W12", "words", "2")
    (tmp_path / "digest.toml").write_text(config.replace("[summary]", "[summary]\nmax_seconds = 10", 1), "utf-8")
    run("build", "--week", "2026-W12")
    assert max(item_words(run, 1), item_words(run, 2)) <= 230 * 10 // 60
    short = config.replace('[[sections]]\nname = "Cities"', '[[sections]]\nname = "Cities"\nmax_seconds = 7', 1)
    (tmp_path / "digest.toml").write_text(short, "utf-8")
    run("build", "--week", "2026-W12")
    assert item_words(run, 1) > item_words(run, 5)
    assert max(item_words(run, 5), item_words(run, 6)) <= 230 * 7 // 60


def test_what_is_no_web_address_is_no_file_either(run: Run) -> None:
    assert "is no web address" in error_of(run("summarize", "ftp://example.org/x", ok=False))


def test_offsets_count_the_text_that_comes_with_them(run: Run) -> None:
    told = json.loads(run("summarize", str(ROOT / "examples/week/articles/damp.txt"), "--json").stdout)
    assert told["sentences"]
    assert all(told["text"][s["start"] : s["end"]] == s["text"] for s in told["sentences"])
