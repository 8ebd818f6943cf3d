"""What signing costs, how fast signed letters leave beside nodemailer's, and whether others can verify all of them.

    python -m bench.dkim speed [--sink smtp-sink] --nodemailer FOLDER
    python -m bench.dkim cost          microseconds: one signature, and what of it is RSA
    python -m bench.dkim verify        a thousand random letters, read by dkimpy and opendkim

Rates are medians of interleaved rounds; only ratios of one run mean anything. `speed` needs Postfix's smtp-sink for
--sink and a folder with `npm i nodemailer`; `verify` needs opendkim.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.delivery import BENCH, KILOBYTES, Runner, compare, one_letter, smtp_sink
from digest.dispatch.keys import dkim_file, load_dkim_key, make_dkim_key
from digest.model import Envelope, Letter
from digest.send import dkim
from tests.dispatch_newsletter import make_newsletter, sink
from tests.dkim_letters import random_messages, rejected_by_dkimpy, rejected_by_opendkim, signed_message


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "cost", "verify"])
    parser.add_argument("--letters", type=int, default=1500, help="of each sender and round; of `verify`: in all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--sink", choices=["recording", "smtp-sink"], default="recording")
    parser.add_argument("--nodemailer", type=Path, help="a folder with node_modules/nodemailer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as scratch:
        return {"speed": speed, "cost": cost, "verify": verify}[options.what](options, Path(scratch))


def speed(options: argparse.Namespace, scratch: Path) -> int:
    letters, connections, log = options.letters, options.connections, scratch / "log"
    folders = {name: scratch / name for name in ("relay", "own")}
    for name, folder in folders.items():
        make_newsletter(folder, letters * options.rounds, kilobytes=KILOBYTES)
        (folder / "digest.toml").write_text(f'{(folder / "digest.toml").read_text()}\n[dkim]\nsign = "{name}"\n')
    make_dkim_key(folders["own"], "digest")
    letter = one_letter(folders["own"], scratch)
    with smtp_sink() if options.sink == "smtp-sink" else sink(log) as port:
        run = Runner(log if options.sink == "recording" else None, letters)

        def ours(folder: Path) -> Callable[[], float]:
            target = f"{port}/{connections}"
            return lambda: run([sys.executable, "-m", "tests.dispatch_newsletter", str(folder), target, str(letters)])

        senders = {"digest, signed": ours(folders["own"]), "digest, unsigned": ours(folders["relay"])}
        if options.nodemailer:
            os.environ |= {
                "NODE_PATH": str(options.nodemailer / "node_modules"),
                "DKIM_KEY": str(dkim_file(folders["own"], "digest")),
            }
            few = max(connections, letters // 8 // connections * connections)
            node = ["node", str(BENCH / "peer_nodemailer.js"), "compose", str(port), str(connections), str(few)]
            senders["nodemailer, signed"] = lambda: run([*node, str(letter)], few)
        compare(senders, options.rounds, "digest, signed")
    return 0


def cost(options: argparse.Namespace, scratch: Path) -> int:
    make_newsletter(scratch, 1, kilobytes=KILOBYTES)
    make_dkim_key(scratch, "digest")
    pem = load_dkim_key(scratch, "digest")
    message = one_letter(scratch, scratch).read_bytes()
    body = message.partition(b"\r\n\r\n")[2]
    signer = dkim.Signer(pem, "news.example", "digest")
    letter = Letter(0, Envelope("", ""), (message,), "")
    prepared = signer.prepare(letter)

    def timed(name: str, work: Callable[[], object]) -> None:
        best = min(_seconds(work, 300) for _ in range(5))
        print(f"{name:30}{best * 1e6:7.1f} us")

    timed("a signature", lambda: signer.sign(letter))
    timed("of it RSA, in threads", lambda: signer.finish(prepared))
    timed("of it the body's hash", lambda: hashlib.sha256(body).digest())
    import dkim as dkimpy

    timed("dkimpy", lambda: dkimpy.sign(message, b"digest", b"news.example", pem))
    return 0


def _seconds(work: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times


def verify(options: argparse.Namespace, scratch: Path) -> int:
    pem = dkim.new_key()
    messages = [signed_message(pem, message) for message in random_messages(options.letters, seed=1)]
    started = time.perf_counter()
    print(f"{len(messages)} letters; dkimpy rejects {len(rejected_by_dkimpy(pem, messages))}", end="; ", flush=True)
    print(f"opendkim {len(rejected_by_opendkim(pem, messages, scratch))} ({time.perf_counter() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
