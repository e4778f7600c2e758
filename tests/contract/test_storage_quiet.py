"""What waits for the end of quiet hours: seen, let go, folded, cancelled, and let out by a person."""

from datetime import timedelta
from itertools import groupby

import pytest

from bot.model.message import DeliveryState, Situation
from bot.model.person import Address
from bot.ports import QUIET, Bypass, Settlement, Storage
from tests.contract.storage_values import NOW, a_dossier, an_item, claim, enqueue, kept, later, stored

MORNING = later(hours=8)
BINH = Address("sms", "+84961234567")


async def held(storage: Storage, *numbers: int, **given: object) -> list[str]:
    """These messages, claimed and put back for the night."""
    items = [an_item(number, **given) for number in numbers]
    await enqueue(storage, *items)
    claimed = await claim(storage, limit=len(items))
    settlements = [
        Settlement(
            item_id=each.item.id,
            owner="sender-1",
            state=DeliveryState.HELD,
            at=NOW,
            reason="quiet hours",
            next_at=MORNING,
            attempted=False,
            held_for=QUIET,
        )
        for each in claimed
    ]
    await storage.write(lambda tx: tx.outbox.settle(settlements))
    return [item.id for item in items]


async def test_nothing_is_over_before_its_time(storage: Storage) -> None:
    await held(storage, 1)

    assert await storage.write(lambda tx: tx.outbox.quiet_over(now=MORNING - timedelta(seconds=1), limit=10)) == []
    (over,) = await storage.write(lambda tx: tx.outbox.quiet_over(now=MORNING, limit=10))
    assert over.item.state is DeliveryState.HELD
    assert (await stored(storage, an_item(1))).attempts == 0


async def test_it_comes_person_by_person_with_the_facts_of_its_dossier(storage: Storage) -> None:
    await storage.write(lambda tx: tx.dossiers.add(kept(a_dossier(2)), at=NOW))
    await held(storage, 1, 3)
    await held(storage, 2, address=BINH)

    over = await storage.write(lambda tx: tx.outbox.quiet_over(now=MORNING, limit=10))

    people = [list(items) for _, items in groupby(over, key=lambda each: each.item.address)]
    assert len(people) == 2
    assert all(sorted(codes) == codes for codes in [[each.item.code for each in items] for items in people])
    assert [each.standing is not None for each in over if each.item.code.endswith("0002")] == [True]


async def test_what_is_let_go_waits_in_its_queue_again(storage: Storage) -> None:
    first, second = await held(storage, 1, 2)

    number = await storage.write(lambda tx: tx.outbox.wake_held([first], at=MORNING))

    assert number == 1
    assert (await stored(storage, an_item(1))).state is DeliveryState.QUEUED
    assert (await stored(storage, an_item(2))).state is DeliveryState.HELD
    assert [each.item.id for each in await claim(storage, now=MORNING)] == [first]
    assert second


async def test_dropped_and_folded_ones_say_why(storage: Storage) -> None:
    first, second = await held(storage, 1, 2)

    await storage.write(lambda tx: tx.outbox.drop_held({first: "the dossier is now done"}, at=MORNING))
    await storage.write(lambda tx: tx.outbox.fold_held([second], reason="told in a digest: X", at=MORNING))

    dropped, folded = await stored(storage, an_item(1)), await stored(storage, an_item(2))
    assert (dropped.state, dropped.reason) == (DeliveryState.SUPPRESSED, "the dossier is now done")
    assert (folded.state, folded.reason) == (DeliveryState.SUPERSEDED, "told in a digest: X")
    assert dropped.settled_at == folded.settled_at == MORNING


async def test_staff_see_how_many_wait_until_when(storage: Storage) -> None:
    await held(storage, 1, 2, agency="H32.10")
    await held(storage, 3, agency="H32.11", situation=Situation.RESULT)

    groups = await storage.read(lambda tx: tx.outbox.quiet_held())
    items = await storage.read(lambda tx: tx.outbox.quiet_items(limit=2))
    rest = await storage.read(lambda tx: tx.outbox.quiet_items(after=items[-1].id, limit=2))

    assert [(each.agency, each.situation, each.messages) for each in groups] == [
        ("H32.10", Situation.PROGRESS, 2),
        ("H32.11", Situation.RESULT, 1),
    ]
    assert {each.until for each in groups} == {MORNING}
    assert len(items) == 2
    assert len(rest) == 1


@pytest.mark.parametrize(
    ("agency", "situation", "cancelled"),
    [("", None, {1, 2, 3}), ("H32.10", None, {1, 2}), ("H32.1", None, set()), ("", Situation.RESULT, {3})],
)
async def test_all_of_them_or_some_can_be_cancelled(
    storage: Storage, agency: str, situation: Situation | None, cancelled: set[int]
) -> None:
    await held(storage, 1, agency="H32.10")
    await held(storage, 2, agency="H32.10.02")
    await held(storage, 3, agency="H32.11", situation=Situation.RESULT)

    number = await storage.write(
        lambda tx: tx.outbox.cancel_quiet(None, agency=agency, situation=situation, reason="by Lan", at=MORNING)
    )

    assert number == len(cancelled)
    ends = {each: (await stored(storage, an_item(each))).state for each in (1, 2, 3)}
    assert {each for each, state in ends.items() if state is DeliveryState.CANCELLED} == cancelled


async def test_only_what_is_named_and_held_is_cancelled(storage: Storage) -> None:
    first, _ = await held(storage, 1, 2)
    await enqueue(storage, waiting := an_item(3))

    number = await storage.write(
        lambda tx: tx.outbox.cancel_quiet([first, waiting.id, "nobody"], reason="by Lan", at=MORNING)
    )

    assert number == 1
    assert (await stored(storage, waiting)).state is DeliveryState.QUEUED


async def test_a_person_lets_one_leave_and_the_reason_stays_with_it(storage: Storage) -> None:
    first, _ = await held(storage, 1, 2)

    number = await storage.write(lambda tx: tx.outbox.hurry([first, "nobody"], why="vỡ đê", by="Lan", at=NOW))

    assert number == 1
    (claimed,) = await claim(storage)
    assert (claimed.item.id, claimed.item.bypass) == (first, "vỡ đê")
    (kept_,) = await storage.read(lambda tx: tx.outbox.bypasses(since=NOW))
    assert (kept_.rule, kept_.by, kept_.messages, kept_.last_at) == ("vỡ đê", "Lan", 1, NOW)


async def test_a_bypass_is_recorded_once_and_the_persons_word_stays(storage: Storage) -> None:
    await storage.write(lambda tx: tx.outbox.note_bypasses([Bypass("1", NOW, "vỡ đê", "Lan")]))
    await storage.write(
        lambda tx: tx.outbox.note_bypasses([Bypass("1", later(hours=1), "vỡ đê"), Bypass("2", NOW, "urgent by law")])
    )

    found = await storage.read(lambda tx: tx.outbox.bypasses(since=NOW))

    assert {(each.rule, each.by, each.messages) for each in found} == {("vỡ đê", "Lan", 1), ("urgent by law", "", 1)}
    assert await storage.read(lambda tx: tx.outbox.bypasses(since=later(hours=2))) == []


async def test_the_brake_takes_what_waits_for_the_morning_too(storage: Storage) -> None:
    await held(storage, 1)

    await storage.write(lambda tx: tx.outbox.hold("onestop", since=NOW, reason="too many", at=later(hours=1)))

    assert await storage.write(lambda tx: tx.outbox.quiet_over(now=MORNING, limit=10)) == []
    assert await storage.read(lambda tx: tx.outbox.held()) == {"onestop": {"progress": 1}}


async def test_what_waited_past_its_end_expires(storage: Storage) -> None:
    await held(storage, 1, expires_at=later(hours=2))

    await storage.write(lambda tx: tx.outbox.expire(now=later(hours=3)))

    assert (await stored(storage, an_item(1))).state is DeliveryState.EXPIRED
