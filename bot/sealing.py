"""Flow: what was written before there were keys, or under an older one, is sealed page by page beside the service."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.beats import Beat, unheard
from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds between two looks whether there is something to seal; where there is not each is a query a table."""
_PAGE = 300
"""Rows in one transaction: some 10 ms."""
_COUNTED = 2_000
_PAUSE = 0.05
"""Seconds between two pages: nobody waits for this."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many values of a column are under one key; empty ones are none."""

    table: str
    column: str
    key: str
    """A data key's name, `look-up`, or nothing for what stands in the clear."""
    values: int


async def seal_all(
    storage: Storage, clock: Clock, *, pause: float = 0.0, told: Callable[[str, int], None] = lambda table, rows: None
) -> int:
    """Until all is sealed under the newest data key; how many rows were looked at. Raises `StorageError`."""
    total = 0
    for table in await storage.read(_tables):
        rows = 0
        while (number := await _page(storage, clock, table)) is not None:
            rows += number
            told(table, rows)
            await asyncio.sleep(pause)
        total += rows
    if total:
        # What stood in the clear is to leave the log beside the database too.
        await storage.write(lambda tx: tx.retention.scrub())
    return total


async def sealed(storage: Storage) -> list[Sealed]:
    """How it stands, by table, column and key; all rows are read, a page in each transaction."""
    found = []
    for table in await storage.read(_tables):
        counted: Counter[tuple[str, str]] = Counter()
        after: Sequence[object] | None = None
        while True:
            page = await storage.read(
                lambda tx, table=table, after=after: tx.sealing.count(table, after, limit=_COUNTED)  # type: ignore[misc]
            )
            counted.update(page.values)
            after = page.after
            if after is None:
                break
        found += [Sealed(table, *place, number) for place, number in sorted(counted.items())]
    return found


class SealingWatch:
    """One process does it at a time."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                if number := await seal_all(self._storage, self._clock, pause=_PAUSE):
                    log.info("%d rows were looked through, and what was not sealed under the newest key is now", number)
                beat()
            except StorageError as error:
                log.warning("rows could not be sealed just now, and are tried again: %s", error)
            except Exception as error:
                log.error("rows could not be sealed: %s", trail(error))
            await asyncio.sleep(EVERY)


async def _tables(tx: Transaction) -> Sequence[str]:
    return tx.sealing.tables


async def _page(storage: Storage, clock: Clock, table: str) -> int | None:
    return await storage.write(lambda tx: tx.sealing.seal(table, at=clock(), limit=_PAGE))
