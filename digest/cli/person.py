"""One person's rights: what is held about them, how we know that they wanted mail, and being erased."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.address import Address, parse_address
from digest.cli.common import (
    as_plain,
    clock,
    json_option,
    now,
    print_json,
    project_of,
    say,
    state_words,
    who,
    yes_option,
)
from digest.errors import DigestError
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.config import Config
    from digest.store.consent import ConsentEvent
    from digest.store.erasure import Erased
    from digest.store.holdings import Holding
    from digest.week import Project


@click.command()
@click.argument("address")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to give to the person.")
@json_option
@click.pass_context
def show(ctx: click.Context, address: str, html: Path | None, as_json: bool) -> None:
    """Everything held about one person, from every table: what they may ask for (GDPR article 15)."""
    parsed = parse_address(address)
    with project_of(ctx) as project:
        held = project.store.holdings.of(parsed)
        if held is None:
            raise _unknown(project, parsed)
        if html is not None:
            from digest.web.person import person_page

            _write(html, person_page(project.config, held, now=now()))
            project.store.written.remember(html, f"what is held about {_masked(parsed)}", now())
            say(f"{html}: everything held about {parsed}.")
        elif as_json:
            print_json(as_dict(held))
        else:
            _print(held, project.config)


@click.command()
@click.argument("address")
@json_option
@click.pass_context
def consent(ctx: click.Context, address: str, as_json: bool) -> None:
    """How we know that this person wanted mail: who, when, how, and in which words."""
    parsed = parse_address(address)
    with project_of(ctx) as project:
        events = project.store.consent.of(parsed)
        if not events:
            raise _unknown(project, parsed)
        if as_json:
            print_json([_event_dict(event) for event in events])
            return
        say(f"{parsed}")
        _print_events(events, project.config)


@click.command()
@click.argument("address")
@yes_option
@json_option
@click.pass_context
def erase(ctx: click.Context, address: str, yes: bool, as_json: bool) -> None:
    """Erase one person: from every table, the log of changes, var/ and its copies. Cannot be taken back.

    What stays is a mark made with a secret key, so that no import brings them back, and that there was somebody.
    Files written elsewhere (backups, exports, rejected lines) are named: only you can clean those.
    """
    parsed = parse_address(address)
    with project_of(ctx) as project:
        if project.store.subscribers.get(parsed) is None:
            raise _unknown(project, parsed)
        if not yes and sys.stdin.isatty():
            click.confirm(f"Erase {parsed} for good", abort=True)
        done = project.store.erasure.erase(parsed, who=who(project), at=now())
        assert done is not None
        if as_json:
            print_json(asdict(done))
        else:
            _tell_erased(parsed, done)


def _unknown(project: Project, address: Address) -> DigestError:
    if project.store.erasure.holds(address):
        return DigestError(
            f"{address} was erased: all that is kept is a mark made with keys/erased.key",
            hint="by it no import brings them back; only they can sign up again",
        )
    return DigestError(f"{address} is not known here: nothing is held about them", hint="`digest subscribers list`")


def _masked(address: Address) -> str:
    """So that the list of files written does not itself name anybody."""
    return f"{address.local[:1]}…@{address.domain[:1]}…"


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
        file.chmod(0o600)
    except OSError as error:
        raise DigestError(f"{file} cannot be written: {error.strerror}", hint="name another place") from error


# ------------------------------------------------------------------------------------------------ saying it


def _event_dict(event: ConsentEvent) -> dict[str, object]:
    return {
        "number": event.seq,
        "what": event.kind,
        "at": event.at.isoformat(),
        "wording": event.wording,
        "version": event.version,
        **{key: value for key, value in (event.payload or {}).items() if key not in ("wording", "basis")},
    }


def as_dict(held: Holding) -> dict[str, object]:
    """Everything, for a machine; the person's secret key is said to be there, not told."""
    person = asdict(held.person)
    person["address"] = str(held.person.address)
    del person["token"]
    whole: dict[str, object] = {
        "person": {**person, "key_in_links": "32 random hex digits", "joined": held.joined},
        "import": asdict(held.brought_by) if held.brought_by else None,
        "consent": [_event_dict(event) for event in held.consent],
        "deliveries": [asdict(one) for one in held.deliveries],
        "left_out": [{"issue": issue, "why": why} for issue, why in held.left_out],
        "asked_on_the_site": list(held.asked),
        "edits_naming_them": [{"issue": issue, "words": words} for issue, words in held.edits],
        "others": {table: list(rows) for table, rows in held.others.items()},
    }
    plain: dict[str, object] = json.loads(json.dumps(whole, default=as_plain))
    return plain


def _print(held: Holding, config: Config) -> None:
    person = held.person
    say(f"{person.address}  {person.name}".rstrip())
    say(f"  {person.membership}{'' if person.block == 'none' else f', blocked: {person.block}'}")
    if held.joined:
        say(f"  there since {clock(held.joined, config)}")
    if held.brought_by:
        say(f"  came by import {held.brought_by.id}, {held.brought_by.file}: {held.brought_by.basis}")
    topics = ", ".join(person.topics) or "all"
    say(f"  language {person.language or 'the newsletter’s'}, topics {topics}, {person.length}")
    if person.paused_until:
        say(f"  paused until {clock(person.paused_until, config)}")
    say("  a random key in the links of their letters")
    say("Consent")
    _print_events(held.consent, config)
    say(f"Issues ({len(held.deliveries)})")
    for one in held.deliveries:
        say(f"  {one.issue}  {state_words(one.state, one.moves[-1].reply if one.moves else '')}  “{one.subject}”")
        for move in one.moves:
            words = f": {move.reply}" if move.reply else ""
            say(f"    {clock(move.at, config)}  {state_words(move.became, move.reply)}{words}")
    for issue, why in held.left_out:
        say(f"  {issue}  left out: {why}")
    if held.asked:
        say("Asked on the site")
        for line in held.asked:
            say(f"  {', '.join(f'{key} {value}' for key, value in line.items())}")
    for issue, words in held.edits:
        say(f"Named in an edit of {issue}: {words}")
    for name, rows in held.others.items():
        say(f"{name} ({len(rows)})")
        for row in rows:
            say(f"  {', '.join(f'{key} {value}' for key, value in row.items() if value is not None)}")


WORDS = {
    "who": "by",
    "how": "how",
    "ip": "network address",
    "confirmed": "confirmed there",
    "confirmed_ip": "confirmed from",
    "joined": "joined there",
    "left": "left there",
    "there": "there",
    "tool": "export of",
    "part": "file",
    "line": "line",
    "address": "address",
    "name": "name",
    "earlier_at": "earlier consent",
    "earlier_how": "how, then",
    "earlier_who": "by, then",
    "earlier_wording": "wording, then",
}


def _is_told_by(first: ConsentEvent, second: ConsentEvent) -> bool:
    """Whether *second* says all that *first* does: a sign-up is one act, and two events."""
    same = (first.kind, second.kind, first.at) == ("unconfirmed", "asked", second.at)
    return same and (first.payload or {}).items() <= (second.payload or {}).items()


def _print_events(events: tuple[ConsentEvent, ...] | list[ConsentEvent], config: Config) -> None:
    with_it: ConsentEvent | None = None
    for event, after in zip_longest(events, events[1:]):
        if after is not None and _is_told_by(event, after):
            with_it = event
            continue
        kind, number = (f"{with_it.kind}, ", f"s {with_it.seq},") if with_it else ("", "")
        say(f"  {clock(event.at, config)}  {kind}{event.kind}  (event{number} {event.seq})")
        with_it = None
        if event.payload is None:
            continue
        told = {WORDS.get(key, key): value for key, value in event.payload.items() if key not in ("wording", "basis")}
        for key, value in sorted(told.items(), key=lambda item: [*WORDS.values(), item[0]].index(item[0])):
            if value:
                say(f"    {key}: {value}")
        if event.wording:
            kind = "wording" if event.payload.get("wording") else "ground stated"
            say(f"    {kind} (version {event.version}): {event.wording}")


def _tell_erased(address: Address, done: Erased) -> None:
    say(f"{address} is erased: from the database, its log, and var/.")
    for number, one, many in (
        (done.letters, "letter in var/outbox was deleted", "letters in var/outbox were deleted"),
        (done.lines, "line of the inbox was blanked", "lines of the inbox were blanked"),
        (done.copies, "older copy of the database was deleted", "older copies of the database were deleted"),
    ):
        if number:
            say(f"  {counted(number, one, many)}")
    say("  what stays: a keyed mark, by which no import brings them back, and that there was somebody")
    for line in left_behind(done):
        say(line)


def left_behind(done: Erased) -> list[str]:
    """Where an erased person is still named, in lines; [] where nowhere is known."""
    found = ["Written elsewhere, where only you can erase them:"] if done.elsewhere else []
    found += [f"  {file.path}  {file.says} ({file.what}, {file.at:%Y-%m-%d})" for file in done.elsewhere]
    return found + [f"  still named in {place}: look at it yourself" for place in done.still]
