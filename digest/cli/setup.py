"""Setting up: init."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import say
from digest.cli.sources import entries_of
from digest.errors import AddressError, ConfigError
from digest.folders import make_private

if TYPE_CHECKING:
    from digest.config import SourceEntry

TEMPLATE = """\
# {name}: a newsletter made by digest. Unknown keys are errors, so a slip is noticed.

[newsletter]
name = {name_s}
from = {sender_s}
reply_to = {reply_s}
# The law asks for a postal address in every issue (CAN-SPAM, 16 CFR 316).
postal_address = {postal_s}
language = {language_s}      # BCP 47: en-GB, de, fr-CA
zone = {zone_s}              # weeks begin and end in this zone
day = {day_s}                # the day it goes out
# tagline = ""               # a line under the name
# editor = ""                # who signs

[week]
limit = 10                   # stories at most
min_items = 3                # fewer: no issue this week

[summary]
method = "editorial"
sentences = 3
# max_words = 45             # of an item, its quote included; absent: as the layout has it
# lead_words = 90

[brief]
line = ""                    # what the newsletter is about, in one sentence
# blocked = ["horoscope"]    # an article holding one of these is never picked

[brief.keywords]
# harbor = 1.0               # word = weight

# [[sections]]
# name = "Transport"
# keywords = ["train", "port", "bus"]

[site]
# Where `digest serve` answers; empty: people leave by mail, without one-click.
url = ""

[send]
transport = "maildir"        # one .eml a reader in var/outbox; or "smtp"
approval = "one"             # "two" asks a second person, "none" is for an unattended newsletter

# [smtp]
# host = "smtp.example.org"
# port = 587
# security = "starttls"
# profile = "generic"        # "postfix" for your own server, "ses" for Amazon SES: docs/relays.md
# username = "me"            # the password comes from the environment: DIGEST_SMTP_PASSWORD

# [dkim]
# sign = "own"               # the letters are signed here, with `digest keys make`; absent: your relay signs

# [bounces]                  # docs/bounces.md
# address = "bounces@example.org"
# mailbox = "imap://bounces@mail.example.org/INBOX"

# Feeds, pages and folders:
# [[sources]]
# url = "https://example.org/feed.xml"
# [[sources]]
# path = "articles"
"""

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--defaults", is_flag=True, help="Ask nothing; for scripts.")
@click.option("--templates", is_flag=True, help="Copy the mail’s templates to edit them.")
@click.pass_context
def init(ctx: click.Context, directory: Path | None, defaults: bool, templates: bool) -> None:
    """Make a newsletter in DIRECTORY: digest.toml, keys/, var/ and subscribers.db."""
    from digest.config import FILE, parse_config
    from digest.config_edit import add_sources
    from digest.dispatch.keys import make_keys
    from digest.store import open_store

    folder = directory or ctx.find_root().obj["folder"]
    exists = (folder / FILE).exists()
    if exists and not templates:
        raise ConfigError(f"{folder / FILE} is there already", hint="edit it, or name another folder")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file", hint="name a folder")
    feeds: list[SourceEntry] = []
    if not exists:
        text, feeds = _ask(folder, defaults)
        parse_config(text)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(text, encoding="utf-8")
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("subscribers.db*\nkeys/\nvar/\n*.rejected.csv\n", encoding="utf-8")
        add_sources(folder, feeds)
        say(f"made {folder / FILE}")
    if templates:
        _copy_templates(folder)
    make_keys(folder)
    for name in ("outbox", "issues", "inbox", "backups", "lock"):
        make_private(folder / "var" / name)
    with open_store(folder, create=True):
        pass
    say(f"made {folder / 'keys'}, {folder / 'var'} and {folder / 'subscribers.db'}")
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    say(f"Next: {where}digest sources add https://example.org/feed.xml, then digest weekly")


def _ask(folder: Path, defaults: bool) -> tuple[str, list[SourceEntry]]:
    from digest.address import split_mailbox, web_address
    from digest.config import SourceEntry, language_hint
    from digest.config_edit import toml_value

    def ask(question: str, default: str) -> str:
        return default if defaults else str(click.prompt(question, default=default)).strip()

    guess = folder.resolve().name.replace("-", " ").replace("_", " ").title() or "My Newsletter"
    name = ask("What is the newsletter called?", guess)

    def ask_mailbox(question: str, default: str) -> str:
        while True:
            answer = ask(question, default)
            try:
                split_mailbox(answer)
                return answer
            except AddressError as error:
                if defaults:
                    raise
                say(str(error))

    sender = ask_mailbox("From which address does it come?", f"{name.replace(',', '')} <newsletter@example.org>")
    reply = ask_mailbox("Where do replies go?", sender)
    postal = ask("The publisher’s postal address (every issue prints it)", "")
    language = ask("Language", "en-GB")
    while hint := language_hint(language):
        say(f"{language} is no language tag: {hint}")
        language = ask("Language", "en-GB")
    zone = ask("Time zone", _local_zone())
    while not _is_zone(zone):
        say(f"there is no time zone {zone}; like Europe/London")
        zone = ask("Time zone", _local_zone())
    day = ask("Sent on which day?", "thursday").casefold()
    while day not in DAYS:
        day = ask(f"Which of {', '.join(DAYS)}?", "thursday").casefold()
    given = ask("A feed’s address, a folder, or an OPML file (empty for later)", "")
    feeds: list[SourceEntry] = []
    if given.endswith((".opml", ".OPML")):
        from digest.collect.opml import parse_opml

        try:
            feeds, left_out = entries_of(parse_opml(Path(given).read_bytes(), where=given))
        except OSError as error:
            raise ConfigError(f"{given} cannot be read: {error.strerror}", hint="look at its name") from error
        for line in left_out:
            say(line)
    elif given:
        url = web_address(given)
        feeds = [SourceEntry(url=url) if url else SourceEntry(path=given)]
    text = TEMPLATE.format(
        name=name.replace("\n", " "),
        name_s=toml_value(name),
        sender_s=toml_value(sender),
        reply_s=toml_value(reply),
        postal_s=toml_value(postal),
        language_s=toml_value(language),
        zone_s=toml_value(zone),
        day_s=toml_value(day),
    )
    return text, feeds


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _local_zone() -> str:
    try:
        name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    except OSError:
        name = ""
    return name if "/" in name and not name.startswith("Etc/") else "UTC"


def _copy_templates(folder: Path) -> None:
    from digest.render.templates import packaged_templates

    target = folder / "templates" / "email"
    source = packaged_templates()
    if target.exists() and target.resolve() == source.resolve():
        say("This folder’s templates are the packaged ones; edit them here.")
        return
    if target.exists():
        raise ConfigError(f"{target} is there already", hint="move it away to have fresh copies")
    shutil.copytree(source, target)
    say(f"copied the templates to {target}")
