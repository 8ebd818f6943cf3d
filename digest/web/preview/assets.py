"""The files of the page: style sheets, scripts, the mark. They hold nothing of any newsletter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask, Response

FOLDER = Path(__file__).parent.parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def register(app: Flask) -> None:
    """Adds the files to *app*, as ``url_for("static", filename=…)``."""
    from flask import abort, make_response

    files = {
        path.relative_to(FOLDER).as_posix(): path for path in [FOLDER / "mark.svg", *(FOLDER / "preview").iterdir()]
    }

    @app.get("/static/<path:filename>", endpoint="static")
    def static(filename: str) -> Response:
        if filename not in files:
            abort(404)
        answer = make_response(files[filename].read_bytes())
        answer.headers["Content-Type"] = f"{KINDS[files[filename].suffix]}; charset=utf-8"
        return answer
