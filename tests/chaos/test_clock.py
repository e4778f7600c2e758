"""Wall clocks that jump."""

from pathlib import Path

import pytest

from tests.chaos import clock


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_clock_that_jumps_by_an_hour_and_a_day_changes_nothing(short_path: Path) -> None:
    report = await clock.run(short_path, seconds=0.9)

    assert (report.lost, report.doubled, report.uncertain) == (0, 0, 0), report
    assert report.sent == report.planned, "nothing expired, nothing was kept back for quiet hours"
    assert report.notes["held_jumps"] >= len(clock.JUMPS), "the jumps were seen"
    assert (report.notes["sent_early"], report.notes["lapsed"]) == (0, 0), report
    assert report.notes["posts"] > 0
    assert report.notes["posts_moved"] == [], "no lease was stolen"
