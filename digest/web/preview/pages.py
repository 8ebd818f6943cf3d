"""The pages: the desk with its panels, what stands in the frame, and where a reader's own links lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from digest.compose import last_of, words_of
from digest.model import EditKind, Editor, IssueState, Item
from digest.web.guard import CSRF, csrf_now, editor_now, home_now, may, may_not
from digest.web.preview import inbox
from digest.web.preview.adding import MOST_BYTES
from digest.web.preview.choices import choices_of
from digest.web.preview.draft import Draft, Shown, Workshop
from digest.web.preview.evidence import Cut, cuts_of, evidence_of
from digest.web.preview.findings import notes_of
from digest.web.preview.frame import PAGE_IN_FRAME, SANDBOX, framed, mail_policy, marked, repaint
from digest.web.preview.letter import Reader, SeenLetter, find_reader, harmless, own_values, write_letter
from digest.web.preview.overview import by_day, by_outlet, by_topic
from digest.web.preview.scores import Term, terms_of
from digest.web.preview.state import BESIDE, LOOKS, PANELS, PICTURES, SHOWN, VIEWS, WIDTHS, State, read_state
from digest.web.preview.week import AT_ONCE, Candidates, Week, item_number

if TYPE_CHECKING:
    from flask import Flask, Response

EDITABLE: frozenset[IssueState] = frozenset({"draft", "approved", "scheduled"})
OWN_WORDS: tuple[EditKind, ...] = ("subject", "preheader", "intro", "correction")
CLIP_BYTES = 102 * 1024  # Gmail cuts a longer mail (email-bugs #41)


@dataclass(frozen=True)
class StoryRow:
    """One story of the list, with all that says why it is there and where its words are from."""

    number: int
    item: Item
    cuts: tuple[Cut, ...]
    terms: list[Term]


def register(app: Flask, workshop: Workshop, *, now: Callable[[], datetime], may_test: bool) -> None:
    """Adds the pages to *app*."""
    from flask import abort, g, make_response, render_template, request

    from digest.render.message import with_pictures

    week = Week()

    def draft() -> Draft:
        shown = workshop.show()
        if shown.draft is None:
            abort(404)
        return shown.draft

    def reader_meant(of: Draft, state: State) -> Reader | None:
        return find_reader(workshop.folder, of, "" if may_not("people") else state.reader, now())

    def letter(of: Draft, state: State) -> tuple[SeenLetter, Reader | None]:
        reader = reader_meant(of, state)
        return write_letter(workshop.folder, of, _variant(of, state, reader), reader, now()), reader

    def in_frame(body: str, csp: str = PAGE_IN_FRAME) -> Response:
        answer = make_response(body)
        answer.headers["Content-Security-Policy"] = csp
        answer.headers["X-DNS-Prefetch-Control"] = "off"  # no policy covers a name that is only looked up
        return answer

    @app.get("/")
    def desk() -> str:
        shown, state = workshop.show(), read_state(request.args)
        if shown.draft is None:
            return render_template(
                "preview/broken.html",
                fault=shown.fault,
                said=shown.fault.what if shown.fault else "",
                stamp=shown.stamp,
            )
        reader = reader_meant(shown.draft, state)
        return render_template(
            "preview/desk.html",
            **_seen(shown, shown.draft, state, reader, week, may_edit=_may_edit(shown.draft)),
            is_desk=editor_now() is not None,
            editor=editor_now(),
            others=_others_edit(shown.draft, editor_now(), now()),
            may_look_only=may_not("edit"),
            may_see_people=not may_not("people"),
            may_test=may_test and not may_not("approve"),
            can_leave=g.get("can_leave", False),
            sandbox=SANDBOX,
            csrf_field=CSRF,
            csrf=csrf_now(),
            most_bytes=MOST_BYTES,
        )

    @app.get("/week")
    def candidates() -> str:
        """Rows of the week: as many as are asked for, from there on."""
        of, state = draft(), read_state(request.args)
        start, count = request.args.get("from", 0, int), request.args.get("count", AT_ONCE, int)
        shown = _week(week.of(of), state, max(0, start), max(1, count))
        return render_template("preview/week_rows.html", **shown, **_common(of, state, may_edit=_may_edit(of)))

    @app.get("/frame/mail")
    def mail() -> Response:
        of, state = draft(), read_state(request.args)
        seen, reader = letter(of, state)
        variant = next(v for v in of.rendered.variants if v.key == _variant(of, state, reader))
        page = repaint(with_pictures(harmless(seen, home_now()), variant), state.look)
        return in_frame(framed(page), mail_policy(state.pictures, of.config.site.url))

    @app.get("/frame/text")
    def text() -> Response:
        of, state = draft(), read_state(request.args)
        seen, reader = letter(of, state)
        language = next(v.language for v in of.rendered.variants if v.key == _variant(of, state, reader))
        return in_frame(render_template("preview/text.html", text=seen.text, language=language))

    @app.get("/frame/source")
    def source() -> Response:
        of = draft()
        seen, _ = letter(of, read_state(request.args))
        values = own_values(seen)
        lines = [marked(line, values) for line in seen.html.split("\n")]
        return in_frame(render_template("preview/source.html", lines=lines, fingerprint=of.rendered.fingerprint))

    @app.get("/frame/headers")
    def headers_of() -> Response:
        seen, _ = letter(draft(), read_state(request.args))
        return in_frame(render_template("preview/headers.html", headers=seen.headers))

    @app.get("/frame/message")
    def message() -> Response:
        seen, _ = letter(draft(), read_state(request.args))
        return in_frame(render_template("preview/message.html", message=seen.raw.decode("utf-8", "replace")))

    @app.get("/stand-in/<name>")
    def stand_in(name: str) -> str:
        return render_template("preview/stand_in.html", name=name)


def _is_open(draft: Draft) -> bool:
    """Whether it can be edited: readers have none of it, and its words are not those of `digest correct`."""
    return draft.state in EDITABLE and not draft.issue.corrects


def _variant(draft: Draft, state: State, reader: Reader | None) -> str:
    """The variant shown: the reader's own, else the one chosen, else the first."""
    known = [v.key for v in draft.rendered.variants]
    if reader is not None:
        return reader.variant
    return state.variant if state.variant in known else known[0]


# ------------------------------------------------------------------------------------------------ what the desk shows


def _may_edit(draft: Draft) -> bool:
    return may("edit") and draft.state in EDITABLE


def _common(draft: Draft, state: State, *, may_edit: bool) -> dict[str, object]:
    """What the page and a part of it know."""
    return {"state": state, "may_edit": may_edit, "day": lambda when: _day(when, draft.config.zone)}


def _week(of: Candidates, state: State, start: int = 0, count: int = AT_ONCE) -> dict[str, object]:
    found = of.find(state.find, state.show)
    return {"candidates": list(of.rows(found[start : start + count])), "found": len(found), "upto": start + count}


def _seen(
    shown: Shown, draft: Draft, state: State, reader: Reader | None, week: Week, *, may_edit: bool
) -> dict[str, object]:
    issue, config = draft.issue, draft.config
    candidates = week.of(draft)
    number = item_number(issue.items, state.candidate) or state.story
    item, candidate = _item_at(issue.items, number), None
    if item is None and state.candidate:
        candidate = week.candidate(draft, state.candidate)
        item = candidate.item if candidate else None
    choices = choices_of(item) if item and may_edit and not candidate else None
    key = _variant(draft, state, reader)
    variant = next(v for v in draft.rendered.variants if v.key == key)
    sender = config.newsletter.sender.name or config.newsletter.name
    notes = notes_of(draft.findings, issue.items, draft.waivers)
    hidden = {*(() if may_edit else ("words",)), *(() if editor_now() else ("send",))}
    printed = [item.pick for item in issue.items]
    return {
        **_common(draft, state, may_edit=may_edit),
        **_week(candidates, state),
        "week": candidates,
        "days": by_day(candidates.picks, printed, issue, config.zone),
        "outlets": by_outlet(candidates.picks, printed),
        "topics": by_topic(
            (p.section for p in candidates.picks if p.terms), (i.belongs_to or i.pick.section for i in issue.items)
        ),
        "length": week.length(draft),
        "which": SHOWN,
        "beside": BESIDE,
        "shown": shown,
        "draft": draft,
        "issue": issue,
        "story": number,
        "candidate": candidate,
        "variant": variant,
        "variants": {v.key: v.key or "Everyone" for v in draft.rendered.variants},
        "reader": reader,
        "panels": {key: words for key, words in PANELS.items() if key not in hidden},
        "own": {kind: words_of(issue.edits, kind) or "" for kind in OWN_WORDS},
        "wishes": {(e.kind, e.target) for e in issue.edits if e.value and last_of(issue.edits, e.kind, e.target) is e},
        "choices": choices,
        "views": VIEWS,
        "widths": WIDTHS,
        "looks": LOOKS,
        "pictures": PICTURES,
        "stories": _by_section(issue.items),
        "near_misses": [] if editor_now() else [(pick, terms_of(pick)) for pick in draft.near_misses],
        "evidence": evidence_of(item, choices.sentences if choices else ()) if item else None,
        "notes": notes,
        "errors": sum(note.is_error for note in notes),
        "sender": sender,
        "from_line": str(config.newsletter.sender),
        "rows": inbox.rows(sender, variant.subject, inbox.first_words(variant.html)),
        "subject": inbox.judge(variant.subject, inbox.SUBJECT_FITS),
        "preheader": inbox.judge(issue.preheader, inbox.PREHEADER_FITS),
        "size": len(variant.html.encode()),
        "clip": CLIP_BYTES,
        "words": len(variant.text.split()),
    }


def _others_edit(draft: Draft, editor: Editor | None, now: datetime) -> str:
    """The newest edit, where somebody else made it: ``Ruth: subject, 14:02``; '' where not."""
    edit, zone = draft.newest, draft.config.zone
    if edit is None or editor is None or edit.who == editor.name:
        return ""
    at, today = edit.at.astimezone(zone), now.astimezone(zone).date()
    return f"{edit.who}: {edit.kind}, {at:%H:%M}{'' if at.date() == today else f' on {_day(edit.at, zone)}'}"


def _item_at(items: Sequence[Item], number: int) -> Item | None:
    """The story with that number; None where there is none."""
    return items[number - 1] if 1 <= number <= len(items) else None


def _by_section(items: Iterable[Item]) -> list[tuple[str, list[StoryRow]]]:
    groups: list[tuple[str, list[StoryRow]]] = []
    for number, item in enumerate(items, 1):
        if not groups or groups[-1][0] != item.pick.section:
            groups.append((item.pick.section, []))
        groups[-1][1].append(StoryRow(number, item, cuts_of(item), terms_of(item.pick)))
    return groups


def _day(when: datetime, zone: tzinfo) -> str:
    """``17 March 2026`` in *zone*, its blanks unbreakable; a time without a zone is the zone's own."""
    local = when.astimezone(zone) if when.tzinfo else when
    return f"{local.day}\u00a0{local:%B}\u00a0{local.year}"
