"""Where articles come from: sources list, add, check, import, export. The list itself lives in digest.toml."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.common import folder_of, json_option, now, print_json, project_of, say, table
from digest.errors import ConfigError, SourceError


@click.group()
def sources() -> None:
    """Add, list and check feeds, pages and folders."""


@sources.command("list")
@json_option
@click.pass_context
def list_sources(ctx: click.Context, as_json: bool) -> None:
    """Every source with its health."""
    with project_of(ctx) as project:
        rows = []
        for entry in project.config.sources:
            state = project.store.state.source(entry.name)
            rows.append(
                {
                    "source": entry.name,
                    "outlet": entry.outlet,
                    "weight": entry.weight,
                    "last_read": state.last_ok if state else None,
                    "error": (state.last_error if state else "") or "",
                }
            )
    if as_json:
        print_json(rows)
        return
    table(
        ("source", "outlet", "weight", "last read", "trouble"),
        [(r["source"], r["outlet"], r["weight"], _day(r["last_read"]), r["error"]) for r in rows],
    )


def _day(value: object) -> str:
    return str(value)[:16].replace("T", " ") if value else "never"


@sources.command()
@click.argument("where", metavar="URL|PATH")
@click.option("--outlet", default="", help="Who published it, where the source does not say.")
@click.option("--weight", default=1.0, show_default=True)
@click.pass_context
def add(ctx: click.Context, where: str, outlet: str, weight: float) -> None:
    """Add a feed, a page or a folder to digest.toml."""
    folder = folder_of(ctx)
    append_sources(folder, [(where, outlet, weight)])
    say(f"{where} is a source now. `digest collect` reads it.")


def append_sources(folder: Path, entries: list[tuple[str, str, float]]) -> int:
    """Appends [[sources]] tables to digest.toml, leaving the rest as it is; those known already are not repeated.

    Returns how many were added. Raises ConfigError, with the file unchanged, when the result would not load.
    """
    from digest.config import FILE, load_config, parse_config

    known = {s.name for s in load_config(folder).sources}
    path = folder / FILE
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    added = 0
    for where, outlet, weight in entries:
        if where in known:
            continue
        key = "url" if where.startswith(("http://", "https://")) else "path"
        text += f"\n[[sources]]\n{key} = {toml_string(where)}\n"
        if outlet:
            text += f"outlet = {toml_string(outlet)}\n"
        if weight != 1.0:
            text += f"weight = {weight}\n"
        known.add(where)
        added += 1
    parse_config(text)
    if entries and not added:
        raise ConfigError(f"{entries[0][0]} is a source already", hint="`digest sources list`")
    path.write_text(text, encoding="utf-8")
    return added


def toml_string(value: str) -> str:
    """*value* as a TOML basic string."""
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@sources.command()
@json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Read every source now and say which work. Exit 1 when one does not."""
    from digest.week import collect

    with project_of(ctx) as project:
        results = collect(project, now=now())
    if as_json:
        print_json([{"source": r.source, "found": r.found, "new": r.new, "error": r.error} for r in results])
    else:
        table(("source", "found", "new", "trouble"), [(r.source, r.found, r.new, r.error) for r in results])
    broken = [r for r in results if r.error]
    if broken:
        raise SourceError(f"{len(broken)} of {len(results)} cannot be read", hint=broken[0].hint)


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def import_opml(ctx: click.Context, file: Path) -> None:
    """Add the feeds of an OPML list."""
    from digest.collect.opml import parse_opml

    feeds = parse_opml(file.read_bytes(), where=str(file)).feeds
    added = append_sources(folder_of(ctx), [(f.url, f.title, 1.0) for f in feeds])
    say(f"{added} of {len(feeds)} feeds are new sources.")


@sources.command()
@click.pass_context
def export(ctx: click.Context) -> None:
    """Print the feeds as an OPML list."""
    from digest.collect.opml import Subscription, write_opml
    from digest.config import load_config

    config = load_config(folder_of(ctx))
    feeds = [Subscription(s.url, s.outlet or s.url) for s in config.sources if s.url]
    say(write_opml(config.newsletter.name, feeds).decode())
