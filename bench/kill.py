"""Kills a sender again and again while it carries an issue, then counts: lost, doubled, in doubt.

    python -m bench.kill [--kills 50] [--readers 6000] [--connections 8] [--durability full] [--fault NAME:SHARE]…
    python -m bench.kill --power-cut      every kill also loses whatever the disk was not told to keep (needs cc)

Exit 1 when anybody is lost or has the issue twice, or more are in doubt than one a connection and kill.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from tests.dispatch_newsletter import ROOT, kill_against_sink, make_newsletter, sink

DATABASE = ("subscribers.db", "subscribers.db-wal")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--readers", type=int, default=6000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--kilobytes", type=int, default=1, help="size of a letter")
    parser.add_argument("--durability", choices=["full", "normal"], default="full")
    parser.add_argument("--fault", action="append", default=[], help="of the sink: tempfail, drop-in-data, …")
    parser.add_argument("--reply-delay", type=float, default=2, help="milliseconds the sink takes for its 250")
    parser.add_argument("--no-pipelining", action="store_true", help="of the sink")
    parser.add_argument("--longest-ms", type=float, default=120, help="between the first letter and the kill")
    parser.add_argument("--power-cut", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digest-kill-") as scratch:
        folder, log = Path(scratch).resolve() / "news", Path(scratch) / "accepted.jsonl"
        make_newsletter(
            folder, options.readers, send=f'durability = "{options.durability}"', kilobytes=options.kilobytes
        )
        environment, after_kill = forgetful_disk(folder, Path(scratch)) if options.power_cut else ({}, lambda: None)
        faults = [word for fault in options.fault for word in ("--fault", fault)]
        faults += ["--no-pipelining"] * options.no_pipelining
        with sink(log, "--reply-delay", str(options.reply_delay), "--seed", str(options.seed), *faults) as port:
            toll = kill_against_sink(
                folder,
                log,
                port,
                kills=options.kills,
                connections=options.connections,
                longest_ms=options.longest_ms,
                seed=options.seed,
                environment=environment,
                after_kill=after_kill,
            )
    for name, value in asdict(toll).items():
        print(f"{name:>20}  {value:.1f}" if isinstance(value, float) else f"{name:>20}  {value}")
    # The sink's own faults after the dot leave doubts, too: then their number says nothing about the kills.
    doubts = 0 if options.fault else max(0, toll.uncertain - options.connections * toll.kills)
    return int(bool(toll.lost or toll.doubled or toll.disagreeing or doubts))


def forgetful_disk(folder: Path, scratch: Path) -> tuple[Mapping[str, str], Callable[[], None]]:
    """The environment for a sender whose database is kept only as far as it was fsynced, and what puts the folder
    into the state that a power cut would leave."""
    library, disk = scratch.resolve() / "forgetful.so", scratch.resolve() / "disk"
    source = ROOT / "bench" / "forgetful.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
    disk.mkdir()
    for name in DATABASE:
        if (folder / name).exists():
            shutil.copy(folder / name, disk / name)

    def cut() -> None:
        (folder / "subscribers.db-shm").unlink(missing_ok=True)
        for name in DATABASE:
            (folder / name).unlink(missing_ok=True)
            if (disk / name).exists():
                shutil.copy(disk / name, folder / name)

    return {"LD_PRELOAD": str(library), "FORGETFUL_FROM": str(folder), "FORGETFUL_TO": str(disk)}, cut


if __name__ == "__main__":
    sys.exit(main())
