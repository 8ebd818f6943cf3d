"""Kills parts of a cluster at chosen instants of an issue, again and again, and prints the table of what that cost.

    python -m bench.cluster_kill [--runs 300] [--seed 1] [--readers 160] [--victim NAME]…

Each run: a fresh issue, two workers, a RabbitMQ, a Redis that comes back empty, a recording receiver. Exit 1 when
anybody is lost or has the issue twice, or is in doubt whom nobody had claimed at that instant (the claim store lost:
whom no worker had been handed), or a second run sends anything.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.cluster_kill import POINTS, VICTIMS, Range, Toll
from tests.cluster_servers import rabbit_server, redis_server, running
from tests.dispatch_newsletter import sink

MOST = {"during merge": 2, "before claim": 8, "after claim": 8}  # passings before the instant; else 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", type=int, default=160)
    parser.add_argument("--victim", choices=VICTIMS, action="append")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    struck = [(victim, point) for victim in options.victim or VICTIMS for point in POINTS]
    tolls: dict[str, list[Toll]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="digest-cluster-") as scratch:
        folder = Path(scratch)
        broker, claims = rabbit_server(folder / "rabbit"), redis_server(folder / "redis")
        log = folder / "accepted.jsonl"
        with running(broker, claims), sink(log, "--reply-delay", "2", "--seed", str(options.seed)) as port:
            range_ = Range(folder, port, log, broker, claims)
            try:
                for run in range(options.runs):
                    victim, point = struck[run % len(struck)]
                    letters = chance.randint(1, MOST.get(point, 30))
                    toll = range_.kill(victim, point, letters, readers=options.readers)
                    tolls[victim].append(toll)
                    print(
                        f"{run + 1:4} {victim}, {point}, {letters}: {'' if toll.is_clean else 'BAD '}{toll}", flush=True
                    )
            finally:
                range_.close()
    print("| killed | runs | lost | doubled | in doubt: in all, most in a run | beyond claimed | a second run sent |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for victim, those in tolls.items():
        doubts = [toll.uncertain for toll in those]
        cells = (
            victim,
            len(those),
            sum(toll.lost for toll in those),
            sum(toll.doubled for toll in those),
            f"{sum(doubts)}, {max(doubts)}",
            sum(toll.beyond for toll in those),
            sum(toll.added for toll in those),
        )
        print(f"| {' | '.join(map(str, cells))} |")
    return int(not all(toll.is_clean for those in tolls.values() for toll in those))


if __name__ == "__main__":
    sys.exit(main())
