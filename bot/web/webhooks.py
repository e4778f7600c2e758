"""Providers call us here: their bytes are read by the adapter, delivered, and only then answered."""

import logging

from aiohttp import web

from bot.ports import WebhookRequest
from bot.web.desk import Desk, body_of
from bot.web.errors import RefusedError
from bot.web.rates import address_of

log = logging.getLogger(__name__)

_LONGEST_BODY = 1024 * 1024


class Webhooks:
    """`/webhooks/{name}` and all below it: what follows the name is the adapter's to read, a secret among it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        paths = ("/webhooks/{name}", "/webhooks/{name}/{tail:.+}")
        return [
            route for path in paths for route in (web.post(path, self.hear), web.get(path, self.hear, allow_head=False))
        ]

    async def hear(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        context = self._desk.context
        webhook = context.webhooks.get(name)
        if webhook is None:
            raise RefusedError(404, "missing")
        result = webhook.parse(
            WebhookRequest(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers={key.lower(): value for key, value in request.headers.items()},
                body=await body_of(request, _LONGEST_BODY),
                remote=address_of(request, context.settings.trusted_proxies),
            )
        )
        if result.events:
            await self._desk.deliver(result.events)
        if result.status >= 400:
            log.warning("webhook %s: refused with %d", name, result.status)
        body = await result.answer() if result.answer else result.body
        return web.Response(status=result.status, body=body, headers={"Content-Type": result.content_type})
