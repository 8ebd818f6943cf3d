"""The newsletter's secrets, and the names derived from them.

``keys/`` is readable by its owner only: ``message.key`` names letters, ``erased.key`` remembers erased people
without their address, ``session.key`` signs browser cookies, ``dkim-SELECTOR.pem`` signs letters. Nothing derived
can be turned back into a subscriber.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from digest.errors import StoreError
from digest.send.dkim import new_key

FOLDER = "keys"
NAMES = ("message.key", "erased.key", "session.key")
SIZE = 32  # random bytes


@dataclass(frozen=True, slots=True)
class Keys:
    message: bytes = field(repr=False)
    erased: bytes = field(repr=False)
    session: bytes = field(repr=False)


def make_keys(folder: Path) -> list[str]:
    """Makes the keys that the newsletter in *folder* lacks, and names them. Doing it again changes nothing. Raises
    StoreError where they cannot be written."""
    keys = folder / FOLDER
    try:
        keys.mkdir(mode=0o700, exist_ok=True)
        if keys.stat().st_mode & 0o077:
            keys.chmod(0o700)
        missing = [name for name in NAMES if not (keys / name).exists()]
        for name in missing:
            write_once(keys / name, secrets.token_bytes(SIZE))
    except OSError as error:
        raise StoreError(
            f"the keys in {keys} cannot be made: {error.strerror}",
            hint="see whose the folder is, and whether it is full",
        ) from error
    return missing


def load(folder: Path) -> Keys:
    """Raises StoreError when a key is missing or damaged: a new one would break what was sent under the old."""
    return Keys(*(_read(folder / FOLDER / name) for name in NAMES))


def dkim_file(folder: Path, selector: str) -> Path:
    return folder / FOLDER / f"dkim-{selector}.pem"


def make_dkim_key(folder: Path, selector: str) -> bool:
    """Makes the key under *selector*; False: it is there already, and stays."""
    path = dkim_file(folder, selector)
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_once(path, new_key())
    return True


def load_dkim_key(folder: Path, selector: str) -> bytes:
    """The key under *selector* as PEM. Raises StoreError when there is none, or it cannot be read."""
    return _bytes_of(
        dkim_file(folder, selector), "make it with `digest keys make` and publish its record, or restore a backup"
    )


def _bytes_of(path: Path, if_missing: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise StoreError(f"the key {path} is missing", hint=if_missing) from error
    except OSError as error:
        raise StoreError(f"the key {path} cannot be read: {error.strerror}", hint="check whose it is") from error


def _read(path: Path) -> bytes:
    key = _bytes_of(path, "restore it from a backup, or, in a new newsletter, run `digest keys make`")
    if len(key) != SIZE:
        raise StoreError(f"the key {path} is damaged: {len(key)} bytes, not {SIZE}", hint="restore it from a backup")
    return key


def write_once(path: Path, key: bytes) -> None:
    """Writes *path* whole or not at all; a key another process made meanwhile stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        path.hardlink_to(draft)  # fails where rename would replace
    except FileExistsError:
        pass  # theirs is as good
    finally:
        draft.unlink()


# ------------------------------------------------------------------------------------------------ derived names


def _derive(key: bytes, purpose: str, issue: str, subscriber: int, length: int) -> str:
    text = f"{purpose}\0{issue}\0{subscriber}".encode()
    return hmac.digest(key, text, "sha256").hex()[:length]


def message_id(issue: str, subscriber: int, key: bytes, domain: str) -> str:
    """The letter's Message-ID, with angle brackets: the same one every time this letter is carried."""
    return f"<{issue.lower()}.{_derive(key, 'message-id', issue, subscriber, 32)}@{domain}>"


def bounce_token(issue: str, subscriber: int, key: bytes) -> str:
    """What a returned letter names its reader by, in ``bounces+TOKEN@``: 30 hex digits, never the leaving token.

    80 bits that only the key makes (keyed BLAKE2b, RFC 7693: half of HMAC's time, and there are many letters), then
    the reader's number masked by them (as in RFC 5297): whoever has the key reads the number back without a look
    through a million rows, and nobody else learns it.
    """
    mac = _bounce_mac(issue, subscriber, key)
    return (mac + _masked(subscriber, mac, key)).hex()


def read_bounce_token(token: str, issues: Iterable[str], key: bytes) -> tuple[str, int] | None:
    """The issue and the reader's number a token was made for; None for one that this newsletter never made."""
    if not BOUNCE_TOKEN.fullmatch(token):
        return None
    data = bytes.fromhex(token)
    mac, masked = data[:_MAC], data[_MAC:]
    subscriber = int.from_bytes(_masked(int.from_bytes(masked, "big"), mac, key), "big")
    for issue in issues:
        if hmac.compare_digest(mac, _bounce_mac(issue, subscriber, key)):
            return issue, subscriber
    return None


BOUNCE_TOKEN = re.compile(r"[0-9a-f]{30}")
_MAC, _NUMBER = 10, 5  # bytes


def _bounce_mac(issue: str, subscriber: int, key: bytes) -> bytes:
    return hashlib.blake2b(f"{issue}\0{subscriber}".encode(), key=key, digest_size=_MAC, person=b"verp").digest()


def _masked(number: int, mac: bytes, key: bytes) -> bytes:
    """*number* under a mask that follows from *mac*; masked twice it is itself again."""
    mask = hashlib.blake2b(mac, key=key, digest_size=_NUMBER, person=b"verp mask").digest()
    return (number ^ int.from_bytes(mask, "big")).to_bytes(_NUMBER, "big")
