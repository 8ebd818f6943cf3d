"""Looks at a newsletter's folder for what would go wrong, and says what to do. Changes nothing, asks no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from digest.config import Config
from digest.dispatch import keys
from digest.errors import StoreError
from digest.render.check import Finding
from digest.send.transports.smtp import PASSWORD_VARIABLE
from digest.store import Store

LOW_DISK = 200 * 2**20  # bytes


def examine(folder: Path, config: Config, store: Store) -> list[Finding]:
    """All findings, errors first; [] when all is well."""
    found = [
        *_keys(folder),
        *_database(store),
        *_mail(config),
        *_doubts(store),
        *_disk(folder),
    ]
    return sorted(found, key=lambda finding: finding.severity != "error")


def _keys(folder: Path) -> Iterator[Finding]:
    try:
        keys.load(folder)
    except StoreError as error:
        yield Finding("error", "keys", str(error), error.hint)
    place = folder / keys.FOLDER
    for path in [place, *sorted(place.glob("*"))]:
        if path.exists() and path.stat().st_mode & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield Finding("error", "keys", f"others on this machine may read {path}", f"chmod {mode} {path}")


def _database(store: Store) -> Iterator[Finding]:
    if verdict := store.check():
        yield Finding(
            "error",
            store.path.name,
            f"the database is damaged: {verdict}",
            "put a copy back: `digest restore FILE NEW_FOLDER`",
        )
    if store.path.stat().st_mode & 0o077:
        yield Finding(
            "warning", store.path.name, "others on this machine may read people’s addresses", f"chmod 600 {store.path}"
        )


def _mail(config: Config) -> Iterator[Finding]:
    if config.send.approval == "none":
        yield Finding("warning", "send.approval", "nobody approves an issue before it leaves", 'approval = "one"')
    if config.send.transport != "smtp":
        return
    if not config.smtp.host:
        yield Finding("error", "smtp.host", "there is no mail server to send to", "name your relay in [smtp]")
    if config.smtp.username and not os.environ.get(PASSWORD_VARIABLE):
        yield Finding(
            "error", "smtp", f"the relay’s password is not set ({PASSWORD_VARIABLE})", f"export {PASSWORD_VARIABLE}=…"
        )
    if not config.newsletter.postal_address.strip():
        yield Finding(
            "error",
            "newsletter.postal_address",
            "it is empty, and the law asks for one in every issue",
            "write the publisher’s postal address",
        )
    if not config.site.url:
        yield Finding(
            "warning",
            "site.url",
            "people can leave by mail only, without the one-click button large providers ask for (RFC 8058)",
            "run `digest serve` behind https and name its address",
        )


def _doubts(store: Store) -> Iterator[Finding]:
    for issue in store.issues.all():
        doubts = store.ledger.counts(issue.slug).get("uncertain", 0)
        if doubts:
            yield Finding(
                "warning",
                issue.slug,
                f"for {doubts} {'reader' if doubts == 1 else 'readers'} we cannot know",
                "`digest deliveries uncertain` lists them, `digest deliveries settle` decides",
            )


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        yield Finding("warning", str(folder), f"only {free // 2**20} MB of disk are free", "make room")
