"""After the claim: settling, the parts of a message, receipts early, late, twice and from strangers."""

import asyncio

import pytest

from bot.model.message import FINAL, DeliveryState, OutboxItem, Receipt
from bot.ports import Matched, Moved, Storage, Transaction
from tests.contract.storage_values import (
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    later,
    sent,
    settle,
    stored,
)


async def match(storage: Storage, *receipts: Receipt) -> list[Matched]:
    return await storage.write(lambda tx: tx.outbox.match(receipts))


async def record(storage: Storage, receipt: Receipt, item: OutboxItem, state: DeliveryState) -> None:
    async def work(tx: Transaction) -> None:
        matched = await tx.outbox.match([receipt])
        await tx.outbox.record(matched, [Moved(item.id, state, receipt.reason, receipt.at)])

    await storage.write(work)


async def test_settling_records_what_the_provider_said(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)

    early = await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1", reason="ok"))

    assert early == []
    accepted = await stored(storage, item)
    assert (accepted.state, accepted.reason) == (DeliveryState.ACCEPTED, "ok")
    assert accepted.sent_at == accepted.settled_at == later(seconds=1)
    assert accepted.attempts == 1


async def test_only_the_owner_can_settle(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)

    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1", owner="somebody"))

    assert (await stored(storage, item)).state is DeliveryState.SENDING
    assert await match(storage, a_receipt("ref-1")) == []


async def test_a_batch_is_settled_each_in_its_own_way(storage: Storage) -> None:
    accepted, failed, again, unsure = items = [an_item(number) for number in range(4)]
    await enqueue(storage, *items)
    await claim(storage)

    await settle(
        storage,
        a_settlement(accepted.id, DeliveryState.ACCEPTED, "ref-0"),
        a_settlement(failed.id, DeliveryState.FAILED, reason="blocked"),
        a_settlement(again.id, DeliveryState.QUEUED, next_at=later(minutes=1)),
        a_settlement(unsure.id, DeliveryState.UNCERTAIN, reason="no answer"),
    )

    states = [(await stored(storage, item)).state for item in items]
    assert states == ["accepted", "failed", "queued", "uncertain"]


async def test_an_outcome_after_the_lease_still_counts(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=1), requeue=()))

    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, owner="somebody"))
    unsure = (await stored(storage, item)).state
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))

    assert unsure is DeliveryState.UNCERTAIN
    assert (await stored(storage, item)).state is DeliveryState.ACCEPTED


async def test_settling_twice_changes_nothing_more(storage: Storage) -> None:
    item = an_item(1)
    await sent(storage, item, "ref-1")

    await settle(storage, a_settlement(item.id, DeliveryState.FAILED, at=later(hours=1)))

    assert (await stored(storage, item)).state is DeliveryState.ACCEPTED


async def test_a_receipt_is_matched_by_the_providers_reference(storage: Storage) -> None:
    item = an_item(1, parts=2)
    await sent(storage, item, "ref-a", "ref-b")
    receipt = a_receipt("ref-b")

    [matched] = await match(storage, receipt)

    assert matched.receipt is receipt
    parts = dict.fromkeys(["ref-a", "ref-b"], DeliveryState.ACCEPTED)
    accepted = DeliveryState.ACCEPTED
    assert matched == Matched(receipt, item.id, accepted, parts, 2, item.address.key, "sms", later(seconds=1))


async def test_a_receipt_with_our_id_needs_no_reference(storage: Storage) -> None:
    ours, other = an_item(1), an_item(2)
    await sent(storage, other, "ref-other")
    await enqueue(storage, ours)
    await claim(storage)

    bare, with_both = a_receipt(item_id=ours.id), a_receipt("ref-other", item_id=ours.id)

    assert [each.item_id for each in await match(storage, bare, with_both)] == [ours.id, ours.id]


async def test_strangers_match_nothing(storage: Storage) -> None:
    await sent(storage, an_item(1), "ref-1")

    nobody = await match(
        storage, a_receipt("ref-9"), a_receipt("ref-1", channel="sms-2"), a_receipt(item_id="no id"), a_receipt()
    )

    assert nobody == []
    assert await match(storage) == []


async def test_a_reference_used_again_means_the_newest_message(storage: Storage) -> None:
    old, new = an_item(2), an_item(1, channel="sms")
    await sent(storage, old, "ref-1")
    await enqueue(storage, new)
    await claim(storage)
    await settle(storage, a_settlement(new.id, DeliveryState.ACCEPTED, "ref-1", at=later(hours=1)))

    [matched] = await match(storage, a_receipt("ref-1"))

    assert matched.item_id == new.id
    [by_id] = await match(storage, a_receipt(item_id=old.id))
    assert set(by_id.parts) == {"ref-1"}


async def test_recording_moves_the_message_and_its_part(storage: Storage) -> None:
    item = an_item(1, parts=2)
    await sent(storage, item, "ref-a", "ref-b")

    async def first_part(tx: Transaction) -> None:
        await tx.outbox.record(await tx.outbox.match([a_receipt("ref-a")]), [])

    await storage.write(first_part)
    [matched] = await match(storage, a_receipt("ref-b"))
    await record(storage, a_receipt("ref-b", reason="stat:DELIVRD"), item, DeliveryState.DELIVERED)

    assert matched.parts == {"ref-a": DeliveryState.DELIVERED, "ref-b": DeliveryState.ACCEPTED}
    delivered = await stored(storage, item)
    assert (delivered.state, delivered.reason) == (DeliveryState.DELIVERED, "stat:DELIVRD")
    assert (delivered.sent_at, delivered.settled_at) == (later(seconds=1), later(minutes=1))


@pytest.mark.parametrize("final", sorted(FINAL))
async def test_nothing_moves_out_of_a_final_state(storage: Storage, final: DeliveryState) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    await settle(storage, a_settlement(item.id, final, "ref-1", reason="so be it"))

    await record(storage, a_receipt("ref-1", state=DeliveryState.ACCEPTED), item, DeliveryState.ACCEPTED)
    await settle(storage, a_settlement(item.id, DeliveryState.QUEUED, next_at=later(hours=1)))
    await storage.write(lambda tx: tx.outbox.lapse(now=later(days=2), requeue={"sms"}))
    await storage.write(lambda tx: tx.outbox.expire(now=later(days=2)))

    kept = await stored(storage, item)
    assert (kept.state, kept.reason) == (final, "so be it")


async def test_a_final_part_does_not_go_back(storage: Storage) -> None:
    item = an_item(1, parts=2)
    await sent(storage, item, "ref-a", "ref-b")

    await record(storage, a_receipt("ref-a"), item, DeliveryState.ACCEPTED)
    await record(storage, a_receipt("ref-a", state=DeliveryState.ACCEPTED), item, DeliveryState.ACCEPTED)

    [matched] = await match(storage, a_receipt("ref-b"))
    assert matched.parts["ref-a"] is DeliveryState.DELIVERED


async def test_a_receipt_before_the_settlement_is_kept_and_handed_back(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    early, stranger = a_receipt("ref-1", reason="stat:DELIVRD"), a_receipt("ref-9")
    twice = [early, early, stranger]
    await storage.write(lambda tx: tx.outbox.park(twice))
    parked = await storage.read(lambda tx: tx.outbox.parked())

    handed_back = await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))

    assert parked == 2
    assert handed_back == [early]
    assert await storage.read(lambda tx: tx.outbox.parked()) == 1
    assert await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1")) == []


async def test_a_parked_receipt_of_another_channel_stays_parked(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    await storage.write(lambda tx: tx.outbox.park([a_receipt("ref-1", channel="sms-2")]))

    assert await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1")) == []


async def test_receipts_of_strangers_are_forgotten_when_they_are_old(storage: Storage) -> None:
    old, young = a_receipt("ref-1"), a_receipt("ref-2", at=later(minutes=9))
    await storage.write(lambda tx: tx.outbox.park([old, young]))

    forgotten = await storage.write(lambda tx: tx.outbox.forget_parked(before=later(minutes=5)))

    assert forgotten == 1
    assert await storage.read(lambda tx: tx.outbox.parked()) == 1


async def test_a_receipt_with_our_id_may_overtake_the_settlement(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)

    await record(storage, a_receipt("ref-1", item_id=item.id), item, DeliveryState.DELIVERED)
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))

    assert (await stored(storage, item)).state is DeliveryState.DELIVERED
    [matched] = await match(storage, a_receipt("ref-1"))
    assert matched.parts == {"ref-1": DeliveryState.DELIVERED}


async def test_receipts_for_two_parts_at_once_see_each_other(storage: Storage) -> None:
    item = an_item(1, parts=6)
    references = [f"ref-{number}" for number in range(6)]
    await sent(storage, item, *references)

    async def receive(reference: str) -> int:
        async def work(tx: Transaction) -> int:
            receipt = a_receipt(reference)
            [matched] = await tx.outbox.match([receipt])
            done = sum(state is DeliveryState.DELIVERED for state in matched.parts.values()) + 1
            moved = [Moved(item.id, DeliveryState.DELIVERED, "", receipt.at)] if done == matched.expected else []
            await tx.outbox.record([matched], moved)
            return done

        return await storage.write(work)

    counted = await asyncio.gather(*(receive(reference) for reference in references))

    assert sorted(counted) == [1, 2, 3, 4, 5, 6]
    assert (await stored(storage, item)).state is DeliveryState.DELIVERED


async def test_a_receipt_waits_for_the_reference_that_is_being_recorded(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    recorded = asyncio.Event()

    async def settle_slowly(tx: Transaction) -> None:
        await tx.outbox.settle([a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1")])
        recorded.set()
        await asyncio.sleep(0.1)

    settling = asyncio.create_task(storage.write(settle_slowly))
    await recorded.wait()
    matched = await match(storage, a_receipt("ref-1"))
    await settling

    assert [each.item_id for each in matched] == [item.id]


async def test_a_settlement_waits_for_the_receipt_that_is_being_parked(storage: Storage) -> None:
    item, receipt = an_item(1), a_receipt("ref-1")
    await enqueue(storage, item)
    await claim(storage)
    parked = asyncio.Event()

    async def park_slowly(tx: Transaction) -> None:
        assert await tx.outbox.match([receipt]) == []
        await tx.outbox.park([receipt])
        parked.set()
        await asyncio.sleep(0.1)

    parking = asyncio.create_task(storage.write(park_slowly))
    await parked.wait()
    early = await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref-1"))
    await parking

    assert early == [receipt]


async def test_no_receipt_is_lost_between_parking_and_settling(storage: Storage) -> None:
    items = [an_item(number) for number in range(30)]
    await enqueue(storage, *items)
    await claim(storage, limit=30)

    async def receive(number: int) -> int:
        async def work(tx: Transaction) -> int:
            receipt = a_receipt(f"ref-{number}")
            matched = await tx.outbox.match([receipt])
            if not matched:
                await tx.outbox.park([receipt])
            return len(matched)

        return await storage.write(work)

    async def answer(number: int) -> int:
        settlement = a_settlement(items[number].id, DeliveryState.ACCEPTED, f"ref-{number}")
        return len(await settle(storage, settlement))

    both = [each for number in range(30) for each in (answer(number), receive(number))]
    met = sum(await asyncio.gather(*both))

    assert met == 30
    assert await storage.read(lambda tx: tx.outbox.parked()) == 0
