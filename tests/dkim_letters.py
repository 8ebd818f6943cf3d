"""Letters of every shape to sign, and two verifiers nobody here wrote: dkimpy and opendkim."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from digest.model import Envelope, Letter
from digest.send.dkim import Signer, record

DOMAIN, SELECTOR = "news.example", "digest"
TYPES = (
    "text/plain; charset=utf-8",
    "text/html; charset=us-ascii",
    'multipart/alternative;\r\n boundary="=_one"',
    'multipart/related; type="text/html";\r\n\tboundary="=_two"',
    "multipart/mixed; boundary=x",
    "message/rfc822",
    "application/octet-stream",
)
WORDS = ("the", "week’s", "=3D", ".", "…", " ", "\t", "naïve", "x" * 70, "=\r\n", "\r\n", "\r\n\r\n", "From ", "..")


def random_messages(number: int, seed: int) -> Iterator[bytes]:
    """Whole messages, CRLF line ends: folded and odd fields, bodies that end in none, one or many line ends."""
    chance = random.Random(seed)
    for count in range(number):
        kind = TYPES[count % len(TYPES)]
        head = [
            f"From: The Weekly Ledger{_gap(chance)}<ledger@{DOMAIN}>",
            f"To: {chance.choice(['reader@example.net', 'Zoë <zoe@example.org>', '=?utf-8?q?Zo=C3=AB?= <z@e.org>'])}",
            f"Subject:{_gap(chance)}{chance.choice(['The week', '', '=?utf-8?b?V29jaGU=?=', 'a  b   c '])}",
            f"Date: Thu, 24 Sep 2015 07:{count % 60:02}:00 +0000",
            f"Message-ID: <{count}@{DOMAIN}>",
            "MIME-Version: 1.0",
            f"Content-Type: {kind}",
            f"Content-Transfer-Encoding: {chance.choice(['7bit', '8bit', 'quoted-printable'])}",
            *(f"X-Other-{n}: {chance.random()}" for n in range(chance.randrange(4))),
        ]
        if chance.random() < 0.7:
            head += [
                f"List-Unsubscribe:{_gap(chance)}<https://{DOMAIN}/leave/{count:032x}>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
                f"LIST-ID:The Ledger <newsletter.{DOMAIN}>",
            ]
        chance.shuffle(head)
        body = "".join(chance.choice(WORDS) for _ in range(chance.randrange(60)))
        body += chance.choice(["", "\r\n", "\r\n\r\n\r\n", " \r\n"])
        yield ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def _gap(chance: random.Random) -> str:
    return chance.choice([" ", "  ", "\t", "\r\n ", " \r\n\t "])


def signed_message(pem: bytes, message: bytes) -> bytes:
    """*message* as it leaves: with a line end at its end, as SMTP has it."""
    letter = _signer(pem).sign(
        Letter(0, Envelope(f"ledger@{DOMAIN}", "reader@example.net"), (message,), "<0@news.example>")
    )
    sent = b"".join(letter.chunks)
    return sent if sent.endswith(b"\r\n") else sent + b"\r\n"


@cache  # reading a key checks it, which takes longer than all else here
def _signer(pem: bytes) -> Signer:
    return Signer(pem, DOMAIN, SELECTOR)


# ------------------------------------------------------------------------------------------------ verifiers


def rejected_by_dkimpy(
    pem: bytes, messages: Sequence[bytes], name: str = f"{SELECTOR}._domainkey.{DOMAIN}"
) -> list[int]:
    """Numbers of the messages whose signature dkimpy does not take."""
    import dkim

    published = record(pem).encode()

    def answer(asked: bytes, timeout: int = 5) -> bytes | None:
        return published if asked.decode().rstrip(".") == name else None

    def verifies(message: bytes) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(dnsfunc=answer))
        except dkim.DKIMException:  # no message, or no signature, that could be read
            return False

    return [number for number, message in enumerate(messages) if not verifies(message)]


def no_opendkim() -> str:
    """Why opendkim cannot be asked here; '' when it can."""
    return "" if shutil.which("opendkim") else "needs opendkim (apt-get install opendkim)"


def rejected_by_opendkim(
    pem: bytes, messages: Sequence[bytes], folder: Path, name: str = f"{SELECTOR}._domainkey.{DOMAIN}"
) -> list[int]:
    """The same of opendkim, which looks the key up in a file."""
    (folder / "keys").write_text(f"{name} {record(pem)}\n", "utf-8")
    (folder / "opendkim.conf").write_text(f"Mode v\nTestPublicKeys {folder}/keys\nOn-Default reject\n", "utf-8")
    files = [folder / f"{number:04}.eml" for number in range(len(messages))]
    for file, message in zip(files, messages, strict=True):
        file.write_bytes(message)
    passed: set[str] = set()
    for first in range(0, len(files), 100):
        command = [
            "opendkim",
            "-x",
            str(folder / "opendkim.conf"),
            "-t",
            ",".join(map(str, files[first : first + 100])),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        passed |= set(re.findall(r"(\d{4})\.eml: verification \(s=.*?\) succeeded", done.stdout + done.stderr))
    return [number for number, file in enumerate(files) if file.stem not in passed]
