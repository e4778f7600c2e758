"""A disk that is full under load, and then has room again."""

from pathlib import Path

import pytest

from tests.chaos import disk
from tests.chaos.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def _mounts() -> None:
    disk.needs_mounts()


async def test_nothing_acknowledged_is_lost_when_sqlites_disk_is_full(tmp_path: Path) -> None:
    report = await disk.sqlite(tmp_path, seconds=2.5)

    _kept_its_promises(report)
    assert report.uncertain == 0, report


async def test_nothing_acknowledged_is_lost_when_postgresqls_disk_is_full(short_path: Path) -> None:
    report = await disk.postgres(short_path, seconds=2.5)

    _kept_its_promises(report)


def _kept_its_promises(report: Report) -> None:
    notes = report.notes
    assert (report.lost, report.doubled) == (0, 0), report
    assert notes["refused"] > 0, "the disk was full"
    assert set(notes["while_full"]["web hook"]) <= {0, 200, 503}, "an honest answer, or none"
    assert 503 in notes["while_full"]["web hook"], notes
    assert notes["pushes"] > notes["dossiers"], "what was refused was pushed again"
    assert notes["after"]["web hook"] == 200, "it works again by itself"
    assert notes["says_what_to_do"], "the operator learns that the disk is full"
