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
from digest.web.guard import csrf_word, guard
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


def create_preview(
    workshop: Workshop,
    *,
    token: str,
    mail_test: MailTest | None = None,
    editor: Editor | None = None,
    now: Callable[[], datetime] = _clock,
) -> Flask:
    """The preview of *workshop*'s issue. It opens at ``/?token=…`` and answers no one else.

    Without *mail_test* no test can be mailed from it. With an *editor* it is the desk: the issue is changed in their
    name, as far as their rights go.
    """
    from flask import Flask, render_template

    from digest.web.preview import adding, api, assets, changes, pages

    app = Flask("digest.web.preview", root_path=str(Path(__file__).parent.parent), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 16 * 1024
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(number=lambda value: f"{value:,}", with_code=with_code, headline=headline)
    adding.make_room(app)
    guard(app, token, open_to_all=frozenset({"static", "stand_in"}), editor=editor)

    @app.after_request
    def headers(answer: Response) -> Response:
        return harden(answer, _APP)

    @app.errorhandler(DigestError)
    def broken(error: DigestError) -> tuple[str, int]:
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

    pages.register(app, workshop, now=now, csrf=csrf_word(token), may_test=mail_test is not None)
    assets.register(app)
    api.register(app, workshop, mail_test=mail_test)
    if editor is not None:
        changes.register(app, workshop, now=now)
        adding.register(app, workshop, now=now)
    return app


def with_code(words: str) -> Markup:
    """*words*, escaped, a command between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))


def with_variant_first(rendered: Rendered, key: str) -> Rendered:
    """*rendered* with that variant before the others: a test mails the first one."""
    return replace(rendered, variants=tuple(sorted(rendered.variants, key=lambda v: v.key != key)))
