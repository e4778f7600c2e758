"""One machine's clock jumps by an hour or a day while two processes share the work: nobody notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.config import OutboxSettings
from bot.house_clock import HouseClock, kept
from bot.leading import Posts
from bot.model.clock import Clock, utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Channel, Storage
from bot.receipts import record_in
from bot.sweeping import sweep
from tests.flows.test_outbox import LIMITS, ToldSender
from tests.support.making import message

TIMING = OutboxSettings(lease=2.0, send=1.0, poll=0.05, sweep=0.05)
JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]


class Wall:
    """A machine's clock, and who sets it."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.off


@asynccontextmanager
async def process(storage: Storage, clock: Clock, owner: str) -> AsyncIterator[tuple[ToldSender, Posts]]:
    """What sends, what sweeps, and a post that only one of them may hold."""
    sender = ToldSender(storage)
    channel = Channel("sms", sender, LIMITS)
    outbox = Outbox(channel, storage, owner=owner, clock=clock, record_receipts=record_in, timing=TIMING)
    posts = Posts(storage, clock=clock, owner=owner, lease=2.0, renew=0.2)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(outbox.run())
        beside = [
            tasks.create_task(sweep(storage, clock, [], TIMING)),
            tasks.create_task(posts.hold("plan", lambda _: asyncio.sleep(3600))),
        ]
        try:
            yield sender, posts
        finally:
            outbox.stop()
            await running
            for each in beside:
                each.cancel()


async def settled(storage: Storage, number: int) -> None:
    async with asyncio.timeout(20):
        while (await storage.read(lambda tx: tx.outbox.counts())).get(("sms", DeliveryState.ACCEPTED), 0) < number:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("jump", JUMPS)
async def test_nothing_expires_no_lease_is_stolen_and_nothing_waits(sqlite_storage: Storage, jump: timedelta) -> None:
    storage, wall, new_id = sqlite_storage, Wall(), id_maker(utc_now)
    jumpy = HouseClock(wall=wall)
    async with (
        process(storage, HouseClock(), "steady") as (_, holder),
        kept(jumpy, storage),
    ):
        async with asyncio.timeout(20):
            while "plan" not in holder.held:
                await asyncio.sleep(0.02)
        async with process(storage, jumpy, "jumpy") as (_, other):
            wall.off = jump
            jumpy.observe(None)
            now = utc_now()
            items = [
                message(
                    id=new_id(), address=Address("sms", f"+8491{n:07}"), created_at=now, next_at=now,
                    expires_at=now + timedelta(minutes=30),
                )
                for n in range(40)
            ]  # fmt: skip
            await storage.write(lambda tx: tx.outbox.enqueue(items))

            await settled(storage, len(items))
            await asyncio.sleep(2 * 0.2)

            assert jumpy.held is not None
            assert "plan" in holder.held
            assert "plan" not in other.held
            assert await storage.read(lambda tx: tx.outbox.counts()) == {("sms", DeliveryState.ACCEPTED): len(items)}
