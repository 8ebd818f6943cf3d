"""Workers elsewhere, with a real RabbitMQ, a real Redis and a recording receiver: the same ledger as from one machine."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from digest.config import parse_config
from digest.dispatch import keys
from digest.dispatch.cluster.claims import ClaimStore
from digest.dispatch.cluster.shards import Report, Seal, make_key, open_report, read_key, seal_report
from digest.errors import ConfigError, SendError
from digest.model import Accepted, Deferred, Rejected, Reply, Unknown
from digest.store import open_store
from tests.cluster_kill import POINTS, SLEEPER, Range
from tests.cluster_newsletter import Cluster, end, make_cluster, workers
from tests.cluster_servers import MISSING, Server, rabbit_server, redis_server, running
from tests.command_line import run_in
from tests.conftest import absent
from tests.dispatch_newsletter import SLUG, accepted, send, sink, to_sink
from tests.forker import Child, start

Servers = tuple[Server, Server]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A broker and a claim store."""
    if MISSING:
        absent(f"no {' and no '.join(MISSING)}: install Debian’s packages")
    folder = tmp_path_factory.mktemp("servers")
    broker, claims = rabbit_server(folder / "rabbit"), redis_server(folder / "redis")
    with running(broker, claims):
        yield broker, claims


def until(holds: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    end_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end_at, f"it never came to {what}"
        time.sleep(0.01)


def states(cluster: Cluster) -> dict[str, str]:
    """Reader -> state."""
    with open_store(cluster.news) as store:
        people = {s.id: str(s.address) for s in store.subscribers.all()}
        return {people[d.subscriber]: d.state for d in store.ledger.deliveries(SLUG)}


def counts(cluster: Cluster) -> dict[str, int]:
    with open_store(cluster.news) as store:
        return dict(store.ledger.counts(SLUG))


def finished(coordinator: Child) -> None:
    try:
        assert coordinator.wait(90) == 0
    finally:
        end(coordinator)


# ------------------------------------------------------------------------------------------------ the whole way


def test_two_commands_carry_an_issue_as_one_would(tmp_path: Path, servers: Servers) -> None:
    """What answers mean, when somebody is tried again, the names of letters: all as from one machine. The worker has
    nothing but digest.toml."""
    log = tmp_path / "accepted.jsonl"
    later = ("--refuse-dot", "^reader7@", "451 4.2.2 mailbox full")
    with sink(log, *later, "--refuse", "^reader5@", "550 5.1.1 who is that") as port:
        cluster = make_cluster(tmp_path, 30, port, log, *servers, site="")
        (cluster.news / "keys" / "cluster.key").unlink()
        ours = run_in(cluster.news)
        line = ours("keys", "cluster").stdout.strip()
        around = {**cluster.environment, **dict([line.split("=", 1)])}
        worker = start("digest", ["--project", str(cluster.far), "worker"], env=around, new_session=True)
        try:
            told = ours("send", "--workers", "--yes", "--json", env=around, code=5).stdout
            assert counts(cluster) == {"accepted": 28, "deferred": 1, "rejected": 1}
            assert json.loads(told.splitlines()[-1])["event"] == "unfinished"
            tomorrow = "2100-01-01T00:00:00+00:00"
            toml = cluster.news / "digest.toml"
            text = toml.read_text("utf-8")
            toml.write_text(text.replace("[send]", '[send]\nnot_later_than = ""'), "utf-8")
            ours("send", "--workers", "--yes", env=around, now=tomorrow, code=5)
        finally:
            end(worker, how=signal.SIGTERM)
    with open_store(cluster.news) as store:
        (again,) = store.ledger.deliveries(SLUG, "deferred")
        (gone,) = store.ledger.deliveries(SLUG, "rejected")
        assert (again.attempts, again.reply, gone.reply) == (2, "451 4.2.2 mailbox full", "550 5.1.1 who is that")
        key = keys.load(cluster.news).message
        expected = {str(s.address): keys.message_id(SLUG, s.id, key, "news.example") for s in store.subscribers.all()}
    got = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert len(got) == 28
    assert all(letter["message_id"] == expected[letter["recipient"]] for letter in got)
    assert {path.name for path in cluster.far.iterdir()} == {"digest.toml"}


def test_limits_hold_over_all_workers_together(tmp_path: Path, servers: Servers) -> None:
    log = tmp_path / "accepted.jsonl"
    rate, slow = 60.0, 8.0
    readers = [f"r{n}@{'slow' if n % 6 == 0 else 'quick'}.example" for n in range(90)]
    limits = f'transport = "smtp"\nrate = {rate}\ndomains = {{ "slow.example" = {slow} }}'
    with sink(log) as port:
        cluster = make_cluster(tmp_path, readers, port, log, *servers, send=limits)
        cluster.rows, cluster.seconds = 20, 8
        with workers(cluster, 2):
            finished(cluster.coordinator())
    times = dict(_arrivals(log))
    assert len(times) == 90
    for limit, those in ((rate, times), (slow, {who: at for who, at in times.items() if "slow" in who})):
        took = max(those.values()) - min(those.values())
        assert took >= (len(those) - 1) / limit - 0.15, f"{len(those)} in {took:.2f} s, at most {limit} a second"


def _arrivals(log: Path) -> list[tuple[str, float]]:
    return [(line["recipient"], line["at"]) for line in map(json.loads, log.read_text("utf-8").splitlines())]


@pytest.mark.parametrize("how", ["a reader leaves", "the issue is stopped", "the issue is paused"])
def test_words_spoken_meanwhile_are_heard_by_workers(tmp_path: Path, servers: Servers, how: str) -> None:
    """All readers are with workers by then, and most of their letters have not left."""
    log = tmp_path / "accepted.jsonl"
    with sink(log) as port:
        cluster = make_cluster(tmp_path, 60, port, log, *servers, send='transport = "smtp"\nrate = 30')
        cluster.rows, cluster.seconds = 30, 30
        with workers(cluster, 2):
            coordinator = cluster.coordinator()
            until(lambda: log.exists() and len(accepted(log)) > 3, "the first letters")
            with open_store(cluster.news) as store:
                if how == "a reader leaves":
                    (last,) = [s for s in store.subscribers.all() if str(s.address) == "reader59@example.net"]
                    store.subscribers.change(last.id, "unsubscribed", last.consent)  # type: ignore[arg-type]
                elif how == "the issue is stopped":
                    run_in(cluster.news)("stop", "--yes")
                else:
                    run_in(cluster.news)("pause")
            finished(coordinator)
    found = counts(cluster)
    assert found.get("accepted") == sum(accepted(log).values())
    if how == "a reader leaves":
        assert (found, states(cluster)["reader59@example.net"]) == ({"accepted": 59, "suppressed": 1}, "suppressed")
    else:
        left = "cancelled" if how == "the issue is stopped" else "waiting"
        assert found[left] == 60 - found["accepted"] and found[left] > 20


# ------------------------------------------------------------------------------------------------ killing

STRUCK = [
    *(("worker", point) for point in POINTS),
    *(("coordinator", point) for point in POINTS),
    *(("claim store", point) for point in POINTS),
    *(("broker", point) for point in ("after the final dot", "during merge")),
]
LETTERS = {"during merge": (1, 2), "before claim": (2, 8), "after claim": (2, 8)}


@pytest.mark.parametrize("victim", ["worker", "coordinator", "claim store", "broker"])
def test_whatever_dies_whenever_loses_nobody_and_doubles_nobody(tmp_path: Path, servers: Servers, victim: str) -> None:
    """Twenty kills in all. In doubt is at most who was claimed at that instant; where the claim store dies, who was
    with a worker."""
    import random

    chance, log = random.Random(victim), tmp_path / "accepted.jsonl"
    with sink(log, "--reply-delay", "2") as port:
        range_ = Range(tmp_path, port, log, *servers)
        try:
            for struck, point in STRUCK:
                if struck == victim:
                    toll = range_.kill(victim, point, chance.randint(*LETTERS.get(point, (2, 30))))
                    assert toll.is_clean, toll
        finally:
            range_.close()


@pytest.mark.parametrize("point", ["after claim", "after RCPT", "after the final dot"])
def test_a_worker_that_slept_sends_nothing_twice_and_what_it_says_late_is_believed(
    tmp_path: Path, servers: Servers, point: str
) -> None:
    """Meanwhile its readers were taken from it, and the issue has ended."""
    log = tmp_path / "accepted.jsonl"
    with sink(log, "--reply-delay", "2") as port:
        range_ = Range(tmp_path, port, log, *servers)
        try:
            toll = range_.kill(SLEEPER, point, 5)
        finally:
            range_.close()
    assert toll.is_clean, toll
    if point == "after the final dot":
        assert toll.uncertain == 0, "somebody in doubt was accepted, and the worker said so in the end"
    if point == "after RCPT":
        assert toll.accepted + toll.uncertain == toll.readers


def test_with_the_whole_cluster_gone_one_file_says_who_has_it_who_has_not_and_who_may(
    tmp_path: Path, servers: Servers
) -> None:
    log = tmp_path / "accepted.jsonl"
    broker, claims = (make(tmp_path / name) for make, name in ((rabbit_server, "rabbit"), (redis_server, "redis")))
    with sink(log, "--reply-delay", "5") as port:
        cluster = make_cluster(tmp_path, 400, port, log, broker, claims)
        with running(broker, claims), workers(cluster, 2) as running_workers:
            coordinator = cluster.coordinator()
            until(lambda: log.exists() and len(accepted(log)) > 120, "the middle of the issue")
            end(coordinator, *running_workers)
            running_workers.clear()
        for folder in (broker.folder, claims.folder, cluster.far):
            shutil.rmtree(folder)

        got, state = accepted(log), states(cluster)
        has, may = ({who for who, s in state.items() if s == wanted} for wanted in ("accepted", "sending"))
        has_not = {who for who, s in state.items() if s == "waiting"}
        assert has | may | has_not == set(state) and has and has_not
        assert has <= got.keys() <= has | may
        assert len(may) <= 3 * cluster.rows, "no more than was handed out"

        send(cluster.news, to_sink(port))  # from this machine, which knows of no cluster
    state, got = states(cluster), accepted(log)
    assert max(got.values()) == 1
    assert {who for who, s in state.items() if s == "uncertain"} == may
    assert {who for who, s in state.items() if s == "accepted"} == has | has_not == set(got) - may


# ------------------------------------------------------------------------------------------------ what it needs


def test_a_claim_store_that_could_forget_a_part_is_refused(tmp_path: Path) -> None:
    if "redis-server" in MISSING:
        absent("no redis-server")
    for number, options in enumerate((("--appendonly", "yes"), ("--maxmemory-policy", "allkeys-lru"))):
        server = redis_server(tmp_path / str(number))
        server.command += options
        with running(server), pytest.raises(SendError, match="forgets a part of itself sends twice"):
            ClaimStore(f"redis://127.0.0.1:{server.port}/0", "claims", "digest:test").check()


@pytest.mark.parametrize("missing", ["celery", "redis"])
@pytest.mark.parametrize("command", [["worker"], ["send", "--workers", "--yes"]])
def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, command: list[str]
) -> None:
    from click.testing import CliRunner

    from digest.cli import cli

    make_cluster(tmp_path, 1, 1, tmp_path / "log", Server(tmp_path, [], 1), Server(tmp_path, [], 1))
    monkeypatch.setitem(sys.modules, missing, None)
    told = CliRunner().invoke(cli, ["--project", str(tmp_path / "news"), *command])
    assert told.exit_code == 1
    assert missing in told.output and "pip install 'newsletter-digest[cluster]'" in told.output


def test_what_travels_is_read_and_made_only_with_the_key(tmp_path: Path) -> None:
    seal = Seal(read_key(make_key(tmp_path)))
    outcomes = (
        (0, Accepted(Reply(250, "2.0.0", "queued as 1"))),
        (1, Deferred(Reply(451, "", "später"))),
        (2, Rejected(Reply(550, "5.1.1", "no"))),
        (3, Unknown("no answer")),
    )
    report = Report("shard-1-a", SLUG, outcomes, True, "no relay", "look", True)
    sealed = seal_report(seal, "epoch", report)
    assert "queued" not in sealed and open_report(seal, "epoch", sealed) == report
    for other, epoch in ((Seal(bytes(32)), "epoch"), (seal, "another")):
        with pytest.raises(SendError, match="not sealed with this newsletter’s key"):
            open_report(other, epoch, sealed)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('broker = "amqp://me:secret@host/"', "cluster.broker holds a password"),
        ('broker = "redis://host"', "cluster.broker begins with 'redis'"),
        ('claims = "host:6379"', "cluster.claims begins with 'host:6379'"),
    ],
)
def test_settings_that_cannot_be_right(line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_config(f'[newsletter]\nname = "N"\nfrom = "n@example.org"\n[cluster]\n{line}')
