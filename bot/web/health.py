"""For whoever watches over the service: is it alive, can it do its work, and how does it fare."""

import asyncio
import logging
from ipaddress import ip_address

from aiohttp import web

from bot.model.errors import SchemaError
from bot.web.desk import Desk
from bot.web.rates import address_of

log = logging.getLogger(__name__)

_SECONDS = 2.0
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._said = ""
        """Why the process was not ready when it was asked last; whoever asks does so every few seconds."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _: web.Request) -> web.StreamResponse:
        """200 while this process turns: it answers here, and its jobs give signs of life. What a restart would not mend
        (a database that is away, a provider that is down) does not count."""
        if still := self._desk.context.still():
            return web.Response(text=f"still: {', '.join(still)}\n", status=503)
        return web.Response(text="ok\n")

    async def ready(self, _: web.Request) -> web.StreamResponse:
        """200 if this process may be sent calls: it is not stopping, the storage answers in time, fits this program and
        can be written, and the service watches itself; else 503 and the reason. An alarm about a provider or a source
        does not count: taking the pages away would mend nothing."""
        reason = await self._unready()
        if reason != self._said:
            self._said = reason
            log.warning("not ready: %s", reason) if reason else log.info("ready again")
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)

    async def _unready(self) -> str:
        context = self._desk.context
        if context.is_stopping():
            return "stopping"
        try:
            async with asyncio.timeout(_SECONDS):
                await context.storage.read(lambda tx: tx.outbox.next_due([context.channel]))
        except SchemaError:
            return "the storage is of another program version"
        except Exception as error:
            return f"the storage does not answer ({type(error).__name__})"
        if context.is_unwritten():
            return "the storage cannot be written"
        if context.is_still():
            return "the watch stands still"
        still = context.still()
        return f"still: {', '.join(still)}" if still else ""

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """For the networks of the settings; to others there is no such page."""
        context = self._desk.context
        if context.metrics is None or not self._may_read(request):
            raise web.HTTPNotFound
        return web.Response(body=context.metrics(), headers={"Content-Type": _PROMETHEUS})

    def _may_read(self, request: web.Request) -> bool:
        context = self._desk.context
        try:
            here = ip_address(address_of(request, context.settings.trusted_proxies))
            peer = ip_address((request.remote or "").partition("%")[0])
        except ValueError:
            return False
        # A proxy that nobody named as trusted stands on this very machine: what comes through it comes from anywhere.
        forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
        if forwarded and not any(peer in network for network in context.settings.trusted_proxies):
            return False
        return any(here in network for network in context.metrics_networks)
