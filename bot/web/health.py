"""For whoever watches over the service: is it alive, can it do its work, and how does it fare."""

import asyncio
import logging
from ipaddress import ip_address

from aiohttp import web

from bot.web.desk import Desk
from bot.web.rates import address_of

log = logging.getLogger(__name__)

_SECONDS = 2.0
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def ready(self, _: web.Request) -> web.StreamResponse:
        """200 if the storage answers in time and the service watches itself, else 503. An alarm about a provider or a
        source does not count: taking the pages away would mend nothing."""
        context = self._desk.context
        try:
            async with asyncio.timeout(_SECONDS):
                await context.storage.read(lambda tx: tx.outbox.next_due([context.channel]))
        except Exception as error:
            log.warning("not ready: the storage does not answer (%s)", type(error).__name__)
            return web.Response(text="storage does not answer\n", status=503)
        if context.is_still():
            return web.Response(text="the watch stands still\n", status=503)
        return web.Response(text="ready\n")

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
