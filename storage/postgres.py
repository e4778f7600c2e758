"""PostgreSQL: the engine for many machines. A pool of connections; rows are locked, never the whole."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import asyncpg

from bot.model.clock import Clock, to_millis
from bot.model.errors import PerhapsWrittenError
from bot.ports import Transaction
from storage import postgres_driver
from storage.coordination import Coordination
from storage.engine import NEW_SCHEMA, Engine
from storage.migrate import ADD_BESIDE, APPLIED, LEDGER, Applied, as_applied, missing
from storage.postgres_hosts import FAILURES, Hosts, close, hides_an_end, shown
from storage.postgres_wake import WAKE, listen
from storage.sealing.seal import Seal
from storage.sealing.state import STATE
from storage.statements import Statements
from storage.transaction import UnitOfWork

log = logging.getLogger(__name__)

T = TypeVar("T")

_CONNECTIONS = 8
_FREE_SECONDS = 15.0
"""How long to wait for a free connection of the pool."""
_COMMIT_SECONDS = 15.0
"""For the answer to a commit. A server whose standby is gone makes us wait for ever."""
_MIGRATION_SECONDS = 24 * 3600.0
_YOUNG_PLAN_SECONDS = 5
"""How long a prepared statement is kept in a database of few messages. A plan that was made while a table was small
reads it whole once it is full, until the server has analysed it; planning everything anew each time would cost a fifth
of the outbox's pace."""
_PLAN_SECONDS = 300
"""The same where there are many: with two years of months the plan of a claim costs more than a small claim."""
_FEW_MESSAGES = 100_000
_MESSAGES = """
SELECT COALESCE(SUM(reltuples), 0) FROM pg_class
WHERE relkind = 'r' AND relname LIKE 'outbox%' AND relnamespace = current_schema()::regnamespace
"""
_TRIES = 3
_FAR_CLOCK = """
SELECT clock_timestamp() AS now, inet_server_addr() IS NOT DISTINCT FROM inet_client_addr() AS is_here
"""
_CLOCK_SECONDS = 2.0
_HAS_BESIDE = """
SELECT EXISTS (
    SELECT 1 FROM pg_attribute
    WHERE attrelid = 'migrations'::regclass AND attname = 'beside' AND NOT attisdropped
)
"""
_SETTLING = 0x6D6F_7463_0001
_CLAIMING = 0x6D6F_7463_0003
_MIGRATING = 0x6D6F_7463_0002
"""Keys of advisory locks: "motc" and a number."""
_CLAIM_SILENCE = "3s"
"""How long the server waits for a claimer that says nothing, or takes no answer: all other senders wait with it. What
it had claimed is undone. Elsewhere a transaction may pause for longer; see storage.postgres_hosts."""
_CLAIM = """
SELECT set_config('idle_in_transaction_session_timeout', $2, true), set_config('tcp_user_timeout', $2, true),
    pg_advisory_xact_lock($1)
"""

_TWO_AT_ONCE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_UNDONE = ("23", "25", "40", "53", "54")
"""How the codes begin with which a server refuses a commit: nothing of it was written."""


@asynccontextmanager
async def open_postgres(url: str, clock: Clock, seal: Seal | None = None) -> AsyncIterator["PostgresStorage"]:
    """The database at `url`."""
    hosts, name = Hosts(url), shown(url)
    # Without a floor: the pool would complain of each vain try to keep it, of which the storage's users say enough.
    pool = await asyncpg.create_pool(
        connect=hosts.connect,
        min_size=0,
        max_size=_CONNECTIONS,
        reset=_keep,
        init=_keep_plans,
        max_cached_statement_lifetime=_YOUNG_PLAN_SECONDS,
    )
    try:
        await pool.release(await pool.acquire(timeout=_FREE_SECONDS))
    except (*FAILURES, ValueError) as error:
        pool.terminate()
        raise postgres_driver.readable(error, name) from error
    storage = PostgresStorage(name, clock, pool, hosts, seal)
    # Not in a task group: that would wrap whatever the caller's block raises.
    tried = asyncio.Event()
    listening = asyncio.create_task(listen(hosts.connect, storage, tried))
    try:
        await tried.wait()
        yield storage
    finally:
        storage.closed = True
        listening.cancel()
        await asyncio.wait([listening])
        await close(pool)


class PostgresStorage(Engine):
    """`bot.ports.Storage` on a PostgreSQL database.

    Writers run READ COMMITTED: everything that is read in order to be written is locked by the reading query,
    or is decided by a unique key, and each statement must see what the holder of the lock has committed.
    """

    def __init__(self, name: str, clock: Clock, pool: asyncpg.Pool, hosts: Hosts, seal: Seal | None = None) -> None:
        super().__init__(name, clock, seal)
        self._pool = pool
        self._hosts = hosts

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """As the port says; where two works lock each other out, one is undone and run again from its start.

        Raises `PerhapsWrittenError` where the connection broke while the commit was under way.
        """
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
            return await work(UnitOfWork(self._statements(sql, connection), Coordination(), writes=False))

    async def far_clock(self) -> datetime | None:
        """As the port says, to half the time that the answer took; no transaction is begun for it."""
        async with self._connected() as connection:
            asked = time.monotonic()
            row = await connection.fetchrow(_FAR_CLOCK, timeout=_CLOCK_SECONDS)
            took = time.monotonic() - asked
        if row["is_here"]:
            return None
        told: datetime = row["now"] + timedelta(seconds=took / 2)
        return told.astimezone(UTC)

    async def migrate(self) -> list[str]:
        await self._make_ledger()
        async with self._connected() as connection, connection.transaction():
            # A change of a big table takes its time, and whoever comes second waits for it.
            await postgres_driver.lift_limits(connection)
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATING, timeout=_MIGRATION_SECONDS)
            needed = missing(as_applied(await connection.fetch(APPLIED)), self.shown)
            for migration in needed:
                for statement in migration.statements("postgres"):
                    await connection.execute(statement, timeout=_MIGRATION_SECONDS)
                await connection.execute(
                    "INSERT INTO migrations (name, checksum, applied_at, beside) VALUES ($1, $2, $3, $4)",
                    migration.name,
                    migration.checksum,
                    to_millis(self._clock()),
                    migration.beside,
                )
            if needed:
                await connection.execute("SELECT pg_notify($1, $2)", WAKE, NEW_SCHEMA)
        return [migration.name for migration in needed]

    async def _make_ledger(self) -> None:
        """In a transaction of its own: a change of the ledger locks out those who look whether they may go on, which
        must not last as long as the migrations."""
        async with self._connected() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATING, timeout=_MIGRATION_SECONDS)
            await connection.execute(LEDGER)
            if not await connection.fetchval(_HAS_BESIDE):
                await connection.execute(ADD_BESIDE)

    async def _applied(self) -> dict[str, Applied]:
        async with self._connected() as connection:
            try:
                return as_applied(await connection.fetch(APPLIED))
            except asyncpg.UndefinedTableError:
                return {}

    async def sealing_rows(self) -> list[Iterable[str]]:
        async with self._connected() as connection:
            try:
                return list(await connection.fetch(STATE))
            except asyncpg.UndefinedTableError:
                return []

    async def write_unasked(self, work: Callable[[Statements], Awaitable[None]]) -> None:
        sql = postgres_driver.queries(row_locks=True)
        async with self._connected() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATING, timeout=_COMMIT_SECONDS)
            await work(Statements(sql, connection))

    async def _write_once(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        sql = postgres_driver.queries(row_locks=True)
        async with self._connected() as connection:
            others, transaction = _Others(connection), connection.transaction()
            await transaction.start()
            try:
                result = await work(UnitOfWork(self._statements(sql, connection), others, writes=True))
            except BaseException as error:
                await _undo(connection, transaction, error)
                raise
            await self._commit(connection, transaction)
        for queue in others.woken:
            self.wake(queue)
        return result

    async def _commit(self, connection: asyncpg.Connection, transaction: asyncpg.transaction.Transaction) -> None:
        """Where no answer comes the connection is cut. To cancel the commit instead would make a server that waits
        for its standby say yes to what only its own disk has."""
        limit = asyncio.get_running_loop().call_later(_COMMIT_SECONDS, _hang_up, connection)
        try:
            await transaction.commit()
        except asyncio.CancelledError:
            _hang_up(connection)
            raise
        except FAILURES as error:
            if str(getattr(error, "sqlstate", None) or "").startswith(_UNDONE):
                raise
            _hang_up(connection)
            raise PerhapsWrittenError(
                f"{self.shown}: không rõ đã ghi hay chưa / the connection broke at the commit, perhaps it was written"
            ) from error
        finally:
            limit.cancel()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool. What goes wrong with the server comes out readable; deadlocks stay."""
        handled = sys.exc_info()[1]
        try:
            async with self._pool.acquire(timeout=_FREE_SECONDS) as connection:
                try:
                    yield connection
                except (asyncpg.InternalClientError, TimeoutError):
                    # The driver no longer knows where it stands, or the server answers no more.
                    _hang_up(connection)
                    raise
        except _TWO_AT_ONCE:
            raise
        except FAILURES as error:
            if hides_an_end(error, handled):
                raise asyncio.CancelledError from error
            if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                # It was a primary, and another one has taken its place: no connection to it is of use.
                self._hosts.forget()
                await self._pool.expire_connections()
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

    async def announce_claiming(self) -> None:
        """Two claims at once do not see what the other one takes, and each could take a message to one address.
        Held until the commit. A statement of its own, for the claim must see what the last holder has committed."""
        await self._connection.fetch(_CLAIM, _CLAIMING, _CLAIM_SILENCE)

    async def announce_settling(self) -> None:
        await self._connection.fetch("SELECT pg_advisory_xact_lock_shared($1)", _SETTLING)

    async def wait_for_settling(self) -> bool:
        """A receipt may come while its reference is being recorded. Neither transaction sees the other, so it
        would be parked for good. Held until the commit: a settlement that starts later finds what we park."""
        await self._connection.fetch("SELECT pg_advisory_xact_lock($1)", _SETTLING)
        return True


async def _keep(_: asyncpg.Connection) -> None:
    """Nothing to reset: we set nothing that outlives a transaction. Saves a round trip each time."""


async def _keep_plans(connection: asyncpg.Connection) -> None:
    """Once for each connection; the driver has no door to this."""
    if await connection.fetchval(_MESSAGES) >= _FEW_MESSAGES:
        connection._stmt_cache.set_max_lifetime(_PLAN_SECONDS)


async def _undo(
    connection: asyncpg.Connection, transaction: asyncpg.transaction.Transaction, error: BaseException
) -> None:
    """A server that did not answer is not asked once more; one that hung up has undone everything by itself."""
    if isinstance(error, TimeoutError | asyncpg.InternalClientError):
        _hang_up(connection)
        return
    try:
        await transaction.rollback()
    except FAILURES:
        _hang_up(connection)


def _hang_up(connection: asyncpg.Connection) -> None:
    """Without a word to the server. Where the driver has noticed the end itself it has taken the connection back."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()
