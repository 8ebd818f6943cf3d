"""Small articles and picks for tests of the pure rooms."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from digest.model import Article, Pick, Region, Span, Story

NOW = datetime(2026, 3, 22, 18, 0, tzinfo=UTC)


def article(
    title: str,
    text: str = "",
    *,
    outlet: str | None = "Harbour Notes",
    days_old: float = 1,
    url: str | None = None,
    source: str = "articles",
    language: str = "en",
    paywall: str = "open",
) -> Article:
    """An article of one body region; its id is made from its title."""
    body = text or f"{title} is what this report is about. It was written for a test and says little."
    seen = NOW - timedelta(days=days_old)
    return Article(
        id=hashlib.sha256(title.encode()).hexdigest()[:16],
        version=1,
        text_hash=hashlib.sha256(body.encode()).hexdigest(),
        url=url,
        canonical=url,
        title=title,
        standfirst="",
        text=body,
        regions=(Region("body", Span(0, len(body))),),
        authors=(),
        outlet=outlet,
        source=source,
        published=seen,
        published_precision="second",
        seen=seen,
        language=language,
        image=None,
        paywall=paywall,  # type: ignore[arg-type]
        license=None,
    )


def pick(title: str, section: str = "Transport", score: float = 1.0, **more: object) -> Pick:
    return Pick(Story(article(title, **more)), score, ("1 outlet",), section)  # type: ignore[arg-type]
