"""digest.toml changed by commands: what was there stays, to the comment, and a file that would break is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digest.config import SourceEntry, load_config
from digest.config_edit import add_keywords, add_sources, block, remove_source, rename_source, unblock
from digest.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "digest.toml", tmp_path)
    return tmp_path


def text(folder: Path) -> str:
    return (folder / "digest.toml").read_text("utf-8")


def lines_gone(before: str, after: str) -> list[str]:
    kept = after.splitlines()
    return [line for line in before.splitlines() if line not in kept]


def test_sources_are_added_once_and_nothing_else_changes(folder: Path) -> None:
    before = text(folder)
    new = SourceEntry(url="https://example.org/f.xml", outlet='The "Ex"', section="Nature", allow_private=True)
    assert add_sources(folder, [new, new, SourceEntry(path="examples/week/harbour.xml")]) == 1
    assert text(folder).startswith(before)
    assert load_config(folder).sources[-1] == new
    assert add_sources(folder, [new]) == 0


def test_a_source_is_renamed_in_place_with_its_comment(folder: Path) -> None:
    with (folder / "digest.toml").open("a") as file:
        file.write("\n[[sources]] # ours\nurl   =  'https://old.example/f' # slow\nweight = 0.5\n")
    rename_source(folder, "https://old.example/f", "https://new.example/f")
    assert 'url   =  "https://new.example/f" # slow\nweight = 0.5\n' in text(folder)
    assert load_config(folder).sources[-1] == SourceEntry(url="https://new.example/f", weight=0.5)


def test_a_source_taken_out_leaves_its_neighbors_and_the_comments(folder: Path) -> None:
    before = text(folder)
    assert remove_source(folder, "examples/week/harbour.xml")
    assert not remove_source(folder, "examples/week/harbour.xml")
    assert [s.name for s in load_config(folder).sources] == ["examples/week/articles", "examples/week/fieldnotes.json"]
    assert all("harbour.xml" in line for line in lines_gone(before, text(folder)))


def test_a_block_is_added_given_another_reason_and_taken_back(folder: Path) -> None:
    before = text(folder)
    block(folder, "spam.example", "asked us")
    block(folder, "spam.example", "asked us twice")
    assert [(b.domain, b.reason) for b in load_config(folder).block] == [("spam.example", "asked us twice")]
    assert unblock(folder, "spam.example")
    assert not unblock(folder, "spam.example")
    assert text(folder).rstrip() == before.rstrip()


def test_keywords_join_those_that_are_there(folder: Path) -> None:
    before = dict(load_config(folder).brief.keywords)
    assert add_keywords(folder, {"open data": 0.1, "tide gauge": 0.7, "straße": 0.4}) == 2
    assert dict(load_config(folder).brief.keywords) == {**before, "tide gauge": 0.7, "straße": 0.4}


def test_keywords_get_a_table_where_there_was_none(tmp_path: Path) -> None:
    (tmp_path / "digest.toml").write_text('[newsletter]\nname = "x"\nfrom = "a@example.org"\n[brief]\nline = "y"')
    add_keywords(tmp_path, {"tide": 0.5})
    assert load_config(tmp_path).brief.keywords == {"tide": 0.5}


@pytest.mark.parametrize(
    "written",
    [
        'sources = [{url = "https://old.example/f"}]\n',
        '[[ "sources" ]]\nurl = "https://old.example/f"\n',
        '[[sources]]\nurl = """https://old.example/f"""\n',
    ],
)
def test_a_file_written_in_an_unusual_way_is_left_as_it_is(tmp_path: Path, written: str) -> None:
    head = '[newsletter]\nname = "x"\nfrom = "a@example.org"\n'
    whole = written + head if written.startswith("sources") else head + written
    (tmp_path / "digest.toml").write_text(whole)
    with pytest.raises(ConfigError, match="cannot change") as caught:
        rename_source(tmp_path, "https://old.example/f", "https://new.example/f")
    assert "by hand" in caught.value.hint
    assert text(tmp_path) == whole
    assert [p.name for p in tmp_path.iterdir()] == ["digest.toml"]


def test_a_change_that_would_not_load_is_refused_and_the_file_stays(folder: Path) -> None:
    before = text(folder)
    with pytest.raises(ConfigError, match="is no domain"):
        block(folder, "not a domain", "")
    assert text(folder) == before
