"""The door that other editors enter the desk by: a personal link, from wherever a proxy or a tunnel brings them.

The key of a link stands behind its ``#``: no browser sends that to a server, so no log and no Referer holds it. The
page at /enter posts it once and takes it out of the address. It opens a session: a random word in a strict cookie that
only this process knows. It is over after SILENCE, and as soon as the editor is removed or has a new link.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.store import Store, open_store
from digest.store.editors import KnownEditor
from digest.web.guard import csrf_word, is_ours
from digest.web.limits import Limit, network_of

if TYPE_CHECKING:
    from flask import Flask, Response

SILENCE = timedelta(hours=12)
"""Without a change and without a page opened: what an open page fetches by itself is none of a person's doing."""
SEEN_EVERY = timedelta(minutes=10)
PORTS: Mapping[str, int] = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Session:
    editor: int  # their number
    key_hash: str  # of the link they entered by
    used_at: datetime


@dataclass
class Sessions:
    """Who is in, by the hash of the word in their cookie; in memory, so that a new start asks everybody to enter."""

    _all: dict[bytes, Session] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def begin(self, known: KnownEditor, at: datetime) -> str:
        """The word of a new session."""
        word = secrets.token_urlsafe(32)
        with self._lock:
            self._all = {name: one for name, one in self._all.items() if at - one.used_at < SILENCE}
            self._all[_name(word)] = Session(known.id, known.key_hash, at)
        return word

    def known(self, word: str) -> Session | None:
        """None: no session, or one that has ended."""
        with self._lock:
            return self._all.get(_name(word))

    def used(self, word: str, session: Session, store: Store, at: datetime, *, by_itself: bool) -> KnownEditor | None:
        """Whose *session* that is; None: it is over. Unless the page asks *by_itself* it lasts on."""
        name, known = _name(word), store.editors.get(session.editor)
        if at - session.used_at >= SILENCE or known is None or known.key_hash != session.key_hash:
            self.end(word)
            return None
        if not by_itself:
            with self._lock:
                if name in self._all:
                    self._all[name] = Session(session.editor, session.key_hash, at)
        return known

    def end(self, word: str) -> None:
        with self._lock:
            self._all.pop(_name(word), None)


def _name(word: str) -> bytes:
    return sha256(word.encode("utf-8", "surrogatepass")).digest()


def guard_by_links(
    app: Flask, folder: Path, address: str, *, open_to_all: frozenset[str], now: Callable[[], datetime]
) -> None:
    """Lets nobody near *app* but the editors of the newsletter in *folder*, each by their link.

    address: where they open it, ``https://desk.example.org``; under another name nothing answers, for a foreign one
    may resolve to this machine (DNS rebinding). *open_to_all* as in `guard`.
    """
    from flask import g, make_response, redirect, render_template, request

    scheme = urlsplit(address).scheme
    # A browser takes __Host- only over https and for this very host: no neighboring site can plant one.
    cookie = "__Host-digest-desk" if scheme == "https" else f"digest-desk-{urlsplit(address).port or PORTS[scheme]}"
    sessions = Sessions()
    tries = Limit(burst=20, per_hour=60)

    def is_by_itself() -> bool:
        # Of what it fetches into a page a browser says so, but not over http from another machine.
        is_fetched = request.headers.get("Sec-Fetch-Dest", "document") != "document"
        return request.method in {"GET", "HEAD"} and (is_fetched or request.endpoint == "changes")

    def closed(reason: str, code: int) -> Response:
        return make_response(render_template("preview/closed.html", reason=reason), code)

    @app.before_request
    def let_in() -> Response | None:
        if not is_at(address, request.headers.get("Host", "")):
            return closed("elsewhere", 400)
        g.home = f"{scheme}://{request.headers['Host'].lower()}/"
        if request.endpoint in open_to_all | {"enter", "let_enter"}:
            return None
        word, at = request.cookies.get(cookie, ""), now()
        session = sessions.known(word)
        if session is None:
            return closed("link", 403)
        with open_store(folder) as store:
            by_itself = is_by_itself()
            known = sessions.used(word, session, store, at, by_itself=by_itself)
            if known is None:
                return closed("link", 403)
            if not by_itself and (known.seen_at is None or at - known.seen_at >= SEEN_EVERY):
                store.editors.saw(known.id, at)
        if request.method not in {"GET", "HEAD"} and not is_ours(word, g.home):
            return closed("form", 403)
        g.editor, g.csrf, g.can_leave = known.editor, csrf_word(word), True
        return None

    @app.get("/enter")
    def enter() -> Response:
        """The page that a personal link opens."""
        return entering("", 200)

    @app.post("/enter")
    def let_enter() -> Response:
        """Takes the key of a link, and nothing that another site sends."""
        if request.headers.get("Origin") != g.home.rstrip("/"):
            return closed("form", 403)
        if not tries.allows(network_of(request.remote_addr), now().timestamp()):
            answer = entering("That was tried too often from your network. Wait a few minutes.", 429)
            answer.headers["Retry-After"] = "300"
            return answer
        with open_store(folder) as store:
            known = store.editors.with_key(request.form.get("key", "").strip())
            if known is None:
                return entering("That key opens nothing (any more). Who runs the newsletter gives another.", 403)
            store.editors.saw(known.id, now())
        answer = make_response(redirect("/", 303))
        word = sessions.begin(known, now())
        answer.set_cookie(cookie, word, httponly=True, samesite="Strict", path="/", secure=scheme == "https")
        return answer

    @app.post("/sign-out")
    def sign_out() -> Response:
        sessions.end(request.cookies.get(cookie, ""))
        answer = closed("out", 200)
        answer.delete_cookie(cookie, httponly=True, samesite="Strict", path="/", secure=scheme == "https")
        return answer

    def entering(fault: str, code: int) -> Response:
        answer = make_response(render_template("preview/enter.html", fault=fault), code)
        # By no-referrer a browser would send the form with `Origin: null`. What stands behind # is in no Referer.
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer


def is_at(address: str, host: str) -> bool:
    """Whether the Host header *host* names *address*; for this machine's own names each stands for the other."""
    there = urlsplit(address.lower())
    try:
        given = urlsplit(f"//{host.lower()}")
        ports = there.port or PORTS[there.scheme], given.port or PORTS[there.scheme]
    except ValueError:
        return False
    names = OWN_NAMES if there.hostname in OWN_NAMES else {there.hostname}
    return given.netloc == host.lower() and "@" not in host and given.hostname in names and ports[0] == ports[1]


OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
"""Of this machine, as a browser on it, or at the end of a tunnel to it, calls it."""
