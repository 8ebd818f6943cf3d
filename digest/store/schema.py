"""How subscribers.db is opened, and what is said when it cannot be; its tables are in `migrations`.

Instants are ISO 8601 text in UTC with six decimals, which sorts as time does; in the ledger's tables they are
microseconds since 1970, to keep a queue of a million rows small. Texts of articles and issues are JSON, see `codec.py`.
"""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from digest.errors import StoreError
from digest.folders import make_private
from digest.store.migrations import MIGRATIONS

FILE = "subscribers.db"
APPLICATION_ID = 0x44494745  # "DIGE"
BUSY_MS = 5000


# ------------------------------------------------------------------------------------------------ opening


def connect(
    folder: Path, *, create: bool, durability: str, closed_by_another_thread: bool = False
) -> sqlite3.Connection:
    """An open connection in manual transaction mode to the newest tables in *folder*, for one thread; another may
    close it where that is said. Raises StoreError."""
    path = folder / FILE
    if not path.exists():
        if not create:
            raise StoreError(f"there is no {path}", hint="`digest init` or the first `digest weekly` makes it")
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # addresses: for the owner's eyes only
    try:
        conn = sqlite3.connect(
            path, isolation_level=None, timeout=BUSY_MS / 1000, check_same_thread=not closed_by_another_thread
        )
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path} cannot be opened: {error}", hint="see who may read it and its folder") from error
    try:
        _prepare(conn, path, durability)
    except sqlite3.DatabaseError as error:
        conn.close()
        raise explain(error, path) from error
    except BaseException:
        conn.close()
        raise
    return conn


def _prepare(conn: sqlite3.Connection, path: Path, durability: str) -> None:
    version = _check(conn, path)
    if conn.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        conn.execute("PRAGMA journal_mode = WAL")
    conn.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA temp_store = MEMORY")
    if version < len(MIGRATIONS):
        if version:
            _copy(conn, path, version)
        _migrate(conn, path)


def _check(conn: sqlite3.Connection, path: Path) -> int:
    """The file's version; StoreError for a stranger's file or a newer one."""
    owner = conn.execute("PRAGMA application_id").fetchone()[0]
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (tables or owner or version):
        raise StoreError(f"{path} is another program’s database", hint="move it away; `digest init` makes a new one")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer digest (its tables are at {version}, this one knows {len(MIGRATIONS)})",
            hint="upgrade: pip install -U newsletter-digest",
        )
    return version


def _migrate(conn: sqlite3.Connection, path: Path) -> None:
    """All pending migrations, or none, in one transaction; a second process waits and finds nothing to do."""
    from sqlite_utils import Database, Migrations  # 0.2 s: only when there is something to do

    migrations = Migrations("digest")
    for function in MIGRATIONS:
        migrations()(function)
    conn.execute("BEGIN IMMEDIATE")
    try:
        _check(conn, path)
        migrations.apply(Database(conn, recursive_triggers=False))
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _copy(conn: sqlite3.Connection, path: Path, version: int) -> None:
    """A copy of the file as it was, in var/backups/, before its first pending migration."""
    folder = path.parent / "var" / "backups"
    make_private(folder)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    copy = folder / f"before-version-{version + 1}-{stamp}.db"
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # VACUUM INTO takes an empty file
    conn.execute("VACUUM INTO ?", (str(copy),))


# ------------------------------------------------------------------------------------------------ what went wrong


_TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
}


def is_the_files_trouble(error: sqlite3.DatabaseError) -> bool:
    """False for a broken rule or bad SQL: that is a bug, and keeps its traceback."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TROUBLE  # the low byte is the primary code


def explain(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    """SQLite's error in words the operator can act on."""
    text = str(error)
    if "locked" in text or "busy" in text:
        users = _users_of(path)
        who = f" ({', '.join(users)})" if users else ""
        return StoreError(
            f"{path} is locked: another program{who} has been writing for {BUSY_MS // 1000} s",
            hint="let it finish or end it, then run the command again; this step changed nothing",
        )
    if "not a database" in text:
        return StoreError(f"{path} is not a database", hint="put a copy back: `digest restore FILE NEW_FOLDER`")
    if "malformed" in text:
        return StoreError(f"{path} is damaged: {text}", hint="put a copy back: `digest restore FILE NEW_FOLDER`")
    if "readonly" in text or "unable to open" in text:
        return StoreError(f"{path} cannot be written: {text}", hint="see who owns it and its folder")
    if "full" in text:
        return StoreError(
            f"{path}: the disk is full", hint="make room, then run the command again; this step changed nothing"
        )
    return StoreError(f"{path}: {text}", hint="`digest doctor`")


def _users_of(path: Path) -> list[str]:
    """Other processes holding the file open, as ``python3, process 4711``; [] where /proc does not say."""
    found: list[str] = []
    wanted = str(path.resolve())
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(str(fd.readlink()) == wanted for fd in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()}, process {process.name}")
        except OSError:  # gone meanwhile, or another user's
            continue
    return found
