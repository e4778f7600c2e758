"""How much a sender takes in hand at once: so little that a death leaves little uncertain, and so much that a slow
database does not starve the account."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.claims import Claims
from bot.config import OutboxSettings
from bot.gateways import Gateways
from bot.model.clock import utc_now
from bot.model.message import Accepted, DeliveryState, OutboxItem, Outcome
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Channel, Limits, Storage, Transaction
from bot.receipts import record_in
from bot.routing import Routes
from tests.support.making import message

RATE = 50
LIMITS = Limits(longest=0, rate=RATE, window=100, receipts=False, plain=True)


def waiting(number: int) -> list[OutboxItem]:
    now = utc_now()
    return [
        message(channel="sms", address=Address("sms", f"+8491{serial:07}"), created_at=now, next_at=now)
        for serial in range(number)
    ]


class Slow:
    """A database that takes its time for each write."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def write(self, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
        await asyncio.sleep(self.seconds)
        return await self._storage.write(work)


class Line:
    """Takes every message, and looks after some how many are claimed."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.taken = 0
        self.claimed: list[int] = []

    async def send(self, item: OutboxItem) -> Outcome:
        self.taken += 1
        if self.taken % 10 == 0:
            counts = await self._storage.read(lambda tx: tx.outbox.counts())
            self.claimed.append(counts.get(("sms", DeliveryState.SENDING), 0))
        return Accepted((f"ref-{item.id}",))


async def test_a_slow_account_has_a_fraction_of_a_seconds_messages_in_hand(storage: Storage) -> None:
    await storage.write(lambda tx: tx.outbox.enqueue(waiting(200)))
    line = Line(storage)
    outbox = Outbox(
        Channel("sms", line, LIMITS), storage, owner="here", clock=utc_now, record_receipts=record_in,
        timing=OutboxSettings(poll=0.05),
    )  # fmt: skip

    working = asyncio.create_task(outbox.run())
    while len(line.claimed) < 6:
        await asyncio.sleep(0.02)
    outbox.stop()
    await working

    # Of several looks the least: the database may have been slow at the others, and then more is taken.
    assert min(line.claimed) <= RATE // 4


async def test_the_slower_the_database_the_more_is_taken_at_once_up_to_a_second(storage: Storage) -> None:
    await storage.write(lambda tx: tx.outbox.enqueue(waiting(20)))
    slow = Slow(storage)
    gateways = Gateways(Routes({}, sms=[]), clock=utc_now)
    claims = Claims("sms", slow, gateways, owner="here", clock=utc_now, timing=OutboxSettings())

    at_first = claims.ahead
    slow.seconds = 0.2
    await claims.take(1)
    slower = claims.ahead
    slow.seconds = 0.7
    await claims.take(1)
    slowest = claims.ahead
    slow.seconds = 0.0
    for _ in range(5):
        await claims.take(1)

    assert at_first == 0.1
    assert 0.4 <= slower <= slowest == 1.0
    assert claims.ahead < slower
