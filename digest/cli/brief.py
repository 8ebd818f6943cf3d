"""What the newsletter is about: brief show, brief suggest. The brief itself stands in digest.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.common import json_option, print_json, project_of, say, table
from digest.errors import IssueError

if TYPE_CHECKING:
    from digest.pick import Suggestion


@click.group()
def brief() -> None:
    """What the newsletter is about."""


@brief.command()
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """The words that stories are scored by, with their weights."""
    from digest.pick import keywords_from

    with project_of(ctx) as project:
        wanted = project.config.brief_for_picking()
    words = dict(wanted.keywords) or keywords_from(wanted.line, wanted.languages[0])
    if as_json:
        print_json({"line": wanted.line, "keywords": words, "blocked": list(wanted.blocked)})
        return
    say(wanted.line or "No line yet: write one under [brief] in digest.toml.")
    if not wanted.keywords and words:
        say("No [brief.keywords] yet: the words of the line count instead.")
    table(("word", "weight"), [(word, f"{weight:g}") for word, weight in words.items()])
    if wanted.blocked:
        say(f"Never picked: an article holding {', '.join(f'“{word}”' for word in wanted.blocked)}.")


@brief.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="How many words at most.")
@click.option("--add", is_flag=True, help="Write them into [brief.keywords] of digest.toml.")
@json_option
@click.pass_context
def suggest(ctx: click.Context, limit: int, add: bool, as_json: bool) -> None:
    """Words that tell what past issues printed from what they passed over, with the numbers behind each."""
    from digest.config_edit import add_keywords
    from digest.pick import suggest_keywords
    from digest.text.wording import counted
    from digest.week import past_choices

    with project_of(ctx) as project:
        picked, passed = past_choices(project)
        if not picked:
            raise IssueError("no past issue to learn from", hint="words are suggested from the first approved issue on")
        wanted = project.config.brief_for_picking()
        known = [*wanted.keywords, *wanted.blocked]
        found = suggest_keywords(picked, passed, known=known, limit=limit)
    if as_json:
        print_json([_suggestion_json(s) for s in found])
    elif not found:
        say(f"Nothing new: no other word tells {len(picked)} picked articles from {len(passed)} passed over.")
    else:
        rows = [
            (s.word, f"{s.weight:.2f}", f"{s.picked} of {s.picked_of}", f"{s.passed} of {s.passed_of}") for s in found
        ]
        table(("word", "weight", "picked stories", "passed over"), rows)
    number = add_keywords(project.folder, {s.word: s.weight for s in found}) if add else 0
    if as_json or not found:
        return
    if add:
        added = counted(number, "word was", "words were")
        say(f"{added} added to [brief.keywords]; `digest pick` shows what changes.")
    else:
        say("`digest brief suggest --add` writes them into digest.toml; change or delete there what you like.")


def _suggestion_json(found: Suggestion) -> dict[str, object]:
    return {
        "word": found.word,
        "weight": found.weight,
        "picked": found.picked,
        "picked_of": found.picked_of,
        "passed": found.passed,
        "passed_of": found.passed_of,
    }
