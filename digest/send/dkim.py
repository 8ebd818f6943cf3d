"""DKIM: a signature over a letter's header and body (RFC 6376; key sizes after RFC 8301), and the keys for it.

rsa-sha256 with 2048 bits, c=relaxed/simple: the body is ours to the byte and no relay may touch it, header lines may be
folded anew on the way. Every name in `SIGNED` stands in h= once more than the letter holds it, so that nobody can add a
second one (RFC 6376, 5.4.2 and 8.15). Knows bytes and one key; no file, no clock: the same letter is signed with the
same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.errors import SendError
from digest.model import Letter

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

BITS = 2048  # RFC 8301, 3.2: verifiers must take it, and 1024 are no longer enough
SIGNED = (
    *("From", "Subject", "To", "Date", "Reply-To", "Message-ID"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),  # RFC 8058, 4: both must be covered
    *("List-Id", "List-Help", "List-Owner", "List-Archive", "List-Post"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)
_FIELD = re.compile(rb"\r\n(?![ \t])")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter waiting for its signature."""

    letter: Letter
    field: bytes  # DKIM-Signature up to b=
    data: bytes  # what is to be signed


MOST_VARIANTS = 64  # whose beginning is kept

_Beginning = tuple[tuple[bytes, ...], "hashlib._Hash"]
"""Chunks, and SHA-256 after them."""


class Signer:
    """Signs letters for *domain* with the key that is published under *selector*."""

    def __init__(
        self, pem: bytes, domain: str, selector: str, *, unsigned: Collection[str] = (), more: Collection[str] = ()
    ) -> None:
        """*unsigned*: fields the relay writes itself; *more*: fields signed besides `SIGNED`. Raises SendError for
        what is no RSA key of 2048 bits or more."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        self._key = _read_key(pem)
        self._how = (padding.PKCS1v15(), hashes.SHA256())
        left_out = {name.lower() for name in unsigned}
        self._names = tuple(name.lower().encode() for name in (*SIGNED, *more) if name.lower() not in left_out)
        self._known: dict[int, _Beginning] = {}  # by the id of its first chunk, which stays its own as it is kept alive
        self._start = f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d={domain}; s={selector};\r\n h=".encode()

    def sign(self, letter: Letter) -> Letter:
        """*letter* with the signature as its first field; its chunks stay the objects they were."""
        return self.finish(self.prepare(letter))

    def prepare(self, letter: Letter) -> Prepared:
        """All but the signature itself, in a few dozen microseconds."""
        head, body = _parted(letter.chunks)
        names, signed = self._chosen(head)
        field = b"%b%b;\r\n bh=%b;\r\n b=" % (self._start, _listed(names), base64.b64encode(self._hash(body)))
        # RFC 6376, 3.7: the field itself comes last, with an empty b= and no line end.
        return Prepared(letter, field, b"".join((*signed, relaxed(field)[1])))

    def finish(self, prepared: Prepared) -> Letter:
        """The letter, signed: a quarter of a millisecond, in which other threads run."""
        signature = base64.b64encode(self._key.sign(prepared.data, *self._how))
        lines = b"\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return replace(prepared.letter, chunks=(prepared.field + lines + b"\r\n", *prepared.letter.chunks))

    def _hash(self, body: Sequence[bytes]) -> bytes:
        """`body_hash` of the chunks *body*. What a letter's body begins with is the same for all readers of a variant:
        the hash's state after it is kept, and copied."""
        if len(body) < 2 or not _ends_once(body[-1]):
            return body_hash(b"".join(body))
        before, state = self._known.get(id(body[0])) or _hashed(body[:-1])
        pairs = enumerate(zip(before, body, strict=False))
        shared = next((n for n, (known, ours) in pairs if known != ours), min(len(before), len(body)))
        if shared < len(before):
            before, state = _hashed(before[:shared])
        if len(self._known) > MOST_VARIANTS:
            self._known.clear()
        self._known[id(body[0])] = before, state
        rest = state.copy()
        rest.update(b"".join(body[shared:]))
        return rest.digest()

    def _chosen(self, head: bytes) -> tuple[tuple[bytes, ...], list[bytes]]:
        """The names for h=, and the fields they stand for, each with its line end."""
        fields: dict[bytes, list[bytes]] = {name: [] for name in self._names}
        for raw in fields_of(head):
            name, canonical = relaxed(raw)
            if name in fields:
                fields[name].append(canonical + b"\r\n")
        # Those of one name are taken from the last one up (RFC 6376, 5.4.2), and the name stands there once more.
        names = tuple(name for name, there in fields.items() for _ in range(len(there) + 1))
        return names, [field for there in fields.values() for field in reversed(there)]


def _parted(chunks: Sequence[bytes]) -> tuple[bytes, Sequence[bytes]]:
    """The header, whole lines, and the body's chunks."""
    for number, chunk in enumerate(chunks):
        at = chunk.find(b"\r\n\r\n")
        if at >= 0:
            head, rest = b"".join((*chunks[:number], chunk[: at + 2])), chunk[at + 4 :]
            if b"\r\n\r\n" in head:  # the empty line lies between two chunks
                break
            return head, (rest, *chunks[number + 1 :]) if rest else chunks[number + 1 :]
    head, _, rest = b"".join(chunks).partition(b"\r\n\r\n")
    return head.removesuffix(b"\r\n") + b"\r\n", (rest,)


def _hashed(chunks: Sequence[bytes]) -> _Beginning:
    return tuple(chunks), hashlib.sha256(b"".join(chunks))


def fields_of(head: bytes) -> Iterator[bytes]:
    """The fields of a header of whole lines, each with its folds and without its line end."""
    return (field for field in _FIELD.split(head) if field)


@lru_cache(maxsize=256)  # an issue's letters share all fields but four
def relaxed(field: bytes) -> tuple[bytes, bytes]:
    """A field's name in lower case, and all of it as RFC 6376, 3.4.2 has it: unfolded, blanks made one, none at the end
    or around the colon. *field* is without its line end, and so is what comes back."""
    name, _, value = field.partition(b":")
    name = name.rstrip(b" \t").lower()
    return name, name + b":" + _BLANKS.sub(b" ", _FOLD.sub(b"", value)).strip(b" ")


def body_hash(body: bytes) -> bytes:
    """SHA-256 of *body* as RFC 6376, 3.4.3 has it: exactly one line end at its end."""
    if not _ends_once(body):
        while body.endswith(b"\r\n"):
            body = body[:-2]
        body += b"\r\n"
    return hashlib.sha256(body).digest()


def _ends_once(body: bytes) -> bool:
    """Whether *body* needs no mending: one line end at its end, and something before it."""
    return len(body) > 2 and body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n")


@lru_cache(maxsize=64)
def _listed(names: Sequence[bytes]) -> bytes:
    """h= on lines of at most 76 columns."""
    lines, column = [names[0]], 3 + len(names[0])
    for name in names[1:]:
        if column + 1 + len(name) > 75:
            lines.append(b"\r\n " + name)
            column = 1 + len(name)
        else:
            lines.append(name)
            column += 1 + len(name)
    return b":".join(lines)


# ------------------------------------------------------------------------------------------------ keys


def new_key() -> bytes:
    """A fresh RSA key as PEM (PKCS #8)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_half(pem: bytes) -> str:
    """What is published of a key: the p= of its record, base64. Raises SendError for what is no key."""
    from cryptography.hazmat.primitives import serialization

    public = _read_key(pem).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode("ascii")


def record(pem: bytes) -> str:
    """The TXT record of a key (RFC 6376, 3.6.1). Raises SendError for what is no key."""
    return f"v=DKIM1; k=rsa; p={public_half(pem)}"


def _read_key(pem: bytes) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SendError(
            "the DKIM key cannot be read: it is damaged, or locked by a passphrase",
            hint="restore it from a backup, or make one under a new selector: `digest keys make --selector NAME`",
        ) from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < BITS:
        raise SendError(
            f"the DKIM key is no RSA key of {BITS} bits or more",
            hint="make one under a new selector: `digest keys make --selector NAME`",
        )
    return key
