"""A message that does not arrive in time by its first way takes the next one, on every engine."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.dossier import Change, ChangeKind, Status
from bot.model.message import (
    Accepted,
    DeliveryState,
    OutboxItem,
    Rejected,
    Retry,
    Situation,
    Uncertain,
)
from bot.model.person import Address
from bot.ports import Settlement, Storage
from bot.situation_settings import ReachSettings, Success, WaySettings
from tests.contract.storage_values import kept
from tests.flows.fallback import CODE, PHONE, Walk, news
from tests.support.making import START, dossier, message

ACCEPTED, DELIVERED, FAILED = DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.FAILED
QUEUED, UNCERTAIN = DeliveryState.QUEUED, DeliveryState.UNCERTAIN
BY_ZALO = Accepted(("z-1",), cost=300)
BY_SMS = Accepted(("s-1",), cost=400)


async def unread(walk: Walk, *schemes: str, **changes: object) -> OutboxItem:
    """Taken by the first way's provider, which says no more."""
    item = news(*(schemes or ("zalophone", "sms")), **changes)
    await walk.plan(item)
    await walk.send(item, BY_ZALO)
    return item


async def test_what_is_not_confirmed_in_time_goes_by_sms_and_is_one_message_still(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk)

    early = await walk.look(minutes=59)
    moved = await walk.look(minutes=1)
    waiting = await walk.now(item)
    await walk.send(item, BY_SMS)
    await walk.hear("sms", "s-1", DELIVERED)
    done = await walk.now(item)

    assert (early, moved) == (0, 1)
    assert (waiting.state, waiting.address, waiting.way) == (QUEUED, Address("sms", PHONE), 1)
    assert (waiting.text, waiting.reason) == ("by sms", "not confirmed in time by zalo")
    assert (done.state, done.alternatives, done.fallback_at) == (DELIVERED, (), None)
    assert await walk.is_balanced()


async def test_the_queue_of_the_next_way_is_woken(storage: Storage) -> None:
    walk = Walk(storage)
    await unread(walk)
    woken = storage.woken("sms")
    woken.clear()

    await walk.look(hours=1)

    await asyncio.wait_for(woken.wait(), 5)


async def test_what_is_urgent_has_less_time(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk, situation=Situation.RESULT)

    await walk.look(minutes=10)

    assert (await walk.now(item)).address.scheme == "sms"


async def test_what_is_delivered_stays_where_it_is(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk)

    await walk.hear("zalo", "z-1", DELIVERED)
    moved = await walk.look(days=1)

    assert moved == 0
    assert (await walk.now(item)).state is DELIVERED


async def test_a_receipt_that_it_failed_sends_it_on_at_once_and_that_was_the_gateways_failure(
    storage: Storage,
) -> None:
    walk = Walk(storage)
    item = await unread(walk)

    await walk.hear("zalo", "z-1", FAILED, reason="no such user")
    waiting = await walk.now(item)
    await walk.send(item, BY_SMS)
    await walk.hear("sms", "s-1", FAILED, reason="switched off")
    (minute, *_) = await storage.read(lambda tx: tx.routing.minutes(since=START - timedelta(hours=1)))
    failed = await walk.now(item)

    assert (waiting.state, waiting.address.scheme, waiting.reason) == (QUEUED, "sms", "no such user")
    assert waiting.sent_at is None
    assert (minute.accepted, minute.undelivered) == (1, 1)
    assert (failed.state, failed.reason) == (FAILED, "switched off")


async def test_a_late_receipt_of_the_first_way_is_recorded_and_changes_nothing_else(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk)
    await walk.look(hours=1)
    await walk.send(item, BY_SMS)

    await walk.hear("zalo", "z-1", DELIVERED)
    await walk.hear("zalo", "z-1", DELIVERED)
    after_zalo = await walk.now(item)
    await walk.hear("zalo", "z-1", FAILED)
    await walk.hear("sms", "s-1", DELIVERED)
    minutes = await storage.read(lambda tx: tx.routing.minutes(since=START - timedelta(hours=1)))

    assert (after_zalo.state, after_zalo.address.scheme) == (ACCEPTED, "sms")
    assert (await walk.now(item)).state is DELIVERED
    assert {each.gateway: (each.accepted, each.delivered, each.undelivered) for each in minutes} == {
        "zalo": (1, 1, 0),
        "sms": (1, 1, 0),
    }


async def test_a_late_receipt_stops_what_has_not_left_by_the_next_way(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk)
    await walk.look(hours=1)

    await walk.hear("zalo", "z-1", DELIVERED)

    assert (await walk.now(item)).state is DELIVERED
    assert await walk.take("sms") == []
    assert (await walk.now(item)).reason == "delivered by zalo before the next way was used"


async def test_two_ways_by_one_channel_are_told_apart(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk, "zalo", "zalophone", "sms")
    await walk.look(hours=1)
    await walk.send(item, Accepted(("z-2",)))

    await walk.hear("zalo", "z-1", DELIVERED)
    by_user = await walk.now(item)
    await walk.hear("zalo", "z-9", DELIVERED, item_id=item.id, whole=True)
    by_phone = await walk.now(item)

    assert (by_user.state, by_user.way) == (ACCEPTED, 1)
    assert by_phone.state is DELIVERED


async def test_what_is_no_longer_true_goes_no_further(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk, source="office", code=CODE, status=Status.RECEIVED)
    await storage.write(lambda tx: tx.dossiers.add(kept(dossier(1, status=Status.PROCESSING)), at=START))

    moved = await walk.look(hours=1)
    stays = await walk.now(item)

    assert moved == 0
    assert (stays.state, stays.fallback_at) == (ACCEPTED, None)
    assert stays.reason == "no other way: the dossier is now processing"


async def test_what_was_overtaken_goes_no_further_also_where_a_chat_was_bound_meanwhile(storage: Storage) -> None:
    walk = Walk(storage)
    about = {"source": "office", "code": CODE}
    overtaken = await unread(walk, **about)
    await walk.plan(news("zalo", "zalophone", "sms", origin=f"change:office:{CODE}:2", **about))
    change = Change(
        source="office", code=CODE, number=2, kind=ChangeKind.STATUS, at=START, status_after=Status.PROCESSING
    )
    await storage.write(lambda tx: tx.dossiers.add_changes([change]))
    direct = news("zalophone", "sms", source="office", code="H32.15-261122-0002")
    await walk.plan(direct)
    await walk.send(direct, Accepted(("z-2",)))
    await walk.plan(news("zalophone", "sms", source="office", code="H32.15-261122-0002"))

    moved = await walk.look(hours=1)
    stays = [await walk.now(item) for item in (overtaken, direct)]

    assert moved == 0
    assert [(item.state, item.fallback_at, item.reason) for item in stays] == [
        (ACCEPTED, None, "no other way: a newer message took its place")
    ] * 2


async def test_an_apology_is_owed_and_mere_progress_does_not_stop_it(storage: Storage) -> None:
    walk = Walk(storage)
    about = {"source": "office", "code": CODE}
    item = await unread(walk, situation=Situation.APOLOGY, **about)
    await walk.plan(news("zalophone", "sms", **about))
    await walk.plan(message(address=Address("telegram", "99"), situation=Situation.RESULT, **about))

    await walk.look(minutes=10)

    assert (await walk.now(item)).address.scheme == "sms"


async def suppress(walk: Walk, item: OutboxItem) -> None:
    await walk.take("sms")
    untrue = Settlement(item_id=item.id, owner="here", state=DeliveryState.SUPPRESSED, at=START, reason="why", way=1)
    await walk.settle(untrue)


async def call_off(walk: Walk, item: OutboxItem) -> None:
    await walk.storage.write(lambda tx: tx.outbox.call_off(Address("sms", PHONE), reason="why", at=START))


async def supersede(walk: Walk, item: OutboxItem) -> None:
    newer = news("sms", source="office", code=CODE)
    await walk.storage.write(lambda tx: tx.outbox.supersede([newer], at=START))


async def expire(walk: Walk, item: OutboxItem) -> None:
    await walk.storage.write(lambda tx: tx.outbox.expire(now=item.expires_at))


@pytest.mark.parametrize("end", [suppress, call_off, supersede, expire])
async def test_what_a_provider_has_taken_is_not_unsent_because_the_next_way_is_shut(
    storage: Storage, end: Callable[[Walk, OutboxItem], Awaitable[None]]
) -> None:
    walk = Walk(storage)
    taken = await unread(walk, source="office", code=CODE)
    await walk.look(hours=1)

    await end(walk, taken)

    stays = await walk.now(taken)
    assert (stays.state, stays.reason != "not confirmed in time by zalo") == (ACCEPTED, True)
    assert await walk.look(days=1) == 0


@pytest.mark.parametrize("end", [suppress, call_off, supersede, expire])
async def test_what_nobody_has_taken_ends_as_it_is_told_to(
    storage: Storage, end: Callable[[Walk, OutboxItem], Awaitable[None]]
) -> None:
    walk = Walk(storage)
    item = await unread(walk, source="office", code=CODE)
    await walk.hear("zalo", "z-1", FAILED)

    await end(walk, item)

    assert (await walk.now(item)).state not in (ACCEPTED, QUEUED)


async def test_what_may_have_been_sent_is_never_moved_by_itself_and_a_receipt_moves_it(storage: Storage) -> None:
    walk = Walk(storage)
    item = news("zalophone", "sms")
    await walk.plan(item)
    await walk.send(item, Uncertain("no answer", ("z-1",)))

    moved = await walk.look(days=1)
    held = await walk.now(item)
    await walk.hear("zalo", "z-1", FAILED)

    assert (moved, held.state) == (0, UNCERTAIN)
    assert ((await walk.now(item)).state, (await walk.now(item)).address.scheme) == (QUEUED, "sms")


async def test_an_uncertain_message_of_which_only_taken_is_heard_has_its_time_from_then_on(storage: Storage) -> None:
    walk = Walk(storage)
    item = news("zalophone", "sms")
    await walk.plan(item)
    await walk.send(item, Uncertain("no answer", ("z-1",)))

    await walk.hear("zalo", "z-1", ACCEPTED)
    moved = await walk.look(hours=1)

    assert moved == 1


async def test_a_message_that_keeps_being_put_off_takes_another_way_and_was_sent_once(storage: Storage) -> None:
    walk = Walk(storage)
    item = news("zalophone", "sms", situation=Situation.RESULT)
    await walk.plan(item)
    tries = 0
    while (now := await walk.now(item)).address.scheme == "zalophone":
        walk.clock.now = max(walk.clock.now, now.next_at)
        await walk.send(item, Retry("busy"))
        tries += 1

    await walk.send(item, BY_SMS)

    assert 3 <= tries <= 6
    assert walk.clock.now - START <= timedelta(minutes=10)
    assert sum(walk.handovers.values()) == 1


async def test_both_ways_are_paid_for_once_each_and_the_dossier_knows_what_it_cost(storage: Storage) -> None:
    walk = Walk(storage)
    item = news("zalophone", "sms", agency="H32", source="office", code=CODE)
    await walk.plan(item)
    (by_zalo,) = await walk.take("zalo")
    settlement = Settlement(
        item_id=item.id,
        owner="here",
        state=ACCEPTED,
        at=START,
        references=("z-1",),
        cost=300,
        way=0,
        fallback_at=START + timedelta(hours=1),
    )
    await walk.settle(settlement)
    await walk.look(hours=1)
    (by_sms,) = await walk.take("sms")
    paid = replace(settlement, references=("s-1",), cost=400, way=1, fallback_at=None)
    await walk.settle(paid)
    await walk.settle(paid)
    await walk.plan(news("sms", source="office", code=CODE))
    (next_one,) = await walk.take("sms")
    spent = await storage.read(lambda tx: tx.spending.of_month("2026-11"))

    assert (by_zalo.dossier_cost, by_sms.dossier_cost, next_one.dossier_cost) == (0, 300, 700)
    assert (await walk.now(item)).cost == 700
    assert (spent["H32"].messages, spent["H32"].cost) == (2, 700)


async def test_an_answer_that_comes_after_its_way_was_left_is_paid_for_and_changes_nothing(storage: Storage) -> None:
    walk = Walk(storage)
    item = news("zalophone", "sms", agency="H32")
    await walk.plan(item)
    await walk.take("zalo")
    await walk.hear("zalo", "z-1", FAILED, item_id=item.id, whole=True)
    left = await walk.now(item)
    await walk.take("sms")

    late = Settlement(item_id=item.id, owner="here", state=ACCEPTED, at=START, references=("z-1",), cost=300, way=0)
    await walk.settle(late)
    now = await walk.now(item)

    assert (left.state, left.address.scheme) == (QUEUED, "sms")
    assert (now.state, now.way, now.cost) == (DeliveryState.SENDING, 1, 300)


async def test_an_office_that_wants_it_opened_waits_for_that(storage: Storage) -> None:
    seen = ReachSettings(ways={"zalophone": WaySettings(success=Success.SEEN)})
    walk = Walk(storage, seen)
    unopened = await unread(walk, address=Address("zalophone", "+84900000001"))
    opened = news("zalophone", "sms")
    await walk.plan(opened)
    await walk.send(opened, Accepted(("z-2",)))

    await walk.hear("zalo", "z-1", DELIVERED)
    await walk.hear("zalo", "z-2", DELIVERED)
    await walk.hear("zalo", "z-2", DELIVERED, seen=True)
    before = await walk.now(unopened)
    await walk.look(hours=1)
    after, done = await walk.now(unopened), await walk.now(opened)

    assert (before.state, after.address.scheme) == (ACCEPTED, "sms")
    assert (done.state, done.seen_at) == (DELIVERED, START)


async def test_that_a_delivered_message_was_opened_is_kept(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk)
    await walk.hear("zalo", "z-1", DELIVERED)
    walk.clock.pass_(hours=5)

    await walk.hear("zalo", "z-1", DELIVERED, seen=True)

    assert (await walk.now(item)).seen_at == START + timedelta(hours=5)


async def test_received_and_opened_before_our_own_commit_are_both_kept(storage: Storage) -> None:
    walk = Walk(storage)
    item = news("zalophone", "sms")
    await walk.plan(item)
    (claimed,) = await walk.take("zalo")
    await walk.hear("zalo", "z-1", DELIVERED)
    await walk.hear("zalo", "z-1", DELIVERED, seen=True)

    await walk.answer(claimed, BY_ZALO)
    now = await walk.now(item)

    assert (now.state, now.seen_at) == (DELIVERED, START)


async def test_two_watches_move_a_message_once(storage: Storage) -> None:
    walk = Walk(storage)
    items = [
        await unread(walk, "zalophone", "zalobot", "sms", address=Address("zalophone", f"+849000000{n:02}"))
        for n in range(20)
    ]
    walk.clock.pass_(hours=1)

    moved = await asyncio.gather(*(walk.look() for _ in range(4)))

    assert sum(moved) == 20
    assert {(await walk.now(item)).way for item in items} == {1}


async def test_a_rejected_last_way_is_a_failure_that_somebody_can_call_about(storage: Storage) -> None:
    walk = Walk(storage)
    item = await unread(walk)
    await walk.look(hours=1)

    failed = await walk.send(item, Rejected("no such number"))

    assert (failed.state, failed.reason) == (FAILED, "no such number")


async def test_messages_to_one_person_are_never_under_way_together(storage: Storage) -> None:
    walk = Walk(storage)
    first, second = news("sms"), news("sms")
    await walk.plan(first)
    (taken,) = await walk.take("sms")
    await walk.plan(second)

    meanwhile = await walk.take("sms")
    await walk.answer(taken, BY_SMS)
    after = await walk.take("sms")

    assert (meanwhile, [each.item.id for each in after]) == ([], [second.id])
