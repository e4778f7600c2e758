"""One message and the ways to its reader, by the real Telegram channel: shut by the reader, or by the network. The
office sends by Telegram before SMS here; by default Telegram gets a copy beside the other ways."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.simulators import telegram as telegram_simulator
from bot.app import App, open_app, read_plan
from bot.blocked_watch import BlockedWatch
from bot.config import Config
from bot.demo.processes import free_ports
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Dossier, Status
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.model.person import Address, Binding, Proof
from bot.ports import Batch

PHONE = "+84912345678"
BLOCKED = Address("telegram", "4711901")
"""The simulated Telegram answers for it that the user has blocked the bot."""
OPEN = Address("telegram", "4711200")
CODE = "H32.15-261122-0001"


@dataclass
class Service:
    app: App
    mirror: Mirror

    async def bind(self, address: Address) -> None:
        now = utc_now()
        binding = Binding(address, PHONE, Proof.CONTACT, now, now, "telegram")
        await self.app.storage.write(lambda tx: tx.people.bind(binding))

    async def tell(self, status: Status) -> None:
        """The one-stop software has a new status for the dossier."""
        received = utc_now() + timedelta(seconds=1)
        dossier = Dossier(source="office", code=CODE, status=status, phone=PHONE, received_at=received)
        await self.mirror.apply(Batch((dossier,), "c"))

    async def settled(self, state: DeliveryState, number: int) -> list[OutboxItem]:
        """The messages in this state, once there are so many."""
        while len(found := await self.app.storage.read(lambda tx: tx.outbox.listed(state, limit=99))) < number:
            await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def service(tmp_path: Path, *, telegram_runs: bool = True, beside: bool = False) -> AsyncIterator[Service]:
    (port,) = free_ports(1)
    os.environ["MOTCUA_TEST_TOKEN"] = "1:abc"
    config = Config.model_validate(
        {
            "storage": {"url": f"sqlite:{tmp_path / 'motcua.db'}"},
            "web": {"enabled": False},
            "outbox": {"poll": 0.05},
            # The test may run at night.
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},
            "reach": {} if beside else {"order": ["telegram", "sms"], "beside": []},
            "channels": {
                "sms": {"kind": "log", "path": tmp_path / "sms.jsonl"},
                "telegram": {
                    "kind": "telegram",
                    "token": "env:MOTCUA_TEST_TOKEN",
                    "base_url": f"http://127.0.0.1:{port}/bot",
                },
            },
        }
    )
    ready = asyncio.Event()
    server = telegram_simulator.run(telegram_simulator.Settings(port=port, token="1:abc"), ready.set)
    provider = asyncio.ensure_future(server if telegram_runs else asyncio.Event().wait())
    if not telegram_runs:
        server.close()
        ready.set()
    await ready.wait()
    async with open_app(read_plan(config), migrate=True) as app:
        running = asyncio.ensure_future(app.run())
        try:
            yield Service(app, Mirror("office", app.storage, app.planner, app.clock, reach=app.reach))
        finally:
            app.stop()
            await running
            provider.cancel()
            await asyncio.wait([provider])


@pytest.mark.timeout(30)
async def test_who_has_blocked_the_bot_is_told_by_sms_and_the_next_time_by_sms_at_once(tmp_path: Path) -> None:
    async with service(tmp_path) as town:
        await town.bind(BLOCKED)

        await town.tell(Status.RECEIVED)
        (first,) = await town.settled(DeliveryState.DELIVERED, 1)
        while not await town.app.storage.read(lambda tx: tx.do_not_send.count()):
            await asyncio.sleep(0.02)
        await town.tell(Status.PROCESSING)
        second = (await town.settled(DeliveryState.DELIVERED, 2))[1]
        books = await balance(town.app.storage)

    assert (first.address, first.channel, first.attempts) == (Address("sms", PHONE), "sms", 2)
    assert (second.address, second.attempts) == (Address("sms", PHONE), 1)
    assert books.balanced
    assert books.planned == 2


@pytest.mark.timeout(30)
async def test_an_open_chat_gets_the_message_and_the_phone_does_not(tmp_path: Path) -> None:
    async with service(tmp_path) as town:
        await town.bind(OPEN)

        await town.tell(Status.RECEIVED)
        (item,) = await town.settled(DeliveryState.DELIVERED, 1)

    assert item.address == OPEN
    assert not (tmp_path / "sms.jsonl").read_text()


@pytest.mark.timeout(30)
async def test_by_default_telegram_gets_a_copy_and_the_phone_is_told_whatever_becomes_of_that(tmp_path: Path) -> None:
    async with service(tmp_path, beside=True) as town:
        await town.bind(OPEN)
        await town.bind(BLOCKED)

        await town.tell(Status.RECEIVED)
        told = await town.settled(DeliveryState.DELIVERED, 2)
        (shut,) = await town.settled(DeliveryState.FAILED, 1)
        books = await balance(town.app.storage)

    assert {item.address for item in told} == {Address("sms", PHONE), OPEN}
    assert shut.address == BLOCKED
    assert (books.balanced, books.planned) == (True, 3)


@pytest.mark.timeout(30)
async def test_while_telegram_cannot_be_reached_its_messages_go_by_sms_and_that_is_said_once(tmp_path: Path) -> None:
    async with service(tmp_path, telegram_runs=False) as town:
        await town.bind(OPEN)
        await town.tell(Status.RECEIVED)
        watch = BlockedWatch(
            town.app.storage,
            town.app.dispatch.senders,
            {"telegram": "Telegram"},
            after=timedelta(milliseconds=100),
            catalogue=town.app.planner.catalogue,
            plain=lambda scheme: scheme == "sms",
            clock=utc_now,
            new_id=town.app.new_id,
        )

        while not await watch.look():
            await asyncio.sleep(0.05)
        told = await town.settled(DeliveryState.DELIVERED, 2)
        await town.tell(Status.PROCESSING)
        while not await watch.look():
            await asyncio.sleep(0.05)
        told = await town.settled(DeliveryState.DELIVERED, 3)
        books = await balance(town.app.storage)

    assert {item.address for item in told} == {Address("sms", PHONE)}
    assert [item.situation for item in told].count(Situation.NOTICE) == 1
    assert books.balanced
