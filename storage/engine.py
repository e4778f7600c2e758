"""What both engines have in common: wake events, and the check that the schema is this program's."""

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from bot.model.clock import Clock
from bot.model.errors import StorageError
from storage.migrate import missing


class Engine(ABC):
    """Base of the two storages."""

    def __init__(self, shown: str, clock: Clock) -> None:
        self.shown = shown
        """The database as an operator knows it, without a password."""
        self.closed = False
        self._clock = clock
        self._current = False
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._fed: defaultdict[str, set[str]] = defaultdict(set)
        """Queue → the channels that take from it."""

    def woken(self, channel: str) -> asyncio.Event:
        return self._events[channel]

    def feeds(self, queue: str, channels: Collection[str]) -> None:
        self._fed[queue].update(channels)

    def wake(self, queue: str) -> None:
        for name in (queue, *self._fed.get(queue, ())):
            self._events[name].set()

    def wake_everybody(self) -> None:
        """For when some wake-up may have been missed."""
        for event in self._events.values():
            event.set()

    async def far_clock(self) -> datetime | None:
        """As the port says; a database in a file has no other clock."""
        return None

    async def pending_migrations(self) -> list[str]:
        return [migration.name for migration in missing(await self._applied(), self.shown)]

    async def _require_schema(self) -> None:
        if self.closed:
            raise StorageError(f"{self.shown} was closed")
        if self._current:
            return
        if pending := await self.pending_migrations():
            raise StorageError(f"{self.shown} lacks {', '.join(pending)}: run `motcua migrate`")
        self._current = True

    @abstractmethod
    async def _applied(self) -> dict[str, str]:
        """Name → checksum of the migrations that this database has; none for an empty database."""
