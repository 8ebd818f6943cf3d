"""The site as a Flask app: its pages, its headers, its errors."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.config import Config
from digest.store.inbox import Inbox, InboxFull, InboxUnwritable, folder_of
from digest.web import pictures
from digest.web.server import BODY_LIMIT, harden
from digest.web.site import archive, asking, choosing, fetching, joining, leaving
from digest.web.site.front import Front, address, filled
from digest.web.site.look import PAGE, stylesheet
from digest.web.site.people import Nobody, Subscribers, token_in

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask, Response

_log = logging.getLogger(__name__)

WEB = Path(__file__).parent.parent
RECEIVED_LIMIT = 64 * 1024 * 1024  # bytes in a receiver's inbox; requests by name may fill half of it
SEALED_LIMIT = 32 * 1024 * 1024  # of requests by name on the newsletter's own machine, where wishes have no bound


def create_site(
    folder: Path,
    config: Config,
    *,
    receiver: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Flask:
    """The site of the newsletter in *folder* as a Flask app.

    receiver: for a machine that has no subscribers. It only takes wishes, into ``inbox/``; the newsletter fetches them.
    Raises ConfigError for a receiver without the newsletter's key, StoreError where the own key cannot be read.
    """
    from flask import Flask

    from digest.dispatch import sealing

    if receiver:
        sealing.check_public(config.site.seal_to)
        inbox = Inbox(folder / "inbox", limit=RECEIVED_LIMIT, own_files=True)
        front = Front(folder, config, inbox, Nobody(), config.site.seal_to, True, now)
    else:
        inbox = Inbox(folder_of(folder), sealed_limit=SEALED_LIMIT)
        front = Front(folder, config, inbox, Subscribers(folder), sealing.public_key(folder), False, now)
    app = Flask("digest.web.site", root_path=str(WEB), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["MAX_FORM_PARTS"] = 100
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(fill=filled, address=address)
    app.extensions["front"] = front
    joining.add(app, front)
    leaving.add(app, front)
    choosing.add(app, front)
    asking.add(app, front)
    if receiver:
        fetching.add(app, front)
    else:
        archive.add(app, front)
        pictures.register(app, folder)
    _add_the_rest(app, front)
    prefix = urlsplit(config.site.url).path.rstrip("/")
    if prefix:
        app.wsgi_app = _Below(app.wsgi_app, prefix)  # type: ignore[method-assign]
    return app


def _add_the_rest(app: Flask, front: Front) -> None:
    from flask import jsonify, make_response, request
    from werkzeug.exceptions import HTTPException

    style = stylesheet(front.config)

    @app.before_request
    def whole() -> Response | None:
        """No page answers a token that was cut short: nothing would come of its “You have left”."""
        if not request.view_args or "token" not in request.view_args:
            return None
        request.view_args["token"] = token = token_in(request.view_args["token"])
        is_readers = (request.endpoint or "") not in {"look_to_confirm", "confirm", "look_to_erase", "erase"}
        return None if token else front.refuse("cut", 404, is_readers=is_readers)

    @app.after_request
    def headers(answer: Response) -> Response:
        answer.headers.setdefault("X-Robots-Tag", "noindex")
        return harden(answer, PAGE)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | HTTPException:
        if error.code is None or error.code < 400:
            return error
        answer = front.refuse("error", error.code, code=error.code)
        for name, value in error.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer

    @app.errorhandler(InboxFull)
    def full(error: InboxFull) -> Response:
        _log.error("%s", error)
        answer = front.refuse("error", 503, code=503)
        answer.headers["Retry-After"] = "3600"
        return answer

    @app.errorhandler(InboxUnwritable)
    def unwritable(error: InboxUnwritable) -> Response:
        _log.error(
            "%s %s failed: %s cannot be written (%s); make room, or let the user that runs `digest serve` write there",
            request.method,
            request.endpoint,
            error.filename,
            error.strerror,
        )
        return front.refuse("error", 500, code=500)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # The route's name, not its address: that holds the reader's token.
        _log.error("%s %s failed", request.method, request.endpoint, exc_info=error)
        return front.refuse("error", 500, code=500)

    @app.get("/health")
    def health() -> Response:
        """ok only while a leave could be written down."""
        ok = _can_note(front.inbox.place)
        return make_response(jsonify(status="ok" if ok else "cannot write to the inbox"), 200 if ok else 503)

    @app.get("/robots.txt")
    def robots() -> Response:
        paths = ("join", "confirm", "leave", "rejoin", "preferences", "data", "erase")
        lines = ["User-agent: *", *(f"Disallow: /{path}" for path in paths), ""]
        return _plain(make_response("\n".join(lines)), "text/plain; charset=utf-8")

    @app.get("/favicon.ico")
    def icon() -> tuple[str, int]:
        """None: a browser asks for it at every page that names none, as an issue's does."""
        return "", 204

    @app.get("/style.css")
    def style_sheet() -> Response:
        answer = _plain(make_response(style), "text/css; charset=utf-8")
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer


def _plain(answer: Response, kind: str) -> Response:
    answer.headers["Content-Type"] = kind
    return answer


def _can_note(place: Path) -> bool:
    while not place.exists() and place != place.parent:
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


class _Below:
    """A WSGI app mounted at *prefix*, whether or not the proxy in front cuts the prefix off."""

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(f"{self._prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(self._prefix)
        environ["SCRIPT_NAME"] = self._prefix
        return self._app(environ, start_response)
