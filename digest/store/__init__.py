"""subscribers.db: articles, issues, people, the ledger. All SQL of the program is in this room.

Read schema.py first, then ledger.py: what may happen to a delivery. Values of `digest.model` go in and come out; no
other room sees a row. One writer at a time; every change that must be true together is one transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from digest.store import inbox
from digest.store.accounts import Accounts
from digest.store.approvals import Approvals
from digest.store.articles import Articles
from digest.store.consent import Consent
from digest.store.corrections import Corrections
from digest.store.editors import Editors
from digest.store.erasure import Erasure
from digest.store.holdings import Holdings
from digest.store.imports import Imports
from digest.store.issues import Issues
from digest.store.ledger import Ledger
from digest.store.notices import Notices
from digest.store.pictures import Pictures
from digest.store.requests import Requests
from digest.store.returns import Returns
from digest.store.schema import BUSY_MS, FILE, connect, explain, is_the_files_trouble
from digest.store.shards import Shards
from digest.store.sources import Sources
from digest.store.state import State
from digest.store.statistics import Statistics
from digest.store.subscribers import Subscribers
from digest.store.written import Written

__all__ = ["DatabaseError", "Store", "inbox", "open_store", "verdict_on"]

SHORT_LOG = 100  # pages
LOOK_S = 0.0002  # so often a writer looks whether it is its turn

DatabaseError = sqlite3.Error  # what a read of a damaged file raises, for rooms that must go on without it


class Store:
    """One newsletter's database, open. For one thread; a context manager."""

    def __init__(self, folder: Path, conn: sqlite3.Connection) -> None:
        self.folder = folder
        self.conn = conn
        self.articles = Articles(self)
        self.issues = Issues(self)
        self.approvals = Approvals(self)
        self.corrections = Corrections(self)
        self.editors = Editors(self)
        self.subscribers = Subscribers(self)
        self.consent = Consent(self)
        self.requests = Requests(self)
        self.notices = Notices(self)
        self.imports = Imports(self)
        self.erasure = Erasure(self)
        self.ledger = Ledger(self)
        self.shards = Shards(self)
        self.accounts = Accounts(self)
        self.returns = Returns(self)
        self.sources = Sources(self)
        self.pictures = Pictures(self)
        self.state = State(self)
        self.written = Written(self)
        self.statistics = Statistics(self)
        self.holdings = Holdings(self)

    @property
    def path(self) -> Path:
        return self.folder / FILE

    @cached_property
    def db(self) -> Any:
        """The same connection as a sqlite_utils.Database, for a look around."""
        from sqlite_utils import Database  # 0.2 s

        return Database(self.conn, recursive_triggers=False)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another one it is part of that. Raises StoreError when the file is locked."""
        if self.conn.in_transaction:
            yield
            return
        self._begin()
        try:
            yield
            self.conn.execute("COMMIT")
        except BaseException as error:
            if self.conn.in_transaction:
                self.conn.execute("ROLLBACK")
            self.ledger.forget()
            self.requests.forget()
            if isinstance(error, sqlite3.DatabaseError) and is_the_files_trouble(error):
                raise explain(error, self.path) from error
            raise

    def _begin(self) -> None:
        """BEGIN IMMEDIATE, as soon as nobody else is writing. SQLite itself would look ever more rarely, ten times a
        second in the end, and hardly ever find the half millisecond that a running send leaves between two commits."""
        until = time.monotonic() + BUSY_MS / 1000
        self.conn.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    self.conn.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                        raise explain(error, self.path) from error
                time.sleep(LOOK_S)
        finally:
            self.conn.execute(f"PRAGMA busy_timeout = {BUSY_MS}")

    def expect_small_commits(self) -> None:
        """Many of them, each to be on disk at once: the log is folded in early and then written over, again and again,
        which takes a disk half as long as to let a file grow, and keeps other programs' writes out of it."""
        self.conn.execute(f"PRAGMA wal_autocheckpoint = {SHORT_LOG}")

    def check(self) -> str:
        """What is wrong with the file; '' when it is sound."""
        (verdict,) = self.conn.execute("PRAGMA quick_check(1)").fetchone()
        return "" if verdict == "ok" else str(verdict)

    def copy_to(self, path: Path) -> None:
        """A consistent, compact copy at *path* (an empty file, or none), also while another process writes. Rows once
        deleted are not in it. Raises StoreError: the disk is full, the database damaged."""
        try:
            self.conn.execute("VACUUM INTO ?", (str(path),))
        except sqlite3.DatabaseError as error:
            raise explain(error, self.path) from error

    def close(self) -> None:
        self.conn.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def verdict_on(path: Path) -> str:
    """What is wrong with the database file at *path*; '' when it is sound. Changes nothing."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        try:
            (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            return str(error)
    return "" if verdict == "ok" else str(verdict)


def open_store(
    folder: Path,
    *,
    create: bool = False,
    durability: Literal["full", "normal"] = "full",
    closed_by_another_thread: bool = False,
) -> Store:
    """The newsletter's database in *folder*, brought to the newest tables first.

    durability "normal" may forget the last commits in a power cut (never in a crash of the program alone).
    Raises StoreError: missing and not *create*, another program's, a newer program's, damaged, locked.
    """
    return Store(
        folder,
        connect(folder, create=create, durability=durability, closed_by_another_thread=closed_by_another_thread),
    )
