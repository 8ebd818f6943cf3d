"""The newsletter’s folder and the machine it lies on: keys, rights, disk, clock, and places no database should be."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from digest.config import Config
from digest.dispatch import keys
from digest.dispatch.doctor.verdict import Verdict, error, good, warning
from digest.dispatch.signing import signer_of
from digest.errors import DigestError, StoreError
from digest.store import Store

LOW_DISK = 200 * 2**20  # bytes
MOUNTS = Path("/proc/mounts")
NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|afs|ceph|9p|ncpfs|davfs\d?|glusterfs|fuse\.(?!portal|snapfuse|lxcfs).+")
SYNCED = re.compile(
    r"(?:dropbox|onedrive|google ?drive|googledrive|icloud|mobile documents|cloudstorage|nextcloud|owncloud|pcloud"
    r"|box sync|megasync|syncthing)\b.*",
    re.I,
)
SYNC_MARKS = (".stfolder", ".dropbox", ".owncloudsync.log", ".nextcloudsync.log")


def judge_folder(folder: Path, config: Config, store: Store, now: datetime) -> Iterator[Verdict]:
    yield from judge_keys(folder, config)
    yield from _rights(folder, store)
    yield judge_place(folder.resolve(), MOUNTS.read_text("utf-8", "replace") if MOUNTS.exists() else "")
    yield _disk(folder)
    yield from _clock(store, now)
    yield from _alerts(folder, config)


def judge_keys(folder: Path, config: Config) -> Iterator[Verdict]:
    try:
        keys.load(folder)
        signer_of(folder, config)
        yield good("keys", "all keys are there")
    except StoreError as wrong:
        yield error("keys", str(wrong), wrong.hint, now=True)
    except DigestError as wrong:
        yield error("keys", str(wrong), wrong.hint)


def _rights(folder: Path, store: Store) -> Iterator[Verdict]:
    place, open_to_all = folder / keys.FOLDER, False
    for path in [place, *sorted(place.glob("*"))]:
        if path.exists() and path.stat().st_mode & 0o077:
            open_to_all = True
            mode = "700" if path.is_dir() else "600"
            yield error("keys", f"others on this machine may read {path}", f"chmod {mode} {path}", now=True)
    if store.path.stat().st_mode & 0o077:
        open_to_all = True
        yield warning("database", "others on this machine may read people’s addresses", f"chmod 600 {store.path}")
    if places := _open_places(folder / "var"):
        open_to_all = True
        what = f"others on this machine may read {', '.join(places)}: people’s addresses and the links in their letters"
        yield warning("letters", what, f"chmod 700 {folder / 'var'}")
    if not open_to_all:
        yield good("keys", "nobody else on this machine may read keys and addresses")


def _open_places(var: Path) -> list[str]:
    """The places in *var* that others may look into."""
    if not var.is_dir() or not var.stat().st_mode & 0o077:
        return []
    places = (var / name for name in ("outbox", "inbox", "issues", "backups"))
    return [f"var/{place.name}" for place in places if place.is_dir() and place.stat().st_mode & 0o077]


def judge_place(folder: Path, mounts: str) -> Verdict:
    """*folder* is resolved; *mounts*: /proc/mounts. SQLite's WAL needs memory that all its users share, which a network
    file system has not, and a program that copies files one by one gets halves of a database."""
    kind, where = _filesystem(folder, mounts)
    if NETWORK.fullmatch(kind):
        return error(
            "place",
            f"{folder} lies on a network file system ({kind} at {where}): the database can be damaged there",
            "move the newsletter to a disk of this machine",
            now=True,
        )
    for above in (folder, *folder.parents):
        mark = next((name for name in SYNC_MARKS if (above / name).exists()), "")
        if SYNCED.fullmatch(above.name) or mark:
            return error(
                "place",
                f"{above} is copied elsewhere file by file ({mark or above.name}): the database can be damaged there",
                "move the newsletter out of it; `digest backup` makes a copy that may lie there",
                now=True,
            )
    return good("place", "the folder lies on a disk of this machine, and nothing synchronizes it")


def _filesystem(folder: Path, mounts: str) -> tuple[str, str]:
    """Its type, and where it is mounted; '' where nobody says."""
    best = ("", "")
    for line in mounts.splitlines():
        _, where, kind, *_ = (line + "   ").split(" ")
        where = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), where)
        if folder.is_relative_to(where) and len(where) >= len(best[1]):
            best = (kind, where)
    return best


def _disk(folder: Path) -> Verdict:
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        return warning("disk", f"only {free // 2**20} MB are free where {folder} lies", "make room")
    return good("disk", f"{free / 2**30:.1f} GB are free")


def _clock(store: Store, now: datetime) -> Iterator[Verdict]:
    """A clock that was put back would let letters wait for what is over, and windows overlap."""
    moments = [store.ledger.last_move(issue.slug) for issue in store.issues.all()]
    newest = max((moment for moment in moments if moment is not None), default=None)
    if newest is not None and newest - now > timedelta(minutes=5):
        yield error(
            "clock",
            f"the last letter moved on {newest:%Y-%m-%d %H:%M}, which is yet to come: this machine’s clock is behind",
            "set it, best by NTP (`timedatectl set-ntp true`)",
        )


def _alerts(folder: Path, config: Config) -> Iterator[Verdict]:
    command = config.alerts.command
    if command and shutil.which(command[0]) is None and shutil.which(os.fspath(folder / command[0])) is None:
        yield error(
            "alerts", f"{command[0]}, the command of [alerts], is no program here", "name it with its whole path"
        )
