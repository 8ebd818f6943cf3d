"""The subscriber's few pages: leave with one click, see an issue in the browser. `digest serve`.

Writes nothing but lines in var/inbox; the sender merges them. No script, no cookie, no log of who came: the token
in the address is all there is, and an unknown one gets the same answers as a known one.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from digest.address import Address
from digest.config import Config
from digest.errors import StoreError
from digest.model import LOCKED_STATES, Variant
from digest.web import pictures
from digest.web.server import BODY_LIMIT, harden, policy

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask, Response

_log = logging.getLogger(__name__)

_PAGE = policy(
    {
        "style-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)
_ISSUE = policy(
    {
        "img-src": "https: data:",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)
_TOKEN = re.compile(r"[0-9a-f]{32}")


def create_site(folder: Path, config: Config) -> Flask:
    """The site of the newsletter in *folder* as a Flask app."""
    from flask import Flask, abort, jsonify, make_response, render_template, request
    from werkzeug.exceptions import HTTPException

    from digest.render.message import preview_html
    from digest.render.reader import own_words

    app = Flask("digest.web.site", root_path=str(Path(__file__).parent), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["MAX_FORM_PARTS"] = 20
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    prefix = urlsplit(config.site.url).path.rstrip("/")
    if prefix:
        app.wsgi_app = _Below(app.wsgi_app, prefix)  # type: ignore[method-assign]
    style = _stylesheet(config)
    language = config.newsletter.language if config.newsletter.language.startswith("en") else "en"

    @app.context_processor
    def everywhere() -> dict[str, object]:
        return {
            "newsletter": config.newsletter,
            "reply_to": config.reply_to.address,
            "language": language,
            "accent": config.theme.accent,
        }

    @app.after_request
    def headers(answer: Response) -> Response:
        answer.headers.setdefault("X-Robots-Tag", "noindex")
        return harden(answer, _PAGE)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[str, int] | HTTPException:
        if error.code is None or error.code < 400:
            return error
        return render_template("site/error.html", code=error.code), error.code

    @app.errorhandler(Exception)
    def failed(error: Exception) -> tuple[str, int]:
        # The route's name, not its address: that holds the reader's token.
        _log.error("%s %s failed", request.method, request.endpoint, exc_info=error)
        return render_template("site/error.html", code=500), 500

    def whose(token: str) -> str:
        who = _look_up(folder, token)
        return who.masked if who else ""

    @app.get("/")
    def home() -> str:
        return render_template("site/home.html")

    @app.get("/leave")
    def leave_without_token() -> str:
        return render_template("site/no_token.html")

    @app.get("/leave/<token>")
    def ask(token: str) -> str:
        """Changes nothing: mail scanners open every link (RFC 8058, section 1)."""
        return render_template("site/leave.html", token=token, masked=whose(token))

    @app.post("/leave/<token>")
    def leave(token: str) -> str:
        one_click = request.form.get("List-Unsubscribe", "").strip().casefold() == "one-click"
        if not one_click and "leave" not in request.form:
            abort(400)
        who = _look_up(folder, token)
        _note(folder, who, "leave", "one-click" if one_click else "page")
        return render_template("site/left.html", token=token, masked=who.masked if who else "")

    @app.post("/rejoin/<token>")
    def rejoin(token: str) -> str:
        if "rejoin" not in request.form:
            abort(400)
        who = _look_up(folder, token)
        _note(folder, who, "rejoin", "page")
        return render_template("site/rejoined.html", token=token, masked=who.masked if who else "")

    @app.get("/preferences/<token>")
    def preferences(token: str) -> str:
        return render_template("site/preferences.html", token=token, masked=whose(token))

    @app.get("/issues")
    def issues() -> str:
        """The archive that List-Archive names: every issue readers have, newest first."""
        return render_template("site/issues.html", issues=_archive(folder))

    @app.get("/issues/<slug>")
    @app.get("/issues/<slug>/<key>")
    def issue(slug: str, key: str = "") -> Response:
        variant = _published(folder, slug, key)
        if variant is None:
            abort(404)
        # For anyone's eyes: no address, no token.
        base = config.site.url.rstrip("/") or request.url_root.rstrip("/")
        leave = f"{base}/leave"
        fields = {"LEAVE": leave, "PREFS": leave}
        fields |= own_words(config, variant.language, email="your address")
        answer = make_response(preview_html(variant, fields))
        answer.headers["Content-Security-Policy"] = _ISSUE
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    @app.get("/health")
    def health() -> Response:
        """ok only while a leave could be written down."""
        ok = _can_note(folder)
        return make_response(jsonify(status="ok" if ok else "cannot write to var/inbox"), 200 if ok else 503)

    pictures.register(app, folder)

    @app.get("/robots.txt")
    def robots() -> Response:
        lines = ["User-agent: *", *(f"Disallow: /{path}/" for path in ("leave", "rejoin", "preferences")), ""]
        return _plain(make_response("\n".join(lines)), "text/plain; charset=utf-8")

    @app.get("/style.css")
    def stylesheet() -> Response:
        answer = _plain(make_response(style), "text/css; charset=utf-8")
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer

    return app


def _plain(answer: Response, kind: str) -> Response:
    answer.headers["Content-Type"] = kind
    return answer


# ------------------------------------------------------------------------------------------------ the folder


@dataclass(frozen=True)
class Someone:
    """Whom a token may belong to."""

    token: str
    masked: str = ""  # '' for nobody, and while the store cannot be read


def _look_up(folder: Path, token: str) -> Someone | None:
    """Whose token it is; None for nobody's. Leaving must not wait for a store that cannot be read."""
    from digest.store import DatabaseError, open_store

    if not _TOKEN.fullmatch(token):
        return None
    try:
        with open_store(folder) as store:
            subscriber = store.subscribers.by_token(token)
    except (StoreError, DatabaseError) as error:
        _log.warning("the store cannot be read: %s", error)
        return Someone(token)
    return Someone(token, _masked(subscriber.address)) if subscriber else None


def _note(
    folder: Path, who: Someone | None, kind: Literal["leave", "rejoin"], how: Literal["one-click", "page"]
) -> None:
    """Write the wish down, on disk before this returns. Nobody's is dropped: nothing of strangers or of the erased
    is kept."""
    from digest.store import inbox

    if who is not None:
        inbox.append(folder, {"at": datetime.now(UTC).isoformat(), "kind": kind, "token": who.token, "how": how})


def _can_note(folder: Path) -> bool:
    place = folder / "var" / "inbox"
    while not place.exists() and place != folder:
        place = place.parent
    return os.access(place, os.W_OK | os.X_OK)


def _published(folder: Path, slug: str, key: str) -> Variant | None:
    """The variant as it was approved; None for no such issue, or one nobody has approved yet."""
    from digest.store import open_store

    with open_store(folder) as store:
        stored = store.issues.get(slug)
        if stored is None or stored.state not in LOCKED_STATES:
            return None
        return next((v for v in store.issues.rendered(slug).variants if v.key == key), None)


def _archive(folder: Path) -> list[tuple[str, str, str]]:
    """(slug, subject, language) of every issue that began to leave, newest first."""
    from digest.store import open_store

    with open_store(folder) as store:
        left = [known.slug for known in store.issues.all() if known.state in ("sending", "paused", "sent")]
        variants = [(slug, store.issues.rendered(slug).variants[0]) for slug in reversed(left)]
    return [(slug, variant.subject, variant.language) for slug, variant in variants]


# ------------------------------------------------------------------------------------------------ the look


def _masked(address: Address) -> str:
    """``m•••@example.org``: enough to know oneself by, too little to write to."""
    return f"{address.local[:1]}•••@{address.domain}"


def _stylesheet(config: Config) -> str:
    """The site's style in the mail's colors."""
    from digest.render.theme import palette

    colors = palette(config.theme)
    text = (Path(__file__).parent / "static" / "site.css").read_text(encoding="utf-8")
    return (
        f":root{{--accent:{colors.accent};--button:{colors.accent}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{colors.accent_dark};--button:{colors.button_dark}}}}}\n"
        f"{text}"
    )


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
