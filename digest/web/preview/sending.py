"""What the desk does with a finished draft: waive, approve, schedule, send, pause, stop, settle what is in doubt.

Each is the command of the same name, asked for with a click. A send is a process of its own: closing the desk does not
end it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from threading import Thread
from typing import TYPE_CHECKING

from digest import approval
from digest.dispatch import orders
from digest.dispatch.locks import at_work, issue_at_work
from digest.dispatch.standing import look
from digest.dispatch.starting import Starter
from digest.errors import DigestError, IssueError, SendError, StaleError
from digest.model import IssueState
from digest.web.guard import csrf_now, editor_now, may
from digest.web.preview import inbox
from digest.web.preview.draft import Draft, Workshop
from digest.web.preview.fields import line_of
from digest.web.preview.standing import panel_of, span_words
from digest.web.report import report_page
from digest.web.server import policy
from digest.week import Draft as MadeDraft
from digest.week import Project, keep_draft, open_project

if TYPE_CHECKING:
    from flask import Flask, Response

_REPORT = policy({"style-src": "'unsafe-inline'", "base-uri": "'none'", "frame-ancestors": "'none'"})
LETS_GO_S = 5.0  # so long a send that was paused may take to end before the next one is begun
_GROUPED = re.compile(r"[\s,.’'_\u00a0\u202f]")  # how people write the thousands of a number


def register(app: Flask, workshop: Workshop, *, now: Callable[[], datetime], tell: Callable[[str], None]) -> None:
    """Adds the panel Send and what its buttons do to *app*. *tell* gives the alerts that are due for an issue."""
    from flask import abort, jsonify, make_response, render_template, request
    from markupsafe import Markup

    slug, starter = workshop.slug, Starter(workshop.folder)

    def panel() -> Markup:
        draft = workshop.show().draft
        if draft is None:
            abort(404)
        return Markup(render_template("preview/send.html", **_shown(draft, starter, now())))

    app.jinja_env.globals["send_panel"] = panel

    @app.get("/send")
    def send_panel() -> str:
        return panel()

    @app.get("/report")
    def report() -> Response:
        draft = workshop.show().draft
        if draft is None:
            abort(404)
        with draft.opened() as project:
            standing = look(project.store, slug, now())
            answer = make_response(report_page(project.store, project.config, standing, now=now()))
        answer.headers["Content-Security-Policy"] = _REPORT
        return answer

    def answered(order: Callable[[Project, str], str], *, telling: bool = False) -> tuple[Response, int]:
        """What *order* says, given in the name of who asks; 403 for who may not approve."""
        editor = editor_now()
        if editor is None or not may("approve"):
            return jsonify(ok=False, said="You may look at this, not decide it: that needs the right to approve."), 403
        try:
            with open_project(workshop.folder) as project:
                project.store.requests.merge()  # who left by the site has left, whatever is decided
                said = order(project, editor.name)
        except StaleError as error:
            return jsonify(ok=False, said=f"{error}. Look at it as it is now."), 409
        except DigestError as error:
            return jsonify(ok=False, said=f"{error}{f' ({error.hint})' if error.hint else ''}."), 422
        if telling:
            Thread(target=tell, args=(slug,)).start()  # a mail may take a minute
        return jsonify(ok=True, said=said), 200

    def draft_seen() -> Draft:
        """The draft, if it is the one whose fingerprint the page shows. Raises StaleError, IssueError."""
        shown = workshop.show()
        if shown.draft is None or shown.fault is not None:
            raise IssueError("the newest draft cannot be shown", hint="mend what stands above the page")
        if shown.draft.rendered.fingerprint != request.form.get("fingerprint"):
            raise StaleError(f"{slug} was changed after you saw it: nothing was approved", hint="")
        return shown.draft

    # -------------------------------------------------------------------------------------------- before

    @app.post("/send/waive")
    def waive() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            draft = workshop.show().draft
            wanted = tuple(request.form.get(name, "") for name in ("rule", "place", "what", "article"))
            for finding in draft.findings if draft else ():
                if (finding.rule, finding.place, finding.what, finding.article) == wanted:
                    words = "" if "back" in request.form else _words(request.form.get("words", ""))
                    approval.waive(project, slug, finding, words, who=who, at=now())
                    return "It may stand." if words else "It is open again."
            raise StaleError("that warning is not there any more", hint="")

        return answered(order)

    @app.post("/send/count")
    def count() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            _keep(project, draft_seen(), now())
            waiting = project.store.ledger.counts(slug).get("waiting", 0)
            return f"It would go to {_readers(waiting)}."

        return answered(order)

    @app.post("/send/not-sent")
    def not_sent() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            approval.refuse_unanswered(project, slug, not_sent=True)
            return "Noted: it has not gone out."

        return answered(order)

    @app.post("/send/approve")
    def approve() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            draft = draft_seen()
            approval.need_draft(project, slug)
            approval.refuse_unanswered(project, slug)
            candidate = approval.examine(project, slug, issue=draft.issue, rendered=draft.rendered)
            approval.refuse_outdated(candidate)
            approval.refuse_errors(candidate)
            approval.refuse_unheeded(candidate)
            _keep(project, draft, now())
            done = approval.approve(project, candidate, who=who, at=now())
            if isinstance(done, approval.First):
                return f"Approved by {done.who}. A second person must approve these very bytes, too."
            return f"Approved for {_readers(done.readers)}. Nothing has been sent."

        return answered(order)

    # -------------------------------------------------------------------------------------------- when

    @app.post("/send/schedule")
    def schedule() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            at = orders.moment(request.form.get("at", ""), project.config.zone, now())
            _need(project, slug, ("approved", "scheduled"))
            orders.schedule(project.store, slug, at, who=who, now=now())
            return f"It leaves in {span_words(at - now())}."

        return answered(order)

    @app.post("/send/unschedule")
    def unschedule() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            orders.unschedule(project.store, slug, who=who, now=now())
            return "The time is taken back: it is approved, and waits for you."

        return answered(order)

    @app.post("/send/begin")
    def begin() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            _need(project, slug, ("approved", "scheduled"))
            number = look(project.store, slug, now()).number("waiting", "deferred", "leased")
            typed = _GROUPED.sub("", request.form.get("number", ""))
            if typed != str(number):
                raise IssueError(f"it would go to {number:,}, not to {typed or 'nobody'}", hint=f"type {number:,}")
            _begin(starter, slug, who)
            return f"Sending to {_readers(number)}."

        return answered(order)

    # -------------------------------------------------------------------------------------------- under way

    @app.post("/send/go-on")
    def go_on() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            _need(project, slug, ("sending",))
            _begin(starter, slug, who)
            return "It goes on."

        return answered(order)

    @app.post("/send/pause")
    def pause() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            orders.pause(project.store, slug, who=who, at=now(), reason="paused by hand")
            return "Paused: no other letter leaves."

        return answered(order, telling=True)

    @app.post("/send/resume")
    def resume() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            became = orders.resume(project.store, slug, who=who, at=now())
            if became != "sending":
                return f"It is {became}, as it was."
            if (other := issue_at_work(project.folder)) not in ("", slug):
                return f"{other} is being sent: let this one go on after it."
            until = time.monotonic() + LETS_GO_S
            while at_work(project.folder) is not None and time.monotonic() < until:
                time.sleep(0.05)
            _begin(starter, slug, who)
            return "It goes on."

        return answered(order, telling=True)

    @app.post("/send/stop")
    def stop() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            orders.need_open(project.store, slug)
            number = project.store.ledger.stop(slug, who=who, at=now())
            return f"Stopped: {_readers(number)} will not get it; what has left has left."

        return answered(order, telling=True)

    @app.post("/send/doubts")
    def doubts() -> tuple[Response, int]:
        def order(project: Project, who: str) -> str:
            return _settle(project, slug, request.form.get("word", ""), request.form.get("row", ""), who, now())

        return answered(order)


def _shown(draft: Draft, starter: Starter, at: datetime) -> dict[str, object]:
    """What the template needs."""
    zone, variant = draft.config.zone, draft.rendered.variants[0]
    sender = draft.config.newsletter.sender.name or draft.config.newsletter.name
    editor = editor_now()

    def when(moment: datetime) -> str:
        """``16:02`` of today, else with its day."""
        local = moment.astimezone(zone)
        day = "" if local.date() == at.astimezone(zone).date() else f"{local.day}\u00a0{local:%B}\u00a0{local.year}, "
        return f"{day}{local:%H:%M}"

    return {
        "panel": panel_of(draft, starter, at),
        "draft": draft,
        "issue": draft.issue,
        "fingerprint": draft.rendered.fingerprint,
        "row": inbox.rows(sender, variant.subject, inbox.first_words(variant.html))[0],
        "language": variant.language,
        "sender": sender,
        "zone": zone,
        "now": at,
        "when": when,
        "span": span_words,
        "field_time": lambda moment: f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}",
        "key": lambda finding: sha256(repr(approval.warned(finding)).encode()).hexdigest()[:8],
        "csrf": csrf_now(),
        "me": editor.name if editor else "",
        "may_approve": may("approve"),
        "may_people": may("people"),
    }


def _readers(number: int) -> str:
    return f"{number:,} {'reader' if number == 1 else 'readers'}"


def _keep(project: Project, draft: Draft, at: datetime) -> None:
    """What the page shows is the draft that is stored, and its readers are counted anew, as `digest build` does."""
    keep_draft(project, MadeDraft(draft.issue, draft.rendered, draft.picks), now=at)


def _need(project: Project, slug: str, states: tuple[IssueState, ...]) -> None:
    known = project.store.issues.get(slug)
    assert known is not None
    if known.state not in states:
        raise IssueError(f"{slug} is {known.state}, not {' or '.join(states)}", hint="look at it as it is now")


def _begin(starter: Starter, slug: str, who: str) -> None:
    try:
        starter.begin(slug, who=who)
    except OSError as error:
        raise SendError(f"`digest send` cannot be started: {error.strerror}", hint="run it in a terminal") from error


def _words(text: str) -> str:
    """*text* as one line. Raises IssueError where it says nothing."""
    line = line_of("word", text)
    if not line:
        raise IssueError("a warning stands by a word only", hint="say why it may stand")
    return line


def _settle(project: Project, slug: str, word: str, row: str, who: str, at: datetime) -> str:
    """Settles all rows in doubt, or the one numbered *row*; *word*: they have it, or are to be sent it again."""
    store = project.store
    with store.transaction():
        rows = [r for r in store.accounts.rows(slug, ["uncertain"]) if row in ("", str(r.ordinal))]
        if not rows:
            raise StaleError("somebody has settled that already", hint="")
        if word == "accepted":
            store.accounts.resolve(slug, orders.on_a_word(rows, "accepted", who=who), at)
            return f"{_readers(len(rows))} {'has' if len(rows) == 1 else 'have'} it, on your word."
        if word != "again":
            raise IssueError(f"{word!r} settles nothing", hint="load the page again")
        orders.need_resendable(store, slug)
        store.accounts.resolve(slug, orders.on_a_word(rows, "missing", who=who), at)
        may_get = [r for r in rows if not store.subscribers.barred(r.subscriber, at)]
        number = orders.send_again(store, slug, may_get, who=who, at=at)
    barred = f"; {len(rows) - number} may get no mail any more" if number < len(rows) else ""
    return f"{_readers(number)} will be sent it again{barred}."
