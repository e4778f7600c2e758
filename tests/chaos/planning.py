"""A steady load: messages planned without a pause, whatever happens to those who send them."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from datetime import timedelta

from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.model.ids import id_maker
from bot.model.message import Lane, OutboxItem
from bot.model.person import Address
from bot.ports import Storage
from tests.support.making import message

_EVERY = 0.05
_TEXT = "Ho so da co ket qua, xin den nhan tai Bo phan Mot cua."


class Stream:
    """Plans `rate` messages a second until stopped, each to a number of its own."""

    def __init__(
        self,
        storage: Storage,
        *,
        rate: float,
        lane: Lane = Lane.PUSH,
        lives: timedelta = timedelta(days=1),
    ) -> None:
        """`lives`: after so long a message that has not left expires."""
        self._storage = storage
        self._rate = rate
        self._lane = lane
        self._lives = lives
        self._new_id = id_maker(utc_now)
        self._numbers = itertools.count()
        self.is_stopped = False
        self.planned: list[OutboxItem] = []
        """Those that the database has said it has."""
        self.refused = 0
        """Batches that the database did not take; none of them is planned."""

    async def run(self) -> None:
        begin, made = time.monotonic(), 0
        while not self.is_stopped:
            due = int((time.monotonic() - begin) * self._rate)
            await self._plan([self._item() for _ in range(due - made)])
            made = due
            await asyncio.sleep(_EVERY)

    def stop(self) -> None:
        self.is_stopped = True

    async def burst(self, number: int) -> None:
        """So many at once."""
        await self._plan([self._item() for _ in range(number)])

    async def _plan(self, items: Sequence[OutboxItem]) -> None:
        if not items:
            return
        try:
            await self._storage.write(lambda tx: tx.outbox.enqueue(items))
        except StorageError:
            self.refused += 1
        else:
            self.planned += items

    def _item(self) -> OutboxItem:
        now = utc_now()
        return message(
            id=self._new_id(), channel="sms", lane=self._lane, text=_TEXT, created_at=now, next_at=now,
            address=Address("sms", f"+8491{next(self._numbers):06}5"), expires_at=now + self._lives,
        )  # fmt: skip
