"""`digest worker`: carries letters for a newsletter whose database is elsewhere."""

from __future__ import annotations

import click

from digest.cli.common import folder_of, say


@click.command()
@click.option("--connections", type=click.IntRange(1, 64), help="SMTP connections at once.")
@click.pass_context
def worker(ctx: click.Context, connections: int | None) -> None:
    """Carry letters for a `digest send --workers` elsewhere, one shard of readers after the other.

    \b
    Needs a digest.toml with [newsletter] and [cluster], and with [smtp] where this worker has a relay of
    its own; and in its environment DIGEST_CLUSTER_KEY, DIGEST_BROKER_PASSWORD, DIGEST_CLAIMS_PASSWORD and
    DIGEST_SMTP_PASSWORD. Keeps nothing, and can be killed at any moment: docs/scale-out.md.
    """
    from digest.config import load_config
    from digest.dispatch.cluster.worker import run

    run(load_config(folder_of(ctx)), connections=connections, say=say)
