"""The command line as its users have it: a process of its own, its words and its exit code."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.forker import ROOT, start

Run = Callable[..., subprocess.CompletedProcess[str]]

LATER = f"{datetime.now(UTC) + timedelta(days=300):%Y-%m-%d} 18:00"  # no test lives to see it


def run_in(folder: Path) -> Run:
    def run(
        *args: str,
        ok: bool = True,
        code: int | None = None,
        now: str = "",
        given: str = "",
        who: str = "Mara",
        env: Mapping[str, str] = {},
    ) -> subprocess.CompletedProcess[str]:
        around = {**os.environ, "DIGEST_EDITOR": who, **env}
        if now:
            around["DIGEST_NOW"] = now
        done = run_digest(["--project", str(folder), *args], env=around, given=given)
        assert "Traceback" not in done.stderr, done.stderr
        wanted = (0 if ok else 1) if code is None else code
        assert done.returncode == wanted, (done.returncode, done.stdout, done.stderr)
        return done

    return run


def run_digest(
    args: Sequence[str], *, env: Mapping[str, str], given: str = "", cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """`digest ARGS` in *cwd*, from its beginning to its end."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as typed,
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        tempfile.TemporaryFile("w+", encoding="utf-8") as complained,
    ):
        typed.write(given)
        typed.seek(0)
        code = start("digest", args, env=env, cwd=cwd, stdin=typed, stdout=said, stderr=complained).wait()
        said.seek(0)
        complained.seek(0)
        return subprocess.CompletedProcess(list(args), code, said.read(), complained.read())


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stderr.startswith("digest: "), done.stderr
    return done.stderr


def make_sample(folder: Path) -> None:
    """The sample newsletter in *folder*, with its readers and its draft."""
    shutil.copytree(_sample(), folder, dirs_exist_ok=True)


@cache
def _sample() -> Path:
    """Made once, and copied."""
    folder = Path(tempfile.mkdtemp(prefix="digest-sample-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(ROOT / "digest.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    run = run_in(folder)
    run("subscribers", "import", str(ROOT / "examples/week/subscribers.csv"), "--yes")
    run("weekly", "--week", "2026-W12")
    return folder
