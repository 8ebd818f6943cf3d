"""One worker process: shards from the queue, one after the other, until it is ended.

It knows the newsletter's digest.toml as far as [newsletter], [cluster] and perhaps an [smtp] of its own, and the shared
key; all else comes sealed, with the issue. It keeps nothing.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from digest.config import Config
from digest.dispatch.cluster.broker import (
    TASK,
    Letterbox,
    app_of,
    claims_password,
    needs,
    needs_settings,
)
from digest.dispatch.cluster.carrying import REST_S, Carrier
from digest.dispatch.cluster.claims import ClaimStore
from digest.dispatch.cluster.shards import KEY_VARIABLE, Seal, open_shard, read_key, seal_report
from digest.dispatch.relay import relay_at
from digest.errors import SendError
from digest.send.transports.seam import Transport

PATIENCE_S = (
    0.2,
    0.5,
    1,
    1,
    2,
    2,
    2,
    5,
    5,
    10,
    10,
)  # between tries to post a report; then the shard is another worker's


def run(config: Config, *, connections: int | None = None, say: Callable[[str], None] = lambda words: None) -> None:
    """Carries shards until SIGTERM or Ctrl-C, which let the shard in hand come to its end. Raises SendError when broker
    or claim store are not there, or no key is set."""
    needs()
    needs_settings(config)
    seal = Seal(read_key(os.environ.get(KEY_VARIABLE, "")))
    store = ClaimStore(config.cluster.claims, claims_password(), "digest")
    store.check()
    store.close()
    # Celery warns of root for its pickles, and takes none here.
    warnings.filterwarnings("ignore", category=UserWarning, module="celery.platforms")
    app = app_of(config)
    register(app, config, seal, connections)
    say(f"Waiting for shards of {config.newsletter.name}. Ctrl-C ends it after the one in hand.")
    worker = app.Worker(
        hostname=f"digest-{os.getpid()}-{secrets.token_hex(3)}@%h",
        pool="prefork",
        concurrency=1,
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()


def register(app: Any, config: Config, seal: Seal, connections: int | None) -> None:
    """The one task there is."""
    letterbox = Letterbox(config)
    carrier: list[Carrier] = []  # made in the process that carries, which is forked from this one

    def transport(briefed: Config) -> Transport:
        # A worker with a relay of its own uses that one; what letters look like, the newsletter says.
        smtp = config.smtp if config.smtp.host else briefed.smtp
        return relay_at(smtp, connections=connections)

    def post(epoch: str, sealed: str) -> None:
        for pause_s in (*PATIENCE_S, None):
            try:
                letterbox.post(epoch, sealed)
                return
            except letterbox.troubles:
                if pause_s is None:
                    raise
                time.sleep(pause_s)

    @app.task(name=TASK, typing=False)  # type: ignore[untyped-decorator]
    def carry_shard(epoch: str, sealed: str) -> None:
        try:
            shard = open_shard(seal, epoch, sealed)
        except SendError as error:  # the coordinator takes it back in time
            print(f"digest worker: {error} ({error.hint})", file=sys.stderr, flush=True)
            time.sleep(REST_S)
            return
        if not carrier:
            carrier.append(
                Carrier(config.cluster.claims, claims_password(), seal, transport, lambda: datetime.now(UTC))
            )
        for report in carrier[0].carry(shard):
            if report.outcomes or report.is_last:
                post(epoch, seal_report(seal, epoch, report))


def consumer_without_delays(*args: Any, **kwargs: Any) -> Any:
    """Celery's consumer without the 28 exchanges that a delay would need: nothing here is ever delayed."""
    from celery.worker.consumer import Consumer

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        default_steps = tuple(step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step)

    class WithoutDelays(Consumer):  # type: ignore[misc]
        pass

    WithoutDelays.Blueprint = Blueprint
    return WithoutDelays(*args, **kwargs)
