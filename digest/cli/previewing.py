"""Serving the draft to the editor's own browser, or to all editors' browsers, rebuilt whenever something changed."""

from __future__ import annotations

import re
import secrets
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.cli.common import find_issue, now, say
from digest.cli.sending import alert, mail_test
from digest.errors import ConfigError, DigestError
from digest.text.wording import counted

if TYPE_CHECKING:
    from digest.address import Address
    from digest.model import Editor, Rendered
    from digest.web.preview.app import MailTest
    from digest.week import Project

LOOPBACK = re.compile(r"127\.\d+\.\d+\.\d+|localhost|\[::1\]")


def serve_preview(project: Project, words: str, *, port: int, open_browser: bool, editor: Editor | None = None) -> None:
    """Serves until Ctrl-C; with an *editor* the desk, on which they change the issue. Raises DigestError when there is
    no issue or the port is taken."""
    from digest.web.preview import Workshop, create_preview
    from digest.web.server import serve

    folder, slug = project.folder, find_issue(project, words)
    token = secrets.token_urlsafe(24)
    workshop = Workshop(folder, slug)
    workshop.show()  # the libraries are loaded before the browser asks

    def ready(open_port: int) -> None:
        url = f"http://127.0.0.1:{open_port}/?token={token}"
        say(f"{'Desk for' if editor else 'Preview of'} {slug}: {url}")
        say("It shows what you change as you change it. Ctrl-C ends it; ? shows the keys.")
        if open_browser:
            webbrowser.open(url)

    mailing, tell = _mailing(project)
    app = create_preview(workshop, token=token, mail_test=mailing, editor=editor, tell=tell, now=now)
    serve(app, "127.0.0.1", port, ready=ready)


def serve_desk(project: Project, words: str, *, listen: str) -> None:
    """Serves the desk at *listen* (HOST:PORT) until Ctrl-C, to all who have a link. Raises DigestError where nobody
    has one, or where it would be in the clear."""
    from digest.web.preview import Workshop, create_preview
    from digest.web.server import serve

    host, port = _place(listen)
    address = _address(project, listen, host)
    editors = project.store.editors.all()
    if not editors:
        raise DigestError("nobody could enter: no editor has a link", hint="`digest editors add NAME` gives one")
    slug = find_issue(project, words)
    workshop = Workshop(project.folder, slug)
    workshop.show()

    def ready(_: int) -> None:
        say(f"Desk for {slug}: {address}, for {counted(len(editors), 'editor')}, each by their link. Ctrl-C ends it.")
        if not address.startswith("https://") and not LOOPBACK.fullmatch(host):
            say("It is in the clear: only a network that encrypts by itself, a VPN, may lead to it.")

    mailing, tell = _mailing(project)
    app = create_preview(workshop, mail_test=mailing, address=address, tell=tell, now=now)
    serve(app, host.strip("[]"), port, ready=ready, trusted_proxy=project.config.site.trusted_proxy)


def _place(listen: str) -> tuple[str, int]:
    """(host, port) of HOST:PORT. Raises DigestError."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+):(\d{1,5})", listen)
    if found is None or not 1 <= int(found[2]) <= 65535:
        raise DigestError(f"{listen!r} is no place to listen at", hint="like 127.0.0.1:8100")
    return found[1], int(found[2])


def _address(project: Project, listen: str, host: str) -> str:
    """Where editors open a desk that listens at *listen*. Raises ConfigError where that would be in the clear."""
    if url := project.config.desk.url:
        return url.rstrip("/")
    if not LOOPBACK.fullmatch(host):
        raise ConfigError(
            f"at {listen} the desk would be in the clear: whoever is between could read along, and enter as an editor",
            hint="say in digest.toml where a proxy brings https to it: [desk] url; docs/desk.md shows it",
        )
    return f"http://{listen}"


def _mailing(project: Project) -> tuple[MailTest, Callable[[str], None]]:
    """What mails a test, and what gives the alerts that are due for an issue."""
    from digest.week import open_project

    folder = project.folder

    def mail(rendered: Rendered, address: Address) -> str:
        with open_project(folder) as opened:  # a store is for one thread
            return mail_test(opened, rendered, address)

    def tell(slug: str) -> None:
        with open_project(folder) as opened:
            alert(opened, slug)

    return mail, tell
