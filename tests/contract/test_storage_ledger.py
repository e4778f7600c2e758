"""The outbox counted, against a count that was made elsewhere."""

from bot.model.message import DeliveryState, Situation
from bot.ports import Storage
from tests.contract.storage_values import an_item, claim, enqueue, later, sent


async def test_an_empty_outbox_is_balanced(storage: Storage) -> None:
    assert await storage.read(lambda tx: tx.outbox.planned()) == 0
    assert await storage.read(lambda tx: tx.outbox.counts()) == {}
    assert await storage.read(lambda tx: tx.outbox.situations()) == {}
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []
    assert await storage.read(lambda tx: tx.outbox.parked()) == 0


async def test_messages_are_counted_by_channel_situation_and_state(storage: Storage) -> None:
    await sent(storage, an_item(1), "ref-1")
    await sent(storage, an_item(2, channel="telegram", situation=Situation.RESULT))
    await enqueue(storage, an_item(3), an_item(4, situation=Situation.RESULT))

    counts = await storage.read(lambda tx: tx.outbox.counts())
    situations = await storage.read(lambda tx: tx.outbox.situations())

    accepted, queued = DeliveryState.ACCEPTED, DeliveryState.QUEUED
    assert counts == {("sms", accepted): 1, ("telegram", accepted): 1, ("sms", queued): 2}
    assert situations == {
        ("sms", "progress", accepted): 1,
        ("telegram", "result", accepted): 1,
        ("sms", "progress", queued): 1,
        ("sms", "result", queued): 1,
    }


async def test_planned_is_counted_where_messages_are_planned(storage: Storage) -> None:
    origin = "change:onestop:H56.14-260302-0001:1"
    await enqueue(storage, an_item(1, origin=origin), an_item(2, origin=origin), an_item(3))
    await enqueue(storage, an_item(4, origin=origin))
    await claim(storage, limit=2)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=1), requeue=()))
    await storage.write(lambda tx: tx.outbox.expire(now=later(days=2)))

    counts = await storage.read(lambda tx: tx.outbox.counts())

    assert await storage.read(lambda tx: tx.outbox.planned()) == sum(counts.values()) == 4
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []
