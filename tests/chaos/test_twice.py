"""Everything that comes in comes several times, at once, to two services."""

from pathlib import Path

import pytest

from tests.chaos import twice
from tests.chaos.figures import Report

EACH = 4


async def test_what_comes_three_times_to_two_services_has_one_effect(tmp_path: Path) -> None:
    report = await twice.run(tmp_path, f"sqlite:{tmp_path / 'motcua.db'}", times=3, each=EACH)

    _one_effect_each(report)


@pytest.mark.slow
async def test_what_comes_three_times_to_two_services_has_one_effect_on_postgresql(
    postgres_storage_url: str, tmp_path: Path
) -> None:
    report = await twice.run(tmp_path, postgres_storage_url, times=3, each=EACH)

    _one_effect_each(report)


def _one_effect_each(report: Report) -> None:
    notes = report.notes
    assert (report.lost, report.doubled, report.uncertain) == (0, 0, 0)
    assert {sort: notes["planned_by"].get(sort) for sort in notes["wanted"]} == notes["wanted"]
    assert notes["inbound"] == {"sms": EACH, "gateway": EACH, "telegram": EACH, "zalo": EACH}
    assert notes["delivered"] == report.sent
    counted = (notes["counted_as_accepted"], notes["counted_as_delivered"])
    assert counted == (report.sent, report.sent), "each answer and each receipt is counted once, whichever came first"
    assert {answer.rpartition(" ")[2] for answer in notes["statuses"]} == {"200", "202"}, "every repetition is welcome"
