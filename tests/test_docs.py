"""What the README says, runs: each of its blocks, in order, on a fresh copy of the sample newsletter."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.S)
SERVES = {"preview", "serve"}  # they run until Ctrl-C; the browser tests start them


def commands(block: str) -> list[str]:
    return [line[2:].split("  #")[0].strip() for line in block.splitlines() if line.startswith("$ digest ")]


@pytest.mark.parametrize("block", [b for b in BLOCKS if commands(b)], ids=lambda b: b.split()[2])
def test_a_block_of_the_readme_runs_as_typed(block: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "digest.toml", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copy(ROOT / "examples/week/subscribers.csv", tmp_path / "readers.csv")
    shutil.copy(ROOT / "examples/week/articles/damp.txt", tmp_path / "pasted.txt")
    env = {**os.environ, "DIGEST_NOW": "2026-03-22T18:00:00+00:00", "DIGEST_EDITOR": "Mara"}

    def run(line: str) -> None:
        words = line.split(" < ")
        args = shlex.split(words[0])[1:]
        extra = {"init": ["--defaults"], "approve": ["--yes"], "send": ["--yes"]}.get(args[0], [])
        given = (tmp_path / words[1]).read_bytes() if len(words) > 1 else b""
        done = subprocess.run(
            [sys.executable, "-m", "digest", *args, *extra], cwd=tmp_path, env=env, input=given, capture_output=True
        )
        assert done.returncode == 0, f"{line}\n{done.stdout.decode()}\n{done.stderr.decode()}"

    run("digest weekly")
    for line in commands(block):
        if line.split()[1] not in SERVES:
            run(line)


def test_the_readmes_library_example_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Span(") >= 1


def test_the_changelog_and_the_readme_speak_of_the_same_commands() -> None:
    from digest.cli import ALL

    for name in re.findall(r"`digest ([a-z]+)", README + (ROOT / "CHANGELOG.md").read_text("utf-8")):
        assert name in ALL, name
