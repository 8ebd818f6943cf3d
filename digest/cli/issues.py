"""The numbers of the newsletter: issues list, show, diff, new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    clock,
    find_issue,
    issue_argument,
    json_option,
    now,
    print_json,
    project_of,
    say,
    table,
    week_option,
)

if TYPE_CHECKING:
    from digest.week import Project


@click.group()
def issues() -> None:
    """List, show and compare issues, begin a second one."""


@issues.command("list")
@json_option
@click.pass_context
def list_issues(ctx: click.Context, as_json: bool) -> None:
    """Every issue with its state and window."""
    with project_of(ctx) as project:
        known, config = project.store.issues.all(), project.config
    if as_json:
        print_json(
            [
                {
                    "issue": i.slug,
                    "number": i.number,
                    "state": i.state,
                    "since": i.since,
                    "until": i.until,
                    "corrects": i.corrects or None,
                }
                for i in known
            ]
        )
        return
    rows = [(i.slug, i.number or "", i.state, clock(i.since, config), clock(i.until, config)) for i in known]
    table(("issue", "no.", "state", "after", "until"), rows)


@issues.command()
@issue_argument
@json_option
@click.pass_context
def show(ctx: click.Context, issue: str, as_json: bool) -> None:
    """ISSUE with every excerpt and where it was cut."""
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        made = project.store.issues.issue(slug)
    if as_json:
        print_json(
            {
                "issue": made.slug,
                "subject": made.subject,
                "preheader": made.preheader,
                "items": [
                    {
                        "article": i.article.id,
                        "title": i.article.title,
                        "form": i.form,
                        "section": i.pick.section,
                        "excerpts": [
                            {"start": e.span.start, "end": e.span.end, "text": e.text} for e in i.summary.sentences
                        ],
                        "quotes": [
                            {
                                "speaker": q.speaker,
                                "role": q.role,
                                "spans": [[s.start, s.end] for s in q.spans],
                                "texts": q.texts,
                            }
                            for q in i.summary.quotes
                        ],
                    }
                    for i in made.items
                ],
            }
        )
        return
    say(f"{made.title}, No. {made.number} ({made.slug})")
    say(f"Subject:   {made.subject}")
    say(f"Preheader: {made.preheader}")
    for number, item in enumerate(made.items, 1):
        say(f"\n{number}. {item.article.title} ({item.credit}; {item.pick.section}; {item.form})")
        for excerpt in item.summary.sentences:
            say(f"   [{excerpt.span.start}:{excerpt.span.end}] {excerpt.text}")
        for quote in item.summary.quotes:
            for span, text in zip(quote.spans, quote.texts, strict=True):
                say(f"   [{span.start}:{span.end}] “{text}” {quote.speaker}, {quote.role or 'no role'}")


@issues.command()
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="[AFTER]", required=False)
@json_option
@click.pass_context
def diff(ctx: click.Context, before: str, after: str | None, as_json: bool) -> None:
    """What is another in AFTER than in BEFORE.

    Each is an issue, or one as it was with its first edits only: 2026-W12@0 is what the rules made of the week,
    2026-W12@3 that with three edits. With BEFORE alone: what the editors made of it.
    """
    from digest.editing import compare

    with project_of(ctx) as project:
        new = _moment(project, after or before)
        old = (new[0], 0) if after is None else _moment(project, before)
        found = compare(project, old, new)
    if as_json:
        print_json([{"what": d.what, "where": d.where, "before": d.before, "after": d.after} for d in found])
        return
    if not found:
        say("Nothing is another.")
    where = ""
    for one in found:
        if one.where != where:
            where = one.where
            say(f"\n{where}")
        say(f"{'  ' if where else ''}{one.what}")
        for sign, text in (("-", one.before), ("+", one.after)):
            if text:
                say(f"{'  ' if where else ''}  {sign} {text}")


def _moment(project: Project, words: str) -> tuple[str, int | None]:
    name, at, edits = words.rpartition("@")
    if at and edits.isdigit():
        return find_issue(project, name), int(edits)
    return find_issue(project, words), None


@issues.command()
@week_option
@click.pass_context
def new(ctx: click.Context, week: str | None) -> None:
    """Begin a second issue for a week whose first is out."""
    from digest.errors import IssueError
    from digest.week import run_week, target

    with project_of(ctx) as project:
        _, slug = target(project, now=now(), week=week)
        known = project.store.issues.get(slug)
        if known is None or known.state == "draft":
            raise IssueError(f"{slug} is not out yet", hint="`digest weekly` makes it")
        base, _, last = slug.rpartition("-")
        second = f"{base}-{int(last) + 1}" if last.isdigit() else f"{slug}-2"
        report = run_week(project, now=now(), week=second)
        if report.draft is None:
            say(f"No second issue: too few stories are new after {clock(known.until, project.config)}.")
            return
        say(f"{second}: “{report.draft.issue.subject}”, {report.waiting} waiting. Nothing has been sent.")
