"""Starts and stops the simulated message centre."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from adapters.simulators.smsc.control import application
from adapters.simulators.smsc.exchange import Exchange
from adapters.simulators.smsc.faults import Kind
from adapters.simulators.smsc.journal import Journal
from adapters.simulators.smsc.peer import Peer
from adapters.simulators.smsc.settings import Settings


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until cancelled; calls `ready` once both ports listen."""
    journal = Journal(settings.log, flush=settings.log_flush)
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
    """The port is closed for as long as the fault "down" wants it so."""
    while True:
        async with _listening(exchange):
            ready()
            await exchange.faults.until(lambda: _is_shut(exchange))
        await exchange.faults.until(lambda: not _is_shut(exchange))
        ready = lambda: None  # noqa: E731 - only the first time


@asynccontextmanager
async def _listening(exchange: Exchange) -> AsyncIterator[None]:
    settings = exchange.settings
    tls = None
    if settings.tls_cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(settings.tls_cert, settings.tls_key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Peer(exchange), settings.host, settings.port, ssl=tls)
    try:
        yield
    finally:
        server.close()
        # The server waits for its connections to end.
        exchange.drop_links()
        await server.wait_closed()


def _is_shut(exchange: Exchange) -> bool:
    down = exchange.faults.active(Kind.DOWN)
    return down is not None and down.refuse == "connect"
