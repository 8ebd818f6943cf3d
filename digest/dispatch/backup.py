"""The whole newsletter in one file, and out of it again.

The file is a .tar.gz whose first member, backup.json, names every other one with its size and SHA-256; with a
passphrase it lies inside an encrypted envelope. It holds people's addresses and the keys: it is written for its
owner's eyes only. What comes out of it is checked against what it says of itself before any of it is in place; what
that then means for letters that may have left is `restored`'s matter.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from digest import config
from digest.dispatch import keys
from digest.errors import StoreError
from digest.folders import make_private
from digest.store import open_store, verdict_on
from digest.store.schema import FILE as DATABASE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MANIFEST = "backup.json"
VERSION = 1
PARTS = (config.FILE, "templates", keys.FOLDER, "var/issues")  # and the database, copied while others write to it
PASSPHRASE = "DIGEST_BACKUP_PASSPHRASE"  # where the command line takes it from

MOST_MEMBERS = 200_000
MOST_MANIFEST = 64 * 2**20  # bytes
MOST_SWELLING = 200  # times the archive's own size; SQLite's pages and HTML shrink some ten times
SPARE = 64 * 2**20  # bytes of disk left free
BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class Copy:
    """What a backup says of itself."""

    made: datetime
    newsletter: str
    files: Mapping[str, tuple[int, str]]  # name -> bytes, SHA-256 in hex

    @property
    def size(self) -> int:
        return sum(size for size, _ in self.files.values())


# ------------------------------------------------------------------------------------------------ writing


def backup(folder: Path, file: Path, *, passphrase: str = "", now: datetime | None = None) -> Copy:
    """Writes *file*: digest.toml, templates, keys, the issues' files and a consistent copy of the database, the inbox
    merged into it. It is read back and compared before an older *file* is replaced.

    Raises StoreError: *file* inside the newsletter (who is erased later would live on in it), no room, a damaged
    database.
    """
    if file.resolve().is_relative_to(folder.resolve()):
        raise StoreError(
            f"{file} lies inside the newsletter: it would be lost with it, and keep people erased later",
            hint="name a place outside, best on another disk",
        )
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _database_copy(folder) as database:
            members = {DATABASE: database, **_parts(folder)}
            copy = Copy(
                now or datetime.now(UTC),
                config.load_config(folder).newsletter.name,
                {name: _measure(path) for name, path in members.items()},
            )
            _write(draft, members, copy, passphrase)
        if read(draft, passphrase=passphrase) != copy:
            raise StoreError(f"{file} could not be written as it should be", hint="look after the disk, then try again")
        draft.replace(file)
        _sync_folder(file.parent)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written: {error.strerror or error}", hint="make room, or name another place"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return copy


@contextmanager
def _database_copy(folder: Path) -> Iterator[Path]:
    """The database, whole and compact, in a file that is gone afterwards."""
    place = folder / "var" / "backups"
    make_private(place)
    for left in place.glob("before-backup-*.db"):  # of a backup that was killed
        left.unlink()
    copy = place / f"before-backup-{os.getpid()}.db"  # the name under which erasing a person finds it
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with open_store(folder) as store:
            store.requests.merge()
            store.copy_to(copy)
        if verdict := verdict_on(copy):
            raise StoreError(f"the database is damaged: {verdict}", hint="keep the older backups; `digest doctor`")
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _parts(folder: Path) -> dict[str, Path]:
    """The files of the newsletter's own parts, by their names in the archive. Links are followed nowhere."""
    found: dict[str, Path] = {}
    for part in PARTS:
        place = folder / part
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in files:
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(folder).as_posix()] = path
    return found


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        return path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()


def _write(draft: Path, members: Mapping[str, Path], copy: Copy, passphrase: str) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        sealed = _Sealing(raw, passphrase) if passphrase else None
        with (
            gzip.GzipFile("", "wb", 6, cast(IO[bytes], sealed or raw), copy.made.timestamp()) as shrunk,
            tarfile.open(fileobj=shrunk, mode="w|") as archive,
        ):
            text = json.dumps(
                {
                    "version": VERSION,
                    "made": copy.made.astimezone(UTC).isoformat(),
                    "newsletter": copy.newsletter,
                    "files": {name: list(known) for name, known in copy.files.items()},
                },
                ensure_ascii=False,
            ).encode()
            archive.addfile(_member(MANIFEST, len(text), copy.made), io.BytesIO(text))
            for name, path in members.items():
                with path.open("rb") as stream:
                    archive.addfile(_member(name, copy.files[name][0], copy.made), stream)
        if sealed:
            sealed.finish()
        raw.flush()
        os.fsync(raw.fileno())


def _member(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, int(at.timestamp())
    member.mode = 0o600 if name == DATABASE or name.startswith(f"{keys.FOLDER}/") else 0o644
    return member


# ------------------------------------------------------------------------------------------------ reading


def read(file: Path, into: Path | None = None, *, passphrase: str = "") -> Copy:
    """What the backup *file* holds, every byte of it checked; unpacked into the folder *into*, where given, which must
    be empty. Raises StoreError for anything but a whole backup; *into* may then hold a part of it.
    """
    try:
        with (
            _opened(file, passphrase) as stream,
            tarfile.open(fileobj=stream, mode="r|gz", tarinfo=_Header) as archive,
        ):
            return _unpack(archive, file, into)
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise StoreError(
                f"{file} cannot be unpacked: {error.strerror}", hint="make room, or see who may read it"
            ) from error
        raise StoreError(f"{file} is no backup of a newsletter: {error}", hint="is it whole?") from error


def _unpack(archive: tarfile.TarFile, file: Path, into: Path | None) -> Copy:
    copy = _manifest(archive, file, into)
    seen: set[str] = set()
    while (member := archive.next()) is not None:
        if member.name in seen or member.name not in copy.files or member.type != tarfile.REGTYPE:
            raise _strange(file, f"holds {member.name!r}, which it does not speak of")
        size, digest = copy.files[member.name]
        if member.size != size:
            raise _strange(file, f"holds {member.name!r} with {member.size} bytes, not {size}")
        stream = archive.extractfile(member)
        assert stream is not None
        if _carry(stream, into / member.name if into else None, member.name) != digest:
            raise _strange(file, f"holds {member.name!r} damaged")
        seen.add(member.name)
    if missing := copy.files.keys() - seen:
        raise _strange(file, f"lacks {min(missing)!r}")
    return copy


class _Header(tarfile.TarInfo):
    """Refuses what tarfile would read into memory whole before anybody sees it: long extended headers."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        found = super().frombuf(buf, encoding, errors)
        if found.type != tarfile.REGTYPE and found.size > BLOCK:
            raise tarfile.ReadError(f"an extended header of {found.size:,} bytes")
        return found


def _manifest(archive: tarfile.TarFile, file: Path, into: Path | None) -> Copy:
    first = archive.next()
    if first is None or first.name != MANIFEST or first.type != tarfile.REGTYPE or first.size > MOST_MANIFEST:
        raise _strange(file, f"does not begin with {MANIFEST}")
    stream = archive.extractfile(first)
    assert stream is not None
    told = json.loads(stream.read(MOST_MANIFEST))
    if not isinstance(told, dict) or told.get("version") != VERSION:
        raise StoreError(
            f"{file} was written by another version of digest", hint="upgrade: pip install -U newsletter-digest"
        )
    try:
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in told["files"].items()}
        copy = Copy(datetime.fromisoformat(told["made"]), str(told["newsletter"]), files)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{MANIFEST} says {error}") from error
    _refuse_hostile(copy, file, into)
    return copy


def _refuse_hostile(copy: Copy, file: Path, into: Path | None) -> None:
    """Before anything is unpacked: only a newsletter's files, no more of them than there is room for."""
    if not {DATABASE, config.FILE} <= copy.files.keys() or len(copy.files) > MOST_MEMBERS:
        raise _strange(file, "holds no newsletter")
    for name, (size, _) in copy.files.items():
        path = PurePosixPath(name)
        inside = name in (DATABASE, config.FILE) or any(name.startswith(f"{part}/") for part in PARTS[1:])
        if not inside or ".." in path.parts or path.as_posix() != name or "\0" in name or size < 0:
            raise _strange(file, f"holds {name!r}, which no backup does")
    if copy.size > BLOCK + MOST_SWELLING * file.stat().st_size:
        raise _strange(file, f"would swell to {copy.size:,} bytes")
    if into is not None and copy.size + SPARE > shutil.disk_usage(into).free:
        raise StoreError(f"there is no room for {copy.size:,} bytes in {into.parent}", hint="make room, then try again")


def _carry(stream: IO[bytes], target: Path | None, name: str) -> str:
    """Copies *stream* to *target*, if there is one; its SHA-256."""
    hashed = hashlib.sha256()
    if target is None:
        while block := stream.read(BLOCK):
            hashed.update(block)
        return hashed.hexdigest()
    secret = name == DATABASE or name.startswith((f"{keys.FOLDER}/", "var/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as out:
        while block := stream.read(BLOCK):
            hashed.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return hashed.hexdigest()


def _strange(file: Path, what: str) -> StoreError:
    return StoreError(
        f"{file} {what}: it is no backup, or not whole", hint="where is it from? `digest backup FILE` writes one"
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------------ the envelope
#
# magic, 16 bytes of salt, then blocks: length (4 bytes, of the plain text), AES-256-GCM of at most BLOCK bytes. A
# block's nonce is its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
# Vizár, CRYPTO 2015), so blocks cannot be dropped, reordered or cut off at the end. The key is scrypt's (RFC 7914) of
# the passphrase and the salt, and serves one file only.

MAGIC = b"digest backup 1\n"
SALT = 16
SCRYPT = {"n": 2**16, "r": 8, "p": 1}  # 64 MiB and some 0.2 s for each guess
TAG = 16


def is_sealed(file: Path) -> bool:
    """Whether *file* needs a passphrase. Raises StoreError when it cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}", hint="see its name and who may read it") from error


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return AESGCM(Scrypt(salt=salt, length=32, **SCRYPT).derive(passphrase.encode()))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class _Sealing:
    """Takes plain bytes, writes sealed blocks to *raw*. The last one is written by `finish`."""

    def __init__(self, raw: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(SALT)
        self._cipher, self._raw = _cipher(passphrase, salt), raw
        self._waiting, self._number = bytearray(), 0
        raw.write(MAGIC + salt)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > BLOCK:  # never the last one: that is known at the end only
            self._seal(bytes(self._waiting[:BLOCK]), last=False)
            del self._waiting[:BLOCK]
        return len(data)

    def _seal(self, plain: bytes, *, last: bool) -> None:
        length = len(plain).to_bytes(4, "big")
        self._raw.write(length + self._cipher.encrypt(_nonce(self._number, last), plain, length))
        self._number += 1

    def finish(self) -> None:
        self._seal(bytes(self._waiting), last=True)


class _Unsealed:
    """The plain bytes of sealed blocks. Raises StoreError for a wrong passphrase and for damage."""

    def __init__(self, raw: IO[bytes], passphrase: str, file: Path) -> None:
        raw.seek(len(MAGIC))
        self._cipher, self._raw, self._file = _cipher(passphrase, raw.read(SALT)), raw, file
        self._plain, self._number, self._is_over = b"", 0, False

    def read(self, size: int) -> bytes:
        while not self._is_over and len(self._plain) < size:
            self._plain += self._open()
        taken, self._plain = self._plain[:size], self._plain[size:]
        return taken

    def _open(self) -> bytes:
        from cryptography.exceptions import InvalidTag

        length = self._raw.read(4)
        size = int.from_bytes(length, "big")
        if len(length) < 4 or size > BLOCK:
            raise _strange(self._file, "is cut off or damaged")
        sealed = self._raw.read(size + TAG)
        for last in (False, True):
            with suppress(InvalidTag):
                plain = self._cipher.decrypt(_nonce(self._number, last), sealed, length)
                self._number += 1
                self._is_over = last
                if last and self._raw.read(1):
                    raise _strange(self._file, "goes on after its end")
                return plain
        if self._number:
            raise _strange(self._file, "is cut off or damaged")
        raise StoreError(f"the passphrase does not open {self._file}", hint="try again; nobody can open it without")


@contextmanager
def _opened(file: Path, passphrase: str) -> Iterator[IO[bytes]]:
    with file.open("rb") as raw:
        if not is_sealed(file):
            yield raw
        elif not passphrase:
            raise StoreError(f"{file} needs its passphrase", hint=f"set {PASSPHRASE}, or type it when asked")
        else:
            yield cast(IO[bytes], _Unsealed(raw, passphrase, file))
