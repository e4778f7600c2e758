"""For whoever watches over the service: is it alive, and can it do its work."""

import asyncio
import logging

from aiohttp import web

from bot.web.desk import Desk

log = logging.getLogger(__name__)

_SECONDS = 2.0


class Health:
    """`/healthz` and `/readyz`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.alive), web.get("/readyz", self.ready)]

    async def alive(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def ready(self, _: web.Request) -> web.StreamResponse:
        """200 if the storage answers in time, else 503."""
        context = self._desk.context
        try:
            async with asyncio.timeout(_SECONDS):
                await context.storage.read(lambda tx: tx.outbox.next_due(context.channel))
        except Exception as error:
            log.warning("not ready: the storage does not answer (%s)", type(error).__name__)
            return web.Response(text="storage does not answer\n", status=503)
        return web.Response(text="ready\n")
