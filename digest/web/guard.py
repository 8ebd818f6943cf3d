"""Who may speak to a desk on this machine: the editor's own browser, by a key made new at every start.

Four walls, each of them enough: the port is bound to 127.0.0.1; a foreign Host is refused, for a foreign name may
resolve to this machine (DNS rebinding); the key lives in a strict cookie; what changes something also carries a word
that no other site can read. The door that other editors enter by is in `entrance.py`.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from digest.model import Editor, Right

if TYPE_CHECKING:
    from flask import Flask, Response

CSRF = "csrf"
"""The form field that proves a POST came from our own page."""


def csrf_word(token: str) -> str:
    """What a form of ours carries; from it the token cannot be guessed."""
    return hmac.new(token.encode(), b"csrf", sha256).hexdigest()


def csrf_now() -> str:
    """The same for who asks."""
    from flask import g

    return str(g.csrf)


def home_now() -> str:
    """Where who asks has the desk: ``https://desk.example.org/``."""
    from flask import g

    return str(g.home)


def editor_now() -> Editor | None:
    """Who asks; None where nobody may change anything."""
    from flask import g

    found: Editor | None = g.get("editor")
    return found


def may(right: Right) -> bool:
    """Whether who asks has that *right*."""
    editor = editor_now()
    return editor is not None and right in editor.rights


def may_not(right: Right) -> bool:
    """Whether who asks is an editor without that *right*. A preview has no editor: who looks owns the folder."""
    return editor_now() is not None and not may(right)


def guard(app: Flask, token: str, *, open_to_all: frozenset[str], editor: Editor | None = None) -> None:
    """Lets nobody near *app* but who opened ``/?token=…`` once: they are *editor*.

    *open_to_all* are the endpoints that hold nothing of the newsletter: style sheets, and pages a link out of the
    sandboxed mail opens.
    """
    from flask import g, make_response, render_template, request

    # Cookies know no ports: the name keeps two previews on one machine apart.
    cookie = "digest-preview-" + sha256(token.encode()).hexdigest()[:8]

    def is_token(given: str) -> bool:
        return hmac.compare_digest(given.encode(), token.encode())

    @app.before_request
    def let_in() -> Response | None:
        if not is_local(request.headers.get("Host", ""), str(request.environ.get("SERVER_PORT", ""))):
            return make_response(render_template("preview/closed.html", reason="host"), 400)
        if request.endpoint in open_to_all:
            return None
        if request.path == "/" and request.method == "GET" and is_token(request.args.get("token", "")):
            # A page, not a redirect: a Strict cookie is not sent along a redirect that began on another site.
            answer = make_response(render_template("preview/door.html"))
            answer.set_cookie(cookie, token, httponly=True, samesite="Strict", path="/")
            return answer
        if not is_token(request.cookies.get(cookie, "")):
            return make_response(render_template("preview/closed.html", reason="token"), 403)
        if request.method not in {"GET", "HEAD"} and not is_ours(token, request.host_url):
            return make_response(render_template("preview/closed.html", reason="form"), 403)
        g.editor, g.csrf, g.home = editor, csrf_word(token), request.host_url
        return None


def is_ours(token: str, home: str) -> bool:
    """Whether a page of ours, at *home*, sent this form."""
    from flask import request

    origin = request.headers.get("Origin", "")
    given = request.form.get(CSRF, "")
    return origin in {"", home.rstrip("/")} and hmac.compare_digest(given.encode(), csrf_word(token).encode())


def is_local(host: str, port: str) -> bool:
    """True for this machine's own names with the port this server listens on."""
    match = re.fullmatch(r"(127\.0\.0\.1|localhost)(?::(\d+))?", host.lower())
    return match is not None and (match[2] or "80") == port
