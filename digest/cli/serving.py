"""The site: serve, and what readers ask there: events pull, events merge."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import folder_of, now, project_of, say
from digest.errors import ConfigError, DigestError
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.config import Config
    from digest.dispatch.errands import Done
    from digest.week import Project

EVERY_S = 1.0  # between two looks into the inbox


@click.command()
@click.option("--host", help="Where to listen ([site] host).")
@click.option("--port", type=int, help="Which port ([site] port).")
@click.option("--receiver", is_flag=True, help="Hold no subscriber: only take wishes, for `digest events pull`.")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, receiver: bool) -> None:
    """Serve the site: sign-up, confirmation, choices, one-click leaving, the issues and their feeds.

    Mails that readers ask for (confirmations, what is held) leave from here within seconds.
    """
    from digest.config import load_config
    from digest.dispatch.pulling import SECRET
    from digest.web.server import serve as run
    from digest.web.site import create_site

    if receiver:
        folder, config = folder_of(ctx), load_config(folder_of(ctx))
        if len(os.environ.get(SECRET, "")) < 16:
            raise ConfigError(
                f"{SECRET} is not set, or shorter than 16 characters",
                hint="the newsletter fetches with the same one; `openssl rand -hex 32` makes one",
            )
    else:
        with project_of(ctx) as project:
            folder, config = project.folder, project.config
    app = create_site(folder, config, receiver=receiver)
    host, port = host or config.site.host, port if port is not None else config.site.port
    over = threading.Event()
    worker = threading.Thread(target=_run_again_and_again, args=(folder, over), daemon=True)

    def ready(opened: int) -> None:
        say(f"{config.newsletter.name} on http://{host}:{opened} (Ctrl-C ends it)")
        if not receiver:
            worker.start()

    try:
        run(app, host, port, ready=ready, trusted_proxy=config.site.trusted_proxy)
    finally:
        over.set()
        if worker.is_alive():
            worker.join(10)  # a mail on its way is booked before we go


@click.group()
def events() -> None:
    """Fetch and do what readers asked on the site."""


@events.command()
@click.argument("source", metavar="URL|FOLDER|FILE")
@click.pass_context
def pull(ctx: click.Context, source: str) -> None:
    """Fetch what a receiver took, from its address or from copies of its inbox, and do what it asks.

    Nothing is lost when either side dies in between, and nothing is done twice.
    """
    from digest.dispatch.pulling import SECRET
    from digest.dispatch.pulling import pull as fetch

    with project_of(ctx) as project:
        pulled = fetch(project.folder, source, secret=os.environ.get(SECRET, ""))
        say(f"{counted(pulled.files, 'file')}, {counted(pulled.wishes, 'wish', 'wishes')} new here.")
        done = _run(project)
        _say_done(done)
        if done.merged < pulled.wishes:
            say("The others were done before, by `digest serve` or an earlier pull, or are nobody’s.")


@events.command()
@click.pass_context
def merge(ctx: click.Context) -> None:
    """Do what readers asked on the site: merge their wishes, mail the confirmations that are due."""
    with project_of(ctx) as project:
        _say_done(_run(project))


def _run(project: Project) -> Done:
    from digest.cli.sending import _transport
    from digest.dispatch.errands import run_errands
    from digest.web.person import person_text

    return run_errands(
        project.folder,
        project.config,
        project.store,
        lambda: _transport(project, "site", to_readers=False),
        in_full=lambda held: person_text(project.config, held, now=now()),
        now=now,
    )


def _say_done(done: Done) -> None:
    said = f"{counted(done.merged, 'wish', 'wishes')} taken over, {counted(done.mailed, 'mail')} sent"
    say(f"{said}, {counted(done.erased, 'person', 'people')} erased." if done.erased else f"{said}.")
    _tell_left(done)
    if done.waiting:
        raise DigestError(f"mails wait: {done.waiting}", hint="they are tried again by the next `digest events merge`")


def _tell_left(done: Done, *, err: bool = False) -> None:
    """Whom the site erased and who is still named in files: only the newsletter's people can clean those."""
    from digest.cli.person import left_behind

    for erased in done.left:
        click.echo("Somebody had themselves erased on the site, and is still named:", err=err)
        for line in left_behind(erased):
            click.echo(line, err=err)


def receiver_toml(config: Config, key: str) -> str:
    """The digest.toml a receiver needs: names, the look, the sections, the key; no source, no person, no secret."""
    from digest.config import Theme
    from digest.config_edit import toml_value

    news, usual = config.newsletter, Theme()

    def lines(values: Mapping[str, object]) -> str:
        return "".join(f"{name} = {_value(value)}\n" for name, value in values.items() if value not in ("", (), False))

    def _value(value: object) -> str:
        if isinstance(value, tuple):
            return f"[{', '.join(toml_value(item) for item in value)}]"
        return toml_value(value)  # type: ignore[arg-type]

    names = {"name": news.name, "tagline": news.tagline, "from": str(news.sender), "reply_to": str(config.reply_to)}
    names |= {"postal_address": news.postal_address, "language": news.language, "zone": str(news.zone)}
    theme = {
        field.name: getattr(config.theme, field.name)
        for field in fields(Theme)
        if not field.name.startswith(("logo", "first", "template"))
        and getattr(config.theme, field.name) != getattr(usual, field.name)
    }
    site = {"url": config.site.url, "host": config.site.host, "port": config.site.port}
    site |= {"languages": config.site.languages, "trusted_proxy": config.site.trusted_proxy, "seal_to": key}
    parts = [
        f"# The receiver of {news.name}: `digest serve --receiver` in this folder. It holds no subscriber.\n",
        f"[newsletter]\n{lines(names)}",
        f"[site]\n{lines(site)}",
        *([f"[theme]\n{lines(theme)}"] if theme else []),
        *(["[consent]\nkeep_ip = true\n"] if config.consent.keep_ip else []),
        *(f"[[sections]]\nname = {toml_value(section.name)}\n" for section in config.sections),
    ]
    return "\n".join(parts)


def _run_again_and_again(folder: Path, over: threading.Event) -> None:
    """The outgoing side of `serve`: looks into the inbox once a second, and does what is due."""
    from digest.store import inbox
    from digest.week import open_project

    seen: dict[str, int] | None = None
    ran_on: date | None = None  # what is due by the day is due on a quiet site, too
    told = ""
    while not over.is_set():
        try:
            with open_project(folder) as project:
                while not over.wait(0 if seen is None else EVERY_S):
                    sizes, due = inbox.sizes(folder), project.store.notices.next_due()
                    if sizes == seen and ran_on == now().date() and (due is None or due > now()):
                        continue
                    done = _run(project)
                    seen, ran_on = sizes, now().date()
                    _tell_left(done, err=True)
                    if done.waiting and done.waiting != told:
                        click.echo(f"mails wait: {done.waiting}", err=True)
                    told = done.waiting
        except DigestError as error:  # the database is held, or away for a restore: the next look may find it
            if str(error) != told:
                click.echo(f"{error}", err=True)
            told = str(error)
            over.wait(5)
        except Exception:  # a bug of ours must not end all mails; it keeps its traceback
            logging.getLogger(__name__).exception("what readers asked could not be done")
            over.wait(60)
