"""Sealing what names a person on its way from a page to the newsletter: whoever holds the inbox, or a receiver's whole
disk, cannot read it without keys/inbox.key, which no receiver has.

X25519 with a fresh key for each text (RFC 7748), HKDF-SHA-256 (RFC 5869), AES-256-GCM (SP 800-38D), after the pattern
of HPKE's base mode (RFC 9180). The length is rounded up, so that it says little of the address.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from digest.dispatch.keys import FOLDER, SIZE, write_once
from digest.errors import ConfigError, DigestError, StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

NAME = "inbox.key"
STEP = 1024  # bytes a text is filled up to
_LABEL = b"digest inbox 1"


def public_key(folder: Path) -> str:
    """What a page seals to, as base64; the newsletter's private half is made where it is missing. Raises StoreError."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    path = folder / FOLDER / NAME
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_once(path, secrets.token_bytes(SIZE))
    return _encode(_private(folder).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def check_public(key: str) -> None:
    """Raises ConfigError for what is no public key."""
    try:
        size = len(_decode(key))
    except (ValueError, binascii.Error):
        size = 0
    if size != SIZE:
        raise ConfigError(f"site.seal_to = {key!r} is no key", hint="`digest keys receiver` prints the right line")


def seal(key: str, text: str, *, purpose: str) -> str:
    """*text* for the holder of the private half of *key*, and only where *purpose* is the same; base64url."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    theirs, own = _decode(key), X25519PrivateKey.generate()
    public = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    secret = own.exchange(X25519PublicKey.from_public_bytes(theirs))
    data = text.encode()
    data += b" " * (-len(data) % STEP)
    # A key that is used once needs no nonce of its own.
    return _encode(public + AESGCM(_derive(secret, public, theirs)).encrypt(bytes(12), data, purpose.encode()))


def unseal(folder: Path, sealed: str, *, purpose: str) -> str:
    """The text again. Raises StoreError without the key, DigestError for what was sealed for another key or purpose."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    own = _private(folder)
    ours = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        raw = _decode(sealed)
        public, data = raw[:SIZE], raw[SIZE:]
        secret = own.exchange(X25519PublicKey.from_public_bytes(public))
        return AESGCM(_derive(secret, public, ours)).decrypt(bytes(12), data, purpose.encode()).decode().rstrip(" ")
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise DigestError(
            f"a request was not sealed for {folder / FOLDER / NAME}",
            hint="give the receiver the newest key: `digest keys receiver`",
        ) from error


def _private(folder: Path) -> X25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    path = folder / FOLDER / NAME
    try:
        return X25519PrivateKey.from_private_bytes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the key {path} cannot be read: requests by name stay sealed", hint="restore it from a backup"
        ) from error


def _derive(secret: bytes, public: bytes, theirs: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=_LABEL + public + theirs).derive(secret)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
