"""Puts a backup back, and what that means for letters that may have left since it was made.

What a restore cannot know it does not guess: such letters are in doubt, and their issue is paused until a person has
said whether it went out. What the folder knows of people is newer than the copy, and holds.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from digest import config
from digest.dispatch import keys, locks
from digest.dispatch.backup import Copy, read
from digest.errors import StoreError
from digest.model import IssueState
from digest.store import DatabaseError, Store, inbox, open_store
from digest.store.schema import FILE as DATABASE

WHO = "digest restore"
UNFINISHED: tuple[IssueState, ...] = ("approved", "scheduled", "sending", "paused")
DOUBT = "it may have left after the copy was made"

WentOut = Literal["all", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Restored:
    copy: Copy
    doubtful: tuple[tuple[str, int], ...]  # unfinished issues, each with its letters that may have left
    drafts: tuple[str, ...]  # that may have been approved and sent since
    erased: int  # people whom the folder knew to be erased
    left: int  # readers whom the folder knew to have left, or to be blocked
    unread: str  # why what the folder knew could not be read; '' when it could, or there was nothing
    aside: Path | None  # where what was there before lies; None: there was nothing


def restore(
    file: Path, folder: Path, *, passphrase: str = "", replacing: bool = False, now: datetime | None = None
) -> Restored:
    """Unpacks the backup *file* into *folder*, which must be empty or not there; *replacing*: or be the same
    newsletter's, whose erasures and departures are kept and whose other files are set aside.

    Raises StoreError; then *folder* is as it was.
    """
    at = now or datetime.now(UTC)
    held = is_newsletter(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not (held and replacing):
        raise StoreError(
            f"{folder} is not empty",
            hint="--replace puts the copy in its place and keeps who left" if held else "restore into a new folder",
        )
    with _staging(folder) as staging:
        copy = read(file, staging, passphrase=passphrase)
        _set_modes(staging)
        if held:
            _refuse_stranger(staging, folder)
        with open_store(staging) as store:
            store.state.set("inbox", {})  # how far its files were read: they are not in the copy
            erased, left, unread = _apply(store, folder, at) if held else (0, 0, "")
            doubtful, drafts = _hold(store, copy, at)
        aside = _put_in_place(staging, folder, at, held)
    return Restored(copy, doubtful, drafts, erased, left, unread, aside)


def is_newsletter(folder: Path) -> bool:
    return (folder / DATABASE).exists() or (folder / config.FILE).exists()


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder inside *folder* to unpack into; gone afterwards, and so is a *folder* made for it when that fails."""
    made = not folder.exists()
    staging = folder / ".restoring"
    try:
        staging.mkdir(parents=True, mode=0o700)
    except FileExistsError as error:
        raise StoreError(f"{staging} is there: a restore is at work, or was killed", hint=f"rm -r {staging}") from error
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}", hint="name another folder") from error
    try:
        yield staging
    except BaseException:
        if made:
            shutil.rmtree(folder)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _set_modes(folder: Path) -> None:
    for name in (keys.FOLDER, "var"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o700)
    for name in ("outbox", "issues", "inbox", "backups", "lock"):
        (folder / "var" / name).mkdir(exist_ok=True)


def _refuse_stranger(staging: Path, folder: Path) -> None:
    """Raises StoreError when *folder* is another newsletter's: its people are not these."""
    for name in keys.NAMES:
        ours, theirs = folder / keys.FOLDER / name, staging / keys.FOLDER / name
        if ours.exists() and theirs.exists() and ours.read_bytes() != theirs.read_bytes():
            raise StoreError(f"{folder} is another newsletter’s: its keys are others", hint="restore into a new folder")


# ------------------------------------------------------------------------------------------------ what the folder knows


def _apply(store: Store, folder: Path, at: datetime) -> tuple[int, int, str]:
    """What *folder* knows of people: erased, left or blocked (in numbers), and why it could not be read, if so."""
    left = store.requests.merge(inbox.read(folder))
    if not (folder / DATABASE).exists():
        return 0, left, "it has no database: erasures known there are lost"
    try:
        with open_store(folder) as there:
            marks = there.erasure.marks()
            gone = [p for p in there.subscribers.export() if p.membership == "unsubscribed" or p.block != "none"]
    except (StoreError, DatabaseError) as error:
        return 0, left, str(error)
    for person in gone:
        here = store.subscribers.by_token(person.token)
        if here is None or (here.membership, here.block) == (person.membership, person.block):
            continue
        left += 1
        if person.membership == "unsubscribed":
            store.subscribers.set_membership(here.id, "unsubscribed", how="known when restored", who=WHO, at=at)
        if person.block in ("bounced", "complained"):
            store.subscribers.set_block(here.id, person.block, how="known when restored", who=WHO, at=at)
    return store.erasure.erase_marked(marks, who=WHO, at=at), left, ""


def _hold(store: Store, copy: Copy, at: datetime) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Pauses what was unfinished, its open rows in doubt; the issues with those rows, and the drafts."""
    made = copy.made.astimezone(UTC)
    reason = f"restored from the copy of {made:%Y-%m-%d %H:%M} UTC: did it go out after that?"
    doubtful, drafts = [], []
    for issue in store.issues.all():
        if issue.state == "draft":
            drafts.append(issue.slug)
        if issue.state not in UNFINISHED:
            continue
        doubtful.append((issue.slug, store.ledger.doubt_open(issue.slug, DOUBT, at)))
        if issue.state == "paused":
            store.issues.set_state(issue.slug, "sending", who=WHO, at=at)
        store.issues.set_state(issue.slug, "paused", who=WHO, at=at, reason=reason)
    store.state.set("restored", {"copied": made.isoformat(), "at": at.isoformat(), "answered": []})
    return tuple(doubtful), tuple(drafts)


# ------------------------------------------------------------------------------------------------ into place


def _put_in_place(staging: Path, folder: Path, at: datetime, held: bool) -> Path | None:
    aside = None
    with _nobody_sends(folder, held):
        if held:
            aside = folder / "var" / "backups" / f"before-restore-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            aside.mkdir(parents=True, mode=0o700)
            _set_aside(folder, aside)
        for part in sorted(
            staging.iterdir(), key=lambda p: p.name == DATABASE
        ):  # the database last: it is the newsletter
            target = folder / part.name
            if part.is_dir() and target.is_dir():
                shutil.copytree(part, target, dirs_exist_ok=True)
            else:
                part.rename(target)
        for name in (keys.FOLDER, "var"):
            (folder / name).chmod(0o700)
    return aside


@contextmanager
def _nobody_sends(folder: Path, held: bool) -> Iterator[None]:
    """Raises SendError when a send is at work in a folder that is to be replaced."""
    if not held:
        yield
        return
    with locks.sending(folder):
        yield


def _set_aside(folder: Path, aside: Path) -> None:
    """Moves what the copy replaces into *aside*; the database beside it, where erasing a person finds it."""
    with suppress(StoreError, DatabaseError), open_store(folder):
        pass  # closing it brings everything into the one file, if it is sound
    for file in sorted(folder.glob(f"{DATABASE}*")):
        file.rename(aside.with_name(file.name.replace(DATABASE, f"{aside.name}.db")))
    for name in (config.FILE, "templates", keys.FOLDER):
        if (folder / name).exists():
            (folder / name).rename(aside / name)


# ------------------------------------------------------------------------------------------------ a person's word


def answer(store: Store, slug: str, went_out: WentOut, *, who: str, at: datetime) -> int:
    """Whether *slug* went out after the copy was made: all its letters in doubt by the restore are accepted, or wait
    again, or ("unknown") stay in doubt. Gives the number settled."""
    if went_out == "unknown":
        return 0
    state: Literal["accepted", "waiting"] = "accepted" if went_out == "all" else "waiting"
    words = f"it went out after the copy, says {who}" if went_out == "all" else f"it had not gone out, says {who}"
    rows = [row.ordinal for row in store.accounts.rows(slug, ["uncertain"]) if row.reply == DOUBT]
    return store.accounts.resolve(slug, dict.fromkeys(rows, (state, words)), at)


def copied_before(store: Store, slug: str) -> datetime | None:
    """When the copy was made after which the draft *slug* may have gone out already; None: it cannot have, or somebody
    said that it has not."""
    told = store.state.get("restored")
    known = store.issues.get(slug)
    if told is None or known is None or slug in told["answered"]:
        return None
    return datetime.fromisoformat(told["copied"]) if known.since < datetime.fromisoformat(told["at"]) else None


def not_sent(store: Store, slug: str) -> None:
    """Somebody said that the draft did not go out after the copy."""
    told = store.state.get("restored")
    store.state.set("restored", {**told, "answered": [*told["answered"], slug]})
