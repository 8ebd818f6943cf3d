"""Puts a backup back, and what that means for letters that may have left since it was made.

What a restore cannot know it does not guess: such letters are in doubt, and their issue is paused until a person has
said whether it went out. What the folder knows of people is newer than the copy, and holds; so does what its ledger
knows of letters, whatever the person says.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from digest import config
from digest.dispatch import keys, locks
from digest.dispatch.backup import Copy, read
from digest.errors import IssueError, StoreError
from digest.model import DeliveryState, IssueState
from digest.store import DatabaseError, Store, inbox, open_store
from digest.store.schema import FILE as DATABASE

WHO = "digest restore"
UNFINISHED: tuple[IssueState, ...] = ("approved", "scheduled", "sending", "paused")
DOUBT = "it may have left after the copy was made"
UNDER_WAY = "it was under way when the copy was put back"

WentOut = Literal["all", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Held:
    """An unfinished issue, and what is known of the letters that had not left when the copy was made."""

    slug: str
    open: int  # they may have left: a person must say
    booked: int = 0  # accepted or refused, says the ledger that was replaced
    doubtful: int = 0  # in doubt in that ledger, too


@dataclass(frozen=True, slots=True)
class Restored:
    copy: Copy
    doubtful: tuple[Held, ...]  # the unfinished issues
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
    with _staging(folder) as staging, _nobody_sends(folder, held):
        copy = read(file, staging, passphrase=passphrase)
        _set_modes(staging)
        if held:
            _refuse_stranger(staging, folder)
        with open_store(staging) as store:
            store.state.set("inbox", {})  # how far its files were read: they are not in the copy
            known = _apply(store, folder, at) if held else _Known()
            doubtful, drafts = _hold(store, copy, known, at)
        aside = _put_in_place(staging, folder, at, held)
    return Restored(copy, doubtful, drafts, known.erased, known.left, known.unread, aside)


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


@dataclass(frozen=True, slots=True)
class _Known:
    """What the folder knows that the copy does not."""

    erased: int = 0
    left: int = 0  # left or blocked
    unread: str = ""  # why it could not be read; '' when it could
    letters: Mapping[str, Mapping[str, tuple[DeliveryState, str]]] = field(default_factory=dict)  # see `Accounts.begun`
    out: tuple[str, ...] = ()  # issues that have begun to leave, and in the copy are drafts or not there


def _apply(store: Store, folder: Path, at: datetime) -> _Known:
    """Brings into *store* what *folder* knows of people; and what it knows, of letters too."""
    left = store.requests.merge(inbox.read(folder))
    if not (folder / DATABASE).exists():
        return _Known(left=left, unread="it has no database: erasures known there are lost")
    copied = {issue.slug: issue.state for issue in store.issues.all()}
    try:
        with open_store(folder) as there:
            marks = there.erasure.marks()
            gone = [p for p in there.subscribers.export() if p.membership == "unsubscribed" or p.block != "none"]
            begun = [issue.slug for issue in there.issues.all() if there.ledger.has_left(issue.slug)]
            open_here = [slug for slug in begun if copied.get(slug, "draft") in (*UNFINISHED, "draft")]
            letters = {slug: there.accounts.begun(slug) for slug in open_here}
    except (StoreError, DatabaseError) as error:
        return _Known(left=left, unread=str(error))
    for person in gone:
        here = store.subscribers.by_token(person.token)
        if here is None or (here.membership, here.block) == (person.membership, person.block):
            continue
        left += 1
        if person.membership == "unsubscribed":
            store.subscribers.set_membership(here.id, "unsubscribed", how="known when restored", who=WHO, at=at)
        if person.block in ("bounced", "complained"):
            store.subscribers.set_block(here.id, person.block, how="known when restored", who=WHO, at=at)
    erased = store.erasure.erase_marked(marks, who=WHO, at=at)
    out = tuple(slug for slug in letters if copied.get(slug) not in UNFINISHED and _has_gone(letters[slug]))
    return _Known(erased, left, "", letters, out)


def _has_gone(letters: Mapping[str, tuple[DeliveryState, str]]) -> bool:
    return any(state != "rejected" and reply != DOUBT for state, reply in letters.values())


def _hold(store: Store, copy: Copy, known: _Known, at: datetime) -> tuple[tuple[Held, ...], tuple[str, ...]]:
    """Pauses what was unfinished, its open rows in doubt unless *known*; those issues, and the drafts."""
    made = copy.made.astimezone(UTC)
    reason = f"restored from the copy of {made:%Y-%m-%d %H:%M} UTC: did it go out after that?"
    doubtful, drafts = [], []
    for issue in store.issues.all():
        if issue.state == "draft":
            drafts.append(issue.slug)
        if issue.state not in UNFINISHED:
            continue
        store.ledger.doubt_open(issue.slug, DOUBT, at)
        doubtful.append(_carry_over(store, issue.slug, known.letters.get(issue.slug, {}), at))
        if issue.state == "paused":
            store.issues.set_state(issue.slug, "sending", who=WHO, at=at)
        store.issues.set_state(issue.slug, "paused", who=WHO, at=at, reason=reason)
    told = {"copied": made.isoformat(), "at": at.isoformat(), "answered": [], "out": known.out}
    store.state.set("restored", told)
    return tuple(doubtful), tuple(drafts)


def _carry_over(store: Store, slug: str, letters: Mapping[str, tuple[DeliveryState, str]], at: datetime) -> Held:
    """What the replaced ledger knows of *letters*, in the words of their answers."""
    settled: dict[int, tuple[DeliveryState, str]] = {}
    doubtful: dict[int, str] = {}
    rows = store.accounts.in_doubt(slug, DOUBT)
    for token, ordinal in rows.items():
        state, reply = letters.get(token, ("waiting", ""))
        if state in ("accepted", "rejected"):
            settled[ordinal] = state, reply
        elif state == "sending":
            doubtful[ordinal] = UNDER_WAY
        elif state == "uncertain" and reply != DOUBT:  # DOUBT: an earlier restore asked, and nobody answered
            doubtful[ordinal] = reply
    store.accounts.resolve(slug, settled, at)
    store.accounts.doubt_for(slug, doubtful)
    return Held(slug, len(rows) - len(settled) - len(doubtful), len(settled), len(doubtful))


# ------------------------------------------------------------------------------------------------ into place


def _put_in_place(staging: Path, folder: Path, at: datetime, held: bool) -> Path | None:
    aside = None
    if held:
        aside = folder / "var" / "backups" / f"before-restore-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        aside.mkdir(parents=True, mode=0o700)
        _set_aside(folder, aside)
    # The database last: it is the newsletter.
    for part in sorted(staging.iterdir(), key=lambda p: p.name == DATABASE):
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


def close(store: Store, slug: str, *, who: str, at: datetime) -> bool:
    """The paused issue is sent when nobody waits for it any more and the restore left no question; whether it is."""
    counts = store.ledger.counts(slug)
    if counts.get("waiting") or counts.get("deferred") or store.accounts.in_doubt(slug, DOUBT):
        return False
    with store.transaction():
        store.issues.set_state(slug, "sending", who=who, at=at)
        store.issues.set_state(slug, "sent", who=who, at=at, reason="it went out before an older copy was put back")
    return True


def copied_before(store: Store, slug: str) -> datetime | None:
    """When the copy was made after which the draft *slug* may have gone out already; None: it cannot have, or somebody
    said that it has not."""
    told = store.state.get("restored")
    known = store.issues.get(slug)
    if told is None or known is None or slug in told["answered"]:
        return None
    return datetime.fromisoformat(told["copied"]) if known.since < datetime.fromisoformat(told["at"]) else None


def not_sent(store: Store, slug: str) -> None:
    """Somebody said that the draft did not go out after the copy. Raises IssueError when the ledger that was replaced
    knows better."""
    told = store.state.get("restored")
    if slug in told.get("out", ()):
        raise IssueError(
            f"{slug} has gone out, if not to everybody: the ledger that the restore replaced says so",
            hint="`digest skip` closes it; what was replaced lies in var/backups",
        )
    store.state.set("restored", {**told, "answered": [*told["answered"], slug]})
