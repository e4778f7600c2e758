"""PostgreSQL: the engine for many machines. A pool of connections; rows are locked, never the whole."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import asyncpg

from bot.model.clock import Clock, to_millis
from bot.ports import Transaction
from storage import postgres_driver
from storage.coordination import Coordination
from storage.engine import Engine
from storage.migrate import APPLIED, LEDGER, missing
from storage.postgres_wake import WAKE, listen
from storage.statements import Statements
from storage.transaction import UnitOfWork

log = logging.getLogger(__name__)

T = TypeVar("T")

_CONNECTIONS = 8
_CONNECT_SECONDS = 10.0
_FREE_SECONDS = 30.0
"""How long to wait for a free connection of the pool."""
_SERVER = {
    "application_name": "motcua",
    "statement_timeout": "60s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",
}
_PLAN_SECONDS = 5
"""How long a prepared statement is kept. A plan that was made while a table was small reads it whole once it is full,
until the server has analysed it; planning everything anew each time would cost a fifth of the outbox's pace."""
_TRIES = 3
_SETTLING = 0x6D6F_7463_0001
_MIGRATING = 0x6D6F_7463_0002
"""Keys of advisory locks: "motc" and a number."""

_TWO_AT_ONCE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.ClientConfigurationError,
    OSError,
    TimeoutError,
)


@asynccontextmanager
async def open_postgres(url: str, clock: Clock) -> AsyncIterator["PostgresStorage"]:
    """The database at `url`."""
    shown = _shown(url)
    connect = {"timeout": _CONNECT_SECONDS, "server_settings": _SERVER}
    try:
        pool = await asyncpg.create_pool(
            url, min_size=1, max_size=_CONNECTIONS, reset=_keep, max_cached_statement_lifetime=_PLAN_SECONDS, **connect
        )
    except (*_FAILURES, ValueError) as error:
        raise postgres_driver.readable(error, shown) from error
    storage = PostgresStorage(shown, clock, pool)
    # Not in a task group: that would wrap whatever the caller's block raises.
    tried = asyncio.Event()
    listening = asyncio.create_task(listen(lambda: asyncpg.connect(url, **connect), storage, tried))
    try:
        await tried.wait()
        yield storage
    finally:
        storage.closed = True
        listening.cancel()
        await asyncio.wait([listening])
        await _close(pool)


class PostgresStorage(Engine):
    """`bot.ports.Storage` on a PostgreSQL database.

    Writers run READ COMMITTED: everything that is read in order to be written is locked by the reading query,
    or is decided by a unique key, and each statement must see what the holder of the lock has committed.
    """

    def __init__(self, shown: str, clock: Clock, pool: asyncpg.Pool) -> None:
        super().__init__(shown, clock)
        self._pool = pool

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """As the port says; where two works lock each other out, one is undone and run again from its start."""
        await self._require_schema()
        for left in reversed(range(_TRIES)):
            try:
                return await self._write_once(work)
            except _TWO_AT_ONCE as error:
                if not left:
                    raise postgres_driver.readable(error, self.shown) from error
                log.info("a work met another one and is run again (%s)", type(error).__name__)
        raise AssertionError("unreachable")

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        await self._require_schema()
        sql = postgres_driver.queries(row_locks=False)
        async with self._connected() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            return await work(UnitOfWork(Statements(sql, connection), Coordination(), writes=False))

    async def migrate(self) -> list[str]:
        async with self._connected() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATING)
            await connection.execute(LEDGER)
            needed = missing(dict(map(tuple, await connection.fetch(APPLIED))), self.shown)
            for migration in needed:
                for statement in migration.statements("postgres"):
                    await connection.execute(statement)
                await connection.execute(
                    "INSERT INTO migrations (name, checksum, applied_at) VALUES ($1, $2, $3)",
                    migration.name,
                    migration.checksum,
                    to_millis(self._clock()),
                )
        return [migration.name for migration in needed]

    async def _applied(self) -> dict[str, str]:
        async with self._connected() as connection:
            try:
                return dict(map(tuple, await connection.fetch(APPLIED)))
            except asyncpg.UndefinedTableError:
                return {}

    async def _write_once(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        sql = postgres_driver.queries(row_locks=True)
        async with self._connected() as connection:
            others = _Others(connection)
            async with connection.transaction():
                result = await work(UnitOfWork(Statements(sql, connection), others, writes=True))
        for queue in others.woken:
            self.wake(queue)
        return result

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool. What goes wrong with the server comes out readable; deadlocks stay."""
        try:
            async with self._pool.acquire(timeout=_FREE_SECONDS) as connection:
                try:
                    yield connection
                except asyncpg.InternalClientError:
                    # The server hung up just as we began to speak: the driver no longer knows where it stands.
                    connection.terminate()
                    raise
        except _TWO_AT_ONCE:
            raise
        except _FAILURES as error:
            raise postgres_driver.readable(error, self.shown) from error


class _Others(Coordination):
    """Many writers on many machines: wake-ups travel with the commit, and settling is announced."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def wake(self, queues: Collection[str]) -> None:
        if news := sorted(set(queues) - self.woken):
            await self._connection.fetch("SELECT pg_notify($1, name) FROM unnest($2::text[]) AS name", WAKE, news)
        await super().wake(queues)

    async def announce_settling(self) -> None:
        await self._connection.fetch("SELECT pg_advisory_xact_lock_shared($1)", _SETTLING)

    async def wait_for_settling(self) -> bool:
        """A receipt may come while its reference is being recorded. Neither transaction sees the other, so it
        would be parked for good. Held until the commit: a settlement that starts later finds what we park."""
        await self._connection.fetch("SELECT pg_advisory_xact_lock($1)", _SETTLING)
        return True


async def _keep(_: asyncpg.Connection) -> None:
    """Nothing to reset: we set nothing that outlives a transaction. Saves a round trip each time."""


async def _close(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await pool.close()
    except (TimeoutError, *_FAILURES):
        pool.terminate()


def _shown(url: str) -> str:
    """The database as an operator knows it, without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "PostgreSQL"
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    return f"{parts.path.lstrip('/') or 'postgres'} on {host}"
