"""The port of the Bot API, which can be closed: Telegram cannot be reached then."""

import asyncio

from aiohttp import web


class Doors:
    """While they are closed, connections are refused and the old ones are gone."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        self._runner = runner
        self._host = host
        self._port = port
        self._site: web.TCPSite | None = None
        self._reopening: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        if self._site is None:
            self._site = web.TCPSite(self._runner, self._host, self._port)
            await self._site.start()

    async def close(self, *, seconds: float = 0.0, but: object = None) -> None:
        """For so long, or until `open` (0). The connection whose protocol is `but` lives on."""
        if self._site is not None:
            site, self._site = self._site, None
            await site.stop()
        if self._runner.server:
            for connection in list(self._runner.server.connections):
                if connection is not but and connection.transport:
                    connection.transport.abort()
        if self._reopening:
            self._reopening.cancel()
        if seconds:
            loop = asyncio.get_running_loop()
            self._reopening = loop.call_later(seconds, lambda: loop.create_task(self.open()))

    def end(self) -> None:
        if self._reopening:
            self._reopening.cancel()
