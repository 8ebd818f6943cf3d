"""From the draft to the relay: test, approve, queue, send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from digest.cli import Failure
from digest.cli.common import (
    clock,
    find_issue,
    issue_argument,
    json_option,
    now,
    print_json,
    progress_bars,
    project_of,
    say,
    who,
    yes_option,
)
from digest.errors import DigestError, IssueError, SendError
from digest.model import LOCKED_STATES

if TYPE_CHECKING:
    from digest.address import Address
    from digest.config import Config
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
        say(mail_test(project, project.store.issues.rendered(find_issue(project, issue)), reader))


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
    from digest.render.check import verify_verbatim
    from digest.text.wording import counted
    from digest.week import findings as find_faults

    with project_of(ctx) as project:
        store, config, slug = project.store, project.config, find_issue(project, issue)
        known = store.issues.get(slug)
        assert known is not None
        if known.state in LOCKED_STATES:
            say(f"{slug} is {known.state} already. Nothing was changed.")
            return
        if known.state != "draft":
            raise IssueError(f"{slug} is {known.state}: only a draft can be approved", hint="`digest issues new`")
        _refuse_unless_answered(project, slug, not_sent=not_sent)
        made, rendered = store.issues.issue(slug), store.issues.rendered(slug)
        if list(made.edits) != store.issues.edits(slug):
            raise IssueError(
                f"{slug} was edited after its draft was made", hint="`digest build`, then look at it again"
            )
        verify_verbatim(made, rendered)
        findings = find_faults(project, slug)
        errors = [f for f in findings if f.severity == "error"]
        for finding in findings:
            say(f"{finding.severity}: {finding.place}: {finding.what}")
        if errors:
            raise IssueError(f"{slug} has {counted(len(errors), 'error')}", hint="`digest check` says what to mend")
        waiting = store.ledger.counts(slug).get("waiting", 0)
        left = store.ledger.excluded(slug)
        say(f"{slug}: “{made.subject}”, {_readers(waiting)}.")
        for reason, number in left:
            say(f"  left out: {number} {reason}")
        if dry_run:
            say("A dry run: nothing was approved.")
            return
        if not yes:
            click.confirm("Approve it", abort=True)
        if config.send.approval == "two" and not _is_second(project, slug, rendered.fingerprint):
            return
        store.ledger.freeze(slug, "", now())
        store.issues.approve(slug, fingerprint=rendered.fingerprint, who=who(project), at=now())
        frozen = store.ledger.counts(slug).get("waiting", 0)
        say(f"Approved by {who(project)} for {_readers(frozen)}, fingerprint {rendered.fingerprint[:12]}.")
        say("Nothing has been sent. Next: `digest send`.")


def _refuse_unless_answered(project: Project, slug: str, *, not_sent: bool = False) -> None:
    """Raises IssueError for a draft that may have gone out before an older copy was put back, until somebody says
    that it has not."""
    from digest.dispatch import restored

    copied = restored.copied_before(project.store, slug)
    if copied is None:
        return
    if not not_sent:
        raise IssueError(
            f"the newsletter was restored from a copy of {clock(copied, project.config)}: {slug} may be out since then",
            hint="it did not: `digest approve --not-sent`; it did: `digest skip`",
        )
    restored.not_sent(project.store, slug)


def _is_second(project: Project, slug: str, fingerprint: str) -> bool:
    """True when somebody else approved these very bytes before; else the first approval is noted."""
    key, name = f"first_approval:{slug}", who(project)
    first = project.store.state.get(key)
    if first and first["fingerprint"] == fingerprint and first["who"] != name:
        say(f"First approved by {first['who']}.")
        return True
    project.store.state.set(key, {"who": name, "fingerprint": fingerprint})
    say(f'Approved by {name}. [send] approval = "two": a second person must approve it too (DIGEST_EDITOR).')
    return False


def _readers(number: int) -> str:
    return f"{number} {'reader' if number == 1 else 'readers'}"


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
    with only_timer(project.folder) as alone:
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

    from digest.cli.telling import ENDED_EARLY, EXIT_CODES, print_event, print_standing
    from digest.dispatch.locks import AtWork
    from digest.dispatch.standing import look
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
        say(f"{slug}: {_readers(open_rows)} would be tried by {way.words}. Nothing was sent.")
        return 0
    try:
        way = _way(project, slug, smtp, as_configured=as_configured)
        send = _by_workers(project, way) if workers else _from_here(project, slug, way, connections)
        if not as_json and (change := _change(project, slug, way)):
            say(change)
        if asking and open_rows and not as_json:
            early = f", though it is scheduled for {clock(before.send_at, config)}" if before.send_at else ""
            click.confirm(f"Send {slug} to {_readers(open_rows)} by {way.words}{early}", abort=True)
        if as_json:
            print_event("begun", before)
        if store.state.get(f"{ENDED_EARLY}{slug}"):
            store.state.set(f"{ENDED_EARLY}{slug}", "")
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
    from digest.cli.telling import ENDED_EARLY, EXIT_CODES, print_event
    from digest.dispatch.locks import at_work
    from digest.dispatch.standing import look

    Failure(error).show()
    try:
        if at_work(project.folder) is None:  # else another send goes on, and nothing has ended
            project.store.state.set(f"{ENDED_EARLY}{slug}", str(error))
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

    try:
        write_report(project, standing, project.folder / "var" / "issues" / standing.slug / "report.html")
    except DigestError as error:
        click.echo(f"digest: {error}", err=True)


def _approve_unattended(project: Project, slug: str, *, dry_run: bool = False) -> None:
    """With [send] approval = "none" a draft is approved by being sent. Raises IssueError for any other draft."""
    store = project.store
    known = store.issues.get(slug)
    assert known is not None
    if known.state != "draft":
        return
    if project.config.send.approval != "none":
        raise IssueError(f"{slug} is a draft", hint="`digest approve` first")
    _refuse_unless_answered(project, slug)
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
    from digest.dispatch.standing import look, schedule

    config = project.config
    at = _moment(text, config, now())
    _approve_unattended(project, slug)
    known = project.store.issues.get(slug)
    assert known is not None
    if known.state not in ("approved", "scheduled"):
        raise IssueError(f"{slug} is {known.state}, not approved", hint="`digest status`")
    waiting = look(project.store, slug, now()).number("waiting")
    if not yes:
        click.confirm(f"Send {slug} to {_readers(waiting)} at {clock(at, config)}", abort=True)
    schedule(project.store, slug, at, who=who(project), now=now())
    say(f"{slug} leaves at {clock(at, config)}, with the next `digest send --due` after that: docs/scheduling.md.")
    say("`digest send --at TIME` moves it, `digest pause` holds it, any edit takes the approval back.")


def _moment(text: str, config: Config, now: datetime) -> datetime:
    """A time that is to come: ``18:00`` (today, else tomorrow), ``2026-03-26 18:00``, both by the newsletter's clock,
    or ISO 8601 with an offset. Raises IssueError."""
    hint = "like 18:00, or 2026-03-26 18:00"
    try:
        if len(text) <= 5:
            hour = time.fromisoformat(text if len(text) == 5 else f"0{text}")
            local = now.astimezone(config.zone)
            found = datetime.combine(local.date(), hour, config.zone)
            if found <= now:
                found = datetime.combine(local.date() + timedelta(days=1), hour, config.zone)
        else:
            found = datetime.fromisoformat(text)
            found = found if found.tzinfo else found.replace(tzinfo=config.zone)
    except ValueError as error:
        raise IssueError(f"{text!r} is no time", hint=hint) from error
    if found.astimezone(UTC).astimezone(found.tzinfo).replace(tzinfo=None) != found.replace(tzinfo=None):
        raise IssueError(f"there is no {text} in {config.zone}: clocks go forward over it", hint="name another time")
    if found <= now:
        raise IssueError(f"{clock(found, config)} is past", hint="`digest send` sends now")
    return found


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
