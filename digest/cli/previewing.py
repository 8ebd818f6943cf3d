"""Serving the draft to the editor's own browser, rebuilt whenever something changed."""

from __future__ import annotations

import hashlib
import secrets
import webbrowser
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digest.cli.common import find_issue, say
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.web.preview import Draft
    from digest.week import Project


def serve_preview(project: Project, words: str, *, port: int, open_browser: bool) -> None:
    """Serves until Ctrl-C. Raises DigestError when there is no issue or the port is taken."""
    from digest.web.preview import create_preview
    from digest.web.server import serve

    slug = find_issue(project, words)
    folder = project.folder
    token = secrets.token_urlsafe(24)

    def ready(open_port: int) -> None:
        url = f"http://127.0.0.1:{open_port}/?token={token}"
        say(f"Preview of {slug}: {url}")
        say("It shows your edits as you make them. Ctrl-C ends it.")
        if open_browser:
            webbrowser.open(url)

    serve(create_preview(lambda: _draft(folder, slug), token=token), "127.0.0.1", port, ready=ready)


def _draft(folder: Path, slug: str) -> Draft:
    """The draft as it is now: of a draft the edits and templates are applied afresh."""
    return _build(folder, slug, _stamp(folder))


def _stamp(folder: Path) -> str:
    """Changes when anything the draft is made of changes."""
    parts = []
    for path in [
        folder / "digest.toml",
        *sorted(folder.glob("subscribers.db*")),
        *sorted((folder / "templates").rglob("*")),
    ]:
        if path.is_file() and not path.name.endswith("-shm"):
            stat = path.stat()
            parts.append(f"{path.name}:{stat.st_mtime_ns}:{stat.st_size}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _build(folder: Path, slug: str, stamp: str) -> Draft:
    from digest.web.preview import Draft
    from digest.week import Window, build_draft, findings, open_project

    with open_project(folder) as project:
        store = project.store
        known = store.issues.get(slug)
        if known is None:
            raise DigestError(f"{slug} is gone", hint="`digest weekly` makes it again")
        picks = store.issues.picks(slug)
        issue, rendered = store.issues.issue(slug), store.issues.rendered(slug)
        if known.state == "draft":
            fresh = build_draft(project, Window(slug, known.since, known.until), slug)
            if fresh is not None:
                issue, rendered, picks = fresh.issue, fresh.rendered, fresh.picks
        return Draft(
            issue=issue,
            rendered=rendered,
            near_misses=tuple(p for p in picks if p.lost),
            findings=tuple(findings(project, slug, issue=issue, rendered=rendered)),
            stamp=f"{stamp}-{rendered.fingerprint[:8]}",
            from_line=str(project.config.newsletter.sender),
            zone=project.config.zone,
            waiting=store.ledger.counts(slug).get("waiting", 0),
            left_out=tuple(store.ledger.excluded(slug)),
        )
