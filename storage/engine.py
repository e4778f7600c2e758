"""What both engines have in common: wake events, and the check that the schema is this program's."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from bot.model.clock import Clock, to_millis
from bot.model.errors import SchemaError, StorageError
from storage.migrate import Applied, missing
from storage.sealing import state
from storage.sealing.ring import DATA
from storage.sealing.seal import Seal
from storage.sealing.statements import SealedStatements
from storage.sealing.walks import begin, note_key
from storage.statements import Statements

log = logging.getLogger(__name__)

RECHECK = 30.0
"""Seconds after which the schema is looked at again: a newer program may have changed it beneath this one."""
NEW_SCHEMA = "*schema"
"""Among the queues that wake-ups name: whoever hears it looks at once. No queue is named so."""


class Engine(ABC):
    """Base of the two storages."""

    def __init__(self, shown: str, clock: Clock, seal: Seal | None = None) -> None:
        self.shown = shown
        """The database as an operator knows it, without a password."""
        self.closed = False
        self.seal = seal
        """Seals what is personal; None: nothing is sealed."""
        self._clock = clock
        self._current_until = float("-inf")
        """When the schema is looked at again, by this process's monotonic clock."""
        self._changes_heard = 0
        self._works = False
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._fed: defaultdict[str, set[str]] = defaultdict(set)
        """Queue → the channels that take from it."""

    def woken(self, channel: str) -> asyncio.Event:
        return self._events[channel]

    def feeds(self, queue: str, channels: Collection[str]) -> None:
        self._fed[queue].update(channels)

    def wake(self, queue: str) -> None:
        if queue == NEW_SCHEMA:
            self._look_again()
            return
        for name in (queue, *self._fed.get(queue, ())):
            self._events[name].set()

    def wake_everybody(self) -> None:
        """For when some wake-up may have been missed."""
        for event in self._events.values():
            event.set()
        self._look_again()

    async def far_clock(self) -> datetime | None:
        """As the port says; a database in a file has no other clock."""
        return None

    async def pending_migrations(self) -> list[str]:
        return [migration.name for migration in missing(await self._applied(), self.shown)]

    async def _require_schema(self) -> None:
        if self.closed:
            raise StorageError(f"{self.shown} was closed")
        now = time.monotonic()
        if now < self._current_until:
            return
        changes = self._changes_heard
        if pending := await self._pending():
            raise SchemaError(f"{self.shown} lacks {', '.join(pending)}: run `motcua migrate`")
        await self._require_keys()
        # What is heard while we look may be of after the look.
        if changes == self._changes_heard:
            self._current_until = now + RECHECK
        self._works = True

    async def _require_keys(self) -> None:
        """Raises `StorageError` where the database and the ring of keys do not belong together. A database without a
        row is sealed from here on, where there is a ring."""
        found = state.state_of(await self.sealing_rows())
        seal = self.seal
        if seal is not None:
            self._refresh(seal)
            if not found.look_up and not found.turns_to:
                await self.seal_if_empty()
                found = state.state_of(await self.sealing_rows())
        state.verify(seal, found, self.shown)
        if seal is not None and (DATA, seal.ring.newest) not in found.proofs:
            # Before the first value is sealed under it.
            await self.write_unasked(lambda sql: note_key(sql, seal, to_millis(self._clock())))

    async def seal_if_empty(self) -> None:
        """A database without a row is sealed from its first one on."""
        if (seal := self.seal) is not None:
            await self.write_unasked(lambda sql: begin(sql, seal, to_millis(self._clock())))

    def _refresh(self, seal: Seal) -> None:
        """A key that was added takes over without a restart; what is wrong with the file must not stop who has one."""
        try:
            if seal.refresh():
                log.info("the ring of keys was read anew: what is sealed from now on is under %s", seal.ring.newest)
        except StorageError as error:
            log.error("%s", error)
        except Exception as error:
            log.error("the ring of keys could not be read again, and the known one is used (%s)", type(error).__name__)

    def _statements(self, queries: Any, connection: Any) -> Statements:
        """Of a work: they seal where this database is sealed."""
        return (
            Statements(queries, connection) if self.seal is None else SealedStatements(queries, connection, self.seal)
        )

    async def _pending(self) -> list[str]:
        """Says once in the log why a program that worked until now stops: who meets the error may not quote it."""
        applied = await self._applied()
        try:
            return [migration.name for migration in missing(applied, self.shown)]
        except StorageError as error:
            if self._works:
                log.error("%s", error)
            self._works = False
            raise

    def _look_again(self) -> None:
        self._changes_heard += 1
        self._current_until = float("-inf")

    @abstractmethod
    async def _applied(self) -> dict[str, Applied]:
        """Name → the migrations that this database has; none for an empty database."""

    @abstractmethod
    async def sealing_rows(self) -> list[Iterable[str]]:
        """The rows of `state.STATE`; none for a database that has no such table."""

    @abstractmethod
    async def write_unasked(self, work: Callable[[Statements], Awaitable[None]]) -> None:
        """`work` in a transaction, of statements that seal nothing, before the keys are known to fit."""
