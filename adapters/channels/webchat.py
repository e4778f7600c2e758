"""The web chat: a channel whose citizens read from our own web server, in this process or another."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Self
from weakref import WeakSet

from pydantic import Field

from bot import settings as base
from bot.model.message import Accepted, OutboxItem, Outcome
from bot.model.person import Address
from bot.ports import Channel, Limits


class Settings(base.Settings):
    """How the web chat hands messages to open pages."""

    backlog: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Messages kept for an open page that reads slowly; with one more it is cut off, and comes "
        "back through the history",
    )


@asynccontextmanager
async def open(name: str, settings: Settings) -> AsyncIterator[Channel]:  # noqa: A001 (every adapter's word)
    rooms = Rooms(settings.backlog)
    limits = Limits(longest=4000, rate=0, window=64, receipts=True, honours_reference=True, buttons=True, files=True)
    yield Channel(name=name, sender=rooms, feed=rooms, limits=limits)


class Rooms:
    """Sender and feed in one: an item goes to every page that watches its address.

    Nothing is kept for an address that nobody watches: the durable copy is the outbox row. So a process whose pages
    nobody watches may send too; where they are watched it is brought there by the row.
    """

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._watchers: dict[str, WeakSet[Watcher]] = {}

    @property
    def watched(self) -> int:
        """How many addresses somebody watches."""
        return len(self._watchers)

    async def send(self, item: OutboxItem) -> Outcome:
        self.hand(item)
        return Accepted()

    def watched_keys(self) -> Collection[str]:
        return tuple(self._watchers)

    def hand(self, item: OutboxItem) -> None:
        # Its pages fetch documents by themselves: nothing of them waits here in memory.
        light = replace(item, files=tuple(replace(each, content=b"") for each in item.files)) if item.files else item
        for watcher in tuple(self._watchers.get(item.address.key, ())):
            watcher.hand(light)

    def watch(self, address: Address) -> AsyncIterator[OutboxItem]:
        """Hears from this very call on, before the first message is asked for."""
        watcher = Watcher(self, address.key, self._backlog)
        self._watchers.setdefault(address.key, WeakSet()).add(watcher)
        return watcher

    def forget(self, key: str, watcher: "Watcher") -> None:
        watchers = self._watchers.get(key)
        if watchers is None:
            return
        watchers.discard(watcher)
        if not watchers:
            del self._watchers[key]


class Watcher(AsyncIterator[OutboxItem]):
    """One open page. Ends when its reader is cancelled, is gone, or was too slow."""

    def __init__(self, rooms: Rooms, key: str, backlog: int) -> None:
        self._rooms = rooms
        self._key = key
        # One place more than the backlog, so that the end always fits.
        self._waiting: asyncio.Queue[OutboxItem | None] = asyncio.Queue(backlog + 1)

    def hand(self, item: OutboxItem) -> None:
        if self._waiting.qsize() < self._waiting.maxsize - 1:
            self._waiting.put_nowait(item)
        else:
            self._waiting.put_nowait(None)
            self._rooms.forget(self._key, self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> OutboxItem:
        try:
            item = await self._waiting.get()
        except asyncio.CancelledError:
            self._rooms.forget(self._key, self)
            raise
        if item is None:
            self._waiting.put_nowait(None)
            raise StopAsyncIteration
        return item

    def __del__(self) -> None:
        self._rooms.forget(self._key, self)
