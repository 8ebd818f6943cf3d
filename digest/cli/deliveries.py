"""One row a reader: deliveries list, show, retry, resolve, resend-missed."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from digest.cli.common import (
    STATE_WORDS,
    clock,
    find_issue,
    issue_argument,
    json_option,
    now,
    print_json,
    project_of,
    say,
    state_words,
    table,
    who,
    yes_option,
)
from digest.errors import IssueError

if TYPE_CHECKING:
    from digest.address import Address
    from digest.dispatch.evidence import Evidence
    from digest.store.accounts import ReaderRow
    from digest.week import Project

IMAP_PASSWORD = "DIGEST_IMAP_PASSWORD"
LISTED = 100  # rows, unless more are asked for
COLUMNS = ("#", "reader", "state", "since", "tries", "what was said")

readers_option = click.option(
    "--reader", "readers", multiple=True, metavar="ADDRESS", help="Only this one; may be repeated."
)
domain_option = click.option("--domain", default="", help="Only readers at this domain.")


@click.group()
def deliveries() -> None:
    """One row per reader, and those in doubt."""


# ------------------------------------------------------------------------------------------------ looking


LEFT_OUT = "left-out"


def _states(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """The states that a name, or the words that `status` has, stand for; () for none given. Spaces may be hyphens."""
    if value is None:
        return ()
    wanted = value.casefold().replace("-", " ")
    if wanted == LEFT_OUT.replace("-", " "):
        return (LEFT_OUT,)
    found = tuple(state for state, words in STATE_WORDS.items() if wanted in (state, words))
    if not found:
        names = ", ".join(state if state == words else f"{state} ({words})" for state, words in STATE_WORDS.items())
        raise click.BadParameter(f"{value!r} is no state; there are {names}, {LEFT_OUT} (not planned at all).")
    return found


@deliveries.command("list")
@issue_argument
@click.option(
    "--state",
    "states",
    callback=_states,
    metavar="|".join([*STATE_WORDS, LEFT_OUT]),
    help="Only these, also in the words of `status`; suppressed: left out since; left-out: not planned at all.",
)
@domain_option
@readers_option
@click.option("--limit", type=click.IntRange(0), default=LISTED, help="Rows at most; 0 for all.", show_default=True)
@json_option
@click.pass_context
def list_rows(
    ctx: click.Context,
    issue: str,
    states: tuple[Any, ...],
    domain: str,
    readers: Sequence[str],
    limit: int,
    as_json: bool,
) -> None:
    """The rows of ISSUE."""
    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        if LEFT_OUT in states:
            _list_left_out(project, slug, limit, as_json)
            return
        given = _addresses(readers)
        rows = list(
            project.store.accounts.rows(
                slug, states, domain=domain.lower(), readers=given, limit=limit + 1 if limit else None
            )
        )
        more, rows = limit and len(rows) > limit, rows[: limit or None]
        if as_json:
            print_json([_row_json(row) for row in rows])
            return
        if not rows:
            say(f"{slug}: none.")
            return
        table(COLUMNS, [_cells(project, row) for row in rows], title=slug)
        if more:
            say(f"… and more: --limit 0 lists all, --state and --domain choose. ({_numbers(project, slug)})")


def _numbers(project: Project, slug: str) -> str:
    from digest.cli.telling import by_words
    from digest.dispatch.standing import look

    return ", ".join(f"{n} {words}" for words, n in by_words(look(project.store, slug, now())).items())


def _cells(project: Project, row: ReaderRow) -> tuple[object, ...]:
    config = project.config
    since = clock(row.at, config) if row.at else ""
    said = f"{row.reply}; again at {clock(row.due, config)}" if row.due else row.reply
    return row.ordinal, row.address or "erased", state_words(row.state, row.reply), since, row.attempts, said


def _row_json(row: ReaderRow) -> dict[str, object]:
    return {
        "ordinal": row.ordinal,
        "address": str(row.address) if row.address else None,
        "state": row.state,
        "attempts": row.attempts,
        "due": row.due,
        "at": row.at,
        "reply": row.reply,
    }


def _list_left_out(project: Project, slug: str, limit: int, as_json: bool) -> None:
    rows = list(project.store.accounts.left_out(slug, limit or None))
    if as_json:
        print_json([{"address": str(address) if address else None, "reason": reason} for address, reason in rows])
    elif rows:
        table(("reader", "left out because"), [(address or "erased", reason) for address, reason in rows], title=slug)
    else:
        say(f"{slug}: nobody was left out.")


@deliveries.command()
@click.argument("reader")
@issue_argument
@json_option
@click.pass_context
def show(ctx: click.Context, reader: str, issue: str, as_json: bool) -> None:
    """What befell ISSUE’s letter to READER (an address, a row’s number, or the relay’s id), from the first moment."""
    from digest.send.relays import relay_id

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        row = _find_row(project, slug, reader)
        history = project.store.ledger.history(slug, row.ordinal)
        returns = project.store.returns.of_delivery(slug, row.ordinal)
        if as_json:
            moves = [{"at": m.at, "came": m.came, "became": m.became, "reply": m.reply} for m in history]
            back = [{"number": r.id, "at": r.at, "kind": r.kind, "status": r.status, "words": r.words} for r in returns]
            print_json({**_row_json(row), "issue": slug, "history": moves, "returned": back})
            return
        say(f"{slug}, row {row.ordinal}: {row.address or 'erased'}: {state_words(row.state, row.reply)}.")
        if name := relay_id(project.config.smtp, row.reply):
            say(f"The relay calls it {name}.")
        if row.due:
            say(f"Tried again at {clock(row.due, project.config)}.")
        rows = [(clock_s(project, m.at), m.became, state_words(m.became, m.reply), m.reply) for m in history]
        laid = "" if rows else " and has not moved since"
        say(f"It was laid as waiting when the audience was frozen{laid}.")
        if rows:
            table(("when", "became", "in words", "what was said"), rows)
        for one in returns:
            said = f"{one.status} {one.words}".strip()
            what = {"returned": "It came back", "complaint": "The reader complained", "leave": "The reader left by it"}
            say(f"{what[one.kind]}, {clock(one.at, project.config)}: {said}. `digest bounces show {one.id}`")


def clock_s(project: Project, at: Any) -> str:
    """To the second: what happened in one run lies close together."""
    return f"{at.astimezone(project.config.zone):%Y-%m-%d %H:%M:%S}"


def _find_row(project: Project, slug: str, reader: str) -> ReaderRow:
    from digest.address import parse_address
    from digest.send.relays import gave_id

    rows = project.store.accounts.rows
    if reader.isdigit() and (numbered := next((r for r in rows(slug) if r.ordinal == int(reader)), None)):
        return numbered
    named = [row for row in rows(slug, ["accepted"]) if gave_id(row.reply, reader)]
    if len(named) == 1:
        return named[0]
    if named:
        raise IssueError(f"{len(named)} answers hold {reader!r}", hint="name the row or the address")
    if reader.isdigit():
        raise IssueError(f"{slug} has no row {reader}", hint="`digest deliveries list`")
    if "@" not in reader:
        raise IssueError(
            f"no reader of {slug} and no relay’s id is called {reader!r}",
            hint="an address, a row’s number, or the id in your relay’s answer: `digest deliveries list`",
        )
    address = parse_address(reader)
    found = list(project.store.accounts.rows(slug, readers=[address]))
    if found:
        return found[0]
    for other, reason in project.store.accounts.left_out(slug):
        if other is not None and other.key == address.key:
            raise IssueError(f"{address} was left out of {slug}: {reason}", hint="`digest subscribers list`")
    raise IssueError(f"{address} was not known when {slug} was laid", hint="`digest deliveries list`")


def _addresses(readers: Sequence[str]) -> list[Address]:
    from digest.address import parse_address

    return [parse_address(reader) for reader in readers]


# ------------------------------------------------------------------------------------------------ deciding


@deliveries.command()
@issue_argument
@domain_option
@readers_option
@click.pass_context
def retry(ctx: click.Context, issue: str, domain: str, readers: Sequence[str]) -> None:
    """Have those that will be tried again be tried by the next `digest send`, not later."""
    from digest.dispatch.standing import end_rests

    with project_of(ctx) as project:
        slug = find_issue(project, issue)
        given = _addresses(readers)
        with project.store.transaction():
            number = project.store.accounts.retry_now(slug, now(), domain=domain.lower(), readers=given)
            end_rests(project.store, {domain.lower()} if domain else {reader.domain for reader in given})
        if not number:
            say(f"{slug}: nobody is waiting to be tried again{f' at {domain}' if domain else ''}.")
            return
        say(f"{slug}: {_counted(number)} will be tried by {_next_send(project, slug)}.")


def _next_send(project: Project, slug: str) -> str:
    from digest.dispatch.locks import at_work

    known = project.store.issues.get(slug)
    assert known is not None
    if at_work(project.folder, slug) is not None and known.state == "sending":
        return "the send at work"
    return "the next `digest send`, after `digest resume`" if known.state == "paused" else "the next `digest send`"


@deliveries.command()
@issue_argument
@readers_option
@click.option("--outbox", is_flag=True, help="Look whether the letter lies in var/outbox.")
@click.option(
    "--files", type=click.Path(path_type=Path, exists=True, file_okay=False), help="The same in another folder."
)
@click.option(
    "--log", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Look into a relay’s log (.gz too)."
)
@click.option("--imap", metavar="HOST[:PORT]", help="Search a mailbox; its password is in DIGEST_IMAP_PASSWORD.")
@click.option("--user", default="", help="Whose mailbox.")
@click.option("--mailbox", default="INBOX", show_default=True)
@click.option("--complete", is_flag=True, help="Who is not found there does not have it: I know that it holds all.")
@click.option("--as", "word", type=click.Choice(["accepted", "missing"]), help="On your word: they have it, or do not.")
@click.option("--dry-run", is_flag=True, help="Say what would be settled.")
@yes_option
@click.pass_context
def resolve(
    ctx: click.Context,
    issue: str,
    readers: Sequence[str],
    outbox: bool,
    files: Path | None,
    log: Path | None,
    imap: str | None,
    user: str,
    mailbox: str,
    complete: bool,
    word: Literal["accepted", "missing"] | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Settle those we cannot know, by evidence or by your word; both are written down with your name.

    \b
    digest deliveries resolve --outbox                       the letter lies there, or not
    digest deliveries resolve --log /var/log/mail.log        the relay took it
    digest deliveries resolve --imap mail.example.org --user archive
    digest deliveries resolve --as accepted --reader ann@example.org
    """
    from digest.dispatch.evidence import Files, Log, doubts_of, judge
    from digest.dispatch.orders import on_a_word
    from digest.send.relays import profile_of

    ways = [outbox, files is not None, log is not None, imap is not None, word is not None]
    if sum(ways) != 1:
        raise click.UsageError("Give one of --outbox, --files, --log, --imap and --as.", ctx)
    with project_of(ctx) as project:
        slug, store, name = find_issue(project, issue), project.store, who(project)
        rows = list(store.accounts.rows(slug, ["uncertain"], readers=_addresses(readers)))
        if not rows:
            among = " among these" if readers else ""
            say(f"{slug}: there is nobody{among} we cannot know.")
            return
        if word is not None:
            if not (yes or readers or dry_run):
                click.confirm(f"Say of {_counted(len(rows))} that they {_has(word)}", abort=True)
            verdicts = on_a_word(rows, word, who=name)
        else:
            evidence: Evidence
            if log is not None:
                evidence = Log(log)
            elif imap is not None:
                evidence = _imap(imap, user, mailbox, keeps_id=profile_of(project.config.smtp).keeps_message_id)
            else:
                evidence = Files(files or project.folder / "var" / "outbox" / slug)
            verdicts = judge(
                evidence, doubts_of(project.folder, project.config, slug, rows), complete=complete, who=name
            )
        if not dry_run:
            store.accounts.resolve(slug, verdicts, now())
        states = [state for state, _ in verdicts.values()]
        say(f"{slug}: {states.count('accepted')} have it, {states.count('rejected')} do not.")
        if left := len(rows) - len(verdicts):
            hint = "" if word else "; --complete says that what was looked into holds all"
            say(f"For {left} we still cannot know{hint}.")
        if dry_run:
            say("A dry run: nothing was changed.")
        elif "rejected" in states:
            say("`digest deliveries resend-missed` sends it to those who do not have it.")


def _has(word: str) -> str:
    return "have it" if word == "accepted" else "do not have it"


def _imap(where: str, user: str, mailbox: str, *, keeps_id: bool) -> Evidence:
    from digest.dispatch.evidence import Imap
    from digest.send.relays import OWN_ID

    host, _, port = where.rpartition(":") if where.rpartition(":")[2].isdigit() else (where, "", "993")
    if not user:
        raise IssueError("whose mailbox is it?", hint="--user NAME")
    password = os.environ.get(IMAP_PASSWORD, "")
    if not password:
        raise IssueError(f"the mailbox’s password is not set ({IMAP_PASSWORD})", hint=f"export {IMAP_PASSWORD}=…")
    here = host in {"127.0.0.1", "::1", "localhost"}
    header = "Message-ID" if keeps_id else OWN_ID
    return Imap(host, user, password, mailbox, int(port), tls=not here or port == "993", header=header)


@deliveries.command("resend-missed")
@issue_argument
@readers_option
@click.option(
    "--refused", metavar="CODE", help="Also those refused with this code (550 5.7.26), once its cause is mended."
)
@click.option("--dry-run", is_flag=True, help="Say who would be sent it.")
@yes_option
@click.pass_context
def resend_missed(
    ctx: click.Context, issue: str, readers: Sequence[str], refused: str | None, dry_run: bool, yes: bool
) -> None:
    """Send ISSUE to those who are proved not to have it; they wait again until `digest send` carries it.

    Those in doubt are not among them: `deliveries resolve` comes first.
    """
    from digest.dispatch.orders import need_resendable, send_again

    with project_of(ctx) as project:
        slug, store = find_issue(project, issue), project.store
        need_resendable(store, slug)
        missed = _missed(refused)
        rows = [row for row in store.accounts.rows(slug, ["rejected"], readers=_addresses(readers)) if missed(row)]
        if not rows:
            say(f"{slug}: nobody is proved not to have it{f', or was refused with {refused}' if refused else ''}.")
            return
        rows, found = _who_may_get_mail(project, rows), len(rows)
        if not rows:
            say(f"{slug}: nobody is left to be sent it. Nothing was changed.")
            return
        if len(rows) < found:
            say(f"That leaves {_counted(len(rows))}:")
        for row in rows[:10]:
            say(f"  {row.address or 'erased'}: {row.reply}")
        if len(rows) > 10:
            say(f"  … and {len(rows) - 10} more")
        if dry_run:
            say(f"{_counted(len(rows))} would be sent it. A dry run: nothing was changed.")
            return
        if not yes:
            click.confirm(f"Send {slug} to {_counted(len(rows))} again", abort=True)
        number = send_again(store, slug, rows, who=who(project), at=now())
        say(f"{slug}: {_counted(number)} {'waits' if number == 1 else 'wait'} for {_next_send(project, slug)}.")


def _who_may_get_mail(project: Project, rows: Sequence[ReaderRow]) -> list[ReaderRow]:
    """Those of *rows* whose readers may; says who may not, and the way back."""
    barred = {row.ordinal: project.store.subscribers.barred(row.subscriber, now()) for row in rows}
    reasons = Counter(reason for reason in barred.values() if reason)
    if reasons:
        why = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())
        say(f"{_counted(len(rows))} without it, of whom {sum(reasons.values())} may get no mail: {why}.")
    if reasons["bounced"]:
        say("`digest bounces list` numbers what blocked them, `digest bounces undo NUMBER` takes it back.")
    return [row for row in rows if not barred[row.ordinal]]


def _missed(code: str | None) -> Callable[[ReaderRow], bool]:
    from digest.store.accounts import MISSING

    def is_missed(row: ReaderRow) -> bool:
        said = re.sub(r"^gave up after \d+ tries: ", "", row.reply)
        return row.reply.startswith(MISSING) or (code is not None and f"{said} ".startswith(f"{code} "))

    return is_missed


def _counted(number: int) -> str:
    from digest.text.wording import counted

    return counted(number, "reader")
