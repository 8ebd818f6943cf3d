"""Letters of every layout and kind of issue, through the outside gate `email_check`.

    python -m bench.gate                      # needs Node 20, Chromium, Java and SpamAssassin; 9 s of CPU a letter
    python -m bench.gate --skip browser,nu,spam
    python -m bench.gate --only arabic --layouts essay --shots build/shots

The gate looks at each letter in light and in dark, at four widths, with and without its style sheet. Its folder is
found by DIGEST_EMAIL_CHECK (default ../shared/bench/email_check) and copied to build/gate before `npm ci`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from digest.model import Envelope
from digest.render import render_issue
from digest.render.message import Skeleton
from digest.render.reader import own_words
from tests.picture_samples import copies, pictured
from tests.render_cases import Case, cases
from tests.render_samples import FIELDS

LAYOUTS = ("briefing", "essay", "links")
SOURCE = Path(os.environ.get("DIGEST_EMAIL_CHECK", "../shared/bench/email_check"))
GATE = Path("build/gate")
LETTERS = Path("build/letters")


def letter(case: Case) -> bytes:
    """The whole message to one reader, as it would leave."""
    issue, config = case
    skeleton = Skeleton(render_issue(issue, config, copies=copies()), "", config)
    made = skeleton.letter(
        ordinal=0,
        envelope=Envelope("bounce@ledger.example.com", FIELDS["EMAIL"]),
        message_id="<0.112@ledger.example.com>",
        date=datetime(2015, 9, 28, 6, 30, tzinfo=UTC),
        fields={**FIELDS, **own_words(config, config.newsletter.language, email=FIELDS["EMAIL"])},
        one_click=True,
    )
    return b"".join(made.chunks)


def write_letters(layouts: list[str], only: str) -> Iterator[Path]:
    shutil.rmtree(LETTERS, ignore_errors=True)
    LETTERS.mkdir(parents=True)
    for layout in layouts:
        pictures = {} if layout == "links" else pictured(template=layout)
        for name, case in {**cases(template=layout), **pictures}.items():
            if only in name:
                path = LETTERS / f"{layout}-{name}.eml"
                path.write_bytes(letter(case))
                yield path


def ready_gate() -> None:
    if not (GATE / "node_modules").is_dir():
        shutil.copytree(SOURCE, GATE, dirs_exist_ok=True, copy_function=shutil.copyfile)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=GATE, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--skip", default="", help="parts of the gate to leave out")
    parser.add_argument("--shots", type=Path, help="where to put its screenshots")
    options = parser.parse_args()
    ready_gate()
    files = list(write_letters(options.layouts.split(","), options.only))
    extra = ["--skip", options.skip] if options.skip else []
    extra += ["--shots", str(options.shots)] if options.shots else []
    command = ["node", str(GATE / "check.mjs"), "--json", "--final", *extra, *map(str, files)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for result in told["results"]:
        row = result["row"]
        print(f"{row['file']:24} {row['errors']} errors  {row['warnings']} warnings  HTML {row['bytes']:,} B")
        for finding in {(i["level"], i["id"], i["text"]) for i in result["issues"]}:
            print("   ", *finding)
    for missing in told["missing"]:
        print("MISSING", missing)
    errors, warnings = (sum(r["row"][key] for r in told["results"]) for key in ("errors", "warnings"))
    print(f"{len(files)} letters: {errors} errors, {warnings} warnings")


if __name__ == "__main__":
    main()
