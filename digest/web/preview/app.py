"""The preview as a Flask app: pages, api and files behind one door, every answer hardened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from digest.address import Address
from digest.errors import DigestError
from digest.model import Editor, Rendered
from digest.render.printable import headline
from digest.web.entrance import guard_by_links
from digest.web.guard import guard
from digest.web.preview.draft import Workshop
from digest.web.server import harden, policy

if TYPE_CHECKING:
    from flask import Flask, Response

MailTest = Callable[[Rendered, Address], str]
"""Mails a test to one address and says what became of it; raises DigestError where it was not taken."""

_APP = policy(
    {
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)


def _clock() -> datetime:
    return datetime.now(UTC)


def _nobody(_: str) -> None:
    """Tells nobody."""


def create_preview(
    workshop: Workshop,
    *,
    token: str = "",
    mail_test: MailTest | None = None,
    editor: Editor | None = None,
    address: str = "",
    tell: Callable[[str], None] = _nobody,
    now: Callable[[], datetime] = _clock,
) -> Flask:
    """The preview of *workshop*'s issue. It opens at ``/?token=…`` and answers no one else.

    Without *mail_test* no test can be mailed from it. With an *editor* it is the desk: the issue is changed, approved
    and sent in their name, as far as their rights go; *tell* gives the alerts that are due for an issue. With an
    *address*, in place of *token* and *editor*, it is the desk of all who were given a link (see `entrance.py`).
    """
    from flask import Flask, g, render_template, request

    from digest.web.preview import adding, api, assets, changes, correcting, pages, sending

    app = Flask("digest.web.preview", root_path=str(Path(__file__).parent.parent), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024  # the longest text twice, each sign of it %F0%9F%93%B0
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(number=lambda value: f"{value:,}", with_code=with_code, headline=headline)
    open_to_all = frozenset({"static", "stand_in"})
    adding.make_room(app)
    if address:
        guard_by_links(app, workshop.folder, address, open_to_all=open_to_all, now=now)
    else:
        guard(app, token, open_to_all=open_to_all, editor=editor)

    @app.after_request
    def headers(answer: Response) -> Response:
        if request.endpoint == "desk" and g.get("editor"):  # by no-referrer its forms come with `Origin: null`
            answer.headers.setdefault("Referrer-Policy", "same-origin")
        return harden(answer, _APP)

    @app.errorhandler(DigestError)
    def broken(error: DigestError) -> tuple[str, int]:
        if "csrf" not in g:  # nobody who was let in: what is wrong with the folder is none of theirs
            app.logger.error("%s", error)
            return render_template("preview/closed.html", reason="trouble"), 503
        return render_template("preview/broken.html", fault=error, said=str(error), stamp=workshop.show().stamp), 200

    @app.errorhandler(500)
    def fault(_: Exception) -> tuple[str, int]:
        """A bug: Flask has written its traceback to the terminal."""
        said = "The program has a fault. The terminal shows where."
        return render_template("preview/broken.html", fault=None, said=said, stamp=workshop.show().stamp), 500

    @app.errorhandler(404)
    @app.errorhandler(405)
    def missing(error: Exception) -> tuple[str, int]:
        return render_template("preview/closed.html", reason="missing"), getattr(error, "code", 404)

    pages.register(app, workshop, now=now, may_test=mail_test is not None)
    assets.register(app)
    api.register(app, workshop, mail_test=mail_test, now=now)
    if editor is not None or address:
        changes.register(app, workshop, now=now)
        adding.register(app, workshop, now=now)
        sending.register(app, workshop, now=now, tell=tell)
        correcting.register(app, workshop, now=now)
    return app


def with_code(words: str) -> Markup:
    """*words*, escaped, a command between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))


def with_variant_first(rendered: Rendered, key: str) -> Rendered:
    """*rendered* with that variant before the others: a test mails the first one."""
    return replace(rendered, variants=tuple(sorted(rendered.variants, key=lambda v: v.key != key)))
