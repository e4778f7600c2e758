"""Messages held for their agency's budget, beside those that the brake holds."""

import pytest

from bot.model.message import DeliveryState, OutboxItem
from bot.ports import BUDGET, Storage
from tests.contract.storage_values import NOW, a_settlement, an_item, claim, enqueue, later, number, settle, stored

QUEUED, HELD = DeliveryState.QUEUED, DeliveryState.HELD


async def held_for_budget(storage: Storage, *items: OutboxItem) -> None:
    await enqueue(storage, *items)
    for channel in sorted({item.channel for item in items}):
        await claim(storage, limit=len(items), channel=channel)
    unsent = {"attempted": False, "held_for": BUDGET, "reason": "the budget is spent"}
    await settle(storage, *(a_settlement(item.id, HELD, **unsent) for item in items))


async def states(storage: Storage, *items: OutboxItem) -> list[DeliveryState]:
    return [(await stored(storage, item)).state for item in items]


async def test_what_the_budget_holds_is_counted_by_agency(storage: Storage) -> None:
    items = [an_item(1, agency="H29"), an_item(2, agency="H29"), an_item(3, agency="H30")]

    await held_for_budget(storage, *items)

    assert await states(storage, *items) == [HELD] * 3
    assert (await stored(storage, items[0])).attempts == 0
    assert await storage.read(lambda tx: tx.outbox.held_for_budget()) == {"H29": 2, "H30": 1}
    assert await storage.read(lambda tx: tx.outbox.held()) == {}


async def test_a_released_budget_lets_its_agencies_messages_go_and_wakes_their_queues(storage: Storage) -> None:
    ours = an_item(1, agency="H29", channel="route:thuduc", address=number(1))
    others = an_item(2, agency="H30")
    stale = an_item(3, agency="H29", expires_at=later(hours=1))
    await held_for_budget(storage, ours, others, stale)
    woken = storage.woken("route:thuduc")
    woken.clear()

    released = await storage.write(lambda tx: tx.outbox.release_budget(["H29", "H31"], at=later(hours=2)))

    assert released == 1
    assert await states(storage, ours, others, stale) == [QUEUED, HELD, HELD]
    again = await stored(storage, ours)
    assert (again.next_at, again.reason, again.settled_at) == (later(hours=2), "", None)
    assert woken.is_set()
    assert await storage.write(lambda tx: tx.outbox.release_budget([], at=NOW)) == 0


@pytest.mark.parametrize("act", ["let_go", "discard"])
async def test_releasing_the_brake_leaves_the_budgets_messages_held(storage: Storage, act: str) -> None:
    braked, over_budget = an_item(1, agency="H29"), an_item(2, agency="H29")
    await held_for_budget(storage, over_budget)
    await enqueue(storage, braked)
    await storage.write(lambda tx: tx.outbox.hold("onestop", since=later(days=1), reason="", at=NOW))
    await claim(storage)
    await settle(storage, a_settlement(braked.id, HELD))
    held = await storage.read(lambda tx: tx.outbox.held())

    if act == "let_go":
        moved = await storage.write(lambda tx: tx.outbox.let_go("onestop", at=NOW))
    else:
        moved = await storage.write(lambda tx: tx.outbox.discard("onestop", reason="", at=NOW))

    assert (held, moved) == ({"onestop": {"progress": 1}}, 1)
    assert await states(storage, over_budget) == [HELD]
    assert await storage.read(lambda tx: tx.outbox.held_for_budget()) == {"H29": 1}


async def test_releasing_the_budget_leaves_the_brakes_messages_held(storage: Storage) -> None:
    braked = an_item(1, agency="H29")
    await enqueue(storage, braked)
    await storage.write(lambda tx: tx.outbox.hold("onestop", since=NOW, reason="", at=NOW))

    assert await storage.write(lambda tx: tx.outbox.release_budget(["H29"], at=NOW)) == 0
    assert await states(storage, braked) == [HELD]


async def test_the_brake_takes_over_what_the_budget_holds(storage: Storage) -> None:
    new, old = an_item(1, agency="H29"), an_item(2, agency="H29", created_at=later(days=-1))
    elsewhere = an_item(3, agency="H29", source="ministry")
    await held_for_budget(storage, new, old, elsewhere)

    braked = await storage.write(lambda tx: tx.outbox.hold("onestop", since=NOW, reason="brake", at=NOW))

    assert braked == 1
    assert await storage.write(lambda tx: tx.outbox.release_budget(["H29"], at=NOW)) == 2
    assert await states(storage, new, old, elsewhere) == [HELD, QUEUED, QUEUED]
    assert await storage.write(lambda tx: tx.outbox.let_go("onestop", at=NOW)) == 1


async def test_a_message_held_for_the_budget_is_superseded_and_expires_like_any_other(storage: Storage) -> None:
    old, stale = an_item(1, agency="H29"), an_item(2, agency="H29", expires_at=later(hours=1))
    await held_for_budget(storage, old, stale)
    newer = [an_item(3, code=old.code, origin="newer")]

    assert await storage.write(lambda tx: tx.outbox.supersede(newer, at=NOW)) == 1
    assert await storage.write(lambda tx: tx.outbox.expire(now=later(hours=1))) == 1
    assert await states(storage, old, stale) == [DeliveryState.SUPERSEDED, DeliveryState.EXPIRED]
    assert await storage.read(lambda tx: tx.outbox.held_for_budget()) == {}
