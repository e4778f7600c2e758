"""Providers call us here: their bytes are read by the adapter, delivered, and only then answered."""

import logging

from aiohttp import web

from bot.ports import WebhookRequest
from bot.web.desk import Desk, body_of
from bot.web.errors import RefusedError

log = logging.getLogger(__name__)

_LONGEST_BODY = 1024 * 1024


class Webhooks:
    """`/webhooks/{name}`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        path = "/webhooks/{name}"
        return [web.post(path, self.hear), web.get(path, self.hear, allow_head=False)]

    async def hear(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        webhook = self._desk.context.webhooks.get(name)
        if webhook is None:
            raise RefusedError(404, "missing")
        result = webhook.parse(
            WebhookRequest(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers={key.lower(): value for key, value in request.headers.items()},
                body=await body_of(request, _LONGEST_BODY),
            )
        )
        if result.events:
            await self._desk.deliver(result.events)
        if result.status >= 400:
            log.warning("webhook %s: refused with %d", name, result.status)
        return web.Response(status=result.status, body=result.body, headers={"Content-Type": result.content_type})
