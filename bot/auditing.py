"""Acts and their record become durable together, whichever flow does the act; and whether the record is whole."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from bot.model.audit import GENESIS, Entry, digest_of
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

    async def far_clock(self) -> datetime | None:
        return await self._storage.far_clock()

    async def pending_migrations(self) -> list[str]:
        return await self._storage.pending_migrations()


def always(entry: Entry) -> Told:
    """Recorded whatever came of it."""
    return lambda result: entry


def if_done(entry: Entry) -> Told:
    """Recorded unless it came to False, None, or nothing."""
    return lambda result: entry if result else None


Head = tuple[int, str]
"""Number and digest of an entry, the last one as a rule."""

PAGE = 500
"""Entries that are in memory at once while the chain is walked."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain is broken first."""

    kind: Literal["changed", "missing", "cut", "head", "rewritten"]
    """changed: an entry is not what was recorded, or the one before it is not. missing: a number is. cut: the last
    entries are gone. head: what is kept of the last entry does not fit it. rewritten: another chain stands where the
    digest that was noted elsewhere stood."""
    number: int
    at: datetime | None = None
    """When the entry was made, as it says now; of one that is gone, when the one before it was."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk along the chain came to."""

    checked: int
    """Entries found right."""
    head: Head
    """The present end, to be noted elsewhere."""
    broken: Break | None = None


async def verify(storage: Storage, *, noted: Head | None = None) -> Verified:
    """Walks along the whole chain, page by page, up to its first break.

    Whoever can write into the database can make a whole new chain: against that, `noted` is a number and its digest
    that were noted elsewhere earlier.
    """
    last, digest, at = 0, GENESIS, None
    while True:
        page, head = await storage.read(lambda tx, after=last: _page(tx, after))  # type: ignore[misc]
        for entry in page:
            if broken := _break(entry, last, digest, at, noted):
                return Verified(last, head, broken)
            last, digest, at = entry.number, entry.digest, entry.at
        if len(page) < PAGE:
            return Verified(last, head, _end(head, (last, digest), at, noted))


async def _page(tx: Transaction, after: int) -> tuple[list[Entry], Head]:
    """One view of both: while the chain is walked, others add to it."""
    return await tx.audit.chain(after=after, limit=PAGE), await tx.audit.head()


def _break(entry: Entry, last: int, digest: str, at: datetime | None, noted: Head | None) -> Break | None:
    """What is wrong with the entry that comes after number `last`."""
    if entry.number != last + 1:
        return Break("missing", last + 1, at)
    if digest_of(entry, number=entry.number, previous=digest) != entry.digest:
        return Break("changed", entry.number, entry.at)
    if noted and entry.number == noted[0] and entry.digest != noted[1]:
        return Break("rewritten", entry.number, entry.at)
    return None


def _end(head: Head, found: Head, at: datetime | None, noted: Head | None) -> Break | None:
    """What is wrong with the end of a chain that holds until `found`."""
    most = max(head[0], noted[0] if noted else 0)
    if found[0] < most:
        return Break("cut", found[0] + 1, at)
    return None if found == head else Break("head", found[0], at)
