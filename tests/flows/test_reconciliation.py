"""The nightly comparison: it names what is missing and what differs, and nothing that is merely not read yet."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.following import next_night
from bot.mirror import Mirror
from bot.model.dossier import Status
from bot.model.errors import SourceError
from bot.ports import Batch, Quarantined, Storage
from bot.reconciliation import NAMED, reconcile
from tests.support.making import START, Time, batch, code, dossier, planner

OLD = START - timedelta(days=1)


class Shelf:
    """A source that has exactly these batches."""

    def __init__(self, *batches: Batch, breaks: bool = False) -> None:
        self._batches = batches
        self._breaks = breaks

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        for each in self._batches:
            yield each
        if self._breaks:
            raise SourceError("đứt giữa chừng / broke off")


@pytest.fixture
async def mirror(storage: Storage) -> Mirror:
    mirror = Mirror("office", storage, planner(), Time())
    await mirror.apply(
        Batch(tuple(dossier(number, updated_at=OLD) for number in range(1, 6)), "c", as_of=START - timedelta(hours=1))
    )
    return mirror


async def test_a_mirror_that_agrees_is_said_to_agree(storage: Storage, mirror: Mirror) -> None:
    source = Shelf(batch(*(dossier(number, updated_at=OLD) for number in range(1, 6))))

    report = await reconcile("office", source, storage, Time())

    assert (report.agrees, report.compared) == (True, 5)


async def test_what_is_missing_and_what_differs_is_counted_and_named(storage: Storage, mirror: Mirror) -> None:
    same, other, unseen = (
        dossier(1, updated_at=OLD),
        dossier(2, updated_at=OLD, status=Status.DONE),
        dossier(9, updated_at=OLD),
    )

    report = await reconcile("office", Shelf(batch(same, other), batch(unseen)), storage, Time())

    assert (report.compared, report.missing_here, report.missing_there, report.differing) == (3, 1, 3, 1)
    assert report.named == {
        "missing_here": (code(9),),
        "missing_there": (code(3), code(4), code(5)),
        "differing": (code(2),),
    }
    assert (await storage.read(lambda tx: tx.reconciliations.latest()))["office"] == report


async def test_what_is_newer_than_the_last_round_is_only_not_read_yet(storage: Storage, mirror: Mirror) -> None:
    moved = dossier(1, updated_at=START, status=Status.DONE)
    rest = (dossier(number, updated_at=OLD) for number in range(2, 6))

    report = await reconcile("office", Shelf(batch(moved, *rest)), storage, Time())

    assert (report.agrees, report.unread) == (True, 1)


async def test_an_older_export_beside_the_newest_is_no_difference(storage: Storage, mirror: Mirror) -> None:
    all_of_them = [dossier(number, updated_at=OLD) for number in range(1, 6)]
    earlier = [replace(each, status=Status.REGISTERED, updated_at=OLD - timedelta(days=1)) for each in all_of_them]
    undated = [replace(each, status=Status.REGISTERED, updated_at=None) for each in all_of_them]

    report = await reconcile("office", Shelf(batch(*undated), batch(*earlier), batch(*all_of_them)), storage, Time())

    assert report.agrees


async def test_a_record_that_cannot_be_read_is_not_missing_there(storage: Storage, mirror: Mirror) -> None:
    good = (dossier(number, updated_at=OLD) for number in range(2, 6))
    bad = Quarantined(source="office", place="a.csv", row=2, column="NgayHenTra", reason="…", code=code(1))

    report = await reconcile("office", Shelf(Batch(tuple(good), "c", (bad,))), storage, Time())

    assert (report.missing_there, report.quarantined) == (0, 1)


async def test_what_is_finished_may_be_gone_there(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(*(dossier(number, updated_at=START, status=Status.RETURNED) for number in range(1, 6))))

    report = await reconcile("office", Shelf(), storage, Time())

    assert report.agrees


async def test_many_are_counted_and_the_first_named(storage: Storage, mirror: Mirror) -> None:
    source = Shelf(batch(*(dossier(number, updated_at=OLD) for number in range(1, 106))))

    report = await reconcile("office", source, storage, Time())

    assert (report.missing_here, len(report.named["missing_here"])) == (100, NAMED)


async def test_half_a_comparison_is_none(storage: Storage, mirror: Mirror) -> None:
    with pytest.raises(SourceError):
        await reconcile("office", Shelf(batch(dossier(1, updated_at=OLD)), breaks=True), storage, Time())

    assert await storage.read(lambda tx: tx.reconciliations.latest()) == {}
    again = await reconcile(
        "office", Shelf(batch(*(dossier(number, updated_at=OLD) for number in range(2, 6)))), storage, Time()
    )
    assert again.named["missing_there"] == (code(1),)


async def test_it_changes_nothing(storage: Storage, mirror: Mirror) -> None:
    before = await storage.read(lambda tx: tx.sources.get("office"))

    await reconcile("office", Shelf(batch(dossier(1, status=Status.DONE, updated_at=OLD))), storage, Time())

    assert await storage.read(lambda tx: tx.sources.get("office")) == before
    (found,) = await storage.read(lambda tx: tx.dossiers.find(code(1)))
    assert found.status is Status.RECEIVED


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 11, 22, 19, 0, tzinfo=UTC), datetime(2026, 11, 22, 19, 30, tzinfo=UTC)),
        (datetime(2026, 11, 22, 19, 30, tzinfo=UTC), datetime(2026, 11, 23, 19, 30, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), datetime(2027, 1, 1, 19, 30, tzinfo=UTC)),
    ],
)
def test_the_night_is_vietnams(now: datetime, night: datetime) -> None:
    assert next_night(now, time(2, 30)) == night
