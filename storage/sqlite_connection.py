"""A connection to SQLite with two ways in: short statements run where they are asked for, all others in its thread."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long another process (an import beside the service) may hold the database before we give up."""
_PREPARED = 256
"""Statements whose plans are kept."""
_BEGIN = "BEGIN IMMEDIATE"
_PATIENT, _HURRIED = f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS:.0f}", "PRAGMA busy_timeout = 0"
_CHUNK = 64
_AT_A_STRETCH = 16
"""Short statements in a row, some 20 µs each, after which the others of the event loop have their turn."""

Values = Mapping[str, Any] | Sequence[Any]


class Connection(aiosqlite.Connection):
    """Runs statements one after the other, in the order in which they are asked for.

    To hand a statement to a thread and to be woken by it costs 100 µs of CPU, five times what a row found by its key
    costs. So what is known to be short (`at_once`) runs in the event loop; what may wait for a disk, a lock or many
    rows never does.
    """

    def __init__(self, path: str) -> None:
        """Opens the database; raises `sqlite3.Error`."""
        raw = sqlite3.connect(
            path,
            isolation_level=None,
            timeout=BUSY_SECONDS,
            cached_statements=_PREPARED,
            check_same_thread=False,
        )
        super().__init__(lambda: raw, _CHUNK)
        self._raw = raw
        self._given = 0
        self._done = 0
        self._stretch = 0
        self._changes = -1
        """Rows changed before the transaction began; -1: not known."""
        self._is_hurried = False

    async def __aenter__(self) -> Self:
        await self
        return self

    @property
    def is_idle(self) -> bool:
        """Nothing is left in the thread. Whoever gives up leaves a statement there, which must stay in its order."""
        return self._given == self._done

    async def rows(self, sql: str, values: Values = (), *, at_once: bool = False) -> Iterable[sqlite3.Row]:
        if at_once and (self._goes_on() or await self._may_begin()):
            return self._raw.execute(sql, values).fetchall()
        return await self._in_thread(lambda: self.execute_fetchall(sql, values))

    async def change(self, sql: str, values: Values = (), *, at_once: bool = False) -> int:
        """How many rows were changed."""
        if at_once and (self._goes_on() or await self._may_begin()):
            return self._raw.execute(sql, values).rowcount
        return (await self._in_thread(lambda: self.execute(sql, values))).rowcount

    async def change_many(self, sql: str, rows: Sequence[Values], *, at_once: bool = False) -> int:
        """How many rows were changed by all together."""
        if at_once and (self._goes_on() or await self._may_begin()):
            return self._raw.executemany(sql, rows).rowcount
        return (await self._in_thread(lambda: self.executemany(sql, rows))).rowcount

    async def begin(self) -> None:
        """Begins to write; waits in the thread while another process does. A connection that does not `hurry` goes to
        the thread even where nobody writes."""
        if self.is_idle and self._is_hurried:
            self._changes = self.total_changes
            try:
                self._raw.execute(_BEGIN)
            except sqlite3.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                    raise
            else:
                return
        await self._in_thread(lambda: self.execute(_PATIENT))
        try:
            await self._in_thread(lambda: self.execute(_BEGIN))
        finally:
            if self._is_hurried:
                await self._in_thread(lambda: self.execute(_HURRIED))

    async def hurry(self) -> None:
        """From now on a lock of another process is waited for in `begin` alone."""
        await self._in_thread(lambda: self.execute(_HURRIED))
        self._is_hurried = True

    async def commit(self) -> None:
        if self.is_idle and self.total_changes == self._changes:
            # Nothing was written, so no disk is waited for.
            self._raw.commit()
        else:
            await self._in_thread(super().commit)

    async def rollback(self) -> None:
        await self._in_thread(super().rollback)

    def undo(self) -> None:
        """`rollback` of a transaction that wrote nothing, while the connection is idle: costs no hop."""
        self._raw.rollback()

    def _goes_on(self) -> bool:
        self._stretch += 1
        return self._stretch <= _AT_A_STRETCH and self._given == self._done

    async def _may_begin(self) -> bool:
        """After the others had their turn."""
        self._stretch = 0
        await asyncio.sleep(0)
        return self.is_idle

    async def _in_thread(self, act: Callable[[], Awaitable[T]]) -> T:
        self._given += 1
        number, is_done = self._given, True
        try:
            return await act()
        except asyncio.CancelledError:
            is_done = False
            raise
        finally:
            # The thread takes them in order: with this one, all before it are done.
            if is_done:
                self._done, self._stretch = max(self._done, number), 0
