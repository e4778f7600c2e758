"""The fallback over the real Zalo adapter and its simulator: how the last digits of a phone behave decides the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.channels import log
from bot.config import OutboxSettings
from bot.fallback_watch import FallbackWatch
from bot.model.clock import utc_now
from bot.model.message import Alternative, DeliveryState, OutboxItem, Receipt
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Channel, Storage
from bot.receipts import record, record_in
from tests.adapters.zalo.support import Bench, bench, item, person

TIMING = OutboxSettings(lease=5.0, send=2.0, poll=0.05, sweep=1.0)
LATER = timedelta(minutes=11)
"""A result has ten minutes on Zalo."""


@asynccontextmanager
async def sending(storage: Storage, *channels: Channel) -> AsyncIterator[None]:
    outboxes = [
        Outbox(each, storage, owner="here", clock=utc_now, record_receipts=record_in, timing=TIMING)
        for each in channels
    ]
    tasks = [asyncio.ensure_future(outbox.run()) for outbox in outboxes]
    try:
        yield
    finally:
        for outbox in outboxes:
            outbox.stop()
        await asyncio.gather(*tasks)


def result_for(phone: str) -> OutboxItem:
    ways = (Alternative("sms", Address("sms", phone), "Ho so da co ket qua"),)
    return item(phone=phone, alternatives=ways)


async def now(storage: Storage, message: OutboxItem) -> OutboxItem:
    found = await storage.read(lambda tx: tx.outbox.get(message.id))
    assert found is not None
    return found


async def settled(storage: Storage, message: OutboxItem, *states: DeliveryState) -> OutboxItem:
    while (found := await now(storage, message)).state not in states:
        await asyncio.sleep(0.02)
    return found


async def told_by_zalo(town: Bench, storage: Storage) -> None:
    """What the webhook has heard so far is recorded."""
    heard = [each for each in town.heard.all if isinstance(each, Receipt)]
    await record(storage, heard)


@pytest.mark.parametrize(
    ("ending", "answered", "way", "end"),
    [
        ("7777", DeliveryState.ACCEPTED, "zalophone", DeliveryState.DELIVERED),
        ("0003", DeliveryState.ACCEPTED, "sms", DeliveryState.QUEUED),
        ("0118", DeliveryState.DELIVERED, "sms", DeliveryState.DELIVERED),
        ("0500", DeliveryState.UNCERTAIN, "zalophone", DeliveryState.UNCERTAIN),
    ],
    ids=["received", "silence", "no Zalo", "no answer"],
)
@pytest.mark.timeout(30)
async def test_the_way_of_a_result_by_what_becomes_of_it_at_zalo(
    sqlite_storage: Storage, tmp_path: Path, ending: str, answered: DeliveryState, way: str, end: DeliveryState
) -> None:
    _, phone = person(ending)
    message = result_for(phone)
    texts = tmp_path / "sms.jsonl"
    async with bench(tmp_path) as town, log.open("sms", log.Settings(path=texts)) as sms:
        async with sending(sqlite_storage, town.channel, sms):
            await sqlite_storage.write(lambda tx: tx.outbox.enqueue([message]))
            await settled(sqlite_storage, message, answered)
            if ending == "7777":
                await town.heard.next()
            await told_by_zalo(town, sqlite_storage)
            await FallbackWatch(sqlite_storage, clock=lambda: utc_now() + LATER).look()
        found = await now(sqlite_storage, message)

    assert (found.address, found.state) == (Address(way, phone), end)
