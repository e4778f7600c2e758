"""The server: finds the method, reads its parameters in any of the ways the Bot API takes them, shapes the answer."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from aiohttp import ClientSession, web

from adapters.simulators.telegram import citizen, control
from adapters.simulators.telegram.answers import Hangup, Parameters, Refusal, Upload
from adapters.simulators.telegram.control import DOORS, HAS_OWN_PORT, WORLD
from adapters.simulators.telegram.doors import Doors
from adapters.simulators.telegram.hooks import Caller
from adapters.simulators.telegram.methods import METHODS
from adapters.simulators.telegram.settings import Settings
from adapters.simulators.telegram.world import World

_TOKEN = web.AppKey("token", str)


class Journal:
    """A JSON line for every call; nothing without a path."""

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = path.open("a", encoding="utf-8", buffering=1) if path else None

    def note(self, method: str, given: Parameters, status: int) -> None:
        if self._file:
            entry = {"at": round(time.time(), 3), "method": method, "status": status, "given": dict(given)}
            self._file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        if self._file:
            self._file.close()


_JOURNAL = web.AppKey("journal", Journal)


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until it is cancelled. Raises OSError where the port is taken or the log cannot be written."""
    journal = Journal(settings.log)
    application = _application(settings, journal)
    # Cancelled with their connection: an abandoned poll must not take the updates of the next one.
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    doors = Doors(runner, settings.host, settings.port)
    controls = web.AppRunner(_controls(settings, application, doors), access_log=None, shutdown_timeout=0.1)
    application[DOORS] = doors
    world = application[WORLD]
    try:
        await runner.setup()
        await controls.setup()
        await doors.open()
        if settings.control_port:
            await web.TCPSite(controls, settings.host, settings.control_port).start()
        ready()
        async with ClientSession() as http:
            await Caller(world, http, lambda name, given: _do(world, name, given), retry=settings.webhook_retry).run()
    finally:
        doors.end()
        await controls.cleanup()
        await runner.cleanup()
        journal.close()


def _application(settings: Settings, journal: Journal) -> web.Application:
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application[WORLD] = World(settings.rate, settings.chat_rate, settings.paid_rate)
    application[HAS_OWN_PORT] = False
    application[_TOKEN] = settings.token
    application[_JOURNAL] = journal
    application.add_routes([*control.routes, *citizen.routes])
    application.router.add_route("*", "/bot{token:[^/]+}/{method}", _call)
    return application


def _controls(settings: Settings, application: web.Application, doors: Doors) -> web.Application:
    """The same controls at a port that stays open."""
    controls = web.Application()
    controls[WORLD], controls[DOORS], controls[HAS_OWN_PORT] = application[WORLD], doors, True
    controls.add_routes([*control.routes, *citizen.routes])
    return controls


async def _call(request: web.Request) -> web.StreamResponse:
    world, name = request.app[WORLD], request.match_info["method"]
    world.counts[name] += 1
    given: Parameters = {}
    try:
        given = await _parameters(request)
        result = await _result(request, given)
    except Hangup:
        request.app[_JOURNAL].note(name, given, 0)
        return _hang_up(request)
    except Refusal as refusal:
        status, answer = refusal.code, _refused(refusal)
    else:
        status, answer = 200, {"ok": True, "result": result}
    world.counts[str(status)] += 1
    request.app[_JOURNAL].note(name, given, status)
    return web.json_response(answer, status=status)


async def _result(request: web.Request, given: Parameters) -> object:
    token = request.match_info["token"]
    if ":" not in token:
        raise Refusal(404, "Not Found")
    if token != request.app[_TOKEN]:
        raise Refusal(401, "Unauthorized")
    return await _do(request.app[WORLD], request.match_info["method"], given)


async def _do(world: World, name: str, given: Parameters) -> object:
    method = METHODS.get(name.lower())
    if method is None:
        raise Refusal(404, "Not Found")
    return await method(world, given)


async def _parameters(request: web.Request) -> Parameters:
    """From the query and a JSON, form or multipart body; names are matched without their case."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refusal(400, "Bad Request: can't parse JSON object")
        given.update(body)
    else:
        given.update({name: _taken(value) for name, value in (await request.post()).items()})
    return {name.lower(): value for name, value in given.items()}


def _taken(value: str | bytes | bytearray | web.FileField) -> object:
    """Of a form's field its text, of a file all of it."""
    if isinstance(value, web.FileField):
        with value.file:
            return Upload(value.filename, value.content_type, value.file.read())
    return value


def _refused(refusal: Refusal) -> dict[str, Any]:
    answer: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    return {**answer, "parameters": dict(refusal.parameters)} if refusal.parameters else answer


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)
