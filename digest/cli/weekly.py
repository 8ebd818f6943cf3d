"""The editor's week: weekly, collect, pick, why, build, preview, check, skip."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    as_one_line,
    clock,
    edited_slug,
    find_article,
    issue_argument,
    json_option,
    now,
    pick_json,
    pick_row,
    print_findings,
    print_json,
    print_rights,
    progress_bars,
    project_of,
    remember_list,
    say,
    table,
    week_option,
    who,
)
from digest.cli.pictures import picture_json, print_pictures
from digest.errors import DigestError, IssueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.model import Article, Edit, Pick
    from digest.sources import Collected
    from digest.week import Project, WeekReport

PICK_COLUMNS = ("#", "section", "title", "outlet", "date", "score", "why")


@click.command()
@week_option
@click.option("--limit", type=click.IntRange(1, 50), help="How many stories at most.")
@click.option("--dry-run", is_flag=True, help="Make the draft, keep nothing of it.")
@json_option
@click.pass_context
def weekly(ctx: click.Context, week: str | None, limit: int | None, dry_run: bool, as_json: bool) -> None:
    """Collect, pick, condense, compose, render and queue this week’s issue. Nothing is sent.

    Running it again rebuilds the same draft, with your edits, and queues nobody twice.
    """
    from digest.week import run_week

    with project_of(ctx) as project:
        with progress_bars() as progress:
            report = run_week(project, now=now(), week=week, limit=limit, dry_run=dry_run, progress=progress)
        if report.draft:
            chosen = [p.story.lead for p in report.draft.picks if p.lost is None]
            remember_list(project, [i.article for i in report.draft.issue.items] or chosen, week=week)
        if report.draft and not dry_run:
            _alert_ready(project, report)
        if as_json:
            print_json(_report_json(report))
            return
        _print_collected(report.collected)
        if report.out:
            say(f"{report.slug} is {report.out}. Nothing was changed.")
            say("`digest issues new` begins a second issue for this week.")
            return
        _print_old(project, report)
        if report.draft is None:
            say(
                f"No issue this week: fewer than {project.config.week.min_items} stories are new "
                f"between {clock(report.window.since, project.config)} and "
                f"{clock(report.window.until, project.config)}. Nothing was queued."
            )
            return
        _print_older_drafts(project, report.slug)
        _print_draft(project, report, dry_run)


def _alert_ready(project: Project, report: WeekReport) -> None:
    """Tells whoever [alerts] names that the draft can be looked at, with what `check` says of it."""
    from digest.cli.sending import give_alert
    from digest.dispatch.alerts import draft_alert
    from digest.week import findings

    alerts = project.config.alerts
    if report.draft is None or not (alerts.mail or alerts.command):
        return
    found = findings(project, report.slug)
    lines = [f"{f.severity}: {f.place}: {f.what}" for f in found]
    facts: dict[str, object] = {"subject": report.draft.issue.subject, "findings": lines, "waiting": report.waiting}
    give_alert(project, draft_alert(report.slug, report.draft.issue.subject, lines, facts))


def _report_json(report: WeekReport) -> dict[str, object]:
    from digest.cli.sources import collected_json

    issue = report.draft.issue if report.draft else None
    return {
        "issue": report.slug,
        "since": report.window.since.isoformat(),
        "until": report.window.until.isoformat(),
        "state": report.out or ("draft" if report.draft else "empty"),
        "subject": issue.subject if issue else None,
        "preheader": issue.preheader if issue else None,
        "pictures": [picture_json(item) for item in issue.items if item.picture or item.no_picture] if issue else [],
        "picks": [pick_json(p) for p in report.draft.picks if p.lost is None] if report.draft else [],
        "near_misses": [pick_json(p) for p in report.draft.picks if p.lost] if report.draft else [],
        "html": str(report.html) if report.html else None,
        "waiting": report.waiting,
        "left_out": dict(report.left_out),
        "sources": [collected_json(c) for c in report.collected],
        "old": [a.title for a in report.old],
        "sent": 0,
    }


def _print_collected(collected: tuple[Collected, ...]) -> None:
    for entry in collected:
        if entry.error:
            say(f"! {entry.source}: {entry.error}")
            if entry.hint:
                say(f"  {entry.hint}")
        elif entry.note and entry.note != "unchanged":
            say(f"  {entry.source}: {entry.note}")


def _print_old(project: Project, report: WeekReport) -> None:
    for article in report.old[:10]:
        published = article.published_at(project.config.zone)
        date = str(published.date()) if published else f"undated, first read {clock(article.seen, project.config)[:10]}"
        say(f"old: {date}, not in this issue: “{article.title}” ({article.source})")
    if len(report.old) > 10:
        say(f"… and {len(report.old) - 10} more that are older than this issue")


def _print_older_drafts(project: Project, slug: str) -> None:
    """Drafts of weeks before *slug*, whose stories it may hold, too."""
    for other in project.store.issues.all():
        if other.slug == slug:
            return
        if other.state == "draft":
            say(f"{other.slug} is a draft still: what it holds may be in {slug}, too. To have it in one of them only,")
            say(f"`digest approve {other.slug}` or `digest skip --week {other.slug}`, then run this again.")


def _print_draft(project: Project, report: WeekReport, dry_run: bool) -> None:
    assert report.draft is not None
    issue = report.draft.issue
    rows = [pick_row(n, item.pick, project) for n, item in enumerate(issue.items, 1)]
    say()
    table(PICK_COLUMNS, rows, title=f"{issue.title}, No. {issue.number} ({issue.slug})")
    missed = sum(p.lost is not None for p in report.draft.picks)
    say()
    if missed:
        say(f"{_stories(missed)} {'was' if missed == 1 else 'were'} not picked; `digest pick` says why.")
    say(f"Subject:   {issue.subject}")
    say(f"Preheader: {issue.preheader}")
    print_pictures(issue, project)
    if dry_run:
        say("A dry run: nothing was kept. Nothing has been sent.")
        return
    assert report.html is not None
    say(f"HTML:      {_shown(report.html)}")
    reasons = "".join(f"; {n} {reason}" for reason, n in report.left_out)
    say(f"Queue:     {report.waiting} waiting, {sum(n for _, n in report.left_out)} left out{reasons}")
    say()
    say("Nothing has been sent. Next: `digest preview`, then `digest approve`.")


def _stories(number: int) -> str:
    return f"{number} {'story' if number == 1 else 'stories'}"


def _shown(path: Path) -> str:
    near = os.path.relpath(path)
    return str(path.resolve()) if near.startswith("..") else near


@click.command()
@json_option
@click.pass_context
def collect(ctx: click.Context, as_json: bool) -> None:
    """Read all sources and keep what is new. One broken source never stops the others."""
    from digest.cli.sources import print_collected
    from digest.week import collect as collect_all

    with project_of(ctx) as project:
        with progress_bars() as progress:
            results = collect_all(project, now=now(), progress=progress)
        print_collected(results, as_json)


@click.command()
@week_option
@click.option("--limit", type=click.IntRange(1, 50))
@json_option
@click.pass_context
def pick(ctx: click.Context, week: str | None, limit: int | None, as_json: bool) -> None:
    """Show the week’s picks and the near misses, each with its reasons."""
    from digest.week import choose, place, target

    with project_of(ctx) as project:
        win, slug = target(project, now=now(), week=week)
        picks = choose(project, win, slug, limit=limit)
        chosen = [placed.pick for placed in place(project, picks, project.store.issues.edits(slug))]
        picks = [*chosen, *(p for p in picks if p.lost)]  # numbered as the issue numbers its items
        elsewhere = edited_slug(project, None) != slug  # an edit without a week would be for another issue
        remember_list(project, [p.story.lead for p in picks], week=week or (slug if elsewhere else None))
        if as_json:
            print_json([pick_json(p) for p in picks])
            return
        table(
            PICK_COLUMNS,
            [pick_row(n, p, project) for n, p in enumerate(chosen, 1)],
            title=f"Picked for {slug}",
        )
        rows = [pick_row(n, p, project) for n, p in enumerate(picks, 1) if p.lost]
        if rows:
            say()
            table(PICK_COLUMNS, rows, title="Not picked")


@click.command()
@click.argument("article")
@week_option
@json_option
@click.pass_context
def why(ctx: click.Context, article: str, week: str | None, as_json: bool) -> None:
    """Say why ARTICLE (number in the last list, URL, words of its title) was picked, or was not."""
    from digest.week import choose, target

    with project_of(ctx) as project:
        found = find_article(project, article)
        win, slug = target(project, now=now(), week=week)
        edits = project.store.issues.edits(slug)
        picks = choose(project, win, slug, near_misses=None)
        entry = next((p for p in picks if any(a.id == found.id for a in p.story.articles())), None)
        if entry is None:
            raise IssueError(f"“{found.title}” is not among this week’s candidates", hint="`digest pick` lists them")
        if as_json:
            print_json(_why_json(entry, edits))
        else:
            _print_why(project, found, picks, entry, edits)


def _print_why(project: Project, article: Article, picks: Sequence[Pick], pick: Pick, edits: Sequence[Edit]) -> None:
    """The rule, the terms, the story, the edits, the publisher's wishes, and what would change it."""
    lead, chosen = pick.story.lead, [p for p in picks if p.lost is None]
    say(f"“{article.title}” ({article.outlet or article.source})")
    place = "" if pick.lost else f"picked, number {chosen.index(pick) + 1} of {len(chosen)} by score"
    say(f"  {place or f'not picked: {pick.lost}'}")
    if pick.remedy:
        say(f"  what would change that: {pick.remedy}")
    if pick.terms:
        say(f"  score {pick.score:.2f} = " + " × ".join(f"{value:.2f} {name}" for name, value in pick.terms.items()))
    for reason in pick.reasons:
        say(f"  {reason}")
    say(f"  section: {pick.section}")
    if article.id != lead.id:
        say(f"  its story is told by {lead.outlet or lead.source}, “{lead.title}”")
    for other in pick.story.also:
        if other.id != article.id:
            say(f"  also: {other.outlet or other.source}, “{other.title}”")
    for edit in edits:
        if edit.target == article.id:
            day = clock(edit.at, project.config)
            say(f"  edit: {edit.kind} {'taken back' if not edit.value else ''}".rstrip() + f", by {edit.who}, {day}")
    print_rights(article)
    for removed in article.removed:
        place = f"line {removed.line}" if removed.line else "the page"
        say(f"  removed from its text, {place}: {removed.reason}: {removed.text[:70]}")


def _why_json(pick: Pick, edits: Sequence[Edit]) -> dict[str, object]:
    lead = pick.story.lead
    return {
        **pick_json(pick),
        "edits": [{"kind": e.kind, "value": e.value, "who": e.who, "at": e.at} for e in edits if e.target == lead.id],
        "limit": {"chars": lead.limit.chars, "reason": lead.limit.reason} if lead.limit else None,
        "paywall": lead.paywall,
        "right": lead.right_held(),
        "removed": [{"line": r.line, "reason": r.reason, "text": r.text} for r in lead.removed],
    }


@click.command()
@week_option
@click.pass_context
def build(ctx: click.Context, week: str | None) -> None:
    """Condense, compose and render what is collected, without reading any source."""
    from digest.week import run_week

    with project_of(ctx) as project:
        with progress_bars() as progress:
            report = run_week(project, now=now(), week=week, collecting=False, progress=progress)
        if report.out:
            say(f"{report.slug} is {report.out}. Nothing was changed.")
        elif report.draft is None:
            say(f"No issue {report.slug}: too few stories are new. Another week's is built with --week.")
        else:
            assert report.html is not None
            say(f"{report.slug}: “{report.draft.issue.subject}”, {_shown(report.html)}")
            print_pictures(report.draft.issue, project)
            say("Nothing has been sent.")


@click.command()
@issue_argument
@click.option("--port", default=8025, type=click.IntRange(0, 65535), help="Where to serve; 0 for any free port.")
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@click.pass_context
def preview(ctx: click.Context, issue: str, port: int, no_open: bool) -> None:
    """Serve the draft on this machine only, at phone and desktop width, light and dark; reloads by itself."""
    from digest.cli.previewing import serve_preview

    with project_of(ctx) as project:
        serve_preview(project, issue, port=port, open_browser=not no_open)


@click.command()
@issue_argument
@click.option("--port", default=8025, type=click.IntRange(0, 65535), help="Where to serve; 0 for any free port.")
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@click.option("--listen", metavar="HOST:PORT", help="For all who have a link by `digest editors add`.")
@click.pass_context
def desk(ctx: click.Context, issue: str, port: int, no_open: bool, listen: str | None) -> None:
    """Make the issue in the browser, on this machine only, approve it there and send it.

    With --listen others make it with you, from their own machines, each by a personal link.
    """
    from digest.cli.previewing import serve_desk, serve_preview
    from digest.model import Editor

    if listen is not None and ctx.get_parameter_source("port") is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError("--listen names the port itself.", ctx)
    with project_of(ctx) as project:
        if listen is not None:
            serve_desk(project, issue, listen=listen)
            return
        serve_preview(project, issue, port=port, open_browser=not no_open, editor=Editor(who(project)))


@click.command()
@issue_argument
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--fetch-links", is_flag=True, help="Ask every link whether it is still there.")
@json_option
@click.pass_context
def check(ctx: click.Context, issue: str, strict: bool, fetch_links: bool, as_json: bool) -> None:
    """List what should be mended before the issue goes out, and why. Exit 1 when there is an error.

    Warnings that somebody lets stand at the desk say so, and do not count with --strict.
    """
    from digest.approval import warned
    from digest.cli.common import find_issue
    from digest.text.wording import counted
    from digest.week import ask_links, findings

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        found = findings(project, slug, answers=ask_links(project, slug) if fetch_links else None)
        readers = sum(project.store.ledger.counts(slug).values())
        largest = max(len(v.html.encode()) for v in project.store.issues.rendered(slug).variants)
        waivers = project.store.approvals.waivers(slug)
    if not as_json:
        say(f"{slug} for {counted(readers, 'reader')}, {largest // 1024} of the 102 KB at which Gmail cuts it.\n")
    print_findings(found, as_json, clean=f"{slug}: nothing to mend.", waivers=waivers)
    errors = sum(f.severity == "error" for f in found)
    warnings = sum(f.severity == "warning" and warned(f) not in waivers for f in found)
    if errors or (strict and warnings):
        told = [counted(errors, "error")] if errors else []
        told += [counted(warnings, "warning")] if warnings and strict else []
        raise DigestError(f"{slug} has {' and '.join(told)}", hint="mend, then run it again")


@click.command()
@week_option
@click.option("--reason", default="", help="Why; kept in the issue’s record.")
@click.pass_context
def skip(ctx: click.Context, week: str | None, reason: str) -> None:
    """Close the week without an issue. The next one begins where this week ends."""
    from digest.week import target

    with project_of(ctx) as project:
        win, slug = target(project, now=now(), week=week)
        reason = as_one_line("reason", reason)
        project.store.issues.skip(slug, since=win.since, until=win.until, who=who(project), at=now(), reason=reason)
        say(f"{slug} is skipped. The next issue covers what is new after {clock(win.until, project.config)}.")
