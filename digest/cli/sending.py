"""From the draft to the relay: test, approve, queue, send."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from digest.cli import Failure
from digest.cli.common import (
    clock,
    find_issue,
    issue_argument,
    json_option,
    named,
    now,
    print_json,
    progress_bars,
    project_of,
    say,
    who,
    yes_option,
)
from digest.errors import DigestError, IssueError, SendError
from digest.folders import make_private
from digest.model import LOCKED_STATES
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.address import Address
    from digest.approval import Candidate
    from digest.dispatch.alerts import Alert
    from digest.dispatch.standing import Standing
    from digest.dispatch.way import Way
    from digest.model import Rendered
    from digest.send.transports.seam import Transport
    from digest.week import Project


@click.command()
@click.argument("address")
@issue_argument
@click.pass_context
def test(ctx: click.Context, address: str, issue: str) -> None:
    """Mail the draft to ADDRESS, marked as a test, outside the ledger."""
    from digest.address import parse_address

    reader = parse_address(address)
    with project_of(ctx) as project:
        rendered = project.store.issues.rendered(find_issue(project, issue))
        say(mail_test(project, rendered, reader))
        project.store.approvals.note_test(rendered.issue, rendered.fingerprint, who=who(project), at=now())


def mail_test(project: Project, rendered: Rendered, reader: Address) -> str:
    """Mails *rendered* to *reader* as a test; says what became of it. Raises SendError unless it was accepted."""
    from digest.dispatch.trial import send_test

    transport = _transport(project, f"{rendered.issue}-test", to_readers=False)
    send_test(project.folder, project.config, rendered, reader, transport, now=now())
    return f"A test of {rendered.issue} is {_carried(project)} for {reader}."


def _carried(project: Project) -> str:
    return "in var/outbox" if project.config.send.transport == "maildir" else "accepted by your relay"


@click.command()
@issue_argument
@yes_option
@click.option("--dry-run", is_flag=True, help="Say what would be frozen.")
@click.option("--not-sent", is_flag=True, help="After a restore: it did not go out since the copy was made.")
@click.pass_context
def approve(ctx: click.Context, issue: str, yes: bool, dry_run: bool, not_sent: bool) -> None:
    """Freeze ISSUE's audience and bind its fingerprint: what you approved is what is sent."""
    from digest.approval import examine, need_draft, refuse_errors, refuse_outdated, refuse_unanswered

    with project_of(ctx) as project:
        store, slug = project.store, find_issue(project, issue)
        known = store.issues.get(slug)
        assert known is not None
        if known.state in LOCKED_STATES:
            say(f"{slug} is {known.state} already. Nothing was changed.")
            return
        need_draft(project, slug)
        refuse_unanswered(project, slug, not_sent=not_sent)
        candidate = examine(project, slug)
        refuse_outdated(candidate)
        _print_judged(candidate)
        refuse_errors(candidate)
        say(f"{slug}: “{candidate.issue.subject}”, {counted(candidate.waiting, 'reader')}.")
        for reason, number in candidate.left_out:
            say(f"  left out: {number} {reason}")
        if dry_run:
            say("A dry run: nothing was approved.")
            return
        if not yes:
            click.confirm("Approve it", abort=True)
        _approve(project, candidate)


def _print_judged(candidate: Candidate) -> None:
    """What `check` finds, each on a line; of a warning that may stand also who says so, and why."""
    from digest.approval import warned

    for finding in candidate.findings:
        waiver = candidate.waivers.get(warned(finding)) if finding.severity == "warning" else None
        stands = f" (it may stand, says {waiver.who}: {waiver.words})" if waiver else ""
        say(f"{finding.severity}: {finding.place}: {finding.what}{stands}")


def _approve(project: Project, candidate: Candidate) -> None:
    from digest.approval import First, approve

    name = who(project)
    done = approve(project, candidate, who=name, at=now())
    if isinstance(done, First):
        say(f'Approved by {name}. [send] approval = "two": a second person must approve it too (DIGEST_EDITOR).')
        return
    if done.first is not None:
        say(f"First approved by {done.first.who}.")
    say(f"Approved by {name} for {counted(done.readers, 'reader')}, fingerprint {candidate.rendered.fingerprint[:12]}.")
    say(f"Nothing has been sent. Next: `digest send{named(project, candidate.slug)}`.")


@click.command()
@issue_argument
@json_option
@click.pass_context
def queue(ctx: click.Context, issue: str, as_json: bool) -> None:
    """Lay the draft's queue anew: who would get it now, who is left out and why."""
    with project_of(ctx) as project:
        store, slug = project.store, find_issue(project, issue)
        known = store.issues.get(slug)
        assert known is not None
        if known.state == "draft":
            store.ledger.lay_provisional(slug, "", now())
        counts, left = dict(store.ledger.counts(slug)), store.ledger.excluded(slug)
        if as_json:
            print_json({"issue": slug, "state": known.state, "counts": counts, "left_out": dict(left)})
            return
        if known.state != "draft":
            say(f"{slug} is {known.state}: its audience is frozen.")
        say(f"{slug}: {counts.get('waiting', 0)} waiting, {sum(n for _, n in left)} left out.")
        for reason, number in left:
            say(f"  {number} {reason}")
        if not store.ledger.has_left(slug):
            say("Nothing has been sent.")


@click.command()
@issue_argument
@yes_option
@click.option(
    "--at", "moment", metavar="TIME", help="Not now: at 18:00, or at 2026-03-26 18:00 by the newsletter’s clock."
)
@click.option("--due", is_flag=True, help="For a timer: whatever is due now, of any issue; quiet when nothing is.")
@click.option("--smtp", metavar="HOST:PORT", help="A relay on this machine, in place of the configured transport.")
@click.option("--as-configured", is_flag=True, help="Go on by digest.toml’s transport, though ISSUE began by another.")
@click.option("--connections", type=click.IntRange(1, 64), help="SMTP connections at once.")
@click.option("--workers", is_flag=True, help="Let `digest worker` processes elsewhere carry it: docs/scale-out.md.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent.")
@click.option("--json", "as_json", is_flag=True, help="Print what happens as lines of JSON.")
@click.pass_context
def send(
    ctx: click.Context,
    issue: str,
    yes: bool,
    moment: str | None,
    due: bool,
    smtp: str | None,
    as_configured: bool,
    connections: int | None,
    workers: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send the approved ISSUE. Killed and started again it continues; nobody gets it twice.

    \b
    Exit codes: 0 everybody is done with, 3 it is paused, 4 for some we cannot know, 5 some wait or
    will be tried again (`digest send` later), 6 it was stopped; 1 it could not begin or go on, 2 wrong
    use.
    """
    if due and (moment or issue != "last"):
        raise click.UsageError("--due chooses the issue and the time by itself.", ctx)
    if as_configured and (smtp or due):
        raise click.UsageError("--as-configured is a person’s word for one issue, without --smtp and --due.", ctx)
    if workers and (smtp or connections):
        raise click.UsageError("--workers have relay and connections of their own: see `digest worker`.", ctx)
    with project_of(ctx) as project:
        if due:
            ctx.exit(
                _send_due(
                    project,
                    smtp=smtp,
                    connections=connections,
                    workers=workers,
                    dry_run=dry_run,
                    as_json=as_json,
                )
            )
        slug = find_issue(project, issue)
        if moment is not None:
            _schedule(project, slug, moment, yes=yes or as_json)
            return
        ctx.exit(
            _send_one(
                project,
                slug,
                smtp=smtp,
                as_configured=as_configured,
                connections=connections,
                workers=workers,
                dry_run=dry_run,
                as_json=as_json,
                asking=not yes,
            )
        )


def _send_due(
    project: Project, *, smtp: str | None, connections: int | None, workers: bool, dry_run: bool, as_json: bool
) -> int:
    """Sends what is due of any issue; the exit code. Silent where nothing is, and where another send is at work: one
    that a person or the last timer began does it all."""
    from digest.cli.telling import quiet_now, worst_code
    from digest.dispatch.locks import at_work, only_timer
    from digest.dispatch.standing import due_issues, is_held_up

    store, codes = project.store, []
    with only_timer(project.folder, now()) as alone:
        if not alone or at_work(project.folder) is not None:
            return 0
        due = due_issues(store, now()) if quiet_now(project.config) is None else []
        for slug in due:
            try:
                codes.append(
                    _send_one(
                        project,
                        slug,
                        smtp=smtp,
                        connections=connections,
                        workers=workers,
                        dry_run=dry_run,
                        as_json=as_json,
                        by_timer=True,
                    )
                )
            except DigestError as error:  # said, and the other issues go on
                Failure(error).show()
                codes.append(1)
        if is_held_up(store):  # said when it was paused; the unit stays failed until a person has looked
            codes.append(3)
    return worst_code(codes)


def _send_one(
    project: Project,
    slug: str,
    *,
    smtp: str | None,
    connections: int | None,
    workers: bool,
    dry_run: bool,
    as_json: bool,
    as_configured: bool = False,
    asking: bool = False,
    by_timer: bool = False,
) -> int:
    """Sends one issue, saying so; the exit code."""
    from asyncio import CancelledError

    from digest.cli.telling import EXIT_CODES, print_event, print_standing
    from digest.dispatch.locks import AtWork
    from digest.dispatch.standing import look, note_ended_early
    from digest.dispatch.welcome import relay_of

    store, config = project.store, project.config
    _approve_unattended(project, slug, dry_run=dry_run)
    before = look(store, slug, now())
    open_rows = before.number("waiting", "deferred", "leased")
    if (
        before.state == "sent"
        and not open_rows
        and not (workers and before.number("uncertain"))  # of whom a worker may have said more since
        and not (before.number("uncertain") and config.send.uncertain == "resend")
    ):
        print_event(before.verdict, before) if as_json else print_standing(project, before)
        return EXIT_CODES[before.verdict]
    if not as_json and before.state not in ("paused", "cancelled"):
        print_standing(project, before, send="begins")
    if dry_run:
        way = _way(project, slug, smtp, as_configured=as_configured)
        say(f"{slug}: {counted(open_rows, 'reader')} would be tried by {way.words}. Nothing was sent.")
        return 0
    try:
        way = _way(project, slug, smtp, as_configured=as_configured)
        send = _by_workers(project, way) if workers else _from_here(project, slug, way, connections)
        if not as_json and (change := _change(project, slug, way)):
            say(change)
        if asking and open_rows and not as_json:
            early = f", though it is scheduled for {clock(before.send_at, config)}" if before.send_at else ""
            click.confirm(f"Send {slug} to {counted(open_rows, 'reader')} by {way.words}{early}", abort=True)
        if as_json:
            print_event("begun", before)
        note_ended_early(store, slug, "")
        with progress_bars() as progress:
            send(
                project.folder,
                config,
                slug,
                now=now,
                progress=_lines_of_progress(slug) if as_json else lambda d, t: progress("send", d, t),
                intended=before.send_at,
                relay="" if way.named else relay_of(config),
                way=way,
            )
    except DigestError as error:
        if by_timer and isinstance(error, AtWork):  # a person began one since we looked
            return 0
        return _ended_early(project, slug, error, as_json=as_json)
    except CancelledError:  # a second Ctrl-C; what was in hand is found by the next send
        click.echo(
            "Ended at once. Whose answer was still awaited is in doubt from the next `digest send` on.", err=True
        )
    after = look(store, slug, now())
    if as_json:
        print_event(after.verdict, after)
    else:
        say()
        print_standing(project, after, send="ended")
        if config.send.approval == "none":
            say('Approval: none ([send] approval = "none").')
    alert(project, slug)
    _keep_report(project, after)
    return EXIT_CODES[after.verdict]


def _from_here(project: Project, slug: str, way: Way, connections: int | None) -> Callable[..., object]:
    """What carries the issue from this machine."""
    from digest.dispatch.local import send_issue

    return partial(send_issue, transport=_transport(project, slug, smtp=way.named or None, connections=connections))


def _by_workers(project: Project, way: Way) -> Callable[..., object]:
    """What hands the issue out to workers. Raises SendError where that cannot be."""
    from digest.dispatch.cluster.broker import needs, needs_relay, needs_settings
    from digest.dispatch.cluster.coordinator import send_by_workers

    needs()
    needs_settings(project.config)
    needs_relay(project.config)
    if way.named:
        raise SendError(
            f"this issue goes on by {way.words}, as it began, and workers do not reach that",
            hint="`digest send --workers --as-configured` lets the rest go by theirs",
        )
    _may_leave(project)
    return partial(send_by_workers, tell=_tell_waiting)


def _way(project: Project, slug: str, smtp: str | None, *, as_configured: bool) -> Way:
    """Where the issue's letters go: as a person says, else on as they began. Raises IssueError (see `way_on`)."""
    from digest.dispatch.way import way_now, way_on

    if smtp or as_configured:
        return way_now(project.config, smtp or "")
    return way_on(project.store, project.config, slug)


def _change(project: Project, slug: str, way: Way) -> str:
    """What to know of *way*, for an issue that has begun: that it is not what digest.toml says, or another than
    until now; '' when it is neither."""
    from digest.dispatch.way import begun_by

    begun = begun_by(project.store, slug)
    if begun is None:
        return ""
    if begun.words != way.words:
        return f"It began by {begun.words} and goes on by {way.words}."
    if way.words != way.configured:
        return f"It goes on by {way.words}, as it began; digest.toml says {way.configured} (--as-configured)."
    return ""


def _ended_early(project: Project, slug: str, error: DigestError, *, as_json: bool) -> int:
    """Says and tells why a send could not begin or go on; the exit code: that of the pause it left behind, else 1."""
    from digest.cli.telling import EXIT_CODES, print_event
    from digest.dispatch.locks import at_work
    from digest.dispatch.standing import look, note_ended_early

    Failure(error).show()
    try:
        if at_work(project.folder) is None:  # else another send goes on, and nothing has ended
            note_ended_early(project.store, slug, str(error))
            alert(project, slug, failure=str(error))
        after = look(project.store, slug, now())
    except DigestError as other:  # the same disk that is full, the same file that is locked
        click.echo(f"digest: the alert was not given: {other}", err=True)
        return 1
    if as_json:
        print_event("failed", after, error=str(error), hint=error.hint)
    return EXIT_CODES[after.verdict] if after.verdict in ("paused", "stopped") else 1


def _keep_report(project: Project, standing: Standing) -> None:
    """The report page, beside the issue's other files; that it cannot be written is said and changes nothing."""
    from digest.cli.watching import write_report

    place = project.folder / "var" / "issues" / standing.slug
    try:
        make_private(place)
        write_report(project, standing, place / "report.html")
    except (DigestError, OSError) as error:
        click.echo(f"digest: {error}", err=True)


def _approve_unattended(project: Project, slug: str, *, dry_run: bool = False) -> None:
    """With [send] approval = "none" a draft is approved by being sent. Raises IssueError for any other draft."""
    from digest.approval import refuse_unanswered

    store = project.store
    known = store.issues.get(slug)
    assert known is not None
    if known.state != "draft":
        return
    if project.config.send.approval != "none":
        raise IssueError(f"{slug} is a draft", hint="`digest approve` first")
    refuse_unanswered(project, slug)
    if dry_run:
        return
    store.ledger.freeze(slug, "", now())
    fingerprint = store.issues.rendered(slug).fingerprint
    store.issues.approve(slug, fingerprint=fingerprint, who="nobody ([send] approval = none)", at=now())


def _lines_of_progress(slug: str) -> Callable[[int, int], None]:
    """Tells of progress as JSON, a line a second at most, and the last one always."""
    import time

    from digest.cli.telling import print_line

    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() - last < 1:
            return
        last = time.monotonic()
        print_line({"event": "progress", "issue": slug, "at": now(), "done": done, "all": total})

    return tell


def _schedule(project: Project, slug: str, text: str, *, yes: bool) -> None:
    from digest.dispatch.orders import moment, schedule
    from digest.dispatch.standing import look

    config = project.config
    at = moment(text, config.zone, now())
    _approve_unattended(project, slug)
    known = project.store.issues.get(slug)
    assert known is not None
    if known.state not in ("approved", "scheduled"):
        raise IssueError(f"{slug} is {known.state}, not approved", hint="`digest status`")
    waiting = look(project.store, slug, now()).number("waiting")
    if not yes:
        click.confirm(f"Send {slug} to {counted(waiting, 'reader')} at {clock(at, config)}", abort=True)
    schedule(project.store, slug, at, who=who(project), now=now())
    say(f"{slug} leaves at {clock(at, config)}, with the next `digest send --due` after that: docs/scheduling.md.")
    say("`digest send --at TIME` moves it, `digest pause` holds it, any edit takes the approval back.")


def alert(project: Project, slug: str, *, failure: str = "") -> None:
    """Tells of what happened, and says on the error stream where that fails."""
    from digest.dispatch.alerts import news
    from digest.dispatch.standing import look

    for happening in news(project.store, look(project.store, slug, now()), failure=failure):
        give_alert(project, happening)


def give_alert(project: Project, alert: Alert) -> None:
    from digest.dispatch.alerts import tell

    for trouble in tell(
        project.folder,
        project.config,
        alert,
        lambda: _transport(project, "alerts", to_readers=False),
        now=now(),
    ):
        click.echo(trouble, err=True)


def _transport(
    project: Project,
    slug: str,
    *,
    smtp: str | None = None,
    connections: int | None = None,
    to_readers: bool = True,
) -> Transport:
    """The configured transport, or *smtp* (HOST:PORT, loopback only, in the clear). Raises SendError.

    to_readers: false for a test letter, which may leave before there is a postal address and a leaving path.
    """
    config = project.config
    if smtp is None and config.send.transport == "maildir":
        from digest.send.transports.maildir import Maildir

        return Maildir(project.folder / "var" / "outbox" / slug)
    from digest.dispatch.relay import relay_at
    from digest.send.transports.smtp import Smtp, SmtpSettings

    if smtp is not None:
        host, _, port = smtp.rpartition(":")
        if host not in {"127.0.0.1", "::1", "localhost"} or not port.isdigit():
            raise SendError(
                f"--smtp {smtp}: only this machine’s own relay may be named there",
                hint="configure [smtp] for others",
            )
        local = SmtpSettings(host=host, port=int(port), security="none", connections=connections or 4)
        return Smtp(local, tell=_tell_waiting)
    if to_readers:
        _may_leave(project)
    return relay_at(config.smtp, connections=connections, tell=_tell_waiting)


def _tell_waiting(words: str) -> None:
    click.echo(words, err=True)


def _may_leave(project: Project) -> None:
    """Mail leaves by smtp only with a postal address and a way to leave that answers."""
    config = project.config
    if not config.newsletter.postal_address.strip():
        raise SendError(
            "digest.toml: newsletter.postal_address is empty: the law asks for one in every issue",
            hint="write the publisher’s postal address",
        )
    if not config.site.url:
        click.echo("warning: no [site] url: people leave by mail, without one-click (RFC 8058)", err=True)
        return
    from digest.collect.http import fetch

    answer = fetch(f"{config.site.url.rstrip('/')}/health", user_agent="newsletter-digest", allow_private=True)
    if answer.error or answer.status != 200:
        raise SendError(
            f"{config.site.url}/health does not answer ({answer.error or answer.status}): nobody could leave",
            hint="start `digest serve`, or empty [site] url to have people leave by mail",
        )
