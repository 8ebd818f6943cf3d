"""An article that somebody adds by hand: read from a page, text or file, and kept with the others of the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from digest.address import web_address
from digest.config import Config
from digest.errors import DigestError, ReadError
from digest.model import Article, Brief, stricter
from digest.sources import became_new, user_agent
from digest.week import Project

SOURCE = "pasted"


def web_address_in(url: str | None) -> str | None:
    """What was typed for a link; None where nothing was. Raises DigestError where it is none."""
    address = web_address(url)
    if url and address is None:
        raise DigestError(f"{url} is no web address", hint="start it with https://")
    return address


def refuse_blocked(brief: Brief, what: Article | str | None) -> None:
    """Raises DigestError where the publisher is one that is left alone."""
    if blocked := brief.blocking(what):
        raise DigestError(f"blocked: {blocked}", hint=f"{blocked.lift} takes it back")


def read_page(
    url: str,
    config: Config,
    *,
    seen: datetime,
    outlet: str | None = None,
    authors: Sequence[str] = (),
    allow_private: bool = False,
) -> Article:
    """The article of the page at *url*, with what its publisher reserves. Raises ReadError."""
    from digest.collect import read_article
    from digest.collect.http import fetch

    answer = fetch(url, user_agent=user_agent(config), allow_private=allow_private, page=True)
    if answer.error or not answer.body:
        raise ReadError(f"{url}: {answer.error or 'the page is empty'}", hint="open it in a browser and paste its text")
    article = read_article(
        answer.body, url=answer.final_url, kind="html", outlet=outlet, authors=authors, source=SOURCE, seen=seen
    )
    image = article.image
    if image and answer.no_pictures:
        image = replace(image, reserved=answer.no_pictures)
    return replace(article, limit=stricter(article.limit, answer.limit), image=image)


def keep_article(project: Project, article: Article, *, now: datetime) -> Article:
    """*article* as it is now stored: new when it was published, if that is known, else at *now*. Raises DigestError
    where its publisher is left alone."""
    refuse_blocked(project.config.brief_for_picking(), article)
    seen = became_new(article, now, project.config.zone)
    return project.store.articles.add(replace(article, seen=seen, source=SOURCE))


def keep_corrected(project: Project, article: Article, *, now: datetime) -> Article:
    """*article* as it is now stored, with its facts in place of those known before.

    With another day it is new as of that day, unless a source brought it, or an issue approved or later has it.
    Raises DigestError where its publisher is left alone.
    """
    articles = project.store.articles
    with project.store.transaction():
        before = articles.get(article.id)
        stored = keep_article(project, article, now=now)
        known = replace(
            stored,
            outlet=article.outlet,
            url=article.url,
            authors=article.authors,
            published=article.published,
            published_precision=article.published_precision,
            own=article.own,
        )
        is_redated = before is not None and before.source == SOURCE and before.published != article.published
        if is_redated and all(past.id != article.id for past in project.store.issues.past_articles()):
            known = replace(known, seen=became_new(known, now, project.config.zone))
        return stored if known == stored else articles.correct(known)
