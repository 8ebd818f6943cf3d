"""The newsletter’s site, asked as a mailbox provider asks it: RFC 8058’s one-click leaving, and what time it is there.

The token asked for is nobody’s, so nobody leaves.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from digest.config import Config
from digest.dispatch.doctor.verdict import Verdict, error, good, skipped, warning

PATIENCE_S = 5.0
NOBODY = "0" * 32
ONE_CLICK = "List-Unsubscribe=One-Click"
WRONG_BY = timedelta(minutes=2)


def judge_site(config: Config, now: datetime, *, context: ssl.SSLContext | None = None) -> Iterator[Verdict]:
    if not config.site.url:
        yield warning(
            "leaving",
            "people can leave by mail only, without the one-click button large providers ask for (RFC 8058)",
            "run `digest serve` behind https and name its address in [site] url",
        )
        return
    url = f"{config.site.url.rstrip('/')}/leave/{NOBODY}"
    try:
        looked, date = _ask("GET", url, context)
        clicked, _ = _ask("POST", url, context)
    except (OSError, http.client.HTTPException) as why:
        yield error(
            "leaving",
            f"{config.site.url} does not answer: {why or type(why).__name__}",
            "start `digest serve` behind your https server: until then nobody can leave",
        )
        return
    for status, did in ((looked, "opening it"), (clicked, "one click")):
        if 300 <= status < 400:
            yield error("leaving", f"{url} redirects ({did}): RFC 8058 forbids it", "name the address it leads to")
        elif status != 200:
            yield error("leaving", f"{url} answers {status} ({did})", "see what `digest serve` and your server say")
    if looked == clicked == 200:
        yield good("leaving", f"one click at {config.site.url} is answered with 200, without a redirect")
    if date is None:
        yield skipped("clock", f"{config.site.url} does not say what time it is")
    elif abs(date - now) > WRONG_BY:
        yield error(
            "clock", f"this machine’s clock and that of {config.site.url} are {abs(date - now)} apart", "see ntp"
        )
    else:
        yield good("clock", f"this machine and {config.site.url} agree on the time")


def _ask(method: str, url: str, context: ssl.SSLContext | None) -> tuple[int, datetime | None]:
    """The status, no redirect followed, and what time it is there. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    server = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=PATIENCE_S, context=context or ssl.create_default_context()
    )
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "newsletter-digest"}
        server.request(method, parts.path, body=ONE_CLICK if method == "POST" else None, headers=headers)
        answer = server.getresponse()
        answer.read(65_536)
        try:
            date = parsedate_to_datetime(answer.headers["Date"])
        except (TypeError, ValueError):
            date = None
        return answer.status, date if date is None or date.tzinfo else None
    finally:
        server.close()
