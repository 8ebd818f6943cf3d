"""What one subscriber gets: sections, language, length, a pause, a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from digest.address import parse_address
from digest.cli.common import as_one_line, clock, now, project_of, say, who
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.model import Subscriber
    from digest.week import Project


@click.command("set")
@click.argument("address")
@click.option("--topics", metavar="SECTION", multiple=True, help="Only this section; say it again for another one.")
@click.option("--all-topics", is_flag=True, help="Every section, those to come too.")
@click.option("--language", metavar="TAG", help="Of the mail’s own words, such as de; '' for the newsletter’s.")
@click.option("--length", type=click.Choice(["full", "lead"]), help="The whole issue, or its first story alone.")
@click.option("--pause-until", metavar="DATE", help="No mail before that day, such as 2026-08-31.")
@click.option("--no-pause", is_flag=True, help="Mail again.")
@click.option("--name", metavar="NAME", help="As they are greeted and addressed; '' for none.")
@click.pass_context
def set_person(
    ctx: click.Context,
    address: str,
    topics: tuple[str, ...],
    all_topics: bool,
    language: str | None,
    length: str | None,
    pause_until: str | None,
    no_pause: bool,
    name: str | None,
) -> None:
    """Set what one person gets, as they asked you to. Without options: say what it is."""
    if topics and all_topics:
        raise DigestError("--topics and --all-topics contradict each other", hint="choose one of them")
    if pause_until and no_pause:
        raise DigestError("--pause-until and --no-pause contradict each other", hint="choose one of them")
    parsed, at = parse_address(address), now()
    with project_of(ctx) as project:
        people = project.store.subscribers
        known = people.get(parsed)
        if known is None:
            raise DigestError(f"{parsed} is not known here", hint="`digest subscribers list`")
        wish = known.wish
        if topics:
            wish = replace(wish, topics=sections_of(topics, [s.name for s in project.config.sections]))
        if all_topics:
            wish = replace(wish, topics=())
        if language is not None:
            wish = replace(wish, language=_spoken(language))
        if length is not None:
            wish = replace(wish, lead_only=length == "lead")
        until = _day(pause_until, project.config.zone, at) if pause_until else None
        called = None if name is None else as_one_line("name", name)
        editor = who(project)
        with project.store.transaction():
            changed = people.set_wish(known.id, wish, how="editor", who=editor, at=at)
            if called is not None:
                people.rename(known.id, called)
            if until or (no_pause and known.paused_until):
                people.pause(known.id, until, how="editor", who=editor, at=at)
        person = people.by_id(known.id)
        assert person is not None
        _tell(project, person, at, changed)


def sections_of(topics: Sequence[str], sections: Sequence[str]) -> tuple[str, ...]:
    """*topics* as digest.toml writes them, each once. Raises DigestError for one that is none."""
    if not sections:
        raise DigestError(
            "digest.toml has no sections to choose from", hint="add [[sections]], or leave the option out"
        )
    spelled = {name.casefold(): name for name in sections}
    for topic in topics:
        if topic.strip().casefold() not in spelled:
            raise DigestError(f"there is no section {topic!r}", hint=f"there are: {', '.join(sections)}")
    return tuple(dict.fromkeys(spelled[topic.strip().casefold()] for topic in topics))


def _spoken(language: str) -> str:
    """*language* as a tag the mail speaks, '' for the newsletter's. Raises DigestError."""
    from digest.render.words import known_languages, primary

    tag = language.strip()
    if tag and (primary(tag) not in known_languages() or not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag)):
        raise DigestError(
            f"the mail has no words in {language!r}", hint=f"it has them in: {', '.join(sorted(known_languages()))}"
        )
    return tag


def _day(words: str, zone: ZoneInfo, at: datetime) -> datetime:
    """The beginning of that day by the newsletter's clock. Raises DigestError for none, or one that has begun."""
    try:
        until = datetime.strptime(words.strip(), "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError as error:
        raise DigestError(f"{words!r} is no day", hint="like 2026-08-31") from error
    if until <= at:
        raise DigestError(f"{words} has begun already", hint="a pause ends on a day to come; `--no-pause` ends it now")
    return until


def _tell(project: Project, person: Subscriber, at: datetime, changed: bool) -> None:
    wish = person.wish
    sections = ", ".join(wish.topics) if wish.topics else "every section"
    words = f"own words in {wish.language}" if wish.language else "the newsletter’s language"
    called = f", called {person.name}" if person.name else ""
    say(f"{person.address}{called}: {sections}; {'the lead only' if wish.lead_only else 'the whole issue'}; {words}.")
    paused = person.paused_until is not None and person.paused_until > at
    if person.paused_until is not None and paused:
        say(f"Paused: no mail before {clock(person.paused_until, project.config)}, from now on.")
    barred = project.store.subscribers.barred(person.id, at)
    if barred and not paused:
        say(f"They get no mail all the same: {barred}.")
    if changed:
        drafts = [known.slug for known in project.store.issues.all() if known.state == "draft"]
        again = f" `digest build` makes {drafts[-1]} anew for it." if drafts else ""
        say(f"It holds for every issue approved from now on.{again}")
