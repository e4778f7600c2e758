"""Time in the fake province: holidays are skipped, and a stepped office moves only when it is told."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.simulators.onestop.hours import DAY, closing_of, moment_at, worked
from bot.model.clock import VIETNAM
from tests.adapters.onestop.support import START, running

BEFORE_TET = datetime(2018, 2, 13, 16, 0, tzinfo=VIETNAM)
AFTER_TET = datetime(2018, 2, 21, 8, 0, tzinfo=VIETNAM)


def test_nobody_works_at_tet() -> None:
    # 14 to 20 February 2018 were off: from Tuesday 16:00 to Wednesday 08:00 of the next week are two hours of work.
    assert worked(AFTER_TET) - worked(BEFORE_TET) == 2 * 3600
    assert moment_at(worked(BEFORE_TET) + 2 * 3600) == AFTER_TET
    assert worked(datetime(2018, 2, 16, 9, 0, tzinfo=VIETNAM)) == worked(datetime(2018, 2, 21, 7, 0, tzinfo=VIETNAM))


@pytest.mark.parametrize("days", [0, 1, 7, 300, 2500])
def test_counting_there_and_back_is_where_one_began(days: int) -> None:
    moment = moment_at(worked(START) + days * DAY + 12_345)

    assert moment_at(worked(moment)) == moment


def test_an_appointment_is_at_the_closing_of_its_working_day() -> None:
    assert closing_of(worked(AFTER_TET) // DAY) == datetime(2018, 2, 21, 10, 0, tzinfo=UTC)


async def test_a_stepped_office_moves_only_when_it_is_told() -> None:
    async with running(stepped=True, backlog=0, speed=1_000_000.0) as office:
        before = await office.told("/stats")
        async with office.http.post(
            f"{office.control}/advance", json={"until": (START + timedelta(hours=4)).isoformat()}
        ) as answer:
            assert answer.status == 200
        after = await office.told("/stats")

    assert before["dossiers"]["received"] == 0
    assert after["dossiers"]["received"] > 500


@pytest.mark.parametrize("until", ["", "tomorrow", "2018-02-21T08:00:00"])
async def test_a_moment_without_its_zone_is_refused(until: str) -> None:
    async with (
        running(stepped=True) as office,
        office.http.post(f"{office.control}/advance", json={"until": until}) as answer,
    ):
        assert answer.status == 400
