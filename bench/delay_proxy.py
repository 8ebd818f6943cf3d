"""A TCP proxy on loopback that makes the other side look far away: everything arrives later, in order.

    python bench/delay_proxy.py PORT TARGET_PORT ONE_WAY_MS

Prints a line once it listens.
"""

from __future__ import annotations

import asyncio
import sys


class End(asyncio.Protocol):
    """One of a connection's two ends; what it receives leaves by the other one."""

    transport: asyncio.Transport

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.other: End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(self.delay_s, self._pass_on, data)

    def _pass_on(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            asyncio.get_running_loop().call_later(self.delay_s, self.other.transport.close)


class Front(End):
    def __init__(self, delay_s: float, target: int) -> None:
        super().__init__(delay_s)
        self.target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self.dialing = asyncio.get_running_loop().create_task(self.dial())

    async def dial(self) -> None:
        back = End(self.delay_s)
        back.other = self
        await asyncio.get_running_loop().create_connection(lambda: back, "127.0.0.1", self.target)
        self.other = back
        self.transport.resume_reading()


async def main(port: int, target: int, delay_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Front(delay_s, target), "127.0.0.1", port, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
