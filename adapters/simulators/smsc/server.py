"""Starts and stops the simulated message centre."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from adapters.simulators.smsc.control import application
from adapters.simulators.smsc.exchange import Exchange
from adapters.simulators.smsc.journal import Journal
from adapters.simulators.smsc.peer import Peer
from adapters.simulators.smsc.settings import Settings


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until cancelled; calls `ready` once both ports listen."""
    journal = Journal(settings.log)
    exchange = Exchange(settings, journal)
    runner = web.AppRunner(application(exchange), access_log=None, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.control_port).start()
        await _serve_smpp(exchange, ready)
    finally:
        exchange.close()
        await runner.cleanup()
        journal.close()


async def _serve_smpp(exchange: Exchange, ready: Callable[[], None]) -> None:
    settings = exchange.settings
    server = await asyncio.get_running_loop().create_server(lambda: Peer(exchange), settings.host, settings.port)
    try:
        ready()
        await asyncio.Event().wait()
    finally:
        server.close()
        # The server waits for its connections to end.
        exchange.drop_links()
        await server.wait_closed()
