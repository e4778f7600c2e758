"""SQLite: the embedded engine. One writer with group commit, and readers beside it."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, TypeVar, cast

from bot.model.clock import Clock, to_millis
from bot.model.errors import StorageError
from bot.ports import Transaction
from storage import sqlite_driver
from storage.coordination import Coordination
from storage.engine import Engine
from storage.group_commit import Writer
from storage.migrate import ADD_BESIDE, APPLIED, LEDGER, NOTE, Applied, as_applied, missing
from storage.retention import SCRUB
from storage.sealing.seal import Seal
from storage.sealing.state import STATE
from storage.sqlite_checkpoint import AT_LAST, Checkpointer, carry, clear
from storage.sqlite_connection import Connection
from storage.statements import Statements
from storage.transaction import UnitOfWork

T = TypeVar("T")

MEMORY = ":memory:"
_OLDEST = (3, 38)
"""The first with `->>`, which our queries use."""
_LEDGER_COLUMNS = "SELECT name FROM pragma_table_info('migrations')"
_READERS = 3
_READ_SECONDS = 60.0
_CACHE_KIB = 16 * 1024
"""Of the writer's pages: the inner ones of a million dossiers' indexes stay in memory."""
_CHECKPOINT = f"wal_autocheckpoint = {AT_LAST}"
_OVERWRITE = "secure_delete = 1"
"""What is deleted is overwritten in the file: free pages, and what is free in a page, would show it for long."""

_Look = Callable[[Connection], Awaitable[Any]]


@asynccontextmanager
async def open_sqlite(path: str, clock: Clock, seal: Seal | None = None) -> AsyncIterator["SqliteStorage"]:
    """The database file `path`, made if it does not exist; `:memory:` for one that vanishes."""

    def readable(error: BaseException) -> BaseException:
        return sqlite_driver.readable(error, path) if isinstance(error, sqlite3.Error) else error

    if sqlite3.sqlite_version_info < _OLDEST:
        raise StorageError(f"SQLite 3.38 or newer is needed, this Python comes with {sqlite3.sqlite_version}")
    try:
        _make(path)
    except sqlite3.Error as error:
        raise readable(error) from error
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(Connection(path))
            readers = [await stack.enter_async_context(Connection(path)) for _ in range(_readers(path))]
            carrier = await stack.enter_async_context(Connection(path)) if path != MEMORY else None
            await _prepare(path, connection, readers, carrier)
        except sqlite3.Error as error:
            raise readable(error) from error
        storage = SqliteStorage(path, clock, connection, readers, readable, seal)
        # Not in a task group: that would wrap whatever the caller's block raises.
        running = asyncio.create_task(storage.writer.run())
        carrying = asyncio.create_task(_carrying(storage.writer, connection, carrier))
        try:
            yield storage
        finally:
            storage.closed = True
            storage.writer.stop()
            await running
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
            await storage.readers_returned()


class SqliteStorage(Engine):
    """`bot.ports.Storage` on one SQLite database."""

    def __init__(
        self,
        path: str,
        clock: Clock,
        connection: Connection,
        readers: list[Connection],
        readable: Callable[[BaseException], BaseException],
        seal: Seal | None = None,
    ) -> None:
        super().__init__(f"the database {path}", clock, seal)
        self._connection = connection
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._free.put_nowait(reader)
        self._returning: set[asyncio.Task[None]] = set()
        self._look = self._look_beside if readers else self._look_between
        self._readable = readable
        self.writer = Writer(connection, begin=self._writing, wake=self.wake, carry=carry, readable=readable)

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        await self._require_schema()
        return cast("T", await self.writer.submit(work))

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        await self._require_schema()
        return cast("T", await self._look(lambda connection: work(self._reading(connection))))

    def wake(self, queue: str) -> None:
        if queue == SCRUB:
            self.writer.clear_log(clear)
            return
        super().wake(queue)

    async def migrate(self) -> list[str]:
        async def work(_: Transaction) -> list[str]:
            await self._connection.change(LEDGER)
            if "beside" not in {row["name"] for row in await self._connection.rows(_LEDGER_COLUMNS)}:
                await self._connection.change(ADD_BESIDE)
            needed = missing(as_applied(await self._connection.rows(APPLIED)), self.shown)
            for migration in needed:
                for statement in migration.statements("sqlite"):
                    await self._connection.change(statement)
                note = {
                    "name": migration.name,
                    "checksum": migration.checksum,
                    "applied_at": to_millis(self._clock()),
                    "beside": migration.beside,
                }
                await self._connection.change(NOTE, note)
            return [migration.name for migration in needed]

        return cast("list[str]", await self.writer.submit(work))

    async def _applied(self) -> dict[str, Applied]:
        async def look(connection: Connection) -> dict[str, Applied]:
            try:
                return as_applied(await connection.rows(APPLIED))
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return {}
                raise

        return cast("dict[str, Applied]", await self._look(look))

    async def sealing_rows(self) -> list[Iterable[str]]:
        async def look(connection: Connection) -> list[Iterable[str]]:
            try:
                return [tuple(row) for row in await connection.rows(STATE)]
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

        return cast("list[Iterable[str]]", await self._look(look))

    async def write_unasked(self, work: Callable[[Statements], Awaitable[None]]) -> None:
        await self.writer.submit(lambda _: work(Statements(sqlite_driver.queries(), self._connection)))

    def _writing(self, connection: Connection) -> UnitOfWork:
        return UnitOfWork(self._statements(sqlite_driver.queries(), connection), Coordination(), writes=True)

    def _reading(self, connection: Connection) -> UnitOfWork:
        return UnitOfWork(self._statements(sqlite_driver.queries(), connection), Coordination(), writes=False)

    async def _look_beside(self, look: _Look) -> Any:
        """On a reader of its own, in one transaction that is then forgotten."""
        connection = await self._free.get()
        try:
            await connection.change("BEGIN", at_once=True)
            async with asyncio.timeout(_READ_SECONDS):
                return await look(connection)
        except TimeoutError:
            raise StorageError(f"{self.shown}: a question took longer than {_READ_SECONDS:g} s") from None
        except sqlite3.Error as error:
            raise self._readable(error) from error
        finally:
            self._give_back(connection)

    async def readers_returned(self) -> None:
        """Waits until no reader's connection is busy with forgetting."""
        await asyncio.gather(*self._returning, return_exceptions=True)

    def _give_back(self, connection: Connection) -> None:
        if connection.is_idle:
            connection.undo()
            self._free.put_nowait(connection)
            return
        # Not waited for: the asker has gone, and a statement may still be running in the connection's thread.
        returning = asyncio.create_task(self._interrupt(connection))
        self._returning.add(returning)
        returning.add_done_callback(self._returning.discard)

    async def _interrupt(self, connection: Connection) -> None:
        try:
            await connection.interrupt()
            await connection.rollback()
        finally:
            self._free.put_nowait(connection)

    async def _look_between(self, look: _Look) -> Any:
        """A database in memory has one connection: readers take turns with the writers."""

        async def work(_: Transaction) -> Any:
            await self._connection.change("PRAGMA query_only = 1", at_once=True)
            try:
                return await look(self._connection)
            finally:
                await asyncio.shield(self._connection.change("PRAGMA query_only = 0", at_once=True))

        return await self.writer.submit(work, keep=False)


def _make(path: str) -> None:
    """Makes the file if it does not exist, for its owner alone: it will hold citizens' names and numbers. SQLite
    gives the two files beside it the same rights.

    Opened here for a first time because aiosqlite, where it cannot open a file, leaves a thread behind.
    """
    if path != MEMORY:
        with suppress(OSError):
            os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
        sqlite3.connect(path).close()


def _readers(path: str) -> int:
    return 0 if path == MEMORY else _READERS


async def _carrying(writer: Writer, connection: Connection, carrier: Connection | None) -> None:
    if carrier is not None:
        await Checkpointer(carrier, written=lambda: connection.total_changes, finish=writer.finish_log).run()


async def _prepare(path: str, connection: Connection, readers: list[Connection], carrier: Connection | None) -> None:
    mode = [row[0] for row in await connection.rows("PRAGMA journal_mode = WAL")]
    if path != MEMORY and mode != ["wal"]:
        raise StorageError(f"the database {path} is on a file system that cannot hold it (no shared memory)")
    for pragma in ("synchronous = FULL", "foreign_keys = 1", f"cache_size = -{_CACHE_KIB}", _CHECKPOINT, _OVERWRITE):
        await connection.change(f"PRAGMA {pragma}")
    await connection.hurry()
    if carrier is not None:
        await carrier.change("PRAGMA synchronous = FULL")
    for reader in readers:
        await reader.change("PRAGMA query_only = 1")
    for each in (connection, *readers):
        each.row_factory = sqlite3.Row
