"""Jobs that one process does at a time: who has the lease works, and what a former holder still wants to write is
refused by the fence."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from bot.model.clock import Clock
from bot.model.errors import FencedError, StorageError, trail
from bot.pace import Monotonic
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

Work = Callable[[Storage], Coroutine[Any, Any, None]]
"""A job, given the storage in which it may write."""

LEASE = 8.0
"""Seconds for which a job is held without renewal: who dies is followed after so long, and one look more."""
RENEW = 2.0
"""Seconds between two renewals, and between two looks of those who wait for the job."""
_MARGIN = 1.0
"""Seconds before the end of its lease at which a holder that cannot renew stops by itself."""


class Fenced:
    """`bot.ports.Storage` for the holder of a lease: writes nothing once another one holds it."""

    def __init__(self, storage: Storage, name: str, fence: int) -> None:
        self._storage = storage
        self._name = name
        self._fence = fence

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """As `Storage.write`. Raises `FencedError`, and nothing is written."""

        async def fenced(tx: Transaction) -> T:
            await tx.leases.require(self._name, fence=self._fence)
            return await work(tx)

        return await self._storage.write(fenced)

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self._storage.read(work)

    def woken(self, channel: str) -> asyncio.Event:
        return self._storage.woken(channel)

    def feeds(self, queue: str, channels: Collection[str]) -> None:
        self._storage.feeds(queue, channels)

    async def migrate(self) -> list[str]:
        return await self._storage.migrate()

    async def pending_migrations(self) -> list[str]:
        return await self._storage.pending_migrations()


class Posts:
    """The jobs of one process that only one process may do."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        owner: str,
        lease: float = LEASE,
        renew: float = RENEW,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._owner = owner
        self._lease = lease
        self._renew = renew
        self._monotonic = monotonic
        self.held: dict[str, int] = {}
        """Job → fence, of the jobs that this process does just now."""

    async def hold(self, name: str, work: Work) -> None:
        """For ever: waits for the job, does `work` with a storage that is fenced, and waits again when it was lost.
        Whatever `work` leaves by itself is logged and begun anew. Cancelled, it gives the job back."""
        try:
            while True:
                fence, ends = await self._take(name)
                if fence:
                    log.info("%s: this process does it now (fence %d)", name, fence)
                    await self._do(name, fence, ends, work)
                await asyncio.sleep(self._renew)
        finally:
            with suppress(StorageError):
                await asyncio.shield(self._storage.write(lambda tx: tx.leases.give_back(name, owner=self._owner)))

    async def _take(self, name: str) -> tuple[int | None, float]:
        """(fence, when our own clock says that it ends). 0: another process has it; None: nobody can say."""
        asked, now = self._monotonic(), self._clock()
        until = now + timedelta(seconds=self._lease)
        try:
            fence = await self._storage.write(lambda tx: tx.leases.take(name, owner=self._owner, now=now, until=until))
        except StorageError as error:
            log.warning("%s: nobody can say whose it is: %s", name, error)
            return None, asked
        return fence, asked + self._lease - _MARGIN

    async def _do(self, name: str, fence: int, ends: float, work: Work) -> None:
        """Works until the lease is lost; returns with `work` ended."""
        self.held[name] = fence
        working = asyncio.create_task(self._guarded(name, work(Fenced(self._storage, name, fence))))
        try:
            while True:
                await asyncio.wait([working], timeout=min(self._renew, max(0.0, ends - self._monotonic())))
                if working.done():
                    return
                async with asyncio.timeout(max(0.0, ends - self._monotonic())):
                    found, renewed = await self._take(name)
                if found == fence:
                    ends = renewed
                elif found is not None:
                    log.warning("%s: another process has taken it over", name)
                    return
        except TimeoutError:
            log.warning("%s: the lease could not be renewed in time, this process stops doing it", name)
        finally:
            del self.held[name]
            working.cancel()
            await asyncio.wait([working])

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except FencedError:
            log.warning("%s: another process has taken it over", name)
        except Exception as error:
            log.error("%s failed: %s", name, trail(error))
