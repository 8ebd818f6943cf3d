"""The templates are found wherever the program is installed: checkout, editable install, built wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RENDER = """
import sys
from pathlib import Path
from digest.render.templates import find_templates, packaged_templates
folder = packaged_templates()
assert str(folder).startswith(sys.argv[1]), folder
from digest.render.words import words_for
names = find_templates(None).environment().list_templates()
assert {f"{layout}/issue.{kind}.j2" for layout in ("briefing", "essay", "links") for kind in ("html", "txt")} <= {*names}
assert words_for("de").minutes
print(sorted(p.name for p in folder.iterdir())[0])
"""


def run(code: str, *args: str, path: str = "") -> str:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path:
        env["PYTHONPATH"] = path
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, env=env, cwd=ROOT.parent, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_checkout_finds_its_own_templates() -> None:
    run(RENDER, str(ROOT / "templates" / "email"), path=str(ROOT))


def test_a_built_wheel_brings_its_templates_and_word_lists(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    assert (tmp_path / "site" / "digest" / "py.typed").is_file()
    code = "import sys; from digest.text.speech import languages; print(*languages())"
    assert {"en", "de", "fr", "es", "it", "pt", "nl"} <= set(run(code, path=str(tmp_path / "site")).split())
    run(RENDER, str(tmp_path / "site" / "digest" / "templates" / "email"), path=str(tmp_path / "site"))
