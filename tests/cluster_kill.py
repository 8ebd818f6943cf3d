"""Kills a part of the cluster at a chosen instant of some letter's way, and counts what that cost.

A process that comes to the instant (see `arm`) says so at a socket and stands still until it is answered: what is
claimed, and what is handed out, can then be read, and whoever is to die is killed right there.
"""

from __future__ import annotations

import collections
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from digest.store import open_store
from tests.cluster_newsletter import Cluster, end, make_cluster
from tests.cluster_servers import Server
from tests.dispatch_newsletter import SLUG
from tests.forker import Child

POINTS = ("before claim", "after claim", "after RCPT", "after the final dot", "after 250", "during merge")
VICTIMS = ("worker", "coordinator", "broker", "broker and its disk", "claim store")
SLEEPER = "a worker that sleeps"  # it is not killed, and comes back when the issue is through
PLAN, LINE = "DIGEST_TEST_PLAN", "DIGEST_TEST_LINE"


@dataclass(frozen=True)
class Toll:
    """What one kill cost."""

    victim: str
    point: str
    readers: int
    accepted: int  # letters the receiver took
    doubled: int
    lost: int  # readers who have nothing, wait for nothing, and whom nobody holds in doubt
    uncertain: int
    beyond: int  # uncertain, and nobody had claimed them (or, the claim store lost, begun a shard of them)
    disagreeing: int  # rows booked accepted that the receiver does not have, or the reverse
    added: int  # letters that a second run sent
    seconds: float

    @property
    def is_clean(self) -> bool:
        return not (self.doubled or self.lost or self.beyond or self.disagreeing or self.added)


# ------------------------------------------------------------------------------------------------ inside a process


def arm() -> None:
    """Has this process stand still at the instant its plan names: a file with a point, and how many letters pass it
    before."""
    from digest.dispatch.cluster import carrying, ledger
    from digest.send.transports.smtp.dialogue import Dialogue
    from digest.send.transports.smtp.wire import Wire

    passed: collections.Counter[str] = collections.Counter()

    def at(point: str) -> None:
        try:
            plan = json.loads(Path(os.environ[PLAN]).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return
        key = f"{plan['run']} {point}"
        passed[key] += 1
        if plan["point"] != point or passed[key] != plan["letters"]:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.connect(os.environ[LINE])
            line.sendall(str(os.getpid()).encode())
            line.recv(1)

    claim, opened, write = carrying.ClaimLine.claim, Dialogue._envelope_answers, Wire.write
    outcome, merge = carrying._Job.outcome, ledger.ClusterLedger.merge

    async def claims(self: Any, keys: Any, shard: Any, accepted: Any, wanted: Any) -> Any:
        if wanted:
            at("before claim")
        granted = await claim(self, keys, shard, accepted, wanted)
        if wanted:
            at("after claim")
        return granted

    async def answers(self: Any, letter: Any) -> Any:
        refusal = await opened(self, letter)
        at("after RCPT")
        return refusal

    def writes(self: Any, *parts: bytes) -> None:
        write(self, *parts)
        if parts and parts[0].startswith(b".\r\n"):
            at("after the final dot")

    def outcomes(self: Any, ordinal: int, said: Any) -> None:
        at("after 250")
        outcome(self, ordinal, said)

    def merges(self: Any, booked: Any, intents: Any, now: Any) -> Any:
        granted = merge(self, booked, intents, now)  # inside the coordinator’s transaction
        if booked:
            at("during merge")
        return granted

    carrying.ClaimLine.claim = claims  # type: ignore[method-assign]
    Dialogue._envelope_answers = answers  # type: ignore[method-assign]
    Wire.write = writes  # type: ignore[method-assign]
    carrying._Job.outcome = outcomes  # type: ignore[method-assign]
    ledger.ClusterLedger.merge = merges  # type: ignore[method-assign]


# ------------------------------------------------------------------------------------------------ from outside


class Range:
    """Two workers, a broker and a claim store, over many kills."""

    def __init__(self, folder: Path, sink: int, log: Path, broker: Server, claims: Server) -> None:
        self._folder, self._sink, self._log = folder, sink, log
        self._broker, self._claims = broker, claims
        self._plan, self._line = folder / "plan.json", folder / "line"
        os.environ[PLAN], os.environ[LINE] = str(self._plan), str(self._line)
        self._workers: list[Child] = []
        self._run = 0

    def kill(self, victim: str, point: str, letters: int, *, readers: int = 160) -> Toll:
        """One issue, at whose *letters*-th passing of *point* the *victim* is killed."""
        if victim.startswith("broker") and not self._run:
            self._make_queues()
        began, self._run = time.monotonic(), self._run + 1
        folder = self._folder / f"run{self._run}"
        cluster = make_cluster(folder, readers, self._sink, self._log, self._broker, self._claims)
        cluster.seconds = 1.0
        self._log.write_bytes(b"")
        while len(self._workers) < 2:
            self._workers.append(cluster.worker())
        self._plan.write_text(json.dumps({"run": self._run, "point": point, "letters": letters}), "utf-8")
        coordinator = cluster.coordinator()
        try:
            with self._listening() as door:
                line, pid = self._stands_still(door, coordinator)
            claimed, handed_out = self._claimed(), self._handed_out(cluster)
            self._strike(victim, pid, coordinator)
            if (
                pid == coordinator.pid and victim != "claim store"
            ):  # no worker stood still: they went on to the very kill
                claimed |= self._claimed()
            time.sleep(0.2)
            handed_out |= self._handed_out(cluster)  # until the coordinator knew of the kill
            self._plan.unlink()
            if victim == SLEEPER:
                self._finish(coordinator, cluster)
            line.close()  # whoever stands still and lives goes on
            if victim == SLEEPER:
                time.sleep(1)  # until it has said what it has to say
            if coordinator.poll() is not None:
                coordinator = cluster.coordinator()
            self._start_again()
            self._finish(coordinator, cluster)
        finally:
            end(coordinator)
        before = self._log.stat().st_size
        self._finish(cluster.coordinator(), cluster)
        added = self._log.read_bytes()[before:].count(b"\n")
        may = handed_out if victim == "claim store" else claimed
        return self._count(cluster, victim, point, readers, may, added, time.monotonic() - began)

    def _make_queues(self) -> None:
        """By a first issue. RabbitMQ 3.10 that is killed a second or two after it made a quorum queue may come back with
        one that never has a leader again: nothing of ours, and not what is tried here."""
        cluster = make_cluster(self._folder / "run0", 1, self._sink, self._log, self._broker, self._claims)
        self._finish(cluster.coordinator(), cluster)
        time.sleep(10)

    def close(self) -> None:
        end(*self._workers)

    @contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        self._line.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self._line))
            door.listen(1)
            door.settimeout(0.1)
            yield door
        self._line.unlink()

    def _stands_still(self, door: socket.socket, coordinator: Child) -> tuple[socket.socket, int]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(TimeoutError):
                line, _ = door.accept()
                return line, int(line.recv(32))
            assert coordinator.poll() is None, "the issue was through before the instant came"
        raise AssertionError("nobody came to the instant")

    def _strike(self, victim: str, pid: int, coordinator: Child) -> None:
        if victim == "worker":
            owner = os.getpgid(pid) if os.getpgid(pid) != coordinator.pid else self._workers[0].pid
            (worker,) = [w for w in self._workers if w.pid == owner]
            if self._run % 2 and pid != coordinator.pid:
                os.kill(pid, signal.SIGKILL)  # the process that carries; Celery starts another
            else:
                end(worker)
                self._workers.remove(worker)
        elif victim == "coordinator":
            end(coordinator)
        elif victim == "claim store":
            self._claims.kill()
        elif victim != SLEEPER:
            self._broker.kill()
            if victim == "broker and its disk":
                shutil.rmtree(self._broker.folder / "mnesia")

    def _start_again(self) -> None:
        for server in (self._broker, self._claims):
            if server.process is None:
                server.start()

    def _finish(self, coordinator: Child, cluster: Cluster) -> None:
        while len(self._workers) < 2:
            self._workers.append(cluster.worker())
        try:
            code = coordinator.wait(timeout=180)
            told = (cluster.news.parent / "coordinator.log").read_text("utf-8", "replace")
            assert code == 0, f"the coordinator ended with {code}: {told[-2000:]}"
        finally:
            end(coordinator)

    def _claimed(self) -> set[int]:
        with redis.Redis(port=self._claims.port, password="claims") as store:
            found: set[int] = set()
            for key in store.keys(f"*{SLUG}:*:claimed:*"):
                bits = store.get(key) or b""
                found |= {8 * n + bit for n, byte in enumerate(bits) for bit in range(8) if byte >> (7 - bit) & 1}
            return found

    def _handed_out(self, cluster: Cluster) -> set[int]:
        with open_store(cluster.news) as store:
            return {d.ordinal for d in store.ledger.deliveries(SLUG, "sending")}

    def _count(
        self, cluster: Cluster, victim: str, point: str, readers: int, may: set[int], added: int, seconds: float
    ) -> Toll:
        lines = self._log.read_text(encoding="utf-8").splitlines()
        got: Mapping[str, int] = collections.Counter(json.loads(line)["recipient"] for line in lines)
        with open_store(cluster.news) as store:
            people = {s.id: str(s.address) for s in store.subscribers.all()}
            rows = store.ledger.deliveries(SLUG)
        states = {people[row.subscriber]: row.state for row in rows}
        doubtful = {row.ordinal for row in rows if row.state == "uncertain"}
        return Toll(
            victim=victim,
            point=point,
            readers=readers,
            accepted=sum(got.values()),
            doubled=sum(number - 1 for number in got.values()),
            lost=sum(1 for who, state in states.items() if who not in got and state != "uncertain"),
            uncertain=len(doubtful),
            beyond=len(doubtful - may),
            disagreeing=sum(1 for who, s in states.items() if s != "uncertain" and (s == "accepted") != (who in got)),
            added=added,
            seconds=seconds,
        )
