"""After sending: what an issue got wrong, and what a publisher wants taken down. The mail that left stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from digest.cli.common import as_one_line, find_issue, now, project_of, say, who
from digest.errors import DigestError, IssueError
from digest.model import Correction

if TYPE_CHECKING:
    from digest.model import Issue, Item

OUT = frozenset({"sending", "paused", "sent"})


@click.command()
@click.argument("issue")
@click.argument("item")
@click.argument("words", nargs=-1)
@click.option("--take-down", is_flag=True, help="Take ITEM off the issue’s page, for its publisher; WORDS may say why.")
@click.pass_context
def correct(ctx: click.Context, issue: str, item: str, words: tuple[str, ...], take_down: bool) -> None:
    """Say what ISSUE got wrong in ITEM (its number there, or words of its headline), in your own WORDS.

    A dated note stands on the issue's page from now on, and in the next issue, unless you write another correction
    there. The mail that left is not changed.
    """
    text = as_one_line("correction", " ".join(words))
    if not text and not take_down:
        raise DigestError("there are no words to print", hint='digest correct last 2 "It was nine ships, not eleven."')
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        known = project.store.issues.get(slug)
        assert known is not None
        if known.state not in OUT:
            raise IssueError(f"{slug} is {known.state}: nobody has it yet", hint="`digest edit` changes it")
        found = _item(project.store.issues.issue(slug), item)
        article = found.article
        kind: Literal["takedown", "correction"] = "takedown" if take_down else "correction"
        project.store.corrections.add(Correction(0, slug, article.id, kind, text, who(project), now()))
    if take_down:
        say(f"“{article.title}” is off the page of {slug}. Mail that left cannot be called back.")
    else:
        say(f"The page of {slug} says so from now on; the next issue will, too.")


def _item(issue: Issue, words: str) -> Item:
    """Raises IssueError naming the items where *words* mean none of them, or more than one."""
    if words.isdigit() and 1 <= int(words) <= len(issue.items):
        return issue.items[int(words) - 1]
    found = [i for i in issue.items if all(w in i.article.title.casefold() for w in words.casefold().split())]
    if len(found) == 1 and not words.isdigit():
        return found[0]
    what = f"{len(found)} items of {issue.slug} are" if len(found) > 1 else f"no item of {issue.slug} is"
    raise IssueError(
        f"{what} called {words!r}",
        hint=f"a number from 1 to {len(issue.items)}: `digest issues show {issue.slug}`",
    )
