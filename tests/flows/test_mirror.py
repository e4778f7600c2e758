"""Flow 1a: what a batch does to the mirror and to the outbox, on every engine."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.dossier import Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.ports import Applied, Batch, Quarantined, Storage
from bot.settings import SourceSettings
from tests.support.making import START, Time, batch, code, dossier, planner

LATER = START + timedelta(days=9)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def mirror(storage: Storage, time: Time) -> Mirror:
    return Mirror("office", storage, planner(), time)


async def in_state(storage: Storage, state: DeliveryState) -> list[OutboxItem]:
    return await storage.read(lambda tx: tx.outbox.listed(state, limit=1000))


async def situations(storage: Storage, state: DeliveryState = DeliveryState.QUEUED) -> list[str]:
    return [item.situation.value for item in await in_state(storage, state)]


async def test_a_new_dossier_is_mirrored_told_and_balanced(storage: Storage, mirror: Mirror) -> None:
    applied = await mirror.apply(batch(dossier()))

    assert applied == Applied(rows=1, changed=1, planned=1, quarantined=0)
    (item,) = await in_state(storage, DeliveryState.QUEUED)
    assert item.address.value == "+84912345678"
    assert "H32.15-261122-0001 da duoc tiep nhan" in item.text
    assert (await balance(storage)).balanced
    assert await mirror.cursor() == "c"


async def test_the_same_batch_again_changes_nothing_and_tells_nobody(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(1), dossier(2)))

    again = await mirror.apply(replace(batch(dossier(1), dossier(2), cursor="d"), as_of=START))

    assert (again.changed, again.planned) == (0, 0)
    assert await storage.read(lambda tx: tx.dossiers.count()) == (2, 2)
    assert await mirror.cursor() == "d"


async def test_the_import_of_old_dossiers_texts_nobody(storage: Storage, mirror: Mirror) -> None:
    old = [dossier(number, received_at=START - timedelta(days=number)) for number in range(1, 501)]

    applied = await mirror.apply(batch(*old))

    assert (applied.changed, applied.planned) == (500, 0)
    assert (await balance(storage)).planned == 0


async def test_an_old_dossier_that_moves_after_go_live_is_told(storage: Storage, mirror: Mirror) -> None:
    old = dossier(received_at=START - timedelta(days=3))
    await mirror.apply(batch(old))

    await mirror.apply(batch(replace(old, status=Status.DONE)))

    assert await situations(storage) == ["result_early"]


async def test_go_live_may_lie_before_the_first_reading(storage: Storage, time: Time) -> None:
    mirror = Mirror("office", storage, planner(), time, SourceSettings(go_live=START - timedelta(days=30)))

    await mirror.apply(batch(dossier(received_at=START - timedelta(days=3))))

    assert await situations(storage) == ["received"]


async def test_a_newer_message_takes_the_place_of_one_that_waits(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))

    await mirror.apply(batch(dossier(status=Status.DONE)))

    assert await situations(storage) == ["result_early"]
    assert await situations(storage, DeliveryState.SUPERSEDED) == ["received"]
    assert (await balance(storage)).balanced


async def test_progress_does_not_take_the_place_of_an_apology(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))
    await mirror.apply(batch(dossier(appointment_at=LATER)))

    await mirror.apply(batch(dossier(appointment_at=LATER, status=Status.PROCESSING)))

    assert sorted(await situations(storage)) == ["apology", "progress"]


async def test_a_result_takes_the_place_of_an_apology(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))
    await mirror.apply(batch(dossier(appointment_at=LATER)))

    await mirror.apply(batch(dossier(appointment_at=LATER, status=Status.DONE)))

    assert await situations(storage) == ["result_early"]


async def test_the_last_state_of_a_dossier_within_a_batch_counts(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(), dossier(status=Status.PROCESSING), dossier(2)))

    found = await storage.read(lambda tx: tx.dossiers.find(code(1)))
    assert [each.status for each in found] == [Status.PROCESSING]
    assert len(await situations(storage)) == 2


async def test_changes_are_numbered_through_the_life_of_a_dossier(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))
    await mirror.apply(batch(dossier(status=Status.PROCESSING, appointment_at=LATER)))
    await mirror.apply(batch(dossier(status=Status.DONE, appointment_at=LATER)))

    changes = await storage.read(lambda tx: tx.dossiers.changes_of("office", code(1)))

    assert [(change.number, change.kind.value) for change in changes] == [
        (1, "appeared"),
        (2, "status"),
        (3, "appointment"),
        (4, "status"),
    ]


async def test_an_unknown_status_is_kept_reported_and_not_pushed(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(status=Status.UNKNOWN, status_text="Chờ ký số")))

    assert await storage.read(lambda tx: tx.sources.unknown_statuses()) == [("office", "Chờ ký số", 1)]
    assert await situations(storage) == []
    (found,) = await storage.read(lambda tx: tx.dossiers.find(code(1)))
    assert found.status_text == "Chờ ký số"


async def test_quarantined_rows_are_kept_with_their_place(storage: Storage, mirror: Mirror) -> None:
    row = Quarantined(source="office", place="a.csv", row=7, column="NgayHenTra", reason="không phải ngày giờ")

    applied = await mirror.apply(Batch((dossier(),), "c", (row,)))

    assert applied.quarantined == 1
    assert await storage.read(lambda tx: tx.sources.quarantined(limit=10)) == [row]


async def test_two_mirrors_of_one_source_tell_each_change_once(storage: Storage, time: Time) -> None:
    mirrors = [Mirror("office", storage, planner(id_maker(time)), time) for _ in range(2)]
    many = [dossier(number) for number in range(1, 101)]

    await asyncio.gather(*(mirror.apply(batch(*many)) for mirror in mirrors))
    await asyncio.gather(*(mirror.apply(batch(*(replace(d, status=Status.DONE) for d in many))) for mirror in mirrors))

    books = await balance(storage)
    assert books.balanced
    assert books.planned == 200
    assert await storage.read(lambda tx: tx.dossiers.count()) == (100, 200)


async def test_a_failure_in_the_middle_leaves_nothing_behind(storage: Storage, time: Time) -> None:
    twice = iter(["X" * 26, "X" * 26, *(f"{n:026}" for n in range(10))])
    mirror = Mirror("office", storage, planner(lambda: next(twice)), time)

    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await mirror.apply(batch(dossier(1), dossier(2)))

    assert await storage.read(lambda tx: tx.dossiers.count()) == (0, 0)
    assert await mirror.cursor() is None
    await mirror.apply(batch(dossier(1), dossier(2)))
    assert await situations(storage) == [Situation.RECEIVED.value] * 2
