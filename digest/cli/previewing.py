"""Serving the draft to the editor's own browser, rebuilt whenever something changed."""

from __future__ import annotations

import secrets
import webbrowser
from typing import TYPE_CHECKING

from digest.cli.common import find_issue, now, say
from digest.cli.sending import mail_test

if TYPE_CHECKING:
    from digest.address import Address
    from digest.model import Editor, Rendered
    from digest.week import Project


def serve_preview(project: Project, words: str, *, port: int, open_browser: bool, editor: Editor | None = None) -> None:
    """Serves until Ctrl-C; with an *editor* the desk, on which they change the issue. Raises DigestError when there is
    no issue or the port is taken."""
    from digest.web.preview import Workshop, create_preview
    from digest.web.server import serve
    from digest.week import open_project

    folder, slug = project.folder, find_issue(project, words)
    token = secrets.token_urlsafe(24)
    workshop = Workshop(folder, slug)
    workshop.show()  # the libraries are loaded before the browser asks

    def mail(rendered: Rendered, address: Address) -> str:
        with open_project(folder) as opened:  # a store is for one thread
            return mail_test(opened, rendered, address)

    def ready(open_port: int) -> None:
        url = f"http://127.0.0.1:{open_port}/?token={token}"
        say(f"{'Desk for' if editor else 'Preview of'} {slug}: {url}")
        say("It shows what you change as you change it. Ctrl-C ends it; ? shows the keys.")
        if open_browser:
            webbrowser.open(url)

    serve(create_preview(workshop, token=token, mail_test=mail, editor=editor, now=now), "127.0.0.1", port, ready=ready)
