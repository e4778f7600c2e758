"""Jobs that one process does at a time: who has the lease works, and what a former holder still wants to write is
refused by the fence."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.beats import Beats, Shift
from bot.model.clock import Clock
from bot.model.errors import FencedError, StorageError, trail
from bot.pace import Monotonic
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = 7.0
"""Seconds for which a job is held without renewal: who dies is followed after so long, and one look more."""
RENEW = 2.0
"""Seconds between two renewals, and between two looks of those who wait for the job."""
_MARGIN = 1.0
"""Seconds before the end of its lease at which a holder that cannot renew stops by itself."""
_GIVE_BACK = 3.0
"""Seconds that a stop waits for a database that does not answer; the lease then ends by itself."""


class Fenced:
    """`bot.ports.Storage` for the holder of a lease: writes nothing once another one holds it."""

    def __init__(self, storage: Storage, name: str, fence: int) -> None:
        self._storage = storage
        self._name = name
        self._fence = fence
        self.refused = asyncio.Event()
        """Something was not written because another process holds the lease."""

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """As `Storage.write`. Raises `FencedError`, and nothing is written."""

        async def fenced(tx: Transaction) -> T:
            await tx.leases.require(self._name, fence=self._fence)
            return await work(tx)

        try:
            return await self._storage.write(fenced)
        except FencedError:
            self.refused.set()
            raise

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self._storage.read(work)

    def woken(self, channel: str) -> asyncio.Event:
        return self._storage.woken(channel)

    def feeds(self, queue: str, channels: Collection[str]) -> None:
        self._storage.feeds(queue, channels)

    async def migrate(self) -> list[str]:
        return await self._storage.migrate()

    async def far_clock(self) -> datetime | None:
        return await self._storage.far_clock()

    async def pending_migrations(self) -> list[str]:
        return await self._storage.pending_migrations()


@dataclass(frozen=True, slots=True)
class Post:
    """A job while this process does it."""

    name: str
    storage: Storage
    """Writes only while the job is ours."""
    signs: Shift
    """Signs of life, which end when the job goes elsewhere: who has it now is to give them."""


Work = Callable[[Post], Coroutine[Any, Any, None]]


class Posts:
    """The jobs of one process that only one process may do."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        owner: str,
        beats: Beats | None = None,
        lease: float = LEASE,
        renew: float = RENEW,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """`owner` tells this process from all others that ever were."""
        self._storage = storage
        self._clock = clock
        self._owner = owner
        self._beats = beats or Beats(clock, owner)
        self._lease = lease
        self._renew = renew
        self._margin = min(_MARGIN, lease / 4)
        self._monotonic = monotonic
        self._is_lost = False
        self.held: dict[str, int] = {}
        """Job → fence, of the jobs that this process does just now."""

    async def hold(self, name: str, work: Work) -> None:
        """For ever: waits for the job, does `work`, and waits again when the job was lost. Where `work` leaves by
        itself it is begun anew. Cancelled, it ends the work and then gives the job back."""
        try:
            while True:
                fence, ends = await self._take(name)
                if fence and self._monotonic() < ends:
                    await self._do(name, fence, ends, work)
                await asyncio.sleep(self._until_next_look())
        finally:
            await self._give_back(name)

    async def stand(self, name: str) -> None:
        """As `hold`, of a job that somebody else does who asks `holds`."""
        await self.hold(name, _nothing)

    def holds(self, name: str) -> bool:
        """This process does it now."""
        return name in self.held

    def _until_next_look(self) -> float:
        """Seconds. All jobs of a process renew at the same moments, so that SQLite makes one commit of them."""
        return self._renew - self._monotonic() % self._renew

    async def _take(self, name: str) -> tuple[int, float]:
        """(fence, when our own clock says that it ends). 0: another process has it, or nobody can say."""
        asked, now = self._monotonic(), self._clock()
        until = now + timedelta(seconds=self._lease)
        try:
            # Only looked at first: those who wait write nothing, and stand in nobody's way.
            holders = await self._storage.read(lambda tx: tx.leases.holders([name], now=now))
            if holders.get(name, self._owner) != self._owner:
                return 0, asked
            fence = await self._storage.write(lambda tx: tx.leases.take(name, owner=self._owner, now=now, until=until))
        except StorageError as error:
            self._say_lost(error)
            return 0, asked
        self._is_lost = False
        return fence, asked + self._lease - self._margin

    async def _do(self, name: str, fence: int, ends: float, work: Work) -> None:
        """Works until the lease is lost; returns when the work has ended."""
        log.info("%s: this process does it now (fence %d)", name, fence)
        storage, signs = Fenced(self._storage, name, fence), Shift(self._beats)
        working = asyncio.create_task(self._again_and_again(Post(name, storage, signs), work))
        refused = asyncio.create_task(storage.refused.wait())
        self.held[name] = fence
        try:
            await self._keep(name, fence, ends, refused)
        finally:
            del self.held[name]
            for task in (working, refused):
                task.cancel()
            await asyncio.wait([working, refused])
            signs.end()

    async def _keep(self, name: str, fence: int, ends: float, refused: asyncio.Task[Any]) -> None:
        """Renews the lease until it is lost, or until the storage has refused to write."""
        while (left := ends - self._monotonic()) > 0:
            await asyncio.wait([refused], timeout=min(self._until_next_look(), left))
            if refused.done():
                log.warning("%s: another process has taken it over, and nothing more is written here", name)
                return
            ends = await self._renewed(name, fence, ends)
        log.warning("%s: the lease could not be renewed, this process stops doing it", name)

    async def _renewed(self, name: str, fence: int, ends: float) -> float:
        """When the lease ends now, by our own clock. As before where the database does not answer; at once where the
        lease is another's."""
        asked, until = self._monotonic(), self._clock() + timedelta(seconds=self._lease)
        try:
            async with asyncio.timeout(max(0.0, ends - asked)):
                is_ours = await self._storage.write(
                    lambda tx: tx.leases.renew(name, owner=self._owner, fence=fence, until=until)
                )
        except TimeoutError:
            return ends
        except StorageError as error:
            self._say_lost(error)
            return ends
        self._is_lost = False
        return asked + self._lease - self._margin if is_ours else asked

    async def _again_and_again(self, post: Post, work: Work) -> None:
        while True:
            try:
                await work(post)
                log.error("%s ended by itself, and begins anew", post.name)
            except Exception as error:
                if (task := asyncio.current_task()) and task.cancelling():
                    # A group of tasks of which one fails at the end tells of the failure, and no more of the end.
                    log.warning("%s failed while it was given up: %s", post.name, trail(error))
                    raise asyncio.CancelledError from None
                log.error("%s failed, and begins anew: %s", post.name, trail(error))
            await asyncio.sleep(self._renew)

    async def _give_back(self, name: str) -> None:
        try:
            async with asyncio.timeout(_GIVE_BACK):
                await self._storage.write(lambda tx: tx.leases.give_back(name, owner=self._owner))
        except (StorageError, TimeoutError):
            log.warning("%s could not be given back: it is free for others in %g s", name, self._lease)

    def _say_lost(self, error: StorageError) -> None:
        level = logging.DEBUG if self._is_lost else logging.WARNING
        self._is_lost = True
        log.log(level, "nobody can say which process does what: %s", error)


async def _nothing(_: Post) -> None:
    await asyncio.Event().wait()
