"""What an editor says of an article's picture, and what became of the issue's pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    as_one_line,
    edited_slug,
    find_article,
    how_to_see,
    keep_edit,
    now,
    project_of,
    say,
    week_meant,
    week_option,
)
from digest.errors import DigestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.compose.pictures import PictureWord
    from digest.model import Article, Edit, Issue, Item
    from digest.week import Project


@click.command()
@click.argument("article")
@click.argument("what", metavar="[FILE|URL]", required=False)
@click.option("--credit", help="Whose picture it is: printed beside it.")
@click.option("--license", help="Why you may print it: “CC BY 4.0”, “by permission”, “own”. Printed too.")
@click.option("--alt", help="What it shows, for who cannot see it.")
@click.option("--decorates", is_flag=True, help="It says nothing to who cannot see it: no alt text.")
@click.option("--none", "none", is_flag=True, help="Print no picture, whatever there is.")
@click.option("--undo", is_flag=True, help="Take back all that was said.")
@week_option
@click.pass_context
def picture(
    ctx: click.Context,
    article: str,
    what: str | None,
    credit: str | None,
    license: str | None,
    alt: str | None,
    decorates: bool,
    none: bool,
    undo: bool,
    week: str | None,
) -> None:
    """Say what picture ARTICLE prints: a FILE, the one at a URL, or its own, with your words. Without them: what is
    known of it.

    It is copied at once. Your word holds for this issue and outlives the next `weekly`.
    """
    with project_of(ctx) as project:
        found = find_article(project, article)
        meant = week_meant(project, article, week)
        slug = edited_slug(project, meant)
        edits = project.store.issues.edits(slug)
        said = {"credit": credit, "license": license, "alt": alt}
        if not (what or decorates or none or undo or any(words is not None for words in said.values())):
            _print_known(project, found, edits, article)
            return
        if undo or none:
            if what or decorates or any(said.values()) or (undo and none):
                raise click.UsageError("--none and --undo stand alone.", ctx)
            value = "" if undo else str(_word(none=True))
        else:
            value = str(_said(project, found, edits, what, {k: v for k, v in said.items() if v is not None}, decorates))
        edited = [*edits, _edit(slug, found, value)]
        _copy(project, found, edited, must=what is not None)
        keep_edit(project, "picture", found.id, value, week=meant, saw=found.text_hash)
        say(f"{slug}: {_told(project, found, edited, article)}")
        say(how_to_see(project, slug, meant))


def _word(*, none: bool) -> PictureWord:
    from digest.compose.pictures import PictureWord

    return PictureWord(none=none)


def _said(
    project: Project,
    article: Article,
    edits: Sequence[Edit],
    what: str | None,
    said: dict[str, str],
    decorates: bool,
) -> PictureWord:
    """What was said before, with what is said now. Another picture has nothing of what was said of the last."""
    from digest.compose.pictures import PictureWord, word_on
    from digest.licenses import read_license

    words = {name: as_one_line(name, text) for name, text in said.items()}
    license = words.get("license", "")
    if "://" in license and read_license(license) is None:
        raise DigestError(f"{license} is no license we know", hint="say it in words: --license “by permission of …”")
    if decorates and words.get("alt"):
        raise DigestError("a picture that decorates has no alt text", hint="give one of --alt and --decorates")
    before = word_on(edits, article.id) or PictureWord()
    if what is not None:
        before = PictureWord(origin=_origin(project, what))
    decorates = decorates or (before.decorates and not words.get("alt"))
    return replace(before, none=False, **words, decorates=decorates, **({"alt": ""} if decorates else {}))


def _origin(project: Project, what: str) -> str:
    """Where the picture named on the command line is from; a file is copied here and now."""
    from digest.address import web_address
    from digest.compose.pictures import COPY
    from digest.pictures import copy_of_file

    if address := web_address(what):
        return address
    copy = copy_of_file(Path(what))
    project.store.pictures.keep(copy)
    return f"{COPY}{copy.hash}"


def _edit(slug: str, article: Article, value: str) -> Edit:
    from digest.model import Edit

    return Edit(0, slug, "picture", article.id, value, "", now())


def _copy(project: Project, article: Article, edits: Sequence[Edit], *, must: bool) -> None:
    """Copies the picture, if that is to be printed. Raises ReadError where it *must* be had and cannot."""
    from digest.compose.pictures import Wanted, picture_wanted, word_on
    from digest.errors import ReadError
    from digest.pictures import copy_pictures
    from digest.sources import user_agent
    from digest.week import quiet

    store, wanted = project.store, picture_wanted(article, edits, project.config)
    if not isinstance(wanted, Wanted):
        return
    copies = {wanted.origin: wanted}
    agent = user_agent(project.config)
    copy_pictures(store, project.folder, copies, user_agent=agent, now=now(), progress=quiet)
    trouble = store.pictures.known(copies).get(wanted.origin, "")
    word = word_on(edits, article.id)
    if must and trouble.startswith("!") and word is not None and word.origin == wanted.origin:
        raise ReadError(f"{wanted.origin}: {trouble[1:]}", hint="save it and give the file")


def _told(project: Project, article: Article, edits: Sequence[Edit], named: str) -> str:
    """One line: which picture it prints, or why none; the article goes by what it was *named*."""
    from digest.compose.pictures import COPY, Wanted, picture_wanted

    store, wanted = project.store, picture_wanted(article, edits, project.config)
    if not isinstance(wanted, Wanted):
        why = wanted.replace("ARTICLE", named if named.isdigit() else f'"{named}"')
        return f"no picture for “{article.title}”: {why or 'there is none'}"
    copy = wanted.origin.removeprefix(COPY)
    if copy == wanted.origin:
        copy = store.pictures.known([wanted.origin]).get(wanted.origin, "!it is not copied yet")
    if copy.startswith("!"):
        return f"no picture for “{article.title}”: {copy[1:]}"
    made = store.pictures.get(copy)
    size = f"{made.width_px} × {made.height_px} pixels, {len(made.data):,} bytes" if made else "its copy is gone"
    under = f", {wanted.license.name}" if wanted.license.name else ""
    words = f"“{wanted.alt}”" if wanted.alt else "decorates"
    return f"the picture of “{article.title}”: {wanted.credit}{under}; {words}; {size}."


def _print_known(project: Project, article: Article, edits: Sequence[Edit], named: str) -> None:
    image = article.image
    if image is None:
        say(f"“{article.title}” came without a picture.")
    else:
        say(image.url)
        for name, words in (("credit", image.credit), ("license", image.license), ("alt", image.alt)):
            say(f"  {name}: {words or 'not stated'}")
        if image.reserved:
            say(f"  {image.reserved}")
    _copy(project, article, edits, must=False)
    if image is not None or any(edit.kind == "picture" and edit.target == article.id for edit in edits):
        say(f"  {_told(project, article, edits, named)}")
    if project.config.pictures.show == "none":
        say('  No picture is printed: [pictures] show = "none" in digest.toml')


def picture_json(item: Item) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "article": item.article.id,
        "picture": asdict(item.picture) if item.picture else None,
        "why_not": item.no_picture,
    }


def print_pictures(issue: Issue, project: Project) -> None:
    """Which of the issue's stories print a picture, and why others do not; nothing where pictures are off."""
    if project.config.pictures.show == "none":
        return
    shown = sum(item.picture is not None for item in issue.items)
    say(f"Pictures:  {shown} printed")
    for number, item in enumerate(issue.items, 1):
        if item.no_picture:
            say(f"  {number}. none: {item.no_picture.replace('ARTICLE', str(number))}")
