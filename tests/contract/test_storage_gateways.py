"""Queues and gateways: which queue has something to send, who takes from it, and where a message waits again."""

import asyncio
from functools import partial

import pytest

from bot.model.message import DeliveryState, Lane
from bot.model.person import Address
from bot.ports import Claimed, Storage, Transaction
from storage import open_storage
from tests.contract.storage_values import (
    NOW,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    later,
    number,
    sent,
    settle,
    stored,
)

ROUTE = "route:thuduc"


async def taken(storage: Storage, gateway: str, queue: str = ROUTE) -> list[Claimed]:
    return await claim(storage, channel=queue, gateway=gateway)


async def test_what_a_message_is_planned_with_comes_back(storage: Storage) -> None:
    planned = an_item(1, channel=ROUTE, agency="H29", route="thuduc", sender="UBND.TDUC")
    taken_before = an_item(2, gateway="esms", carrier="viettel", cost=350)

    await enqueue(storage, planned, taken_before)

    assert [await stored(storage, item) for item in (planned, taken_before)] == [planned, taken_before]
    assert await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=2)) == [planned, taken_before]
    assert await storage.read(lambda tx: tx.outbox.of_origins([planned.origin])) == [planned]


async def test_a_claim_names_the_gateway_and_leaves_the_message_in_its_queue(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE, agency="H29", route="thuduc", sender="UBND.TDUC")
    plain = an_item(2, address=number(2))
    await enqueue(storage, item, plain)

    [claimed] = await taken(storage, "esms")
    [by_its_channel] = await claim(storage)

    assert (claimed.item.channel, claimed.item.gateway) == (ROUTE, "esms")
    assert (claimed.item.agency, claimed.item.route, claimed.item.sender) == ("H29", "thuduc", "UBND.TDUC")
    assert await stored(storage, item) == claimed.item
    assert (by_its_channel.item.channel, by_its_channel.item.gateway) == ("sms", "sms")


async def test_a_claim_tells_the_carrier_that_was_once_named_for_the_address(storage: Storage) -> None:
    first, stranger = an_item(1), an_item(3, address=Address("sms", "+84987654321"))
    await enqueue(storage, first)
    [unknown] = await claim(storage)
    await settle(storage, a_settlement(first.id, DeliveryState.ACCEPTED, carrier="vinaphone"))
    await enqueue(storage, an_item(2), stranger)

    known = await claim(storage)

    assert (unknown.carrier, [each.carrier for each in known]) == ("", ["vinaphone", ""])
    assert [each.item.carrier for each in known] == ["", ""]


async def test_due_queues_come_best_lane_first_and_then_the_one_that_waits_longest(storage: Storage) -> None:
    await enqueue(
        storage,
        an_item(1, channel="a", lane=Lane.BULK, next_at=later(hours=-9)),
        an_item(2, channel="b"),
        an_item(3, channel="c", next_at=later(hours=-1)),
        an_item(4, channel="d", lane=Lane.REPLY),
        an_item(5, channel="d", lane=Lane.BULK, next_at=later(hours=-9)),
        an_item(6, channel="elsewhere", lane=Lane.REPLY),
    )

    due = await storage.read(lambda tx: tx.outbox.due(["a", "b", "c", "d", "empty"], now=NOW))

    assert due == [("d", Lane.REPLY), ("c", Lane.PUSH), ("b", Lane.PUSH), ("a", Lane.BULK)]
    assert await storage.read(lambda tx: tx.outbox.due([], now=NOW)) == []


async def test_a_queue_is_not_due_for_what_waits_is_too_late_or_in_other_hands(storage: Storage) -> None:
    await enqueue(
        storage,
        an_item(1, channel="tomorrow", next_at=later(days=1), expires_at=later(days=2)),
        an_item(2, channel="stale", expires_at=NOW),
        an_item(3, channel="claimed"),
        an_item(4, channel="mixed", lane=Lane.REPLY, next_at=later(minutes=1)),
        an_item(5, channel="mixed", lane=Lane.BULK),
    )
    await claim(storage, channel="claimed")
    queues = ["tomorrow", "stale", "claimed", "mixed"]

    assert await storage.read(lambda tx: tx.outbox.due(queues, now=NOW)) == [("mixed", Lane.BULK)]


async def test_the_next_due_moment_is_that_of_all_queues_together(storage: Storage) -> None:
    await enqueue(
        storage,
        an_item(1, channel="a", next_at=later(hours=2)),
        an_item(2, channel="b", lane=Lane.BULK, next_at=later(hours=1)),
        an_item(3, channel="c"),
    )

    assert await storage.read(lambda tx: tx.outbox.next_due(["a", "b"])) == later(hours=1)
    assert await storage.read(lambda tx: tx.outbox.next_due(["a"])) == later(hours=2)
    assert await storage.read(lambda tx: tx.outbox.next_due(["d"])) is None
    assert await storage.read(lambda tx: tx.outbox.next_due([])) is None


async def test_handed_back_it_waits_in_its_queue_for_any_gateway(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")

    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, next_at=NOW))

    assert (await stored(storage, item)).channel == ROUTE
    assert [each.item.gateway for each in await taken(storage, "fpt")] == ["fpt"]


async def test_what_must_stay_waits_in_its_gateways_own_queue(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")

    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, next_at=NOW, stays=True))

    assert await taken(storage, "fpt") == []
    assert [each.item.id for each in await claim(storage, channel="esms")] == [item.id]


async def test_an_ended_lease_sends_the_message_to_its_gateways_own_queue(storage: Storage) -> None:
    repeatable, unsure = an_item(1, channel=ROUTE), an_item(2, channel="route:cuchi", address=number(2))
    await enqueue(storage, repeatable, unsure)
    await taken(storage, "fpt")
    await taken(storage, "esms", "route:cuchi")
    storage.woken("fpt").clear()

    lapsed = await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=1), requeue={"fpt", "route:cuchi"}))

    assert lapsed == 2
    again = await stored(storage, repeatable)
    assert (again.state, again.channel, again.next_at) == (DeliveryState.QUEUED, "fpt", later(hours=1))
    assert (await stored(storage, unsure)).state is DeliveryState.UNCERTAIN
    assert (await stored(storage, unsure)).channel == "route:cuchi"
    assert storage.woken("fpt").is_set()


async def test_a_receipt_finds_its_message_by_the_gateway_that_sent_it(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))

    receipts = [a_receipt("ref-1", channel="esms"), a_receipt("ref-1", channel=ROUTE)]
    [matched] = await storage.write(lambda tx: tx.outbox.match(receipts))

    assert (matched.receipt, matched.item_id) == (receipts[0], item.id)
    assert (matched.address, matched.gateway, matched.sent_at) == (item.address.key, "esms", later(seconds=1))


async def test_both_gateways_receipts_find_a_message_that_changed_hands(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")
    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, "ref-1", next_at=NOW))
    await taken(storage, "fpt")
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))

    both = [a_receipt("ref-1", channel="esms"), a_receipt("ref-1", channel="fpt")]
    matched = await storage.write(lambda tx: tx.outbox.match(both))

    assert [each.item_id for each in matched] == [item.id, item.id]


async def test_a_parked_receipt_is_handed_back_whole_to_the_gateway_it_came_from(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")
    early = a_receipt("ref-1", channel="esms", carrier="mobifone", reason="stat:DELIVRD")
    await storage.write(lambda tx: tx.outbox.park([early, a_receipt("ref-1", channel=ROUTE)]))

    handed_back = await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))

    assert handed_back == [early]
    assert await storage.read(lambda tx: tx.outbox.parked()) == 1


async def test_history_and_the_ledger_go_by_the_queue(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await sent(storage, item)

    [told] = await storage.read(lambda tx: tx.outbox.history(item.address, after="", limit=5))

    assert (told.id, told.gateway) == (item.id, ROUTE)
    assert await storage.read(lambda tx: tx.outbox.counts()) == {(ROUTE, DeliveryState.ACCEPTED): 1}


async def test_queues_that_nobody_knows_any_more_are_found_and_emptied(storage: Storage) -> None:
    waits, held, sent_one = an_item(1, channel="old"), an_item(2, channel="older"), an_item(3, channel="old")
    await sent(storage, sent_one)
    await enqueue(
        storage,
        waits,
        held,
        an_item(4),
        an_item(5, channel="chat", address=Address("webchat", "sms:1")),
        an_item(6, channel="log", address=Address("smsx", "1")),
    )
    await claim(storage, channel="older")
    await settle(storage, a_settlement(held.id, DeliveryState.HELD))
    storage.woken("sms").clear()

    orphans = await storage.read(lambda tx: tx.outbox.orphans(["sms", "telegram"], scheme="sms"))
    moved = [await storage.write(partial(_requeued, queue=queue)) for queue in orphans]

    assert (orphans, moved) == (["old", "older"], [1, 1])
    assert [(await stored(storage, item)).channel for item in (waits, held, sent_one)] == ["sms", "sms", "old"]
    assert storage.woken("sms").is_set()
    assert await storage.read(lambda tx: tx.outbox.orphans(["sms"], scheme="sms")) == []


async def _requeued(tx: Transaction, queue: str) -> int:
    return await tx.outbox.requeue(queue, "sms", at=NOW)


@pytest.mark.parametrize("attempted", [True, False])
async def test_what_only_a_lost_gateway_might_repeat_becomes_uncertain_and_goes_no_other_way(
    storage: Storage, attempted: bool
) -> None:
    perhaps_sent, never_sent = an_item(1, channel=ROUTE), an_item(2, channel=ROUTE)
    await enqueue(storage, perhaps_sent, never_sent)
    await taken(storage, "esms")
    await settle(
        storage,
        a_settlement(perhaps_sent.id, DeliveryState.QUEUED, next_at=NOW, stays=True),
        a_settlement(never_sent.id, DeliveryState.QUEUED, next_at=NOW),
    )
    await taken(storage, "esms", "esms")
    await settle(storage, a_settlement(perhaps_sent.id, DeliveryState.QUEUED, next_at=NOW, attempted=attempted))

    await storage.write(partial(_requeued, queue="esms"))
    await storage.write(partial(_requeued, queue=ROUTE))

    assert (await stored(storage, perhaps_sent)).state is DeliveryState.UNCERTAIN
    waiting = await stored(storage, never_sent)
    assert (waiting.state, waiting.channel) == (DeliveryState.QUEUED, "sms")


async def test_what_lapsed_at_a_gateway_that_knows_our_ids_may_be_repeated_only_there(storage: Storage) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")
    await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=1), requeue=["esms"]))

    await storage.write(partial(_requeued, queue="esms"))

    assert (await stored(storage, item)).state is DeliveryState.UNCERTAIN


@pytest.mark.parametrize(
    ("queue", "fed"), [(ROUTE, {ROUTE, "esms", "fpt"}), ("route:cuchi", {"fpt"}), ("fpt", {"fpt"})]
)
async def test_a_queue_wakes_the_channels_that_it_feeds(storage: Storage, queue: str, fed: set[str]) -> None:
    storage.feeds(ROUTE, ["esms"])
    storage.feeds(ROUTE, ["fpt"])
    storage.feeds("route:cuchi", ["fpt"])

    await enqueue(storage, an_item(1, channel=queue))

    assert {name for name in (ROUTE, "esms", "fpt", "viettel") if storage.woken(name).is_set()} == fed


async def test_channels_of_another_machine_are_woken_by_the_queues_that_feed_them(postgres_storage_url: str) -> None:
    async with open_storage(postgres_storage_url) as one, open_storage(postgres_storage_url) as other:
        other.feeds(ROUTE, ["esms"])
        woken = other.woken("esms")
        woken.clear()

        await enqueue(one, an_item(1, channel=ROUTE))

        async with asyncio.timeout(20):
            await woken.wait()


@pytest.mark.parametrize("owner", ["somebody", "sender-1"])
async def test_a_settlement_is_the_owners_whatever_the_gateway(storage: Storage, owner: str) -> None:
    item = an_item(1, channel=ROUTE)
    await enqueue(storage, item)
    await taken(storage, "esms")

    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1", owner=owner))

    matched = await storage.write(lambda tx: tx.outbox.match([a_receipt("ref-1", channel="esms")]))
    assert len(matched) == (owner == "sender-1")
