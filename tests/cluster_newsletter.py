"""A small approved issue, sent by workers: a broker, a claim store and a sink of the test's own.

python -m tests.cluster_newsletter coordinator FOLDER ROWS SECONDS     hands it out, in shards of ROWS readers
python -m tests.cluster_newsletter worker FOLDER                       a worker process
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from digest.config import load_config
from digest.dispatch.cluster.shards import KEY, KEY_VARIABLE, make_key
from tests.cluster_servers import Server
from tests.dispatch_newsletter import SLUG, TOML, make_newsletter
from tests.forker import Child
from tests.forker import start as fork

CLUSTER = """
[smtp]
host = "127.0.0.1"
port = {sink}
security = "none"
connections = {connections}
[cluster]
broker = "amqp://guest@127.0.0.1:{broker}//"
claims = "redis://127.0.0.1:{claims}/0"
"""


@dataclass
class Cluster:
    """Where the parts are, and a folder for each side."""

    news: Path  # the newsletter’s folder
    far: Path  # all that a worker has
    broker: Server
    claims: Server
    log: Path  # of the sink
    rows: int = 40
    seconds: float = 1.0

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DIGEST_BROKER_PASSWORD": "guest",
            "DIGEST_CLAIMS_PASSWORD": "claims",
            KEY_VARIABLE: make_key(self.news),
            "OPENBLAS_NUM_THREADS": "1",
        }

    def coordinator(self) -> Child:
        return self._start("coordinator", self.news, str(self.rows), str(self.seconds))

    def worker(self) -> Child:
        return self._start("worker", self.far)

    def _start(self, what: str, *words: object) -> Child:
        with (self.news.parent / f"{what}.log").open("ab") as out:
            return fork(
                "tests.cluster_newsletter",
                [what, *map(str, words)],
                env=self.environment,
                stdout=out.fileno(),
                stderr=out.fileno(),
                new_session=True,
            )


def make_cluster(
    folder: Path,
    readers: int | list[str],
    sink: int,
    log: Path,
    broker: Server,
    claims: Server,
    *,
    connections: int = 4,
    **options: object,
) -> Cluster:
    """*options*: of the newsletter, see `make_newsletter`."""
    news, far = folder / "news", folder / "far"
    make_newsletter(news, readers, **{"send": 'transport = "smtp"', **options})  # type: ignore[arg-type]
    ports = {"sink": sink, "broker": broker.port, "claims": claims.port}
    settings = CLUSTER.format(connections=connections, **ports)
    with (news / "digest.toml").open("a", encoding="utf-8") as toml:
        toml.write(settings)
    (news / "keys" / KEY).write_bytes(bytes(32))  # whichever worker carries it
    far.mkdir(parents=True)
    (far / "digest.toml").write_text(
        TOML.format(send="", site="") + "[cluster]\n" + settings.partition("[cluster]\n")[2], encoding="utf-8"
    )
    return Cluster(news, far, broker, claims, log)


def end(*processes: Child, how: int = signal.SIGKILL) -> None:
    """Ends these with all that they began."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
    for process in processes:
        process.wait(timeout=60)


@contextmanager
def workers(cluster: Cluster, number: int) -> Iterator[list[Child]]:
    """So many at work; the list may be changed meanwhile."""
    running = [cluster.worker() for _ in range(number)]
    try:
        yield running
    finally:
        end(*running)


def main(what: str, folder: Path, *words: str) -> None:
    config = load_config(folder)
    if "DIGEST_TEST_PLAN" in os.environ:
        from tests.cluster_kill import arm

        arm()
    if what == "worker":
        from digest.dispatch.cluster.worker import run

        run(config)
        return
    from digest.dispatch.cluster import coordinator

    coordinator.SHARD_ROWS, coordinator.SHARD_S = int(words[0]), float(words[1])
    report = coordinator.send_by_workers(
        folder, config, SLUG, now=lambda: datetime.now(UTC), tell=lambda said: print(said, file=sys.stderr, flush=True)
    )
    print(report, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
