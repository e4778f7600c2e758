"""The queue: planned once, claimed by one, in order, and never past its time."""

import asyncio
from datetime import timedelta

import pytest

from bot.model.dossier import Status
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Standing, Storage
from tests.contract.storage_values import (
    NOW,
    a_dossier,
    a_settlement,
    an_item,
    claim,
    enqueue,
    kept,
    later,
    number,
    sent,
    settle,
    stored,
)


async def test_every_field_of_a_message_comes_back(storage: Storage) -> None:
    whole = an_item(
        1,
        lane=Lane.BULK,
        situation=Situation.APOLOGY,
        address=Address("telegram", "12:34:56"),
        text="Xin lỗi ông/bà 🙏 — hẹn lại 09:00",
        parts=3,
        status=Status.UNKNOWN,
        appointment_at=later(days=2),
    )
    bare = an_item(2, source="", code="", situation=Situation.REPLY, lane=Lane.REPLY)

    added = await enqueue(storage, whole, bare)

    assert added == 2
    assert await stored(storage, whole) == whole
    assert await stored(storage, bare) == bare
    assert await storage.read(lambda tx: tx.outbox.get("nobody")) is None


async def test_enqueueing_nothing_is_nothing(storage: Storage) -> None:
    assert await enqueue(storage) == 0


@pytest.mark.parametrize("same_id", [False, True])
async def test_a_dedupe_key_is_planned_once(storage: Storage, same_id: bool) -> None:
    first = an_item(1)
    second = first if same_id else an_item(2, dedupe_key=first.dedupe_key)

    in_one_call = await enqueue(storage, first, second, an_item(3))
    in_another = await enqueue(storage, second, an_item(4))

    assert (in_one_call, in_another) == (2, 1)
    assert await stored(storage, first) == first
    assert await storage.read(lambda tx: tx.outbox.planned()) == 3
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []


@pytest.mark.parametrize("same_id", [False, True])
async def test_two_writers_at_once_plan_a_dedupe_key_once(storage: Storage, same_id: bool) -> None:
    def batch(writer: int) -> list[OutboxItem]:
        ids = [number if same_id else 100 * writer + number for number in range(20)]
        ordered = ids if writer % 2 else ids[::-1]
        return [an_item(number, dedupe_key=f"key-{number % 100}", origin="o") for number in ordered]

    added = await asyncio.gather(*(enqueue(storage, *batch(writer)) for writer in range(6)))

    assert sum(added) == 20
    assert await storage.read(lambda tx: tx.outbox.planned()) == 20
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []


async def test_an_id_given_twice_is_a_mistake_and_no_message_vanishes(storage: Storage) -> None:
    await enqueue(storage, an_item(1))

    with pytest.raises(ValueError, match="same id"):
        await enqueue(storage, an_item(2), an_item(1, dedupe_key="another"))

    assert await storage.read(lambda tx: tx.outbox.planned()) == 1


async def test_better_lanes_leave_first_and_older_messages_within(storage: Storage) -> None:
    bulk, push_2, push_1 = an_item(1, lane=Lane.BULK, address=number(1)), an_item(4, address=number(4)), an_item(2)
    reply, waited = an_item(5, lane=Lane.REPLY), an_item(9, address=number(9), next_at=later(hours=-1))
    await enqueue(storage, bulk, push_2, push_1, reply, waited)

    first = await claim(storage, limit=3)
    rest = await claim(storage, limit=10)

    assert [claimed.item.id for claimed in first] == [reply.id, waited.id, push_1.id]
    assert [claimed.item.id for claimed in rest] == [push_2.id, bulk.id]


async def test_only_the_lanes_asked_for_are_claimed(storage: Storage) -> None:
    bulk, push = an_item(1, lane=Lane.BULK, address=number(1)), an_item(2, address=number(2))
    reply = an_item(3, lane=Lane.REPLY)
    await enqueue(storage, bulk, push, reply)

    claimed = [await claim(storage, limit=10, lanes=lanes) for lanes in (0, Lane.PUSH, Lane.BULK, len(Lane))]

    assert [[each.item.id for each in some] for some in claimed] == [[], [reply.id], [push.id], [bulk.id]]


async def test_only_what_is_due_and_not_too_late_is_claimed(storage: Storage) -> None:
    due = an_item(1)
    tomorrow = an_item(2, next_at=later(days=1), expires_at=later(days=2))
    stale = an_item(3, next_at=later(hours=-2), expires_at=NOW)
    elsewhere = an_item(4, channel="telegram")
    await enqueue(storage, due, tomorrow, stale, elsewhere)

    claimed = await claim(storage)

    assert [each.item.id for each in claimed] == [due.id]


async def test_a_claim_counts_the_attempt_and_says_how_the_dossier_stands(storage: Storage) -> None:
    spoken_of, stranger = an_item(1), an_item(2)
    now_done = a_dossier(1, status=Status.DONE, appointment_at=later(days=7))
    undated = a_dossier(3, appointment_at=None)
    await storage.write(lambda tx: tx.dossiers.save(kept(now_done, undated), at=NOW))
    await enqueue(storage, spoken_of, stranger, an_item(3))

    first, second, third = await claim(storage)

    assert first.standing == Standing(Status.DONE, later(days=7))
    assert second.standing is None
    assert third.standing == Standing(Status.RECEIVED, None)
    assert (first.item.state, first.item.attempts) == (DeliveryState.SENDING, 1)
    assert await stored(storage, spoken_of) == first.item


async def test_claimers_at_once_never_hold_the_same_message(storage: Storage) -> None:
    await enqueue(storage, *(an_item(n, address=number(n)) for n in range(60)))

    hands = await asyncio.gather(*(claim(storage, limit=10, owner=f"sender-{n}") for n in range(8)))

    ids = [claimed.item.id for hand in hands for claimed in hand]
    assert len(ids) == len(set(ids)) == 60


async def test_a_message_handed_back_may_leave_later_and_keeps_its_attempts(storage: Storage) -> None:
    item = an_item(1)
    await enqueue(storage, item)
    await claim(storage)

    back = a_settlement(
        item.id, DeliveryState.QUEUED, reason="đường truyền đứt", next_at=later(minutes=5), attempted=False
    )
    await settle(storage, back)

    waiting = await stored(storage, item)
    assert (waiting.state, waiting.attempts, waiting.reason) == (DeliveryState.QUEUED, 0, "đường truyền đứt")
    assert await storage.read(lambda tx: tx.outbox.next_due(["sms"])) == later(minutes=5)
    assert await claim(storage) == []
    again = await claim(storage, now=later(minutes=5), lease_until=later(minutes=6))
    assert [claimed.item.attempts for claimed in again] == [1]


async def test_the_next_due_moment_is_the_earliest_of_what_may_still_leave(storage: Storage) -> None:
    assert await storage.read(lambda tx: tx.outbox.next_due(["sms"])) is None
    await enqueue(
        storage,
        an_item(1, lane=Lane.BULK, next_at=later(hours=1)),
        an_item(2, next_at=later(hours=2)),
        an_item(3, channel="telegram"),
        an_item(4, next_at=NOW, expires_at=NOW),
    )

    assert await storage.read(lambda tx: tx.outbox.next_due(["sms"])) == later(hours=1)


async def test_what_waited_too_long_expires_and_only_that(storage: Storage) -> None:
    stale, fresh, claimed = an_item(1, expires_at=later(hours=1)), an_item(2), an_item(3, lane=Lane.REPLY)
    await enqueue(storage, stale, fresh, claimed)
    await claim(storage, limit=1)

    expired = await storage.write(lambda tx: tx.outbox.expire(now=later(hours=1)))

    assert expired == 1
    gone = await stored(storage, stale)
    assert (gone.state, gone.settled_at) == (DeliveryState.EXPIRED, later(hours=1))
    assert (await stored(storage, fresh)).state is DeliveryState.QUEUED
    assert (await stored(storage, claimed)).state is DeliveryState.SENDING


async def test_an_ended_lease_leaves_the_message_uncertain_or_queued(storage: Storage) -> None:
    by_sms, by_chat = an_item(1, address=number(1)), an_item(2, channel="webchat", address=number(2))
    held = an_item(3, lane=Lane.BULK)
    await enqueue(storage, by_sms, by_chat, held)
    await claim(storage, limit=1)
    await claim(storage, channel="webchat")
    await claim(storage, lease_until=later(hours=1))

    lapsed = await storage.write(lambda tx: tx.outbox.lapse(now=later(minutes=1), requeue={"webchat"}))

    assert lapsed == 2
    assert (await stored(storage, by_sms)).state is DeliveryState.UNCERTAIN
    assert (await stored(storage, by_chat)).state is DeliveryState.QUEUED
    assert (await stored(storage, held)).state is DeliveryState.SENDING
    retried = await claim(storage, channel="webchat", now=later(minutes=1), lease_until=later(minutes=2))
    assert [claimed.item.attempts for claimed in retried] == [2]


async def test_a_newer_message_takes_the_place_of_what_still_waits(storage: Storage) -> None:
    code = an_item(1).code
    old = an_item(1)
    same_event = an_item(2, code=code, origin="change:onestop:newer:2", dedupe_key="other recipient")
    other_address = an_item(3, code=code, address=Address("sms", "+84987654321"))
    other_source = an_item(4, code=code, source="ministry")
    owed = an_item(5, code=code, situation=Situation.APOLOGY)
    reply = an_item(6, code="", source="", situation=Situation.REPLY)
    await enqueue(storage, old, same_event, other_address, other_source, owed, reply)
    newer = [an_item(7, code=code, origin="change:onestop:newer:2"), an_item(8, code="", source="")]

    replaced = await storage.write(
        lambda tx: tx.outbox.supersede(newer, keep=(Situation.APOLOGY,), at=later(minutes=1))
    )

    assert replaced == 1
    gone = await stored(storage, old)
    assert (gone.state, gone.settled_at) == (DeliveryState.SUPERSEDED, later(minutes=1))
    for spared in (same_event, other_address, other_source, owed, reply):
        assert (await stored(storage, spared)).state is DeliveryState.QUEUED
    assert await storage.write(lambda tx: tx.outbox.supersede(newer, at=later(minutes=1))) == 1
    assert (await stored(storage, owed)).state is DeliveryState.SUPERSEDED


async def test_messages_do_not_take_the_place_of_each_other_when_enqueued_together(storage: Storage) -> None:
    code = an_item(1).code
    together = [an_item(1, origin="change:1"), an_item(2, code=code, origin="change:2")]
    await enqueue(storage, *together)

    assert await storage.write(lambda tx: tx.outbox.supersede(together, at=NOW)) == 0


async def test_what_has_left_is_not_superseded(storage: Storage) -> None:
    claimed, accepted = an_item(1), an_item(2)
    await sent(storage, accepted, "ref-2")
    await enqueue(storage, claimed)
    await claim(storage)
    newer = [an_item(3, code=item.code, origin="newer") for item in (claimed, accepted)]

    assert await storage.write(lambda tx: tx.outbox.supersede(newer, at=NOW)) == 0


async def test_history_pages_through_what_was_sent_to_an_address(storage: Storage) -> None:
    items = [an_item(number) for number in range(1, 5)]
    for item in items[:3]:
        await sent(storage, item)
    await enqueue(storage, items[3], an_item(9, address=Address("sms", "+84987654321")))

    first = await storage.read(lambda tx: tx.outbox.history(items[0].address, after="", limit=2))
    rest = await storage.read(lambda tx: tx.outbox.history(items[0].address, after=first[-1].id, limit=2))

    assert [item.id for item in first] == [items[0].id, items[1].id]
    assert [item.id for item in rest] == [items[2].id]


async def test_messages_are_listed_by_state_oldest_first(storage: Storage) -> None:
    items = [an_item(number) for number in (3, 1, 2)]
    await enqueue(storage, *items)

    waiting = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=2))
    await claim(storage)
    await storage.write(lambda tx: tx.outbox.lapse(now=later(hours=1), requeue=()))
    held = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.UNCERTAIN, limit=10))

    assert [item.id for item in waiting] == [items[1].id, items[2].id]
    assert [item.id for item in held] == [items[1].id, items[2].id, items[0].id]


async def test_enqueueing_wakes_the_channel_once_it_is_durable(storage: Storage) -> None:
    sms, telegram = storage.woken("sms"), storage.woken("telegram")
    sms.clear()
    telegram.clear()

    await enqueue(storage, an_item(1))

    assert sms is storage.woken("sms")
    assert sms.is_set()
    assert not telegram.is_set()


async def test_what_is_undone_wakes_nobody(storage: Storage) -> None:
    async def enqueue_and_fail(tx: object) -> None:
        await tx.outbox.enqueue([an_item(1)])  # type: ignore[attr-defined]
        raise LookupError

    storage.woken("sms").clear()
    with pytest.raises(LookupError):
        await storage.write(enqueue_and_fail)

    assert not storage.woken("sms").is_set()


async def test_an_ended_lease_wakes_the_channel_that_may_send_again(storage: Storage) -> None:
    await enqueue(storage, an_item(1))
    await claim(storage)
    storage.woken("sms").clear()

    await storage.write(lambda tx: tx.outbox.lapse(now=NOW + timedelta(hours=1), requeue={"sms"}))

    assert storage.woken("sms").is_set()


async def test_the_messages_of_an_event_are_found_oldest_first(storage: Storage) -> None:
    first, second = an_item(1, origin="change:s:c:1"), an_item(2, origin="change:s:c:2")
    other = an_item(3, origin="change:s:d:1")
    await storage.write(lambda tx: tx.outbox.enqueue([second, other, first]))

    found = await storage.read(lambda tx: tx.outbox.of_origins(["change:s:c:2", "change:s:c:1", "change:s:c:9"]))

    assert [each.id for each in found] == sorted([first.id, second.id])
    assert await storage.read(lambda tx: tx.outbox.of_origins([])) == []
