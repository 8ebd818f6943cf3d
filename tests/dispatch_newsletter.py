"""A small approved issue with as many readers as a test wants, a sink to send it to, and the kill loop.

python -m tests.dispatch_newsletter FOLDER PORT/CONNECTIONS[/CERTIFICATE] [LIMIT]     sends it, as `digest send` would
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from digest.address import parse_address
from digest.config import Config, load_config
from digest.dispatch import keys
from digest.dispatch.local import Report, send_issue
from digest.model import Issue, Rendered, Variant
from digest.render.email import fingerprint
from digest.send.transports.maildir import Maildir
from digest.send.transports.seam import Transport
from digest.send.transports.smtp import Smtp, SmtpSettings
from digest.store import open_store
from tests.forker import Child
from tests.forker import start as fork

ROOT = Path(__file__).resolve().parent.parent
SLUG = "2015-W39"
NOW = datetime(2015, 9, 24, 7, 0, tzinfo=UTC)
TOML = """
[newsletter]
name = "The Weekly Ledger"
from = "The Weekly Ledger <ledger@news.example>"
postal_address = "12 Example Street, London"
[send]
{send}
[site]
{site}
"""
HTML = """<!DOCTYPE html>
<html lang="en" dir="ltr"><head><meta charset="utf-8"><title>The week’s numbers</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><div lang="en" dir="ltr"><h1>The week.</h1>{words}{links}<p>12 Example Street, London</p></div></body></html>
"""


def make_newsletter(
    folder: Path,
    readers: int | Iterable[str],
    *,
    send: str = "",
    site: str = 'url = "https://news.example"',
    kilobytes: int = 1,
) -> Config:
    """An approved issue 2015-W39 in *folder*: for these addresses, or for so many, reader0@example.net, reader1@…"""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "digest.toml").write_text(TOML.format(send=send, site=site), encoding="utf-8")
    config = load_config(folder)
    keys.make_keys(folder)
    names = ("EMAIL", "LEAVE", "PREFS") if config.site.url else ("EMAIL", "LEAVE")
    tokens = {name: f"__Dtest_{name}__" for name in names}
    filler = "Nothing but a line to give the letter its length.\n" * (20 * kilobytes)
    text = "The week.\n.A line that begins with a dot.\n\n" + filler + "\n" + "\n".join(tokens.values())
    text += "\n12 Example Street, London\n"
    html = HTML.format(
        words="".join(f"<p>{tokens[name]}</p>" for name in names if name == "EMAIL"),
        links="".join(f'<p><a href="{tokens[name]}">{name.title()}</a></p>' for name in names if name != "EMAIL"),
    )
    variants = (Variant("", "en", (), "The week’s numbers", html, text, tokens),)
    audience = "everyone subscribed"
    since = NOW.replace(day=17)
    issue = Issue(SLUG, 1, since, NOW, "The Weekly Ledger", variants[0].subject, "", "", (), (), (), audience)
    rendered = Rendered(SLUG, fingerprint(variants, config, audience), variants)
    with open_store(folder, create=True, durability=config.send.durability) as store:
        with store.transaction():
            if isinstance(readers, int):
                readers = (f"reader{number}@example.net" for number in range(readers))
            for reader in readers:
                address = parse_address(reader)
                store.subscribers.add(address, "", how="import", wording="test", who="test", at=since)
            store.issues.save_draft(issue, rendered)
        store.ledger.freeze(SLUG, "", NOW)
        store.issues.approve(SLUG, fingerprint=rendered.fingerprint, who="editor", at=NOW)
    return config


def send(folder: Path, transport: Transport, *, at: datetime = NOW, limit: int | None = None) -> Report:
    return send_issue(folder, load_config(folder), SLUG, transport, now=lambda: at, limit=limit)


def to_sink(port: int, connections: int = 4, cafile: str = "") -> Smtp:
    """*cafile*: the sink's own certificate, to be spoken to with STARTTLS; '' for plain."""
    server = SmtpSettings("127.0.0.1", port, "none", connections=connections)
    if cafile:
        server = SmtpSettings("localhost", port, "starttls", connections=connections, cafile=cafile)
    return Smtp(server, patience_s=(0.05,))


@contextmanager
def sink(log: Path, *options: str) -> Iterator[int]:
    """A recording sink writing to *log*; its port."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "smtp_sink.py"), "--log", str(log), *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def accepted(log: Path) -> Mapping[str, int]:
    """Recipient -> how many letters the sink accepted for them."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return collections.Counter(json.loads(line)["recipient"] for line in lines)


# ------------------------------------------------------------------------------------------------ killing


@dataclass(frozen=True)
class Toll:
    """What *kills* SIGKILLs cost."""

    kills: int
    readers: int
    accepted: int  # letters the receiver took
    doubled: int  # letters somebody got more than once
    lost: int  # readers who have nothing, wait for nothing, and whom nobody holds in doubt
    deferred: int  # readers whom a fault of the receiver made wait
    uncertain: int
    uncertain_accepted: int  # of those, how many the receiver has in truth
    disagreeing: int  # rows booked accepted that the receiver does not have, or the reverse
    seconds: float


def kill_again_and_again(
    folder: Path,
    target: str,
    watch: Callable[[], int],
    *,
    kills: int,
    longest_ms: float,
    seed: int = 1,
    environment: Mapping[str, str] | None = None,
    after_kill: Callable[[], None] = lambda: None,
) -> int:
    """Sends the issue in *folder* to *target* (see `main`), killing the process group at random moments after
    *watch* first changes, and at last lets it finish. Gives the number of kills."""
    chance, killed = random.Random(seed), 0

    def start() -> Child | subprocess.Popen[bytes]:
        if not environment:
            return fork("tests.dispatch_newsletter", [str(folder), target], new_session=True)
        command = [sys.executable, "-m", "tests.dispatch_newsletter", str(folder), target]
        around = {**os.environ, **environment}  # which must be there when the program is loaded
        return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, env=around)

    while killed < kills:
        before, child = watch(), start()
        while watch() == before and child.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, longest_ms) / 1000)
        if child.poll() is not None:
            break  # nothing was left to kill
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        after_kill()
        killed += 1
    last = start()
    if last.wait(timeout=120) != 0:
        raise AssertionError(f"the last run ended with {last.returncode}")
    return killed


def kill_against_sink(
    folder: Path,
    log: Path,
    port: int,
    *,
    kills: int,
    connections: int,
    longest_ms: float,
    seed: int = 1,
    environment: Mapping[str, str] | None = None,
    after_kill: Callable[[], None] = lambda: None,
) -> Toll:
    started = time.monotonic()
    killed = kill_again_and_again(
        folder,
        f"{port}/{connections}",
        lambda: log.stat().st_size,
        kills=kills,
        longest_ms=longest_ms,
        seed=seed,
        environment=environment,
        after_kill=after_kill,
    )
    return _count(folder, log, killed, time.monotonic() - started)


def _count(folder: Path, log: Path, kills: int, seconds: float) -> Toll:
    got = accepted(log)
    with open_store(folder) as store:
        people = {s.id: str(s.address) for s in store.subscribers.all()}
        states = {people[d.subscriber]: d.state for d in store.ledger.deliveries(SLUG)}
    doubtful = {who for who, state in states.items() if state == "uncertain"}
    return Toll(
        kills=kills,
        readers=len(people),
        accepted=sum(got.values()),
        doubled=sum(number - 1 for number in got.values()),
        lost=sum(1 for who in people.values() if who not in got and states[who] not in ("uncertain", "deferred")),
        deferred=sum(1 for state in states.values() if state == "deferred"),
        uncertain=len(doubtful),
        uncertain_accepted=sum(1 for who in doubtful if who in got),
        disagreeing=sum(1 for who, s in states.items() if s != "uncertain" and (s == "accepted") != (who in got)),
        seconds=seconds,
    )


def main(folder: Path, target: str, limit: int | None) -> None:
    """*target*: PORT/CONNECTIONS of a sink, with /CERTIFICATE for STARTTLS, or "files". Prints the seconds it took."""
    if target == "files":
        transport: Transport = Maildir(folder / "var" / "outbox" / SLUG)
    else:
        port, connections, *cafile = target.split("/", 2)
        transport = to_sink(int(port), int(connections), *cafile)
    print(send(folder, transport, at=datetime.now(UTC), limit=limit).seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None)
