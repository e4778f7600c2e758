"""Writes down what became of an outbox's messages, as many together as have come up since the last write."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.model.errors import StorageError, trail
from bot.model.message import Receipt
from bot.ports import Settlement, Storage, Transaction

log = logging.getLogger(__name__)

RecordReceipts = Callable[[Transaction, Sequence[Receipt]], Awaitable[object]]
"""What to do, in the same transaction, with receipts that had come before their message was settled."""

_AT_ONCE = 1000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a write that failed is tried again."""


class Settler:
    """Of one outbox. What it was given is written before `run` returns, however long the database is away."""

    def __init__(
        self,
        channel: str,
        storage: Storage,
        *,
        record_receipts: RecordReceipts,
        settled: Callable[[Sequence[Settlement]], None],
    ) -> None:
        """`settled` hears what is durable now."""
        self._channel = channel
        self._storage = storage
        self._record_receipts = record_receipts
        self._settled = settled
        self._waiting: list[Settlement] = []
        self._filled = asyncio.Event()
        self._ended = False

    def put(self, settlement: Settlement) -> None:
        self._waiting.append(settlement)
        self._filled.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._filled.set()

    async def run(self) -> None:
        """Until `end`, and everything is written."""
        while self._waiting or not self._ended:
            await self._filled.wait()
            batch = self._waiting[:_AT_ONCE]
            del self._waiting[:_AT_ONCE]
            if not self._waiting and not self._ended:
                self._filled.clear()
            if batch:
                await self._write(batch)

    async def _write(self, settlements: Sequence[Settlement]) -> None:
        async def work(tx: Transaction) -> None:
            early = await tx.outbox.settle(settlements)
            if early:
                await self._record_receipts(tx, early)

        pause = _FIRST_PAUSE
        while True:
            try:
                await self._storage.write(work)
            except StorageError as error:
                log.error("channel %s: could not settle, trying again: %s", self._channel, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception as error:
                log.error("channel %s: could not settle %d: %s", self._channel, len(settlements), trail(error))
                if len(settlements) > 1:
                    for settlement in settlements:
                        await self._write([settlement])
                return
            else:
                self._settled(settlements)
                return
