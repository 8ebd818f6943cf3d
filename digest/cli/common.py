"""What several commands share: the project, the clock, names for articles and issues, tables, progress."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from digest.errors import DigestError, IssueError
from digest.model import Article, DeliveryState, EditKind, Pick
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.config import Config
    from digest.render.check import Finding
    from digest.sources import Progress
    from digest.store.approvals import Waiver, Warned
    from digest.week import Project

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
week_option = click.option("--week", metavar="2015-W39", help="That week’s issue, as made on its last evening.")
issue_argument = click.argument("issue", default="last", required=False)
yes_option = click.option("--yes", is_flag=True, help="Answer every question with yes.")


def folder_of(ctx: click.Context) -> Path:
    folder: Path = ctx.find_root().obj["folder"]
    if not folder.is_dir():
        raise DigestError(f"there is no folder {folder}", hint="name a newsletter’s folder with --project")
    return folder


@contextmanager
def project_of(ctx: click.Context) -> Iterator[Project]:
    """The project the command works on. The repository's own sample makes its database on first use."""
    from digest.config import load_config
    from digest.dispatch.keys import make_keys
    from digest.week import open_project

    folder = folder_of(ctx)
    load_config(folder)  # a missing or broken digest.toml is said before anything is made
    make_keys(folder)
    with open_project(folder, create=True) as project:
        project.store.requests.merge()  # who left by the site has left, whatever is asked next
        yield project


def now() -> datetime:
    """The clock, read once a command. DIGEST_NOW (ISO 8601) sets it, for tests and rehearsals."""
    fixed = os.environ.get("DIGEST_NOW")
    if not fixed:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(fixed)
    except ValueError as error:
        raise DigestError(f"DIGEST_NOW={fixed} is no time", hint="like 2026-03-22T18:00:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def keep_edit(project: Project, kind: EditKind, target_id: str, value: str, *, week: str | None, saw: str = "") -> str:
    """Keeps one edit of the issue that *week* means, says when that withdraws an approval, and returns its slug."""
    from digest.editing import add_edit

    slug = edited_slug(project, week)
    before = project.store.issues.get(slug)
    add_edit(project, slug, kind, target_id, value, who=who(project), at=now(), saw=saw)
    if before is not None and before.state != "draft":
        say(f"{slug} was {before.state}; the approval is withdrawn, it is a draft again.")
    return slug


def edited_slug(project: Project, week: str | None) -> str:
    """The issue that an edit is for: of *week*, else of this week, else, while this week has none, the newest if it can
    still be edited. Perhaps one that is not there yet."""
    from digest.week import target

    _, slug = target(project, now=now(), week=week)
    known = project.store.issues.numbers()
    if week is None and known and project.store.issues.get(slug) is None:
        newest = max(known, key=lambda i: (i.until, i.slug))
        if newest.state in ("draft", "approved", "scheduled"):
            return newest.slug
    return slug


def how_to_see(project: Project, slug: str, week: str | None = None) -> str:
    """What shows an edit of *slug* in its draft; *week* as it was asked for."""
    from digest.week import target

    option = f" --week {slug}" if week or slug != target(project, now=now())[1] else ""
    if project.store.issues.get(slug) is None:
        return f"There is no draft of {slug} yet: `digest weekly{option}` makes it."
    return f"Run `digest build{option}` to see it in the draft."


def who(project: Project) -> str:
    """Whose edit this is: DIGEST_EDITOR, else the configured editor, else the login."""
    return os.environ.get("DIGEST_EDITOR") or project.config.newsletter.editor or getpass.getuser()


def as_one_line(what: str, text: str) -> str:
    """*text* as it may be kept, and printed in a header (RFC 5322 section 2.2). Raises DigestError."""
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise DigestError(f"the {what} holds a line break or a control character", hint="write it on one line")
    if re.search("[\ud800-\udfff]", text):
        raise DigestError(f"the {what} is not in UTF-8: {text!a}", hint="type it again, in UTF-8")
    return text.strip()


def clock(at: datetime, config: Config) -> str:
    """*at* to the minute by the newsletter's clock."""
    return f"{at.astimezone(config.zone):%Y-%m-%d %H:%M}"


def say(text: str = "") -> None:
    click.echo(text)


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=as_plain, allow_nan=False))


def as_plain(value: object) -> str:
    """What JSON has no word for: times as ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_findings(
    findings: Sequence[Finding], as_json: bool, *, clean: str, waivers: Mapping[Warned, Waiver] = {}
) -> None:
    """Each finding, what is wrong before why and what to do, errors first and those of one place together; *clean*
    where there is none. A warning among *waivers* says who lets it stand, and why."""
    from digest.approval import warned

    if as_json:
        print_json([_finding_json(finding, waivers.get(warned(finding))) for finding in findings])
        return
    if not findings:
        say(click.style("✓ ", fg="green") + clean)
        return
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)

    def lines(text: str, first: str, others: str) -> None:
        say(textwrap.fill(text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False))

    for severity, title, color in (("error", "To mend", "red"), ("warning", "To look at", "yellow")):
        places: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.severity == severity:
                places.setdefault(finding.place, []).append(finding)
        if places:
            count = sum(map(len, places.values()))
            say(click.style(f"{title}: {counted(count, severity)}", fg=color, bold=True))
        for place, there in places.items():
            say()
            say(f"  {click.style(place, bold=True)}")
            for finding in there:
                named = f"  [{finding.rule}]" if finding.rule else ""
                lines(f"{finding.what}{named}", f"  {'✗' if severity == 'error' else '!'} ", "    ")
                if finding.why:
                    lines(finding.why, "    ", "    ")
                if finding.remedy:
                    lines(finding.remedy, "    → ", "      ")
                if waiver := waivers.get(warned(finding)):
                    lines(f"It may stand, says {waiver.who}: {waiver.words}", "    ✓ ", "      ")
        if places:
            say()


def _finding_json(finding: Finding, waiver: Waiver | None) -> dict[str, object]:
    return asdict(finding) | ({"waived": asdict(waiver)} if waiver else {})


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """A table as wide as the terminal; plain and unwrapped when the output is no terminal."""
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else 160, highlight=False, markup=False)
    sheet = Table(*columns, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        sheet.add_row(*(str(cell) for cell in row))
    console.print(sheet)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A progress bar a step, on the error stream; quiet when that is no terminal."""
    if not sys.stderr.isatty():
        from digest.week import quiet

        yield quiet
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield show


# ------------------------------------------------------------------------------------------------ naming things


def remember_list(project: Project, articles: Sequence[Article], *, week: str | None = None) -> None:
    """What numbers mean from now on: the last list shown, and the *week* it was asked for."""
    project.store.state.set("last_list", [a.id for a in articles])
    project.store.state.set("last_list_week", week)


def week_meant(project: Project, words: str, week: str | None) -> str | None:
    """The week an edit of the article named by *words* is for: a number is one of the last list and of its week."""
    if week is None and words.isdigit():
        listed: str | None = project.store.state.get("last_list_week")
        return listed
    return week


def find_article(project: Project, words: str) -> Article:
    """The article named by its number in the last list, its URL, words of its title, a date, or `last`.

    Raises IssueError listing the candidates when there is none or more than one.
    """
    store = project.store
    if words.isdigit():
        listed = store.state.get("last_list") or []
        if not 1 <= int(words) <= len(listed):
            raise IssueError(
                f"there is no number {words} in the last list ({len(listed)} lines)",
                hint="`digest pick` lists",
            )
        article = store.articles.get(listed[int(words) - 1])
        if article is None:
            raise IssueError(f"article {words} of the last list is gone", hint="`digest articles list`")
        return article
    known = store.articles.all()
    if words == "last" and known:
        return max(known, key=lambda a: (a.seen, a.id))
    from digest.collect import canonical_url

    if "://" in words:
        found = [a for a in known if words in (a.url, a.canonical) or a.canonical == canonical_url(words)]
    else:
        found = [a for a in known if a.id == words]
        found = found or [a for a in known if _holds(a.title, words)]
        found = found or [a for a in known if a.published and str(a.published.date()) == words]
    if len(found) == 1:
        return found[0]
    if not found:
        raise IssueError(f"no article is called {words!r}", hint="`digest articles list` shows all")
    names = "; ".join(f"“{a.title}” ({a.outlet or a.source})" for a in found[:5])
    raise IssueError(f"{len(found)} articles are called {words!r}: {names}", hint="use more words, or the URL")


def _holds(title: str, words: str) -> bool:
    low = title.casefold()
    return all(word in low for word in words.casefold().split())


def find_issue(project: Project, words: str) -> str:
    """The slug of the issue named by slug, number, date inside it, words of its subject, or `last`; of a letter that
    corrects one, by slug alone."""
    known = project.store.issues.numbers()
    if not known:
        raise IssueError("there is no issue yet", hint="`digest weekly` makes one")
    if (letter := project.store.issues.get(words)) is not None and letter.corrects:
        return letter.slug
    if words == "last":
        return max(known, key=lambda i: (i.until, i.slug)).slug
    found = [i.slug for i in known if i.slug == words] or [i.slug for i in known if str(i.number) == words]
    found = found or [i.slug for i in known if clock(i.until, project.config)[:10] == words]
    found = found or [i.slug for i in known if _holds(project.store.issues.issue(i.slug).subject, words)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(found or sorted(i.slug for i in known)[-5:])
    what = f"{len(found)} issues are" if found else "no issue is"
    raise IssueError(f"{what} called {words!r}; there is {names}", hint="`digest issues list` shows all")


def named(project: Project, slug: str) -> str:
    """What stands behind a command that is to mean *slug*: '' for a number, for the newest is meant without; the name
    of a letter that corrects one."""
    known = project.store.issues.get(slug)
    return f" {slug}" if known is not None and known.corrects else ""


MOST_OF_TITLE = 100  # characters in a table; JSON and `articles show` have all


def cut_title(title: str) -> str:
    return title if len(title) <= MOST_OF_TITLE else f"{title[: MOST_OF_TITLE - 1].rstrip()}…"


def pick_row(number: int, pick: Pick, project: Project) -> tuple[object, ...]:
    article = pick.story.lead
    date = article.published_at(project.config.zone)
    return (
        number,
        pick.section,
        cut_title(article.title),
        article.outlet or "?",
        date.date() if date else "undated",
        f"{pick.score:.2f}",
        pick.lost or "; ".join(pick.reasons),
    )


def print_rights(article: Article) -> None:
    """What its publisher allows to be shown of it, and what would change that."""
    if right := article.right_held():
        say(f"  excerpted with a right{'' if article.right else ' to its source'}: {right}")
        return
    if article.limit and article.own:
        say(f"  excerpted as the editors’ own text, though {article.limit.reason}")
    elif article.limit:
        most = "headline and link only" if not article.limit.chars else f"at most {article.limit.chars} characters"
        say(f"  {most}: {article.limit.reason}; `digest articles fill ARTICLE --right WHY` if you may show more")
    elif article.paywall == "closed":
        say("  behind a paywall: only what a visitor sees is excerpted; `digest articles fill ARTICLE --right WHY`")


def article_json(article: Article) -> dict[str, object]:
    return {
        "id": article.id,
        "title": article.title,
        "outlet": article.outlet,
        "url": article.url,
        "published": article.published.isoformat() if article.published else None,
        "seen": article.seen.isoformat(),
        "language": article.language,
        "source": article.source,
    }


def pick_json(pick: Pick) -> dict[str, object]:
    return {
        **article_json(pick.story.lead),
        "section": pick.section,
        "score": round(pick.score, 4),
        "terms": dict(pick.terms),
        "reasons": list(pick.reasons),
        "lost": pick.lost,
        "remedy": pick.remedy,
        "also": [article_json(a) for a in pick.story.also],
    }


STATE_WORDS: Mapping[DeliveryState, str] = {
    "waiting": "waiting",
    "leased": "in hand",
    "sending": "in hand",
    "accepted": "accepted by your relay",
    "deferred": "will be tried again",
    "rejected": "refused",
    "suppressed": "left out since",
    "cancelled": "cancelled",
    "uncertain": "we cannot know",
}

WRITTEN = "written to var/outbox"
"""In place of the words for accepted, where a letter went to a file."""


def state_words(state: DeliveryState, reply: str) -> str:
    """The words for the state of a letter about which *reply* was said."""
    from digest.send.transports.seam import STORED

    return WRITTEN if state == "accepted" and reply == str(STORED) else STATE_WORDS[state]


GRADE_WORDS: Mapping[str, str] = {
    "hard": "no such mailbox",
    "soft": "full, or not reachable",
    "policy": "the receiver’s rules, not the reader",
    "unknown": "no reason given",
}
