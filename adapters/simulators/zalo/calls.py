"""A call to the API: read, let in by its access token and within the rate, and answered in Zalo's envelope."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.simulators.zalo.errors import Garbage, Hangup, Refusal, Stumble
from adapters.simulators.zalo.world import Upload, World

WORLD = web.AppKey("world", World)
_PAGE = "<html><body><h1>Internal Server Error</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, with which token."""

    access_token: str = field(repr=False)
    given: Mapping[str, Any]

    def part(self, name: str) -> Mapping[str, Any]:
        """An object of the body. Raises `Refusal`."""
        value = self.given.get(name)
        if not isinstance(value, dict):
            raise Refusal(-201, name)
        return value


Function = Callable[[World, Call], Awaitable[object]]


def serving(function: Function) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """`function` as a handler."""

    async def serve(request: web.Request) -> web.StreamResponse:
        world, call = request.app[WORLD], Call(request.headers.get("access_token", ""), await _given(request))
        left = world.calls_left() if world.settings.rate else 0
        try:
            body = _taken(await _let_in(world, call, left, function, is_business=_is_business(request)))
        except Refusal as refusal:
            body = {"error": refusal.code, "message": refusal.message}
        except (Hangup, Stumble, Garbage) as end:
            world.journal.note("call", path=request.path, error=type(end).__name__, given=call.given)
            return _ended(request, end)
        answer = body.get("data")
        world.journal.note("call", path=request.path, error=body["error"], given=call.given, answer=answer)
        world.journal.counts[str(body["error"])] += 1
        headers = {"X-RateLimit-Limit": str(world.settings.rate), "X-RateLimit-Remain": str(max(left, 0))}
        return web.json_response(body, headers=headers if world.settings.rate else None)

    return serve


async def _let_in(world: World, call: Call, left: int, function: Function, *, is_business: bool) -> object:
    if left < 0:
        raise Refusal(-32)
    if trouble := world.tokens.trouble(call.access_token):
        raise Refusal(-124 if is_business else trouble)
    return await function(world, call)


def _taken(result: object) -> dict[str, Any]:
    return {"data": result, "error": 0, "message": "Success"}


def _is_business(request: web.Request) -> bool:
    return request.path.startswith("/message/")


async def _given(request: web.Request) -> Mapping[str, Any]:
    """The JSON object of the body, or the query; nothing for a body that cannot be read."""
    if request.method == "GET":
        return dict(request.query)
    if request.content_type == "multipart/form-data":
        return {name: _field(value) for name, value in (await request.post()).items()}
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _field(value: str | bytes | bytearray | web.FileField) -> object:
    """Of a form's field its text, of a file all of it."""
    if not isinstance(value, web.FileField):
        return value
    with value.file:
        return Upload(value.filename, value.content_type, value.file.read())


def _ended(request: web.Request, end: Exception) -> web.StreamResponse:
    if isinstance(end, Garbage):
        return web.Response(text="<!doctype html><title>Zalo</title>", content_type="text/html")
    if isinstance(end, Hangup) and request.transport:
        request.transport.abort()
    return web.Response(status=500, text=_PAGE, content_type="text/html")
