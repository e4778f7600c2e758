"""Ports that open and close, and the API's misbehaviour, whatever is asked of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from adapters.simulators.onestop.misbehaviour import Faults


@asynccontextmanager
async def listening(application: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """The port is open; afterwards it is closed and every connection with it."""
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


async def serve(
    build: Callable[[], web.Application], host: str, port: int, faults: Faults, opened: asyncio.Event
) -> None:
    """Serves a fresh application whenever the software is up; never returns. `opened` is set as soon as the port is
    as it should be. Raises OSError where it is taken."""
    while True:
        if not faults.up.is_set():
            opened.set()
        await faults.up.wait()
        async with listening(build(), host, port):
            opened.set()
            await faults.fallen.wait()


def misbehaving(faults: Faults, answers: Counter[str]) -> Middleware:
    """Strikes calls as `faults` say; counts what was answered by status, and what was cut or never answered."""

    @web.middleware
    async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
        if faults.strikes("hang", "api"):
            answers["hung"] += 1
            await asyncio.Event().wait()
        if faults.strikes("errors", "api"):
            answers["500"] += 1
            return web.Response(status=500, text="<h1>500 - Internal server error</h1>", content_type="text/html")
        if faults.strikes("throttle", "api"):
            answers["429"] += 1
            return web.json_response({"message": "Too many requests"}, status=429, headers={"Retry-After": "1"})
        try:
            response = await handler(request)
        except web.HTTPException as error:
            answers[str(error.status)] += 1
            raise
        if isinstance(response, web.Response) and response.body and faults.strikes("truncate", "api"):
            answers["cut"] += 1
            return await _cut(request, response, as_if_whole=answers["cut"] % 2 == 1)
        answers[str(response.status)] += 1
        return response

    return misbehave


async def _cut(request: web.Request, response: web.Response, *, as_if_whole: bool) -> web.StreamResponse:
    body = response.body
    assert isinstance(body, bytes)  # noqa: S101 json_response makes no other
    half = body[: len(body) // 2]
    if as_if_whole:
        return web.Response(body=half, status=response.status, content_type=response.content_type)
    broken = web.StreamResponse(status=response.status, headers={"Content-Type": "application/json"})
    broken.content_length = len(body)
    broken.force_close()
    await broken.prepare(request)
    await broken.write(half)
    if request.transport:
        request.transport.close()
    return broken
