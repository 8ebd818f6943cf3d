"""digest.toml changed by commands: what was there stays, to the comment, and a file that would break is left alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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


@pytest.mark.parametrize("written", ["in", "in/", "./in", "other/../in"])
def test_a_folder_is_one_source_however_it_is_written(folder: Path, written: str) -> None:
    with (folder / "digest.toml").open("a") as file:
        file.write(f'\n[[sources]]\npath = "{written}"\nweight = 2\n')
    assert load_config(folder).brief_for_picking().source_weights["in"] == 2.0
    assert add_sources(folder, [SourceEntry(path="in"), SourceEntry(path=".//in/")]) == 0
    assert remove_source(folder, "in")


def test_what_no_file_in_utf_8_can_hold_is_refused_and_the_file_stays(folder: Path) -> None:
    before = text(folder)
    with pytest.raises(ConfigError, match=r"'x\\udcff' is no text that digest.toml can hold"):
        block(folder, "spam.example", "x\udcff")
    assert text(folder) == before


def test_a_block_is_added_given_another_reason_and_taken_back(folder: Path) -> None:
    before = text(folder)
    block(folder, "spam.example", "asked us")
    block(folder, "spam.example", "asked us twice")
    assert [(b.domain, b.reason) for b in load_config(folder).block] == [("spam.example", "asked us twice")]
    assert unblock(folder, "spam.example")
    assert not unblock(folder, "spam.example")
    assert text(folder).rstrip() == before.rstrip()


def test_a_domain_blocked_again_without_a_reason_keeps_the_old_one_and_its_comment(folder: Path) -> None:
    written = '\n[[block]]\ndomain = "Spam.example"  # see the letter of 3 March\nreason = "asked us"  # twice\n'
    with (folder / "digest.toml").open("a") as file:
        file.write(written)
    block(folder, "spam.example", "")
    assert text(folder).endswith(written)
    block(folder, "spam.example", "copies")
    assert text(folder).endswith(written.replace("asked us", "copies"))
    block(folder, "ham.example", "")
    block(folder, "ham.example", "copies too")
    assert [b.reason for b in load_config(folder).block] == ["copies", "copies too"]


def test_changes_at_the_same_time_are_all_made(folder: Path) -> None:
    names = [f"n{number}.example" for number in range(8)]
    program = "import sys; from pathlib import Path; from digest.config_edit import block; block(Path(sys.argv[1]), sys.argv[2], '')"
    running = [subprocess.Popen([sys.executable, "-c", program, str(folder), name], cwd=ROOT) for name in names]
    assert [process.wait(60) for process in running] == [0] * len(names)
    assert sorted(b.domain for b in load_config(folder).block) == names


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path, mark: bytes, ends: bytes) -> None:
    before = mark + (ROOT / "digest.toml").read_bytes().replace(b"\n", ends)
    (tmp_path / "digest.toml").write_bytes(before)
    block(tmp_path, "spam.example", "")
    after = (tmp_path / "digest.toml").read_bytes()
    assert after == before + ends.join([b"", b"[[block]]", b'domain = "spam.example"', b""])
    unblock(tmp_path, "spam.example")
    assert (tmp_path / "digest.toml").read_bytes().rstrip() == before.rstrip()


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder, on another file system where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def test_a_link_stays_one_and_the_file_behind_it_changes_with_its_mode(folder: Path, elsewhere: Path) -> None:
    real = elsewhere / "shared.toml"
    shutil.move(folder / "digest.toml", real)
    real.chmod(0o640)
    (folder / "digest.toml").symlink_to(real)
    block(folder, "spam.example", "")
    assert (folder / "digest.toml").is_symlink()
    assert [b.domain for b in load_config(folder).block] == ["spam.example"]
    assert real.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in elsewhere.iterdir()] == ["shared.toml"]


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
    assert sorted(p.name for p in tmp_path.iterdir()) == ["digest.toml", "var"]


def test_a_change_that_would_not_load_is_refused_and_the_file_stays(folder: Path) -> None:
    before = text(folder)
    with pytest.raises(ConfigError, match="is no domain"):
        block(folder, "not a domain", "")
    assert text(folder) == before
