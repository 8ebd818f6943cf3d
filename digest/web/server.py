"""Running a web app, and the headers every answer carries. Knows nothing of newsletters."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from digest.errors import DigestError

if TYPE_CHECKING:
    from flask import Flask, Response

BODY_LIMIT = 64 * 1024  # bytes; a one-click body has 26
CONNECTIONS = 800  # open at once; systemd and shells grant 1024 files
IDLE_S = 15  # until a connection that brings nothing is closed
THREADS = 16  # most wait for the disk: what they bring goes to it together


def serve(
    app: Flask, host: str, port: int, *, ready: Callable[[int], None] | None = None, trusted_proxy: str = ""
) -> None:
    """Answer requests until interrupted. Port 0 takes a free one; *ready* is called with the port once it is open.

    trusted_proxy: the one whose X-Forwarded-For says who asks; '' believes nobody's. A body may have as many bytes as
    the app's ``LARGEST_BODY``, or BODY_LIMIT.

    Raises DigestError when the port cannot be had.
    """
    from waitress.server import create_server  # late: nobody but a server needs it

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns whenever a request waits for a thread

    server = create_server(
        app,
        sockets=[_listen(host, port)],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_S,
        cleanup_interval=5,
        asyncore_use_poll=True,  # select() ends at file 1024
        max_request_body_size=2
        * app.config.get("LARGEST_BODY", BODY_LIMIT),  # the app refuses first, with a page that says so
        ident="",
        clear_untrusted_proxy_headers=True,
        **({"trusted_proxy": trusted_proxy, "trusted_proxy_headers": {"x-forwarded-for"}} if trusted_proxy else {}),
    )
    try:
        if ready is not None:
            ready(int(server.effective_port))
        server.run()
    finally:
        server.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket of our own: waitress leaks one that cannot be bound."""
    opened = None
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, proto)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except (OSError, OverflowError) as error:
        if opened is not None:
            opened.close()
        raise DigestError(f"{host}:{port} cannot be opened: {_reason(error)}", hint="try another port") from error
    return opened


def _reason(error: OSError | OverflowError) -> str:
    known = {
        errno.EADDRINUSE: "another program has it",
        errno.EACCES: "ports below 1024 need special rights",
        errno.EADDRNOTAVAIL: "this machine does not have that address",
    }
    number = error.errno if isinstance(error, OSError) else None
    return known.get(number or 0, getattr(error, "strerror", None) or str(error))


def policy(rules: Mapping[str, str]) -> str:
    """A Content-Security-Policy: nothing is allowed but *rules*."""
    return "; ".join(f"{name} {value}".strip() for name, value in {"default-src": "'none'", **rules}.items())


def harden(response: Response, csp: str) -> Response:
    """The headers of every answer. A view that set its own policy or caching keeps it."""
    for name, value in {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cache-Control": "no-store",
    }.items():
        response.headers.setdefault(name, value)
    return response
