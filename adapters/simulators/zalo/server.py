"""Starts and stops the simulated Zalo: its API, its control and the citizen's page on one port."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from adapters.simulators.handset import page
from adapters.simulators.handset.journal import Journal
from adapters.simulators.zalo import business, control, oauth, openapi
from adapters.simulators.zalo.calls import WORLD, serving
from adapters.simulators.zalo.events import Events
from adapters.simulators.zalo.settings import Settings
from adapters.simulators.zalo.world import World


class Background:
    """What goes on beside the calls; ended with the simulator."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until it is cancelled. Raises OSError where the port is taken or the log cannot be written."""
    journal, background = Journal(settings.log), Background()
    events = Events(settings, journal)
    world = World(settings, journal, events, background.start)
    # Cancelled with their connection: a silent recipient would hold the handler for ever.
    runner = web.AppRunner(_application(world), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        ready()
        await asyncio.Event().wait()
    finally:
        await background.close()
        await runner.cleanup()
        await events.close()
        journal.close()


def _application(world: World) -> web.Application:
    application = web.Application(client_max_size=8 * 1024 * 1024)
    application[WORLD] = world
    application.add_routes(control.routes)
    application.add_routes(oauth.routes)
    application.add_routes(page.routes)
    for (method, path), function in {**openapi.FUNCTIONS, **business.FUNCTIONS}.items():
        application.router.add_route(method, path, serving(function))
    return application
