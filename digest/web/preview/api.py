"""What the page asks in the background: has anything changed, who is called so, mail a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from digest.errors import DigestError, SendError
from digest.web.guard import editor_now, may_not
from digest.web.preview.draft import Workshop
from digest.web.server import THREADS

if TYPE_CHECKING:
    from flask import Flask, Response

    from digest.web.preview.app import MailTest

LOOKS_EVERY_S = 0.01
LOOKS_AT_SENDING_EVERY_S = 1.0  # a send writes all the time, and needs the machine
WAITS_S = 2.0  # Ctrl-C waits no longer for a window that is open
MOST_READERS = 12


def register(app: Flask, workshop: Workshop, *, mail_test: MailTest | None, now: Callable[[], datetime]) -> None:
    """Adds the background addresses to *app*."""
    from flask import abort, jsonify, request

    from digest.web.preview.app import with_variant_first

    waiting = BoundedSemaphore(THREADS // 2)  # the other threads answer

    @app.get("/api/changes")
    def changes() -> Response:
        """The stamp of what there is to show: as soon as it is not *seen* any more, or after a while."""
        seen, until = request.args.get("seen", ""), time.monotonic() + WAITS_S
        if not waiting.acquire(blocking=False):
            return jsonify(stamp=workshop.show().stamp, pause=1)
        try:
            while (stamp := (shown := workshop.show()).stamp) == seen and time.monotonic() < until:
                is_sending = shown.draft is not None and shown.draft.state == "sending"
                time.sleep(LOOKS_AT_SENDING_EVERY_S if is_sending else LOOKS_EVERY_S)
        finally:
            waiting.release()
        return jsonify(stamp=stamp, pause=0)

    @app.get("/api/readers")
    def readers() -> Response | tuple[Response, int]:
        """Who is called like what was typed."""
        from digest.store import open_store

        if may_not("people"):
            return jsonify(ok=False, said="You may not see who is subscribed."), 403
        with open_store(workshop.folder) as store:
            found = store.subscribers.find(request.args.get("words", "").strip(), MOST_READERS)
        return jsonify(readers=[{"number": s.id, "address": str(s.address), "name": s.name} for s in found])

    @app.post("/api/test")
    def test() -> Response | tuple[Response, int]:
        """Mails what is shown to one address, as `digest test` does."""
        from digest.address import parse_address
        from digest.store import open_store

        if may_not("approve"):
            return jsonify(ok=False, said="You may not mail tests of this issue."), 403
        draft = workshop.show().draft
        if mail_test is None or draft is None:
            abort(404)
        try:
            address = parse_address(request.form.get("address", ""))
            rendered = with_variant_first(draft.rendered, request.form.get("variant", ""))
            said = mail_test(rendered, address)
            if (editor := editor_now()) is not None:  # what a mere preview does is nobody's word on the draft
                with open_store(workshop.folder) as store:
                    store.approvals.note_test(workshop.slug, rendered.fingerprint, who=editor.name, at=now())
            return jsonify(ok=True, said=said)
        except DigestError as error:
            return jsonify(ok=False, said=f"{error}{f' ({error.hint})' if error.hint else ''}")
        except OSError as error:
            return jsonify(ok=False, said=str(SendError(f"the test could not leave: {error}")))
