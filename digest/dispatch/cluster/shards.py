"""What travels between coordinator and workers, sealed: a shard of readers, the issue they get, what became of them.

One key, keys/cluster.key, is known to the newsletter and its workers alone; each epoch of an issue has its own, made of
it. AES-256-GCM (SP 800-38D), HKDF-SHA-256 (RFC 5869). Whoever runs broker or claim store reads no address, and can
forge no answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from digest.address import Address
from digest.dispatch.keys import FOLDER, SIZE, write_once
from digest.dispatch.ledger import Row
from digest.errors import SendError, StoreError
from digest.model import Accepted, Deferred, Outcome, Rejected, Reply, Unknown

KEY = "cluster.key"
KEY_VARIABLE = "DIGEST_CLUSTER_KEY"
NOBODYS = 0
"""The code of a reply that no server gave: the letter could not be written."""
_NONCE = 12  # bytes


@dataclass(frozen=True, slots=True)
class Passenger:
    """One row of a shard: what a letter needs."""

    ordinal: int
    subscriber: int
    address: Address
    name: str
    token: str
    variant: str
    how: str
    round: int


@dataclass(frozen=True, slots=True)
class Shard:
    """Readers of one issue in one worker's hands."""

    name: str  # the owner of its rows in the ledger
    issue: str
    epoch: str
    prefix: str  # of the issue's keys in the claim store
    briefing: str  # under which name the claim store has it
    seconds: float  # after which no new letter of it is begun
    passengers: tuple[Passenger, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """The issue: whatever its letters have in common."""

    config: str  # digest.toml
    rendered: str  # as JSON
    message_key: bytes = field(repr=False)
    dkim_key: bytes | None = field(repr=False)  # None: the relay signs


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says of a shard."""

    shard: str
    issue: str
    outcomes: tuple[tuple[int, Outcome], ...] = ()
    is_last: bool = False  # its worker has let go of it
    trouble: str = ""  # why nothing could be carried; '' when it could
    hint: str = ""
    login_refused: bool = False


# ------------------------------------------------------------------------------------------------ the key


def make_key(folder: Path) -> str:
    """The newsletter's key as workers are given it; made where it is missing. Raises StoreError."""
    path = folder / FOLDER / KEY
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_once(path, secrets.token_bytes(SIZE))
        return base64.urlsafe_b64encode(path.read_bytes()).decode().rstrip("=")
    except OSError as error:
        raise StoreError(f"the key {path} cannot be made or read: {error.strerror}", hint="see whose it is") from error


def read_key(text: str) -> bytes:
    """Raises SendError for what is no key."""
    try:
        key = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != SIZE:
        what = f"{KEY_VARIABLE} is not set" if not text.strip() else f"{KEY_VARIABLE} is no key"
        raise SendError(what, hint="`digest keys cluster` on the newsletter’s machine prints the line")
    return key


class Seal:
    """Seals under one key, for each epoch under another one made of it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def close(self, epoch: str, purpose: str, value: Mapping[str, Any]) -> str:
        """*value* as text that nobody without the key can read or make."""
        nonce = secrets.token_bytes(_NONCE)
        data = zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 1)
        return base64.b64encode(nonce + _cipher(self._key, epoch).encrypt(nonce, data, purpose.encode())).decode()

    def open(self, epoch: str, purpose: str, sealed: str) -> dict[str, Any]:
        """Raises SendError for what was sealed under another key, or for another purpose."""
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(sealed, validate=True)
            data = _cipher(self._key, epoch).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise SendError(
                "a message in the queue was not sealed with this newsletter’s key",
                hint=f"give all workers the same {KEY_VARIABLE}: `digest keys cluster`",
            ) from error
        value: dict[str, Any] = json.loads(zlib.decompress(data))
        return value


@lru_cache(maxsize=8)
def _cipher(key: bytes, epoch: str) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), 32, salt=epoch.encode(), info=b"digest cluster 1").derive(key))


# ------------------------------------------------------------------------------------------------ as JSON


def seal_shard(seal: Seal, shard: Shard) -> str:
    plain = {name: getattr(shard, name) for name in ("name", "issue", "epoch", "prefix", "briefing", "seconds")}
    plain["passengers"] = [
        (p.ordinal, p.subscriber, p.address.local, p.address.domain, p.name, p.token, p.variant, p.how, p.round)
        for p in shard.passengers
    ]
    return seal.close(shard.epoch, "shard", plain)


def open_shard(seal: Seal, epoch: str, sealed: str) -> Shard:
    """Raises SendError."""
    plain = seal.open(epoch, "shard", sealed)
    plain["passengers"] = tuple(
        Passenger(ordinal, subscriber, Address(local, domain), *rest)
        for ordinal, subscriber, local, domain, *rest in plain["passengers"]
    )
    return Shard(**plain)


def passengers_of(rows: Sequence[Row], rounds: Mapping[int, int]) -> tuple[Passenger, ...]:
    return tuple(
        Passenger(r.ordinal, r.subscriber, r.address, r.name, r.token, r.variant, r.how, rounds.get(r.ordinal, 0))
        for r in rows
    )


def seal_briefing(seal: Seal, epoch: str, briefing: Briefing) -> tuple[str, str]:
    """Its name, by which a worker knows whether it has it already, and what is kept under it."""
    plain = asdict(briefing)
    plain["message_key"] = briefing.message_key.hex()
    plain["dkim_key"] = None if briefing.dkim_key is None else briefing.dkim_key.decode("ascii")
    content = json.dumps(plain, sort_keys=True).encode()
    return hashlib.sha256(epoch.encode() + content).hexdigest()[:32], seal.close(epoch, "briefing", plain)


def open_briefing(seal: Seal, epoch: str, sealed: str) -> Briefing:
    """Raises SendError."""
    plain = seal.open(epoch, "briefing", sealed)
    pem = plain["dkim_key"]
    return Briefing(
        plain["config"],
        plain["rendered"],
        bytes.fromhex(plain["message_key"]),
        None if pem is None else pem.encode("ascii"),
    )


_KINDS: Mapping[str, type[Accepted] | type[Deferred] | type[Rejected]] = {
    "accepted": Accepted,
    "deferred": Deferred,
    "rejected": Rejected,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


def seal_report(seal: Seal, epoch: str, report: Report) -> str:
    plain = {name: getattr(report, name) for name in ("shard", "issue", "is_last", "trouble", "hint", "login_refused")}
    plain["outcomes"] = [
        (ordinal, "unknown", outcome.why)
        if isinstance(outcome, Unknown)
        else (ordinal, _WORDS[type(outcome)], outcome.reply.code, outcome.reply.enhanced, outcome.reply.words)
        for ordinal, outcome in report.outcomes
    ]
    return seal.close(epoch, "report", plain)


def open_report(seal: Seal, epoch: str, sealed: str) -> Report:
    """Raises SendError."""
    plain = seal.open(epoch, "report", sealed)
    plain["outcomes"] = tuple(
        (ordinal, Unknown(said[0]) if word == "unknown" else _KINDS[word](Reply(*said)))
        for ordinal, word, *said in plain["outcomes"]
    )
    return Report(**plain)
