"""`digest check` as its users have it: its words, its JSON, its exit codes, and what it never asks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command_line import ROOT, error_of, make_sample, run_in
from tests.local_web import LocalWeb

NOW = "2026-03-22T18:00:00+00:00"
ARTICLE = """---
title: The port that counted
date: 2026-03-19
outlet: Harbour Notes
url: {url}
---

The harbour office published the delays of 40 ships in its public record, with the cause of each and its cost.

{rest}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    make_sample(folder)
    return folder


@pytest.fixture
def sample(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "ledger"))


def test_a_warning_is_told_with_its_reason_and_remedy_and_fails_only_when_strict(sample: Path) -> None:
    run = run_in(sample)
    run("edit", "subject", "Short", now=NOW)
    run("build", "--week", "2026-W12")
    out = run("check").stdout
    assert "To look at: " in out
    assert "  subject\n  ! the subject has 5 characters  [subject-length]\n" in out
    assert "    → 15 to 70 read well\n" in out
    assert "2026-W12 has " in error_of(run("check", "--strict", ok=False))


def test_an_error_comes_first_and_exits_1(sample: Path) -> None:
    run = run_in(sample)
    run("edit", "subject", "Re: our figures", now=NOW)
    run("edit", "preheader", "Short", now=NOW)
    run("build", "--week", "2026-W12")
    done = run("check", ok=False)
    assert done.stdout.startswith("2026-W12 for 6 readers, ")
    assert "To mend: 1 error\n\n  subject\n  ✗ " in done.stdout
    assert done.stdout.index("To mend") < done.stdout.index("To look at")
    assert "2026-W12 has 1 error\n" in error_of(done)


def test_json_holds_every_finding_whole(sample: Path) -> None:
    run = run_in(sample)
    run("edit", "subject", "Short", now=NOW)
    run("build", "--week", "2026-W12")
    found = json.loads(run("check", "--json").stdout)
    (finding,) = [f for f in found if f["rule"] == "subject-length"]
    assert finding == {
        "severity": "warning",
        "place": "subject",
        "what": "the subject has 5 characters",
        "remedy": "15 to 70 read well",
        "rule": "subject-length",
        "why": finding["why"],
        "article": "",
        "line": 0,
    }
    assert finding["why"]


def test_an_issue_nobody_would_get_is_a_warning(sample: Path) -> None:
    run = run_in(sample)
    for row in json.loads(run("subscribers", "list", "--json").stdout):
        run("subscribers", "remove", row["address"], "--yes")
    run("queue")
    assert "nobody would get this issue  [nobody-reads]" in run("check").stdout


def test_no_link_into_the_editors_own_network_is_asked(tmp_path: Path) -> None:
    config = (ROOT / "digest.toml").read_text("utf-8").replace("min_items = 3", "min_items = 1")
    start, end = config.index("[[sources]]"), config.index("# Publishers that are left alone")
    (tmp_path / "digest.toml").write_text(f'{config[:start]}[[sources]]\npath = "in"\n\n{config[end:]}', "utf-8")
    (tmp_path / "in").mkdir()
    with LocalWeb() as web:
        (tmp_path / "in/port.md").write_text(ARTICLE.format(url=f"{web.url}/1", rest="More was said. " * 60), "utf-8")
        run = run_in(tmp_path)
        run("weekly", "--week", "2026-W12")
        found = json.loads(run("check", "--fetch-links", "--json", ok=False).stdout)
        (refused,) = [f for f in found if f["rule"] == "link-unanswered" and web.url in f["what"]]
        assert refused["what"].startswith(f"{web.url}/1: ")
        assert [f["severity"] for f in found if f["rule"] == "link-private"] == ["error"]
        assert web.asked == []
