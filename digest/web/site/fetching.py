"""How a newsletter fetches what its receiver took: the inbox's files, from a byte on, and then gone.

Only with the secret both know. Nothing here can be read by whoever has it but tokens and sealed texts.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING

from digest.dispatch.pulling import SECRET
from digest.store.inbox import PIECE, files_in, remove, whole_lines

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.web.site.front import Front

SHORTEST = 16  # characters


def add(app: Flask, front: Front) -> None:
    """The inbox's files, for the newsletter alone."""
    from flask import abort, jsonify, make_response, request

    secret = os.environ.get(SECRET, "")
    place = front.inbox.place

    def let_in() -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if len(secret) < SHORTEST or not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            abort(404)  # to a stranger there is nothing here

    @app.get("/inbox")
    def listed() -> Response:
        let_in()
        return jsonify(files=[{"name": name, "size": size} for name, size in sorted(files_in(place).items())])

    @app.get("/inbox/<name>")
    def piece(name: str) -> Response:
        let_in()
        if name not in files_in(place):
            abort(404)
        data = whole_lines(place / name, max(0, request.args.get("from", 0, type=int)))[:PIECE]
        answer = make_response(data[: data.rfind(b"\n") + 1])
        answer.headers["Content-Type"] = "application/octet-stream"
        return answer

    @app.delete("/inbox/<name>")
    def fetched(name: str) -> Response:
        """Gone if it holds no more than was fetched; 409 when it does."""
        let_in()
        if name not in files_in(place):
            abort(404)
        gone = remove(place / name, request.args.get("size", -1, type=int))
        return make_response("", 204 if gone else 409)
