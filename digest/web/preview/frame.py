"""The mail in its frame: as a reader with other colors, no style sheets or no pictures sees it, and inert.

A feed's text is hostile. The frame runs no script (sandbox and policy), sends no form, loads nothing but what its
policy names, and its links open elsewhere.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from digest.web.server import policy

SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""No scripts, no forms, no way out but a link in a new tab. Same origin, so that the page around it can keep the
place where the editor reads: safe because nothing in the frame runs."""

_FRAME = {"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'self'", "sandbox": SANDBOX}
PAGE_IN_FRAME = policy({"style-src": "'self'", "img-src": "'self'", **_FRAME})


def mail_policy(pictures: str, site: str) -> str:
    """The policy of the framed mail. Pictures on: those inside the mail, and from the newsletter's own *site* (its
    URL, '' for none); never another host's, which would learn that somebody looks."""
    parts = urlsplit(site)
    own = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return policy(
        {"img-src": f"data:{own}" if pictures == "on" else "'none'", "style-src": "'unsafe-inline'", **_FRAME}
    )


def repaint(mail: str, look: str) -> str:
    """*mail* as a reader with that look sees it: light, dark, none.

    A frame takes prefers-color-scheme from the operating system, whatever the page wants (measured, Chromium
    156), so the question is answered in the copy. ``none``: as where a client drops every style sheet (Gmail
    with another provider's account).
    """
    if look == "none":
        return re.sub(r"<style\b[^>]*>.*?</style\s*>", "", mail, flags=re.DOTALL | re.IGNORECASE)
    answer = {"dark": "all" if look == "dark" else "not all", "light": "not all" if look == "dark" else "all"}
    return re.sub(
        r"(@media[^{]*?)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)",
        lambda m: _media(m[1], answer[m[2].lower()]),
        mail,
        flags=re.IGNORECASE,
    )


def _media(before: str, answer: str) -> str:
    """The query up to prefers-color-scheme, answered: ``all`` drops the condition, ``not all`` the whole query."""
    head = before.strip()
    joined = re.fullmatch(r"(@media\s+.+?)\s+and", head, flags=re.IGNORECASE | re.DOTALL)
    if answer == "all":
        return joined[1] if joined else f"{head} all"
    return "@media not all"


def framed(mail: str) -> str:
    """*mail* with links that open a new tab, without what would connect to another machine before any policy is
    asked (preconnect, prefetch), and with the color a place pointed at gets."""
    mail = re.sub(r"<(?:link|base)\b[^>]*>", "", mail, flags=re.IGNORECASE)
    ours = (
        '<base target="_blank"><meta name="referrer" content="no-referrer">'
        "<style>::highlight(here){background-color:#ffd84d;color:#000}</style>"
    )
    return re.sub(r"(<head\b[^>]*>)", rf"\1{ours}", mail, count=1, flags=re.IGNORECASE)


def marked(line: str, values: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """*line* in pieces: (text, '') as everybody gets it, (a reader's own value, its name)."""
    names = {value: name for name, value in values}
    if not names:
        return [(line, "")]
    pieces = re.split("(" + "|".join(map(re.escape, names)) + ")", line)
    return [(piece, names.get(piece, "")) for piece in pieces if piece]
