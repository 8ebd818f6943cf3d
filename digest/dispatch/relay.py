"""The relay that digest.toml names, ready to carry."""

from __future__ import annotations

import os
from collections.abc import Callable

from digest import config
from digest.errors import SendError
from digest.send.relays import profile_of
from digest.send.transports.smtp import Smtp, SmtpSettings
from digest.send.transports.smtp.settings import PASSWORD_VARIABLE


def relay_at(
    settings: config.Smtp, *, connections: int | None = None, tell: Callable[[str], None] = lambda words: None
) -> Smtp:
    """What carries letters to it, logged in with the password of the environment. *tell*: see `Smtp`. Raises
    SendError."""
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if settings.username and not password:
        raise SendError(f"the relay’s password is not set ({PASSWORD_VARIABLE})", hint=f"export {PASSWORD_VARIABLE}=…")
    return Smtp(
        SmtpSettings(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=settings.username,
            password=password,
            connections=connections or settings.connections,
            verify=settings.verify,
            letters_per_connection=profile_of(settings).letters_per_connection,
        ),
        tell=tell,
    )
