"""What is counted as it happens: a gateway's minutes, an agency's month, the carrier of an address."""

import asyncio
import logging
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model.message import DeliveryState, Lane, OutboxItem, Receipt
from bot.model.person import Address
from bot.ports import SLOW, Minute, Moved, Spent, Storage, Transaction
from tests.contract.storage_values import (
    MAI,
    NOW,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    later,
    settle,
    stored,
)

ACCEPTED, DELIVERED, FAILED = DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.FAILED
QUEUED, UNCERTAIN = DeliveryState.QUEUED, DeliveryState.UNCERTAIN


async def minutes(storage: Storage) -> list[Minute]:
    return await storage.read(lambda tx: tx.routing.minutes(since=later(days=-1)))


async def spent(storage: Storage, month: str = "2026-03") -> dict[str, Spent]:
    return await storage.read(lambda tx: tx.spending.of_month(month))


async def carriers(storage: Storage, *addresses: Address) -> dict[str, str]:
    return await storage.read(lambda tx: tx.routing.carriers([address.key for address in addresses]))


async def claimed(storage: Storage, *items: OutboxItem, gateway: str = "esms") -> None:
    await enqueue(storage, *items)
    await claim(storage, limit=len(items), gateway=gateway)


async def record(storage: Storage, *moves: tuple[Receipt, DeliveryState | None]) -> None:
    async def work(tx: Transaction) -> None:
        matched = await tx.outbox.match([receipt for receipt, _ in moves])
        moved = [
            Moved(match.item_id, state, "", match.receipt.at)
            for match, (_, state) in zip(matched, moves, strict=True)
            if state
        ]
        await tx.outbox.record(matched, moved)

    await storage.write(work)


async def test_answers_are_counted_in_the_gateways_minute_of_the_answer(storage: Storage) -> None:
    items = [an_item(number) for number in range(7)]
    await claimed(storage, *items)
    states = [ACCEPTED, DELIVERED, QUEUED, UNCERTAIN, FAILED, ACCEPTED, DeliveryState.SUPPRESSED]
    moments = [later(seconds=seconds) for seconds in (0, 59.999, 1, 2, 3, 60, 4)]

    await settle(
        storage,
        *(a_settlement(item.id, state, at=at) for item, state, at in zip(items, states, moments, strict=True)),
    )

    assert await minutes(storage) == [
        Minute(gateway="esms", minute=NOW, accepted=2, errors=1, uncertain=1, rejected=1, delivered=1, in_time=1),
        Minute(gateway="esms", minute=later(minutes=1), accepted=1),
    ]


async def test_counts_add_up_over_settlements_and_gateways(storage: Storage) -> None:
    for number, gateway in enumerate(["esms", "fpt", "esms"]):
        await claimed(storage, an_item(number), gateway=gateway)
        await settle(storage, a_settlement(an_item(number).id, ACCEPTED))

    assert await minutes(storage) == [
        Minute(gateway="esms", minute=NOW, accepted=2),
        Minute(gateway="fpt", minute=NOW, accepted=1),
    ]


async def test_what_was_not_attempted_blames_no_gateway(storage: Storage) -> None:
    items = [an_item(number) for number in range(3)]
    await claimed(storage, *items)

    await settle(
        storage,
        a_settlement(items[0].id, QUEUED, attempted=False),
        a_settlement(items[1].id, FAILED, attempted=False),
        a_settlement(items[2].id, DeliveryState.HELD, attempted=False, held_for="budget"),
    )

    assert await minutes(storage) == []


async def test_a_settlement_without_effect_counts_nothing(storage: Storage) -> None:
    item = an_item(1, agency="H29")
    await claimed(storage, item)
    charged = {"cost": 350, "carrier": "viettel"}
    await settle(storage, a_settlement(item.id, ACCEPTED, owner="somebody", **charged))
    nothing = (await minutes(storage), await spent(storage), await carriers(storage, MAI))

    await settle(storage, a_settlement(item.id, ACCEPTED, **charged))
    await settle(storage, a_settlement(item.id, FAILED, **charged), a_settlement("nobody", ACCEPTED, **charged))

    assert nothing == ([], {}, {})
    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, accepted=1)]
    assert await spent(storage) == {"H29": Spent(1, 1, 350)}


async def test_of_two_settlements_of_one_message_the_last_is_the_one(storage: Storage) -> None:
    item = an_item(1, agency="H29")
    await claimed(storage, item)

    await settle(
        storage, a_settlement(item.id, UNCERTAIN, "ref-1", cost=350), a_settlement(item.id, ACCEPTED, "ref-2", cost=350)
    )

    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, accepted=1)]
    assert await spent(storage) == {"H29": Spent(1, 1, 350)}
    receipts = [a_receipt("ref-1", channel="esms"), a_receipt("ref-2", channel="esms")]
    assert len(await storage.write(lambda tx: tx.outbox.match(receipts))) == 2


async def test_an_ended_lease_counts_as_uncertain_where_it_may_not_be_repeated(storage: Storage) -> None:
    await claimed(storage, an_item(1), an_item(2))
    await claimed(storage, an_item(3), gateway="fpt")

    await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=1), requeue={"fpt"}))

    assert await minutes(storage) == [Minute(gateway="esms", minute=later(hours=1), uncertain=2)]


async def test_ends_are_counted_in_the_minute_in_which_the_message_left(storage: Storage) -> None:
    items = [an_item(number) for number in range(5)]
    await claimed(storage, *items)
    await settle(storage, *(a_settlement(item.id, ACCEPTED, f"ref-{n}", at=NOW) for n, item in enumerate(items)))
    in_time, slow = NOW + SLOW, NOW + SLOW + (later(milliseconds=1) - NOW)

    await record(
        storage,
        (a_receipt("ref-0", channel="esms", at=in_time), DELIVERED),
        (a_receipt("ref-1", channel="esms", at=slow), DELIVERED),
        (a_receipt("ref-2", channel="esms", at=in_time, state=FAILED), FAILED),
        (a_receipt("ref-3", channel="esms", at=slow, state=DeliveryState.EXPIRED), DeliveryState.EXPIRED),
        (a_receipt("ref-4", channel="esms", at=in_time, state=ACCEPTED), ACCEPTED),
    )

    assert await minutes(storage) == [
        Minute(gateway="esms", minute=NOW, accepted=5, delivered=2, undelivered=2, in_time=2)
    ]


async def test_an_end_is_counted_once(storage: Storage) -> None:
    item = an_item(1, parts=2)
    await claimed(storage, item)
    await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1", "ref-2", at=NOW))

    await record(storage, (a_receipt("ref-1", channel="esms"), None), (a_receipt("ref-2", channel="esms"), DELIVERED))
    await record(storage, (a_receipt("ref-2", channel="esms"), DELIVERED))

    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, accepted=1, delivered=1, in_time=1)]


async def test_an_end_of_which_the_sending_is_unknown_belongs_to_no_minute(storage: Storage) -> None:
    item = an_item(1)
    await claimed(storage, item)
    await settle(storage, a_settlement(item.id, UNCERTAIN, "ref-1", at=NOW))

    await record(storage, (a_receipt("ref-1", channel="esms"), DELIVERED))

    assert (await stored(storage, item)).state is DELIVERED
    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, uncertain=1)]


@pytest.mark.parametrize("cost", [350, None])
@pytest.mark.parametrize(
    ("end", "after", "counted"),
    [
        (DELIVERED, 0, {"delivered": 1, "in_time": 1}),
        (DELIVERED, 301, {"delivered": 1}),
        (FAILED, 0, {"undelivered": 1}),
        (DeliveryState.EXPIRED, 0, {"undelivered": 1}),
        (ACCEPTED, 0, {}),
    ],
)
async def test_an_answer_that_a_receipt_has_overtaken_counts_and_costs_as_if_it_had_come_first(
    storage: Storage, end: DeliveryState, after: int, counted: dict[str, int], cost: int | None
) -> None:
    item = an_item(1, agency="H29", parts=2)
    await claimed(storage, item)
    left = later(seconds=3)
    receipt = a_receipt("ref-1", item_id=item.id, channel="esms", state=end, at=later(seconds=3 + after))
    await record(storage, (receipt, end))

    for _ in range(2):  # The second time because a commit was answered by nobody.
        await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1", "ref-2", cost=cost, at=left))

    told = await stored(storage, item)
    assert (told.state, told.cost, told.sent_at) == (end, cost, left)
    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, accepted=1, **counted)]
    assert await spent(storage) == ({} if cost is None else {"H29": Spent(1, 2, 350)})


async def test_what_was_overtaken_by_the_first_receipt_is_ended_by_the_second_in_its_minute(storage: Storage) -> None:
    item = an_item(1, parts=2)
    await claimed(storage, item)
    await record(storage, (a_receipt("ref-1", item_id=item.id, channel="esms"), ACCEPTED))
    await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1", "ref-2", at=NOW))

    await record(storage, (a_receipt("ref-2", channel="esms"), DELIVERED))
    await settle(storage, a_settlement(item.id, ACCEPTED, "ref-1", "ref-2", at=NOW))

    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, accepted=1, delivered=1, in_time=1)]


@pytest.mark.parametrize("references", [(), ("ref-1",)])
async def test_an_answer_that_came_first_is_not_taken_for_one_that_was_overtaken(
    storage: Storage, references: tuple[str, ...]
) -> None:
    item = an_item(1, agency="H29")
    await claimed(storage, item)
    answer = a_settlement(item.id, ACCEPTED, *references, cost=350, at=NOW)
    await settle(storage, answer)
    await record(storage, (a_receipt("ref-1", item_id=item.id, channel="esms", at=NOW), DELIVERED))

    await settle(storage, answer)

    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, accepted=1, delivered=1, in_time=1)]
    assert await spent(storage) == {"H29": Spent(1, 1, 350)}


async def test_an_unsure_answer_that_a_receipt_has_overtaken_costs_what_it_costs(storage: Storage) -> None:
    item = an_item(1, agency="H29")
    await claimed(storage, item)
    await record(storage, (a_receipt("ref-1", item_id=item.id, channel="esms"), DELIVERED))

    for _ in range(2):
        await settle(storage, a_settlement(item.id, UNCERTAIN, cost=350, at=NOW))

    assert (await stored(storage, item)).state is DELIVERED
    assert await minutes(storage) == [Minute(gateway="esms", minute=NOW, uncertain=1)]
    assert await spent(storage) == {"H29": Spent(1, 1, 350)}


async def test_what_was_sent_is_charged_to_the_agency(storage: Storage) -> None:
    items = [an_item(number, agency="H29" if number < 4 else "", parts=number + 1) for number in range(7)]
    await claimed(storage, *items)
    states = [ACCEPTED, DELIVERED, UNCERTAIN, FAILED, ACCEPTED, ACCEPTED, QUEUED]
    costs = [100, 200, 300, 400, 500, None, 700]

    await settle(
        storage,
        *(a_settlement(item.id, state, cost=cost) for item, state, cost in zip(items, states, costs, strict=True)),
    )

    assert await spent(storage) == {"H29": Spent(3, 6, 600), "": Spent(1, 5, 500)}
    assert [(await stored(storage, item)).cost for item in items] == [100, 200, 300, None, 500, None, None]


async def test_a_message_is_charged_once_however_often_it_is_settled(storage: Storage) -> None:
    item = an_item(1, agency="H29", parts=2)
    await claimed(storage, item)
    await settle(storage, a_settlement(item.id, UNCERTAIN, cost=350))
    await settle(storage, a_settlement(item.id, QUEUED, next_at=NOW))
    await claim(storage, gateway="fpt")

    await settle(storage, a_settlement(item.id, ACCEPTED, cost=900))

    assert (await stored(storage, item)).cost == 350
    assert await spent(storage) == {"H29": Spent(1, 2, 350)}


async def test_a_message_that_was_free_at_first_is_charged_when_it_is_taken(storage: Storage) -> None:
    item = an_item(1, agency="H29")
    await claimed(storage, item)
    await settle(storage, a_settlement(item.id, UNCERTAIN))

    await settle(storage, a_settlement(item.id, ACCEPTED, cost=0))

    assert (await stored(storage, item)).cost == 0
    assert await spent(storage) == {"H29": Spent(1, 1, 0)}


async def test_a_month_begins_at_midnight_in_vietnam(storage: Storage) -> None:
    before, after = datetime(2026, 10, 31, 16, 59, 59, 999000, UTC), datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
    await claimed(storage, an_item(1, agency="H29"), an_item(2, agency="H29"))

    await settle(
        storage,
        a_settlement(an_item(1).id, ACCEPTED, at=before, cost=1),
        a_settlement(an_item(2).id, ACCEPTED, at=after, cost=2),
    )

    assert await spent(storage, "2026-10") == {"H29": Spent(1, 1, 1)}
    assert await spent(storage, "2026-11") == {"H29": Spent(1, 1, 2)}


async def test_the_latest_naming_of_a_carrier_is_believed(storage: Storage) -> None:
    lan = Address("sms", "+84987654321")
    items = [an_item(1), an_item(2), an_item(3, address=lan)]
    await claimed(storage, *items)

    await settle(
        storage,
        a_settlement(items[0].id, ACCEPTED, "ref-1", carrier="viettel", at=later(seconds=2)),
        a_settlement(items[1].id, ACCEPTED, "ref-2", carrier="vinaphone", at=later(seconds=1)),
        a_settlement(items[2].id, ACCEPTED, "ref-3"),
    )
    answered = await carriers(storage, MAI, lan)
    await record(
        storage,
        (a_receipt("ref-1", channel="esms", carrier="mobifone", at=later(minutes=3)), None),
        (a_receipt("ref-3", channel="esms", carrier="itel", at=later(minutes=1)), DELIVERED),
    )
    received = await carriers(storage, MAI, lan)
    await record(storage, (a_receipt("ref-2", channel="esms", carrier="gmobile", at=later(minutes=2)), DELIVERED))

    assert (answered, received) == ({MAI.key: "viettel"}, {MAI.key: "mobifone", lan.key: "itel"})
    assert await carriers(storage, MAI, lan) == received
    assert [(await stored(storage, item)).carrier for item in items] == ["mobifone", "gmobile", "itel"]


@pytest.mark.parametrize("given", [{}, {"cost": 10}, {"carrier": "viettel"}])
async def test_settlers_at_once_count_everything_and_never_lock_each_other_out(
    storage: Storage, caplog: pytest.LogCaptureFixture, given: dict[str, Any]
) -> None:
    caplog.set_level(logging.INFO, "storage")
    gateways = [f"g{number:02}" for number in range(25)]
    items = [
        an_item(
            n,
            channel=gateways[n % 25],
            agency=f"H{n % 24:02}",
            address=Address("sms", f"+849123456{n % 26:02}"),
            # Pushes to one address would be claimed one after the other.
            lane=Lane.REPLY,
        )
        for n in range(1200)
    ]
    await enqueue(storage, *items)
    for gateway in gateways:
        await claim(storage, limit=100, channel=gateway)
    random.Random(7).shuffle(items)

    async def settle_some(batches: list[list[OutboxItem]]) -> None:
        for batch in batches:
            await settle(storage, *(a_settlement(item.id, ACCEPTED, f"ref-{item.id}", **given) for item in batch))

    batches = [items[start : start + 30] for start in range(0, 1200, 30)]
    await asyncio.gather(*(settle_some(batches[worker::8]) for worker in range(8)))

    assert {each.accepted for each in await minutes(storage)} == {48}
    assert set((await spent(storage)).values()) == ({Spent(50, 50, 500)} if "cost" in given else set())
    assert len(await carriers(storage, *(item.address for item in items))) == (26 if "carrier" in given else 0)
    assert not [entry.message for entry in caplog.records if "run again" in entry.message]
