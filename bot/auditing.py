"""Acts and their record become durable together, whichever flow does the act."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

from bot.model.audit import Entry
from bot.ports import Storage, Transaction

T = TypeVar("T")

Told = Callable[[Any], Entry | None]
"""What is written down about an act, by what it came to; None: it came to nothing."""


class Audited:
    """A `bot.ports.Storage` in which every successful write is recorded, in the same transaction.

    For a flow that is made for one act: `replace(desk, storage=Audited(storage, told))`.
    """

    def __init__(self, storage: Storage, told: Told) -> None:
        self._storage = storage
        self._told = told

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async def recorded(tx: Transaction) -> T:
            result = await work(tx)
            if entry := self._told(result):
                await tx.audit.add([entry])
            return result

        return await self._storage.write(recorded)

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


def always(entry: Entry) -> Told:
    """Recorded whatever came of it."""
    return lambda result: entry


def if_done(entry: Entry) -> Told:
    """Recorded unless it came to False, None, or nothing."""
    return lambda result: entry if result else None
