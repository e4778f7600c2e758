"""Messages of a claim whose answer was lost: their owner, who has sent nothing of them, gives them back."""

import pytest

from bot.ledger import balance
from bot.model.message import DeliveryState
from bot.ports import Storage
from tests.contract.storage_values import NOW, a_settlement, an_item, claim, enqueue, later, number, settle, stored

OWNER = "sender-1"


async def hand_back(storage: Storage, *besides: str, owner: str = OWNER, gateway: str = "sms") -> int:
    return await storage.write(
        lambda tx: tx.outbox.hand_back(owner, gateway=gateway, besides=besides, at=later(seconds=2))
    )


async def test_what_is_not_in_hand_waits_again_and_the_attempt_is_not_counted(storage: Storage) -> None:
    items = [an_item(n, address=number(n)) for n in range(1, 4)]
    await enqueue(storage, *items)
    await claim(storage)

    returned = await hand_back(storage, items[0].id)

    assert returned == 2
    held, first, second = [await stored(storage, item) for item in items]
    assert (held.state, held.attempts) == (DeliveryState.SENDING, 1)
    assert [(each.state, each.attempts) for each in (first, second)] == [(DeliveryState.QUEUED, 0)] * 2
    assert [each.item.id for each in await claim(storage, now=later(seconds=3))] == [items[1].id, items[2].id]
    assert (await balance(storage)).balanced


async def test_other_processes_and_other_gateways_keep_what_they_have(storage: Storage) -> None:
    await enqueue(storage, an_item(1, address=number(1)), an_item(2, address=number(2), channel="route"))
    await claim(storage)
    await claim(storage, channel="route", gateway="second")

    returned = [await hand_back(storage, owner="sender-2"), await hand_back(storage, gateway="third")]

    assert returned == [0, 0]
    assert {(await stored(storage, an_item(n))).state for n in (1, 2)} == {DeliveryState.SENDING}


async def test_a_lease_that_ended_meanwhile_does_not_make_them_uncertain(storage: Storage) -> None:
    lost, in_hand = an_item(1, address=number(1)), an_item(2, address=number(2))
    await enqueue(storage, lost, in_hand)
    await claim(storage)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(minutes=2), requeue=[]))

    returned = await hand_back(storage, in_hand.id)

    assert returned == 1
    assert (await stored(storage, lost)).state is DeliveryState.QUEUED
    assert (await stored(storage, in_hand)).state is DeliveryState.UNCERTAIN


@pytest.mark.parametrize("state", [DeliveryState.UNCERTAIN, DeliveryState.ACCEPTED, DeliveryState.FAILED])
async def test_what_was_sent_stays_as_it_was_settled(storage: Storage, state: DeliveryState) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    await settle(storage, a_settlement(item.id, state, reason="no answer within 30 s"))

    assert await hand_back(storage) == 0
    assert (await stored(storage, item)).state is state


async def test_a_repetition_stays_bound_to_its_gateway(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(minutes=2), requeue=["sms"]))
    await claim(storage, now=later(minutes=3), lease_until=later(minutes=4))

    returned = await hand_back(storage)

    assert returned == 1
    (again,) = await claim(storage, now=later(minutes=3), lease_until=later(minutes=4))
    assert again.repeats


async def test_handing_back_twice_changes_nothing_more(storage: Storage) -> None:
    await enqueue(storage, an_item(1))
    await claim(storage, now=NOW)

    assert [await hand_back(storage), await hand_back(storage)] == [1, 0]
    assert (await stored(storage, an_item(1))).attempts == 0
