"""The command line as its users have it: a process of its own, its words and its exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


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
        done = subprocess.run(
            [sys.executable, "-m", "digest", "--project", str(folder), *args],
            input=given,
            capture_output=True,
            text=True,
            env=around,
            cwd=ROOT,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        wanted = (0 if ok else 1) if code is None else code
        assert done.returncode == wanted, (done.returncode, done.stdout, done.stderr)
        return done

    return run


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stderr.startswith("digest: "), done.stderr
    return done.stderr


def make_sample(folder: Path) -> None:
    """The sample newsletter in *folder*, with its readers and its draft."""
    shutil.copy(ROOT / "digest.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    run = run_in(folder)
    run("subscribers", "import", str(ROOT / "examples/week/subscribers.csv"), "--yes")
    run("weekly", "--week", "2026-W12")
