"""Where an issue stands, in words for the terminal and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import click

from digest.cli.common import GRADE_WORDS, STATE_WORDS, WRITTEN, as_plain, clock, named, now, say
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.config import Config
    from digest.dispatch.standing import Standing, Verdict, Workers
    from digest.week import Project

EXIT_CODES: Mapping[Verdict, int] = {"done": 0, "paused": 3, "in doubt": 4, "unfinished": 5, "stopped": 6}
"""Of `send` and `status --follow`; click's own are 1 (it could not) and 2 (wrong use)."""

_BY_WEIGHT = (1, 3, 6, 4, 5, 0)  # what needs a person most comes first

MOST_CAUSES = 8
MOST_WORDS = 110  # characters of a receiver’s words; the report page has all


def worst_code(codes: Iterable[int]) -> int:
    """The one exit code of several sends; 0 for none."""
    return min(codes, key=_BY_WEIGHT.index, default=0)


def print_standing(project: Project, standing: Standing, *, send: Literal["", "begins", "ended"] = "") -> None:
    """The whole account: who is where, and why. *send*: said by one that begins, so nobody is told to begin one, or by
    one that has just ended, so the one before it is no longer the last."""
    from digest.dispatch import welcome
    from digest.dispatch.standing import ended_early
    from digest.dispatch.way import is_local

    config, store, slug = project.config, project.store, standing.slug
    state = f"{slug} is {standing.state}{_why(project, standing)}"
    end = "" if state.endswith(("?", ".")) else "."
    say(f"{state}{end}{f' “{standing.subject}”' if standing.subject else ''}")
    if standing.approved_at:
        say(f"Approved by {standing.approved_by} on {clock(standing.approved_at, config)}.")
    left_out = sum(standing.excluded.values())
    say(f"{standing.candidates} subscribers = {standing.planned} planned + {left_out} left out")
    for reason, number in standing.excluded.items():
        say(f"  {number:>7}  left out: {reason}")
    for words, number in by_words(standing).items():
        since = standing.left_out_since if words == STATE_WORDS["suppressed"] else {}
        why = ", ".join(reason if len(since) == 1 else f"{n} {reason}" for reason, n in since.items())
        say(f"  {number:>7}  {words}{f' ({why})' if why else ''}")
        if words == (WRITTEN if standing.written else STATE_WORDS["accepted"]):
            _say_what_came_back(standing)
    if pace := pace_of(project, standing):
        say(pace)
    if standing.workers is not None:
        say(workers_of(standing.workers))
    for cause in standing.causes[:MOST_CAUSES]:
        at = f" at {', '.join(cause.domains[:3])}{' …' if len(cause.domains) > 3 else ''}" if cause.domains else ""
        say(f"  {cause.readers:>7}  {STATE_WORDS[cause.state]}{at}: {_cut(cause.words) or 'no word'}")
    if len(standing.causes) > MOST_CAUSES:
        say(f"           and {len(standing.causes) - MOST_CAUSES} more causes: `digest deliveries list {slug}`")
    for warning in standing.warnings:
        say(f"warning: {warning}.")
    if standing.state in ("approved", "scheduled") and (
        notice := welcome.notice(store, config, is_local=is_local(config))
    ):
        say(notice)
    if config.send.durability == "normal":
        say("Durability: normal. A power cut may bring back the last few as unsent.")
    if send == "begins":
        return
    if hint := next_step(project, standing, ended_early="" if send else ended_early(store, slug)):
        say(hint)
    if standing.planned:
        say(f"Who is behind a number: `digest deliveries list {slug} --state {'|'.join(_states(standing))}`.")


def _say_what_came_back(standing: Standing) -> None:
    if number := sum(standing.returned.values()):
        why = ", ".join(f"{count} {GRADE_WORDS[grade]}" for grade, count in standing.returned.items())
        say(f"           of these {number} came back: {why}")
    if number := standing.complaints:
        say(f"           of these {number} {'reader' if number == 1 else 'readers'} complained: `digest bounces list`")


def _cut(words: str) -> str:
    return words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS].rstrip()}…"


def _states(standing: Standing) -> list[str]:
    return [state for state in STATE_WORDS if standing.number(state)] + ["left-out"] * bool(standing.excluded)


def _why(project: Project, standing: Standing) -> str:
    if standing.state == "paused":
        return f": {standing.paused_reason}"
    if standing.state == "scheduled" and standing.send_at:
        return f" for {clock(standing.send_at, project.config)}"
    return ""


def by_words(standing: Standing) -> dict[str, int]:
    """Rows by the words for their states, in the order of a letter's way; sums to the rows planned."""
    found: dict[str, int] = {}
    for state, words in STATE_WORDS.items():
        written = standing.written if state == "accepted" else 0
        for said, number in ((words, standing.number(state) - written), (WRITTEN, written)):
            if number:
                found[said] = found.get(said, 0) + number
    return found


def pace_of(project: Project, standing: Standing) -> str:
    """How fast it goes and when it ends; '' when nothing goes on."""
    parts = []
    if standing.process is not None:
        parts.append(f"{standing.per_second:.1f} letters a second" if standing.per_second else "sending")
    if standing.done_at is not None:
        parts.append(f"done about {standing.done_at.astimezone(project.config.zone):%H:%M}")
    elif standing.process is None and standing.state in ("approved", "scheduled", "sending"):
        parts += _forecast(project, standing)
    if standing.next_due is not None and standing.state not in ("cancelled", "sent"):
        parts.append(f"the next is tried again {_when(project, standing)}")
    if standing.state in ("approved", "sending") and (until := quiet_now(project.config)):
        parts.append(f"quiet hours: nothing leaves before {until:%H:%M} ([send] quiet)")
    return f"{'; '.join(parts)}." if parts else ""


def workers_of(workers: Workers) -> str:
    """How a send by workers fares, on one line."""
    parts = [f"{counted(workers.number, 'worker')}, {counted(workers.in_hand, 'letter')} with them"]
    if workers.silent:
        parts.append(f"no word yet of {workers.silent}")
    if workers.rate:
        parts.append(f"at most {workers.rate:g} letters a second")
    if workers.resting:
        parts.append(f"resting: {', '.join(workers.resting[:3])}{' …' if len(workers.resting) > 3 else ''}")
    return f"{'; '.join(parts)}."


def quiet_now(config: Config) -> datetime | None:
    """When the quiet hours end that it is now, by the newsletter's clock; None: it is none."""
    from digest.send.pace import quiet_until

    return quiet_until(config.send.quiet, now().astimezone(config.zone))


def _forecast(project: Project, standing: Standing) -> list[str]:
    """What a send that begins now, or at its time, would take; [] where only the receiver's pace counts."""
    from digest.dispatch.way import rate_of

    config, waiting = project.config, standing.number("waiting")
    rate = rate_of(config)
    if not rate or not waiting:
        return []
    whole = timedelta(seconds=waiting / rate)
    end = (max(standing.send_at or now(), now()) + whole).astimezone(config.zone)
    begun = "" if standing.send_at else "begun now, "
    return [f"at {rate:g} letters a second it takes {_long(whole)}", f"{begun}done about {end:%H:%M}"]


def _long(span: timedelta) -> str:
    minutes = math.ceil(span.total_seconds() / 60)
    return f"about {minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"about {minutes} min"


def _when(project: Project, standing: Standing) -> str:
    assert standing.next_due is not None
    moment = clock(standing.next_due, project.config)
    return "now" if standing.next_due <= now() else f"at {moment[11:] if moment[:10] == _today(project) else moment}"


def _today(project: Project) -> str:
    return clock(now(), project.config)[:10]


def next_step(project: Project, standing: Standing, *, ended_early: str = "") -> str:
    """What a person can do about it; '' when there is nothing to do."""
    steps, it = [], named(project, standing.slug)
    if standing.state == "draft":
        steps.append(f"Nothing has been sent. Next: `digest approve{it}`.")
    elif standing.state == "approved":
        if ended_early:
            steps.append(f"The last `digest send` ended early: {ended_early}.")
        steps.append(f"Nothing has been sent. Next: `digest send{it}`.")
    elif standing.state == "paused":
        steps.append(
            f"When it may go on: `digest resume{it}`, then `digest send{it}`; `digest stop{it}` ends it for good."
        )
    elif standing.state == "sending" and standing.process is None:
        if ended_early:
            steps.append(f"The last `digest send` ended early: {ended_early}.")
        if until := quiet_now(project.config):
            steps.append(f"Run `digest send{it}` again at {until:%H:%M}, or let a timer do it (docs/scheduling.md).")
        elif standing.number("waiting", "leased", "sending") or not standing.next_due or standing.next_due <= now():
            steps.append(f"No `digest send{it}` is at work: start it again, it goes on where it ended.")
        else:
            steps.append(
                f"Run `digest send{it}` again {_when(project, standing)}, or let a timer do it (docs/scheduling.md)."
            )
    if standing.number("uncertain"):
        steps.append(
            f"`digest deliveries list{it} --state uncertain` lists those we cannot know; `deliveries resolve` decides."
        )
    return "\n".join(steps)


def one_line(project: Project, standing: Standing) -> str:
    """The same on one line, for logs."""
    numbers = ", ".join(f"{number} {words}" for words, number in by_words(standing).items())
    state = f"{standing.slug} is {standing.state}{_why(project, standing)}"
    return f"{state}: {numbers}. {pace_of(project, standing)}".rstrip()


def print_event(event: str, standing: Standing, **more: str) -> None:
    """One line of JSON: what happened, and where the issue stands then."""
    from digest.dispatch.standing import as_json

    print_line({"event": event, "at": now(), **more, **as_json(standing)})


def print_line(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=as_plain, allow_nan=False))
