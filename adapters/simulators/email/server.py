"""Starts and stops the simulated mail server: SMTP on one port, its page and control on another."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from adapters.simulators.email.control import MAILBOXES, routes
from adapters.simulators.email.mailboxes import Mailboxes
from adapters.simulators.email.session import Hangup, Session
from adapters.simulators.email.settings import Settings
from adapters.simulators.handset.journal import Journal

_LONGEST_LINE = 1024 * 1024


async def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serves until it is cancelled. Raises OSError where a port is taken or a file cannot be read or written."""
    journal = Journal(settings.log)
    mailboxes = Mailboxes(journal)
    application = web.Application()
    application[MAILBOXES] = mailboxes
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.control_port).start()
        async with _listening(settings, mailboxes):
            ready()
            await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        journal.close()


@asynccontextmanager
async def _listening(settings: Settings, mailboxes: Mailboxes) -> AsyncIterator[None]:
    tls = _tls(settings)
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs is a task's
        connections[task] = writer
        mailboxes.journal.counts["connection"] += 1
        try:
            await Session(settings, mailboxes, tls, reader, writer).serve()
        except (OSError, Hangup, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or is left
        finally:
            del connections[task]
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    def hang_up() -> None:
        for writer in connections.values():
            writer.transport.abort()

    mailboxes.hang_up = hang_up
    server = await asyncio.start_server(
        serve,
        settings.host,
        settings.port,
        ssl=tls if settings.security == "tls" else None,
        limit=_LONGEST_LINE,
    )
    try:
        yield
    finally:
        server.close()
        ending = list(connections)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await server.wait_closed()


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context
