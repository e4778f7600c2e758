"""Nothing that the service does depends on the time zone of its process: it counts in UTC and shows +07:00."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TELLS_TIME = [
    "unit/test_clock.py", "unit/test_quiet.py", "unit/test_digest.py", "unit/test_report_paragraph.py",
    "unit/test_calendar.py", "adapters/records/test_dates.py",
]  # fmt: skip
"""Tests of quiet hours, working days, deadlines, dates as they are read and as they are written."""


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_process_in_another_time_zone_does_the_same() -> None:
    """Half a day away, and with summer time."""
    zone = "America/New_York"
    tests = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not postgres and not memory",
         *(str(tests / each) for each in TELLS_TIME)],
        env=os.environ | {"TZ": zone}, cwd=tests.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert found.returncode == 0, found.stdout[-3000:]
    assert " passed" in found.stdout
