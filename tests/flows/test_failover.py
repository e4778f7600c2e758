"""PostgreSQL fails under load: the SMS centre's own log is held against the ledger. The long form, and the seconds of
pause, are `benchmarks/failover_postgres.py`."""

from pathlib import Path

import pytest

from benchmarks.failover_postgres import failed_over

FEW = 0.02
"""Of the planned messages, that may be uncertain: those between the centre and a commit when the database went."""


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", ["standby, killed", "recovery"])
async def test_nothing_is_lost_or_doubled_when_the_database_fails(tmp_path: Path, fault: str) -> None:
    seen = await failed_over(fault, tmp_path, seconds=3, rate=300)

    assert (seen["lost"], seen["doubled"], seen["unplanned"]) == (0, 0, 0)
    assert seen["planned"] == 910
    assert seen["uncertain"] <= FEW * seen["planned"]
    assert seen["ledger_balanced"]
    assert seen["pause_s"] > 0
    print(seen)
