"""What sources call in: gathered into few transactions, in order, answered when durable."""

import asyncio

import pytest

from bot.intake import Intake
from bot.mirror import Mirror, Reading
from bot.model.dossier import ProgressReport, Status
from bot.model.errors import StorageError
from bot.ports import Applied, Batch, Storage
from bot.settings import SourceSettings
from tests.support.making import START, Time, code, dossier, planner


class Counting(Mirror):
    """Counts the transactions, and can be told to fail the next one."""

    times = 0
    failing: Exception | None = None

    async def apply(self, batch: Batch, *, reading: Reading = Reading.ROUND) -> Applied:
        self.times += 1
        if error := self.failing:
            self.failing = None
            raise error
        return await super().apply(batch, reading=reading)


@pytest.fixture
def mirror(storage: Storage) -> Counting:
    return Counting("office", storage, planner(), Time(), SourceSettings(go_live=START))


async def test_calls_that_wait_share_a_transaction(storage: Storage, mirror: Counting) -> None:
    intake = Intake(mirror)

    await asyncio.gather(*(intake.accept(Batch((dossier(number),), "")) for number in range(1, 201)))

    assert mirror.times <= 2
    assert (await storage.read(lambda tx: tx.dossiers.count()))[0] == 200


async def test_each_call_hears_of_its_own_dossiers_alone(storage: Storage, mirror: Counting) -> None:
    intake = Intake(mirror)
    await intake.accept(Batch((dossier(1, sequence=5),), ""))

    unknown = ProgressReport(source="office", code=code(9), status=Status.DONE)
    answers = await asyncio.gather(
        intake.accept(Batch((dossier(1, sequence=4, status=Status.DONE),), "")),
        intake.accept(Batch((dossier(1, sequence=5),), "", once=True)),
        intake.accept(Batch((dossier(2),), "")),
        intake.accept(Batch((), "", reports=(unknown,))),
    )

    assert [(each.rows, each.late, each.repeated, each.missing) for each in answers] == [
        (1, (code(1),), (), ()),
        (1, (), (code(1),), ()),
        (1, (), (), ()),
        (1, (), (), (code(9),)),
    ]


async def test_two_calls_about_one_dossier_keep_their_order(storage: Storage, mirror: Counting) -> None:
    intake = Intake(mirror)

    course = (Status.RECEIVED, Status.PROCESSING, Status.SUPPLEMENT, Status.DONE)
    await asyncio.gather(*(intake.accept(Batch((dossier(status=status),), "")) for status in course))

    changes = await storage.read(lambda tx: tx.dossiers.changes_of("office", code(1)))
    assert [change.status_after for change in changes] == list(course)


async def test_a_failure_reaches_everybody_it_concerns_and_nobody_else(storage: Storage, mirror: Counting) -> None:
    intake = Intake(mirror)
    mirror.failing = StorageError("the disk is full")

    answers = await asyncio.gather(
        *(intake.accept(Batch((dossier(number),), "")) for number in (1, 2)), return_exceptions=True
    )
    again = await intake.accept(Batch((dossier(1),), ""))

    assert any(isinstance(answer, StorageError) for answer in answers)
    assert again.rows == 1


async def test_a_caller_that_goes_away_holds_up_nobody(storage: Storage, mirror: Counting) -> None:
    intake = Intake(mirror)
    first = asyncio.create_task(intake.accept(Batch((dossier(1),), "")))
    gone = asyncio.create_task(intake.accept(Batch((dossier(1, status=Status.PROCESSING),), "")))
    last = asyncio.create_task(intake.accept(Batch((dossier(1, status=Status.DONE),), "")))
    await asyncio.sleep(0)

    gone.cancel()
    await asyncio.gather(first, gone, last, return_exceptions=True)

    assert gone.cancelled()
    (found,) = await storage.read(lambda tx: tx.dossiers.find(code(1)))
    assert found.status is Status.DONE
