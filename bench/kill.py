"""Kills a sender again and again while it carries an issue, then counts: lost, doubled, in doubt.

    python -m bench.kill [--kills 50] [--readers 6000] [--connections 8] [--durability full] [--fault NAME:SHARE]…

Exit 1 when anybody is lost or has the issue twice, or more are in doubt than one a connection and kill.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.dispatch_newsletter import kill_against_sink, make_newsletter, sink


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--readers", type=int, default=6000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--kilobytes", type=int, default=1, help="size of a letter")
    parser.add_argument("--durability", choices=["full", "normal"], default="full")
    parser.add_argument("--fault", action="append", default=[], help="of the sink: tempfail, drop-in-data, …")
    parser.add_argument("--reply-delay", type=float, default=2, help="milliseconds the sink takes for its 250")
    parser.add_argument("--longest-ms", type=float, default=120, help="between the first letter and the kill")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digest-kill-") as scratch:
        folder, log = Path(scratch) / "news", Path(scratch) / "accepted.jsonl"
        make_newsletter(
            folder, options.readers, send=f'durability = "{options.durability}"', kilobytes=options.kilobytes
        )
        faults = [word for fault in options.fault for word in ("--fault", fault)]
        with sink(log, "--reply-delay", str(options.reply_delay), "--seed", str(options.seed), *faults) as port:
            toll = kill_against_sink(
                folder,
                log,
                port,
                kills=options.kills,
                connections=options.connections,
                longest_ms=options.longest_ms,
                seed=options.seed,
            )
    for name, value in asdict(toll).items():
        print(f"{name:>20}  {value:.1f}" if isinstance(value, float) else f"{name:>20}  {value}")
    # The sink's own faults after the dot leave doubts, too: then their number says nothing about the kills.
    doubts = 0 if options.fault else max(0, toll.uncertain - options.connections * toll.kills)
    return int(bool(toll.lost or toll.doubled or toll.disagreeing or doubts))


if __name__ == "__main__":
    sys.exit(main())
