"""Leaving: one POST, from a mail program (RFC 8058) or the page's one button; looking changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.render.site_words import site_words

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.web.site.front import Front
    from digest.web.site.people import Someone


def add(app: Flask, front: Front) -> None:
    """The pages to leave, and to come back from a slip."""
    from flask import abort, request

    people = front.people

    def plain(words: str) -> Response:
        return app.response_class(f"{words}\n", content_type="text/plain; charset=utf-8")

    def page(template: str, token: str, who: Someone | None) -> str:
        return front.page(template, who.choice.language if who else "", token=token, masked=who.masked if who else "")

    @app.get("/leave")
    def leave_without_token() -> str:
        return front.page("no_token")

    @app.get("/leave/<token>")
    def ask(token: str) -> str:
        """Changes nothing: mail scanners open every link (RFC 8058, section 1)."""
        return page("leave", token, people.whose(token))

    @app.post("/leave/<token>")
    def leave(token: str) -> str | Response:
        one_click = request.form.get("List-Unsubscribe", "").strip().casefold() == "one-click"
        if not one_click and "leave" not in request.form:
            abort(400)
        who = people.whose(token)
        if who is not None:  # nobody's is dropped: nothing of strangers or of the erased is kept
            front.note("leave", token, "one-click" if one_click else "page")
        if one_click:  # a mail program asks, not a person: a few words do
            return plain(site_words(front.language(who.choice.language if who else ""))["left_title"])
        return page("left", token, who)

    @app.get("/rejoin/<token>")
    def look_back(token: str) -> str:
        return page("leave", token, people.whose(token))

    @app.post("/rejoin/<token>")
    def rejoin(token: str) -> str:
        if "rejoin" not in request.form:
            abort(400)
        who = people.whose(token)
        if who is not None:
            front.note("rejoin", token)
        return page("rejoined", token, who)
