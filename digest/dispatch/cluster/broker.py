"""The queues: shards to the workers by Celery, reports back on a queue of our own. RabbitMQ, quorum queues, confirms.

A shard's message is only a nudge: it may come twice, late or never, and what prevents a second letter is the claim.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from digest.config import Config
from digest.errors import SendError

BROKER_PASSWORD, CLAIMS_PASSWORD = "DIGEST_BROKER_PASSWORD", "DIGEST_CLAIMS_PASSWORD"
TASK = "digest.shard"
_QUORUM = {"x-queue-type": "quorum"}
_CONNECT_S = 5.0
# No answer is waited for without end: a quorum queue without a leader gives none.
_OPTIONS = {"confirm_publish": True, "confirm_timeout": 10, "read_timeout": 10, "write_timeout": 10}


def needs() -> None:
    """Raises SendError where the extra is not installed, or nothing is configured."""
    from importlib.util import find_spec

    if missing := [name for name in ("celery", "redis") if find_spec(name) is None]:
        raise SendError(
            f"workers need {' and '.join(missing)}, which {'are' if len(missing) > 1 else 'is'} not installed",
            hint="pip install 'newsletter-digest[cluster]'",
        )


def needs_settings(config: Config) -> None:
    """Raises SendError where broker or claim store are not named."""
    for key, value in (("broker", config.cluster.broker), ("claims", config.cluster.claims)):
        if not value:
            raise SendError(f"digest.toml: [cluster] {key} is missing", hint="docs/scale-out.md sets both up")


def needs_relay(config: Config) -> None:
    """Raises SendError where there is no relay for workers to carry letters to."""
    if config.send.transport != "smtp" or not config.smtp.host:
        raise SendError(
            "workers carry letters to a relay, and there is none",
            hint='set [send] transport = "smtp" and [smtp] host in digest.toml',
        )


def claims_password() -> str:
    return os.environ.get(CLAIMS_PASSWORD, "")


def names_of(config: Config) -> tuple[str, str]:
    """The newsletter's queues: shards, reports."""
    return f"digest.{config.list_id}.shards", f"digest.{config.list_id}.reports"


def app_of(config: Config) -> Any:
    """The Celery application of this newsletter: its broker, its queues, no results, no clock of its own."""
    from celery import Celery
    from kombu import Queue

    shards, _ = names_of(config)
    app = Celery("digest", broker=_with_password(config.cluster.broker), set_as_current=False)
    app.conf.update(
        task_default_queue=shards,
        task_queues=[Queue(shards, durable=True, queue_arguments=_QUORUM)],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=False,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_redirect_stdouts=False,
        worker_consumer="digest.dispatch.cluster.worker:consumer_without_delays",
        worker_proc_alive_timeout=60,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=_CONNECT_S,
        broker_heartbeat=30,
        broker_transport_options=_OPTIONS,
        event_queue_exclusive=False,
    )
    return app


def _with_password(url: str) -> str:
    password = os.environ.get(BROKER_PASSWORD, "")
    parts = urlsplit(url)
    if not password:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, f"{user}:{quote(password, safe='')}@{host}", *parts[2:]))


@dataclass
class Letterbox:
    """Reports to the coordinator, from one process. Each is on the broker's disks when `post` returns."""

    config: Config
    _connection: Any = None
    _producer: Any = None

    def post(self, epoch: str, sealed: str) -> None:
        """Raises OSError, or what kombu counts as such, when the broker does not take it."""
        try:
            if self._producer is None:
                self._open()
            self._producer.publish(
                {"epoch": epoch, "sealed": sealed},
                routing_key=names_of(self.config)[1],
                serializer="json",
                delivery_mode=2,
            )
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        from kombu import Connection, Queue

        self._connection = Connection(
            _with_password(self.config.cluster.broker),
            connect_timeout=_CONNECT_S,
            transport_options=_OPTIONS,
        )
        channel = self._connection.channel()
        Queue(names_of(self.config)[1], durable=True, queue_arguments=_QUORUM)(channel).declare()
        self._producer = self._connection.Producer(channel)

    def close(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connection.collect(socket_timeout=1)

    @property
    def troubles(self) -> tuple[type[Exception], ...]:
        from kombu import Connection

        return broker_troubles(Connection)


def broker_troubles(kind: Any) -> tuple[type[Exception], ...]:
    """What is raised when the broker went away."""
    from kombu.exceptions import OperationalError

    line = kind("amqp://")
    return (
        *line.connection_errors,  # all of them: one that is just starting answers with its own confusion
        *line.channel_errors,
        OperationalError,
        TimeoutError,
        OSError,
    )


class Broker:
    """The coordinator's side. Every method raises SendError when the broker went away; the next call looks again."""

    def __init__(self, config: Config) -> None:
        from kombu import Connection

        self._config = config
        self._shards, self._reports = names_of(config)
        self.where = urlsplit(config.cluster.broker).netloc.rpartition("@")[2]
        self._app = app_of(config)
        self._trouble: tuple[type[Exception], ...] = broker_troubles(Connection)
        self._connection: Any = None
        self._channel: Any = None
        self._producer: Any = None
        self._got: list[Any] = []

    def workers(self) -> int:
        """Processes that wait for shards, or are at one."""
        with self._line():
            return int(self._queue(self._shards).queue_declare(passive=True).consumer_count)

    def publish(self, epoch: str, sealed: str) -> None:
        """A shard for whichever worker is free; on the broker's disks when this returns."""
        with self._line():
            self._app.send_task(
                TASK,
                kwargs={"epoch": epoch, "sealed": sealed},
                producer=self._producer,
                kwargsrepr="sealed",
                argsrepr="",
                retry=False,
                ignore_result=True,
            )

    def reports(self, wait_s: float, most: int = 100) -> list[Any]:
        """Messages with `epoch` and `sealed`, each to be given back to `done` once it is booked."""
        with self._line():
            try:
                while len(self._got) < most:
                    self._connection.drain_events(timeout=wait_s if not self._got else 0.001)
            except TimeoutError:
                pass
            got, self._got = self._got, []
            return got

    def done(self, messages: list[Any]) -> None:
        """These are booked. What cannot be said any more comes again, and changes nothing."""
        with self._line():
            for message in messages:
                message.ack()

    def never_read(self) -> list[tuple[str, str]]:
        """Takes all shards off the queue, as epoch and what is sealed; gives those that no worker was ever sent."""
        found = []
        with self._line():
            queue = self._queue(self._shards)
            while (message := queue.get(no_ack=True)) is not None:
                if not message.delivery_info["redelivered"]:
                    _, told, _ = message.payload
                    found.append((told["epoch"], told["sealed"]))
        return found

    def purge(self) -> None:
        """No shard waits for a worker any more."""
        with self._line():
            self._queue(self._shards).purge()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        self._got.clear()
        if connection is not None:
            connection.collect(socket_timeout=1)

    def _queue(self, name: str, channel: Any = None) -> Any:
        """*channel*: None for the one of questions."""
        from kombu import Queue

        return Queue(name, durable=True, queue_arguments=_QUORUM)(channel or self._channel)

    @contextmanager
    def _line(self) -> Iterator[None]:
        try:
            if self._connection is None:
                self._open()
            yield
        except self._trouble as error:
            self.close()
            raise SendError(
                f"the broker at {self.where} does not answer: {error}",
                hint=f"[cluster] broker, {BROKER_PASSWORD}; the send goes on once it is there",
            ) from error

    def _open(self) -> None:
        self._connection = self._app.connection_for_write(connect_timeout=_CONNECT_S, heartbeat=0)
        self._channel = self._connection.channel()
        for name in (self._shards, self._reports):
            self._queue(name).declare()
        self._producer = self._connection.Producer(self._connection.channel())
        listening = self._connection.channel()
        listening.basic_qos(0, 200, False)
        consumer = self._connection.Consumer(
            [self._queue(self._reports, listening)], channel=listening, callbacks=[self._take], accept=["json"]
        )
        consumer.consume()

    def _take(self, _body: object, message: Any) -> None:
        self._got.append(message)
