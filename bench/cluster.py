"""What workers elsewhere cost beside one process, on this machine: letters a second, and CPU by part.

    python -m bench.cluster speed [--readers 100000] [--workers 2] [--rows 500]     beside one process
    python -m bench.cluster shards                    what one shard costs by itself: the same with shards of 50 and 500
    python -m bench.cluster parts [--readers 1000000]       hand-out, merge, claims and bytes by themselves

Broker, claim store and recording receiver run here, too; so a letter's CPU says more than letters a second. `per core
used` is how many letters a core of the senders' CPU makes, beside as many from one process.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.delivery import KILOBYTES, add_readers, size
from digest.send.states import Settled
from digest.store import open_store
from tests.cluster_newsletter import Cluster, make_cluster, workers
from tests.cluster_servers import Server, rabbit_server, redis_server, running
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, sink
from tests.forker import Child
from tests.forker import start as fork

TICK = os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "shards", "parts"])
    parser.add_argument("--readers", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rows", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digest-cluster-") as scratch:
        {"speed": speed, "shards": shards, "parts": parts}[options.what](options, Path(scratch))
    return 0


def cpu_s(*leaders: int) -> float:
    """CPU that these processes and all of their sessions have used."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(words[3]) in leaders:
            ticks += sum(map(int, words[11:15]))
    return ticks / TICK


@dataclass
class Run:
    """What so many letters took."""

    letters: int
    seconds: float
    cpu: dict[str, float]  # part -> seconds

    @property
    def rate(self) -> float:
        return self.letters / self.seconds

    def each(self, *parts: str) -> float:
        """Microseconds of CPU a letter."""
        return 1e6 * sum(self.cpu[part] for part in parts) / self.letters

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {self.each(name):.0f}" for name in self.cpu)
        return f"{self.letters} letters, {self.rate:,.0f} a second; µs of CPU a letter: {shares}"


def accepted_span(log: Path) -> float:
    """Seconds from the first letter to the last."""
    import json

    with log.open("rb") as lines:
        first, *_, last = lines
    return float(json.loads(last)["at"] - json.loads(first)["at"])


def from_here(scratch: Path, readers: int, connections: int) -> Run:
    folder, log = scratch / "local", scratch / "local.jsonl"
    make_newsletter(folder, readers, kilobytes=KILOBYTES)
    with sink(log) as port:
        child = fork("tests.dispatch_newsletter", [str(folder), f"{port}/{connections}"], new_session=True)
        used = 0.0
        while child.poll() is None:
            used = cpu_s(child.pid) or used
            time.sleep(0.02)
        assert child.wait() == 0
    return Run(readers, accepted_span(log), {"one process": used})


def from_elsewhere(
    scratch: Path, servers: tuple[Server, Server], readers: int, number: int, connections: int, rows: int
) -> Run:
    folder = scratch / f"workers-{rows}"
    log = scratch / f"workers-{rows}.jsonl"
    with ExitStack() as stack:
        port = stack.enter_context(sink(log))
        cluster = make_cluster(folder, readers, port, log, *servers, connections=connections, kilobytes=KILOBYTES)
        cluster.rows, cluster.seconds = rows, 60
        warm_up(cluster, stack, number)
        those = [worker.pid for worker in RUNNING]
        broker, claims = (server.process.pid for server in servers if server.process is not None)
        before = {"workers": cpu_s(*those), "broker": cpu_s(broker), "claim store": cpu_s(claims)}
        coordinator = cluster.coordinator()
        used = 0.0
        while coordinator.poll() is None:
            used = cpu_s(coordinator.pid) or used
            time.sleep(0.02)
        assert coordinator.wait() == 0
        cpu = {
            "workers": cpu_s(*those) - before["workers"],
            "coordinator": used,
            "broker": cpu_s(broker) - before["broker"],
            "claim store": cpu_s(claims) - before["claim store"],
        }
    return Run(readers, accepted_span(log), cpu)


RUNNING: list[Child] = []


def warm_up(cluster: Cluster, stack: ExitStack, number: int) -> None:
    RUNNING[:] = stack.enter_context(workers(cluster, number))
    time.sleep(4)  # until they wait for shards


def start_servers(scratch: Path, stack: ExitStack) -> tuple[Server, Server]:
    broker, claims = rabbit_server(scratch / "rabbit"), redis_server(scratch / "redis")
    stack.enter_context(running(broker, claims))
    return broker, claims


def speed(options: argparse.Namespace, scratch: Path) -> None:
    readers = options.readers or 100_000
    local = from_here(scratch, readers, options.connections)
    print(f"one process:   {local}", flush=True)
    with ExitStack() as stack:
        servers = start_servers(scratch, stack)
        far = from_elsewhere(scratch, servers, readers, options.workers, options.connections, options.rows)
    print(f"{options.workers} workers:     {far}")
    print(f"letters a second beside one process: {far.rate / local.rate:.2f}")
    print(f"per core used, workers alone: {local.each('one process') / far.each('workers'):.2f}")
    print(f"the same, all parts of the cluster: {local.each('one process') / far.each(*far.cpu):.2f}")


def shards(options: argparse.Namespace, scratch: Path) -> None:
    """A letter's CPU is a + b / rows: two sizes give what a shard costs by itself."""
    readers = options.readers or 20_000
    with ExitStack() as stack:
        servers = start_servers(scratch, stack)
        few, many = (
            from_elsewhere(scratch, servers, readers, options.workers, options.connections, rows) for rows in (50, 500)
        )
    print(f"shards of 50:  {few}\nshards of 500: {many}")
    for part in few.cpu:
        fixed = (few.each(part) - many.each(part)) / (1 / 50 - 1 / 500)
        print(
            f"{part}: {fixed / 1000:.2f} ms a shard, {100 * fixed / 500 / many.each('workers'):.1f} % of a worker’s 500"
        )


def parts(options: argparse.Namespace, scratch: Path) -> None:
    readers = options.readers or 1_000_000
    folder = scratch / "news"
    make_newsletter(folder, 1, kilobytes=1)
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "draft", who="bench", at=NOW)
        add_readers(store.conn, readers)
        store.ledger.freeze(SLUG, "", NOW)
        known = store.issues.get(SLUG)
        assert known is not None
        store.issues.approve(SLUG, fingerprint=known.fingerprint, who="editor", at=NOW)
        store.issues.set_state(SLUG, "sending", who="bench", at=NOW)
        frozen, cpu = size(store.conn), time.process_time()
        took = {"hand-out": 0.0, "merge": 0.0}
        handed = 0
        while handed < min(readers, 200_000):
            shard = f"shard-{handed:016x}-0123456789"
            began = time.perf_counter()
            rows, _ = store.shards.hand_out(SLUG, shard, options.rows, datetime.now(UTC))
            took["hand-out"] += time.perf_counter() - began
            said = Settled("accepted", None, "250 2.0.0 Ok: queued as 4FdZ8q1")
            began = time.perf_counter()
            for at in range(0, len(rows), 200):
                settled = [(row.ordinal, said.state, said.reply, said.due) for row in rows[at : at + 200]]
                store.ledger.commit(SLUG, shard, (), settled, datetime.now(UTC))
            took["merge"] += time.perf_counter() - began
            handed += len(rows)
        cpu = time.process_time() - cpu
        for what, seconds in took.items():
            print(f"{what}: {handed / seconds:,.0f} rows a second")
        print(
            f"both: {1e6 * cpu / handed:.1f} µs of CPU a row; {(size(store.conn) - frozen) / handed:.1f} B a row more"
        )
    print(f"memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    claims = redis_server(scratch / "redis")
    with running(claims):
        measure_claims(claims.port)


def measure_claims(port: int) -> None:
    import redis

    from digest.dispatch.cluster.claims import CLAIM, claim_arguments, keys_of

    ordinals = 50_000_000
    with redis.Redis(port=port, password="claims", decode_responses=True) as store:
        keys = keys_of("digest:bench", "e")
        store.set(keys["epoch"], "e")
        claim = store.register_script(CLAIM)
        names = [keys[name] for name in ("epoch", "stop", "taken-back", "barred", "claimed:", "accepted:")]
        store.setbit(keys["claimed:"] + "0", ordinals - 1, 1)
        print(f"a bitmap of {ordinals:,}: {store.memory_usage(keys['claimed:'] + '0') / 1e6:.2f} MB")
        for many in (1, 4, 8, 50):
            before, began = store.info("cpu"), time.perf_counter()
            rounds = 2000
            for turn in range(rounds):
                wanted = [(0, turn * many + n) for n in range(many)]
                claim(keys=names, args=claim_arguments("e", "shard", (), wanted))
            after, took = store.info("cpu"), time.perf_counter() - began
            used = sum(after[k] - before[k] for k in ("used_cpu_user", "used_cpu_sys"))
            print(
                f"claims of {many}: {1e6 * took / rounds / many:.1f} µs each, "
                f"{1e6 * used / rounds / many:.1f} in the store"
            )


if __name__ == "__main__":
    sys.exit(main())
