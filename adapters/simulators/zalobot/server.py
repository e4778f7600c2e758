"""Starts and stops the simulated platform: its API, its control and the citizen's page on one port."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from adapters.simulators.handset import page
from adapters.simulators.handset.calls import Calls
from adapters.simulators.handset.journal import Journal
from adapters.simulators.zalobot.control import WORLD, routes
from adapters.simulators.zalobot.methods import METHODS, Hangup, Page, Parameters, Refusal
from adapters.simulators.zalobot.settings import Settings
from adapters.simulators.zalobot.world import World

_TRIES = 5


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until it is cancelled. Raises OSError where the port is taken or the log cannot be written."""
    journal = Journal(settings.log)
    calls = Calls(journal, patience=settings.webhook_patience, pauses=[settings.repeat_after] * _TRIES)
    # Cancelled with their connection: an abandoned poll must not take the update of the next one.
    runner = web.AppRunner(
        _application(World(settings, journal, calls)),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=0.1,
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        ready()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await calls.close()
        journal.close()


def _application(world: World) -> web.Application:
    application = web.Application(client_max_size=1024 * 1024)
    application[WORLD] = world
    application.add_routes(routes)
    application.add_routes(page.routes)
    application.router.add_route("*", "/bot{token:[^/]+}/{method}", _call)
    return application


async def _call(request: web.Request) -> web.StreamResponse:
    world, name = request.app[WORLD], request.match_info["method"]
    world.journal.counts[name] += 1
    given: Parameters = {}
    try:
        given = await _parameters(request)
        result = await _result(request, given)
    except (Hangup, Page) as end:
        world.journal.note("call", method=name, code=0, given=given)
        return _ended(request, end)
    except Refusal as refusal:
        code, answer = refusal.code, _refused(refusal)
    else:
        code, answer = 200, {"ok": True} if result is None else {"ok": True, "result": result}
    world.journal.counts[str(code)] += 1
    world.journal.note("call", method=name, code=code, given=given)
    # Refusals come with HTTP 200, too: only the body says so.
    return web.json_response(answer)


async def _result(request: web.Request, given: Parameters) -> object:
    if request.match_info["token"] != request.app[WORLD].settings.token:
        raise Refusal(401, "Unauthorized")
    method = METHODS.get(request.match_info["method"])
    if method is None:
        raise Refusal(404, "Not Found")
    return await method(request.app[WORLD], given)


async def _parameters(request: web.Request) -> Parameters:
    """From the query and a JSON or form body."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refusal(400, "Bad Request: can't parse JSON object")
        return {**given, **body}
    return {**given, **{name: value for name, value in (await request.post()).items() if isinstance(value, str)}}


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"ok": False, "error_code": refusal.code, "description": refusal.description}


def _ended(request: web.Request, end: Hangup | Page) -> web.StreamResponse:
    if isinstance(end, Page):
        return web.Response(status=end.status, text="<html><h1>Zalo</h1></html>", content_type="text/html")
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)
