"""A RabbitMQ and a Redis of the test's own: on free ports, in a folder of their own, ended by their process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the wrapper in /usr/sbin knows one broker a machine
REDIS = shutil.which("redis-server")
MISSING = [name for name, there in (("rabbitmq-server", RABBIT.exists()), ("redis-server", REDIS)) if not there]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path, *, seconds: float = 180) -> None:
    """Returns once somebody listens at *port*."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_open(port):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"nobody listens at {port}: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@dataclass
class Server:
    """A process that can be killed and started again on the same port."""

    folder: Path
    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        wait_for(self.port, self.process, log)

    def kill(self) -> None:
        """With all its processes, which are a session of their own."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
            while is_open(self.port):  # a killed process lets go of it a moment later
                time.sleep(0.005)


def redis_server(folder: Path) -> Server:
    """It keeps nothing: killed and started again, it is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "save": "",
        "appendonly": "no",
        "dir": folder,
        "requirepass": "claims",
    }
    return Server(
        folder, [str(REDIS), *(word for name, value in options.items() for word in (f"--{name}", str(value)))], port
    )


def rabbit_server(folder: Path) -> Server:
    """It keeps its queues: killed and started again, it has them."""
    folder.mkdir(parents=True, exist_ok=True)
    port, names = free_port(), free_port()
    (folder / "rabbit.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    (folder / "plugins").write_text("[].\n")
    (folder / ".erlang.cookie").write_text("cookie")
    (folder / ".erlang.cookie").chmod(0o400)
    around = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbit.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2",
    }
    return Server(folder, [str(RABBIT)], port, around)


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.kill()
            if port := server.environment.get("ERL_EPMD_PORT"):  # Erlang's register of names outlives its broker
                subprocess.run(["epmd", "-port", port, "-kill"], capture_output=True, check=False)
