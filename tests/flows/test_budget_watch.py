"""The month's spending watched: one warning in time, and what was held goes on with the new month; on every engine."""

import logging
from datetime import timedelta

import pytest

from bot.budget_watch import BudgetWatch
from bot.gateway_settings import BudgetSettings
from bot.model.message import DeliveryState, OutboxItem
from bot.ports import BUDGET, Settlement, Storage
from bot.purse import Budgets, Purse
from tests.support.making import START, Time, message


def watching(storage: Storage, time: Time, budget: int = 1000) -> BudgetWatch:
    """As a process of its own has it."""
    return BudgetWatch(Purse(Budgets(BudgetSettings(agencies={"H32.10": budget}))), storage, clock=time)


async def spend(storage: Storage, time: Time, cost: int, state: DeliveryState = DeliveryState.ACCEPTED) -> OutboxItem:
    """One message of an agency below H32.10 that was taken at this cost, or held for want of it."""
    item = message(agency="H32.10.02", created_at=time.now, next_at=time.now, expires_at=time.now + timedelta(days=60))
    await storage.write(lambda tx: tx.outbox.enqueue([item]))
    await storage.write(
        lambda tx: tx.outbox.claim("sms", owner="o", now=time.now, lease_until=time.now + timedelta(hours=1), limit=9)
    )
    held = state is DeliveryState.HELD
    settlement = Settlement(
        item_id=item.id, owner="o", state=state, at=time.now, held_for=BUDGET if held else "",
        cost=None if held else cost, attempted=not held,
    )  # fmt: skip
    await storage.write(lambda tx: tx.outbox.settle([settlement]))
    return item


async def test_a_warning_is_given_once_when_four_fifths_are_spent(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    time = Time(START)
    here, there = watching(storage, time), watching(storage, time)
    await spend(storage, time, 799)
    await here.look()
    assert "budget of" not in caplog.text

    await spend(storage, time, 1)
    for _ in range(2):
        await here.look()
        await there.look()

    assert [record.getMessage().split(", forecast")[0] for record in caplog.records] == [
        "budget of H32.10 for 2026-11: 800 of 1000 đồng are spent (80 %)"
    ]


async def test_what_is_held_goes_on_with_the_new_month_and_not_before(storage: Storage) -> None:
    time = Time(START)
    watch = watching(storage, time)
    await spend(storage, time, 1000)
    held = await spend(storage, time, 0, DeliveryState.HELD)
    await watch.look()
    assert await storage.read(lambda tx: tx.outbox.held_for_budget()) == {"H32.10.02": 1}

    time.pass_(days=10)
    await watch.look()

    assert await storage.read(lambda tx: tx.outbox.held_for_budget()) == {}
    found = await storage.read(lambda tx: tx.outbox.get(held.id))
    assert found is not None
    assert found.state is DeliveryState.QUEUED


async def test_what_is_held_again_stays_held(storage: Storage) -> None:
    time = Time(START)
    watch = watching(storage, time, budget=100)
    await spend(storage, time, 0, DeliveryState.HELD)
    await watch.look()
    again = await spend(storage, time, 0, DeliveryState.HELD)

    await watch.look()

    found = await storage.read(lambda tx: tx.outbox.get(again.id))
    assert found is not None
    assert found.state is DeliveryState.HELD, "there was room once and it was not enough: it is not tried for ever"
