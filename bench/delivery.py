"""How fast and how careful sending is, beside others who send the same letters in the same run.

    python -m bench.delivery speed [--sink smtp-sink] [--far MS] [--tls] [--nodemailer FOLDER] [--durability full]
    python -m bench.delivery safety       what the intent before each dot costs against marking batches afterwards
    python -m bench.delivery writers      how long another process waits for the database while letters leave
    python -m bench.delivery million      freeze, bytes, memory, and the way back after a SIGKILL, at a million readers

Rates are medians of interleaved rounds; only ratios of one run mean anything. `speed` needs Postfix's smtp-source and
smtp-sink (Debian: postfix) and, for --nodemailer, a folder with `npm i nodemailer`. Kills: `python -m bench.kill`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from digest.address import Address
from digest.dispatch import journal, local
from digest.dispatch.letters import Mailroom
from digest.model import Outcome
from digest.store import open_store
from tests.dispatch_newsletter import NOW, ROOT, SLUG, make_newsletter, send, sink, to_sink

BENCH = ROOT / "bench"
KILOBYTES = 70


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "safety", "writers", "million"])
    parser.add_argument("--letters", type=int, default=1500, help="of each sender and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--durability", choices=["full", "normal"], default="full")
    parser.add_argument("--sink", choices=["recording", "smtp-sink"], default="recording")
    parser.add_argument("--far", type=float, default=0, help="milliseconds of a round trip to the receiver")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--nodemailer", type=Path, help="a folder with node_modules/nodemailer")
    parser.add_argument("--readers", type=int, default=1_000_000, help="of `million`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as scratch:
        {"speed": speed, "safety": safety, "writers": writers, "million": million}[options.what](options, Path(scratch))
    return 0


# ------------------------------------------------------------------------------------------------ speed


def speed(options: argparse.Namespace, scratch: Path) -> None:
    """The whole path (lease, join, commit, send) beside smtp-source, smtplib and nodemailer."""
    folder, log = scratch / "news", scratch / "log"
    letters, connections = options.letters, options.connections
    setting = f'durability = "{options.durability}"'
    make_newsletter(folder, letters * options.rounds, send=setting, kilobytes=KILOBYTES)
    letter = one_letter(folder, scratch)
    with ExitStack() as stack:
        certificate = make_certificate(scratch) if options.tls else ""
        tls = ("--tls", certificate, certificate) if options.tls else ()
        receiver = smtp_sink() if options.sink == "smtp-sink" else sink(log, *tls)
        port = stack.enter_context(receiver)
        if options.far:
            port = stack.enter_context(far_away(port, options.far))
        run = Runner(log if options.sink == "recording" else None, letters)
        n, at = str(letters), [str(port), str(connections)]
        target = f"{port}/{connections}" + (f"/{certificate}" if certificate else "")
        senders: dict[str, Callable[[], float]] = {}
        if not options.tls:  # smtp-source knows no TLS
            source = ["smtp-source", "-d", "-s", str(connections), "-m", n, "-F", f"{letter}.lf", f"127.0.0.1:{port}"]
            senders["smtp-source"] = lambda: run(source)
        senders["digest"] = lambda: run([sys.executable, "-m", "tests.dispatch_newsletter", str(folder), target, n])
        peer = [sys.executable, str(BENCH / "peer_smtplib.py"), *at]
        slow = max(connections, letters // 8 // connections * connections)
        few = slow if options.tls else letters  # smtplib over TLS waits 40 ms for each letter
        senders["smtplib"] = lambda: run([*peer, str(few), str(letter), *([certificate] if certificate else [])], few)
        if options.nodemailer:
            os.environ["NODE_PATH"] = str(options.nodemailer / "node_modules")
            node = ["node", str(BENCH / "peer_nodemailer.js")]
            extra = [str(letter), *([certificate] if certificate else [])]
            senders["nodemailer raw"] = lambda: run([*node, "raw", *at, n, *extra])
            senders["nodemailer composing"] = lambda: run([*node, "compose", *at, str(slow), *extra], slow)
        compare(senders, options.rounds, "digest")


class Runner:
    """Runs a sender and gives its letters a second: between the first and the last accepted where the receiver says
    when, else by its own clock (ours, which starts Python first) or the wall's."""

    def __init__(self, log: Path | None, letters: int) -> None:
        self._log = log
        self._letters = letters

    def __call__(self, command: Sequence[str], letters: int | None = None) -> float:
        expected = letters or self._letters
        started = time.perf_counter()
        done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if self._log is None:
            said = done.stdout.strip()
            return expected / (float(said) if said else seconds)
        times = [json.loads(line)["at"] for line in self._log.read_text(encoding="utf-8").splitlines()]
        os.truncate(self._log, 0)
        if abs(len(times) - expected) > 8:
            raise SystemExit(f"{command[0]}: {len(times)} of {expected} letters arrived")
        return (len(times) - 1) / (times[-1] - times[0])


def compare(senders: dict[str, Callable[[], float]], rounds: int, ours: str) -> None:
    """Prints each one's median rate, and ours as a multiple of it: the median of the rounds' own ratios."""
    rates: dict[str, list[float]] = {name: [] for name in senders}
    for _ in range(rounds):
        for name, sender in senders.items():
            rates[name].append(sender())
    for name, found in rates.items():
        ratios = [mine / theirs for mine, theirs in zip(rates[ours], found, strict=True)]
        print(
            f"{name:22}{statistics.median(found):9.0f}/s   {ours} / {name}: {statistics.median(ratios):6.2f}"
            f"  ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def one_letter(folder: Path, scratch: Path) -> Path:
    """The issue's letter to one reader, as a file; beside it with LF ends, as smtp-source wants it."""
    from digest.config import load_config

    with open_store(folder) as store:
        rendered = store.issues.rendered(SLUG)
    letter = Mailroom(load_config(folder), rendered, bytes(32)).letter(
        ordinal=0,
        subscriber=1,
        address=Address("reader0", "example.net"),
        name="",
        token="0" * 32,
        variant="",
        date=NOW,
    )
    data, file = b"".join(letter.chunks), scratch / "letter.eml"
    file.write_bytes(data)
    file.with_name("letter.eml.lf").write_bytes(data.replace(b"\r\n", b"\n"))
    print(f"letter {len(data):,} B")
    return file


@contextmanager
def smtp_sink() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        ["smtp-sink", *(["-u", "nobody"] if os.getuid() == 0 else []), f"127.0.0.1:{port}", "512"]
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def far_away(port: int, round_trip_ms: float) -> Iterator[int]:
    command = [sys.executable, str(BENCH / "delay_proxy.py"), "0", str(port), str(round_trip_ms / 2)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def make_certificate(scratch: Path) -> str:
    """A self-signed one for localhost, key and certificate in one file."""
    key, certificate, both = scratch / "key.pem", scratch / "cert.pem", scratch / "localhost.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(key.read_text() + certificate.read_text())
    return str(both)


# ------------------------------------------------------------------------------------------------ what safety costs


@dataclass
class Careless(journal.GroupJournal):
    """Grants every dot at once and books a hundred letters at a time, afterwards: the usual way, which doubles
    letters when it is killed."""

    _marked: list[int] = field(default_factory=list)

    async def may_finish(self, ordinal: int) -> bool:
        self._marked.append(ordinal)
        return True

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        super().outcome(ordinal, outcome)
        if len(self._outcomes) >= 100:
            self._book()

    async def keep(self) -> None:
        while not self._closing:
            await self._wake.wait()
            self._wake.clear()
        self._book()

    def _book(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        mine = {ordinal for ordinal, _ in outcomes}
        self.merge([], [ordinal for ordinal in self._marked if ordinal in mine], None)
        self.merge(outcomes, [], None)
        self._marked = [ordinal for ordinal in self._marked if ordinal not in mine]


def safety(options: argparse.Namespace, scratch: Path) -> None:
    folders = {}
    for durability in ("normal", "full"):
        folders[durability] = scratch / durability
        make_newsletter(
            folders[durability],
            options.letters * options.rounds * 2,
            send=f'durability = "{durability}"',
            kilobytes=KILOBYTES,
        )
    careful = local.GroupJournal
    with sink(scratch / "log") as port:

        def rate(folder: Path, kind: type[journal.GroupJournal]) -> float:
            local.GroupJournal = kind  # type: ignore[misc]
            started = time.perf_counter()
            send(folder, to_sink(port, options.connections), at=datetime.now(UTC), limit=options.letters)
            return options.letters / (time.perf_counter() - started)

        compare(
            {
                "careless, normal": lambda: rate(folders["normal"], Careless),
                "careful, normal": lambda: rate(folders["normal"], careful),
                "careful, full": lambda: rate(folders["full"], careful),
            },
            options.rounds,
            "careless, normal",
        )
    print("what safety leaves of the speed is 1 / the last two figures")


# ------------------------------------------------------------------------------------------------ other writers


def writers(options: argparse.Namespace, scratch: Path) -> None:
    folder = scratch / "news"
    make_newsletter(
        folder, options.letters * options.rounds, send=f'durability = "{options.durability}"', kilobytes=KILOBYTES
    )
    waits: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    stop = multiprocessing.Event()
    with sink(scratch / "log") as port:
        other = multiprocessing.Process(target=write_again_and_again, args=(folder, stop, waits))
        other.start()
        started = time.perf_counter()
        send(folder, to_sink(port, options.connections), at=datetime.now(UTC))
        rate = options.letters * options.rounds / (time.perf_counter() - started)
        stop.set()
        found = sorted(waits.get())
        other.join()
    p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
    print(
        f"{len(found)} writes of another process while {rate:.0f} letters a second left: "
        f"median {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, longest {found[-1] * 1e3:.1f} ms"
    )


def write_again_and_again(folder: Path, stop: object, waits: multiprocessing.Queue[list[float]]) -> None:
    found = []
    with open_store(folder) as store:
        while not stop.is_set():  # type: ignore[attr-defined]
            started = time.perf_counter()
            store.state.set("bench", len(found))
            found.append(time.perf_counter() - started)
            time.sleep(0.02)
    waits.put(found)


# ------------------------------------------------------------------------------------------------ a million


def million(options: argparse.Namespace, scratch: Path) -> None:
    folder, log, readers = scratch / "news", scratch / "log", options.readers
    make_newsletter(folder, 1, send=f'durability = "{options.durability}"', kilobytes=1)
    with open_store(folder, durability=options.durability) as store:
        store.issues.set_state(SLUG, "draft", who="bench", at=NOW)
        add_readers(store.conn, readers)
        before = size(store.conn)
        started = time.perf_counter()
        store.ledger.freeze(SLUG, "", NOW)
        took = time.perf_counter() - started
        frozen = size(store.conn)
        print(f"freeze: {readers / took:,.0f} rows/s, {(frozen - before) / readers:.1f} B a row")
        started = time.perf_counter()
        account = store.ledger.freeze(SLUG, "", NOW)
        print(f"again: {account.planned - readers - 1} rows more, {time.perf_counter() - started:.2f} s")
        known = store.issues.get(SLUG)
        assert known is not None
        store.issues.approve(SLUG, fingerprint=known.fingerprint, who="editor", at=NOW)
    with sink(log) as port:
        command = [sys.executable, "-m", "tests.dispatch_newsletter", str(folder), f"{port}/{options.connections}"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        marks = []
        with log.open("rb") as accepted_so_far:
            for _ in range(4):
                wait_for(accepted_so_far, options.letters * options.rounds // 4)
                marks.append(resident_mb(child.pid))
        child.send_signal(signal.SIGKILL)
        child.wait()
        accepted, started = log.stat().st_size, time.perf_counter()
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while log.stat().st_size == accepted:
            time.sleep(0.001)
        print(f"after a SIGKILL: {time.perf_counter() - started:.2f} s from the command to the next letter")
        child.send_signal(signal.SIGINT)
        child.wait()
        sent = len(log.read_text(encoding="utf-8").splitlines())
    print(f"memory at four points of {sent} letters: {', '.join(f'{mark:.0f}' for mark in marks)} MB")
    with open_store(folder) as store:
        print(f"sent: {(size(store.conn) - frozen) / sent:.1f} B a row more")


def add_readers(conn: sqlite3.Connection, number: int) -> None:
    conn.execute("BEGIN")
    conn.executemany(
        """INSERT INTO subscriber (address_key, local, domain, name, membership, block, language, topics, length,
                                   token, consent_at, member_at)
           VALUES (?, ?, 'example.org', '', 'subscribed', 'none', '', '[]', 'full', ?, '2015-09-01', '')""",
        ((f"r{n}@example.org", f"r{n}", f"{n:032x}") for n in range(number)),
    )
    conn.execute("COMMIT")


def size(conn: sqlite3.Connection) -> int:
    """Bytes in use: of the whole file without its free pages."""
    pages, free = (conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    return int(pages - free) * int(conn.execute("PRAGMA page_size").fetchone()[0])


def wait_for(log: BinaryIO, lines: int) -> None:
    """Returns once *log* has grown by so many lines; they are read then."""
    while lines > 0:
        time.sleep(0.05)
        lines -= log.read().count(b"\n")


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise SystemExit("no such process")


if __name__ == "__main__":
    sys.exit(main())
