"""Texts by hand: articles add, list, show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    article_json,
    as_one_line,
    cut_title,
    find_article,
    json_option,
    now,
    print_json,
    print_rights,
    project_of,
    remember_list,
    say,
    table,
)
from digest.cli.pictures import picture
from digest.errors import ReadError

if TYPE_CHECKING:
    from digest.model import Article, Image

RIGHT = "Why more may be excerpted than a visitor sees: “we subscribe”"


def read_bytes(path: Path) -> bytes:
    """The file's bytes, or standard input for ``-``. Raises ReadError."""
    if str(path) == "-" and sys.stdin is None:
        raise ReadError("standard input is closed", hint="give a file, or paste into the command")
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read()
        return path.read_bytes()
    except OSError as error:
        raise ReadError(
            f"{path} cannot be read: {error.strerror or error}", hint="look at its name and rights"
        ) from error


def read_file(
    path: Path, *, url: str | None = None, outlet: str | None = None, authors: tuple[str, ...] = ()
) -> Article:
    from digest.collect import read_article

    return read_article(
        read_bytes(path),
        url=url,
        outlet=outlet,
        authors=authors,
        path=None if str(path) == "-" else path,
        source="pasted" if str(path) == "-" else str(path),
        seen=now(),
    )


@click.group()
def articles() -> None:
    """Add, list and show articles."""


@articles.command()
@click.argument("what", metavar="FILE|URL|-")
@click.option("--outlet", help="Who published it.")
@click.option("--url", help="Where it can be read.")
@click.option("--author", "authors", multiple=True, help="Who wrote it; may be given again.")
@click.option("--own", is_flag=True, help="The editors’ own text: needs no outlet and no link.")
@click.option("--right", default="", metavar="WHY", help=f"{RIGHT}.")
@click.option("--allow-private", is_flag=True, help="The URL may point into your own network.")
@click.pass_context
def add(
    ctx: click.Context,
    what: str,
    outlet: str | None,
    url: str | None,
    authors: tuple[str, ...],
    own: bool,
    right: str,
    allow_private: bool,
) -> None:
    """Add one article: a FILE, the page at a URL, or pasted text (-), ended by Ctrl-D."""
    from dataclasses import replace

    from digest.adding import keep_article, read_page, refuse_blocked, web_address_in
    from digest.address import web_address

    url = web_address_in(url)
    with project_of(ctx) as project:
        brief = project.config.brief_for_picking()
        if address := web_address(what):
            refuse_blocked(brief, address)
            article = read_page(
                address, project.config, seen=now(), outlet=outlet, authors=authors, allow_private=allow_private
            )
        else:
            refuse_blocked(brief, url)
            article = read_file(Path(what), url=url, outlet=outlet, authors=authors)
        right = as_one_line("right", right) or article.right
        stored = keep_article(project, replace(article, own=own, right=right), now=now())
        remember_list(project, [stored])
        say(f"“{stored.title}” ({stored.outlet or 'no outlet yet'}), {len(stored.text.split())} words.")
        if not stored.outlet and not own:
            say("  no outlet: `digest articles fill last --outlet NAME`, or mark it --own")
        print_rights(stored)
        for warning in stored.warnings:
            say(f"  {warning}")
        for removed in stored.removed:
            say(f"  removed, line {removed.line}: {removed.reason}: {removed.text[:60]}")
        published = stored.published_at(project.config.zone)
        since = project.store.issues.last_until(before=now())
        if published and since and published <= since:
            say(f"  old: {published.date()}; `digest pin` has it in the issue all the same")


@articles.command()
@click.argument("article")
@click.option("--outlet", help="Who published it.")
@click.option("--url", help="Where it can be read.")
@click.option("--author", "authors", multiple=True)
@click.option("--own/--no-own", default=None, help="The editors’ own text: needs no outlet and no link.")
@click.option("--right", metavar="WHY", help=f"{RIGHT}; '' takes it back.")
@click.pass_context
def fill(
    ctx: click.Context,
    article: str,
    outlet: str | None,
    url: str | None,
    authors: tuple[str, ...],
    own: bool | None,
    right: str | None,
) -> None:
    """Fill in or correct what is known about ARTICLE."""
    from dataclasses import replace

    from digest.adding import refuse_blocked, web_address_in
    from digest.collect import canonical_url

    url = web_address_in(url)
    with project_of(ctx) as project:
        refuse_blocked(project.config.brief_for_picking(), url)
        found = find_article(project, article)
        told = replace(
            found,
            outlet=as_one_line("outlet", outlet or "") or found.outlet,
            url=url or found.url,
            canonical=canonical_url(url) if url else found.canonical,
            authors=tuple(as_one_line("author", name) for name in authors) or found.authors,
            own=found.own if own is None else own,
            right=found.right if right is None else as_one_line("right", right),
        )
        stored = project.store.articles.correct(told)
        say(f"“{stored.title}”: {stored.outlet or 'no outlet'}, {stored.url or 'no link'}.")
        if own is not None:
            say("  the editors’ own text" if own else "  not the editors’ own text")
        if right == "":
            say(f"  no right is claimed any more: it was “{found.right}”" if found.right else "  no right was claimed")
        print_rights(stored)


articles.add_command(picture)


@articles.command("list")
@json_option
@click.pass_context
def list_articles(ctx: click.Context, as_json: bool) -> None:
    """Every article, newest first."""
    with project_of(ctx) as project:
        known = sorted(project.store.articles.all(), key=lambda a: (a.seen, a.id), reverse=True)
        remember_list(project, known)
        zone = project.config.zone
    if as_json:
        print_json([article_json(a) for a in known])
        return
    rows = []
    for number, a in enumerate(known, 1):
        published = a.published_at(zone)
        rows.append(
            (
                number,
                cut_title(a.title),
                a.outlet or "?",
                published.date() if published else "undated",
                a.language,
            )
        )
    table(("#", "title", "outlet", "published", "language"), rows)


@articles.command()
@click.argument("article")
@json_option
@click.pass_context
def show(ctx: click.Context, article: str, as_json: bool) -> None:
    """One article as it was read: title, standfirst, body, opinion, and what was removed and why."""
    with project_of(ctx) as project:
        found = find_article(project, article)
    if as_json:
        print_json(
            {
                **article_json(found),
                "standfirst": found.standfirst,
                "text": found.text,
                "regions": [
                    {"kind": r.kind, "start": r.span.start, "end": r.span.end, "reason": r.reason}
                    for r in found.regions
                ],
                "removed": [{"line": r.line, "text": r.text, "why": r.reason} for r in found.removed],
                "warnings": list(found.warnings),
                "version": found.version,
                "paywall": found.paywall,
                "limit": {"chars": found.limit.chars, "reason": found.limit.reason} if found.limit else None,
                "right": found.right_held(),
                "license": found.license,
                "image": image_json(found.image),
            }
        )
        return
    say(found.title)
    if found.standfirst:
        say(found.standfirst)
    say(f"{found.outlet or 'no outlet'}; {', '.join(found.authors) or 'no author'}; {found.published or 'undated'}")
    print_rights(found)
    for region in found.regions:
        say(f"\n[{region.kind}{': ' + region.reason if region.reason else ''}]")
        say(region.span.of(found.text))
    for removed in found.removed:
        say(f"\nremoved, line {removed.line} ({removed.reason}): {removed.text}")


def image_json(image: Image | None) -> dict[str, object] | None:
    from dataclasses import asdict

    return asdict(image) if image else None
