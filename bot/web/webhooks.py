"""Providers call us here: their bytes are read by the adapter, delivered, and only then answered."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web

from bot.model.clock import Clock
from bot.model.message import InboundMessage, Receipt
from bot.ports import WebhookRequest
from bot.web.desk import Desk, body_of
from bot.web.errors import RefusedError
from bot.web.rates import Allowance, Buckets, address_of, network_of

log = logging.getLogger(__name__)

_LONGEST_BODY = 1024 * 1024
REPLAYED = timedelta(hours=48)
"""Age beyond which a citizen's message is no late delivery but an old call played back: it is answered as if it had
been heard, or the provider would bring it again. Zalo gives up after less than two hours (30 s, 5, 15, 30 min, 1 h),
Telegram keeps an update for 24 hours. What is younger is heard once by its id, which is remembered for good; who gives
no moment of his own is judged by the id alone. Receipts may be late: they move a message forward, never back."""
REFUSED = Allowance(burst=60, every=1.0)
"""Calls by one network to one channel that are answered with what is wrong with them. Beyond that they get a bare 429,
and no line in the log. What is signed is heard all the same: a provider may share his address with whoever forges his
calls, and a receipt that is not heard is a message nobody knows about."""


class Webhooks:
    """`/webhooks/{name}` and all below it: what follows the name is the adapter's to read, a secret among it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._refused = Buckets(desk.context.clock, REFUSED)

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
            self._slow_down(request, "")
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
        events = _fresh(result.events, context.clock)
        if len(events) < len(result.events):
            log.warning("webhook %s: %d old message(s) were left alone", name, len(result.events) - len(events))
        if events:
            await self._desk.deliver(events)
        if result.status >= 400:
            self._slow_down(request, name)
            log.warning("webhook %s: refused with %d", name, result.status)
        body = await result.answer() if result.answer else result.body
        return web.Response(status=result.status, body=body, headers={"Content-Type": result.content_type})

    def _slow_down(self, request: web.Request, name: str) -> None:
        """Counts a call that is refused; turns away a network from which too many of them come."""
        network = network_of(request, self._desk.context.settings.trusted_proxies)
        if wait := self._refused.take(f"{name} {network}"):
            raise RefusedError(429, "too_many", wait=wait)


def _fresh(events: Sequence[Receipt | InboundMessage], clock: Clock) -> Sequence[Receipt | InboundMessage]:
    """Without what was played back."""
    oldest = clock() - REPLAYED
    return [each for each in events if isinstance(each, Receipt) or each.at >= oldest]
