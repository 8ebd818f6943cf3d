"""From the approved issue to the relay: test, approve, queue, send, pause, resume, stop, status."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    STATE_WORDS,
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
from digest.errors import IssueError, SendError
from digest.model import LOCKED_STATES

if TYPE_CHECKING:
    from digest.address import Address
    from digest.model import Rendered
    from digest.send.transports.seam import Transport
    from digest.week import Project

PASSWORD = "DIGEST_SMTP_PASSWORD"


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
@click.pass_context
def approve(ctx: click.Context, issue: str, yes: bool, dry_run: bool) -> None:
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
        made, rendered = store.issues.issue(slug), store.issues.rendered(slug)
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
        say("Nothing has been sent.")


@click.command()
@issue_argument
@yes_option
@click.option("--smtp", metavar="HOST:PORT", help="A relay on this machine, in place of the configured transport.")
@click.option("--connections", type=click.IntRange(1, 64), help="SMTP connections at once.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent.")
@json_option
@click.pass_context
def send(
    ctx: click.Context,
    issue: str,
    yes: bool,
    smtp: str | None,
    connections: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send the approved ISSUE. Killed and started again it continues; nobody gets it twice."""
    from digest.dispatch.local import send_issue

    with project_of(ctx) as project:
        store, config, slug = project.store, project.config, find_issue(project, issue)
        known = store.issues.get(slug)
        assert known is not None
        if known.state == "draft":
            if config.send.approval != "none":
                raise IssueError(f"{slug} is a draft", hint="`digest approve` first")
            store.ledger.freeze(slug, "", now())
            rendered = store.issues.rendered(slug)
            store.issues.approve(
                slug, fingerprint=rendered.fingerprint, who="nobody ([send] approval = none)", at=now()
            )
        waiting = store.ledger.counts(slug)
        open_rows = sum(waiting.get(state, 0) for state in ("waiting", "deferred", "leased"))
        if dry_run:
            say(f"{slug}: {_readers(open_rows)} would be tried by {smtp or config.send.transport}. Nothing was sent.")
            return
        transport = _transport(project, slug, smtp=smtp, connections=connections)
        if not yes and open_rows and not as_json:
            click.confirm(f"Send {slug} to {_readers(open_rows)} by {smtp or config.send.transport}", abort=True)
        with progress_bars() as progress:
            report = send_issue(
                project.folder, config, slug, transport, now=now, progress=lambda d, t: progress("send", d, t)
            )
        if as_json:
            print_json({"issue": slug, **report.__dict__} if hasattr(report, "__dict__") else _plain(report))
            return
        _print_status(project, slug)
        if config.send.approval == "none":
            say('Approval: none ([send] approval = "none").')


def _plain(report: object) -> dict[str, object]:
    from dataclasses import asdict, is_dataclass

    assert is_dataclass(report) and not isinstance(report, type)
    return asdict(report)


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
    from digest.send.transports.smtp import Smtp, SmtpSettings

    if smtp is not None:
        host, _, port = smtp.rpartition(":")
        if host not in {"127.0.0.1", "::1", "localhost"} or not port.isdigit():
            raise SendError(
                f"--smtp {smtp}: only this machine’s own relay may be named there",
                hint="configure [smtp] for others",
            )
        return Smtp(SmtpSettings(host=host, port=int(port), security="none", connections=connections or 4))
    settings = config.smtp
    if to_readers:
        _may_leave(project)
    password = os.environ.get(PASSWORD, "")
    if settings.username and not password:
        raise SendError(f"the relay’s password is not set ({PASSWORD})", hint=f"export {PASSWORD}=…")
    return Smtp(
        SmtpSettings(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=settings.username,
            password=password,
            connections=connections or settings.connections,
            verify=settings.verify,
        )
    )


def _may_leave(project: Project) -> None:
    """Mail leaves by smtp only with a postal address and a way to leave that answers."""
    config = project.config
    if not config.newsletter.postal_address.strip():
        raise SendError(
            "digest.toml: newsletter.postal_address is empty: the law asks for one in every issue",
            hint="write the publisher’s postal address",
        )
    if not config.site.url:
        say("warning: no [site] url: people leave by mail, without one-click (RFC 8058)")
        return
    from digest.collect.http import fetch

    answer = fetch(f"{config.site.url.rstrip('/')}/health", user_agent="newsletter-digest", allow_private=True)
    if answer.error or answer.status != 200:
        raise SendError(
            f"{config.site.url}/health does not answer ({answer.error or answer.status}): nobody could leave",
            hint="start `digest serve`, or empty [site] url to have people leave by mail",
        )


@click.command()
@issue_argument
@click.option("--reason", default="paused by hand")
@click.pass_context
def pause(ctx: click.Context, issue: str, reason: str) -> None:
    """Let ISSUE wait: a running send stops before its next letter."""
    _set_state(ctx, issue, "paused", ("sending",), reason)


@click.command()
@issue_argument
@click.pass_context
def resume(ctx: click.Context, issue: str) -> None:
    """Let a paused ISSUE go on with the next `digest send`."""
    _set_state(ctx, issue, "sending", ("paused",), "")


def _set_state(ctx: click.Context, issue: str, state: str, allowed: tuple[str, ...], reason: str) -> None:
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        known = project.store.issues.get(slug)
        assert known is not None
        if known.state not in allowed:
            raise IssueError(f"{slug} is {known.state}, not {' or '.join(allowed)}", hint="`digest status`")
        project.store.issues.set_state(slug, state, who=who(project), at=now(), reason=reason)  # type: ignore[arg-type]
        say(f"{slug} is {'paused' if state == 'paused' else 'going on: run `digest send`'}.")


@click.command()
@issue_argument
@yes_option
@click.pass_context
def stop(ctx: click.Context, issue: str, yes: bool) -> None:
    """End ISSUE for good: rows that have not left become cancelled, and so does the issue."""
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        if not yes:
            click.confirm(f"Stop {slug} for good", abort=True)
        cancelled = project.store.ledger.stop(slug, who=who(project), at=now())
        say(f"{slug} is cancelled. {_readers(cancelled)} will not get it; what has left has left.")


@click.command()
@issue_argument
@json_option
@click.pass_context
def status(ctx: click.Context, issue: str, as_json: bool) -> None:
    """Who has ISSUE, who has not, and for whom we cannot know."""
    with project_of(ctx) as project:
        if not project.store.issues.all():
            raise IssueError("there is no issue yet", hint="`digest weekly` makes one")
        slug = find_issue(project, issue)
        if as_json:
            account = project.store.ledger.account(slug)
            known = project.store.issues.get(slug)
            assert known is not None
            print_json(
                {
                    "issue": slug,
                    "state": known.state,
                    "candidates": account.candidates,
                    "planned": account.planned,
                    "excluded": dict(account.excluded),
                    "deliveries": dict(account.by_state),
                    "durability": project.config.send.durability,
                    "approval": project.config.send.approval,
                }
            )
            return
        _print_status(project, slug)


def _print_status(project: Project, slug: str) -> None:
    store = project.store
    known = store.issues.get(slug)
    assert known is not None
    account = store.ledger.account(slug)
    say(f"{slug} is {known.state}{f': {known.paused_reason}' if known.state == 'paused' else ''}.")
    if known.approved_by and known.approved_at:
        say(f"Approved by {known.approved_by} on {clock(known.approved_at, project.config)}.")
    left_out = account.candidates - account.planned
    say(f"{account.candidates} subscribers = {account.planned} planned + {left_out} left out")
    for reason, number in dict(account.excluded).items():
        say(f"  {number:>7}  left out: {reason}")
    by_words: dict[str, int] = {}
    for state, number in dict(account.by_state).items():
        words = STATE_WORDS[state]
        by_words[words] = by_words.get(words, 0) + number
    for words, number in by_words.items():
        if number:
            say(f"  {number:>7}  {words}")
    if project.config.send.durability == "normal":
        say("Durability: normal. A power cut may bring back the last few as unsent.")
    if dict(account.by_state).get("uncertain"):
        say("`digest deliveries uncertain` lists those we cannot know; `digest deliveries settle` decides.")
