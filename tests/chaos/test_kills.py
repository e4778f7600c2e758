"""The short form of `python -m tests.chaos`: processes, the SMS centre and PostgreSQL die under load, and the judge
finds every promise kept."""

from pathlib import Path

import pytest

from tests.chaos.report import faults_of, table
from tests.chaos.run import Wanted, run


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("engine", "kills"), [("sqlite", 10), ("postgres", 44)])
async def test_whoever_is_killed_nothing_is_lost_and_nothing_sent_twice(
    engine: str, kills: int, tmp_path: Path, postgres_url: str
) -> None:
    """`postgres_url` only says whether servers can be started here; this one is its own, to be killed."""
    ran = await run(Wanted(engine, kills, seed=2026), tmp_path)

    assert faults_of(ran) == [], table(ran)
    assert sum(ran.kills.values()) >= kills
    assert sum(ran.steps.values()) >= kills / 8, "hardly anybody died at a step"
    assert ran.verdict.events > 0
    assert ran.verdict.asked > 0
    print(table(ran))
