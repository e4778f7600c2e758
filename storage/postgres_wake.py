"""Hearing, on one machine, that another one has enqueued messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg

from storage.engine import Engine
from storage.postgres_hosts import FAILURES

log = logging.getLogger(__name__)

WAKE = "motcua_wake"
"""PostgreSQL's name of the notifications; their payload is the queue."""

_PULSE_SECONDS = 10.0
_PULSE_ANSWER_SECONDS = 5.0
_LONGEST_PAUSE = 5.0


async def listen(connect: Callable[[], Awaitable[asyncpg.Connection]], engine: Engine, tried: asyncio.Event) -> None:
    """Until cancelled. While there is no connection nothing is lost but speed: the table is the truth.

    Sets `tried` when it listens for the first time, or cannot.
    """
    pause = 1.0
    while True:
        try:
            connection = await connect()
        except FAILURES as error:
            log.warning("no wake-ups from %s for %g s: %s", engine.shown, pause, type(error).__name__)
            tried.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        pause = 1.0
        try:
            await _hear(connection, engine, tried)
        except FAILURES as error:
            log.warning("the wake-ups from %s broke off: %s", engine.shown, type(error).__name__)
            tried.set()
        finally:
            connection.terminate()


async def _hear(connection: asyncpg.Connection, engine: Engine, tried: asyncio.Event) -> None:
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())
    await connection.add_listener(WAKE, lambda _connection, _process, _name, queue: engine.wake(queue))
    engine.wake_everybody()
    tried.set()
    while not closed.is_set():
        try:
            async with asyncio.timeout(_PULSE_SECONDS):
                await closed.wait()
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=_PULSE_ANSWER_SECONDS)
