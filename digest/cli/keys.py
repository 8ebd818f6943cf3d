"""The newsletter’s keys, and the lines its domain needs in the DNS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import folder_of, json_option, print_json, project_of, say
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.config import Config
    from digest.dispatch.doctor.verdict import Record

selector_option = click.option("--selector", metavar="NAME", help="Under which name the key is published.")


@click.group()
def keys() -> None:
    """Make the newsletter’s keys; print the DNS records to publish."""


@keys.command()
@selector_option
@click.pass_context
def make(ctx: click.Context, selector: str | None) -> None:
    """Make the keys that are missing; those that are there stay.

    With [dkim] sign = "own", also the key that signs letters. A new --selector makes a new one beside it: publish its
    record, then name it in digest.toml.
    """
    from digest.config import load_config
    from digest.dispatch.keys import dkim_file, make_dkim_key, make_keys

    folder = folder_of(ctx)
    config = load_config(folder)
    name = _checked(selector or config.dkim.selector)
    made = make_keys(folder)
    if (config.dkim.sign == "own" or selector) and make_dkim_key(folder, name):
        made.append(dkim_file(folder, name).name)
    say(f"made {', '.join(made)}" if made else "All keys are there.")
    say()
    _print_records(folder, config, name)
    if selector and selector != config.dkim.selector:
        say(f'Once that record is in the DNS: [dkim] selector = "{selector}" in digest.toml. Leave the record of')
        say(f"{config.dkim.selector} there for a week: letters on their way are checked with it.")


@keys.command()
@selector_option
@json_option
@click.pass_context
def show(ctx: click.Context, selector: str | None, as_json: bool) -> None:
    """Print the DNS records to publish: DKIM, SPF, DMARC."""
    from digest.config import load_config

    folder = folder_of(ctx)
    config = load_config(folder)
    name = _checked(selector or config.dkim.selector)
    if as_json:
        print_json([{**asdict(record), "line": str(record)} for _, record in _records(folder, config, name)])
        return
    _print_records(folder, config, name)


def _checked(selector: str) -> str:
    """*selector* if it may name a key, and so a file."""
    from digest.config import SELECTOR

    if not SELECTOR.fullmatch(selector):
        raise DigestError(f"“{selector}” is no selector", hint="small letters, digits and hyphens, for example 2027a")
    return selector


def _print_records(folder: Path, config: Config, selector: str) -> None:
    for what, record in _records(folder, config, selector):
        say(click.style(what, bold=True))
        say(f"  {record}")
        say()
    if config.dkim.sign != "own":
        say('DKIM: your relay signs. To have letters signed here: [dkim] sign = "own", then `digest keys make`.')
    say("In a web form, a value goes in one piece, without the quotes. `digest doctor` says whether it arrived.")


def _records(folder: Path, config: Config, selector: str) -> Iterator[tuple[str, Record]]:
    from digest.dispatch.doctor import records
    from digest.dispatch.keys import dkim_file, load_dkim_key

    if config.dkim.sign == "own" or dkim_file(folder, selector).exists():
        pem = load_dkim_key(folder, selector)
        yield "DKIM: lets everybody check our signature", records.dkim_record(config, pem, selector)
    if own := records.mail_from_records(config):
        yield "MAIL FROM at Amazon SES: an envelope of your own domain", own[0]
        yield "SPF for it", own[1]
    else:
        yield (
            "SPF: who may send for your domain (one such record only: add to yours what it lacks)",
            records.spf_record(config),
        )
    yield "DMARC: what receivers do with mail that only claims to be yours", records.dmarc_record(config)


@keys.command()
@click.pass_context
def receiver(ctx: click.Context) -> None:
    """Print the digest.toml of a receiver: the site on another host, without any subscriber (docs/site.md)."""
    from digest.cli.serving import receiver_toml
    from digest.dispatch.sealing import public_key

    with project_of(ctx) as project:
        click.echo(receiver_toml(project.config, public_key(project.folder)), nl=False)


@keys.command()
@click.pass_context
def cluster(ctx: click.Context) -> None:
    """Print the key that workers share with the newsletter, as a line for their environment (docs/scale-out.md)."""
    from digest.dispatch.cluster.shards import KEY_VARIABLE, make_key

    click.echo(f"{KEY_VARIABLE}={make_key(folder_of(ctx))}")
