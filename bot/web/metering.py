"""Times every call of the web by the kind of its address and of its answer; what was asked for is no label."""

import asyncio
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.meters import Meters
from bot.web.prefix import PREFIX

_KINDS = (
    (f"{PREFIX}/static", "static"),
    ("/static", "static"),
    (PREFIX, "console"),
    ("/api/", "api"),
    ("/webhooks/", "webhook"),
    ("/onestop/", "onestop"),
    ("/chat/events", "stream"),
    ("/chat/", "chat"),
    ("/demo", "demo"),
    ("/healthz", "health"),
    ("/readyz", "health"),
    ("/metrics", "health"),
)
"""Beginnings of our own routes, the longer ones first; any other of them is a page for citizens."""
KINDS = frozenset({kind for _, kind in _KINDS} | {"public", "unknown"})
STATUSES = ("2xx", "3xx", "4xx", "5xx", "gone")
"""`gone`: whoever asked did not wait for the answer."""


def metered(meters: Meters) -> Middleware:
    """The outermost middleware, so that it sees the answer as it leaves."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun, status = time.perf_counter(), "5xx"
        try:
            response = await handler(request)
            status = f"{response.status // 100}xx"
            return response
        except web.HTTPException as answer:
            status = f"{answer.status // 100}xx"
            raise
        except (asyncio.CancelledError, ConnectionResetError):
            status = "gone"
            raise
        finally:
            meters.note_request(kind_of(request), status, time.perf_counter() - begun)

    return middleware


def kind_of(request: web.Request) -> str:
    """By the route that answered; `unknown` where there is none."""
    resource = request.match_info.route.resource
    if resource is None:
        return "unknown"
    path = resource.canonical
    return next((kind for beginning, kind in _KINDS if path.startswith(beginning)), "public")
