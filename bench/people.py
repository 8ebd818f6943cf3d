"""A million people: taken in, known again, verified, taken back. Each in a process of its own, for its memory.

python -m bench.people [--rows 1000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

AT = datetime(2026, 11, 1, tzinfo=UTC)
HEADER = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LAST_CHANGED,LEID\n"
)


def make_list(file: Path, rows: int) -> None:
    """A list as Mailchimp exports it: addresses in no order, a thousand domains, one line in a thousand bad."""
    with file.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for n in range(rows):
            who = n * 2654435761 % 2**32
            address = f"reader.{who:x}@d{who % 1000}.example" if n % 1000 else f"reader.{n}"
            joined = f"20{10 + n % 15}-0{1 + n % 9}-1{n % 9} 10:54:27"
            out.write(f"{address},Ann,Öz {n},2,{joined},198.51.100.7,{joined},198.51.100.7,{joined},{n}\n")


def plan(folder: Path, file: Path, *, dry: bool) -> None:
    from digest.people import read_export
    from digest.store import open_store

    export = read_export(lambda: file.open("rb"), file.name)
    with open_store(folder, create=True) as store:
        report = store.imports.add(
            export.rows(), how="import", basis="double opt-in", who="bench", at=AT, file=str(file), tool=export.tool,
            dry_run=dry,
        )  # fmt: skip
    print(f"{report.added:,} new, {report.known:,} known, {report.rejected:,} bad", end="; ")


def verify(folder: Path) -> None:
    from digest.store import open_store

    with open_store(folder) as store:
        print(store.consent.verify() or "the chain holds", end="; ")


def undo(folder: Path) -> None:
    from digest.store import open_store

    with open_store(folder) as store:
        print("{:,} taken back, {:,} stay".format(*store.imports.undo(1, who="bench", at=AT)), end="; ")


def whole(folder: Path, file: Path) -> None:
    """As it is typed: the summary, then the import."""
    command = [sys.executable, "-m", "digest", "--project", str(folder)]
    subprocess.run([*command, "init", str(folder), "--defaults"], check=True, stdout=subprocess.DEVNULL)
    typed = [*command, "subscribers", "import", str(file), "--basis", "double opt-in", "--yes"]
    subprocess.run(typed, check=True, stdout=subprocess.DEVNULL)


STEPS = ("command", "summary", "import", "again", "verify", "undo")


def step(name: str, folder: Path, file: Path) -> None:
    started = time.perf_counter()
    match name:
        case "summary" | "again":
            plan(folder, file, dry=True)
        case "import":
            plan(folder, file, dry=False)
        case "verify":
            verify(folder)
        case "undo":
            undo(folder)
        case "command":
            whole(folder.with_name("command"), file)
    took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN if name == "command" else resource.RUSAGE_SELF)
    print(
        f"{took:.1f} s, of one core {used.ru_utime + used.ru_stime:.1f} s, {used.ru_maxrss / 1024:.0f} MB", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=STEPS)
    given = parser.parse_args()
    if given.step:
        step(given.step, given.folder / "newsletter", given.folder / "list.csv")
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        make_list(Path(place) / "list.csv", given.rows)
        for name in STEPS:
            print(f"{name:8}", end=" ", flush=True)
            subprocess.run([sys.executable, "-m", "bench.people", "--folder", place, "--step", name], check=True)
        database = Path(place) / "command" / "subscribers.db"
        print(f"the database: {database.stat().st_size / 2**20:,.0f} MB")


if __name__ == "__main__":
    main()
