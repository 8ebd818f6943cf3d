"""One-click POSTs against many subscribers, on the real server, while a send runs.

    python -m bench.site [--readers 1000000] [--seconds 20] [--connections 16] [--no-send]
    python -m bench.site --kills 20      SIGKILL at random: is any answered leave lost?

The load comes from a process of its own over kept connections, each POST another reader's. Rate and times are of whole
answers; at the end every answered leave is looked up in the database.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.delivery import add_readers  # noqa: E402
from digest.store import open_store  # noqa: E402
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter, sink  # noqa: E402
from tests.site_receiver import Served, leave_under_kills  # noqa: E402

BODY = b"List-Unsubscribe=One-Click"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(BODY))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--no-send", action="store_true")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="make the newsletter here, and use it again")
    parser.add_argument("--load", nargs=2, metavar=("URL", "TOKENS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        _load(*options.load, options.seconds, options.connections)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = (options.keep or Path(place)) / "news"
        if not (folder / "subscribers.db").exists():
            made = time.monotonic()
            _make(folder, options.readers)
            print(f"{options.readers:,} readers made in {time.monotonic() - made:.0f} s")
        shutil.rmtree(folder / "var" / "inbox", ignore_errors=True)
        with open_store(folder) as store:
            store.state.set("inbox", {})
            rows = store.conn.execute("SELECT token FROM subscriber WHERE membership = 'subscribed' AND id % 7 = 0")
            tokens = [token for (token,) in rows]
        random.Random(1).shuffle(tokens)
        if options.kills:
            _kill(folder, tokens, options.kills)
        else:
            _measure(Path(place), folder, tokens, options)


def _make(folder: Path, readers: int) -> None:
    """An approved issue for *readers*, laid by SQL: one by one with its evidence a million takes an hour."""
    make_newsletter(folder, 1)
    with open_store(folder) as store:
        add_readers(store.conn, readers)
        store.issues.set_state(SLUG, "draft", who="bench", at=NOW)
        store.ledger.freeze(SLUG, "", NOW)
        fingerprint = store.issues.rendered(SLUG).fingerprint
        store.issues.approve(SLUG, fingerprint=fingerprint, who="bench", at=NOW)


def _kill(folder: Path, tokens: list[str], kills: int) -> None:
    answered = leave_under_kills(folder, tokens, kills=kills)
    print(f"{kills} kills, {len(answered):,} leaves answered, {len(answered - _left(folder))} of them lost")


def _measure(place: Path, folder: Path, tokens: list[str], options: argparse.Namespace) -> None:
    (place / "tokens").write_text("\n".join(tokens))
    log = place / "log"
    with sink(log) as port:
        sender = None
        if not options.no_send:
            command = [sys.executable, "-m", "tests.dispatch_newsletter", str(folder), f"{port}/4"]
            sender = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=dict(os.environ))
            while not log.exists() or not log.stat().st_size:
                time.sleep(0.05)
        server = Served.start(folder)
        before, began = log.stat().st_size if log.exists() else 0, time.monotonic()
        load = [sys.executable, "-m", "bench.site", "--load", server.url, str(place / "tokens")]
        load += ["--seconds", str(options.seconds), "--connections", str(options.connections)]
        spent = _cpu(server.process.pid)
        done = subprocess.run(load, cwd=ROOT, capture_output=True, text=True, check=True)
        spent = _cpu(server.process.pid) - spent
        seconds = time.monotonic() - began
        if sender is not None:
            with log.open("rb") as stream:
                stream.seek(before)
                letters = stream.read().count(b"\n")
            print(
                f"meanwhile {letters / seconds:,.0f} letters/s to a sink; the send still ran: {sender.poll() is None}"
            )
            sender.kill()
            sender.wait()
        server.end()
    found = json.loads(done.stdout)
    times = sorted(found["times"])
    rate = len(times) / found["seconds"]
    p50, p99 = statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000
    print(f"{len(times):,} one-click POSTs in {found['seconds']:.1f} s: {rate:,.0f}/s")
    print(f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {times[-1] * 1000:.0f} ms; refused {found['refused']}")
    print(f"the server's own time: {spent / len(times) * 1000:.2f} ms of one core for each")
    answered = set(tokens[: found["asked"]]) - set(found["unanswered"])
    print(f"answered but not left: {len(answered - _left(folder))}")


def _cpu(pid: int) -> float:
    """Seconds of processor time the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _left(folder: Path) -> set[str]:
    with open_store(folder) as store:
        store.requests.merge()
        rows = store.conn.execute("SELECT token FROM subscriber WHERE membership = 'unsubscribed'")
        return {token for (token,) in rows}


def _load(url: str, file: str, seconds: float, connections: int) -> None:
    tokens = Path(file).read_text().splitlines()
    address = url.removeprefix("http://")
    until = time.monotonic() + seconds
    lock, times, unanswered, refused = threading.Lock(), list[float](), list[str](), [0]
    following = iter(range(len(tokens)))
    asked = [0]

    def client() -> None:
        connection = http.client.HTTPConnection(address, timeout=30)
        mine: list[float] = []
        while time.monotonic() < until:
            with lock:
                number = next(following, None)
                if number is None:
                    break
                asked[0] = number + 1
            began = time.perf_counter()
            try:
                connection.request("POST", f"/leave/{tokens[number]}", BODY, HEADERS)
                answer = connection.getresponse()
                answer.read()
                ok = answer.status == 200
            except OSError:
                ok = False
                connection.close()
            mine.append(time.perf_counter() - began)
            if not ok:
                with lock:
                    refused[0] += 1
                    unanswered.append(tokens[number])
        connection.close()
        with lock:
            times.extend(mine)

    began = time.monotonic()
    threads = [threading.Thread(target=client) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.monotonic() - began
    json.dump(
        {"times": times, "seconds": spent, "refused": refused[0], "asked": asked[0], "unanswered": unanswered},
        sys.stdout,
    )


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}", file=sys.stderr)
    main()
