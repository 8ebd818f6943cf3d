"""Where articles come from: sources list, check, add, remove, block, import, export. The list is in digest.toml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import clock, folder_of, json_option, now, print_json, project_of, say, table
from digest.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from digest.collect.http import Fetched
    from digest.collect.opml import SubscriptionList
    from digest.config import Config, SourceEntry
    from digest.model import Brief
    from digest.sources import Collected
    from digest.store.sources import SourceState


@click.group()
def sources() -> None:
    """Add, list and check feeds, pages and folders."""


@sources.command("list")
@json_option
@click.pass_context
def list_sources(ctx: click.Context, as_json: bool) -> None:
    """Every source with its health: last read, last new article, next visit, trouble."""
    with project_of(ctx) as project:
        config = project.config
        states = [(entry, project.store.sources.state(entry.name)) for entry in config.sources]
    if as_json:
        print_json([_source_json(entry, state) for entry, state in states])
        return
    rows = [
        (
            entry.name,
            entry.outlet,
            f"{entry.weight:g}",
            _health(state),
            _when(state.last_ok, config),
            _when(state.last_new, config),
            _next(entry, state, config),
            state.stopped or state.last_error or "",
        )
        for entry, state in states
    ]
    table(("source", "outlet", "weight", "health", "last read", "last new", "next read", "trouble"), rows)
    for entry in config.block:
        say(f"blocked: {entry.domain}" + (f" ({entry.reason})" if entry.reason else ""))


def _source_json(entry: SourceEntry, state: SourceState) -> dict[str, object]:
    return {
        "source": entry.name,
        "outlet": entry.outlet,
        "weight": entry.weight,
        "health": _health(state),
        "last_read": state.last_ok,
        "last_new": state.last_new,
        "not_before": state.due,
        "not_before_reason": state.due_reason,
        "moved_to": state.moved_to,
        "error": state.stopped or state.last_error or "",
    }


def _health(state: SourceState) -> str:
    if state.stopped:
        return "stopped"
    if state.last_error:
        return "failing"
    return "good" if state.last_ok else "not read yet"


def _next(entry: SourceEntry, state: SourceState, config: Config) -> str:
    if state.stopped:
        return "when you check it"
    if entry.url and state.due and state.due > now():
        return f"from {clock(state.due, config)}"
    return "next run"


def _when(at: datetime | None, config: Config) -> str:
    return clock(at, config) if at else "never"


@sources.command()
@click.argument("where", metavar="URL|PATH")
@click.option("--outlet", default="", help="Who published it, where the source does not say.")
@click.option("--weight", default=1.0, show_default=True, help="More than 1 raises its articles, less lowers them.")
@click.option("--allow-private", is_flag=True, help="The URL may point into your own network.")
@click.option("--unchecked", is_flag=True, help="Add the URL as it is, without reading it.")
@click.pass_context
def add(ctx: click.Context, where: str, outlet: str, weight: float, allow_private: bool, unchecked: bool) -> None:
    """Add a feed or a folder to digest.toml. Of a home page, the feed it names is taken."""
    from digest.address import web_address
    from digest.config import MOST_WEIGHT, SourceEntry, load_config
    from digest.config_edit import add_sources

    if not 0 <= weight <= MOST_WEIGHT:
        raise ConfigError(f"--weight {weight} is no weight", hint=f"1 is usual, from 0 to {MOST_WEIGHT:g}")
    folder = folder_of(ctx)
    config = load_config(folder)
    if address := web_address(where):
        if blocked := config.brief_for_picking().blocking(address):
            raise SourceError(f"blocked: {blocked}", hint=f"{blocked.lift} first")
        url = address if unchecked else _find_feed(address, config, allow_private)
        entry = SourceEntry(url=url, outlet=outlet, weight=weight, allow_private=allow_private)
    elif (folder / where).exists():
        near = os.path.relpath(folder / where, folder)
        entry = SourceEntry(path=where if near.startswith("..") else near, outlet=outlet, weight=weight)
    else:
        what = "web address" if "://" in where else "file or folder"
        raise SourceError(f"there is no {what} {where}", hint="a web address is like https://example.org/feed.xml")
    if not add_sources(folder, [entry]):
        raise ConfigError(f"{entry.name} is a source already", hint="`digest sources list`")
    say(f"{entry.name} is a source now. `digest collect` reads it.")


def _find_feed(url: str, config: Config, allow_private: bool) -> str:
    """The address of the feed at *url*, or of the one the page there names. Raises SourceError."""
    from digest.collect import parse_feed
    from digest.collect.feeds import named_feeds

    answer = _get(url, config, allow_private)
    if answer.error:
        raise SourceError(f"{url}: {answer.error}", hint="look at the address; --unchecked adds it as it is")
    offers = named_feeds(answer.body, answer.final_url)
    if offers is None:
        feed = parse_feed(answer.body, url=answer.final_url, content_type=answer.content_type)
        say(f"“{feed.title or url}”, {len(feed.entries)} entries.")
        return answer.moved_to or url
    for offer in offers:
        found = _get(offer, config, allow_private)
        if found.error:
            continue
        try:
            feed = parse_feed(found.body, url=found.final_url, content_type=found.content_type)
        except SourceError:
            continue
        say(f"{url} is a page; its feed is “{feed.title or offer}”, {len(feed.entries)} entries.")
        others = [other for other in offers if other != offer]
        if others:
            say(f"  other addresses it names or may have: {', '.join(others[:5])}")
        return found.moved_to or offer
    raise SourceError(
        f"{url} is a page, and no feed was found behind it",
        hint="`digest articles add URL` takes a single page; look for a link named RSS or Feed on it",
    )


def _get(url: str, config: Config, allow_private: bool) -> Fetched:
    from digest.collect.http import fetch
    from digest.sources import user_agent

    return fetch(url, user_agent=user_agent(config), allow_private=allow_private)


@sources.command()
@click.argument("where", metavar="URL|PATH")
@click.pass_context
def remove(ctx: click.Context, where: str) -> None:
    """Take a source out of digest.toml. What it brought stays."""
    from digest.config_edit import remove_source

    where = _source_name(where)
    if not remove_source(folder_of(ctx), where):
        raise ConfigError(f"{where} is no source", hint="`digest sources list` shows them as they are written")
    say(f"{where} is a source no more.")


def _source_name(typed: str) -> str:
    """A source's name as digest.toml's are: of a path, its plain spelling."""
    from digest.config import SourceEntry

    return typed if "://" in typed else SourceEntry(path=typed).name


@sources.command()
@click.argument("domain")
@click.option("--reason", default="", help="Why; shown wherever an article of theirs is left out.")
@click.pass_context
def block(ctx: click.Context, domain: str, reason: str) -> None:
    """Leave a publisher alone: nothing of DOMAIN is collected, picked, pasted or named as also covering a story."""
    from digest.config_edit import block as block_domain

    name = _domain(domain)
    block_domain(folder_of(ctx), name, reason)
    say(f"{name} is blocked, with all below it. `digest sources unblock {name}` takes it back.")


@sources.command()
@click.argument("domain")
@click.pass_context
def unblock(ctx: click.Context, domain: str) -> None:
    """Take a block back."""
    from digest.config_edit import unblock as unblock_domain

    name = _domain(domain)
    if not unblock_domain(folder_of(ctx), name):
        raise ConfigError(f"{name} is not blocked", hint="`digest sources list` shows what is")
    say(f"{name} is blocked no more.")


def _domain(words: str) -> str:
    """The domain in an address, or in what somebody typed for one. Raises ConfigError."""
    from digest.address import is_domain, sites_of

    site = (sites_of(words if "://" in words else f"https://{words}") or [""])[-1]
    if site.startswith("*."):
        raise ConfigError(f"{words}: a block needs no star", hint=f"{site[2:]} is blocked with all below it")
    if not is_domain(site):
        raise ConfigError(f"{words!r} is no domain", hint="like example.com, or an address there")
    return site


@sources.command()
@click.argument("names", metavar="[URL|PATH]...", nargs=-1)
@json_option
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Read every source (or those named) now, stopped and resting ones too. Exit 1 when one does not work."""
    from digest.week import collect

    names = tuple(map(_source_name, names))
    with project_of(ctx) as project:
        known = {entry.name for entry in project.config.sources}
        for name in names:
            if name not in known:
                raise ConfigError(f"{name} is no source", hint="`digest sources list` shows them as they are written")
        results = collect(project, now=now(), only=names, asked=True)
    print_collected(results, as_json)
    broken = [r for r in results if r.error]
    if broken:
        raise SourceError(f"{len(broken)} of {len(results)} cannot be read", hint="each says above what to do")


def print_collected(results: list[Collected], as_json: bool) -> None:
    if as_json:
        print_json([collected_json(r) for r in results])
        return
    rows = [(r.source, r.found, r.new, r.changed, r.error or r.note) for r in results]
    table(("source", "found", "new", "changed", "what to know"), rows)
    for found in results:
        if found.error and found.hint:
            say(f"{found.source}: {found.hint}")


def collected_json(found: Collected) -> dict[str, object]:
    return {
        "source": found.source,
        "found": found.found,
        "new": found.new,
        "changed": found.changed,
        "error": found.error,
        "hint": found.hint,
        "note": found.note,
    }


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def import_opml(ctx: click.Context, file: Path) -> None:
    """Add the feeds of an OPML list. A group named like a section of yours becomes their section."""
    from digest.collect.opml import parse_opml
    from digest.config import load_config
    from digest.config_edit import add_sources

    folder = folder_of(ctx)
    listed = parse_opml(file.read_bytes(), where=str(file))
    entries, left_out = entries_of(listed, load_config(folder).brief_for_picking())
    added = add_sources(folder, entries)
    say(f"{added} of {len(listed.feeds)} feeds are new sources.")
    for line in (*left_out, *listed.warnings):
        say(f"  {line}")


def entries_of(listed: SubscriptionList, brief: Brief | None = None) -> tuple[list[SourceEntry], list[str]]:
    """The list's feeds as sources, each in the innermost of its groups that is a section; and what was left out."""
    from digest.address import web_address
    from digest.config import SourceEntry

    names = {section.name.casefold(): section.name for section in brief.sections} if brief else {}
    entries, left_out = [], []
    for feed in listed.feeds:
        url = web_address(feed.url)
        if url is None:
            left_out.append(f"left out: {feed.url} is no web address")
            continue
        if blocked := brief and brief.blocking(url):
            left_out.append(f"left out: {url}, blocked: {blocked}")
            continue
        groups = [names[group.casefold()] for group in feed.groups if group.casefold() in names]
        outlet = "" if feed.title == feed.url else feed.title
        entries.append(SourceEntry(url=url, outlet=outlet, section=groups[-1] if groups else ""))
    return entries, left_out


@sources.command()
@click.pass_context
def export(ctx: click.Context) -> None:
    """Print the feeds as an OPML list, grouped by section."""
    from digest.collect.opml import Subscription, write_opml
    from digest.config import load_config

    config = load_config(folder_of(ctx))
    feeds = [Subscription(s.url, s.outlet or s.url, (s.section,) if s.section else ()) for s in config.sources if s.url]
    say(write_opml(config.newsletter.name, feeds).decode())
