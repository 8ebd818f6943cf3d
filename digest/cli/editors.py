"""Who else works at the desk: editors add, list, link, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.common import as_one_line, clock, json_option, now, print_json, project_of, say, table, who
from digest.errors import DigestError
from digest.model import RIGHTS, Right

if TYPE_CHECKING:
    from digest.config import Config

MOST_IN_A_NAME = 80
MEANT = {
    "edit": "change the issue",
    "approve": "approve, send and stop it, mail tests, correct what is out",
    "people": "see and manage who is subscribed",
}


def _rights(_ctx: click.Context, _param: click.Parameter, words: str) -> tuple[Right, ...]:
    given = [word.strip() for word in words.split(",") if word.strip()]
    for word in given:
        if word not in RIGHTS:
            raise click.BadParameter(f"{word!r} is none of {', '.join(RIGHTS)}")
    if not given:
        raise click.BadParameter(f"name at least one of {', '.join(RIGHTS)}")
    return tuple(right for right in RIGHTS if right in given)


@click.group()
def editors() -> None:
    """Who else works at the desk, each by a personal link (`digest desk --listen`)."""


@editors.command()
@click.argument("name")
@click.option(
    "--may",
    "rights",
    metavar="edit,approve,people",
    default="edit",
    show_default=True,
    callback=_rights,
    help="Change the issue; approve, send and stop it; see and manage who is subscribed.",
)
@click.pass_context
def add(ctx: click.Context, name: str, rights: tuple[Right, ...]) -> None:
    """Give NAME a personal link to the desk. It is shown once; edits and approvals made by it carry NAME."""
    called = " ".join(as_one_line("name", name).split())
    if not called or len(called) > MOST_IN_A_NAME:
        raise DigestError(f"{name!r} cannot stand beside an edit", hint=f"a name has 1 to {MOST_IN_A_NAME} characters")
    with project_of(ctx) as project:
        key = project.store.editors.add(called, rights, who=who(project), at=now())
        say(f"{called} may {_meant(rights)}.")
        _say_link(project.config, key)


@editors.command("list")
@json_option
@click.pass_context
def list_editors(ctx: click.Context, as_json: bool) -> None:
    """Who has a link, what they may do, and when they were last at the desk."""
    with project_of(ctx) as project:
        known, config = project.store.editors.all(), project.config
    if as_json:
        print_json(
            [
                {
                    "name": k.editor.name,
                    "rights": [right for right in RIGHTS if right in k.editor.rights],
                    "added": k.added_at,
                    "seen": k.seen_at,
                }
                for k in known
            ]
        )
        return
    if not known:
        say("Nobody has a link to the desk: `digest editors add NAME` gives one.")
        return
    table(
        ("editor", "may", "added", "last seen"),
        [
            (
                k.editor.name,
                ", ".join(right for right in RIGHTS if right in k.editor.rights),
                clock(k.added_at, config)[:10],
                clock(k.seen_at, config) if k.seen_at else "never",
            )
            for k in known
        ],
    )


@editors.command()
@click.argument("name")
@click.pass_context
def link(ctx: click.Context, name: str) -> None:
    """Make a new link for NAME. The old one opens nothing any more, and who is in by it is out."""
    with project_of(ctx) as project:
        key = project.store.editors.renew(name.strip())
        say(f"{name.strip()} has a new link; the old one is void.")
        _say_link(project.config, key)


@editors.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Shut NAME out, at once. What they edited and approved stays theirs."""
    with project_of(ctx) as project:
        gone = project.store.editors.remove(name.strip(), who=who(project), at=now())
        say(f"{gone.name} cannot enter any more. `digest edits undo` takes back edits, one by one.")


def _meant(rights: Sequence[Right]) -> str:
    *others, last = (MEANT[right] for right in rights)
    return f"{'; '.join(others)}; and {last}" if others else last


def _say_link(config: Config, key: str) -> None:
    address = config.desk.url.rstrip("/")
    say("The link, shown this once; whoever has it is let in. Hand it over by a way that you trust:")
    say()
    say(f"  {address or 'http://127.0.0.1:PORT'}/enter#{key}")
    say()
    if not address:
        say("PORT is that of `digest desk --listen 127.0.0.1:PORT`; `[desk] url` in digest.toml says another address.")
