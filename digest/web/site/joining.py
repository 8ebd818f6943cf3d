"""Signing up: a form, the same answer to every address, and the button behind the link in the mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.render.site_words import site_words
from digest.store.notices import Asked
from digest.web.site.forms import Typed, is_fresh, is_name, make_stamp, read_address, read_choice
from digest.web.site.people import tomorrow

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.web.site.front import Front

TRAP = "homepage"
"""A field no person sees: whoever fills it in is a machine, and is thanked for nothing."""


def add(app: Flask, front: Front) -> None:
    """The sign-up page and its two confirmations."""
    from flask import abort, make_response, request

    config = front.config

    def form(typed: Typed, faults: tuple[str, ...] = ()) -> str:
        topics = typed.choice.topics
        return front.page(
            "home",
            typed=typed,
            faults=faults,
            sections=[(s.name, not topics or s.name in topics) for s in config.sections],
            languages=languages(front, typed.choice.language),
            stamp=make_stamp(front.secret, front.now().timestamp()),
            latest=app.extensions["latest"]() if "latest" in app.extensions else None,
        )

    @app.get("/")
    def home() -> str:
        return form(Typed())

    @app.get("/join")
    def join_again() -> str:
        return form(Typed())

    @app.post("/join")
    def join() -> Response:
        raw_address, name = request.form.get("address", ""), " ".join(request.form.get("name", "").split(" ")).strip()
        choice, faults = read_choice(request.form, request.form.getlist("topics"), config, first=tomorrow(front.now()))
        address = read_address(raw_address)
        wrong = [*(["wrong_address"] if address is None else []), *([] if is_name(name) else ["wrong_name"])]
        # "Choose a day below" is for the settings: this form has none.
        wrong += ["wrong_nothing" if fault == "wrong_topics" else fault for fault in faults]
        if not wrong and not is_fresh(request.form.get("stamp", ""), front.secret, front.now().timestamp()):
            wrong = ["again"]
        if wrong or address is None:
            return make_response(form(Typed(raw_address[:320], name[:200], choice), tuple(wrong)), 400)
        if front.is_too_often():
            abort(429)
        if not request.form.get(TRAP):
            wording = str(site_words(front.language())["consent"]).format(name=config.newsletter.name)
            asked = Asked(address, name, choice, f"{wording} [{front.language()}]", front.language(), front.asker())
            front.ask("join", asked)
        return make_response(front.page("joined", shown=address.shown))

    @app.get("/confirm/<token>")
    def look_to_confirm(token: str) -> str | Response:
        """Changes nothing: mail scanners open every link."""
        found = front.people.pending(token, "confirm", front.now())
        if found is None:
            return front.refuse("stale", 410)
        return front.page("confirm", found.language, token=token, masked=found.masked)

    @app.post("/confirm/<token>")
    def confirm(token: str) -> str | Response:
        if "confirm" not in request.form:
            abort(400)
        found = front.people.pending(token, "confirm", front.now())
        if found is None:
            return front.refuse("stale", 410)
        front.note("confirm", token)
        return front.page("confirmed", found.language, reader=found.reader)


def languages(front: Front, chosen: str) -> list[tuple[str, str, bool]]:
    """(tag, its own name, whether it is chosen) of each language on offer; [] where there is none to choose."""
    from digest.render.words import language_name, primary

    offered = front.config.site.languages
    if len(offered) < 2:
        return []
    usual = chosen or front.config.newsletter.language
    names = [language_name(tag, tag) for tag in offered]
    return [
        (tag, name[:1].upper() + name[1:], primary(tag) == primary(usual))
        for tag, name in zip(offered, names, strict=True)
    ]
