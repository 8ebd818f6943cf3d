"""The whole newsletter in one file, and back: backup, restore."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import now, project_of, say, who, yes_option
from digest.errors import StoreError
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.dispatch.restored import Restored, WentOut


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--passphrase", "sealed", is_flag=True, help="Encrypt it; asks, or takes DIGEST_BACKUP_PASSPHRASE.")
@click.pass_context
def backup(ctx: click.Context, file: Path, sealed: bool) -> None:
    """Put the whole newsletter into one FILE (.tar.gz), outside its folder, and read it back."""
    from digest.dispatch.backup import PASSPHRASE
    from digest.dispatch.backup import backup as write

    passphrase = os.environ.get(PASSPHRASE, "")
    if sealed and not passphrase:
        passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    with project_of(ctx) as project:
        folder = project.folder
        copy = write(folder, file, passphrase=passphrase if sealed else "")
        project.store.written.remember(file, "a backup", now())  # who is erased later is in it still, and is told so
    say(f"{file}: {file.stat().st_size:,} bytes, {len(copy.files)} files, read back and whole.")
    if sealed:
        say("It opens with the passphrase only: nobody can restore it without.")
    else:
        say("It holds people’s addresses and the keys: keep it safe, or use --passphrase.")


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--replace", is_flag=True, help="DIRECTORY may hold this newsletter: who left or was erased there stays so."
)
@click.option(
    "--went-out",
    type=click.Choice(["all", "none", "unknown"]),
    help="Whether unfinished issues went out after the copy was made.",
)
@yes_option
def restore(file: Path, directory: Path, replace: bool, went_out: WentOut | None, yes: bool) -> None:
    """Bring the backup FILE back into an empty DIRECTORY.

    Issues that were unfinished are paused, their letters in doubt: they may have gone out after the copy was made.
    """
    from digest.dispatch.backup import PASSPHRASE, is_sealed
    from digest.dispatch.restored import is_newsletter
    from digest.dispatch.restored import restore as put_back

    passphrase = os.environ.get(PASSPHRASE, "")
    if is_sealed(file) and not passphrase:
        if not sys.stdin.isatty():
            raise StoreError(f"{file} needs its passphrase", hint=f"export {PASSPHRASE}=…")
        passphrase = click.prompt("Passphrase", hide_input=True)
    if not replace and is_newsletter(directory) and (yes or sys.stdin.isatty()):
        if not yes:
            click.confirm(
                f"{directory} holds a newsletter. Put the copy in its place? Who left or was erased there stays so, "
                "and what is replaced is set aside",
                abort=True,
            )
        replace = True
    done = put_back(file, directory, passphrase=passphrase, replacing=replace)
    say(f"{directory} holds “{done.copy.newsletter}” as it was on {done.copy.made:%Y-%m-%d %H:%M} UTC.")
    if done.aside:
        say(f"What was there before lies in {done.aside} and beside it.")
    if done.erased or done.left:
        say(f"Known in the folder and kept: {done.erased} erased, {done.left} left or blocked.")
    if done.unread:
        say(f"warning: what the folder knew of people could not be read: {done.unread}")
    _settle(directory, done, went_out or ("unknown" if yes else None))


def _settle(folder: Path, done: Restored, went_out: WentOut | None) -> None:
    """Asks of each unfinished issue whether it went out, and says what is left to do."""
    from digest.dispatch.restored import answer, close
    from digest.week import open_project

    with open_project(folder) as project:
        if editors := project.store.editors.all():
            say(f"{counted(len(editors), 'editor')} may enter the desk, as on that day: `digest editors list`.")
        for held in done.doubtful:
            slug, rows = held.slug, held.open
            if held.booked:
                say(f"{slug}: {held.booked} are done with, says the ledger that was replaced: nothing more to them.")
            if held.doubtful:
                say(f"{slug}: {held.doubtful} were in doubt there and still are: `digest deliveries resolve` decides.")
            word = went_out or _ask(slug, rows)
            settled = answer(project.store, slug, word, who=who(project), at=now())
            if (settled and word == "all") or (not rows and held.booked + held.doubtful):
                booked = f"{settled} are booked as having it; " if settled else ""
                closed = close(project.store, slug, who=who(project), at=now())
                say(f"{slug}: {booked}{'it is closed.' if closed else 'it is paused: `digest status`.'}")
            elif not rows:
                say(f"{slug} is paused; nobody waits for it.")
            elif word == "unknown":
                say(f"{slug} is paused; {rows} may have it or not, and get nothing before you say:")
                say(f"  digest deliveries resolve {slug} --as accepted     they have it")
                say(f"  digest deliveries resolve {slug} --as missing      they do not; then deliveries resend-missed")
                say("  --log, --imap and --outbox look whether it went out: docs/sending.md")
            else:
                say(f"{slug}: {settled} wait for it. Next: `digest resume`, then `digest send`.")
    for slug in done.drafts:
        say(f"{slug} is a draft; `digest approve` asks whether it went out after the copy was made.")
    say("Nothing has been sent.")


def _ask(slug: str, rows: int) -> WentOut:
    if not rows or not sys.stdin.isatty():
        return "unknown"
    answer: WentOut = click.prompt(
        f"Did {slug} go out to its {rows} open readers after the copy was made? (unknown: they are held)",
        type=click.Choice(["all", "none", "unknown"]),
        default="unknown",
    )
    return answer
