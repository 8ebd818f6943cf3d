"""After sending: what an issue got wrong, and what a publisher wants taken down. The mail that left stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from digest.cli.common import as_one_line, find_issue, now, project_of, say, who
from digest.errors import DigestError, IssueError
from digest.model import Correction
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.correcting import Letter
    from digest.model import Issue, Item


@click.command()
@click.argument("issue")
@click.argument("item")
@click.argument("words", nargs=-1)
@click.option("--take-down", is_flag=True, help="Take ITEM off the issue’s page, for its publisher; WORDS may say why.")
@click.option("--mail", is_flag=True, help="Draft a letter, too, to those who have ISSUE.")
@click.pass_context
def correct(ctx: click.Context, issue: str, item: str, words: tuple[str, ...], take_down: bool, mail: bool) -> None:
    """Say what ISSUE got wrong in ITEM (its number there, or words of its headline), in your own WORDS.

    A dated note stands on the issue's page from now on, and in the next issue, unless you write another correction
    there. The mail that left is not changed.

    With --mail it also becomes a letter to those who have ISSUE, with an approval of its own. Until that is sent, what
    you correct with --mail comes into the same letter.
    """
    from digest.correcting import OUT, keep_correction, need_out

    text = as_one_line("correction", " ".join(words))
    if not text and not take_down:
        raise DigestError("there are no words to print", hint='digest correct last 2 "It was nine ships, not eleven."')
    if take_down and mail:
        raise click.UsageError("What is taken down is not mailed: --take-down or --mail.", ctx)
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        need_out(project, slug, mail=mail)
        article = _item(project.store.issues.issue(slug), item).article
        kind: Literal["takedown", "correction"] = "takedown" if take_down else "correction"
        correction = Correction(0, slug, article.id, kind, text, who(project), now())
        letter = keep_correction(project, correction, mail=mail, now=now())
        if take_down:
            say(f"“{article.title}” is off the page of {slug}. Mail that left cannot be called back.")
            return
        if letter is not None:
            _say_letter(letter)
        known = project.store.issues.get(slug)
        if known is not None and known.state in OUT:
            say(f"The page of {slug} says so from now on; the next issue will, too.")


def _say_letter(letter: Letter) -> None:
    slug = letter.issue.slug
    if letter.is_out:
        say(f"{slug}, which says so, is {letter.before} already: `digest status {slug}`.")
        return
    if letter.before != "draft":
        say(f"{slug} was {letter.before}; the approval is withdrawn, it is a draft again.")
    what = counted(len(letter.issue.corrected), "correction")
    say(f"{slug}: “{letter.issue.subject}”, {what}, {counted(letter.readers, 'reader')}. Nothing has been sent.")
    say(f"Next: `digest preview {slug}`, `digest approve {slug}`, `digest send {slug}`.")


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
