"""The command line as its users have it: a process of its own, its words and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


def run_in(folder: Path) -> Run:
    def run(
        *args: str, ok: bool = True, now: str = "", given: str = "", who: str = "Mara"
    ) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "DIGEST_EDITOR": who}
        if now:
            env["DIGEST_NOW"] = now
        done = subprocess.run(
            [sys.executable, "-m", "digest", "--project", str(folder), *args],
            input=given,
            capture_output=True,
            text=True,
            env=env,
            cwd=ROOT,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        if ok:
            assert done.returncode == 0, done.stderr + done.stdout
        else:
            assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
        return done

    return run


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stderr.startswith("digest: "), done.stderr
    return done.stderr
