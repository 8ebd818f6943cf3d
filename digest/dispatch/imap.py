"""A mailbox over IMAP, opened for one piece of work: with TLS, or in the clear on this machine only."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from digest.errors import SendError

PASSWORD_VARIABLE = "DIGEST_IMAP_PASSWORD"


@contextmanager
def open_mailbox(
    host: str, port: int, user: str, password: str, mailbox: str, *, tls: bool, readonly: bool
) -> Iterator[imaplib.IMAP4]:
    """The selected *mailbox*. Raises SendError for whatever goes wrong, also in the block."""
    try:
        if tls:
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=30)
        else:
            server = imaplib.IMAP4(host, port, timeout=30)
        with server:
            server.login(user, password)
            answer, told = server.select(quoted(mailbox), readonly=readonly)
            if answer != "OK":
                raise SendError(f"{host} has no mailbox {mailbox}: {said(told)}", hint="look at its name")
            yield server
    except (imaplib.IMAP4.error, OSError) as error:
        raise SendError(f"{host} cannot be asked: {said(error.args)}", hint="see host, user and password") from error


def quoted(text: str) -> str:
    """An IMAP quoted string (RFC 3501 section 4.3)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def said(told: Iterable[object]) -> str:
    return " ".join(t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in told)
