"""A database that is slow for a while."""

from pathlib import Path

import pytest

from tests.chaos import slow
from tests.chaos.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def test_a_postgresql_that_answers_half_a_second_late_slows_the_service_and_costs_nothing(
    short_path: Path,
) -> None:
    report = await slow.postgres(short_path, seconds=3.0)

    _kept_its_promises(report)


async def test_another_process_that_holds_sqlite_for_seconds_slows_the_service_and_costs_nothing(
    tmp_path: Path,
) -> None:
    report = await slow.sqlite(tmp_path, seconds=2.0, hold=3.0)

    _kept_its_promises(report)
    assert report.pause > 2.0, "the lock was held"


def _kept_its_promises(report: Report) -> None:
    waited = report.notes["waited"]
    assert (report.lost, report.doubled, report.uncertain) == (0, 0, 0), report
    assert report.sent == report.planned, report
    assert report.notes["lapsed"] == 0, "no claim ended while its sender worked"
    assert waited["answers"]["median"] < waited["notices"]["median"], "citizens' answers go first"
