"""SQLite's one writer: takes the works that wait, runs each apart, and makes them durable with one commit."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.model.errors import StorageError
from bot.ports import Transaction
from storage.sqlite_connection import Connection
from storage.transaction import UnitOfWork

WORKS_PER_COMMIT = 200
WORK_SECONDS = 60.0
"""A work that takes longer is undone: it holds up every other writer."""

Work = Callable[[Transaction], Awaitable[Any]]


@dataclass(slots=True)
class _Job:
    """One work, and the promise to whoever waits for it."""

    work: Work
    promise: asyncio.Future[Any]
    keep: bool
    """False for a reader: what it leaves is undone."""
    result: Any = None
    woken: set[str] = field(default_factory=set)

    @property
    def settled(self) -> bool:
        """It has its answer, or the caller has given up."""
        return self.promise.done()

    def fail(self, error: BaseException) -> None:
        if not self.settled:
            self.promise.set_exception(error)

    def succeed(self) -> None:
        if not self.settled:
            self.promise.set_result(self.result)


class Writer:
    """Owns the connection that writes. `run` it as a task; `stop` lets it finish what waits."""

    def __init__(
        self,
        connection: Connection,
        *,
        begin: Callable[[Connection], UnitOfWork],
        wake: Callable[[str], None],
        carry: Callable[[Connection], Awaitable[object]],
        readable: Callable[[BaseException], BaseException],
    ) -> None:
        self._connection = connection
        self._begin = begin
        self._wake = wake
        self._carry = carry
        self._readable = readable
        self._waiting: asyncio.Queue[_Job | None] = asyncio.Queue()
        self._closed = False
        self._is_log_long = False
        self._clear: Callable[[Connection], Awaitable[bool]] | None = None
        self._running: asyncio.Task[Any] | None = None

    async def submit(self, work: Work, *, keep: bool = True) -> Any:
        """Returns when `work` is durable. If the caller gives up before it began, it never begins."""
        if asyncio.current_task() is self._running:
            raise RuntimeError("a work waits for another one: the writer would wait for itself")
        if self._closed:
            raise StorageError("the database is closed")
        job = _Job(work, asyncio.get_running_loop().create_future(), keep)
        self._waiting.put_nowait(job)
        return await job.promise

    def stop(self) -> None:
        self._closed = True
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Until `stop`. Nobody is left waiting, however it ends."""
        self._running = asyncio.current_task()
        try:
            while (first := await self._waiting.get()) is not None:
                if self._is_log_long:
                    await self._carry_over()
                await self._write_together([first, *self._more()])
                if self._clear:
                    await self._clear_log(self._clear)
        finally:
            self._closed = True
            while not self._waiting.empty():
                if job := self._waiting.get_nowait():
                    job.fail(StorageError("the database was closed before this was written"))

    def finish_log(self) -> None:
        """Before the next transaction the rest of the log is carried over, so that it begins anew."""
        self._is_log_long = True

    def clear_log(self, clear: Callable[[Connection], Awaitable[bool]]) -> None:
        """After each transaction from now on the log is emptied, until that has succeeded once."""
        self._clear = clear

    async def _clear_log(self, clear: Callable[[Connection], Awaitable[bool]]) -> None:
        with suppress(sqlite3.Error):
            if await clear(self._connection):
                self._clear = None

    async def _carry_over(self) -> None:
        self._is_log_long = False
        # What is wrong with the disk the transaction will tell those who wait for it.
        with suppress(sqlite3.Error):
            await self._carry(self._connection)

    def _more(self) -> list[_Job]:
        jobs: list[_Job] = []
        while len(jobs) < WORKS_PER_COMMIT - 1 and not self._waiting.empty():
            job = self._waiting.get_nowait()
            if job is None:
                self._waiting.put_nowait(None)
                break
            jobs.append(job)
        return jobs

    async def _write_together(self, jobs: Sequence[_Job]) -> None:
        jobs = [job for job in jobs if not job.settled]
        if not jobs:
            return
        try:
            await self._connection.begin()
            done = await self._run_each(jobs)
            await self._connection.commit()
        except (sqlite3.Error, StorageError) as error:
            for job in jobs:
                job.fail(self._readable(error))
            await self._connection.rollback()
        except BaseException:
            for job in jobs:
                job.fail(StorageError("the database was closed before this was written"))
            await asyncio.shield(self._connection.rollback())
            raise
        else:
            for job in done:
                job.succeed()
                for queue in job.woken:
                    self._wake(queue)

    async def _run_each(self, jobs: Sequence[_Job]) -> list[_Job]:
        """Runs the works one after the other, undoing those that fail or only read; the ones to commit."""
        if len(jobs) == 1:
            if await self._succeeds(jobs[0]):
                return list(jobs)
            await self._connection.rollback()
            return []
        done = []
        for job in jobs:
            if job.settled:
                continue
            await self._connection.change("SAVEPOINT work", at_once=True)
            if await self._succeeds(job):
                done.append(job)
            else:
                await self._connection.change("ROLLBACK TO work")
            await self._connection.change("RELEASE work", at_once=True)
        return done

    async def _succeeds(self, job: _Job) -> bool:
        unit, limit = self._begin(self._connection), asyncio.timeout(WORK_SECONDS)
        try:
            async with limit:
                job.result = await job.work(unit)
        except (Exception, asyncio.CancelledError) as error:
            if _cancelled():
                raise
            self._require_transaction(error)
            job.fail(_too_slow() if limit.expired() else self._readable(error))
            return False
        self._require_transaction(None)
        job.woken = unit.woken
        if not job.keep:
            job.succeed()
        return job.keep

    def _require_transaction(self, cause: BaseException | None) -> None:
        """On a full disk SQLite undoes everything by itself, the neighbours' work too."""
        if not self._connection.in_transaction:
            if isinstance(cause, sqlite3.Error):
                raise cause
            raise StorageError("the database undid the whole transaction") from cause


def _too_slow() -> StorageError:
    return StorageError(f"a piece of work took longer than {WORK_SECONDS:g} s and was undone")


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
