"""The outbox counted, against a count that was made elsewhere."""

from datetime import datetime

from bot.model.dossier import PLANNED, Change, ChangeKind, Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Situation
from bot.ports import Storage
from bot.ports.watching import Askew, Proof
from storage.proving import first_id
from tests.contract.storage_values import NOW, a_message, an_item, claim, enqueue, later, sent


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


# The fate of changes, and the proof


def a_change(number: int = 1, *, fate: str = PLANNED, at: datetime = NOW) -> Change:
    return Change(
        source="onestop",
        code=f"H56.14-260302-{number:04d}",
        number=1,
        kind=ChangeKind.APPEARED,
        at=at,
        status_after=Status.RECEIVED,
        fate=fate,
    )


async def changed(storage: Storage, *changes: Change) -> None:
    await storage.write(lambda tx: tx.dossiers.add_changes(changes))


async def askew(storage: Storage, *, since: datetime = NOW) -> list[Askew]:
    return await storage.read(lambda tx: tx.watch.askew_since(since, limit=10))


async def test_everything_is_counted_on_one_view(storage: Storage) -> None:
    suppressed = {"state": DeliveryState.SUPPRESSED, "reason": "no phone number", "settled_at": NOW}
    await enqueue(storage, an_item(1), an_item(2, **suppressed), an_item(3, channel="telegram", **suppressed))
    await changed(storage, a_change(1), a_change(2), a_change(3, fate="before go-live"))
    await storage.write(lambda tx: tx.conversations.first_time(a_message(1)))

    totals = await storage.read(lambda tx: tx.watch.totals())

    assert totals.planned == sum(totals.states.values()) == 3
    assert totals.states["sms", DeliveryState.SUPPRESSED] == 1
    assert totals.suppressed == {"no phone number": 2}
    assert totals.changes == {"planned": 2, "before go-live": 1}
    assert totals.inbound == {("sms", ""): 1}
    assert await storage.read(lambda tx: tx.watch.unanswered(before=later(minutes=1))) == 1


async def test_a_planned_change_with_its_messages_balances(storage: Storage) -> None:
    await changed(storage, a_change(1), a_change(2, fate="told along"))
    await enqueue(storage, an_item(1))

    assert await askew(storage) == []
    assert await storage.read(lambda tx: tx.watch.fateless()) == 0


async def test_a_change_without_a_fate_is_counted_however_old_it_is(storage: Storage) -> None:
    await changed(storage, a_change(1, fate="", at=later(days=-300)))

    assert await storage.read(lambda tx: tx.watch.fateless()) == 1


async def test_a_planned_change_without_a_plan_is_askew(storage: Storage) -> None:
    await changed(storage, a_change(1))

    assert await askew(storage) == [Askew("change:onestop:H56.14-260302-0001:1", 0, 0, must=True)]
    assert await askew(storage, since=later(hours=1)) == []


async def test_what_was_found_askew_is_looked_at_again_however_old_until_it_balances(storage: Storage) -> None:
    await changed(storage, a_change(1))
    found = await askew(storage)
    await storage.write(lambda tx: tx.watch.proven(found, until=NOW, at=NOW, is_whole=False))
    again = await askew(storage, since=later(days=9))
    await enqueue(storage, an_item(1))

    assert again == found == await storage.read(lambda tx: tx.watch.askew())
    assert await askew(storage, since=later(days=9)) == []


async def test_all_events_are_compared_page_by_page(storage: Storage) -> None:
    await enqueue(storage, *(an_item(number) for number in range(7)))
    await changed(storage, *(a_change(number, at=later(seconds=number)) for number in range(9)))

    pages, after, more = 0, "", True
    while more:
        found, after = await storage.read(lambda tx, begin=after: tx.watch.askew_page(begin, plans=3, limit=10))  # type: ignore[misc]
        pages, more = pages + 1, bool(after)
        assert found == []
    unplanned, at = await storage.read(lambda tx: tx.watch.unplanned_page(later(seconds=-1), changes=8, limit=10))
    rest, end = await storage.read(lambda tx: tx.watch.unplanned_page(at or NOW, changes=8, limit=10))

    assert pages == 3
    assert [each.origin[-6:] for each in (*unplanned, *rest)] == ["0007:1", "0008:1"]
    assert end is None


async def test_the_whole_proof_is_remembered_beside_the_last_one(storage: Storage) -> None:
    nothing = await storage.read(lambda tx: tx.watch.proof())
    await storage.write(lambda tx: tx.watch.proven([], until=NOW, at=NOW, is_whole=True))
    await storage.write(lambda tx: tx.watch.proven([], until=later(minutes=5), at=later(minutes=6), is_whole=False))

    assert nothing is None
    assert await storage.read(lambda tx: tx.watch.proof()) == Proof(later(minutes=5), later(minutes=6), NOW)


async def test_an_id_made_at_a_moment_does_not_sort_before_the_first_of_that_moment() -> None:
    assert first_id(NOW) <= id_maker(lambda: NOW)() < first_id(later(milliseconds=1))
