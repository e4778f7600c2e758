"""What the service knows of its own health: speed, failures, what waits, heartbeats, alarms, whom nothing reaches."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.model.message import DeliveryState, Lane, OutboxItem
from bot.model.person import Address, Binding, Proof
from bot.ports import BUDGET, Storage
from bot.ports.watching import Alarm, Failed, Heartbeat, Holding, Unreached, Waiting
from bot.receipts import record
from storage import sqlite_driver
from storage.migrate import migrations
from tests.contract.storage_values import (
    MAI,
    NOW,
    a_dossier,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    kept,
    later,
    settle,
)

ACCEPTED, FAILED, QUEUED = DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.QUEUED


async def answered(storage: Storage, item: OutboxItem, state: DeliveryState, **given: Any) -> None:
    """Claimed once, and answered after `seconds`."""
    at = item.next_at + timedelta(seconds=given.pop("seconds", 1.0))
    await enqueue(storage, item)
    await claim(storage, limit=1, now=item.next_at, gateway="esms", channel=item.channel)
    await settle(storage, a_settlement(item.id, state, at=at, **given))


async def failures(storage: Storage) -> list[Failed]:
    return await storage.read(lambda tx: tx.watch.failures(since=NOW - timedelta(hours=1)))


# Speed


async def test_first_attempts_are_counted_by_lane_and_by_how_long_they_took(storage: Storage) -> None:
    for number, seconds in enumerate((0.4, 1.0, 4.9, 5.1, 61, 400)):
        await answered(storage, an_item(number, lane=Lane.REPLY), ACCEPTED, seconds=seconds)
    await answered(storage, an_item(9), FAILED, seconds=2)

    replies, pushes = await storage.read(lambda tx: tx.watch.speed(since=NOW))

    assert (replies.lane, replies.messages) == (Lane.REPLY, 6)
    assert replies.within == {1: 2, 2: 2, 5: 3, 10: 4, 30: 4, 60: 4, 300: 5}
    assert (pushes.lane, pushes.messages, pushes.within[2]) == (Lane.PUSH, 1, 1)


async def test_a_later_attempt_after_a_refusal_is_not_our_slowness(storage: Storage) -> None:
    item = an_item(1, lane=Lane.REPLY)
    await answered(storage, item, QUEUED, next_at=later(minutes=2))
    await claim(storage, now=later(minutes=2), gateway="esms")
    await settle(storage, a_settlement(item.id, ACCEPTED, at=later(minutes=9)))

    (speed,) = await storage.read(lambda tx: tx.watch.speed(since=NOW))

    assert (speed.messages, speed.within[1]) == (1, 1)


async def test_what_was_handed_back_unsent_is_no_attempt(storage: Storage) -> None:
    item = an_item(1)
    await answered(storage, item, QUEUED, attempted=False, next_at=NOW)
    await claim(storage, now=later(seconds=3), gateway="esms")
    await settle(storage, a_settlement(item.id, ACCEPTED, at=later(seconds=4)))

    (speed,) = await storage.read(lambda tx: tx.watch.speed(since=NOW))

    assert (speed.messages, speed.within[2], speed.within[5]) == (1, 0, 1)


# Failures


async def test_failures_are_counted_by_channel_and_agency(storage: Storage) -> None:
    await answered(storage, an_item(1, agency="H29"), ACCEPTED)
    await answered(storage, an_item(2, agency="H29"), FAILED)
    await answered(storage, an_item(3), FAILED)
    await answered(storage, an_item(4), QUEUED, next_at=later(hours=1))

    assert await failures(storage) == [Failed("agency", "H29", 2, 1), Failed("channel", "esms", 3, 2)]


async def test_a_bad_receipt_is_a_failure_of_what_was_taken(storage: Storage) -> None:
    await answered(storage, an_item(1, agency="H29"), ACCEPTED, references=("r1",))

    await record(storage, [a_receipt("r1", channel="esms", state=FAILED)])

    assert await failures(storage) == [Failed("agency", "H29", 1, 1), Failed("channel", "esms", 1, 1)]


async def test_old_failures_are_not_of_this_hour(storage: Storage) -> None:
    await answered(storage, an_item(1), FAILED)

    assert await storage.read(lambda tx: tx.watch.failures(since=later(hours=1))) == []


# What waits


async def test_the_oldest_of_each_lane_and_queue_is_found_and_what_is_not_due_is_not(storage: Storage) -> None:
    await enqueue(
        storage,
        an_item(1, lane=Lane.REPLY),
        an_item(2, next_at=later(minutes=1)),
        an_item(3, next_at=later(minutes=3)),
        an_item(4, next_at=later(hours=1)),
        an_item(5, channel="telegram", lane=Lane.BULK, next_at=later(minutes=2)),
    )

    assert await storage.read(lambda tx: tx.watch.unsent(now=later(minutes=5))) == [
        Waiting("sms", Lane.REPLY, NOW, 1),
        Waiting("sms", Lane.PUSH, later(minutes=1), 2),
        Waiting("telegram", Lane.BULK, later(minutes=2), 1),
    ]


async def test_what_is_held_is_told_apart_by_what_it_waits_for(storage: Storage) -> None:
    await enqueue(storage, an_item(1, state=DeliveryState.HELD), an_item(2))
    await claim(storage, limit=1)
    await settle(storage, a_settlement(an_item(2).id, DeliveryState.HELD, attempted=False, held_for=BUDGET))

    assert await storage.read(lambda tx: tx.watch.held()) == [Holding("", NOW, 1), Holding(BUDGET, NOW, 1)]
    assert await storage.read(lambda tx: tx.watch.unsent(now=later(days=1))) == []


# Clock, heartbeats


async def test_the_database_knows_what_time_it_is(storage: Storage) -> None:
    found = await storage.read(lambda tx: tx.watch.clock())

    assert found.utcoffset() == timedelta()
    assert abs(datetime.now(UTC) - found) < timedelta(seconds=5)


async def test_the_newest_moment_that_was_stored_is_known(storage: Storage) -> None:
    nothing = await storage.read(lambda tx: tx.watch.newest())
    await storage.write(lambda tx: tx.watch.proven([], until=NOW, at=NOW, is_whole=False))

    assert nothing is None
    assert await storage.read(lambda tx: tx.watch.newest()) == NOW


async def test_signs_of_life_are_kept_by_process_and_job_until_the_process_rests(storage: Storage) -> None:
    one, two = Heartbeat("one", "sweeper", NOW, 1.5), Heartbeat("two", "sweeper", NOW, 60, "lệch", "off")
    await storage.write(lambda tx: tx.watch.beat([one, two]))
    again = Heartbeat("one", "sweeper", later(minutes=1), 1.5)
    await storage.write(lambda tx: tx.watch.beat([again]))

    both = await storage.read(lambda tx: tx.watch.beats())
    await storage.write(lambda tx: tx.watch.rest("one"))

    assert both == [again, two]
    assert await storage.read(lambda tx: tx.watch.beats()) == [two]


# Alarms


def alarm(subject: str = "sms", **given: Any) -> Alarm:
    values: dict[str, Any] = {"since": NOW, "detail": "chờ", "detail_en": "waits"}
    return Alarm("unsent", subject, **values | given)


async def test_one_alarm_is_open_for_each_name_and_subject(storage: Storage) -> None:
    await storage.write(lambda tx: tx.watch.raise_alarms([alarm()]))
    await storage.write(lambda tx: tx.watch.raise_alarms([alarm(since=later(hours=1)), alarm("zalo")]))

    assert await storage.read(lambda tx: tx.watch.alarms()) == [alarm(), alarm("zalo")]


async def test_an_alarm_is_renewed_cleared_and_can_be_raised_anew(storage: Storage) -> None:
    await storage.write(lambda tx: tx.watch.raise_alarms([alarm()]))
    renewed = alarm(detail="vẫn chờ", told_at=later(hours=1))
    await storage.write(lambda tx: tx.watch.renew_alarms([renewed]))
    lasting = await storage.read(lambda tx: tx.watch.alarms())
    await storage.write(lambda tx: tx.watch.clear_alarms([("unsent", "sms")], at=later(hours=2)))
    told = await storage.read(lambda tx: tx.watch.lately_told(since=later(hours=1)))
    too_long_ago = await storage.read(lambda tx: tx.watch.lately_told(since=later(hours=3)))
    anew = alarm(since=later(hours=4))
    await storage.write(lambda tx: tx.watch.raise_alarms([anew]))

    past = await storage.read(lambda tx: tx.watch.past_alarms(limit=5))

    assert lasting == [renewed]
    assert told == {("unsent", "sms"): later(hours=1)}
    assert too_long_ago == {}
    assert [(each.since, each.cleared_at) for each in past] == [(later(hours=4), None), (NOW, later(hours=2))]


async def test_what_was_long_ago_is_forgotten_and_open_alarms_never(storage: Storage) -> None:
    await answered(storage, an_item(1), FAILED)
    await storage.write(lambda tx: tx.watch.raise_alarms([alarm(), alarm("zalo")]))
    await storage.write(lambda tx: tx.watch.clear_alarms([("unsent", "zalo")], at=NOW))
    await storage.write(lambda tx: tx.watch.beat([Heartbeat("one", "sweeper", NOW, 1)]))
    week = later(days=7)

    await storage.write(lambda tx: tx.watch.forget(counts_before=week, alarms_before=week))

    assert await storage.read(lambda tx: tx.watch.past_alarms(limit=5)) == [alarm()]
    assert await storage.read(lambda tx: tx.watch.speed(since=NOW)) == []
    assert await failures(storage) == []
    assert await storage.read(lambda tx: tx.watch.beats()) == []


# Whom nothing reaches


async def unreached(storage: Storage, **given: Any) -> list[str]:
    found = await _unreached(storage, **given)
    return [each.code[-4:] for each in found]


async def _unreached(storage: Storage, *, before: str = "", limit: int = 100) -> Sequence[Unreached]:
    return await storage.read(lambda tx: tx.watch.unreached(before=before, since=EARLIER, limit=limit))


EARLIER = datetime(1970, 1, 1, tzinfo=UTC)
"""Ids of these tests begin with 01TEST."""


async def mirrored(storage: Storage, *numbers: int, **given: Any) -> None:
    dossiers = kept(*(a_dossier(number, **given) for number in numbers))
    await storage.write(lambda tx: tx.dossiers.add(dossiers, at=NOW))


async def ended(storage: Storage, item: OutboxItem, state: DeliveryState, reason: str = "") -> None:
    await answered(storage, item, state, reason=reason)


async def test_owners_to_whom_a_message_came_by_no_way_are_found_newest_first(storage: Storage) -> None:
    await mirrored(storage, 1, 2, 3)
    await ended(storage, an_item(1), FAILED, "blocked")
    await ended(storage, an_item(2), DeliveryState.EXPIRED)
    await ended(storage, an_item(3), ACCEPTED)

    first, second = await _unreached(storage)

    assert (first.code, first.state, first.name) == ("H56.14-260302-0002", DeliveryState.EXPIRED, "Nguyễn Thị Mai")
    assert (second.code, second.reason, second.phone) == ("H56.14-260302-0001", "blocked", MAI.value)
    assert await unreached(storage, limit=1) == ["0002"]
    assert await unreached(storage, before=first.id) == ["0001"]
    assert "Mai" not in repr(first)
    assert MAI.value not in repr(first)


async def test_a_later_success_by_any_of_the_owners_ways_takes_her_off_the_list(storage: Storage) -> None:
    chat = Address("telegram", "77")
    await storage.write(lambda tx: tx.people.bind(Binding(chat, MAI.value, Proof.CODE, NOW, NOW, "telegram")))
    await mirrored(storage, 1, 2, 3)
    code = [an_item(number).code for number in range(4)]
    afterwards = {"created_at": later(hours=1), "channel": "telegram"}
    await ended(storage, an_item(1), FAILED)
    await ended(storage, an_item(2), FAILED)
    await ended(storage, an_item(3), ACCEPTED)
    await ended(storage, an_item(11, code=code[1], address=chat, **afterwards), ACCEPTED)
    stranger = Address("telegram", "78")
    await ended(storage, an_item(12, code=code[2], address=stranger, **afterwards), ACCEPTED)
    await ended(storage, an_item(13, code=code[3], created_at=later(hours=1)), FAILED)

    assert await unreached(storage) == ["0003", "0002"]


async def test_what_failed_for_a_follower_does_not_make_the_owner_unreachable(storage: Storage) -> None:
    await mirrored(storage, 1)
    await ended(storage, an_item(1, address=Address("sms", "+84987654321")), FAILED)

    assert await unreached(storage) == []


async def test_of_what_was_suppressed_only_a_missing_number_makes_unreachable(storage: Storage) -> None:
    nobody = Address("sms", "")
    await mirrored(storage, 1, 2, 4, phone="")
    await mirrored(storage, 3, phone="+842438252525")
    suppressed = {"state": DeliveryState.SUPPRESSED, "settled_at": NOW}
    await enqueue(
        storage,
        an_item(1, address=nobody, reason="no phone number", **suppressed),
        an_item(2, address=nobody, reason="the dossier is now returned", **suppressed),
        an_item(
            3,
            address=Address("sms", "+842438252525"),
            reason="a fixed-line number cannot receive our SMS",
            **suppressed,
        ),
        an_item(4, address=nobody, reason="the phone number is not valid", **suppressed),
    )

    assert await unreached(storage) == ["0004", "0003", "0001"]


# What a look costs


@pytest.mark.parametrize(
    "query",
    [
        "oldest_unsent", "unsent_at_a_glance", "held_at_a_glance", "count_fateless", "count_unanswered",
        "newest_stored", "askew_since", "unreached", "leases_held",
    ],
)  # fmt: skip
def test_no_look_walks_through_a_table_that_grows(query: str) -> None:
    sql = getattr(sqlite_driver.queries(), query).sql
    with closing(sqlite3.connect(":memory:")) as tables:
        for migration in migrations():
            for statement in migration.statements("sqlite"):
                tables.execute(statement)
        values = dict.fromkeys(re.findall(r"(?<![:\w']):([a-z]\w*)", sql), 0)
        steps = [row[3] for row in tables.execute(f"EXPLAIN QUERY PLAN {sql}", values)]

    assert [step for step in steps if _WALKS.match(step)] == []


_WALKS = re.compile(r"SCAN (outbox|o|changes|c|inbound|plans|p|dossiers|d)\b(?!.*(without_fate|unanswered|held_of))")
"""The first two indexes hold nothing while all is well, the third what is held, of which a glance takes so much."""


async def test_a_glance_counts_no_further_than_it_is_told(storage: Storage) -> None:
    await enqueue(storage, *(an_item(number, lane=Lane.BULK) for number in range(1, 6)), an_item(6, lane=Lane.REPLY))

    few = await storage.read(lambda tx: tx.watch.unsent_at_a_glance(now=later(minutes=1), most=3))
    many = await storage.read(lambda tx: tx.watch.unsent_at_a_glance(now=later(minutes=1), most=100))

    assert [(each.lane, each.items) for each in few] == [(Lane.REPLY, 1), (Lane.BULK, 3)]
    assert many == await storage.read(lambda tx: tx.watch.unsent(now=later(minutes=1)))


async def test_what_is_held_at_a_glance_is_what_is_held(storage: Storage) -> None:
    await enqueue(storage, *(an_item(number) for number in (1, 2, 3)))
    await storage.write(lambda tx: tx.outbox.hold(an_item(1).source, since=NOW, reason="too many", at=NOW))

    glance = await storage.read(lambda tx: tx.watch.held_at_a_glance(most=100))

    assert glance == await storage.read(lambda tx: tx.watch.held())
    assert sum(each.items for each in glance) > 0
    assert sum(each.items for each in await storage.read(lambda tx: tx.watch.held_at_a_glance(most=1))) == 1


async def test_all_that_somebody_holds_now_is_named(storage: Storage) -> None:
    await storage.write(lambda tx: tx.leases.take("plan", owner="one", now=NOW, until=later(minutes=1)))
    await storage.write(lambda tx: tx.leases.take("watch", owner="two", now=NOW, until=later(seconds=1)))

    assert await storage.read(lambda tx: tx.leases.held(now=NOW)) == {"plan": "one", "watch": "two"}
    assert await storage.read(lambda tx: tx.leases.held(now=later(seconds=30))) == {"plan": "one"}


async def test_the_size_of_the_database_is_told(storage: Storage) -> None:
    sizes = await storage.read(lambda tx: tx.watch.sizes())

    assert sizes["main"] > 100_000
    assert sizes.keys() <= {"main", "wal"}
