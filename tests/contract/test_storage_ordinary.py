"""The ordinary case, which takes fewer statements: what it records, what it leaves to the others, whom it waits for."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.model.message import DeliveryState, OutboxItem
from bot.ports import Storage, Transaction
from bot.receipts import record, record_in
from storage import open_storage
from tests.contract.storage_values import a_receipt, a_settlement, an_item, claim, enqueue, later, sent, settle, stored

ACCEPTED, DELIVERED, UNCERTAIN = DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNCERTAIN


async def minutes(storage: Storage) -> dict[str, int]:
    """Of all gateways and minutes together."""
    found = await storage.read(lambda tx: tx.routing.minutes(since=later(days=-1)))
    return {
        "accepted": sum(each.accepted for each in found),
        "delivered": sum(each.delivered for each in found),
        "in_time": sum(each.in_time for each in found),
    }


async def test_an_ordinary_message_ends_and_is_counted_as_any_other(storage: Storage) -> None:
    item = an_item(1)
    await sent(storage, item, "ref-1")

    recorded = await record(storage, [a_receipt("ref-1")])

    assert (recorded.moved, recorded.matched, recorded.parked) == (1, 1, 0)
    assert (await stored(storage, item)).state is DELIVERED
    assert await minutes(storage) == {"accepted": 1, "delivered": 1, "in_time": 1}


async def test_the_same_receipt_again_changes_nothing(storage: Storage) -> None:
    item = an_item(1)
    await sent(storage, item, "ref-1")

    await record(storage, [a_receipt("ref-1"), a_receipt("ref-1")])
    await record(storage, [a_receipt("ref-1")])

    assert (await stored(storage, item)).state is DELIVERED
    assert await minutes(storage) == {"accepted": 1, "delivered": 1, "in_time": 1}


@pytest.mark.parametrize("references", [("a", "b"), ("a", "b", "c")])
async def test_a_message_of_several_parts_waits_for_all_of_them(storage: Storage, references: tuple[str, ...]) -> None:
    item = replace(an_item(1), parts=len(references))
    await sent(storage, item, *references)

    await record(storage, [a_receipt(each) for each in references[:-1]])
    before = (await stored(storage, item)).state
    await record(storage, [a_receipt(references[-1])])

    assert (before, (await stored(storage, item)).state) == (ACCEPTED, DELIVERED)


async def test_a_reference_that_two_messages_have_belongs_to_the_newer_one(storage: Storage) -> None:
    older, newer = an_item(1), an_item(2)
    await sent(storage, older, "ref-1")
    await sent(storage, newer, "ref-1")

    await record(storage, [a_receipt("ref-1")])

    assert [(await stored(storage, each)).state for each in (older, newer)] == [ACCEPTED, DELIVERED]


async def test_a_receipt_that_names_our_id_is_believed_before_its_reference(storage: Storage) -> None:
    meant, other = an_item(1), an_item(2)
    await sent(storage, meant, "ref-1")
    await sent(storage, other, "ref-2")

    await record(storage, [a_receipt("ref-2", item_id=meant.id)])

    assert [(await stored(storage, each)).state for each in (meant, other)] == [DELIVERED, ACCEPTED]


async def test_what_has_failed_is_not_delivered_after_all(storage: Storage) -> None:
    item = an_item(1)
    await sent(storage, item, "ref-1")

    await record(storage, [a_receipt("ref-1", state=DeliveryState.FAILED)])
    await record(storage, [a_receipt("ref-1")])

    assert (await stored(storage, item)).state is DeliveryState.FAILED


async def test_a_message_whose_lease_ended_is_settled_all_the_same(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(minutes=2), requeue=[]))

    await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1"))

    assert (await stored(storage, item)).state is ACCEPTED


async def test_two_words_on_one_message_the_last_one_counts(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)

    await settle(storage, a_settlement(item.id, UNCERTAIN), a_settlement(item.id, ACCEPTED, "ref-1"))

    assert (await stored(storage, item)).state is ACCEPTED


async def test_a_message_that_costs_is_charged_once(storage: Storage) -> None:
    item = replace(an_item(1), agency="H56")
    await enqueue(storage, item)
    await claim(storage)

    await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1", cost=310))
    await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1", cost=310))

    spent = await storage.read(lambda tx: tx.spending.of_month(later(seconds=1).strftime("%Y-%m")))
    assert (spent["H56"].messages, spent["H56"].cost, (await stored(storage, item)).cost) == (1, 310, 310)


async def settle_and_hear(storage: Storage, items: Sequence[OutboxItem]) -> None:
    """As a sender does it: receipts that were there before are recorded with it."""

    async def work(tx: Transaction) -> None:
        if early := await tx.outbox.settle([a_settlement(each.id, ACCEPTED, f"ref-{each.id}") for each in items]):
            await record_in(tx, early)

    await storage.write(work)


async def test_receipts_and_settlements_never_lock_each_other_out(
    postgres_storage_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a batch, some receipts are for what is settled just now: these wait for the settler, and hold nothing then."""
    items = [an_item(number) for number in range(300)]
    async with open_storage(postgres_storage_url) as one, open_storage(postgres_storage_url) as other:
        await enqueue(one, *items)
        await claim(one, limit=300)
        await settle(one, *(a_settlement(each.id, ACCEPTED, f"ref-{each.id}") for each in items[:100]))
        caplog.set_level(logging.INFO)

        settling = [settle_and_hear(one, items[start : start + 10]) for start in range(100, 300, 10)]
        hearing = [
            record(
                other, [a_receipt(f"ref-{each.id}") for each in (*items[start : start + 5], *items[ahead : ahead + 10])]
            )
            for start, ahead in zip(range(0, 100, 5), range(100, 300, 10), strict=True)
        ]
        await asyncio.gather(*(each for pair in zip(settling, hearing, strict=True) for each in pair))
        states = [(await stored(one, each)).state for each in items]

    assert states == [DELIVERED] * 300
    assert "run again" not in caplog.text
