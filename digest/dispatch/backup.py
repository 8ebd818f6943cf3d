"""The whole newsletter in one file, and back.

A backup holds people's addresses and the keys: it is written for its owner's eyes only. What a restore cannot
know, it does not guess: letters that may have gone out since the backup are held, not sent again.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from digest import config
from digest.dispatch import keys, locks
from digest.errors import StoreError
from digest.store import open_store
from digest.store.schema import FILE as DATABASE

PARTS = (config.FILE, "templates", keys.FOLDER, "var")  # and the database, copied while others may write to it

_LOCKS = locks.FOLDER.as_posix()


def backup(folder: Path, file: Path) -> None:
    """Writes *file* (.tar.gz): digest.toml, templates, keys, var without its locks, and a consistent copy of the
    database. An older *file* is replaced only once the new one is whole."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="digest-") as scratch:
        copy = Path(scratch) / DATABASE
        _copy_database(folder, copy)  # first: var/inbox, taken later, may then only know more, never less
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw:
                with tarfile.open(fileobj=raw, mode="w:gz") as archive:
                    archive.add(copy, DATABASE)
                    for part in PARTS:
                        if (folder / part).exists():
                            archive.add(folder / part, part, filter=lambda m: _kept(m, folder, draft, file))
                raw.flush()
                os.fsync(raw.fileno())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


def restore(file: Path, folder: Path, *, now: datetime | None = None) -> None:
    """Unpacks the backup *file* into *folder*, which must be empty or not there. Raises StoreError.

    Every letter that was open when the backup was made becomes `uncertain`: it may have left since then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} is not empty", hint="restore into a new folder, then move it into place")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in _checked(archive, file):
                archive.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StoreError(f"{file} is no backup of a newsletter: {error}", hint="is it whole?") from error
    for secret in (folder / keys.FOLDER, folder / "var"):
        if secret.is_dir():
            secret.chmod(0o700)
    (folder / DATABASE).chmod(0o600)
    at = now or datetime.now(UTC)
    with open_store(folder) as store:
        for issue in store.issues.all():
            if issue.state in ("approved", "scheduled", "sending", "paused"):
                store.ledger.doubt_open(issue.slug, "it may have left after the backup was made", at)


def _copy_database(folder: Path, copy: Path) -> None:
    """The copy is the owner's alone from its first byte."""
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT, 0o600))
    with open_store(folder) as store:
        store.copy_to(copy)


def _kept(member: tarfile.TarInfo, folder: Path, draft: Path, file: Path) -> tarfile.TarInfo | None:
    """Without locks, half-written letters, and the backup itself where it is written into the newsletter."""
    place = (folder / member.name).resolve()
    if place in (draft.resolve(), file.resolve()) or member.name == _LOCKS:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member if member.isfile() or member.isdir() else None


def _checked(archive: tarfile.TarFile, file: Path) -> Iterator[tarfile.TarInfo]:
    """The members, once they are all known to be a newsletter's."""
    members = archive.getmembers()
    names = {m.name for m in members}
    if not {DATABASE, config.FILE} <= names:
        raise StoreError(f"{file} is no backup of a newsletter", hint="`digest backup FILE` writes one")
    for member in members:
        known = member.name.split("/")[0] in (DATABASE, *PARTS)
        if not known or not (member.isfile() or member.isdir()):
            raise StoreError(f"{file} holds {member.name!r}, which no backup does", hint="where is it from?")
    yield from members
