"""The copies of pictures on the newsletter's own site, for mails that do not carry them: `/pictures/HASH.jpg`.

The name follows from the bytes, so an answer never changes and is the same for every reader: the address tells nothing
of who asks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from digest.web.server import policy

if TYPE_CHECKING:
    from flask import Flask, Response

_NAME = re.compile(r"(?P<hash>[0-9a-f]{64})\.(?:jpg|png)")
_YEAR_S = 31_536_000


def register(app: Flask, folder: Path) -> None:
    """Adds the pictures of the newsletter in *folder* to *app*."""
    from flask import abort, make_response, request

    from digest.store import open_store

    @app.get("/pictures/<name>")
    def picture(name: str) -> Response:
        found = _NAME.fullmatch(name)
        if found is None:
            abort(404)
        with open_store(folder) as store:
            copy = store.pictures.get(found["hash"])
        if copy is None or copy.name != name:
            abort(404)
        answer = make_response(copy.data)
        answer.headers["Content-Type"] = copy.media_type
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
        answer.headers["Content-Security-Policy"] = policy({})
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # webmail shows it on another site
        answer.set_etag(copy.hash)
        answer.make_conditional(request)
        return answer
