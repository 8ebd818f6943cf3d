"""Issue → Rendered → Letter. `render_issue` makes the mail, `message.Skeleton` addresses it, `check` judges it.

Read view.py (what a template sees), email.py (Jinja2, then premailer once), message.py (bytes for each reader).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from digest.model import Issue, PictureCopy, Rendered, Wish

if TYPE_CHECKING:
    from digest.config import Config
    from digest.render.templates import TemplateLoader

__all__ = ["render_issue"]


def render_issue(
    issue: Issue,
    config: Config,
    *,
    templates: TemplateLoader | None = None,
    variants: Mapping[Wish, Issue] | None = None,
    copies: Mapping[str, PictureCopy] | None = None,
) -> Rendered:
    """*issue* as mail: see `digest.render.email.render_issue`."""
    from digest.render.email import render_issue as render

    return render(issue, config, templates=templates, variants=variants, copies=copies)
