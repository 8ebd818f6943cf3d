"""What a reader gets: sections, language, length, a pause. Behind the token of their letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.store.inbox import Choice
from digest.web.site.forms import read_choice
from digest.web.site.joining import languages
from digest.web.site.people import Someone, tomorrow

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.web.site.front import Front


def add(app: Flask, front: Front) -> None:
    """The page of preferences."""
    from flask import abort, make_response, request

    config = front.config

    def form(
        token: str, who: Someone | None, choice: Choice, *, faults: tuple[str, ...] = (), is_saved: bool = False
    ) -> str:
        first = tomorrow(front.now())
        return front.page(
            "preferences",
            choice.language,
            token=token,
            masked=who.masked if who else "",
            has_left=who.has_left if who else False,
            block=who.block if who else "",
            choice=choice,
            faults=faults,
            is_saved=is_saved,
            sections=[(s.name, not choice.topics or s.name in choice.topics) for s in config.sections],
            languages=languages(front, choice.language),
            first=first.isoformat(),
            last=first.replace(day=1, year=first.year + 2).isoformat(),
        )

    @app.get("/preferences")
    def preferences_without_token() -> str:
        return front.page("no_token", is_leaving=False)

    @app.get("/preferences/<token>")
    def preferences(token: str) -> str:
        who = front.people.whose(token)
        return form(token, who, who.choice if who else Choice())

    @app.post("/preferences/<token>")
    def choose(token: str) -> Response:
        if "save" not in request.form:
            abort(400)
        choice, faults = read_choice(request.form, request.form.getlist("topics"), config, first=tomorrow(front.now()))
        who = front.people.whose(token)
        if faults:
            return make_response(form(token, who, choice, faults=faults), 400)
        if who is not None:
            front.note("choose", token, choice=choice)
        return make_response(form(token, who, choice, is_saved=True))
