"""What is held about a person, and erasing it (GDPR 15 and 17): asked by address, answered by mail, to that address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digest.store.inbox import SealedKind
from digest.store.notices import Asked
from digest.web.site.forms import is_fresh, make_stamp, read_address
from digest.web.site.joining import TRAP

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.web.site.front import Front


def add(app: Flask, front: Front) -> None:
    """The page that asks, and the one behind the erasing mail's link."""
    from flask import abort, make_response, request

    def form(**values: Any) -> str:
        stamp = make_stamp(front.secret, front.now().timestamp())
        return front.page("data", **{"typed": "", "faults": (), "stamp": stamp, **values})

    @app.get("/data")
    def data() -> str:
        return form()

    @app.post("/data")
    def ask_for_data() -> Response:
        kind: SealedKind = "forget" if "erase" in request.form else "hold"
        if kind == "hold" and "show" not in request.form:
            abort(400)
        raw = request.form.get("address", "")
        address = read_address(raw)
        fresh = is_fresh(request.form.get("stamp", ""), front.secret, front.now().timestamp())
        if address is None or not fresh:
            faults = ("wrong_address",) if address is None else ("again",)
            return make_response(form(typed=raw[:320], faults=faults), 400)
        if front.is_too_often():
            abort(429)
        if not request.form.get(TRAP):
            front.ask(kind, Asked(address, page=front.language()))
        return make_response(front.page("asked", shown=address.shown))

    @app.get("/erase/<token>")
    def look_to_erase(token: str) -> str | Response:
        """Changes nothing: mail scanners open every link."""
        found = front.people.pending(token, "erase", front.now())
        if found is None:
            return front.refuse("stale", 410)
        return front.page("erase", found.language, token=token, masked=found.masked)

    @app.post("/erase/<token>")
    def erase(token: str) -> str | Response:
        if "erase" not in request.form:
            abort(400)
        found = front.people.pending(token, "erase", front.now())
        if found is None:
            return front.refuse("stale", 410)
        front.note("erase", token)
        return front.page("erased", found.language)
