"""Leaving: one POST, from a mail program (RFC 8058) or the page's one button; looking changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from digest.render.site_words import site_words
from digest.store.inbox import InboxEvent
from digest.web.server import harden
from digest.web.site.look import PAGE
from digest.web.site.people import Someone

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask, Response

    from digest.web.site.front import Front


def add(app: Flask, front: Front) -> None:
    """The pages to leave, and to come back from a slip."""
    from flask import abort, request

    people = front.people

    def plain(words: str) -> Response:
        return app.response_class(f"{words}\n", content_type="text/plain; charset=utf-8")

    def page(template: str, token: str, who: Someone | None) -> str:
        who = who or Someone(token)
        return front.page(template, who.choice.language, token=token, masked=who.masked, block=who.block)

    app.wsgi_app = OneClick(app.wsgi_app, front, plain)  # type: ignore[method-assign]

    @app.get("/leave")
    def leave_without_token() -> str:
        return front.page("no_token", is_leaving=True)

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
            return plain(site_words(front.language())["left_title"])
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


class OneClick:
    """RFC 8058's POST as mailbox providers send it, answered before Flask: half the work, for those who send many at
    once. Everything else, and whatever goes wrong, goes on to the pages, which answer it alike."""

    BODY = b"List-Unsubscribe=One-Click"
    PATH = re.compile(r"/leave/([0-9a-f]{32})")

    def __init__(self, app: WSGIApplication, front: Front, answer: Callable[[str], Response]) -> None:
        self._app, self._front, self._answer = app, front, answer
        self._done: tuple[bytes, list[tuple[str, str]]] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        token = self.PATH.fullmatch(environ.get("PATH_INFO", ""))
        if (
            token is None
            or environ["REQUEST_METHOD"] != "POST"
            or environ.get("CONTENT_LENGTH") != str(len(self.BODY))
            or environ.get("CONTENT_TYPE", "").partition(";")[0] != "application/x-www-form-urlencoded"
        ):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(len(self.BODY))
        if body == self.BODY and self._take(token[1], environ.get("REMOTE_ADDR")):
            words, headers = self._what_is_said()
            start_response("200 OK", headers)
            return [words]
        environ["wsgi.input"] = BytesIO(body)
        return self._app(environ, start_response)

    def _take(self, token: str, remote: str | None) -> bool:
        """Whether the wish is on disk, or nobody's."""
        front = self._front
        if not front.people.knows(token):
            return True
        if not front.may_note(token, remote):
            return False
        try:
            front.inbox.append(InboxEvent(front.now(), "leave", token, "one-click"))
        except OSError:  # said by the page
            return False
        return True

    def _what_is_said(self) -> tuple[bytes, list[tuple[str, str]]]:
        if self._done is None:
            words = site_words(self._front.language())["left_title"]
            answer = harden(self._answer(words), PAGE)
            answer.headers["X-Robots-Tag"] = "noindex"
            self._done = answer.get_data(), list(answer.headers.items())
        return self._done
