"""Wires that lose, delay and break between senders, database and SMS centre."""

from pathlib import Path

import pytest

from tests.chaos import network
from tests.chaos.bridge import needs_namespaces
from tests.chaos.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SECONDS = 4.0
LOCKED = 10.0
"""Seconds after which the database gives up a host that it no longer hears, by `storage.postgres_hosts`."""
_IN_HAND = 2 * 50
"""The windows of both senders: what may have been under way when a wire was cut."""


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    needs_namespaces()


def _kept_its_promises(report: Report) -> None:
    assert (report.lost, report.doubled) == (0, 0), report
    assert report.sent + report.uncertain >= report.planned > 0, report


async def test_over_a_wire_that_loses_and_delays_everything_arrives_once(tmp_path: Path) -> None:
    report = await network.run(tmp_path, network.lossy, seconds=2.0)

    _kept_its_promises(report)
    assert report.uncertain == 0, report
    assert report.notes["packets"]["lost"] > 0, "the wire was as bad as it was meant to be"


async def test_a_sender_cut_off_from_the_database_stops_and_the_other_one_goes_on(tmp_path: Path) -> None:
    report = await network.run(tmp_path, network.no_database, seconds=LOCKED + 1.5)

    _kept_its_promises(report)
    assert report.uncertain <= _IN_HAND, report
    assert report.notes["cut_off_sent_before"] > 0, "it was at work"
    assert report.notes["cut_off_sent_for"] < network.LEASE, "it stopped by its own clock"
    assert report.notes["other_sent"] >= network.RATE * SECONDS / 3, report
    assert report.notes["locks_gone_after"] < LOCKED, "the database let go of what the cut-off one had locked"
    assert report.pause < LOCKED, "what the cut-off one had locked kept the other one back for seconds only"


async def test_dead_links_to_the_centre_that_nobody_has_closed_cost_no_message(tmp_path: Path) -> None:
    report = await network.run(tmp_path, network.no_centre, seconds=SECONDS)

    _kept_its_promises(report)
    assert report.uncertain <= _IN_HAND, report
    assert report.pause >= SECONDS / 2, "there was a partition"
