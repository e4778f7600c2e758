"""A clock that is wrong makes nobody forgotten: on every engine."""

from datetime import timedelta

import pytest

from bot.keeping import KeepingWatch
from bot.ports import Storage
from bot.sure_of_time import SureOfTime
from tests.support.making import START, Time


class Machine:
    """Its clock, and the seconds that really pass."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.time = Time(START)
        self.seconds = 0.0
        self.start()

    def start(self) -> None:
        """A process begins."""
        self.sure = SureOfTime(self.storage, clock=self.time, monotonic=lambda: self.seconds)

    def passes(self, **span: float) -> None:
        self.time.pass_(**span)
        self.seconds += timedelta(**span).total_seconds()


@pytest.fixture
def machine(storage: Storage) -> Machine:
    return Machine(storage)


async def test_a_new_office_and_one_that_was_off_for_some_days_may_forget(machine: Machine) -> None:
    fresh = await machine.sure.is_sure()
    await machine.sure.slept()
    machine.passes(days=6)
    machine.start()

    assert fresh
    assert await machine.sure.is_sure()


async def test_a_machine_that_begins_in_another_year_forgets_nothing_until_its_clock_has_gone_on_for_long(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    await machine.sure.slept()
    machine.time.pass_(days=900)
    machine.start()

    early = [await machine.sure.is_sure() for _ in range(3)]
    machine.passes(hours=19)
    still = await machine.sure.is_sure()
    machine.passes(hours=2)

    assert not any(early)
    assert not still
    assert await machine.sure.is_sure()
    assert caplog.text.count("nothing is forgotten for 20 h") == 1


@pytest.mark.parametrize("days", [400, -400])
async def test_a_clock_that_jumps_is_doubted_and_believed_again(machine: Machine, days: int) -> None:
    await machine.sure.slept()
    machine.passes(days=2)
    before = await machine.sure.is_sure()

    machine.time.pass_(days=days)
    jumped = await machine.sure.is_sure()
    machine.passes(hours=21)

    assert before
    assert not jumped
    assert await machine.sure.is_sure()


async def test_a_doubtful_night_is_left_out_and_the_next_one_is_not(machine: Machine) -> None:
    await machine.sure.slept()
    machine.time.now = START.replace(hour=19) + timedelta(days=900)  # 02:00 in Vietnam
    machine.start()
    watch = KeepingWatch(machine.storage, clock=machine.time, keep_months=0, sure=machine.sure)

    async def last() -> object:
        return await machine.storage.read(lambda tx: tx.retention.passed_at("night"))

    slept = await last()
    await watch.look()
    after_one = await last()
    machine.passes(hours=24)
    await watch.look()

    assert after_one == slept
    assert await last() == machine.time.now
