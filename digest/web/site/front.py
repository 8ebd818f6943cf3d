"""What all pages share: the inbox they write to, the people they may look up, the limits, the words, the look."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.config import Config
from digest.render.site_words import site_language, site_words
from digest.render.words import direction, primary
from digest.store.inbox import Choice, How, Inbox, InboxEvent, SealedKind, TokenKind
from digest.store.notices import Asked, asked_as_json
from digest.web.limits import Limit, network_of
from digest.web.site.people import People

if TYPE_CHECKING:
    from flask import Response
    from markupsafe import Markup

MANY = 60  # wishes of one token at once, and an hour


def _limits() -> dict[str, Limit]:
    return {
        "network": Limit(20, 20),  # requests by name from one network
        "address": Limit(3, 3 / 24),  # for one address: three, then one every eight hours
        "all": Limit(300, 600),  # from everywhere: a mail each, at most
        "token": Limit(MANY, MANY),
        "strangers": Limit(5000, 180_000),  # wishes a receiver takes from one network: providers send them for many
    }


@dataclass
class Front:
    """One site at work."""

    folder: Path
    config: Config
    inbox: Inbox
    people: People
    seal_to: str  # the newsletter's public key
    is_receiver: bool
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    limits: dict[str, Limit] = field(default_factory=_limits)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)  # of the forms' stamps

    # -------------------------------------------------------------------------------------------- writing down

    def note(self, kind: TokenKind, token: str, how: How = "page", choice: Choice | None = None) -> None:
        """Writes a wish down, on disk before this returns. 429 for a token that asks without end."""
        from flask import abort, request

        if not self.may_note(token, request.remote_addr):
            abort(429)
        self.inbox.append(InboxEvent(self.now(), kind, token, how, choice))

    def may_note(self, token: str, remote: str | None) -> bool:
        """Whether one more wish of *token* is taken; it is counted if so."""
        seconds = self.now().timestamp()
        if self.is_receiver and not self.limits["strangers"].allows(network_of(remote), seconds):
            return False
        return self.limits["token"].allows(token, seconds)

    def ask(self, kind: SealedKind, asked: Asked) -> None:
        """Writes a request by name down, sealed. Of one address only so many; the answer is the same."""
        from digest.dispatch.sealing import seal

        if not self.limits["address"].allows(asked.address.key, self.now().timestamp()):
            return
        token = secrets.token_hex(16)
        sealed = seal(self.seal_to, asked_as_json(asked), purpose=f"{kind} {token}")
        self.inbox.append(InboxEvent(self.now(), kind, token, "page", None, sealed))

    def is_too_often(self) -> bool:
        """Whether this network, or all together, asked by name too often; this time is counted."""
        from flask import request

        seconds = self.now().timestamp()
        return not (
            self.limits["network"].allows(network_of(request.remote_addr), seconds)
            and self.limits["all"].allows("", seconds)
        )

    def asker(self) -> str:
        """The asker's address on the network, where the newsletter says that it keeps it."""
        from flask import request

        return (request.remote_addr or "") if self.config.consent.keep_ip else ""

    # -------------------------------------------------------------------------------------------- showing

    def language(self, wish: str = "") -> str:
        """The language of a page for somebody who wished for *wish*."""
        return site_language(wish or self.config.newsletter.language)

    def page(self, template: str, language: str = "", **values: Any) -> str:
        """The page *template* in *language*, '' for the newsletter's."""
        from flask import render_template

        tongue = self.language(language)
        return render_template(
            f"site/{template}.html",
            w=site_words(tongue),
            language=tongue,
            dir=direction(tongue),
            newsletter=self.config.newsletter,
            newsletter_language=self.config.newsletter.language,
            masthead=self.config.theme.masthead,
            reply=self.reply(),
            has_archive=not self.is_receiver,
            may_index=self.config.site.index,
            cased=primary(tongue) not in {"ar", "ja"},
            **values,
        )

    def refuse(self, template: str, status: int, language: str = "", **values: Any) -> Response:
        from flask import make_response

        return make_response(self.page(template, language, **values), status)

    def reply(self) -> Markup:
        from markupsafe import Markup

        return Markup('<a href="mailto:{0}">{0}</a>').format(str(self.config.reply_to.address))

    @property
    def base(self) -> str:
        """The public address without a slash at its end; where it was asked, if the newsletter has none."""
        from flask import request

        return self.config.site.url.rstrip("/") or request.url_root.rstrip("/")


def filled(phrase: str, **values: object) -> Markup:
    """*phrase* with its braces filled; what is no markup is escaped."""
    from markupsafe import Markup, escape

    return Markup(str(escape(phrase))).format(**values)


def address(text: str) -> Markup:
    """An address in a sentence, kept apart from a script that runs the other way."""
    from markupsafe import Markup

    return Markup('<bdi class="address">{}</bdi>').format(text)
