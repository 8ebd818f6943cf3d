"""Our check beside an outside gate: every mail of tests/check_samples.py with one thing wrong, through both.

    python -m bench.judges GATE            # GATE: a folder with the gate's check.mjs, its packages installed
    python -m bench.judges GATE --browser  # axe and the rendered sizes too: about 8 s a mail

Prints, for each rule of ours, what the gate says of the same mail that it does not say of the right one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from digest.render.message import preview_html, preview_text
from tests.check_samples import Mail, right_mails, wrong_mails
from tests.render_samples import FIELDS


def judged(mails: dict[str, Mail], gate: Path, *, browser: bool) -> dict[str, set[str]]:
    """Name of each mail -> the ids and levels of what the gate finds in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, mail in enumerate(mails.values()):
            (variant,) = mail.rendered().variants
            (folder / f"{number:03}.html").write_text(preview_html(variant, FIELDS), "utf-8")
            (folder / f"{number:03}.txt").write_text(preview_text(variant, FIELDS), "utf-8")
        files = sorted(map(str, folder.glob("*.html")))
        skip = "nu,spam" if browser else "browser,nu,spam"
        command = ["node", str(gate / "check.mjs"), "--json", "--final", "--skip", skip, *files]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    found = {
        Path(one["row"]["file"]).stem: {f"{issue['id']} {issue['level']}" for issue in one["issues"]}
        for one in told["results"]
    }
    return {name: found[f"{number:03}"] for number, name in enumerate(mails)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gate", type=Path)
    parser.add_argument("--browser", action="store_true")
    options = parser.parse_args()
    usual = judged({"right": right_mails()["ten items"]}, options.gate, browser=options.browser)["right"]
    print(f"of the right mail: {', '.join(sorted(usual)) or 'nothing'}")
    for rule, found in judged(wrong_mails(), options.gate, browser=options.browser).items():
        print(f"{rule:22} {', '.join(sorted(found - usual)) or '-'}")
    for name, found in judged(right_mails(), options.gate, browser=options.browser).items():
        print(f"right: {name:40} {', '.join(sorted(found)) or '-'}")


if __name__ == "__main__":
    main()
